// Package form holds authorities' notification forms as data: sections, fields with their
// types and options, what is mandatory at which stage, and what depends on which answer.
//
// It carries out policy 000 ("Winmore must use available notification forms provided by
// competent authorities"): a form is shipped only when its fields are known from their
// source; every other duty gets a form built from what its rule requires, marked as ours.
// docs/forms.md says how a form is added: as a file.
//
// Labels, numbers and options of an official form are facts and stand as the authority
// wrote them; help is in our own words. A condition is a CEL expression over the answers,
// as rule packs write theirs.
//
// Here are the definition, reading it (Load), and judging answers by it; package prefill
// fills in what the record knows, package filing keeps what is filed, package output prints
// it. It must not import a store, a clock or a face.
package form

import (
	"strings"

	"github.com/wakebell/wakebell/internal/rule/regime/term"
)

// Type is the shape of an answer.
type Type string

// The types. An answer is text in one form each, given here; list types have several.
const (
	Text      Type = "text"      // one line
	Long      Type = "long"      // lines
	Choice    Type = "choice"    // id of an option
	Choices   Type = "choices"   // list: ids of options
	YesNo     Type = "yes_no"    // "yes" or "no"
	Date      Type = "date"      // 2026-11-21
	Moment    Type = "moment"    // 2026-11-21T14:25:00Z, UTC
	Number    Type = "number"    // whole number, not negative
	Percent   Type = "percent"   // up to 5 digits with one decimal, "2.4"
	Money     Type = "money"     // amount in the form's unit, "2.5"
	Duration  Type = "duration"  // DD:HH:MM
	LEI       Type = "lei"       // ISO 17442, 20 characters with their check digits
	Currency  Type = "currency"  // ISO 4217
	Countries Type = "countries" // list: ISO 3166-1 alpha-2
)

// Types lists all types.
func Types() []Type {
	return []Type{Text, Long, Choice, Choices, YesNo, Date, Moment, Number, Percent, Money, Duration, LEI, Currency, Countries}
}

// Listed says whether an answer of the type is a list.
func (t Type) Listed() bool { return t == Choices || t == Countries }

// Must is whether a field has to be answered.
type Must string

// The words of a form.
const (
	Always      Must = "yes"
	Conditional Must = "conditional"
	Optional    Must = "no"
	NotAsked    Must = "not_required" // the field is no part of the stage
)

// Kind is what a stage is to those before it.
type Kind string

// The kinds of stages.
const (
	First            Kind = "first"
	FollowUp         Kind = "follow_up"        // intermediate, final, complementary
	Withdrawal       Kind = "withdrawal"       // of what was notified before
	Reclassification Kind = "reclassification" // reported as major, found not to be
)

// Form is one form in one version.
type Form struct {
	ID          string    `yaml:"form"`
	Title       string    `yaml:"title"`
	Version     string    `yaml:"version"`
	Official    bool      `yaml:"official"` // the authority's own fields; false: ours
	Draft       bool      `yaml:"draft"`    // not adopted yet by the authority
	Source      string    `yaml:"source"`
	Licence     string    `yaml:"licence"`
	Attribution string    `yaml:"attribution"` // printed where the licence asks for it
	Note        string    `yaml:"note"`        // what a user should know
	Stages      []Stage   `yaml:"stages"`
	Sections    []Section `yaml:"sections"`
	Fields      []Field   `yaml:"fields"`

	File     string `yaml:"-"`
	Hash     string `yaml:"-"` // SHA-256 of the file, hex
	Operator bool   `yaml:"-"` // not shipped
	index    map[string]int
	facts    map[string]term.Fact
}

// Stage is one kind of filing with the form.
type Stage struct {
	ID       string            `yaml:"id"`
	Title    string            `yaml:"title"`
	Kind     Kind              `yaml:"kind"`     // "" = first
	As       string            `yaml:"as"`       // the stage whose mandatory fields it has; "" = its own
	Rules    []string          `yaml:"rules"`    // ids of rules of the law or the policies it satisfies
	Combines []string          `yaml:"combines"` // stages it may be filed together with
	Sets     map[string]string `yaml:"sets"`     // answers that follow from the stage
}

// Section groups fields.
type Section struct {
	ID    string `yaml:"id"`
	Title string `yaml:"title"`
	Help  string `yaml:"help"`
}

// Field is one question. The words under which conditions know it are in Name.
type Field struct {
	ID         string            `yaml:"id"`
	Label      string            `yaml:"label"`
	Section    string            `yaml:"section"`
	Type       Type              `yaml:"type"`
	SourceType string            `yaml:"source_type"` // as the source says, where ours differs
	Options    []Option          `yaml:"options"`
	OptionsCut bool              `yaml:"options_cut"` // the source's list is incomplete: text is asked
	Mandatory  MustWire          `yaml:"mandatory"`
	Condition  string            `yaml:"condition"` // the source's words of what it depends on
	When       string            `yaml:"when"`      // CEL: shown while it holds; "" = always
	Needed     string            `yaml:"needed"`    // CEL: a conditional field has to be answered while it holds
	Ours       bool              `yaml:"ours"`      // a question of ours that conditions need; no part of the form
	Help       string            `yaml:"help"`
	Fill       string            `yaml:"fill"` // fact of the record it is filled from
	Map        map[string]string `yaml:"map"`  // from the fact's words to options
	GDPR       string            `yaml:"gdpr"` // article that asks for it
	Note       string            `yaml:"note"` // of the source

	Line         int `yaml:"-"`
	when, needed *term.Condition
}

// Option is one answer of a choice.
type Option struct {
	ID    string `yaml:"id"`
	Label string `yaml:"label"`
	When  string `yaml:"when"` // CEL: offered while it holds; "" = always
	when  *term.Condition
}

// MustWire is how a file writes Must: one word, or one for each stage.
type MustWire struct {
	All    Must
	Stages map[string]Must
}

// Name is what conditions call a field: its id with _ for what is no letter or digit, and
// an f before a leading digit: "3.16" is f3_16.
func Name(id string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, id)
	if name != "" && name[0] >= '0' && name[0] <= '9' {
		return "f" + name
	}
	return name
}

// Stage returns a stage by its id.
func (f *Form) Stage(id string) (Stage, bool) {
	for _, s := range f.Stages {
		if s.ID == id {
			return s, true
		}
	}
	return Stage{}, false
}

// Field returns a field by its id.
func (f *Form) Field(id string) (Field, bool) {
	i, ok := f.index[id]
	if !ok {
		return Field{}, false
	}
	return f.Fields[i], true
}

// Fits returns the stages that satisfy a rule.
func (f *Form) Fits(rule string) (out []Stage) {
	for _, s := range f.Stages {
		for _, r := range s.Rules {
			if r == rule {
				out = append(out, s)
			}
		}
	}
	return out
}

// Demand is what a stage asks of a field, before conditions.
func (f *Form) Demand(field Field, stage Stage) Must {
	column := stage.As
	if column == "" {
		column = stage.ID
	}
	if m, ok := field.Mandatory.Stages[column]; ok {
		return m
	}
	if field.Mandatory.All == "" {
		return Optional
	}
	return field.Mandatory.All
}
