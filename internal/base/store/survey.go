package store

import (
	"context"
	"errors"

	"github.com/wakebell/wakebell/internal/base/store/sweep"
)

// Value is one column of a row that Each shows.
type Value = sweep.Value

// Survey is View for reading whole tables: its Each costs a third of Query. On SQLite
// it reads through a second connection, made to see the same state.
func (db *DB) Survey(ctx context.Context, fn func(v *View) error) error {
	if db.engine == Postgres {
		return db.View(ctx, fn)
	}
	fast, err := sweep.Open(ctx, db.surveyDSN)
	if err != nil {
		return userFault(err)
	}
	defer fast.Close()
	// Commits come in between where a server is busy, so this may take some attempts.
	for range 1000 {
		done := false
		err := db.View(ctx, func(v *View) error {
			var err error
			if done, err = fast.Join(ctx, v.tx); err != nil || !done {
				return err
			}
			v.fast = fast
			return fn(v)
		})
		if done || err != nil {
			return err
		}
	}
	return userFault(errors.New("store: another process writes without a pause"))
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
	return sweep.Rows(rows, fn)
}
