package record_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
)

// shelf is a projection of notes: the newest text per subject, and a count.
type shelf struct{}

func (shelf) Kinds() []record.Kind { return noted }
func (shelf) Tables() []*row.Table { return []*row.Table{shelves} }

// Its columns stand in another order than in the table.
var shelves = row.NewTable("test_shelf", 1, "subject", "text", "number", "at")

// makeShelf makes the table; a migration makes real ones, this one exists in tests only.
func makeShelf(t testing.TB, h *house) {
	t.Helper()
	h.write(t, func(tx *store.Tx) error {
		_, err := tx.Exec("CREATE TABLE IF NOT EXISTS test_shelf (number BIGINT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (subject))")
		return err
	})
}

func (shelf) Project(x row.Rows, e record.Entry) error {
	var n note
	if err := e.Decode(&n); err != nil {
		return err
	}
	if e.Seq != 0 {
		return errors.New("the seq must not be used")
	}
	before, err := x.Row(shelves, e.Subject)
	if err != nil {
		return err
	}
	number := int64(1)
	if before != nil {
		number = before.Int(2) + 1
	}
	return x.Put(shelves, row.Change{Before: before, After: row.Row{e.Subject, n.Text, number, clock.Micros(e.RecordedAt)}})
}

func (h *house) shelve(t testing.TB, subject, text string) record.Entry {
	t.Helper()
	var e record.Entry
	h.write(t, func(tx *store.Tx) (err error) {
		if e, err = h.Append(tx, record.Draft{Kind: "test.noted", Subject: subject, Body: note{Text: text}}); err != nil {
			return err
		}
		return shelf{}.Project(row.Live(tx), e)
	})
	return e
}

func TestRebuild(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := open(t, db)
		ctx, rooms := t.Context(), []record.Projector{shelf{}}
		makeShelf(t, h)
		for i := range 1100 {
			if i%250 == 0 {
				h.shelve(t, string(rune('a'+i/250)), "one")
			}
		}
		h.shelve(t, "b", "two")
		h.shelve(t, "f", "odd\x1ftext \\ über") // the sign that stands between packed columns
		r, err := record.RebuildCheck(ctx, db, rooms)
		if err != nil || r.Entries != 7 || len(r.Tables) != 1 || r.Tables[0].Rows != 6 {
			t.Fatalf("check: %+v, %v", r, err)
		}
		rep, all, err := record.VerifyAll(ctx, db, rooms)
		if alone, err := record.Verify(ctx, db); err != nil || cmp.Diff(alone, rep) != "" || cmp.Diff(r, all) != "" {
			t.Fatalf("both at once: %+v, %+v, %v", rep, all, err)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ harm, want string }{
			{"UPDATE test_shelf SET text = 'three' WHERE subject = 'b'", "test_shelf [b] column text: its value does not follow"},
			{"UPDATE test_shelf SET number = 7 WHERE subject = 'e'", "test_shelf [e] column number: its value does not follow"},
			{"UPDATE test_shelf SET text = 'odd text' WHERE subject = 'f'", "test_shelf [f] column text: its value does not follow"},
			{"UPDATE test_shelf SET number = 7 WHERE subject IN ('f', 'c')", "test_shelf [c] column number: its value does not follow"},
			{"DELETE FROM test_shelf WHERE subject = 'e'", "test_shelf [e]: the row is missing"},
			{"DELETE FROM test_shelf WHERE subject = 'a'", "test_shelf [a]: the row is missing"},
			{"INSERT INTO test_shelf (subject, text, number, at) VALUES ('aa', '', 1, 1)", "test_shelf [aa]: the row does not follow"},
			{"INSERT INTO test_shelf (subject, text, number, at) VALUES ('z', '', 1, 1)", "test_shelf [z]: the row does not follow"},
		} {
			h.harm(t, c.harm)
			_, err := record.RebuildCheck(ctx, db, rooms)
			if d, ok := errors.AsType[*record.Difference](err); !ok || !strings.Contains(d.Error(), c.want) {
				t.Errorf("%s: %v", c.harm, err)
			}
			if _, _, again := record.VerifyAll(ctx, db, rooms); again == nil || again.Error() != err.Error() {
				t.Errorf("%s: both at once: %v", c.harm, again)
			}
			if n, err := record.Rebuild(ctx, db, rooms); err != nil || n != 7 {
				t.Fatalf("rebuild: %d, %v", n, err)
			}
			if _, err := record.RebuildCheck(ctx, db, rooms); err != nil {
				t.Errorf("after the rebuild: %v", err)
			}
		}
	})
}

