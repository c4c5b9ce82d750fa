package store_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
)

// diary is a journal that writes the entries into the table item.
type diary struct {
	fail  func(entries []any) error
	seals [][]any
}

func (d *diary) Seal(tx *store.Tx, entries []any) error {
	d.seals = append(d.seals, slices.Clone(entries))
	for _, e := range entries {
		if err := put(tx, e.(int), "entry"); err != nil {
			return err
		}
	}
	if d.fail != nil {
		return d.fail(entries)
	}
	return nil
}

func TestJournalSealsTheSurvivorsOnce(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		table(t, db)
		d := &diary{}
		db.SetJournal(d)
		loads := 0
		buffer := func(id int, err error) func(tx *store.Tx) error {
			return func(tx *store.Tx) error {
				tx.Buffer(id)
				if _, e := tx.Memo("head", func() (any, error) { loads++; return 7, nil }); e != nil {
					return e
				}
				return err
			}
		}
		errs := together(t, db, buffer(1, errors.New("no")), buffer(2, nil), buffer(3, nil),
			func(tx *store.Tx) error { tx.Buffer(4); panic("x") }, buffer(5, nil))
		if errs[0] == nil || errs[1] != nil || errs[2] != nil || errs[3] == nil || errs[4] != nil {
			t.Fatalf("errors %v", errs)
		}
		if fmt.Sprint(d.seals) != "[[2 3 5]]" {
			t.Fatalf("sealed %v", d.seals)
		}
		// The first member was rolled back: what it loaded is loaded again.
		if loads != 2 || count(t, db) != 3 {
			t.Fatalf("%d loads, %d rows", loads, count(t, db))
		}
	})
}

func TestFailedSealRunsMembersOneByOne(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		table(t, db)
		d := &diary{fail: func(entries []any) error {
			if slices.Contains(entries, any(2)) {
				return errors.New("cannot seal 2")
			}
			return nil
		}}
		db.SetJournal(d)
		runs := make([]int, 5)
		buffer := func(id int) func(tx *store.Tx) error {
			return func(tx *store.Tx) error { runs[id]++; tx.Buffer(id); return nil }
		}
		own := errors.New("own error")
		errs := together(t, db, buffer(1), buffer(2), buffer(3), func(*store.Tx) error { return own })
		if errs[0] != nil || errs[1] == nil || errs[2] != nil || !errors.Is(errs[3], own) {
			t.Fatalf("errors %v", errs)
		}
		if fmt.Sprint(runs) != "[0 2 2 2 0]" || count(t, db) != 2 || db.Stats().Aborts != 1 {
			t.Fatalf("runs %v, %d rows, %+v", runs, count(t, db), db.Stats())
		}
		d.fail = func([]any) error { panic("in the journal") }
		if _, err := db.Write(t.Context(), op, buffer(4)); err == nil || count(t, db) != 2 {
			t.Fatalf("panic of the journal: %v", err)
		}
		d.fail = nil
		if _, err := db.Write(t.Context(), op, buffer(4)); err != nil {
			t.Fatalf("after the panic: %v", err)
		}
	})
}

func TestBufferNeedsAJournal(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		if _, err := db.Write(t.Context(), op, func(tx *store.Tx) error { tx.Buffer(1); return nil }); err == nil {
			t.Fatal("an entry was lost silently")
		}
	})
}

// TestEngineAbortRunsMembersOneByOne lets one member break the engine's whole
// transaction: by a full database on SQLite, by the loss of the connection on
// PostgreSQL.
func TestEngineAbortRunsMembersOneByOne(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		table(t, db)
		first := 0
		breaker := func(tx *store.Tx) error {
			if first++; first > 1 {
				return put(tx, 2, "second run")
			}
			if tx.Engine() == store.SQLite {
				tx.Exec("ROLLBACK") // as the engine does by itself on some I/O errors
				return nil
			}
			_, err := tx.Exec("SELECT pg_terminate_backend(pg_backend_pid())")
			return err
		}
		errs := together(t, db,
			func(tx *store.Tx) error { return put(tx, 1, "a") }, breaker,
			func(tx *store.Tx) error { return put(tx, 3, "c") })
		if errors.Join(errs...) != nil {
			t.Fatalf("errors %v", errs)
		}
		if count(t, db) != 3 || db.Stats().Aborts != 1 || first != 2 {
			t.Fatalf("%d rows, %d runs, %+v", count(t, db), first, db.Stats())
		}
	})
}

func TestLostConnectionIsMadeAgain(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, store.Postgres)
	table(t, db)
	for i := range 3 {
		var pid int64
		_, err := db.Write(t.Context(), op, func(tx *store.Tx) error {
			if err := tx.QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&pid); err != nil {
				return err
			}
			return put(tx, i, "x")
		})
		if err != nil {
			t.Fatalf("write %d: %v", i, err)
		}
		// The connection is gone between two groups.
		if _, err := storetest.Admin(t).ExecContext(t.Context(), "SELECT pg_terminate_backend($1)", pid); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, db); n != 3 {
		t.Fatalf("%d rows", n)
	}
}

