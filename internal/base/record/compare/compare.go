// Package compare compares a table of two databases row by row, in the order of
// the primary key. It serves the proof that projections follow from the ledger.
// It only reads; it must not import record.
package compare

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
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
	blob []bool // the column holds bytes, not text or a number
	keys int
}

// tableOf reads the form from the fresh database, which is always SQLite.
func tableOf(ctx context.Context, name string, fresh store.Reader) (table, error) {
	rows, err := fresh.Query(ctx, "SELECT name, pk, type FROM pragma_table_info(?)", name)
	if err != nil {
		return table{}, fmt.Errorf("read the form of table %s: %w", name, err)
	}
	defer rows.Close()
	type column struct {
		name, typ string
		pk        int
	}
	var all []column
	t := table{name: name}
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.name, &c.pk, &c.typ); err != nil {
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
		t.blob = append(t.blob, c.typ == "BLOB")
	}
	return t, nil
}

// separator stands between the packed columns of a row.
const separator = "\x1f"

// cursor walks one table in the order of its primary key. The columns behind the key
// come packed in one text: each column of its own costs more than to compare it.
type cursor struct {
	rows *sql.Rows
	keys []any
	ptrs []any
	rest sql.RawBytes
	done bool
}

// open reads a table of one engine, to be compared with that of another one.
func (t table) open(ctx context.Context, r store.Reader, one, other store.Engine) (*cursor, error) {
	quoted := make([]string, len(t.cols), len(t.cols)+1)
	for i, c := range t.cols {
		quoted[i] = Quote(c)
	}
	keys := strings.Join(quoted[:t.keys], ", ")
	packed := append(quoted[t.keys:], "''")
	for i := range packed[:len(packed)-1] {
		switch {
		case !t.blob[t.keys+i] || one == other:
		case one == store.Postgres:
			packed[i] = "upper(encode(" + packed[i] + ", 'hex'))"
		default:
			packed[i] = "hex(" + packed[i] + ")"
		}
	}
	rows, err := r.Query(ctx, "SELECT "+keys+", concat_ws('"+separator+"', '', "+strings.Join(packed, ", ")+") FROM "+Quote(t.name)+" ORDER BY "+keys)
	if err != nil {
		return nil, fmt.Errorf("read table %s: %w", t.name, err)
	}
	c := &cursor{rows: rows, keys: make([]any, t.keys)}
	for i := range c.keys {
		c.ptrs = append(c.ptrs, &c.keys[i])
	}
	c.ptrs = append(c.ptrs, &c.rest)
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
	for i, v := range c.keys {
		c.keys[i] = plain(v)
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

// whole says whether no value of the row holds the separator and no column is empty
// (NULL is left out): then equal texts are equal columns.
func (t table) whole(c *cursor) bool {
	return bytes.Count(c.rest, []byte(separator)) == len(t.cols)-t.keys+1
}

// columns compares the rows of one key column by column and names the first that
// differs, or "".
func (t table) columns(ctx context.Context, key []any, live, fresh store.Reader) (string, error) {
	one := func(r store.Reader) ([]any, error) {
		quoted, where := make([]string, len(t.cols)), ""
		for i, c := range t.cols {
			if quoted[i] = Quote(c); i < t.keys {
				where += " AND " + quoted[i] + " = ?"
			}
		}
		vals, ptrs := make([]any, len(t.cols)), make([]any, len(t.cols))
		for i := range vals {
			ptrs[i] = &vals[i]
		}
		q := "SELECT " + strings.Join(quoted, ", ") + " FROM " + Quote(t.name) + " WHERE " + strings.TrimPrefix(where, " AND ")
		if err := r.QueryRow(ctx, q, key...).Scan(ptrs...); err != nil {
			return nil, fmt.Errorf("read table %s: %w", t.name, err)
		}
		return vals, nil
	}
	have, err := one(live)
	if err != nil {
		return "", err
	}
	want, err := one(fresh)
	if err != nil {
		return "", err
	}
	for i := t.keys; i < len(t.cols); i++ {
		if plain(have[i]) != plain(want[i]) {
			return t.cols[i], nil
		}
	}
	return "", nil
}

// Table compares a table of the live database with that of a fresh one, which
// is SQLite and also gives the table's form. It returns the number of equal rows, or the first *Difference.
func Table(ctx context.Context, name string, live, fresh store.Reader) (int64, error) {
	t, err := tableOf(ctx, name, fresh)
	if err != nil {
		return 0, err
	}
	n, doubts, found := t.walk(ctx, live, fresh)
	if _, ok := errors.AsType[*Difference](found); found != nil && !ok {
		return n, found
	}
	for _, key := range doubts {
		column, err := t.columns(ctx, key, live, fresh)
		if err != nil {
			return n, err
		}
		if column != "" {
			return n, &Difference{Table: name, Key: texts(key), Column: column, What: "its value does not follow from the ledger"}
		}
	}
	return n, found
}

// walk goes through both tables up to the first row that only one of them has. It also
// returns the keys of the rows that have to be looked at column by column, which cannot
// be done while a table is read: the last one is certainly different when walk ends there.
func (t table) walk(ctx context.Context, live, fresh store.Reader) (n int64, doubts [][]any, err error) {
	engine := store.SQLite
	if e, ok := live.(interface{ Engine() store.Engine }); ok {
		engine = e.Engine()
	}
	have, err := t.open(ctx, live, engine, store.SQLite)
	if err != nil {
		return 0, nil, err
	}
	defer have.rows.Close()
	want, err := t.open(ctx, fresh, store.SQLite, engine)
	if err != nil {
		return 0, nil, err
	}
	defer want.rows.Close()
	for ; ; n++ {
		if have.done && want.done {
			return n, doubts, nil
		}
		switch order := t.order(have, want); {
		case order < 0:
			return n, doubts, &Difference{Table: t.name, Key: texts(have.keys), What: "the row does not follow from the ledger"}
		case order > 0:
			return n, doubts, &Difference{Table: t.name, Key: texts(want.keys), What: "the row is missing"}
		}
		equal, whole := bytes.Equal(have.rest, want.rest), t.whole(have)
		if !equal || !whole {
			doubts = append(doubts, slices.Clone(have.keys))
			if !equal && whole && t.whole(want) {
				return n, doubts, nil
			}
		}
		if err := errors.Join(have.next(), want.next()); err != nil {
			return n, doubts, fmt.Errorf("read table %s: %w", t.name, err)
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
		if o := compareValues(a.keys[i], b.keys[i]); o != 0 {
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

func texts(key []any) []string {
	out := make([]string, len(key))
	for i, v := range key {
		out[i] = fmt.Sprint(v)
	}
	return out
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
