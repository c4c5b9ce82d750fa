package row_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
)

var shelf = row.NewTable("test_row", 2, "room", "number", "text", "count", "doc").GroupBy("room").Octets("doc")

func open(t *testing.T, db *store.DB, q ...string) {
	t.Helper()
	write(t, db, func(tx *store.Tx) error {
		for _, q := range append([]string{"CREATE TABLE test_row (count BIGINT NOT NULL, doc " + blob(db) + " NOT NULL, room TEXT NOT NULL, number BIGINT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (room, number))"}, q...) {
			if _, err := tx.Exec(q); err != nil {
				return err
			}
		}
		return nil
	})
}

func blob(db *store.DB) string {
	if db.Engine() == store.Postgres {
		return "BYTEA"
	}
	return "BLOB"
}

func write(t *testing.T, db *store.DB, fn func(tx *store.Tx) error) {
	t.Helper()
	if _, err := db.Write(t.Context(), store.Op{Name: "test"}, fn); err != nil {
		t.Fatal(err)
	}
}

func fold(t *testing.T) *row.Fold {
	t.Helper()
	f, err := row.NewFold()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// wish is a change that is wished for: the row of a key as it shall be, or gone.
type wish struct {
	room   string
	number int64
	after  row.Row
	gone   bool
}

func wishes(t *rapid.T) (groups [][]wish) {
	text := rapid.StringMatching(`[a-zü"\\\x1f \n]{0,8}`)
	for range rapid.IntRange(1, 4).Draw(t, "puts") {
		group := map[string]wish{}
		for range rapid.IntRange(1, 5).Draw(t, "changes") {
			w := wish{room: rapid.SampledFrom([]string{"a", "b", "ü"}).Draw(t, "room"), number: rapid.Int64Range(-3, 12).Draw(t, "number")}
			w.gone = rapid.IntRange(0, 3).Draw(t, "gone") == 0
			w.after = row.Row{w.room, w.number, text.Draw(t, "text"), rapid.Bool().Draw(t, "count"), []byte(text.Draw(t, "doc"))}
			group[fmt.Sprint(w.room, w.number)] = w
		}
		groups = append(groups, slices.Collect(maps.Values(group)))
	}
	return groups
}

// The same changes give the same rows in the database and in memory.
func TestLiveAndFoldAgree(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		open(t, db)
		f := fold(t)
		rapid.Check(t, func(rt *rapid.T) {
			groups := wishes(rt)
			write(t, db, func(tx *store.Tx) error {
				for _, group := range groups {
					if err := step(row.Live(tx), f, group); err != nil {
						return err
					}
				}
				return nil
			})
			if _, err := compare(t, db, f); err != nil {
				rt.Fatal(err)
			}
		})
	})
}

// same checks that both read the same.
func same(a, b any) error {
	if d := gocmp.Diff(a, b, cmpopts.EquateEmpty()); d != "" {
		return errors.New(d)
	}
	return nil
}

// step changes some rows in both the same way.
func step(a, b row.Rows, group []wish) error {
	var changes []row.Change
	for _, w := range group {
		before, err := a.Row(shelf, w.room, w.number)
		if err != nil {
			return err
		}
		other, err := b.Row(shelf, w.room, w.number)
		if err := errors.Join(err, same(before, other)); err != nil {
			return err
		}
		c := row.Change{Before: before, After: slices.Clone(w.after)}
		switch {
		case w.gone && before == nil:
			continue
		case w.gone:
			c.After = nil
		}
		changes = append(changes, c)
	}
	if err := errors.Join(a.Put(shelf, changes...), b.Put(shelf, changes...)); err != nil {
		return err
	}
	for _, room := range []string{"a", "b", "ü", "none"} {
		x, err := a.Group(shelf, room)
		if err != nil {
			return err
		}
		y, err := b.Group(shelf, room)
		if err := errors.Join(err, same(x, y)); err != nil {
			return err
		}
		for _, r := range x {
			want := slices.ContainsFunc(x, func(o row.Row) bool { return o.Int(1) != r.Int(1) && o.Text(2) == r.Text(2) && o.Int(3) == r.Int(3) })
			for _, rows := range []row.Rows{a, b} {
				if got, err := rows.Another(shelf, r, 2, 3); err != nil || got != want {
					return fmt.Errorf("another like %v: %v, want %v, %w", r, got, want, err)
				}
			}
		}
	}
	return nil
}

