package directory

import (
	"cmp"
	"slices"
	"strings"
)

// found gives what matches a filter with words, behind the keys of a cursor, in the order of the lists. It works on the
// snapshot: databases fold only the letters of English, and the words may stand in any part of an item.
func found[T any, P item[T]](all any, f Filter, keys []string) []T {
	m, ok := all.(map[string]T)
	out := []T{}
	if !ok {
		return out
	}
	words := strings.Fields(strings.ToLower(f.Q))
	for _, v := range m {
		h := P(&v).head()
		if h.retired && !f.Retired || f.Kind != "" && h.sub != f.Kind || len(f.Kinds) > 0 && !slices.Contains(f.Kinds, h.sub) {
			continue
		}
		if keys != nil && cmp.Or(strings.Compare(h.name, keys[0]), strings.Compare(h.id, keys[1])) <= 0 {
			continue
		}
		text := strings.ToLower(strings.Join(append(P(&v).words(), h.id, h.name), "\n"))
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b T) int {
		x, y := P(&a).head(), P(&b).head()
		return cmp.Or(strings.Compare(x.name, y.name), strings.Compare(x.id, y.id))
	})
	return out
}

// all gives the map of one kind.
func (sn Snapshot) all(kind Kind) any {
	switch kind {
	case KindTeam:
		return sn.Teams
	case KindEntity:
		return sn.Entities
	case KindService:
		return sn.ITServices
	}
	return sn.Parties
}

// words are the texts of an item that a search looks through, beside id and name.

func (t *Team) words() []string { return []string{string(t.Kind)} }

func (e *Entity) words() []string {
	out := []string{e.Country}
	for _, p := range e.Processings {
		out = append(out, p.Name)
	}
	return out
}

func (s *ITService) words() []string { return s.Aliases }

func (p *Party) words() []string {
	out := []string{p.Country, strings.ReplaceAll(string(p.Kind), "_", " ")}
	if p.Contract != nil {
		out = append(out, p.Contract.Clause)
	}
	for _, c := range p.Contacts {
		out = append(out, c.Name, c.Email, c.Phone, c.Role)
	}
	return out
}
