package search

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/store"
)

// nearPostgres is how many of the newest docs are looked at, at about 0.5 µs each, before
// the index gathers.
const nearPostgres = 4000

// much is how many times rarer the rarest condition must be for another one to be tested
// on the docs instead of in the index.
const much = 10

// postgres looks at the newest docs first: for a common word the GIN index
// would gather and sort all docs that hold it. What is not common there is rare
// enough for the index.
func (a ask) postgres(ctx context.Context, r store.Reader) ([]Hit, int64, error) {
	hits, next, err := page(ctx, r, a.q.Limit,
		"SELECT pos, kind, id, title, at FROM (SELECT pos, kind, id, title, at, words FROM search_doc WHERE pos < ? ORDER BY pos DESC LIMIT ?) AS newest"+
			" WHERE words @@ ?::tsquery ORDER BY pos DESC LIMIT ?",
		a.q.Before, nearPostgres, a.write(tsquery, a.words, a.prefix))
	if err != nil || next != 0 {
		return hits, next, err
	}
	inIndex, rest, err := a.split(ctx, r)
	if err != nil {
		return nil, 0, err
	}
	// IS TRUE keeps the second condition away from the index. Of what is found, only the
	// page is read again: sorting whole rows costs more.
	return page(ctx, r, a.q.Limit,
		"WITH found AS MATERIALIZED (SELECT pos FROM search_doc WHERE words @@ ?::tsquery AND pos < ? AND (words @@ ?::tsquery) IS TRUE)"+
			" SELECT d.pos, d.kind, d.id, d.title, d.at FROM (SELECT pos FROM found ORDER BY pos DESC LIMIT ?) AS f JOIN search_doc d ON d.pos = f.pos ORDER BY d.pos DESC",
		inIndex, a.q.Before, rest)
}

// split says which conditions the index is asked for and which are tested on the docs it
// finds. The index reads all docs with a beginning, and long lists of common words and
// labels, whatever the other conditions are; so it gets only the rarest of them, as the
// planner estimates.
func (a ask) split(ctx context.Context, r store.Reader) (inIndex, rest string, err error) {
	type part struct {
		query string
		docs  float64
	}
	parts := []part{{query: a.write(tsquery, nil, "")}}
	for _, w := range a.words {
		parts = append(parts, part{query: tsquery.word(w)})
	}
	if a.prefix != "" {
		parts = append(parts, part{query: tsquery.prefix(a.prefix)})
	}
	for i := range parts {
		if parts[i].docs, err = estimate(ctx, r, parts[i].query); err != nil {
			return "", "", err
		}
	}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(a.docs, b.docs) })
	index, other := []string{}, []string{}
	for _, p := range parts {
		if p.docs <= much*parts[0].docs {
			index = append(index, p.query)
		} else {
			other = append(other, p.query)
		}
	}
	if len(other) == 0 {
		other = index[:1]
	}
	return strings.Join(index, tsquery.and), strings.Join(other, tsquery.and), nil
}

// estimate is how many docs the planner expects for a query.
func estimate(ctx context.Context, r store.Reader, query string) (float64, error) {
	var doc string
	if err := r.QueryRow(ctx, "EXPLAIN (FORMAT JSON) SELECT 1 FROM search_doc WHERE words @@ ?::tsquery", query).Scan(&doc); err != nil {
		return 0, err
	}
	var plans []struct {
		Plan struct {
			Rows float64 `json:"Plan Rows"`
		}
	}
	if err := json.Unmarshal([]byte(doc), &plans); err != nil || len(plans) == 0 {
		return 0, err
	}
	return plans[0].Plan.Rows, nil
}