func TestErase(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := open(t, db)
		ctx := t.Context()
		makeShelf(t, h)
		a, b, c := h.shelve(t, "a", "secret one"), h.shelve(t, "b", "secret two"), h.shelve(t, "c", "kept")
		var seen []record.Entry
		h.OnErase(func(_ context.Context, tx *store.Tx, list []record.Entry) error {
			seen = slices.Clone(list)
			for _, e := range list {
				if _, err := tx.Exec("DELETE FROM test_shelf WHERE subject = ?", e.Subject); err != nil {
					return err
				}
				e.Seq = 0
				if err := (shelf{}).Project(row.Live(tx), e); err != nil {
					return err
				}
			}
			return nil
		})
		before, err := h.Checkpoint(ctx)
		if err != nil {
			t.Fatal(err)
		}
		erase := func(ids []string, reason string) error {
			_, err := db.Write(ctx, store.Op{Name: "test"}, func(tx *store.Tx) error { return h.Erase(tx, "legal", ids, reason) })
			return err
		}
		if err := erase([]string{b.ID, a.ID, b.ID}, "asked for by Frau Müller"); err != nil {
			t.Fatal(err)
		}
		if len(seen) != 2 || seen[0].ID != a.ID || !seen[0].Erased || seen[0].Private != nil || string(seen[0].Facts) != string(a.Facts) {
			t.Errorf("hook got %+v", seen)
		}
		list, err := h.Subject(ctx, db, "a", 0, 0)
		if err != nil || len(list) != 2 || list[1].Kind != "ledger.erased" || string(list[1].Facts) != `{"entries":["`+a.ID+`"]}` {
			t.Errorf("history of a: %+v, %v", list, err)
		}
		if n := scalar[int64](t, db, "SELECT COUNT(*) FROM ledger_entry WHERE private IS NULL AND private_salt IS NULL AND private_commit IS NOT NULL AND erased_by <> ''"); n != 2 {
			t.Errorf("%d rows are erased", n)
		}
		if r := h.verify(t, before); r.Erased != 2 || r.Entries != 5 {
			t.Errorf("report %+v", r)
		}
		if _, err := record.RebuildCheck(ctx, db, []record.Projector{shelf{}}); err != nil {
			t.Error(err)
		}
		if err := erase([]string{a.ID}, "again"); err != nil {
			t.Errorf("again: %v", err)
		}
		// The reason is private too and can go.
		if err := erase([]string{list[1].ID}, "the reason named her"); err != nil {
			t.Error(err)
		}
		h.verify(t)
		for _, bad := range []struct {
			ids    []string
			reason string
			kind   fault.Kind
		}{{nil, "x", fault.Invalid}, {[]string{c.ID}, " ", fault.Invalid}, {[]string{c.ID, "no"}, "x", fault.NotFound}, {make([]string, 1001), "x", fault.NotFound}} {
			if err := erase(bad.ids, bad.reason); fault.KindOf(err) != bad.kind {
				t.Errorf("%v: %v", bad, err)
			}
		}
		if n := scalar[int64](t, db, "SELECT COUNT(*) FROM ledger_entry WHERE erased_by <> ''"); n != 3 {
			t.Errorf("%d rows are erased", n)
		}
	})
}

type base struct {
	ID   string `json:"id"`
	Name string `json:"name" private:"true"`
}

type body struct {
	base
	Count  int               `json:"count,omitempty"`
	Words  map[string]string `json:"words,omitempty" private:"true"`
	Note   *string           `json:"note,omitempty" private:"true"`
	Hidden string            `json:"-"`
	//lint:ignore U1000 an unexported field shows that such are passed over
	inner int
}

func TestEncodeSplitsAndDecodeJoins(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := body{Count: rapid.Int().Draw(t, "count"), Words: rapid.MapOfN(rapid.String(), rapid.String(), 1, 3).Draw(t, "words")}
		in.ID, in.Name = rapid.String().Draw(t, "id"), rapid.String().Draw(t, "name")
		if rapid.Bool().Draw(t, "some") {
			in.Note = new(rapid.String().Draw(t, "note"))
		}
		facts, private, err := record.Encode(in)
		if err != nil {
			t.Fatal(err)
		}
		var f, p map[string]any
		if json.Unmarshal(facts, &f) != nil || json.Unmarshal(private, &p) != nil {
			t.Fatalf("%s %s", facts, private)
		}
		for _, k := range []string{"name", "words", "note"} {
			if _, there := f[k]; there {
				t.Fatalf("private field %s stands in the facts %s", k, facts)
			}
		}
		var out body
		if err := record.Decode(facts, private, &out); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(in, out, cmp.AllowUnexported(body{})); d != "" {
			t.Fatal(d)
		}
	})
}

func TestEncodeForms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body           any
		facts, private string
	}{
		{nil, "{}", ""},
		{struct{}{}, "{}", ""},
		{&note{Number: 1, Text: "a<b"}, `{"number":1}`, `{"text":"a<b"}`},
		{struct {
			A int    `json:"a"`
			B string `json:"b,omitempty" private:"true"`
		}{A: 1}, `{"a":1}`, ""},
	} {
		f, p, err := record.Encode(c.body)
		if err != nil || string(f) != c.facts || string(p) != c.private || p == nil {
			t.Errorf("%+v: %s %s %v", c.body, f, p, err)
		}
	}
	for _, bad := range []any{1, "x", map[string]int{}, json.RawMessage("{}"), struct{ C chan int }{}} {
		if _, _, err := record.Encode(bad); err == nil {
			t.Errorf("%T is accepted", bad)
		}
	}
	if err := record.Decode([]byte("{"), nil, &note{}); err == nil {
		t.Error("broken facts are accepted")
	}
}
