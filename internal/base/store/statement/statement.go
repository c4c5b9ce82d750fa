// Package statement keeps the prepared statements of a SQLite connection: parsing and
// planning cost more than running most of them. It serves base/store and must not
// import anything of the house.
package statement

import (
	"context"
	"database/sql/driver"
	"strings"
)

// Driver is what the SQLite driver's connection must offer.
type Driver interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// sqliteStmt is what its prepared statement must offer.
type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// maxStatements bounds the prepared statements kept per connection.
const maxStatements = 500

// Conn is a SQLite connection that keeps its prepared statements. database/sql
// serialises calls on a connection.
type Conn struct {
	Driver
	stmts map[string]*cached
}

// Keep wraps a connection.
func Keep(d Driver) *Conn { return &Conn{Driver: d, stmts: map[string]*cached{}} }

type cached struct {
	stmt sqliteStmt
	busy bool // its rows are being read
}

// get returns the statement for q, prepared. One whose rows are still open is
// not shared: the caller gets another, which release closes.
func (c *Conn) get(ctx context.Context, q string) (*cached, error) {
	s, known := c.stmts[q]
	if known && !s.busy {
		s.busy = true
		return s, nil
	}
	p, err := c.PrepareContext(ctx, q)
	if err != nil {
		return nil, err
	}
	n := &cached{stmt: p.(sqliteStmt), busy: true}
	if known {
		return n, nil
	}
	if len(c.stmts) >= maxStatements {
		for text, old := range c.stmts {
			if !old.busy {
				delete(c.stmts, text)
				old.stmt.Close()
			}
		}
	}
	c.stmts[q] = n
	return n, nil
}

func (c *Conn) release(q string, s *cached) error {
	s.busy = false
	if c.stmts[q] != s {
		return s.stmt.Close()
	}
	return nil
}

// script says whether q may hold several statements, which cannot be kept.
func script(q string) bool { return strings.Contains(q, ";") }

// ExecContext implements driver.ExecerContext.
func (c *Conn) ExecContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Result, error) {
	if script(q) {
		return c.Driver.ExecContext(ctx, q, args)
	}
	s, err := c.get(ctx, q)
	if err != nil {
		return nil, err
	}
	res, err := s.stmt.ExecContext(ctx, args)
	if e := c.release(q, s); err == nil {
		err = e
	}
	return res, err
}

// QueryContext implements driver.QueryerContext.
func (c *Conn) QueryContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Rows, error) {
	if script(q) {
		return c.Driver.QueryContext(ctx, q, args)
	}
	s, err := c.get(ctx, q)
	if err != nil {
		return nil, err
	}
	rows, err := s.stmt.QueryContext(ctx, args)
	if err != nil {
		c.release(q, s)
		return nil, err
	}
	return &cachedRows{Rows: rows, c: c, q: q, s: s}, nil
}

// Close closes the kept statements, then the connection.
func (c *Conn) Close() error {
	for _, s := range c.stmts {
		if !s.busy {
			s.stmt.Close()
		}
	}
	c.stmts = nil
	return c.Driver.Close()
}

// cachedRows gives the statement back when the rows are closed.
type cachedRows struct {
	driver.Rows
	c *Conn
	q string
	s *cached
}

// Close implements driver.Rows.
func (r *cachedRows) Close() error {
	err := r.Rows.Close()
	if r.s != nil {
		if e := r.c.release(r.q, r.s); err == nil {
			err = e
		}
		r.s = nil
	}
	return err
}
