package factfile

import (
	"fmt"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/rule/regime/node"
)

// Vector is a test a pack brings with it: facts of one entity, and what must come
// out for some of its rules.
type Vector struct {
	Name   string            `yaml:"name"`
	Facts  File              `yaml:"facts"`
	Expect map[string]Expect `yaml:"expect"` // by rule id
}

// Expect is what must come out for one rule.
type Expect struct {
	Status  regime.Status `yaml:"status"`
	Due     string        `yaml:"due"`     // RFC 3339 or a date, "" = not looked at
	Missing []string      `yaml:"missing"` // all of them, when given
}

// Test runs the vectors of the packs, and returns how many it ran and what went
// otherwise, each with file and line. Where there are packs of the operator, it runs
// theirs alone: a rule of theirs may well change what a shipped vector expects.
func Test(b *regime.Book) (ran int, errs []error) {
	own := slices.ContainsFunc(b.Packs, func(p regime.Pack) bool { return p.Operator })
	for _, n := range b.Vectors {
		if n.Operator != own {
			continue
		}
		ran++
		wrong := func(err error) { errs = append(errs, regime.Problem{File: n.File, Line: n.Line, Reason: err.Error()}) }
		var v Vector
		if bad := node.Unknown(&n.Node, v); bad != nil {
			wrong(fmt.Errorf("%q is no field of a vector", bad.Value))
			continue
		}
		if err := n.Node.Decode(&v); err != nil {
			wrong(err)
			continue
		}
		if len(v.Expect) == 0 {
			wrong(fmt.Errorf("vector %q expects nothing", v.Name))
			continue
		}
		for _, err := range v.run(b) {
			wrong(fmt.Errorf("vector %q: %w", v.Name, err))
		}
	}
	return ran, errs
}

func (v Vector) run(b *regime.Book) (errs []error) {
	facts, err := v.Facts.Facts()
	if err != nil {
		return []error{err}
	}
	if errs := b.Check(facts); len(errs) > 0 {
		return errs
	}
	eval, err := b.Evaluate(facts)
	if err != nil {
		return []error{err}
	}
	for id, want := range v.Expect {
		i := slices.IndexFunc(eval.Outcomes, func(o regime.Outcome) bool { return o.Rule.ID == id })
		if i < 0 {
			errs = append(errs, fmt.Errorf("%s: no such rule", id))
			continue
		}
		o := &eval.Outcomes[i]
		if o.Status != want.Status {
			errs = append(errs, fmt.Errorf("%s: %s, want %s. %s", id, o.Status, want.Status, o.Reason()))
			continue
		}
		if want.Missing != nil && !slices.Equal(o.Missing, want.Missing) {
			errs = append(errs, fmt.Errorf("%s: missing %q, want %q", id, o.Missing, want.Missing))
		}
		if want.Due == "" {
			continue
		}
		if got := dueText(o, want.Due); got != want.Due {
			errs = append(errs, fmt.Errorf("%s: due %s, want %s", id, got, want.Due))
		}
	}
	return errs
}

// dueText is the due time in the form the expectation has.
func dueText(o *regime.Outcome, like string) string {
	const date = len("2006-01-02")
	if o.Due == nil || o.Due.At.IsZero() {
		return "none"
	}
	if len(like) == date {
		if o.Due.Day != "" {
			return o.Due.Day
		}
		zone, err := time.LoadLocation(o.Due.Zone)
		if err != nil {
			return err.Error()
		}
		return o.Due.At.In(zone).Format(time.DateOnly)
	}
	at, err := time.Parse(time.RFC3339, like)
	if err != nil {
		return "in another form: write RFC 3339 or a date"
	}
	return o.Due.At.In(at.Location()).Format(time.RFC3339)
}
