package search_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/search"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
)

var (
	op    = store.Op{Name: "test.index", Actor: "ada"}
	watch = clock.System()
	start = time.Date(2026, 10, 24, 20, 0, 0, 0, time.UTC)
)

func write(t testing.TB, db *store.DB, fn func(tx *store.Tx) error) {
	t.Helper()
	if _, err := db.Write(t.Context(), op, fn); err != nil {
		t.Fatal(err)
	}
}

func index(t testing.TB, db *store.DB, docs ...search.Doc) {
	t.Helper()
	write(t, db, func(tx *store.Tx) error {
		for _, d := range docs {
			if err := search.Index(tx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func ids(t testing.TB, db *store.DB, q search.Query) string {
	t.Helper()
	if q.Visible == nil {
		q.Visible = []string{"all"}
	}
	hits, _, err := search.Search(t.Context(), db, q)
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	var out []string
	for _, h := range hits {
		out = append(out, h.ID)
	}
	return strings.Join(out, " ")
}

func doc(id, title, text string, minutes int, visible ...string) search.Doc {
	if visible == nil {
		visible = []string{"all"}
	}
	kind := "signal"
	if id[0] == 'i' {
		kind = "incident"
	}
	return search.Doc{Kind: kind, ID: id, Title: title, Text: text, At: start.Add(time.Duration(minutes) * time.Minute), Visible: visible}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		index(
			t, db,
			doc("i1", "Disk full on srv-01.acme.com", "INC-2026-0142 ann.lee@acme.com", 1),
			doc("s2", "Disk error", "failed disk; sha256:deadbeef01", 3),
			doc("s3", "Überprüfung 障害発生", "disk", 2, "legal", "siht"),
			doc("i4", "Kettle broken", "kitchen", 4),
		)
		for words, want := range map[string]string{
			"":                 "i4 s2 i1",
			"disk":             "s2 i1",
			"DISK ful":         "i1",
			"di":               "s2 i1",
			"disk di":          "s2 i1",
			"full disk":        "i1",
			"acme.com":         "i1",
			"srv-01":           "i1",
			"ann.lee@acme":     "i1",
			"inc-2026-0142":    "i1",
			"0142 disk":        "i1",
			"deadb":            "s2",
			"deadb disk":       "",
			"k":                "i4", // kettle, kitchen; not the kind
			"v":                "",
			"all":              "",
			"nothing":          "",
			"'); DROP TABLE x": "",
			`disk" OR "kettle`: "",
		} {
			if got := ids(t, db, search.Query{Words: words}); got != want {
				t.Errorf("%q: got %q, want %q", words, got, want)
			}
		}
		for _, c := range []struct {
			q    search.Query
			want string
		}{
			{search.Query{Words: "disk", Kinds: []string{"incident"}}, "i1"},
			{search.Query{Kinds: []string{"signal"}}, "s2"},
			{search.Query{Words: "disk", Kinds: []string{"signal", "incident"}}, "s2 i1"},
			{search.Query{Words: "di", Kinds: []string{"signal", "note"}}, "s2"},
			{search.Query{Words: "disk", Visible: []string{"siht"}}, "s3"},
			{search.Query{Words: "di", Visible: []string{"siht", "all"}}, "s2 s3 i1"},
			{search.Query{Words: "発生", Visible: []string{"legal"}}, "s3"},
			{search.Query{Words: "überp", Visible: []string{"legal"}}, "s3"},
			{search.Query{Words: "disk", Visible: []string{}}, ""},
			{search.Query{Words: "disk", Visible: []string{"x OR y"}}, ""},
			{search.Query{Words: "disk", Kinds: []string{"a b"}}, ""},
		} {
			if got := ids(t, db, c.q); got != c.want {
				t.Errorf("%+v: got %q, want %q", c.q, got, c.want)
			}
		}
		if _, _, err := search.Search(t.Context(), db, search.Query{Limit: 201, Visible: []string{"all"}}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("limit: %v", err)
		}
	})
}

func TestReplaceAndRemove(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		index(t, db, doc("i1", "alpha secretname", "", 1), doc("i2", "alpha", "", 2))
		index(t, db, doc("i1", "alpha beta", "", 1))
		if got := ids(t, db, search.Query{Words: "beta"}) + "|" + ids(t, db, search.Query{Words: "secretname"}); got != "i1|" {
			t.Fatal(got)
		}
		index(t, db, doc("i1", "alpha beta", "", 3)) // a corrected time moves it
		if got := ids(t, db, search.Query{Words: "alpha"}); got != "i1 i2" {
			t.Fatal(got)
		}
		index(t, db, doc("i1", "alpha beta", "", 3, "legal"))
		if got := ids(t, db, search.Query{Words: "alpha"}); got != "i2" {
			t.Fatal(got)
		}
		write(t, db, func(tx *store.Tx) error { return search.Remove(tx, "incident", "i1") })
		write(t, db, func(tx *store.Tx) error { return search.Remove(tx, "incident", "none") })
		if got := ids(t, db, search.Query{Words: "alpha", Visible: []string{"legal", "all"}}); got != "i2" {
			t.Fatal(got)
		}
		if db.Engine() == store.SQLite {
			write(t, db, func(tx *store.Tx) error {
				_, err := tx.Exec("INSERT INTO search_word (search_word) VALUES ('integrity-check')")
				return err
			})
		}
	})
}

func TestBadDocsAreRefused(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, store.SQLite)
	for _, d := range []search.Doc{{Kind: "A b", ID: "1"}, {Kind: "a"}, {Kind: "a", ID: "1", Visible: []string{"x y"}}} {
		if _, err := db.Write(t.Context(), op, func(tx *store.Tx) error { return search.Index(tx, d) }); err == nil {
			t.Errorf("%+v", d)
		}
	}
}

