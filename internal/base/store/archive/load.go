package archive

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/store"
)

const (
	chunkRows  = 2000    // rows one write takes
	chunkBytes = 8 << 20 // and bytes of lines
	perInsert  = 500     // values one INSERT takes
)

// load puts every row into a fresh database of this program's schema. It is
// many writes: a failure leaves a part, and the database must be thrown away.
func (a *Archive) load(ctx context.Context, db *store.DB) error {
	for _, c := range a.Manifest.Tables {
		f, err := formOf(ctx, db, db.Engine(), c.Name)
		if err != nil {
			return err
		}
		if !sameColumns(f.cols, c.Columns) {
			return damaged("the columns of table %s are not those of this program", c.Name)
		}
		if err := a.loadTable(ctx, db, c); err != nil {
			return fmt.Errorf("load table %s: %w", c.Name, err)
		}
	}
	if !a.Manifest.Mark.TestClock {
		return nil
	}
	_, err := db.Write(ctx, store.Op{Name: "archive.load", Actor: "archive"}, func(tx *store.Tx) error {
		return tx.SetClockOffset(a.ClockOffset())
	})
	return err
}

// ClockOffset is by how much the test clock had been moved.
func (a *Archive) ClockOffset() time.Duration {
	return time.Duration(a.Manifest.Mark.ClockOffset) * time.Microsecond
}

func sameColumns(a, b []Column) bool {
	less := func(x, y Column) int { return strings.Compare(x.Name, y.Name) }
	a, b = slices.Clone(a), slices.Clone(b)
	slices.SortFunc(a, less)
	slices.SortFunc(b, less)
	return slices.Equal(a, b)
}

func (a *Archive) loadTable(ctx context.Context, db *store.DB, c Content) error {
	var rows [][]any
	size := 0
	flush := func() error {
		if len(rows) == 0 {
			return nil
		}
		_, err := db.Write(ctx, store.Op{Name: "archive.load", Actor: "archive"}, func(tx *store.Tx) error {
			return insert(tx, c, rows)
		})
		rows, size = rows[:0], 0
		return err
	}
	err := a.scan(c, func(line []byte) error {
		vals, err := readRow(c.Columns, line)
		if err != nil {
			return damaged("a row of table %s %v", c.Name, err)
		}
		rows, size = append(rows, vals), size+len(line)
		if len(rows) < chunkRows && size < chunkBytes {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

func insert(tx *store.Tx, c Content, rows [][]any) error {
	n := max(1, perInsert/len(c.Columns))
	head := "INSERT INTO " + quote(c.Name) + " (" + quoted(columnNames(c.Columns)) + ") VALUES "
	one := "(" + store.Placeholders(len(c.Columns)) + ")"
	for batch := range slices.Chunk(rows, n) {
		args := make([]any, 0, len(batch)*len(c.Columns))
		for _, r := range batch {
			args = append(args, r...)
		}
		if _, err := tx.Exec(head+strings.Repeat(one+", ", len(batch)-1)+one, args...); err != nil {
			return err
		}
	}
	return nil
}
