package store

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
)

// Op names a write for its log lines and its idempotency key.
type Op struct {
	Name  string // e.g. "incident.declare"
	Actor string // who asks; idempotency keys of two actors never meet
}

// Outcome says whether the write ran or was a repetition.
type Outcome struct {
	Replayed bool
	ResultID string // what SetResult was given, now or the first time
}

type keyOf struct{}

type idempotency struct {
	key  string
	body [32]byte
}

// MaxKey is the longest idempotency key accepted, in bytes.
const MaxKey = 255

// WithKey returns a context that gives the next Write an idempotency key.
// body is the SHA-256 of the request.
func WithKey(ctx context.Context, key string, body [32]byte) context.Context {
	return context.WithValue(ctx, keyOf{}, &idempotency{key, body})
}

// request is one write that waits for the writer.
type request struct {
	op    Op
	key   *idempotency
	fn    func(tx *Tx) error
	state atomic.Int32 // waiting, begun or left
	done  chan struct{}
	out   Outcome
	err   error
	over  bool // answered
}

// answer wakes the caller, once.
func (r *request) answer(err error) {
	if r.over {
		return
	}
	if r.over, r.err = true, err; err != nil {
		r.out = Outcome{}
	}
	close(r.done)
}

const (
	waiting = iota
	begun
	left
)

// Write runs fn inside the grouped transaction and returns after the commit.
// fn may run twice (a group that the engine aborts is run again), so it must
// have no effect outside tx: no I/O, no slow work, no Write. An error or panic
// of fn undoes this member alone. ctx only decides whether the caller waits
// for its turn; once fn has begun, Write returns its outcome.
//
// With a key from WithKey: the same actor, operation, key and body again
// return Outcome{Replayed: true} without running fn; another body is
// fault.Reused; a secret answer is fault.Conflict. A full disk, a read-only
// directory or a lost server is fault.Unavailable, and nothing was saved.
func (db *DB) Write(ctx context.Context, op Op, fn func(tx *Tx) error) (Outcome, error) {
	if db.writer == nil {
		return Outcome{}, fault.New(fault.Conflict, "The database is open for reading only")
	}
	if err := ctx.Err(); err != nil {
		return Outcome{}, err
	}
	r := &request{op: op, fn: fn, done: make(chan struct{})}
	if k, ok := ctx.Value(keyOf{}).(*idempotency); ok && k.key != "" {
		if len(k.key) > MaxKey {
			return Outcome{}, fault.InvalidField("Idempotency-Key", fmt.Sprintf("must not be longer than %d bytes", MaxKey))
		}
		r.key = k
	}
	w := db.writer
	select {
	case w.queue <- r:
	case <-ctx.Done():
		return Outcome{}, ctx.Err()
	case <-w.stopped:
		return Outcome{}, errClosed
	}
	select {
	case <-r.done:
		return r.out, r.err
	case <-ctx.Done():
		if r.state.CompareAndSwap(waiting, left) {
			return Outcome{}, ctx.Err()
		}
	case <-w.stopped:
		if r.state.CompareAndSwap(waiting, left) {
			return Outcome{}, errClosed
		}
	}
	<-r.done
	return r.out, r.err
}

var errClosed = fault.New(fault.Unavailable, "The server is stopping")

// recall answers a repetition. It returns true when fn must not run.
func (tx *Tx) recall(r *request) (bool, error) {
	var body []byte
	var result string
	var secret int64
	err := tx.QueryRow(tx.g.w.ctx, "SELECT body, result, secret FROM idempotency WHERE actor = ? AND op = ? AND idem_key = ?",
		r.op.Actor, r.op.Name, r.key.key).Scan(&body, &result, &secret)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read the idempotency key: %w", err)
	case subtle.ConstantTimeCompare(body, r.key.body[:]) != 1:
		return true, fault.New(fault.Reused, "This Idempotency-Key was used with another request; use a new key")
	case secret != 0:
		return true, fault.New(fault.Conflict, "This was done already, and its secret is shown only once; use a new Idempotency-Key to make another")
	}
	r.out = Outcome{Replayed: true, ResultID: result}
	return true, nil
}

// remember stores the key with the answer.
func (tx *Tx) remember(r *request) error {
	_, err := tx.Exec("INSERT INTO idempotency (actor, op, idem_key, body, result, secret, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
		r.op.Actor, r.op.Name, r.key.key, r.key.body[:], tx.result, bit(tx.secret), clock.Micros(tx.g.w.db.clk.Now()))
	if err != nil {
		return fmt.Errorf("store the idempotency key: %w", err)
	}
	return nil
}

// ForgetKeys removes idempotency keys stored before the instant, in
// microseconds of product time, and returns how many.
func (db *DB) ForgetKeys(ctx context.Context, before int64) (int64, error) {
	var n int64
	_, err := db.Write(ctx, Op{Name: "store.forget_keys", Actor: "store"}, func(tx *Tx) error {
		res, err := tx.Exec("DELETE FROM idempotency WHERE created_at < ?", before)
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	return n, err
}