func TestAsynchronousCommitIsRefused(t *testing.T) {
	t.Parallel()
	cfg := storetest.Fresh(t, store.Postgres)
	cfg.URL += "&options=-csynchronous_commit%3Doff"
	db, err := store.Open(t.Context(), cfg)
	if err == nil {
		db.Close()
	}
	if fault.KindOf(err) != fault.Conflict {
		t.Fatalf("%v", err)
	}
}

func TestFullAndReadOnlyDisk(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, store.SQLite)
	table(t, db)
	big := strings.Repeat("x", 200_000)
	// The engine is told inside the transaction, for a connection that saw such
	// an error is given up.
	fill := func(id int, pragma string) func(tx *store.Tx) error {
		return func(tx *store.Tx) error {
			if _, err := tx.Exec(pragma); err != nil {
				return err
			}
			return put(tx, id, big)
		}
	}
	const full, free, readOnly = "PRAGMA max_page_count=1", "PRAGMA max_page_count=4294967294", "PRAGMA query_only=1"
	for _, err := range together(t, db, fill(1, full), fill(2, full), fill(3, full)) {
		if fault.KindOf(err) != fault.Unavailable {
			t.Fatalf("full: %v", err)
		}
	}
	if n := count(t, db); n != 0 {
		t.Fatalf("%d rows", n)
	}
	if _, err := db.Write(t.Context(), op, fill(4, free)); err != nil {
		t.Fatalf("after space came back: %v", err)
	}
	store.ForgetHealth(db)
	if err := db.Healthy(t.Context()); err != nil {
		t.Fatalf("healthy: %v", err)
	}
	if _, err := db.Write(t.Context(), op, fill(5, readOnly)); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("read-only: %v", err)
	}
	// A probe would fit in; the write that did not counts.
	if err := db.Healthy(t.Context()); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("healthy although a write just failed: %v", err)
	}
	store.ForgetHealth(db)
	if err := store.OnWriter(db, "CREATE TRIGGER refuse BEFORE UPDATE ON store_mark BEGIN SELECT RAISE(FAIL, 'no'); END"); err != nil {
		t.Fatal(err)
	}
	if err := db.Healthy(t.Context()); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("healthy although writes fail: %v", err)
	}
	if err := store.OnWriter(db, "DROP TRIGGER refuse"); err != nil {
		t.Fatal(err)
	}
	if err := db.Healthy(t.Context()); err != nil {
		t.Fatalf("healthy again: %v", err)
	}
}

func TestHealthyWrites(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		for range 3 {
			if err := db.Healthy(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if g := db.Stats().Groups; g != 1 {
			t.Fatalf("%d probes for three questions", g)
		}
		now, err := db.Now(t.Context())
		if err != nil || now.IsZero() {
			t.Fatalf("now %v %v", now, err)
		}
	})
}

func TestMemberThatEndsItsGoroutine(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		table(t, db)
		_, err := db.Write(t.Context(), op, func(tx *store.Tx) error {
			put(tx, 1, "x")
			runtime.Goexit()
			return nil
		})
		if err == nil {
			t.Fatal("no error")
		}
		if _, err := db.Write(t.Context(), op, func(tx *store.Tx) error { return put(tx, 2, "y") }); err != nil {
			t.Fatalf("the writer is gone: %v", err)
		}
		if n := count(t, db); n != 1 {
			t.Fatalf("%d rows", n)
		}
	})
}

func TestCloseRefusesWhatWaits(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		table(t, db)
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				_, err := db.Write(t.Context(), op, func(tx *store.Tx) error { return put(tx, i, "x") })
				if err != nil && fault.KindOf(err) != fault.Unavailable {
					t.Errorf("%v", err)
				}
			})
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		if _, err := db.Write(t.Context(), op, func(*store.Tx) error { return nil }); fault.KindOf(err) != fault.Unavailable {
			t.Fatalf("after closing: %v", err)
		}
	})
}

// TestFateOfALostCommit asks the server for transactions whose answer was
// lost: they are neither repeated when they were committed nor reported as
// saved when they were not.
func TestFateOfALostCommit(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, store.Postgres)
	table(t, db)
	var committed, aborted string
	read := func(into *string, end error) {
		t.Helper()
		_, err := db.Write(t.Context(), op, func(tx *store.Tx) error {
			if err := tx.QueryRow(t.Context(), "SELECT pg_current_xact_id()::text").Scan(into); err != nil {
				return err
			}
			return end
		})
		if !errors.Is(err, end) {
			t.Fatal(err)
		}
	}
	no := errors.New("no")
	read(&committed, nil)
	read(&aborted, no)
	if err := store.Settle(db, committed); err != nil {
		t.Fatalf("committed: %v", err)
	}
	if err := store.Settle(db, aborted); err == nil || store.Unknown(err) {
		t.Fatalf("aborted: %v", err)
	}
	if _, err := db.Write(t.Context(), op, func(tx *store.Tx) error { return put(tx, 1, "x") }); err != nil {
		t.Fatalf("afterwards: %v", err)
	}
}
