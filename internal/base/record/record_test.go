package record_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/ledger"
)

var noted = []record.Kind{{Name: "test.noted", Version: 1}}

type note struct {
	Number int      `json:"number"`
	Tags   []string `json:"tags,omitempty"`
	Text   string   `json:"text" private:"true"`
}

var start = time.Date(2026, 10, 24, 18, 0, 0, 0, time.UTC)

// house is a ledger on one database, with everything a test turns.
type house struct {
	*record.Ledger
	db  *store.DB
	clk *clock.Clock
	cfg record.Config
}

func open(t testing.TB, db *store.DB) *house {
	t.Helper()
	h := &house{db: db, clk: clock.NewTest(start)}
	dir := t.TempDir()
	h.cfg = record.Config{KeyFile: filepath.Join(dir, "ledger.key"), CheckpointDir: dir}
	h.reopen(t)
	return h
}

func (h *house) reopen(t testing.TB) {
	t.Helper()
	l, err := record.New(t.Context(), h.db, h.clk, h.cfg, noted)
	if err != nil {
		t.Fatal(err)
	}
	h.Ledger = l
}

func (h *house) write(t testing.TB, fn func(tx *store.Tx) error) {
	t.Helper()
	if _, err := h.db.Write(t.Context(), store.Op{Name: "test", Actor: "tester"}, fn); err != nil {
		t.Fatal(err)
	}
}

// add appends one note and returns it as it was answered.
func (h *house) add(t testing.TB, subject string, n int) record.Entry {
	t.Helper()
	var e record.Entry
	h.write(t, func(tx *store.Tx) (err error) {
		e, err = h.Append(tx, record.Draft{
			Kind: "test.noted", Subject: subject, Actor: "person-1",
			Body: note{Number: n, Text: fmt.Sprintf("Frau Müller <%d>", n)},
		})
		return err
	})
	return e
}

func (h *house) fill(t testing.TB, n int) []record.Entry {
	t.Helper()
	var list []record.Entry
	for i := range n {
		list = append(list, h.add(t, fmt.Sprintf("subject-%d", i%3), i))
	}
	return list
}

func (h *house) verify(t testing.TB, against ...[]byte) record.Report {
	t.Helper()
	r, err := record.Verify(t.Context(), h.db, against...)
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	return r
}

func TestEntriesComeBackInOrder(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := open(t, db)
		ctx := t.Context()
		want := h.fill(t, 7)
		got, err := h.Entries(ctx, db, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			want[i].Seq = int64(i + 1)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
		if string(got[2].Facts) != `{"number":2}` || string(got[2].Private) != `{"text":"Frau Müller <2>"}` {
			t.Errorf("bodies %s %s", got[2].Facts, got[2].Private)
		}
		var n note
		if err := got[2].Decode(&n); err != nil || n.Number != 2 || n.Text != "Frau Müller <2>" {
			t.Errorf("decoded %+v, %v", n, err)
		}
		page, err := h.Subject(ctx, db, "subject-1", 2, 1)
		if err != nil || len(page) != 1 || page[0].Seq != 5 {
			t.Errorf("page %+v, %v", page, err)
		}
		one, err := h.Entry(ctx, db, want[3].ID)
		if err != nil || one.Seq != 4 {
			t.Errorf("one %+v, %v", one, err)
		}
		if _, err := h.Entry(ctx, db, "no"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("unknown id: %v", err)
		}
		if r := h.verify(t); r.Entries != 7 || r.Checkpoint.Size != 7 {
			t.Errorf("report %+v", r)
		}
		h.reopen(t)
		h.fill(t, 1)
		h.verify(t)
	})
}

func TestRecordedAtNeverFalls(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := open(t, db)
		first := h.add(t, "s", 1)
		if err := h.clk.Set(start.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		second := h.add(t, "s", 2)
		if !second.RecordedAt.Equal(first.RecordedAt) || !second.At.Equal(start.Add(-time.Hour)) {
			t.Errorf("recorded %v, at %v", second.RecordedAt, second.At)
		}
		if err := h.clk.Set(start.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		h.add(t, "s", 3)
		for _, c := range []struct {
			at   time.Time
			want int64
		}{{start.Add(-time.Second), 0}, {start, 2}, {start.Add(time.Minute), 2}, {start.Add(time.Hour), 3}} {
			got, err := h.SubjectAsOf(t.Context(), db, "s", c.at)
			if err != nil || int64(len(got)) != c.want {
				t.Errorf("as of %v: %d entries, %v", c.at, len(got), err)
			}
			if p, err := h.PositionAt(t.Context(), db, c.at); err != nil || p != c.want {
				t.Errorf("position at %v: %d, %v", c.at, p, err)
			}
		}
		h.verify(t)
	})
}

