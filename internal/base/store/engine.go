package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// advisory is the lock all nodes take first in each group, so that commit
// order is ledger order.
const advisory = 0x57414b4542454c4c // "WAKEBELL"

// errUnknown is the answer when the server vanished during a commit and could
// not be asked afterwards.
var errUnknown = fault.New(fault.Unavailable, "The database went away during the commit; whether this was saved is not known, read before you repeat it")

// begin opens the group's transaction. On PostgreSQL the lock comes first and
// the transaction's id is read along, in the same round trip.
func (g *group) begin() error {
	if g.w.db.engine == SQLite {
		_, err := g.conn.ExecContext(g.w.ctx, "BEGIN IMMEDIATE")
		return err
	}
	res, err := g.script(fmt.Sprintf("BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(%d); SELECT pg_current_xact_id()::text", int64(advisory)))
	if err != nil {
		return err
	}
	if len(res) != 3 || len(res[2].Rows) != 1 {
		return errors.New("store: unexpected answer to BEGIN")
	}
	g.xid = string(res[2].Rows[0][0])
	return nil
}

// exec runs a statement of transaction control.
func (g *group) exec(q string) error {
	_, err := g.conn.ExecContext(g.w.ctx, q)
	return err
}

// savepoint opens the savepoint of a member. On PostgreSQL the one before is
// released in the same round trip.
func (g *group) savepoint() error {
	switch {
	case g.solo:
		return nil
	case g.w.db.engine == SQLite:
		return g.exec("SAVEPOINT member")
	case g.saved:
		return g.exec("RELEASE SAVEPOINT member; SAVEPOINT member")
	}
	g.saved = true
	return g.exec("SAVEPOINT member")
}

// errSwallowed is the error of a member that ignored an engine's error.
var errSwallowed = errors.New("store: a statement failed and its error was ignored")

// keep ends a member that returned no error. swallowed says that it failed
// nevertheless; err says that the group is lost.
func (g *group) keep() (swallowed, err error) {
	if g.w.db.engine == SQLite {
		if g.solo {
			return nil, nil
		}
		return nil, g.exec("RELEASE SAVEPOINT member")
	}
	var status byte
	err = g.conn.Raw(func(dc any) error {
		status = dc.(*stdlib.Conn).Conn().PgConn().TxStatus()
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case status == 'E':
		return errSwallowed, nil
	case status != 'T':
		return nil, errors.New("store: a member ended the transaction")
	}
	return nil, nil
}

// undo takes back what the member did since its savepoint.
func (g *group) undo() error {
	switch {
	case g.solo:
		return nil // no member is left: the group is rolled back
	case g.w.db.engine == Postgres:
		return g.exec("ROLLBACK TO SAVEPOINT member")
	}
	if err := g.exec("ROLLBACK TO SAVEPOINT member"); err != nil {
		return err
	}
	return g.exec("RELEASE SAVEPOINT member")
}

// rollback undoes the group. When that fails, or on PostgreSQL the connection
// is lost, the connection is given up, which undoes it too.
func (g *group) rollback() {
	if g.conn == nil {
		return
	}
	if g.w.conn == g.conn {
		if err := g.exec("ROLLBACK"); err != nil {
			g.w.dropConn()
		}
	}
	g.conn = nil
}

// commit commits the group. An error other than errUnknown means that it was
// not committed.
func (g *group) commit() error {
	if g.w.db.engine == SQLite {
		return g.exec("COMMIT")
	}
	res, err := g.script("COMMIT")
	if err == nil {
		if tag := res[len(res)-1].CommandTag.String(); tag != "COMMIT" {
			return fmt.Errorf("the engine answered %s to COMMIT", tag)
		}
		return nil
	}
	if _, ok := errors.AsType[*pgconn.PgError](err); ok && !connectionLost(err) {
		return err
	}
	return g.settle(err)
}

// settle finds out what became of a commit whose answer was lost.
func (g *group) settle(cause error) error {
	w := g.w
	w.dropConn()
	g.conn = nil
	for try := range 50 {
		if try > 0 {
			w.db.clk.Sleep(w.ctx, 200*time.Millisecond)
		}
		var status sql.NullString
		if err := w.db.write.QueryRowContext(w.ctx, "SELECT pg_xact_status($1::text::xid8)", g.xid).Scan(&status); err != nil {
			continue
		}
		switch status.String {
		case "committed":
			return nil
		case "aborted":
			return fmt.Errorf("the connection was lost and the commit undone: %w", cause)
		case "in progress":
			continue
		}
		break
	}
	w.db.log.Error("outcome of a commit is not known", "xid", g.xid, "error", cause)
	return errUnknown
}

// script runs statements without arguments in one round trip on PostgreSQL.
func (g *group) script(q string) (res []*pgconn.Result, err error) {
	err = g.conn.Raw(func(dc any) error {
		var e error
		res, e = dc.(*stdlib.Conn).Conn().PgConn().Exec(g.w.ctx, q).ReadAll()
		return e
	})
	return res, err
}

// discard closes a connection for good instead of returning it to the pool.
// It may have to wait for rows that a member left open, so nobody waits for it.
func discard(c *sql.Conn) {
	go func() {
		c.Raw(func(dc any) error {
			if pg, ok := dc.(*stdlib.Conn); ok {
				pg.Close()
			}
			return driver.ErrBadConn
		})
		c.Close()
	}()
}
