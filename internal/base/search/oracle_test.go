package search

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
)

// TestAllWaysFindTheSame asks what takes each way through the index, and compares page by
// page with looking at every doc: what is common, rare, old, seen by few, the beginning of
// many words or of none.
func TestAllWaysFindTheSame(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		const n = near + 3000
		docs := make([]Doc, n)
		for i := range docs {
			d := Doc{
				Kind: []string{"incident", "signal"}[i%2], ID: fmt.Sprintf("x%d", i), At: time.Unix(1_700_000_000+int64(i), 0),
				Title: fmt.Sprintf("common part%d mail%d@host-%d.acme.com", i%10, i, i%50), Visible: []string{"all"},
			}
			if i%70 == 0 {
				d.Text += fmt.Sprintf(" zseldom zrare%d", i)
			}
			if i < 2000 {
				d.Text += fmt.Sprintf(" oldest old%d oldlog-%d.%d many%d", i%9, i%7, i, i)
			}
			if i%400 == 7 {
				d.Visible = []string{"few"}
			}
			docs[i] = d
		}
		words := make([][]string, n)
		for i, d := range docs {
			words[i] = docWords(d)
		}
		for part := range slices.Chunk(docs, 1000) {
			if _, err := db.Write(t.Context(), store.Op{Name: "test.index", Actor: "ada"}, func(tx *store.Tx) error {
				for _, d := range part {
					if err := Index(tx, d); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		for _, asked := range []string{
			"common", "c", "part3", "part", "zseldom", "zs", "zrare70", "zrare7", "zrare", "z", "old", "old1", "oldlog", "oldlog-3", "oldest", "o", "many", "many1", "common many",
			"mail1", "mail8999", "host-1", "host-49.ac", "no", "common old", "common zs", "zseldom part7", "oldest zrare1", "part2 part3", "oldest no", "part4 mail",
		} {
			for _, q := range []Query{
				{Visible: []string{"all"}}, {Visible: []string{"few"}}, {Visible: []string{"few", "all"}, Kinds: []string{"signal"}}, {Visible: []string{"nobody"}},
			} {
				q.Words = asked
				same(t, db, docs, words, q)
			}
		}
	})
}

// same reads up to three pages.
func same(t *testing.T, db *store.DB, docs []Doc, words [][]string, q Query) {
	t.Helper()
	want := plainly(docs, words, q)
	q.Limit = 9
	for range 3 {
		hits, next, err := Search(t.Context(), db, q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		var got []string
		for _, h := range hits {
			got = append(got, h.ID)
		}
		page := want[:min(q.Limit, len(want))]
		want = want[len(page):]
		if !slices.Equal(got, page) || (next != 0) != (len(want) > 0) {
			t.Fatalf("%+v: got %v and next %v, want %v and %d more", q, got, next, page, len(want))
		}
		if next == 0 {
			return
		}
		q.Before = next
	}
}

// plainly looks at every doc, newest first.
func plainly(docs []Doc, words [][]string, q Query) []string {
	whole, prefix := queryWords(q.Words)
	var out []string
	for i, d := range slices.Backward(docs) {
		has := words[i]
		ok := len(q.Kinds) == 0 || slices.Contains(q.Kinds, d.Kind)
		ok = ok && slices.ContainsFunc(q.Visible, func(v string) bool { return slices.Contains(d.Visible, v) })
		ok = ok && slices.ContainsFunc(has, func(w string) bool { return strings.HasPrefix(w, prefix) })
		for _, w := range whole {
			ok = ok && slices.Contains(has, w)
		}
		if ok {
			out = append(out, d.ID)
		}
	}
	return out
}

// TestFirstPartIsAWord: the index of beginnings leaves out words whose first part is a
// word, for docs are indexed by the first part too.
func TestFirstPartIsAWord(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-zA-Zäß0-9.:@_+-]{0,300}( [a-f0-9.:@_+-]{0,12}){0,5}`).Draw(t, "text")
		got := docWords(Doc{Kind: "x", Text: text})
		for _, w := range got {
			if n := strings.IndexAny(w, signs); n > 0 && !slices.Contains(got, w[:n]) {
				t.Fatalf("%q of %q without its first part", w, text)
			}
		}
	})
}
