package search

import (
	"context"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/store"
)

// ask is a query cut into tokens. Those of kind and labels begin with "=", which
// no word holds: neither a word nor its beginning can name them.
type ask struct {
	q       Query
	words   []string // whole tokens, all needed
	prefix  string   // beginning of a token, may be empty
	visible []string // tokens, one needed
	kind    string   // token, may be empty
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
	if q.Kind != "" {
		if !label(q.Kind) {
			return a, false
		}
		a.kind = "=k" + q.Kind
	}
	a.words, a.prefix = queryWords(q.Words)
	return a, true
}

// sqlite asks the full-text index, which yields the newest first without
// sorting. The beginning of a word is another matter: the index gathers all
// docs of all words that begin so. So the newest docs are looked through first.
func (a ask) sqlite(ctx context.Context, r store.Reader) ([]Hit, int64, error) {
	if a.prefix != "" {
		hits, next, err := a.scan(ctx, r)
		if err != nil || next != 0 {
			return hits, next, err
		}
	}
	return page(ctx, r, a.q.Limit,
		"SELECT d.pos, d.kind, d.id, d.title, d.at FROM search_word w JOIN search_doc d ON d.pos = w.rowid"+
			" WHERE search_word MATCH ? AND w.rowid < ? ORDER BY w.rowid DESC LIMIT ?",
		a.match(), a.q.Before)
}

func (a ask) scan(ctx context.Context, r store.Reader) ([]Hit, int64, error) {
	var b strings.Builder
	args := []any{a.q.Before, window}
	b.WriteString("SELECT pos, kind, id, title, at FROM (SELECT pos, kind, id, title, at, words FROM search_doc WHERE pos < ? ORDER BY pos DESC LIMIT ?) AS newest WHERE ")
	need := func(token string) {
		b.WriteString("instr(words, ?) > 0 AND ")
		args = append(args, token)
	}
	for _, w := range a.words {
		need(" " + w + " ")
	}
	need(" " + a.prefix)
	if a.kind != "" {
		need(" " + a.kind + " ")
	}
	b.WriteString("(")
	for i, v := range a.visible {
		if i > 0 {
			b.WriteString(" OR ")
		}
		b.WriteString("instr(words, ?) > 0")
		args = append(args, " "+v+" ")
	}
	b.WriteString(") ORDER BY pos DESC LIMIT ?")
	return page(ctx, r, a.q.Limit, b.String(), args...)
}

// match writes the query in the language of FTS5.
func (a ask) match() string {
	quote := func(s string) string { return `"` + s + `"` } // tokens hold no quotes
	var parts []string
	for _, w := range a.words {
		parts = append(parts, quote(w))
	}
	if a.prefix != "" {
		parts = append(parts, quote(a.prefix)+"*")
	}
	if a.kind != "" {
		parts = append(parts, quote(a.kind))
	}
	labels := make([]string, len(a.visible))
	for i, v := range a.visible {
		labels[i] = quote(v)
	}
	parts = append(parts, "("+strings.Join(labels, " OR ")+")")
	return strings.Join(parts, " AND ")
}

// postgres looks through the newest docs first: for a common word the GIN index
// would gather and sort all docs that hold it. What is not common there is
// rare enough for the index.
func (a ask) postgres(ctx context.Context, r store.Reader) ([]Hit, int64, error) {
	hits, next, err := page(ctx, r, a.q.Limit,
		"SELECT pos, kind, id, title, at FROM (SELECT pos, kind, id, title, at, words FROM search_doc WHERE pos < ? ORDER BY pos DESC LIMIT ?) AS newest"+
			" WHERE words @@ ?::tsquery ORDER BY pos DESC LIMIT ?",
		a.q.Before, 2*window, a.tsquery())
	if err != nil || next != 0 {
		return hits, next, err
	}
	return page(ctx, r, a.q.Limit,
		"WITH found AS MATERIALIZED (SELECT pos, kind, id, title, at FROM search_doc WHERE words @@ ?::tsquery AND pos < ?)"+
			" SELECT pos, kind, id, title, at FROM found ORDER BY pos DESC LIMIT ?",
		a.tsquery(), a.q.Before)
}

// tsquery writes the query in the language of PostgreSQL.
func (a ask) tsquery() string {
	quote := func(s string) string { return "'" + s + "'" } // tokens hold no quotes
	var parts []string
	for _, w := range a.words {
		parts = append(parts, quote(w))
	}
	if a.prefix != "" {
		parts = append(parts, quote(a.prefix)+":*")
	}
	if a.kind != "" {
		parts = append(parts, quote(a.kind))
	}
	labels := make([]string, len(a.visible))
	for i, v := range a.visible {
		labels[i] = quote(v)
	}
	parts = append(parts, "("+strings.Join(labels, " | ")+")")
	return strings.Join(parts, " & ")
}
