// Package headcount counts affected persons by jurisdiction: least, estimate and
// most, summed from states to countries and from countries to groups. It serves
// policy 000 as part of the rules of the law: thresholds are compared with these
// numbers. Pure: it must not import anything of this program.
package headcount

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Persons is how many persons are affected. Estimate may be -1, not known.
type Persons struct {
	Min, Estimate, Max int64
}

// String says it after "affected": "500 persons are", "about 500 persons (400 to 600) are".
func (p Persons) String() string {
	switch {
	case p.Min == p.Max:
		return fmt.Sprintf("%d persons are", p.Min)
	case p.Estimate < 0:
		return fmt.Sprintf("%d to %d persons are", p.Min, p.Max)
	}
	return fmt.Sprintf("about %d persons (%d to %d) are", p.Estimate, p.Min, p.Max)
}

// Bound is a number of persons as a law writes it: exactly one of the three is set.
type Bound struct {
	MoreThan, AtLeast, FewerThan int64
}

// Valid says whether exactly one is set, and none below zero.
func (b Bound) Valid() bool {
	set := 0
	for _, n := range []int64{b.MoreThan, b.AtLeast, b.FewerThan} {
		if n < 0 {
			return false
		}
		set += int(min(n, 1))
	}
	return set == 1
}

// Met says whether n persons reach the bound.
func (b Bound) Met(n int64) bool {
	switch {
	case b.MoreThan > 0:
		return n > b.MoreThan
	case b.AtLeast > 0:
		return n >= b.AtLeast
	}
	return n < b.FewerThan
}

// String is the bound in words.
func (b Bound) String() string {
	switch {
	case b.MoreThan > 0:
		return fmt.Sprintf("more than %d", b.MoreThan)
	case b.AtLeast > 0:
		return fmt.Sprintf("at least %d", b.AtLeast)
	}
	return fmt.Sprintf("fewer than %d", b.FewerThan)
}

// Exactly is a known number.
func Exactly(n int64) Persons { return Persons{n, n, n} }

// Total is the key of all persons in Sums.
const Total = "total"

func (p Persons) plus(o Persons) Persons {
	sum := Persons{p.Min + o.Min, p.Estimate + o.Estimate, p.Max + o.Max}
	if p.Estimate == -1 || o.Estimate == -1 {
		sum.Estimate = -1
	}
	return sum
}

// Sums adds the persons of a country's parts to the country, and of a group's
// members to the group. A country's own number goes before the sum of its parts.
func Sums(persons map[string]Persons, groups map[string][]string) map[string]Persons {
	sums := maps.Clone(persons)
	if sums == nil {
		sums = map[string]Persons{}
	}
	add := func(to string, p Persons) {
		if s, ok := sums[to]; ok {
			p = s.plus(p)
		}
		sums[to] = p
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
	for group, members := range groups {
		for _, m := range members {
			if p, ok := countries[m]; ok {
				add(group, p)
			}
		}
	}
	for _, p := range countries {
		add(Total, p)
	}
	return sums
}

// parts adds up what is recorded for the parts of a country.
func parts(persons map[string]Persons, country string) (sum Persons) {
	for where, p := range persons {
		if strings.HasPrefix(where, country+"-") {
			sum = sum.plus(p)
		}
	}
	return sum
}

// Unplaced is how many persons of each country may be in none of the parts that are
// recorded for it; by Unknown, how many may be in any country.
func Unplaced(persons map[string]Persons) map[string]int64 {
	out := map[string]int64{}
	for country, own := range persons {
		if strings.Contains(country, "-") {
			continue
		}
		placed := parts(persons, country)
		rest := own.Max - placed.Max
		if own.Estimate >= 0 && placed.Estimate >= 0 {
			rest = max(own.Min-placed.Max, own.Estimate-placed.Estimate)
		}
		out[country] = max(rest, 0)
	}
	return out
}

// AnyPart is the persons of the part of a country that has most. A part without an
// estimate leaves that of all open, unless the others decide about the bound.
func AnyPart(persons map[string]Persons, country string, bound Bound) (most Persons, ok bool) {
	most.Estimate = -1
	open := false
	for where, p := range persons {
		if strings.HasPrefix(where, country+"-") {
			most = Persons{max(most.Min, p.Min), max(most.Estimate, p.Estimate), max(most.Max, p.Max)}
			ok, open = true, open || p.Estimate < 0
		}
	}
	if open && bound.Met(most.Estimate) != bound.Met(most.Max) {
		most.Estimate = -1
	}
	if open && most.Estimate >= 0 {
		most.Estimate = max(most.Estimate, most.Min)
	}
	return most, ok
}

// Check refuses numbers that contradict themselves or each other; the errors name
// the field.
func Check(persons map[string]Persons) (errs []error) {
	for _, where := range slices.Sorted(maps.Keys(persons)) {
		p := persons[where]
		least := parts(persons, where).Min
		switch {
		case where != Unknown && !Place(where):
			errs = append(errs, fmt.Errorf("persons.%s: no jurisdiction of that name; %s", where, Remedy(where)))
		case p.Min < 0:
			errs = append(errs, fmt.Errorf("persons.%s: a number of persons is not negative", where))
		case p.Max < p.Min:
			errs = append(errs, fmt.Errorf("persons.%s: the least (%d) is more than the most (%d)", where, p.Min, p.Max))
		case p.Max > most:
			errs = append(errs, fmt.Errorf("persons.%s: more than %d persons do not live on this earth", where, int64(most)))
		case p.Estimate != -1 && (p.Estimate < p.Min || p.Estimate > p.Max):
			errs = append(errs, fmt.Errorf("persons.%s: the estimate %d does not lie between %d and %d", where, p.Estimate, p.Min, p.Max))
		case p.Max < least:
			errs = append(errs, fmt.Errorf("persons.%s: %d at most, but its parts have %d at least", where, p.Max, least))
		}
	}
	return errs
}

// most keeps sums far from the end of int64.
const most = 100_000_000_000
