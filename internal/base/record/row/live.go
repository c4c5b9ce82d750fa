package row

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/store"
)

// Live are the rows in the database.
func Live(tx *store.Tx) Rows { return live{tx} }

type live struct{ tx *store.Tx }

func (l live) Tx() *store.Tx { return l.tx }

// scan reads one row.
func (t *Table) scan(from interface{ Scan(...any) error }) (Row, error) {
	r, into := make(Row, len(t.columns)), make([]any, len(t.columns))
	for i := range r {
		into[i] = &r[i]
	}
	if err := from.Scan(into...); err != nil {
		return nil, err
	}
	return r, t.checked(r)
}

func (t *Table) where() string {
	return " WHERE " + strings.Join(t.columns[:t.keys], " = ? AND ") + " = ?"
}

func (l live) Row(t *Table, key ...any) (Row, error) {
	r, err := t.scan(l.tx.QueryRow(clock.Background(), t.sel+t.where(), key...))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read a row of %s: %w", t.name, err)
	}
	return r, nil
}

func (l live) Many(t *Table, keys []string) ([]Row, error) {
	var list []Row
	for part := range slices.Chunk(keys, together) {
		args := make([]any, len(part))
		for i, key := range part {
			args[i] = key
		}
		some, err := l.list(t, " WHERE "+t.columns[0]+" IN ("+store.Placeholders(len(part))+")", args...)
		if err != nil {
			return nil, err
		}
		list = append(list, some...)
	}
	return list, nil
}

func (l live) Group(t *Table, value string) ([]Row, error) {
	return l.list(t, " WHERE "+t.columns[t.group]+" = ? ORDER BY "+strings.Join(t.columns[:t.keys], ", "), value)
}

func (l live) Another(t *Table, like Row, columns ...int) (bool, error) {
	q, args := "SELECT 1 FROM "+t.name+" WHERE ", make([]any, 0, len(columns)+1+t.keys)
	for _, c := range columns {
		q, args = q+t.columns[c]+" = ? AND ", append(args, like[c])
	}
	q += t.columns[t.group] + " = ? AND NOT (" + strings.TrimPrefix(t.where(), " WHERE ") + ") LIMIT 1"
	args = append(append(args, like[t.group]), like[:t.keys]...)
	var n int
	err := l.tx.QueryRow(clock.Background(), q, args...).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for a row of %s: %w", t.name, err)
	}
	return true, nil
}

func (l live) list(t *Table, where string, args ...any) (list []Row, err error) {
	rows, err := l.tx.Query(clock.Background(), t.sel+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read rows of %s: %w", t.name, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		r, err := t.scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read rows of %s: %w", t.name, err)
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// together is how many rows one statement reads or changes at most.
const together = 400

func (l live) Put(t *Table, changes ...Change) error {
	var both []Change
	for _, c := range changes {
		if err := errors.Join(t.checked(c.Before), t.checked(c.After)); err != nil {
			return err
		}
		var err error
		switch {
		case c.Before == nil:
			_, err = l.tx.Exec(t.insert, c.After...)
		case c.After == nil:
			_, err = l.tx.Exec("DELETE FROM "+t.name+t.where(), c.Before[:t.keys]...)
		default:
			both = append(both, c)
		}
		if err != nil {
			return fmt.Errorf("write a row of %s: %w", t.name, err)
		}
	}
	for len(both) > 0 {
		n := min(together, len(both))
		if err := l.update(t, both[:n]); err != nil {
			return fmt.Errorf("write a row of %s: %w", t.name, err)
		}
		both = both[n:]
	}
	return nil
}

// update names only the columns that changed, so that the engines leave the indexes of
// the others alone.
func (l live) update(t *Table, changes []Change) error {
	var cols []int
	for i := t.keys; i < len(t.columns); i++ {
		for _, c := range changes {
			if !equal(c.Before[i], c.After[i]) {
				cols = append(cols, i)
				break
			}
		}
	}
	if len(cols) == 0 {
		return nil
	}
	if len(changes) > 1 {
		return l.updateMany(t, cols, changes)
	}
	after := changes[0].After
	set, args := make([]string, len(cols)), make([]any, 0, len(cols)+t.keys)
	for i, c := range cols {
		set[i] = t.columns[c] + " = ?"
		args = append(args, after[c])
	}
	_, err := l.tx.Exec("UPDATE "+t.name+" SET "+strings.Join(set, ", ")+t.where(), append(args, after[:t.keys]...)...)
	return err
}

// updateMany changes the same columns of many rows in one statement: on PostgreSQL each
// statement is a round trip.
func (l live) updateMany(t *Table, cols []int, changes []Change) error {
	var set, on, names, first []string
	for i := range t.keys {
		on = append(on, t.name+"."+t.columns[i]+" = v."+t.columns[i])
	}
	for _, c := range cols {
		set = append(set, t.columns[c]+" = v."+t.columns[c])
	}
	var args []any
	for n, change := range changes {
		for i := range len(t.columns) {
			if i >= t.keys && !slices.Contains(cols, i) {
				continue
			}
			args = append(args, change.After[i])
			if n == 0 {
				names, first = append(names, t.columns[i]), append(first, l.placeholder(change.After[i]))
			}
		}
	}
	rest := strings.Repeat(", ("+store.Placeholders(len(names))+")", len(changes)-1)
	_, err := l.tx.Exec("WITH v("+strings.Join(names, ", ")+") AS (VALUES ("+strings.Join(first, ", ")+")"+rest+") UPDATE "+t.name+
		" SET "+strings.Join(set, ", ")+" FROM v WHERE "+strings.Join(on, " AND "), args...)
	return err
}

// placeholder says what a value is where PostgreSQL cannot tell from its place.
func (l live) placeholder(v any) string {
	if l.tx.Engine() == store.SQLite {
		return "?"
	}
	switch v.(type) {
	case int64:
		return "CAST(? AS BIGINT)"
	case []byte:
		return "CAST(? AS BYTEA)"
	}
	return "CAST(? AS TEXT)"
}
