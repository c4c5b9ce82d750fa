package store

import (
	"context"
	"database/sql"
	"errors"
)

// Tx is one member's part of a write. It is valid only inside the function it
// was given to, and only on that goroutine.
type Tx struct {
	g       *group
	over    bool
	fatal   error // an engine error that ends the whole group
	result  string
	secret  bool
	entries []any
	hooks   []func()
	ends    []func(tx *Tx) error
	loaded  []any // memo keys this member loaded
}

var errOver = errors.New("store: the transaction is over")

// Query reads inside the write. ctx is ignored: a caller that leaves must not
// break the group.
func (tx *Tx) Query(_ context.Context, q string, args ...any) (*sql.Rows, error) {
	if tx.over {
		return nil, errOver
	}
	db := tx.g.w.db
	args, err := db.args(args)
	if err != nil {
		return nil, err
	}
	rows, err := tx.g.conn.QueryContext(tx.g.w.ctx, db.sql(q), args...)
	tx.watch(err)
	return rows, err
}

// QueryRow reads one row inside the write. ctx is ignored, see Query.
func (tx *Tx) QueryRow(_ context.Context, q string, args ...any) *sql.Row {
	db := tx.g.w.db
	row := tx.g.conn.QueryRowContext(tx.g.w.ctx, db.sql(q), db.lenient(args)...)
	tx.watch(row.Err())
	return row
}

// Exec runs one statement that changes rows.
func (tx *Tx) Exec(q string, args ...any) (sql.Result, error) {
	if tx.over {
		return nil, errOver
	}
	db := tx.g.w.db
	args, err := db.args(args)
	if err != nil {
		return nil, err
	}
	res, err := tx.g.conn.ExecContext(tx.g.w.ctx, db.sql(q), args...)
	tx.watch(err)
	return res, err
}

func (tx *Tx) watch(err error) {
	if err != nil && tx.fatal == nil && abortsGroup(err) {
		tx.fatal = err
	}
}

// SetResult sets the id that a repetition with the same idempotency key gets
// back.
func (tx *Tx) SetResult(id string) { tx.result = id }

// SetSecretResult marks the answer as one that is never given twice: a
// repetition gets fault.Conflict.
func (tx *Tx) SetSecretResult() { tx.secret = true }

// Buffer hands an entry to the journal, which stores it at the end of the
// group, unless this member is rolled back.
func (tx *Tx) Buffer(entry any) { tx.entries = append(tx.entries, entry) }

// Memo returns the value kept under key for as long as the group runs, and
// loads it the first time. What a member loaded is forgotten when that member
// is rolled back. A value that is changed in place must be right even if the
// member that changed it is rolled back.
func (tx *Tx) Memo(key any, load func() (any, error)) (any, error) {
	if v, ok := tx.g.memo[key]; ok {
		return v, nil
	}
	v, err := load()
	if err != nil {
		return nil, err
	}
	if tx.g.memo == nil {
		tx.g.memo = map[any]any{}
	}
	tx.g.memo[key] = v
	tx.loaded = append(tx.loaded, key)
	return v, nil
}

// AfterCommit adds a function that runs after the group's commit and before
// its callers are answered, and not when the member or the group is rolled
// back. It runs on the writer: it must be quick and must not call Write.
func (tx *Tx) AfterCommit(fn func()) { tx.hooks = append(tx.hooks, fn) }

// AtEnd adds a function that runs inside the transaction at the end of the
// group, before the journal is sealed, unless this member is rolled back. It
// is for work that savepoints make dear, such as the full-text index of SQLite.
// An error fails the group; its members are then run one by one.
func (tx *Tx) AtEnd(fn func(end *Tx) error) { tx.ends = append(tx.ends, fn) }

// Engine returns the engine of the database.
func (tx *Tx) Engine() Engine { return tx.g.w.db.engine }
