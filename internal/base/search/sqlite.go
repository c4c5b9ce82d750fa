package search

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/store"
)

// The full-text index yields the holders of a whole word newest first, without sorting.
// The beginning of a word is another matter: the index would gather all docs of all
// words that begin so, which may be all there are. What each way costs says where one
// ends and the next begins; docs/design/performance.md has the figures.
const (
	// latest is how many of the newest docs are looked at before anything else: what is
	// common is among them.
	latest = 200
	// handful is how many of the newest holders of the whole words few looks at.
	handful = 300
	// rare is how many docs with a beginning are looked at one by one.
	rare = 800
	// several is how many words with one beginning are asked for by name, at about
	// 0.15 ms each.
	several = 24
	// near is how many of the newest candidates are looked at, at about 0.6 µs each, before
	// the index gathers, at about 0.8 µs for each doc with the beginning: at 1,000,000 docs
	// this is where both cost the same if these docs are spread evenly.
	near = 6000
)

// sqlite asks the full-text index in the way that is cheap for this query.
func (a ask) sqlite(ctx context.Context, r store.Reader) ([]Hit, int64, error) {
	if a.prefix == "" { // no words
		return a.stream(ctx, r, a.write(fts, nil, ""))
	}
	hits, next, err := a.newest(ctx, r, max(latest, 2*a.q.Limit))
	if err != nil || next != 0 {
		return hits, next, err
	}
	if len(a.words) > 0 {
		hits, next, all, err := a.few(ctx, r)
		if err != nil || next != 0 || all {
			return hits, next, err
		}
	}
	b := beginning{prefix: a.prefix, from: a.prefix}
	if err := b.step(ctx, r, rare+1); err != nil {
		return nil, 0, err
	}
	if b.all {
		return a.oneByOne(ctx, r, b.docs)
	}
	if hits, next, done, err := a.seldom(ctx, r); err != nil || done {
		return hits, next, err
	}
	if err := b.complete(ctx, r, several); err != nil {
		return nil, 0, err
	}
	if b.all {
		return a.stream(ctx, r, fts.any(b.words)+fts.and+a.write(fts, a.words, ""))
	}
	if hits, next, err := a.newest(ctx, r, near); err != nil || next != 0 {
		return hits, next, err
	}
	return a.stream(ctx, r, a.write(fts, a.words, a.prefix))
}

const hitColumns = "d.pos, d.kind, d.id, d.title, d.at"

// test is the condition that a doc d fulfils the query; without whole words and the
// beginning it tests only kind and labels.
func (a ask) test(words, begin bool) (string, []any) {
	var parts []string
	var args []any
	need := func(part string) { parts, args = append(parts, "instr(d.words, ?) > 0"), append(args, part) }
	if begin {
		need(" " + a.prefix)
	}
	if words {
		for _, w := range a.words {
			need(" " + w + " ")
		}
	}
	one := func(of []string) {
		list := make([]string, len(of))
		for i, v := range of {
			list[i], args = "instr(d.words, ?) > 0", append(args, " "+v+" ")
		}
		parts = append(parts, "("+strings.Join(list, " OR ")+")")
	}
	if len(a.kinds) > 0 {
		one(a.kinds)
	}
	one(a.visible)
	return strings.Join(parts, " AND "), args
}

// newest tests the n newest docs.
func (a ask) newest(ctx context.Context, r store.Reader, n int) ([]Hit, int64, error) {
	cond, args := a.test(true, true)
	return page(ctx, r, a.q.Limit, "SELECT "+hitColumns+" FROM (SELECT * FROM search_doc WHERE pos < ? ORDER BY pos DESC LIMIT ?) AS d WHERE "+cond+" LIMIT ?",
		append([]any{a.q.Before, n}, args...)...)
}

// few tests the newest docs that hold the whole words: to find a few words among the many
// docs of a kind or a label costs the index more. all says that there are no other holders.
func (a ask) few(ctx context.Context, r store.Reader) (hits []Hit, next int64, all bool, err error) {
	holders := make([]string, len(a.words))
	for i, w := range a.words {
		holders[i] = fts.word(w)
	}
	match := strings.Join(holders, fts.and)
	const holding = "(SELECT rowid AS pos FROM search_word WHERE search_word MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?) AS c"
	cond, args := a.test(false, true)
	// The inner order is kept: CROSS JOIN makes it the outer loop.
	hits, next, err = page(ctx, r, a.q.Limit, "SELECT "+hitColumns+" FROM "+holding+" CROSS JOIN search_doc d ON d.pos = c.pos WHERE "+cond+" LIMIT ?",
		append([]any{match, a.q.Before, handful}, args...)...)
	if err != nil || next != 0 {
		return hits, next, false, err
	}
	var n int
	err = r.QueryRow(ctx, "SELECT COUNT(*) FROM "+holding, match, a.q.Before, handful).Scan(&n)
	return hits, 0, n < handful, err
}

