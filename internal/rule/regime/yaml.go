package regime

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/wakebell/wakebell/internal/rule/deadline"
)

// qualitative are the words a deadline may be where the law names no number.
var qualitative = []string{
	"immediately", "without_undue_delay", "without_unreasonable_delay", "without_delay", "promptly", "timely",
	"as_soon_as_possible", "as_soon_as_practicable", "on_request", "voluntary", "always", "before_the_limit", "by_contract", "none",
}

// UnmarshalYAML reads a condition's name, or {if, holds, fails}.
func (t *Test) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		t.Name = n.Value
		return nil
	}
	type plain Test
	return n.Decode((*plain)(t))
}

// deadlineWire is the long form of a deadline in YAML.
type deadlineWire struct {
	Within     string      `yaml:"within"`
	From       string      `yaml:"from"`
	YearEnd    bool        `yaml:"year_end"`
	Earliest   []limitWire `yaml:"earliest"`
	Late       *limitWire  `yaml:"late"`
	Cases      []caseWire  `yaml:"cases"`
	Before     string      `yaml:"before"`
	NotLater   string      `yaml:"not_later_than"`
	With       string      `yaml:"with"`
	Words      string      `yaml:"words"`
	Calendar   string      `yaml:"calendar"`
	Roll       bool        `yaml:"roll"`
	RollUnless []string    `yaml:"roll_unless"`
}

// Wire is the long form.
func (Deadline) Wire() any { return deadlineWire{} }

type limitWire struct {
	Within  string `yaml:"within"`
	From    string `yaml:"from"`
	YearEnd bool   `yaml:"year_end"`
}

type caseWire struct {
	If    string       `yaml:"if"`
	Name  string       `yaml:"name"`
	Holds string       `yaml:"holds"`
	Fails string       `yaml:"fails"`
	Then  deadlineWire `yaml:"then"`
}

func (w limitWire) limit() (Limit, error) {
	p, err := deadline.Parse(w.Within)
	if err != nil {
		return Limit{}, err
	}
	if p == (deadline.Period{}) {
		return Limit{}, errors.New(`within: missing; a deadline reads "72 h", "30 days", "5 business days" or "1 month"`)
	}
	return Limit{p, w.From, w.YearEnd}, nil
}

// UnmarshalYAML reads "72 h", a qualitative word, or the long form.
func (d *Deadline) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		w := deadlineWire{Within: n.Value}
		if slices.Contains(qualitative, n.Value) {
			w = deadlineWire{Words: n.Value}
		}
		return d.from(w, n.Line)
	}
	var w deadlineWire
	if err := n.Decode(&w); err != nil {
		return err
	}
	return d.from(w, n.Line)
}

func (d *Deadline) from(w deadlineWire, line int) error {
	fail := func(err error) error { return fmt.Errorf("line %d: deadline: %w", line, err) }
	d.line, d.Calendar, d.Roll, d.RollUnless = line, w.Calendar, w.Roll, w.RollUnless
	if w.Within != "" {
		w.Earliest = append(w.Earliest, limitWire{w.Within, w.From, w.YearEnd})
	}
	for _, lw := range w.Earliest {
		limit, err := lw.limit()
		if err != nil {
			return fail(err)
		}
		d.Limits = append(d.Limits, limit)
	}
	if w.Late != nil {
		late, err := w.Late.limit()
		if err != nil {
			return fail(err)
		}
		d.Late = &late
	}
	for _, c := range w.Cases {
		var then Deadline
		if err := then.from(c.Then, line); err != nil {
			return err
		}
		d.Cases = append(d.Cases, Case{Test{Name: c.Name, If: c.If, Holds: c.Holds, Fails: c.Fails}, then})
	}
	for relation, of := range map[Relation]string{Before: w.Before, NotLaterThan: w.NotLater, With: w.With} {
		if of == "" {
			continue
		}
		if d.Of != "" {
			return fail(errors.New("before, not_later_than and with exclude each other"))
		}
		d.Relation, d.Of = relation, of
	}
	if w.Words != "" && !slices.Contains(qualitative, w.Words) {
		return fail(fmt.Errorf("%q is no word for a deadline; use one of %s, or a period with a unit", w.Words, strings.Join(qualitative, ", ")))
	}
	d.Words = w.Words
	if len(d.Limits) == 0 && d.Of == "" && d.Words == "" {
		return fail(errors.New("says no period, no relation and no word"))
	}
	return nil
}
