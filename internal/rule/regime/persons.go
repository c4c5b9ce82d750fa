package regime

import (
	"fmt"
	"strings"
)

// sumPersons adds the persons of a country's parts to the country, and of a
// group's members to the group. A part without its country counts for it.
func (b *Book) sumPersons(persons map[string]Persons) map[string]Persons {
	sums := make(map[string]Persons, len(persons)+len(b.Groups))
	add := func(to string, p Persons) {
		s, ok := sums[to]
		switch {
		case !ok:
			s = p
		case s.Estimate == -1 || p.Estimate == -1:
			s = Persons{s.Min + p.Min, -1, s.Max + p.Max}
		default:
			s = Persons{s.Min + p.Min, s.Estimate + p.Estimate, s.Max + p.Max}
		}
		sums[to] = s
	}
	for where, p := range persons {
		sums[where] = p
	}
	for where, p := range persons {
		country, _, part := strings.Cut(where, "-")
		if _, own := persons[country]; part && !own {
			add(country, p)
		}
	}
	countries := map[string]Persons{}
	for where, p := range sums {
		if !strings.Contains(where, "-") {
			countries[where] = p
		}
	}
	for group, members := range b.Groups {
		for _, m := range members {
			if p, ok := countries[m]; ok {
				add(group, p)
			}
		}
	}
	for _, p := range countries {
		add("total", p)
	}
	return sums
}

// anyState is the persons of the state of a country that has most.
func (j *judge) anyState(country string) (most Persons, ok bool) {
	for where, p := range j.facts.Persons {
		if strings.HasPrefix(where, country+"-") && (!ok || p.Max > most.Max) {
			most, ok = p, true
		}
	}
	return most, ok
}

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

func (j *judge) number(r *Rule, t *Threshold, f *finding) {
	n, known := j.persons[r.Jurisdiction]
	switch t.Of {
	case "total":
		n, known = j.persons["total"]
	case "any_state":
		n, known = j.anyState(r.Jurisdiction)
	}
	if !known {
		if len(j.facts.Persons) == 0 {
			f.wait(MissingPersons, "it is not recorded how many persons are affected and where they are")
			return
		}
		n = Exactly(0)
	}
	met := func(n int64) bool {
		switch {
		case t.MoreThan > 0:
			return n > t.MoreThan
		case t.AtLeast > 0:
			return n >= t.AtLeast
		}
		return n < t.FewerThan
	}
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
	say := fmt.Sprintf("%s affected%s, the bound is %s", count(n), j.where(t, r), t)
	if owed {
		f.held = append(f.held, say)
		return
	}
	f.failed = say
}

func (j *judge) where(t *Threshold, r *Rule) string {
	switch t.Of {
	case "total":
		return " in all"
	case "any_state":
		return " in the state that has most"
	}
	return " in " + r.Jurisdiction
}

func count(n Persons) string {
	switch {
	case n.Min == n.Max:
		return fmt.Sprintf("%d persons are", n.Min)
	case n.Estimate < 0:
		return fmt.Sprintf("%d to %d persons are", n.Min, n.Max)
	}
	return fmt.Sprintf("about %d persons (%d to %d) are", n.Estimate, n.Min, n.Max)
}

// String is the bound in words.
func (t *Threshold) String() string {
	switch {
	case t.MoreThan > 0:
		return fmt.Sprintf("more than %d", t.MoreThan)
	case t.AtLeast > 0:
		return fmt.Sprintf("at least %d", t.AtLeast)
	}
	return fmt.Sprintf("fewer than %d", t.FewerThan)
}
