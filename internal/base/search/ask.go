package search

import (
	"slices"
	"strings"
)

// ask is a query cut into tokens. Those of kind and labels begin with "=", which
// no word holds: neither a word nor its beginning can name them.
type ask struct {
	q       Query
	words   []string // whole tokens, all needed
	prefix  string   // beginning of a token, may be empty
	visible []string // tokens, one needed
	kinds   []string // tokens, one needed, may be empty
}

// newAsk returns false when the query cannot find anything.
func newAsk(q Query) (ask, bool) {
	a := ask{q: q}
	for _, v := range q.Visible {
		if label(v) {
			a.visible = append(a.visible, "=v"+v)
		}
	}
	if len(a.visible) == 0 {
		return a, false
	}
	slices.Sort(a.visible)
	a.visible = slices.Compact(a.visible)
	for _, k := range q.Kinds {
		if !label(k) {
			return a, false
		}
		a.kinds = append(a.kinds, "=k"+k)
	}
	a.words, a.prefix = queryWords(q.Words)
	return a, true
}

// dialect is how a query language writes tokens. Tokens hold no quotes.
type dialect struct{ quote, star, and, or string }

var (
	fts     = dialect{`"`, "*", " AND ", " OR "}
	tsquery = dialect{"'", ":*", " & ", " | "}
)

func (d dialect) word(s string) string   { return d.quote + s + d.quote }
func (d dialect) prefix(s string) string { return d.word(s) + d.star }

// any writes that one of the words is needed.
func (d dialect) any(words []string) string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = d.word(w)
	}
	return "(" + strings.Join(list, d.or) + ")"
}

// write writes the query: all words, the beginning of one, one of the kinds, and one
// of the labels.
func (a ask) write(d dialect, words []string, prefix string) string {
	var parts []string
	for _, w := range words {
		parts = append(parts, d.word(w))
	}
	if prefix != "" {
		parts = append(parts, d.prefix(prefix))
	}
	if len(a.kinds) > 0 {
		parts = append(parts, d.any(a.kinds))
	}
	return strings.Join(append(parts, d.any(a.visible)), d.and)
}
