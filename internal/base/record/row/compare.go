package row

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/sweep"
)

// Difference is the first difference, by key, between a table and what the ledger
// says. It holds no content but the key, which is made of ids.
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

// finding is the difference with the least key so far.
type finding struct {
	key  []any // nil: none
	diff Difference
}

// take keeps a difference if its key is less.
func (w *finding) take(t *Table, key []any, column, what string) {
	if w.key != nil && orderKeys(w.key, key) <= 0 {
		return
	}
	w.key, w.diff = key, Difference{Table: t.name, Column: column, What: what}
	for _, v := range key {
		w.diff.Key = append(w.diff.Key, textOf(v))
	}
}

// Compare compares a table with the rows of the replay. It returns the number of equal
// rows, and of those among them whose private part is erased and was not compared; or the
// first *Difference.
func (f *Fold) Compare(ctx context.Context, v *store.View, t *Table) (n, blank int64, err error) {
	if err := t.checkColumns(ctx, v); err != nil {
		return 0, 0, err
	}
	var first finding
	s, next := f.shelf(t), 0
	for i := range s.kept {
		s.kept[i].seen = false
	}
	err = v.Each(ctx, t.sel, func(values []store.Value) error {
		b := appendStored(f.buf[:0], values[:t.keys])
		f.buf = appendStored(b, values[t.keys:len(values)-t.apart])
		have := f.hash(f.buf)
		// Most rows come in the order in which they were made, so no key is looked for.
		if next < len(s.kept) {
			if k := &s.kept[next]; k.hash == have && !k.seen && !k.gone && !k.blank {
				k.seen = true
				next++
				n++
				return nil
			}
		}
		i, known, err := s.find(f.hash(f.buf[:len(b)]))
		if err != nil {
			return err
		}
		next = int(i) + 1
		if !known {
			first.take(t, keyOf(values[:t.keys]), "", "the row does not follow from the ledger")
			return nil
		}
		k := &s.kept[i]
		if k.seen { // a damaged key
			first.take(t, keyOf(values[:t.keys]), "", "the row is there twice")
			return nil
		}
		k.seen = true
		if k.blank {
			blank++
			have = f.hash(appendStored(f.buf[:len(b)], values[t.keys:t.compared(*k)]))
		}
		if have == k.hash {
			n++
			return nil
		}
		want, err := f.load(t, *k)
		if err != nil {
			return err
		}
		first.take(t, keyOf(values[:t.keys]), t.differing(want[:t.compared(*k)], values), "its value does not follow from the ledger")
		return nil
	})
	if err != nil {
		return n, blank, fmt.Errorf("read table %s: %w", t.name, err)
	}
	if err := f.missing(t, s, n, &first); err != nil {
		return n, blank, err
	}
	if first.key != nil {
		return n, blank, &first.diff
	}
	return n, blank, nil
}

// missing looks for rows that were not seen.
func (f *Fold) missing(t *Table, s *shelf, seen int64, first *finding) error {
	if seen == s.alive {
		return nil
	}
	for _, k := range s.kept {
		if k.seen || k.gone {
			continue
		}
		r, err := f.load(t, k)
		if err != nil {
			return err
		}
		first.take(t, r[:t.keys], "", "the row is missing")
	}
	return nil
}

// differing names the first column that differs.
func (t *Table) differing(want Row, have []store.Value) string {
	for i := t.keys; i < len(want); i++ {
		if string(appendValues(nil, want[i:i+1])) != string(appendStored(nil, have[i:i+1])) {
			return t.columns[i]
		}
	}
	return ""
}

func keyOf(values []store.Value) []any {
	key := make([]any, len(values))
	for i, v := range values {
		if key[i] = any(v.Int); v.Kind != sweep.Int {
			key[i] = string(v.Bytes)
		}
	}
	return key
}

// checkColumns refuses a table with columns that its room did not name: they would be
// left out of the comparison.
func (t *Table) checkColumns(ctx context.Context, v *store.View) error {
	rows, err := v.Query(ctx, "SELECT * FROM "+t.name+" WHERE 1 = 0")
	if err != nil {
		return fmt.Errorf("read table %s: %w", t.name, err)
	}
	defer rows.Close()
	have, err := rows.Columns()
	if err != nil {
		return fmt.Errorf("read table %s: %w", t.name, err)
	}
	want := slices.Sorted(slices.Values(t.columns))
	if slices.Sort(have); !slices.Equal(have, want) {
		return fmt.Errorf("table %s has the columns %s, its room names %s", t.name, strings.Join(have, ", "), strings.Join(want, ", "))
	}
	return rows.Err()
}