// TestPages reads thousands of docs of one instant page by page: none twice,
// none left out, the last indexed first.
func TestPages(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		const n = 4500
		var docs []search.Doc
		for i := range n {
			docs = append(docs, doc(fmt.Sprintf("i%d", i), "same instant", "", 0))
		}
		index(t, db, docs...)
		for _, words := range []string{"same", "instant same", ""} {
			q := search.Query{Words: words, Limit: 200, Visible: []string{"all", "legal"}}
			next := n
			for {
				hits, before, err := search.Search(t.Context(), db, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, h := range hits {
					if next--; h.ID != fmt.Sprintf("i%d", next) {
						t.Fatalf("%q: got %s at %d", words, h.ID, next)
					}
				}
				if before == 0 {
					break
				}
				q.Before = before
			}
			if next != 0 {
				t.Fatalf("%q: %d not found", words, next)
			}
		}
	})
}

// sample makes docs like alerts: words in all, in one of some, and rare ones.
func sample(i int) search.Doc {
	vis := []string{"all", "team-" + strconv.Itoa(i%7)}
	if i%1000 == 3 {
		vis = append(vis, "rare")
	}
	return search.Doc{
		Kind: []string{"incident", "signal"}[i%2], ID: fmt.Sprintf("id-%d", i),
		Title:   fmt.Sprintf("Alert suspicious login on host h%d.acme.com", i),
		Text:    fmt.Sprintf("several failed attempts before success, rule %d matched; see log excerpt needle%d mod%d", i%5000, i%10007, i%100),
		At:      start.Add(time.Duration(i) * time.Second),
		Visible: vis,
	}
}

func fill(b *testing.B, db *store.DB, from, to int) {
	b.Helper()
	for ; from < to; from += 5000 {
		write(b, db, func(tx *store.Tx) error {
			for i := from; i < min(from+5000, to); i++ {
				if err := search.Index(tx, sample(i)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if db.Engine() == store.Postgres {
		write(b, db, func(tx *store.Tx) error { _, err := tx.Exec("ANALYZE search_doc"); return err })
	}
}

// BenchmarkSearch measures queries at 10,000 docs and at the number that
// WAKEBELL_BENCH_DOCS says (100,000 unless set).
func BenchmarkSearch(b *testing.B) {
	many := 100_000
	if n, err := strconv.Atoi(os.Getenv("WAKEBELL_BENCH_DOCS")); err == nil {
		many = n
	}
	for _, e := range storetest.Engines {
		db := storetest.Open(b, e)
		from := 0
		for _, n := range []int{10_000, many} {
			fill(b, db, from, n)
			from = n
			for _, c := range cases {
				b.Run(fmt.Sprintf("%s/%d/%s", e, n, c.name), func(b *testing.B) { c.measure(b, db) })
			}
		}
	}
}

// benchCase is a query; in words, %d stands for a number below the second field.
type benchCase struct {
	name, words string
	below       int
	label       string
}

var cases = []benchCase{
	{"common", "suspicious login", 0, "all"},
	{"commonPrefix", "login susp", 0, "all"},
	{"oneLetter", "s", 0, "all"},
	{"some", "mod%d host", 100, "all"},
	{"someAsPrefix", "mod%d", 100, "all"},
	{"rare", "needle%d", 10_000, "all"},
	{"rareShort", "needle1%d", 10, "all"}, // a hundred words
	{"rareAndCommon", "needle%d login", 10_000, "all"},
	{"commonAndRare", "login needle%d", 10_000, "all"},
	{"one", "h%d.acme.com", 10_000, "all"},
	{"manyOld", "h1%d", 10, "all"}, // as many words as docs, all of one time
	{"none", "nosuchword", 0, "all"},
	{"noneOfTwo", "login nosuchword", 0, "all"},
	{"fewVisible", "suspicious", 0, "rare"},
	{"fewVisiblePrefix", "needle1%d", 10, "rare"},
	{"list", "", 0, "team-3"},
}

func (c benchCase) measure(b *testing.B, db *store.DB) {
	var took []time.Duration
	var u0, u1 syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u0)
	for b.Loop() {
		words := c.words
		if c.below > 0 {
			words = fmt.Sprintf(words, rand.IntN(c.below))
		}
		before := watch.Real()
		_, _, err := search.Search(b.Context(), db, search.Query{Words: words, Visible: []string{c.label}})
		took = append(took, watch.Real().Sub(before))
		if err != nil {
			b.Fatal(err)
		}
	}
	syscall.Getrusage(syscall.RUSAGE_SELF, &u1)
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
	b.ReportMetric(float64(u1.Utime.Nano()+u1.Stime.Nano()-u0.Utime.Nano()-u0.Stime.Nano())/float64(b.N)/1000, "cpu-µs/op")
}

// BenchmarkIndex measures writes of one doc each by 64 clients: what indexing
// costs where alerts come in.
func BenchmarkIndex(b *testing.B) {
	for _, e := range storetest.Engines {
		b.Run(string(e), func(b *testing.B) {
			db := storetest.Open(b, e)
			b.ReportAllocs()
			var u0, u1 syscall.Rusage
			syscall.Getrusage(syscall.RUSAGE_SELF, &u0)
			var next atomic.Int64
			var wg sync.WaitGroup
			for range 64 {
				wg.Go(func() {
					for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
						_, err := db.Write(b.Context(), op, func(tx *store.Tx) error { return search.Index(tx, sample(int(i))) })
						if err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			syscall.Getrusage(syscall.RUSAGE_SELF, &u1)
			b.ReportMetric(float64(u1.Utime.Nano()+u1.Stime.Nano()-u0.Utime.Nano()-u0.Stime.Nano())/float64(b.N)/1000, "cpu-µs/op")
		})
	}
}
