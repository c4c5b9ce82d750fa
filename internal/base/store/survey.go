package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/wakebell/wakebell/internal/base/store/sweep"
)

// Value is one column of a row that Each shows.
type Value = sweep.Value

// The kinds of values.
const (
	Null  = sweep.Null
	Int   = sweep.Int
	Bytes = sweep.Bytes
	Other = sweep.Other
)

// Survey is View for reading whole tables: its Each costs a third of Query. On SQLite
// it reads through a second connection, made to see the same state.
func (db *DB) Survey(ctx context.Context, fn func(v *View) error) error {
	if db.engine == Postgres {
		return db.View(ctx, fn)
	}
	fast, err := sweep.Open(db.surveyDSN)
	if err != nil {
		return userFault(err)
	}
	defer fast.Close()
	// Commits come in between where a server is busy, so this may take some attempts.
	for range 1000 {
		done := false
		err := db.View(ctx, func(v *View) error {
			var err error
			if done, err = v.join(ctx, fast); err != nil || !done {
				return err
			}
			return fn(v)
		})
		if done || err != nil {
			return err
		}
	}
	return userFault(errors.New("store: another process writes without a pause"))
}

// join lets the second connection see what the view sees, and reports whether it does.
// The number of commits it has seen is asked before the view takes its state and after
// it has taken its own: when it is the same, nothing came in between.
func (v *View) join(ctx context.Context, fast *sweep.Conn) (bool, error) {
	before, err := fast.DataVersion(ctx)
	if err != nil {
		return false, err
	}
	var one int
	if err := v.tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_schema LIMIT 1").Scan(&one); err != nil {
		return false, err
	}
	if err := fast.Begin(); err != nil {
		return false, err
	}
	after, err := fast.DataVersion(ctx)
	if err == nil && before == after {
		v.fast = fast
		return true, nil
	}
	return false, errors.Join(err, fast.Rollback())
}

// Each runs a query without arguments and shows every row to fn. The values hold until
// fn returns. In a View that is no Survey it costs as much as Query.
func (v *View) Each(ctx context.Context, q string, fn func(row []Value) error) error {
	if v.fast != nil {
		return v.fast.Each(ctx, q, fn)
	}
	rows, err := v.Query(ctx, q)
	if err != nil {
		return err
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		return err
	}
	row, into := make([]Value, len(cols)), make([]any, len(cols))
	for i := range row {
		into[i] = (*column)(&row[i])
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := fn(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// column takes a value as the driver gives it.
type column Value

var _ sql.Scanner = (*column)(nil)

// Scan implements sql.Scanner.
func (c *column) Scan(from any) error {
	*c = column{}
	switch x := from.(type) {
	case nil:
	case int64:
		c.Kind, c.Int = Int, x
	case bool:
		c.Kind, c.Int = Int, bit(x)
	case []byte:
		c.Kind, c.Bytes = Bytes, x
	case string:
		c.Kind, c.Bytes = Bytes, []byte(x)
	default:
		c.Kind, c.Bytes = Other, []byte(fmt.Sprint(x))
	}
	return nil
}
