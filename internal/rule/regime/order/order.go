// Package order puts rules that depend on each other into an order in which each can be
// judged, and finds circles. It serves policy 000 as part of the rules of the law. Pure:
// it must not import anything of this program.
package order

import "slices"

// Of lists the ids once each, every one after those it depends on; ids that are only
// depended on are left out. circles are the ways that lead back to where they began,
// "a b c a".
func Of(ids []string, on map[string][]string) (sorted []string, circles [][]string) {
	const (
		open = 1
		done = 2
	)
	state := map[string]int{}
	var visit func(id string, trail []string)
	visit = func(id string, trail []string) {
		if state[id] == done {
			return
		}
		state[id] = open
		trail = append(slices.Clone(trail), id)
		for _, next := range on[id] {
			switch {
			case state[next] == open:
				circles = append(circles, append(slices.Clone(trail), next))
			case on[next] != nil || slices.Contains(ids, next):
				visit(next, trail)
			}
		}
		state[id] = done
		sorted = append(sorted, id)
	}
	for _, id := range ids {
		visit(id, nil)
	}
	return sorted, circles
}
