package regime

import (
	"fmt"
	"slices"
	"time"
)

// Vector is a test a pack brings with it: facts of one entity, and what must come
// out for some of its rules.
type Vector struct {
	Name   string            `yaml:"name"`
	Facts  FactsFile         `yaml:"facts"`
	Expect map[string]Expect `yaml:"expect"` // by rule id
}

// Expect is what must come out for one rule.
type Expect struct {
	Status  Status   `yaml:"status"`
	Due     string   `yaml:"due"`     // RFC 3339 or a date, "" = not looked at
	Missing []string `yaml:"missing"` // all of them, when given
}

// Test runs the vectors of all packs, and returns how many it ran and what went
// otherwise.
func (b *Book) Test() (ran int, errs []error) {
	for _, v := range b.vectors {
		ran++
		for _, err := range b.run(v) {
			errs = append(errs, Problem{v.file, v.line, "", fmt.Sprintf("vector %q: %v", v.Name, err)})
		}
	}
	return ran, errs
}

type vector struct {
	Vector
	file string
	line int
}

func (b *Book) run(v vector) (errs []error) {
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
		i := slices.IndexFunc(eval.Outcomes, func(o Outcome) bool { return o.Rule.ID == id })
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
		if got := o.dueText(want.Due); got != want.Due {
			errs = append(errs, fmt.Errorf("%s: due %s, want %s", id, got, want.Due))
		}
	}
	return errs
}

// dueText is the due time in the form the expectation has.
func (o *Outcome) dueText(like string) string {
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
