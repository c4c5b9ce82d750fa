package tally_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty/tally"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

var (
	now    = time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)
	reader = who.Identity{Actor: "m", Roles: []who.Role{who.Manager}}
	dir    = directory.Snapshot{Teams: map[string]directory.Team{"sirt": {ID: "sirt"}, "portal": {ID: "portal"}}}
)

// fill leaves n duties of one sort.
func fill(t testing.TB, db *store.DB, n int, name, state, holder string, due time.Time, drill int) {
	t.Helper()
	_, err := db.Write(t.Context(), store.Op{Name: "test", Actor: "t"}, func(tx *store.Tx) error {
		for i := range n {
			id := fmt.Sprintf("%s-%05d", name, i)
			_, err := tx.Exec(`INSERT INTO duty (id, incident_id, key, rule, state, due_at, alarm_at, met_at, drill, outward, recipient_kind, recipient_id, holder_id, entity, doc)
				VALUES (?,?,?,'r',?,?,0,0,?,0,'','',?,'',?)`, id, id, id, state, clock.Micros(due), drill, holder, []byte("{}"))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWanting(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		later, before := now.Add(time.Hour), now.Add(-time.Hour)
		fill(t, db, 2, "missed", "open", "ann", before, 0)
		fill(t, db, 3, "team", "open", "sirt", later, 0)
		fill(t, db, 1, "nobody", "open", "", later, 0)
		fill(t, db, 1, "both", "open", "portal", before, 0) // counts once
		fill(t, db, 5, "held", "open", "ann", later, 0)
		fill(t, db, 5, "done", "met", "sirt", before, 0)
		fill(t, db, 5, "drill", "open", "sirt", before, 1)
		for most, want := range map[int]int{100: 7, 7: 7, 5: 5, 2: 2} {
			if got, err := tally.Wanting(t.Context(), db, reader, dir, now, most); err != nil || got != want {
				t.Errorf("at most %d: %d, want %d, %v", most, got, want, err)
			}
		}
		if _, err := tally.Wanting(t.Context(), db, who.Identity{}, dir, now, 9); fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("nobody: %v", err)
		}
	})
}

// BenchmarkWanting is the number in the menu with 10,000 open duties that want nobody.
func BenchmarkWanting(b *testing.B) {
	db := storetest.Open(b, store.SQLite)
	fill(b, db, 10_000, "held", "open", "ann", now.Add(time.Hour), 0)
	fill(b, db, 10_000, "done", "met", "sirt", now.Add(-time.Hour), 0)
	fill(b, db, 5, "team", "open", "sirt", now.Add(time.Hour), 0)
	for b.Loop() {
		if n, err := tally.Wanting(b.Context(), db, reader, dir, now, 100); err != nil || n != 5 {
			b.Fatal(n, err)
		}
	}
}
