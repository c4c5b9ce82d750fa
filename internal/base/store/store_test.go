package store_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
)

var op = store.Op{Name: "test.put", Actor: "ada"}

// table makes a table for the test, as a migration would.
func table(t *testing.T, db *store.DB) {
	t.Helper()
	_, err := db.Write(t.Context(), op, func(tx *store.Tx) error {
		_, err := tx.Exec("CREATE TABLE item (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func put(tx *store.Tx, id int, name string) error {
	_, err := tx.Exec("INSERT INTO item (id, name) VALUES (?, ?)", id, name)
	return err
}

func count(t *testing.T, r store.Reader) int {
	t.Helper()
	var n int
	if err := r.QueryRow(t.Context(), "SELECT COUNT(*) FROM item").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSixtyFourWritersShareGroups(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		table(t, db)
		const writers, each = 64, 20
		before := db.Stats()
		var wg sync.WaitGroup
		var failed atomic.Int64
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					id := w*each + i
					_, err := db.Write(t.Context(), op, func(tx *store.Tx) error {
						if err := put(tx, id, "x"); err != nil {
							return err
						}
						if i == 7 {
							return errors.New("no")
						}
						return nil
					})
					if (err != nil) != (i == 7) {
						failed.Add(1)
						t.Errorf("write %d: %v", id, err)
					}
				}
			})
		}
		wg.Wait()
		if n := count(t, db); n != writers*(each-1) {
			t.Fatalf("%d rows", n)
		}
		s := db.Stats()
		if s.Largest < 2 || s.Largest > 48 || s.Groups-before.Groups >= writers*(each-1)/2 || s.Aborts != 0 {
			t.Fatalf("no grouping: %+v", s)
		}
	})
}

// together starts the functions so that all but the first share a group: the
// first holds the writer until the others wait.
func together(t *testing.T, db *store.DB, fns ...func(tx *store.Tx) error) []error {
	t.Helper()
	hold, held := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		db.Write(t.Context(), op, func(*store.Tx) error {
			close(held)
			<-hold
			return errors.New("only to hold the writer")
		})
	})
	<-held
	errs := make([]error, len(fns))
	for i, fn := range fns {
		wg.Go(func() { _, errs[i] = db.Write(t.Context(), op, fn) })
		for store.Waiting(db) <= i {
			store.Yield()
		}
	}
	close(hold)
	wg.Wait()
	return errs
}

func TestOneMembersFailureIsItsOwn(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		table(t, db)
		boom := errors.New("boom")
		hooks := []string{}
		errs := together(
			t, db,
			func(tx *store.Tx) error {
				tx.AfterCommit(func() { hooks = append(hooks, "first") })
				return put(tx, 1, "a")
			},
			func(tx *store.Tx) error {
				tx.AfterCommit(func() { hooks = append(hooks, "second") })
				return errors.Join(put(tx, 2, "b"), boom)
			},
			func(tx *store.Tx) error { return put(tx, 1, "again") },
			func(tx *store.Tx) error {
				if err := put(tx, 3, "c"); err != nil {
					return err
				}
				panic("a defect")
			},
			func(tx *store.Tx) error {
				if err := put(tx, 1, "swallowed"); err == nil {
					return errors.New("no error for a double key")
				}
				return nil
			},
			func(tx *store.Tx) error { return put(tx, 4, "d") },
		)
		if errs[0] != nil || errs[5] != nil {
			t.Fatalf("innocent members failed: %v", errs)
		}
		if !errors.Is(errs[1], boom) || !store.IsUnique(errs[2]) || errs[3] == nil || fault.KindOf(errs[3]) != fault.Internal {
			t.Fatalf("errors %v", errs)
		}
		if db.Engine() == store.Postgres && errs[4] == nil {
			t.Fatal("a broken savepoint was released")
		}
		if n := count(t, db); n != 2 {
			t.Fatalf("%d rows", n)
		}
		if fmt.Sprint(hooks) != "[first]" {
			t.Fatalf("hooks %v", hooks)
		}
		if s := db.Stats(); s.Aborts != 0 {
			t.Fatalf("group was aborted: %+v", s)
		}
	})
}

func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		table(t, db)
		body, other := sha256.Sum256([]byte("a")), sha256.Sum256([]byte("b"))
		runs := 0
		write := func(actor, key string, body [32]byte) (store.Outcome, error) {
			return db.Write(store.WithKey(t.Context(), key, body), store.Op{Name: "test.put", Actor: actor}, func(tx *store.Tx) error {
				runs++
				tx.SetResult("id-" + actor)
				return put(tx, runs, actor)
			})
		}
		if out, err := write("ada", "k1", body); err != nil || out.Replayed || out.ResultID != "id-ada" {
			t.Fatalf("first: %+v %v", out, err)
		}
		if out, err := write("ada", "k1", body); err != nil || !out.Replayed || out.ResultID != "id-ada" || runs != 1 {
			t.Fatalf("again: %+v %v, %d runs", out, err, runs)
		}
		if _, err := write("ada", "k1", other); fault.KindOf(err) != fault.Reused || runs != 1 {
			t.Fatalf("other body: %v", err)
		}
		if out, err := write("bob", "k1", other); err != nil || out.Replayed || runs != 2 {
			t.Fatalf("other actor: %+v %v", out, err)
		}
		if _, err := write("ada", string(make([]byte, store.MaxKey+1)), body); fault.KindOf(err) != fault.Invalid {
			t.Fatalf("long key: %v", err)
		}
		if n, err := db.ForgetKeys(t.Context(), 1<<62); err != nil || n != 2 {
			t.Fatalf("forget: %d %v", n, err)
		}
		if out, err := write("ada", "k1", other); err != nil || out.Replayed {
			t.Fatalf("after forgetting: %+v %v", out, err)
		}
	})
}