func TestRolledBackWritesLeaveNoGap(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := open(t, db)
		stop := errors.New("no")
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() {
				_, err := db.Write(t.Context(), store.Op{Name: "test", Actor: "a"}, func(tx *store.Tx) error {
					for range 1 + i%3 {
						if _, err := h.Append(tx, record.Draft{Kind: "test.noted", Subject: "s", Body: note{Number: i}}); err != nil {
							return err
						}
					}
					if i%4 == 0 {
						return stop
					}
					return nil
				})
				if (i%4 == 0) != errors.Is(err, stop) {
					t.Errorf("write %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		want := int64(0)
		for i := range 60 {
			if i%4 != 0 {
				want += int64(1 + i%3)
			}
		}
		if r := h.verify(t); r.Entries != want {
			t.Errorf("%d entries, want %d", r.Entries, want)
		}
	})
}

func TestManyEntriesInOneWrite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := open(t, db)
		h.write(t, func(tx *store.Tx) error {
			for i := range 200 {
				if _, err := h.Append(tx, record.Draft{Kind: "test.noted", Subject: "s", Body: &note{Number: i}}); err != nil {
					return err
				}
			}
			return nil
		})
		list, err := h.Entries(t.Context(), db, 64, 70)
		if err != nil || len(list) != 70 || list[0].Seq != 65 || string(list[69].Facts) != `{"number":133}` {
			t.Errorf("%d entries, %v", len(list), err)
		}
		h.verify(t)
	})
}

func TestAppendRefuses(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := open(t, db)
		for _, d := range []record.Draft{
			{Kind: "no.such", Body: note{}},
			{Kind: "test.noted", Body: 7},
			{Kind: "test.noted", Body: time.Time{}},
			{Kind: "test.noted", Subject: "a\x00b", Body: note{}},
			{Kind: "test.noted", Subject: "\xff", Body: note{}},
		} {
			_, err := db.Write(t.Context(), store.Op{Name: "test"}, func(tx *store.Tx) error {
				_, err := h.Append(tx, d)
				return err
			})
			if err == nil {
				t.Errorf("%+v is accepted", d)
			}
		}
		if n, err := h.Size(t.Context(), db); n != 0 || err != nil {
			t.Errorf("size %d, %v", n, err)
		}
	})
}

func TestKindsAndUpcasting(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := open(t, db)
		h.fill(t, 3)
		newer := []record.Kind{{Name: "test.noted", Version: 3, Upcast: func(from int, f, p []byte) ([]byte, []byte, error) {
			return []byte(strings.Replace(string(f), "number", "count", 1)), p, nil
		}}}
		l, err := record.New(t.Context(), db, h.clk, h.cfg, newer)
		if err != nil {
			t.Fatal(err)
		}
		list, err := l.Entries(t.Context(), db, 0, 0)
		if err != nil || list[1].Version != 3 || string(list[1].Facts) != `{"count":1}` {
			t.Errorf("%+v, %v", list, err)
		}
		_, err = db.Write(t.Context(), store.Op{Name: "test"}, func(tx *store.Tx) error {
			_, err := l.Append(tx, record.Draft{Kind: "test.noted", Subject: "s"})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, kinds := range [][]record.Kind{nil, noted} {
			if _, err := record.New(t.Context(), db, h.clk, h.cfg, kinds); fault.KindOf(err) != fault.Conflict {
				t.Errorf("kinds %v: %v", kinds, err)
			}
		}
		for _, bad := range [][]record.Kind{{{Name: "a/b", Version: 1}}, {{Name: "a"}}, {{Name: "a", Version: 2}}, {{Name: "a", Version: 1}, {Name: "a", Version: 2, Upcast: newer[0].Upcast}}} {
			if _, err := record.New(t.Context(), db, h.clk, h.cfg, append(bad, newer...)); err == nil {
				t.Errorf("%v is accepted", bad)
			}
		}
		h.verify(t)
	})
}

func TestProofs(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := open(t, db)
		h.fill(t, 21)
		for seq := int64(1); seq <= 21; seq++ {
			for _, size := range []int64{0, 21, max(seq, 16)} {
				p, err := h.Proof(t.Context(), seq, size)
				if err != nil {
					t.Fatal(err)
				}
				if err := checkProof(p); err != nil {
					t.Errorf("seq %d size %d: %v", seq, size, err)
				}
			}
		}
		for _, bad := range [][2]int64{{0, 0}, {22, 0}, {5, 4}, {1, 22}} {
			if _, err := h.Proof(t.Context(), bad[0], bad[1]); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%v: %v", bad, err)
			}
		}
		if _, err := h.ConsistencyProof(t.Context(), 5, 21); err != nil {
			t.Error(err)
		}
	})
}

func TestBundle(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := open(t, db)
		list := h.fill(t, 12)
		h.write(t, func(tx *store.Tx) error { return h.Erase(tx, "legal", []string{list[4].ID}, "asked for") })
		if _, err := h.RotateKey(t.Context(), "admin"); err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		err := db.View(t.Context(), func(v *store.View) error {
			b, err := h.Bundle(t.Context(), v, []string{"subject-1", "subject-2"})
			if err != nil {
				return err
			}
			_, err = b.WriteTo(&text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		r, err := ledger.VerifyBundle(strings.NewReader(text.String()), h.VerifierKey())
		if err != nil {
			t.Fatal(err)
		}
		if r.Entries != 9 || r.Erased != 1 || r.Checkpoint.Size != 14 {
			t.Errorf("report %+v", r)
		}
		bad := strings.Replace(text.String(), `\"number\":5`, `\"number\":6`, 1)
		_, err = ledger.VerifyBundle(strings.NewReader(bad), h.VerifierKey())
		if w, ok := errors.AsType[*ledger.Wrong](err); !ok || w.Seq != 6 {
			t.Errorf("changed: %v", err)
		}
	})
}

// scalar reads one value.
func scalar[T any](t testing.TB, db *store.DB, q string, args ...any) T {
	t.Helper()
	var v T
	if err := db.QueryRow(context.WithoutCancel(t.Context()), q, args...).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
