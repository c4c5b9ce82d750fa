package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store/sweep"
)

// Reader runs queries with `?` placeholders. *DB reads whatever is committed,
// *View reads one snapshot, *Tx reads inside a write.
type Reader interface {
	Query(ctx context.Context, q string, args ...any) (*sql.Rows, error)
	QueryRow(ctx context.Context, q string, args ...any) *sql.Row
}

var (
	_ Reader = (*DB)(nil)
	_ Reader = (*View)(nil)
	_ Reader = (*Tx)(nil)
)

// Query reads from the pool of read-only connections.
func (db *DB) Query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	args, err := db.args(args)
	if err != nil {
		return nil, err
	}
	rows, err := db.read.QueryContext(ctx, db.sql(q), args...)
	return rows, userFault(err)
}

// QueryRow reads one row from the pool of read-only connections.
func (db *DB) QueryRow(ctx context.Context, q string, args ...any) *sql.Row {
	return db.read.QueryRowContext(ctx, db.sql(q), db.lenient(args)...)
}

// View is one read snapshot.
type View struct {
	db   *DB
	tx   *sql.Tx
	fast *sweep.Conn // of a Survey on SQLite
}

// View runs fn on one snapshot: all its queries see the same state. The
// snapshot ends with fn or with ctx.
func (db *DB) View(ctx context.Context, fn func(v *View) error) error {
	opts := &sql.TxOptions{ReadOnly: true}
	if db.engine == Postgres {
		opts.Isolation = sql.LevelRepeatableRead
	}
	tx, err := db.read.BeginTx(ctx, opts)
	if err != nil {
		return userFault(err)
	}
	defer tx.Rollback()
	return fn(&View{db: db, tx: tx})
}

// Query reads from the snapshot.
func (v *View) Query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	args, err := v.db.args(args)
	if err != nil {
		return nil, err
	}
	rows, err := v.tx.QueryContext(ctx, v.db.sql(q), args...)
	return rows, userFault(err)
}

// QueryRow reads one row from the snapshot.
func (v *View) QueryRow(ctx context.Context, q string, args ...any) *sql.Row {
	return v.tx.QueryRowContext(ctx, v.db.sql(q), v.db.lenient(args)...)
}

// Engine returns the engine of the snapshot's database.
func (v *View) Engine() Engine { return v.db.engine }

// sql returns the text of q for this engine.
func (db *DB) sql(q string) string {
	if db.engine == SQLite {
		return q
	}
	return db.bind.SQL(q)
}

var errTime = errors.New("store: times are stored as microseconds: pass clock.Micros(t)")

// args makes arguments mean the same on both engines: named types become plain
// ones, booleans 0 or 1. Text that PostgreSQL cannot hold (a NUL byte, invalid
// UTF-8) is refused on both.
func (db *DB) args(args []any) ([]any, error) {
	own := false
	for i, a := range args {
		var to any
		switch x := a.(type) {
		case nil, int64, float64, []byte, []string:
			continue
		case string:
			if strings.IndexByte(x, 0) >= 0 || !utf8.ValidString(x) {
				return nil, fault.New(fault.Invalid, "The text is not valid UTF-8 or holds a NUL character")
			}
			continue
		case int:
			to = int64(x)
		case bool:
			to = bit(x)
		case time.Time:
			return nil, errTime
		default:
			v, err := driver.DefaultParameterConverter.ConvertValue(a)
			if err != nil {
				continue // the driver may know it, or says what is wrong
			}
			if b, ok := v.(bool); ok {
				v = bit(b)
			}
			to = v
		}
		if !own {
			args, own = slices.Clone(args), true // the slice may be the caller's
		}
		args[i] = to
	}
	return args, nil
}

// lenient is args for QueryRow, which cannot return an error of its own: the
// engine then refuses the argument.
func (db *DB) lenient(args []any) []any {
	if out, err := db.args(args); err == nil {
		return out
	}
	return args
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Placeholders returns n placeholders, "?,?,?" for 3, for IN lists and rows of
// values.
func Placeholders(n int) string {
	if n <= 0 {
		return ""
	}
	return strings.Repeat("?,", n-1) + "?"
}
