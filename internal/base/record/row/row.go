// Package row is how projections are kept: as rows of tables, read and written by key.
// A room's rule what an entry does to its rows is written once, against Rows; it runs
// on the database while the house works (Live) and in memory where a check replays the
// ledger (Fold). It carries out the sentence that what happened can be proved: the
// tables people see are those the ledger gives. It must not import record or any room
// but store and clock.
package row

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/store"
)

// Table is a table of rows. The room that owns it keeps it to itself: who has it can
// write it.
type Table struct {
	name    string
	columns []string
	keys    int // the first columns are the primary key
	group   int // the column by which Group reads, or -1
	private int // so many columns before those apart may be erased
	apart   int // the last columns are not compared
	octets  []bool
	sel     string
	insert  string
}

// NewTable names a table and its columns, all of them, the primary key first. They hold
// text or numbers unless Octets says otherwise.
func NewTable(name string, keys int, columns ...string) *Table {
	list := strings.Join(columns, ", ")
	return &Table{
		name: name, columns: columns, keys: keys, group: -1, octets: make([]bool, len(columns)),
		sel:    "SELECT " + list + " FROM " + name,
		insert: "INSERT INTO " + name + " (" + list + ") VALUES (" + store.Placeholders(len(columns)) + ")",
	}
}

// Octets names columns that hold bytes.
func (t *Table) Octets(columns ...string) *Table {
	for _, c := range columns {
		t.octets[slices.Index(t.columns, c)] = true
	}
	return t
}

// GroupBy names the column of text by which rows are read together.
func (t *Table) GroupBy(column string) *Table {
	t.group = slices.Index(t.columns, column)
	return t
}

// Apart says that the last n columns do not stand in the ledger and are not compared.
func (t *Table) Apart(n int) *Table {
	t.apart = n
	return t
}

// Private says that the n columns before those apart come from the private part of
// entries. Where that was erased a Row holds nil, and none of them is compared.
func (t *Table) Private(n int) *Table {
	t.private = n
	return t
}

// Name returns the name of the table.
func (t *Table) Name() string { return t.name }

// NotCompared returns the names of the columns that are not compared.
func (t *Table) NotCompared() []string { return t.columns[len(t.columns)-t.apart:] }

// Row holds the values of all columns in the table's order: string, int64 or []byte, and
// nil for what is not known, see Private and Apart.
type Row []any

// Text returns a column of text.
func (r Row) Text(i int) string { return r[i].(string) }

// Int returns a column of whole numbers.
func (r Row) Int(i int) int64 { return r[i].(int64) }

// Bytes returns a column of bytes.
func (r Row) Bytes(i int) []byte { return r[i].([]byte) }

// Change is what happens to one row: it comes (no Before), goes (no After), or changes
// without its key.
type Change struct{ Before, After Row }

// Rows is where projections lie. A Row that it returned may be kept, not changed.
type Rows interface {
	// Row returns the row of a key; nil where there is none.
	Row(t *Table, key ...any) (Row, error)
	// Many returns the rows there are of some keys, where a key is one text.
	Many(t *Table, keys []string) ([]Row, error)
	// Group returns the rows that have a value in the column of GroupBy, by key.
	Group(t *Table, value string) ([]Row, error)
	// Another says whether the group of a row holds another row with the same values in some
	// columns. It need not read the whole group. Where a table has an index on them, name
	// them in its order.
	Another(t *Table, like Row, columns ...int) (bool, error)
	// Put changes rows, each change another one.
	Put(t *Table, changes ...Change) error
	// Tx is for what is no projection, such as words to search; nil in a check.
	Tx() *store.Tx
}

// checked turns the values of a row into those a Row holds.
func (t *Table) checked(r Row) error {
	if r == nil {
		return nil
	}
	if len(r) != len(t.columns) {
		return fmt.Errorf("table %s has %d columns, not %d", t.name, len(t.columns), len(r))
	}
	for i, v := range r {
		switch x := v.(type) {
		case string, int64, []byte:
		case int:
			r[i] = int64(x)
		case bool:
			r[i] = int64(0)
			if x {
				r[i] = int64(1)
			}
		case nil:
			if i < len(r)-t.apart-t.private {
				return fmt.Errorf("table %s: column %s has no value", t.name, t.columns[i])
			}
		default:
			return fmt.Errorf("table %s: column %s cannot hold a %T", t.name, t.columns[i], v)
		}
	}
	return nil
}

// erased reports whether the private part of a row is not known.
func (t *Table) erased(r Row) bool {
	for _, v := range r[len(r)-t.apart-t.private : len(r)-t.apart] {
		if v == nil {
			return true
		}
	}
	return false
}

func equal(a, b any) bool {
	if x, ok := a.([]byte); ok {
		y, ok := b.([]byte)
		return ok && bytes.Equal(x, y)
	}
	return a == b
}