// beginning reads the index for the words that begin with a prefix.
type beginning struct {
	prefix, from string   // from: where to read on
	words        []string // in order; without those whose first part is one of them, for docs are indexed by the parts of their words too
	docs         []int64  // as far as read
	all          bool     // nothing is left to read
}

// step reads up to limit pairs of a word and a doc, and leaves the rest of the last word out.
func (b *beginning) step(ctx context.Context, r store.Reader, limit int) error {
	// A word has no sign above U+10FFFF.
	rows, err := r.Query(ctx, "SELECT term, doc FROM search_word_term WHERE term >= ? AND term < ? LIMIT ?", b.from, b.prefix+"\U0010ffff", limit)
	if err != nil {
		return err
	}
	defer rows.Close()
	n, last := 0, ""
	for rows.Next() {
		var word string
		var doc int64
		if err := rows.Scan(&word, &doc); err != nil {
			return err
		}
		b.docs = append(b.docs, doc)
		if n++; word == last {
			continue
		}
		if last = word; b.first(word) == "" {
			b.words = append(b.words, word)
		}
	}
	b.from = last + "\x01" // nothing in a word is less
	if part := b.first(last); part != "" {
		b.from = part + "\U0010ffff"
	}
	b.all = n < limit
	return rows.Err()
}

// first returns the first part of a word with the sign behind it, if that part has the
// prefix and is one of the words.
func (b *beginning) first(word string) string {
	n := strings.IndexAny(word, signs)
	if n < len(b.prefix) {
		return ""
	}
	if _, found := slices.BinarySearch(b.words, word[:n]); !found {
		return ""
	}
	return word[:n+1]
}

// complete reads on until there is nothing left, or more words than limit.
func (b *beginning) complete(ctx context.Context, r store.Reader, limit int) error {
	for !b.all && len(b.words) <= limit {
		if err := b.step(ctx, r, 16); err != nil {
			return err
		}
	}
	return nil
}

// oneByOne tests these docs, newest first.
func (a ask) oneByOne(ctx context.Context, r store.Reader, docs []int64) ([]Hit, int64, error) {
	slices.Sort(docs)
	docs = slices.Compact(docs)
	n, _ := slices.BinarySearch(docs, a.q.Before)
	docs = docs[:n]
	slices.Reverse(docs)
	list, err := json.Marshal(docs)
	if err != nil {
		return nil, 0, err
	}
	cond, args := a.test(true, false)
	return page(ctx, r, a.q.Limit, "SELECT "+hitColumns+" FROM json_each(?) AS c CROSS JOIN search_doc d ON d.pos = c.value WHERE "+cond+" LIMIT ?",
		append([]any{string(list)}, args...)...)
}

// seldom tests the newest docs of the kind and the labels when those are rare: the index
// would look for each of them in the long lists of common words. done says that the page
// is full, or that there are no other docs.
func (a ask) seldom(ctx context.Context, r store.Reader) (hits []Hit, next int64, done bool, err error) {
	cond, args := a.test(false, false)
	var seen, may int
	err = r.QueryRow(ctx, "SELECT COUNT(*), COALESCE(SUM("+cond+"), 0) FROM (SELECT words FROM search_doc WHERE pos < ? ORDER BY pos DESC LIMIT ?) AS d",
		append(args[:len(args):len(args)], a.q.Before, latest)...).Scan(&seen, &may)
	if err != nil || may > seen/4 {
		return nil, 0, false, err
	}
	const newest = "(SELECT rowid AS pos FROM search_word WHERE search_word MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?) AS c"
	match := a.write(fts, nil, "")
	cond, args = a.test(true, true)
	hits, next, err = page(ctx, r, a.q.Limit, "SELECT "+hitColumns+" FROM "+newest+" CROSS JOIN search_doc d ON d.pos = c.pos WHERE "+cond+" LIMIT ?",
		append([]any{match, a.q.Before, near}, args...)...)
	if err != nil || next != 0 {
		return hits, next, true, err
	}
	var n int
	err = r.QueryRow(ctx, "SELECT COUNT(*) FROM "+newest, match, a.q.Before, near).Scan(&n)
	return hits, 0, n < near, err
}

func (a ask) stream(ctx context.Context, r store.Reader, match string) ([]Hit, int64, error) {
	return page(ctx, r, a.q.Limit,
		"SELECT "+hitColumns+" FROM search_word w JOIN search_doc d ON d.pos = w.rowid"+
			" WHERE search_word MATCH ? AND w.rowid < ? ORDER BY w.rowid DESC LIMIT ?",
		match, a.q.Before)
}
