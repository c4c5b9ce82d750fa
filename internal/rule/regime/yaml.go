package regime

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/wakebell/wakebell/internal/rule/regime/wire"
)

// UnmarshalYAML reads a condition's name, or {if, holds, fails}.
func (t *Test) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		t.Name = n.Value
		return nil
	}
	type plain Test
	return n.Decode((*plain)(t))
}

// Wire is the long form.
func (Deadline) Wire() any { return wire.Deadline{} }

func limitOf(w wire.Limit) (Limit, error) {
	p, err := w.Period()
	return Limit{p, w.From, w.YearEnd}, err
}

// UnmarshalYAML reads "72 h", a qualitative word, or the long form.
func (d *Deadline) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		w := wire.Deadline{Within: n.Value}
		if slices.Contains(wire.Qualitative, n.Value) {
			w = wire.Deadline{Words: n.Value}
		}
		return d.from(w, n.Line)
	}
	var w wire.Deadline
	if err := n.Decode(&w); err != nil {
		return err
	}
	return d.from(w, n.Line)
}

func (d *Deadline) from(w wire.Deadline, line int) error {
	fail := func(err error) error { return fmt.Errorf("line %d: deadline: %w", line, err) }
	d.line, d.Calendar, d.Roll, d.RollUnless = line, w.Calendar, w.Roll, w.RollUnless
	if w.Within != "" {
		w.Earliest = append(w.Earliest, wire.Limit{Within: w.Within, From: w.From, YearEnd: w.YearEnd})
	}
	for _, lw := range w.Earliest {
		limit, err := limitOf(lw)
		if err != nil {
			return fail(err)
		}
		d.Limits = append(d.Limits, limit)
	}
	if w.Late != nil {
		late, err := limitOf(*w.Late)
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
	if w.Words != "" && !slices.Contains(wire.Qualitative, w.Words) {
		return fail(fmt.Errorf("%q is no word for a deadline; use one of %s, or a period with a unit", w.Words, strings.Join(wire.Qualitative, ", ")))
	}
	d.Words = w.Words
	if len(d.Limits) == 0 && d.Of == "" && d.Words == "" {
		return fail(errors.New("says no period, no relation and no word"))
	}
	return nil
}