func compare(t *testing.T, db *store.DB, f *row.Fold) (n int64, err error) {
	t.Helper()
	err = db.Survey(t.Context(), func(v *store.View) error {
		n, _, err = f.Compare(t.Context(), v, shelf)
		return err
	})
	return n, err
}

var one = row.NewTable("test_one", 1, "id", "text", "count")

// Many rows, whose texts are too much for the buffer, changed in one statement.
func TestManyRows(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		open(t, db, "CREATE TABLE test_one (id TEXT NOT NULL PRIMARY KEY, text TEXT NOT NULL, count BIGINT NOT NULL)")
		f := fold(t)
		var ids []string
		for i := range 1500 {
			ids = append(ids, fmt.Sprintf("%05d", (i*7919)%1500))
		}
		long := strings.Repeat("x", 2000)
		write(t, db, func(tx *store.Tx) error {
			for _, x := range []row.Rows{row.Live(tx), f} {
				var changes []row.Change
				for _, id := range ids {
					changes = append(changes, row.Change{After: row.Row{id, long + id, 1}})
				}
				if err := x.Put(one, changes...); err != nil {
					return err
				}
				list, err := x.Many(one, append(ids[:900:900], "none"))
				if err != nil || len(list) != 900 {
					return fmt.Errorf("%d rows, %w", len(list), err)
				}
				slices.SortFunc(list, func(a, b row.Row) int { return cmp.Compare(a.Text(0), b.Text(0)) })
				changes = nil
				for i, r := range list {
					after := slices.Clone(r)
					if after[2] = int64(i); i%2 == 0 {
						after[1] = "short"
					}
					changes = append(changes, row.Change{Before: r, After: after})
				}
				if err := x.Put(one, changes...); err != nil {
					return err
				}
			}
			return nil
		})
		err := db.Survey(t.Context(), func(v *store.View) error {
			n, _, err := f.Compare(t.Context(), v, one)
			if n != 1500 {
				t.Errorf("%d rows", n)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// What a room got wrong is an error, not a row.
func TestWrongRows(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		open(t, db)
		f := fold(t)
		good := row.Row{"a", 1, "", 1, []byte{}}
		if err := f.Put(shelf, row.Change{After: good}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []row.Change{
			{Before: row.Row{"b", 1, "", 1, []byte{}}, After: row.Row{"b", 1, "", 1, []byte{}}},
			{After: row.Row{"c"}},
			{After: row.Row{"c", 1, nil, 1, []byte{}}},
			{After: row.Row{"c", 1, 1.5, 1, []byte{}}},
		} {
			if err := f.Put(shelf, c); err == nil {
				t.Errorf("%v is taken", c)
			}
		}
		if err := f.Put(shelf, row.Change{After: row.Row{"a", 1, "", 1, []byte{}}}); err != nil {
			t.Error(err)
		}
		if _, err := f.Row(shelf, "a", int64(1)); err == nil {
			t.Error("a row that comes twice is taken")
		}
		if _, err := compare(t, db, f); err == nil {
			t.Error("a row that comes twice is passed over")
		}
		narrow := row.NewTable("test_row", 2, "room", "number", "text", "count")
		err := db.Survey(t.Context(), func(v *store.View) error { _, _, err := f.Compare(t.Context(), v, narrow); return err })
		if err == nil {
			t.Error("a column that the room does not name is passed over")
		}
	})
}
