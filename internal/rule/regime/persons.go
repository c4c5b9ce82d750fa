package regime

import (
	"fmt"
	"strings"

	"github.com/wakebell/wakebell/internal/rule/regime/headcount"
)

// threshold compares the number of affected persons with the rule's bound. The
// estimate decides; without one, the least and the most must agree.
func (j *judge) threshold(r *Rule, p *person, f *finding) {
	t := r.Threshold
	if t == nil {
		return
	}
	if t.Or != nil {
		switch v := j.verdict(t.Or.cond, p); v.State {
		case 1:
			f.held = append(f.held, t.Or.cond.holds)
			return
		case 0:
			var number finding
			j.number(r, t, &number)
			if number.failed == "" && len(number.missing) == 0 {
				f.held, f.spread = append(f.held, number.held...), number.spread
				return
			}
			for _, name := range v.Missing {
				f.wait(name, "not known: "+j.book.Facts[name].Question)
			}
			return
		}
	}
	j.number(r, t, f)
	if f.failed != "" && t.Or != nil {
		f.failed += ", and " + t.Or.cond.fails
	}
}

// number compares once for all entities: persons are counted for the incident.
func (j *judge) number(r *Rule, t *Threshold, f *finding) {
	n := j.numbers[r]
	if n == nil {
		n = &finding{}
		j.compare(r, t, n)
		j.numbers[r] = n
	}
	f.failed, f.spread = n.failed, n.spread
	f.held, f.missing, f.words = append(f.held, n.held...), append(f.missing, n.missing...), append(f.words, n.words...)
}

func (j *judge) compare(r *Rule, t *Threshold, f *finding) {
	n, known := j.persons[r.Jurisdiction]
	country, _, part := strings.Cut(r.Jurisdiction, "-")
	switch t.Of {
	case "total":
		n, known = j.persons[headcount.Total]
	case "any_state":
		n, known = headcount.AnyPart(j.facts.Persons, r.Jurisdiction, t.bound())
		part = true
	}
	if !known && len(j.facts.Persons) == 0 {
		f.wait(MissingPersons, "it is not recorded how many persons are affected and where they are")
		return
	}
	if !known {
		n = Exactly(0)
	}
	if rest := j.unplaced[country]; part && (t.Of == "any_state" || !known) && t.met(n.Min) != t.met(n.Max+rest) && rest > 0 {
		f.wait(MissingPersons, fmt.Sprintf("it is not recorded in which part of %s %d of the persons are", country, rest))
		return
	}
	if rest := j.unplaced[headcount.Unknown]; t.Of != "total" && rest > 0 && t.met(max(n.Estimate, n.Min)) != t.met(max(n.Estimate, n.Min)+rest) {
		f.wait(MissingPersons, fmt.Sprintf("it is not recorded in which country %d of the persons are", rest))
		return
	}
	met := t.met
	status := func(n int64) Status {
		if n >= 0 && met(n) {
			return Required
		}
		return NotRequired
	}
	least, most := met(n.Min), met(n.Max)
	if least != most || n.Min != n.Max {
		f.spread = &Spread{Persons: n, Min: status(n.Min), Estimate: status(n.Estimate), Maximum: status(n.Max)}
	}
	owed := least
	switch {
	case n.Estimate >= 0:
		owed = met(n.Estimate)
	case least != most:
		f.spread.Estimate = NeedsFacts
		f.wait(MissingPersons, fmt.Sprintf("the bound is %s and between %d and %d persons are affected: an estimate is needed", t, n.Min, n.Max))
		return
	}
	say := fmt.Sprintf("%s affected%s, the bound is %s", n, j.where(t, r), t)
	if owed {
		f.held = append(f.held, say)
		return
	}
	f.failed = say
}

func (t *Threshold) bound() headcount.Bound {
	return headcount.Bound{MoreThan: t.MoreThan, AtLeast: t.AtLeast, FewerThan: t.FewerThan}
}

func (t *Threshold) met(n int64) bool { return t.bound().Met(n) }

// String is the bound in words.
func (t *Threshold) String() string { return t.bound().String() }

func (j *judge) where(t *Threshold, r *Rule) string {
	switch t.Of {
	case "total":
		return " in all"
	case "any_state":
		return " in the state that has most"
	}
	return " in " + r.Place
}
