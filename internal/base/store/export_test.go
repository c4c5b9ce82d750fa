package store

import (
	"context"
	"errors"
	"runtime"
)

// Waiting returns how many requests wait for the writer.
func Waiting(db *DB) int { return len(db.writer.queue) }

// Yield lets other goroutines run.
func Yield() { runtime.Gosched() }

// Left returns 1 when the request at the head of the queue was given up. The
// queue is looked at by taking and putting back, which is safe only while the
// writer is held.
func Left(db *DB) int {
	n := 0
	for range len(db.writer.queue) {
		r := <-db.writer.queue
		if r.state.Load() == left {
			n++
		}
		db.writer.queue <- r
	}
	return n
}

// OnWriter runs a statement on the writer's own connection, between groups.
// It is safe only while nobody writes.
func OnWriter(db *DB, q string) error {
	c, err := db.writer.connection()
	if err != nil {
		return err
	}
	_, err = c.ExecContext(db.writer.ctx, q)
	return err
}

// ForgetHealth makes the next Healthy probe.
func ForgetHealth(db *DB) {
	db.writer.lastBad.Store(nil)
	db.writer.lastGood.Store(0)
}

// Settle asks what became of a transaction. It is safe only while nobody
// writes.
func Settle(db *DB, xid string) error {
	g := &group{w: db.writer, xid: xid}
	return g.settle(errors.New("connection lost"))
}

// Unknown reports whether err is the answer for a commit nobody knows of.
func Unknown(err error) bool { return errors.Is(err, errUnknown) }

// Change runs one statement as another program would have.
func Change(t interface{ Context() context.Context }, db *DB, q string, args ...any) error {
	_, err := db.Write(t.Context(), Op{Name: "test"}, func(tx *Tx) error {
		_, err := tx.Exec(q, args...)
		return err
	})
	return err
}
