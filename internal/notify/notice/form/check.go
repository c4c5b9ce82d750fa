package form

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/wakebell/wakebell/internal/rule/regime/node"
	"github.com/wakebell/wakebell/internal/rule/regime/term"
)

// The names that conditions know beside the answers.
const (
	nameStage = "stage" // id of the stage
	nameLate  = "late"  // the time to file has passed
	nameHas   = "has_"  // has_NAME: the field is answered
)

// checker finds what is wrong in a form, and compiles its conditions.
type checker struct {
	f        *Form
	file     string
	facts    []string
	root     *yaml.Node
	problems []error
}

func (c *checker) wrong(line int, format string, args ...any) {
	c.problems = append(c.problems, Problem{c.file, line, fmt.Sprintf(format, args...)})
}

func (c *checker) check() {
	f := c.f
	c.identity()
	c.stages()
	sections := map[string]bool{}
	for i, s := range f.Sections {
		if s.ID == "" || sections[s.ID] {
			c.wrong(node.Line(c.root, "sections", i), "each section has an id of its own; %q is missing or used twice", s.ID)
		}
		sections[s.ID] = true
	}
	f.index, f.facts = map[string]int{}, map[string]term.Fact{
		nameStage: {Name: nameStage, Type: term.Choice}, nameLate: {Name: nameLate, Type: term.YesNo},
	}
	names := map[string]string{nameStage: "", nameLate: ""}
	for i := range f.Fields {
		d := &f.Fields[i]
		if _, twice := f.index[d.ID]; d.ID == "" || twice {
			c.wrong(d.Line, "each field has an id of its own; %q is missing or used twice", d.ID)
			continue
		}
		f.index[d.ID] = i
		name := Name(d.ID)
		if other, taken := names[name]; taken {
			c.wrong(d.Line, "field %s: conditions would call it %s, as they call %s; give it another id", d.ID, name, orWord(other, "what is known of the filing"))
		}
		names[name] = d.ID
		c.field(d, sections)
		f.facts[name] = term.Fact{Name: name, Type: factType(d.Type)}
		f.facts[nameHas+name] = term.Fact{Name: nameHas + name, Type: term.YesNo}
	}
	if len(c.problems) == 0 {
		c.compile()
	}
	if len(c.problems) == 0 {
		c.cycles()
	}
}

func orWord(a, b string) string {
	if a != "" {
		return "field " + a
	}
	return b
}

