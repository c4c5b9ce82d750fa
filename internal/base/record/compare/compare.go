// Package compare compares a table of two databases row by row, in the order of
// the primary key. It serves the proof that projections follow from the ledger.
// It only reads; it must not import record.
package compare

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"sort"
	"strings"

	"github.com/wakebell/wakebell/internal/base/store"
)

// Quote makes a name safe as an identifier on both engines.
func Quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// table is the declared form of a table: its columns, primary key first.
type table struct {
	name string
	cols []string
	keys int
}

// tableOf reads the form from the fresh database, which is always SQLite.
func tableOf(ctx context.Context, name string, fresh store.Reader) (table, error) {
	rows, err := fresh.Query(ctx, "SELECT name, pk FROM pragma_table_info(?)", name)
	if err != nil {
		return table{}, fmt.Errorf("read the form of table %s: %w", name, err)
	}
	defer rows.Close()
	type column struct {
		name string
		pk   int
	}
	var all []column
	t := table{name: name}
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.name, &c.pk); err != nil {
			return table{}, fmt.Errorf("read the form of table %s: %w", name, err)
		}
		if c.pk > 0 {
			t.keys++
		}
		all = append(all, c)
	}
	if err := rows.Err(); err != nil {
		return table{}, err
	}
	if t.keys == 0 {
		return table{}, fmt.Errorf("table %s does not exist or has no primary key", name)
	}
	sort.SliceStable(all, func(i, j int) bool {
		a, b := all[i].pk, all[j].pk
		return a > 0 && (b == 0 || a < b)
	})
	for _, c := range all {
		t.cols = append(t.cols, c.name)
	}
	return t, nil
}

// cursor walks one table in the order of its primary key.
type cursor struct {
	rows *sql.Rows
	vals []any
	ptrs []any
	done bool
}

func (t table) open(ctx context.Context, r store.Reader) (*cursor, error) {
	quoted := make([]string, len(t.cols))
	for i, c := range t.cols {
		quoted[i] = Quote(c)
	}
	q := "SELECT " + strings.Join(quoted, ", ") + " FROM " + Quote(t.name) + " ORDER BY " + strings.Join(quoted[:t.keys], ", ")
	rows, err := r.Query(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read table %s: %w", t.name, err)
	}
	c := &cursor{rows: rows, vals: make([]any, len(t.cols)), ptrs: make([]any, len(t.cols))}
	for i := range c.vals {
		c.ptrs[i] = &c.vals[i]
	}
	return c, c.next()
}

func (c *cursor) next() error {
	if !c.rows.Next() {
		c.done = true
		return c.rows.Err()
	}
	if err := c.rows.Scan(c.ptrs...); err != nil {
		return err
	}
	for i, v := range c.vals {
		c.vals[i] = plain(v)
	}
	return nil
}

// plain makes values of both engines comparable: int64, float64, string, nil.
func plain(v any) any {
	switch x := v.(type) {
	case []byte:
		return string(x)
	case bool:
		if x {
			return int64(1)
		}
		return int64(0)
	case nil, int64, float64, string:
		return x
	}
	return fmt.Sprint(v)
}

// Table compares a table of the live database with that of a fresh one, which
// is SQLite and also gives the table's form. It returns the number of equal rows, or the first *Difference.
func Table(ctx context.Context, name string, live, fresh store.Reader) (int64, error) {
	t, err := tableOf(ctx, name, fresh)
	if err != nil {
		return 0, err
	}
	have, err := t.open(ctx, live)
	if err != nil {
		return 0, err
	}
	defer have.rows.Close()
	want, err := t.open(ctx, fresh)
	if err != nil {
		return 0, err
	}
	defer want.rows.Close()
	for n := int64(0); ; n++ {
		if have.done && want.done {
			return n, nil
		}
		switch order := t.order(have, want); {
		case order < 0:
			return n, &Difference{Table: name, Key: t.key(have), What: "the row does not follow from the ledger"}
		case order > 0:
			return n, &Difference{Table: name, Key: t.key(want), What: "the row is missing"}
		}
		for i := t.keys; i < len(t.cols); i++ {
			if have.vals[i] != want.vals[i] {
				return n, &Difference{Table: name, Key: t.key(have), Column: t.cols[i], What: "its value does not follow from the ledger"}
			}
		}
		if err := have.next(); err != nil {
			return n, fmt.Errorf("read table %s: %w", name, err)
		}
		if err := want.next(); err != nil {
			return n, fmt.Errorf("read table %s: %w", name, err)
		}
	}
}

// order compares the keys of two rows; a finished cursor comes last.
func (t table) order(a, b *cursor) int {
	switch {
	case a.done && b.done:
		return 0
	case a.done:
		return 1
	case b.done:
		return -1
	}
	for i := range t.keys {
		if o := compareValues(a.vals[i], b.vals[i]); o != 0 {
			return o
		}
	}
	return 0
}

func compareValues(a, b any) int {
	if x, ok := a.(int64); ok {
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y)
		}
	}
	return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

func (t table) key(c *cursor) []string {
	key := make([]string, t.keys)
	for i := range key {
		key[i] = fmt.Sprint(c.vals[i])
	}
	return key
}

// Difference is the first difference between a projection table and what the
// ledger says. It holds no content but the key, which is made of ids.
type Difference struct {
	Table  string
	Key    []string // primary key, in declared order
	Column string   // empty: the whole row
	What   string
}

// Error names table, key and column.
func (d *Difference) Error() string {
	at := d.Table + " [" + strings.Join(d.Key, ", ") + "]"
	if d.Column != "" {
		at += " column " + d.Column
	}
	return at + ": " + d.What
}
