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

// near is how many of the newest candidates are looked at one by one before an
// index gathers all docs with a beginning of a word: one so common that
// gathering takes long is found among them at once, and one that is not is rare
// enough to gather.
const near = 4000

// sqlite asks the full-text index, which yields the newest first without
// sorting. The beginning of a word is another matter: all docs of all words
// that begin so would be gathered first. So the newest docs that fulfil
// everything else are looked at before.
func (a ask) sqlite(ctx context.Context, r store.Reader) ([]Hit, int64, error) {
	if len(a.words) > 0 {
		hits, next, all, err := a.few(ctx, r)
		if err != nil || next != 0 || all {
			return hits, next, err
		}
	}
	exact := a.write(fts, a.words, "")
	if a.prefix == "" {
		return a.stream(ctx, r, exact)
	}
	// The inner order is kept: CROSS JOIN makes it the outer loop.
	hits, next, err := page(ctx, r, a.q.Limit,
		"SELECT d.pos, d.kind, d.id, d.title, d.at FROM (SELECT rowid AS pos FROM search_word WHERE search_word MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?) AS c"+
			" CROSS JOIN search_doc d ON d.pos = c.pos WHERE instr(d.words, ?) > 0 LIMIT ?",
		exact, a.q.Before, near, " "+a.prefix)
	if err != nil || next != 0 {
		return hits, next, err
	}
	var n int
	err = r.QueryRow(ctx, "SELECT COUNT(*) FROM (SELECT rowid FROM search_word WHERE search_word MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?) AS c",
		exact, a.q.Before, near).Scan(&n)
	if err != nil || n < near {
		return hits, 0, err // all were looked at
	}
	return a.stream(ctx, r, a.write(fts, a.words, a.prefix))
}

// handful is how many of the newest holders of the whole words few looks at.
const handful = 300

// few looks at the newest docs that hold the whole words and tests the rest on them:
// to find a few words among the many docs of a kind or a label costs the index more. all
// says that there are no other holders.
func (a ask) few(ctx context.Context, r store.Reader) (hits []Hit, next int64, all bool, err error) {
	holders := make([]string, len(a.words))
	for i, w := range a.words {
		holders[i] = fts.word(w)
	}
	match := strings.Join(holders, fts.and)
	const newest = "(SELECT rowid AS pos FROM search_word WHERE search_word MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?) AS c"
	where, args := " WHERE 1 = 1", []any{match, a.q.Before, handful}
	need := func(part string) {
		where, args = where+" AND instr(d.words, ?) > 0", append(args, part)
	}
	if a.prefix != "" {
		need(" " + a.prefix)
	}
	if a.kind != "" {
		need(" " + a.kind + " ")
	}
	labels := make([]string, len(a.visible))
	for i, v := range a.visible {
		labels[i], args = "instr(d.words, ?) > 0", append(args, " "+v+" ")
	}
	hits, next, err = page(ctx, r, a.q.Limit, "SELECT d.pos, d.kind, d.id, d.title, d.at FROM "+newest+
		" CROSS JOIN search_doc d ON d.pos = c.pos"+where+" AND ("+strings.Join(labels, " OR ")+") LIMIT ?", args...)
	if err != nil || next != 0 {
		return hits, next, false, err
	}
	var n int
	err = r.QueryRow(ctx, "SELECT COUNT(*) FROM "+newest, match, a.q.Before, handful).Scan(&n)
	return hits, 0, n < handful, err
}

func (a ask) stream(ctx context.Context, r store.Reader, match string) ([]Hit, int64, error) {
	return page(ctx, r, a.q.Limit,
		"SELECT d.pos, d.kind, d.id, d.title, d.at FROM search_word w JOIN search_doc d ON d.pos = w.rowid"+
			" WHERE search_word MATCH ? AND w.rowid < ? ORDER BY w.rowid DESC LIMIT ?",
		match, a.q.Before)
}

// postgres looks at the newest docs first: for a common word the GIN index
// would gather and sort all docs that hold it. What is not common there is rare
// enough for the index; which of the two conditions is rarer is counted on the
// same docs.
func (a ask) postgres(ctx context.Context, r store.Reader) ([]Hit, int64, error) {
	all, exact := a.write(tsquery, a.words, a.prefix), a.write(tsquery, a.words, "")
	hits, next, err := page(ctx, r, a.q.Limit,
		"SELECT pos, kind, id, title, at FROM (SELECT pos, kind, id, title, at, words FROM search_doc WHERE pos < ? ORDER BY pos DESC LIMIT ?) AS newest"+
			" WHERE words @@ ?::tsquery ORDER BY pos DESC LIMIT ?",
		a.q.Before, near, all)
	if err != nil || next != 0 {
		return hits, next, err
	}
	begins := exact
	if a.prefix != "" {
		begins = tsquery.prefix(a.prefix)
	}
	var n, withExact, withPrefix int
	err = r.QueryRow(ctx, "SELECT COUNT(*), COUNT(*) FILTER (WHERE words @@ ?::tsquery), COUNT(*) FILTER (WHERE words @@ ?::tsquery)"+
		" FROM (SELECT words FROM search_doc WHERE pos < ? ORDER BY pos DESC LIMIT ?) AS newest",
		exact, begins, a.q.Before, near).Scan(&n, &withExact, &withPrefix)
	if err != nil || n < near {
		return hits, 0, err // all were looked at
	}
	inIndex := all
	if a.prefix != "" && withExact <= withPrefix {
		inIndex = exact
	}
	// IS TRUE keeps the second condition away from the index.
	return page(ctx, r, a.q.Limit,
		"WITH found AS MATERIALIZED (SELECT pos, kind, id, title, at FROM search_doc WHERE words @@ ?::tsquery AND pos < ? AND (words @@ ?::tsquery) IS TRUE)"+
			" SELECT pos, kind, id, title, at FROM found ORDER BY pos DESC LIMIT ?",
		inIndex, a.q.Before, all)
}

// dialect is how a query language writes tokens. Tokens hold no quotes.
type dialect struct{ quote, star, and, or string }

var (
	fts     = dialect{`"`, "*", " AND ", " OR "}
	tsquery = dialect{"'", ":*", " & ", " | "}
)

func (d dialect) word(s string) string   { return d.quote + s + d.quote }
func (d dialect) prefix(s string) string { return d.word(s) + d.star }

// write writes the query: all words, the beginning of one, the kind, and one of
// the labels.
func (a ask) write(d dialect, words []string, prefix string) string {
	var parts []string
	for _, w := range words {
		parts = append(parts, d.word(w))
	}
	if prefix != "" {
		parts = append(parts, d.prefix(prefix))
	}
	if a.kind != "" {
		parts = append(parts, d.word(a.kind))
	}
	labels := make([]string, len(a.visible))
	for i, v := range a.visible {
		labels[i] = d.word(v)
	}
	parts = append(parts, "("+strings.Join(labels, d.or)+")")
	return strings.Join(parts, d.and)
}
