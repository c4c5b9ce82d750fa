// Package suppose fills in what a vector leaves out: facts that make the conditions of a
// rule hold, and the moments it may count from. It serves policy 000 as part of the rules
// of the law. Pure: it must not import a clock, a context, SQL, network or file access.
package suppose

import (
	"maps"
	"slices"

	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/rule/regime/term"
)

// Known adds to known what makes the conditions of a rule hold, and of those it
// follows: for a vector that names the times and leaves the rest to be understood. What
// is known already stays.
func Known(b *regime.Book, id string, known map[string]any) map[string]any {
	out := maps.Clone(known)
	if out == nil {
		out = map[string]any{}
	}
	for _, r := range line(b, id) {
		for _, c := range r.Conditions() {
			holds(b, c, out)
		}
	}
	return out
}

// Begins lists the moments that a rule, and those it follows, may count from.
func Begins(b *regime.Book, id string) (names []string) {
	for _, r := range line(b, id) {
		names = append(names, r.Start)
		for _, limit := range r.Deadline.Limits {
			names = append(names, limit.From)
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { _, moment := b.Moments[name]; return !moment })
}

// line is a rule in its newest version, and those it hangs on.
func line(b *regime.Book, id string) (out []*regime.Rule) {
	for next := []string{id}; len(next) > 0; next = next[1:] {
		if list := b.Versions(next[0]); len(list) > 0 && !slices.Contains(out, list[len(list)-1]) {
			r := list[len(list)-1]
			out, next = append(out, r), append(next, r.Depends()...)
		}
	}
	return out
}

// examples are values of a fact to try.
func examples(d term.Fact) []any {
	switch d.Type {
	case term.YesNo:
		return []any{true, false}
	case term.Number:
		return []any{int64(1_000_000), int64(0)}
	case term.List:
		return []any{d.Values, []string{}}
	}
	var out []any
	for _, v := range d.Values {
		out = append(out, v)
	}
	return out
}

// holds tries the values of the facts a condition reads, until it holds.
func holds(b *regime.Book, c *term.Condition, known map[string]any) bool {
	open := slices.DeleteFunc(slices.Clone(c.Uses), func(name string) bool { _, said := known[name]; return said })
	if scope, err := term.NewScope(b.Facts, known); err != nil || len(open) == 0 {
		return err == nil && c.Judge(scope).State == 1
	}
	for _, v := range examples(b.Facts[open[0]]) {
		known[open[0]] = v
		if holds(b, c, known) {
			return true
		}
	}
	delete(known, open[0])
	return false
}