func TestIdempotencyOfFailureAndSecret(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		table(t, db)
		ctx := store.WithKey(t.Context(), "k", [32]byte{1})
		if _, err := db.Write(ctx, op, func(*store.Tx) error { return errors.New("no") }); err == nil {
			t.Fatal("no error")
		}
		for i := range 2 {
			out, err := db.Write(ctx, op, func(tx *store.Tx) error {
				tx.SetSecretResult()
				return put(tx, 1, "a")
			})
			if i == 0 && (err != nil || out.Replayed) {
				t.Fatalf("a failed write must not keep its key: %+v %v", out, err)
			}
			if i == 1 && fault.KindOf(err) != fault.Conflict {
				t.Fatalf("secret given twice: %v", err)
			}
		}
		same := func(tx *store.Tx) error { tx.SetResult("x"); return put(tx, 9, "nine") }
		var wg sync.WaitGroup
		var replayed atomic.Int64
		for range 20 {
			wg.Go(func() {
				out, err := db.Write(store.WithKey(t.Context(), "same", [32]byte{2}), op, same)
				if err != nil || out.ResultID != "x" {
					t.Errorf("%+v %v", out, err)
				}
				if out.Replayed {
					replayed.Add(1)
				}
			})
		}
		wg.Wait()
		if replayed.Load() != 19 {
			t.Fatalf("%d of 20 were repetitions", replayed.Load())
		}
	})
}

func TestContextsOnlyDecideWhoWaits(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		table(t, db)
		early, leave := context.WithCancel(t.Context())
		hold, held := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			_, err := db.Write(ctx, op, func(tx *store.Tx) error {
				close(held)
				cancel() // the caller leaves in the middle
				<-hold
				var n int
				if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM item").Scan(&n); err != nil {
					return err
				}
				return put(tx, 1, "began")
			})
			if err != nil {
				t.Errorf("a write that began must finish: %v", err)
			}
		})
		<-held
		wg.Go(func() {
			_, err := db.Write(early, op, func(tx *store.Tx) error { return put(tx, 2, "dropped") })
			if !errors.Is(err, context.Canceled) {
				t.Errorf("left while waiting: %v", err)
			}
		})
		for store.Waiting(db) < 1 {
			store.Yield()
		}
		wg.Go(func() {
			if _, err := db.Write(t.Context(), op, func(tx *store.Tx) error { return put(tx, 3, "stays") }); err != nil {
				t.Error(err)
			}
		})
		for store.Waiting(db) < 2 {
			store.Yield()
		}
		leave()
		for store.Left(db) < 1 {
			store.Yield()
		}
		close(hold)
		wg.Wait()
		if n := count(t, db); n != 2 {
			t.Fatalf("%d rows", n)
		}
	})
}

func TestViewIsOneSnapshotAndReadOnly(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		table(t, db)
		err := db.View(t.Context(), func(v *store.View) error {
			if n := count(t, v); n != 0 {
				t.Errorf("%d rows", n)
			}
			if _, err := db.Write(t.Context(), op, func(tx *store.Tx) error { return put(tx, 1, "a") }); err != nil {
				return err
			}
			if n := count(t, v); n != 0 {
				t.Errorf("the snapshot moved: %d rows", n)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := count(t, db); n != 1 {
			t.Fatalf("%d rows", n)
		}
		rows, err := db.Query(t.Context(), "DELETE FROM item RETURNING id")
		if err == nil {
			rows.Next()
			err = rows.Err()
			rows.Close()
		}
		if err == nil || count(t, db) != 1 {
			t.Fatalf("a reader wrote: %v", err)
		}
	})
}

func TestArgumentsMeanTheSame(t *testing.T) {
	t.Parallel()
	type state string
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		table(t, db)
		_, err := db.Write(t.Context(), op, func(tx *store.Tx) error {
			if _, err := tx.Exec("INSERT INTO item (id, name) VALUES (?, ?)", true, state("open?")); err != nil {
				return err
			}
			_, err := tx.Exec("INSERT INTO item (id, name) VALUES (?, '?')", uint8(7))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var yes bool
		var name state
		if err := db.QueryRow(t.Context(), "SELECT id, name FROM item WHERE name = ?", state("open?")).Scan(&yes, &name); err != nil || !yes || name != "open?" {
			t.Fatalf("%v %q %v", yes, name, err)
		}
		for _, bad := range []string{"a\x00b", "a\xffb"} {
			_, err := db.Write(t.Context(), op, func(tx *store.Tx) error { return put(tx, 50, bad) })
			if fault.KindOf(err) != fault.Invalid {
				t.Errorf("%q: %v", bad, err)
			}
		}
		if store.Placeholders(3) != "?,?,?" || store.Placeholders(0) != "" {
			t.Error("placeholders")
		}
	})
}

func TestSameStatementNested(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, store.SQLite)
	table(t, db)
	_, err := db.Write(t.Context(), op, func(tx *store.Tx) error {
		for i := range 5 {
			if err := put(tx, i, "x"); err != nil {
				return err
			}
		}
		total := 0
		var walk func(depth int) error
		walk = func(depth int) error {
			rows, err := tx.Query(t.Context(), "SELECT id FROM item ORDER BY id")
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var id int
				if err := rows.Scan(&id); err != nil {
					return err
				}
				if total++; depth > 0 {
					if err := walk(depth - 1); err != nil {
						return err
					}
				}
			}
			return rows.Err()
		}
		if err := walk(2); err != nil {
			return err
		}
		if total != 5+25+125 {
			return fmt.Errorf("%d rows", total)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