func (c *checker) identity() {
	f := c.f
	for field, v := range map[string]string{"form": f.ID, "title": f.Title, "version": f.Version, "source": f.Source} {
		if strings.TrimSpace(v) == "" {
			c.wrong(1, "%s: is missing", field)
		}
	}
	slices.SortFunc(c.problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	if strings.Trim(f.ID, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" || len(f.ID) > 60 {
		c.wrong(node.Line(c.root, "form"), "form: takes up to 60 small letters, digits, - _ and .")
	}
	if len(f.Stages) == 0 {
		c.wrong(1, "stages: at least one is needed")
	}
	if len(f.Fields) == 0 || len(f.Fields) > maxFields {
		c.wrong(1, "fields: from 1 to %d are taken", maxFields)
	}
}

func (c *checker) stages() {
	seen := map[string]bool{}
	for i := range c.f.Stages {
		s := &c.f.Stages[i]
		line := node.Line(c.root, "stages", i)
		if s.ID == "" || seen[s.ID] {
			c.wrong(line, "each stage has an id of its own; %q is missing or used twice", s.ID)
		}
		seen[s.ID] = true
		if s.Kind == "" {
			s.Kind = First
		}
		if !slices.Contains([]Kind{First, FollowUp, Withdrawal, Reclassification}, s.Kind) {
			c.wrong(line, "stage %s: kind is first, follow_up, withdrawal or reclassification", s.ID)
		}
	}
	for i, s := range c.f.Stages {
		for _, other := range append(slices.Clone(s.Combines), orStage(s.As, s.ID)) {
			if !seen[other] {
				c.wrong(node.Line(c.root, "stages", i), "stage %s: there is no stage %q", s.ID, other)
			}
		}
		for id := range s.Sets {
			if !slices.ContainsFunc(c.f.Fields, func(d Field) bool { return d.ID == id }) {
				c.wrong(node.Line(c.root, "stages", i), "stage %s sets %q, which is no field", s.ID, id)
			}
		}
	}
}

func orStage(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (c *checker) field(d *Field, sections map[string]bool) {
	if d.Label == "" {
		c.wrong(d.Line, "field %s: label is missing", d.ID)
	}
	if !slices.Contains(Types(), d.Type) {
		c.wrong(d.Line, "field %s: %q is no type; use one of %s", d.ID, d.Type, typeWords())
	}
	if !sections[d.Section] {
		c.wrong(d.Line, "field %s: there is no section %q", d.ID, d.Section)
	}
	if (d.Type == Choice || d.Type == Choices) != (len(d.Options) > 0) {
		c.wrong(d.Line, "field %s: choice and choices need options, other types have none", d.ID)
	}
	options := map[string]bool{}
	for _, o := range d.Options {
		if o.ID == "" || o.Label == "" || options[o.ID] {
			c.wrong(d.Line, "field %s: each option has a label and an id of its own; %q is missing or used twice", d.ID, o.ID)
		}
		options[o.ID] = true
	}
	for _, to := range d.Map {
		if len(d.Options) > 0 && !options[to] {
			c.wrong(d.Line, "field %s: map leads to %q, which is no option", d.ID, to)
		}
	}
	c.must(d)
	if d.Fill != "" && !slices.Contains(c.facts, d.Fill) {
		c.wrong(d.Line, "field %s: there is no fact %q to fill it from; wakebell forms ls --facts lists them", d.ID, d.Fill)
	}
}

func (c *checker) must(d *Field) {
	words := []Must{Always, Conditional, Optional, NotAsked}
	all := d.Mandatory.Stages
	if all == nil {
		all = map[string]Must{"": d.Mandatory.All}
	}
	conditional := false
	for stage, m := range all {
		if stage != "" {
			if _, ok := c.f.Stage(stage); !ok {
				c.wrong(d.Line, "field %s: mandatory names %q, which is no stage", d.ID, stage)
			}
		}
		if m != "" && !slices.Contains(words, m) {
			c.wrong(d.Line, "field %s: mandatory is yes, no, conditional or not_required", d.ID)
		}
		conditional = conditional || m == Conditional
	}
	if conditional && d.Needed == "" && d.When == "" && d.Condition == "" {
		c.wrong(d.Line, "field %s: is conditional; say on what: when or needed as an expression, or condition in words", d.ID)
	}
}

func typeWords() string {
	var out []string
	for _, t := range Types() {
		out = append(out, string(t))
	}
	return strings.Join(out, ", ")
}

func factType(t Type) term.FactType {
	switch t {
	case YesNo:
		return term.YesNo
	case Number:
		return term.Number
	case Choices, Countries:
		return term.List
	}
	return term.Choice
}

func (c *checker) compile() {
	env, err := term.Environment(c.f.facts)
	if err != nil {
		c.wrong(1, "the conditions cannot be read: %v", err)
		return
	}
	one := func(d *Field, what, text string) *term.Condition {
		if text == "" {
			return nil
		}
		cond, err := env.Compile(text)
		if err != nil {
			c.wrong(d.Line, "field %s: %s: %s", d.ID, what, strings.ReplaceAll(err.Error(), "is no documented fact", "is no field of this form"))
			return nil
		}
		return cond
	}
	for i := range c.f.Fields {
		d := &c.f.Fields[i]
		d.when, d.needed = one(d, "when", d.When), one(d, "needed", d.Needed)
		for j := range d.Options {
			d.Options[j].when = one(d, "option "+d.Options[j].ID, d.Options[j].When)
		}
	}
}

// cycles refuses a field whose being shown depends on itself.
func (c *checker) cycles() {
	by := map[string]*Field{}
	for i := range c.f.Fields {
		by[Name(c.f.Fields[i].ID)] = &c.f.Fields[i]
	}
	const visiting, done = 1, 2
	state := map[string]int{}
	var visit func(name string) bool
	visit = func(name string) bool {
		d := by[name]
		if d == nil || state[name] == done {
			return true
		}
		if state[name] == visiting {
			return false
		}
		state[name] = visiting
		if d.when != nil {
			for _, used := range d.when.Uses {
				if !visit(strings.TrimPrefix(used, nameHas)) {
					c.wrong(d.Line, "field %s: whether it is shown depends on itself, by way of %s", d.ID, used)
					state[name] = done
					return true
				}
			}
		}
		state[name] = done
		return true
	}
	for i := range c.f.Fields {
		visit(Name(c.f.Fields[i].ID))
	}
}
