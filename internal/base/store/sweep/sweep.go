// Package sweep reads whole SQLite tables at the least cost. A verification reads
// millions of rows once; through database/sql more than half of its time went into
// the locks that the driver takes for each column, and into copies of the values. Here
// a connection of its own, used by one goroutine, steps through the rows and hands
// out their values where they lie. It serves base/store and must not import anything
// of the house.
package sweep

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// Kind says what a Value holds.
type Kind uint8

// The kinds of values. Text and bytes are one kind: the engines differ in what they
// call text, not in what is stored.
const (
	Null Kind = iota
	Int
	Bytes
	Other // a number that is not whole: its text in Bytes
)

// Value is one column of a row; Int counts only where Kind says so.
type Value struct {
	Kind  Kind
	Int   int64
	Bytes []byte
}

// Conn is one connection for reading, for one goroutine at a time.
type Conn struct {
	tls    *libc.TLS
	db     uintptr
	broken bool // a fault left it in an unknown state: it is not touched again
}

// Open opens the database that a file: address names.
func Open(ctx context.Context, dsn string) (*Conn, error) {
	c := &Conn{tls: libc.NewTLS()}
	name, err := libc.CString(dsn)
	if err != nil {
		c.tls.Close()
		return nil, err
	}
	defer libc.Xfree(c.tls, name)
	to := c.tls.Alloc(int(unsafe.Sizeof(uintptr(0))))
	defer c.tls.Free(int(unsafe.Sizeof(uintptr(0))))
	// No lock inside: one goroutine uses the connection.
	rc := lib.Xsqlite3_open_v2(c.tls, name, to, lib.SQLITE_OPEN_READONLY|lib.SQLITE_OPEN_URI|lib.SQLITE_OPEN_NOMUTEX, 0)
	c.db = *(*uintptr)(at(to))
	if rc != lib.SQLITE_OK {
		return nil, errors.Join(c.err("open"), c.Close())
	}
	lib.Xsqlite3_busy_timeout(c.tls, c.db, 10_000)
	// Pages are looked at where the system keeps them, up to SQLite's bound of 2 GB: to
	// copy each costs more than to take it apart. Each turns a fault into an error.
	if err := c.Each(ctx, "PRAGMA mmap_size = 2147418112", func([]Value) error { return nil }); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Close closes the connection.
func (c *Conn) Close() error {
	if c.broken {
		return nil
	}
	lib.Xsqlite3_close_v2(c.tls, c.db)
	c.tls.Close()
	return nil
}

// Join lets the connection see what a transaction that has read nothing yet will see, and
// reports whether it does. The number of commits the connection has seen is asked before
// the transaction takes its state and after the connection has taken its own: when it is
// the same, nothing came in between.
func (c *Conn) Join(ctx context.Context, tx *sql.Tx) (bool, error) {
	before, err := c.version(ctx)
	if err != nil {
		return false, err
	}
	var n int
	if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_schema").Scan(&n); err != nil {
		return false, err
	}
	if err := c.Each(ctx, "BEGIN", nil); err != nil {
		return false, err
	}
	after, err := c.version(ctx)
	if err == nil && before == after {
		return true, nil
	}
	return false, errors.Join(err, c.Each(ctx, "ROLLBACK", nil))
}

// version is a number that changes with every commit of another connection.
func (c *Conn) version(ctx context.Context) (n int64, err error) {
	err = c.Each(ctx, "PRAGMA data_version", func(row []Value) error { n = row[0].Int; return nil })
	return n, err
}

var errFault = errors.New("sqlite: read: the database file cannot be read, or was cut while it was")

// between is how many rows are read between two looks at the context.
const between = 1000

// Each runs a query without arguments and shows every row to fn. The values hold until
// fn returns.
func (c *Conn) Each(ctx context.Context, q string, fn func(row []Value) error) (err error) {
	if c.broken {
		return errFault
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch p := recover().(type) {
		case nil:
		case interface{ Addr() uintptr }: // of the mapped file, which is shorter now or on a bad disk
			c.broken, err = true, errFault
		default:
			panic(p)
		}
	}()
	stmt, err := c.prepare(q)
	if err != nil {
		return err
	}
	err = c.walk(ctx, stmt, fn)
	lib.Xsqlite3_finalize(c.tls, stmt)
	return err
}

func (c *Conn) walk(ctx context.Context, stmt uintptr, fn func(row []Value) error) error {
	row := make([]Value, lib.Xsqlite3_column_count(c.tls, stmt))
	for n := 1; ; n++ {
		switch rc := lib.Xsqlite3_step(c.tls, stmt); rc {
		case lib.SQLITE_DONE:
			return nil
		case lib.SQLITE_ROW:
		default:
			return c.err("read")
		}
		for i := range row {
			c.value(&row[i], lib.Xsqlite3_column_value(c.tls, stmt, int32(i)))
		}
		if err := fn(row); err != nil {
			return err
		}
		if n%between == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func (c *Conn) prepare(q string) (uintptr, error) {
	text, err := libc.CString(q)
	if err != nil {
		return 0, err
	}
	defer libc.Xfree(c.tls, text)
	to := c.tls.Alloc(int(unsafe.Sizeof(uintptr(0))))
	defer c.tls.Free(int(unsafe.Sizeof(uintptr(0))))
	if rc := lib.Xsqlite3_prepare_v2(c.tls, c.db, text, -1, to, 0); rc != lib.SQLITE_OK {
		return 0, c.err("prepare")
	}
	return *(*uintptr)(at(to)), nil
}

func (c *Conn) value(to *Value, v uintptr) {
	switch lib.Xsqlite3_value_type(c.tls, v) {
	case lib.SQLITE_NULL:
		to.Kind, to.Bytes = Null, nil
	case lib.SQLITE_INTEGER:
		to.Kind, to.Int, to.Bytes = Int, lib.Xsqlite3_value_int64(c.tls, v), nil
	case lib.SQLITE_FLOAT:
		to.Kind, to.Bytes = Other, strconv.AppendFloat(nil, lib.Xsqlite3_value_double(c.tls, v), 'g', -1, 64)
	default:
		// SQLite wants the place before the length, and gives no place for nothing.
		place := lib.Xsqlite3_value_blob(c.tls, v)
		to.Kind, to.Bytes = Bytes, []byte{}
		if n := lib.Xsqlite3_value_bytes(c.tls, v); place != 0 && n > 0 {
			to.Bytes = unsafe.Slice((*byte)(at(place)), n)
		}
	}
}

func (c *Conn) err(doing string) error {
	if c.db == 0 {
		return fmt.Errorf("sqlite: %s: out of memory", doing)
	}
	return fmt.Errorf("sqlite: %s: %s (%d)", doing, libc.GoString(lib.Xsqlite3_errmsg(c.tls, c.db)), lib.Xsqlite3_extended_errcode(c.tls, c.db))
}

// at is the place of an address outside of Go's memory, which never moves.
func at(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }
