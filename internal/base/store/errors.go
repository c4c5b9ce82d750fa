package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// Primary result codes of SQLite (sqlite.org/rescode.html).
const (
	sqliteBusy      = 5
	sqliteLocked    = 6
	sqliteNoMemory  = 7
	sqliteReadOnly  = 8
	sqliteInterrupt = 9
	sqliteIO        = 10
	sqliteCorrupt   = 11
	sqliteFull      = 13
	sqliteCantOpen  = 14
	sqliteProtocol  = 15
	sqliteNotADB    = 26

	sqliteUnique     = 2067 // extended
	sqlitePrimaryKey = 1555 // extended
)

// IsUnique reports whether err says that a row with the same unique key
// exists. Inside a Write on PostgreSQL the member can only return after it:
// use INSERT … ON CONFLICT where a write goes on.
func IsUnique(err error) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() == sqliteUnique || e.Code() == sqlitePrimaryKey
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "23505"
}

func sqliteCode(err error) (int, bool) {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff, true
	}
	return 0, false
}

// abortsGroup says whether the engine gives up the whole transaction with this
// error, not only the statement.
func abortsGroup(err error) bool {
	if code, ok := sqliteCode(err); ok {
		switch code {
		case sqliteBusy, sqliteLocked, sqliteNoMemory, sqliteReadOnly, sqliteInterrupt, sqliteIO,
			sqliteCorrupt, sqliteFull, sqliteCantOpen, sqliteProtocol:
			return true
		}
		return false
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch e.Code[:2] {
		case "08", "40", "53", "57", "58", "XX":
			return true
		}
		return false
	}
	return connectionLost(err)
}

// passing says whether running the write again may help.
func passing(err error) bool {
	if code, ok := sqliteCode(err); ok {
		return code == sqliteBusy || code == sqliteLocked || code == sqliteProtocol
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch e.Code[:2] {
		case "08", "40", "57":
			return true
		}
		return false
	}
	return connectionLost(err)
}

// connectionLost says whether the server or the way to it is gone.
func connectionLost(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(e.Code, "08") || strings.HasPrefix(e.Code, "57P")
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		(err != nil && strings.Contains(err.Error(), "conn closed"))
}

// userFault gives errors of the machine underneath a kind and a line that
// helps; all others stay as they are.
func userFault(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if code, ok := sqliteCode(err); ok {
		switch code {
		case sqliteFull:
			return fault.Wrap(fault.Unavailable, err, "The disk of the data directory is full; nothing was saved. Free some space: no restart is needed")
		case sqliteReadOnly, sqliteCantOpen:
			return fault.Wrap(fault.Unavailable, err, "The data directory cannot be written; nothing was saved. Check that it exists, its owner and its mount")
		case sqliteIO:
			return fault.Wrap(fault.Unavailable, err, "The disk of the data directory failed or is full; nothing was saved")
		case sqliteBusy, sqliteLocked, sqliteProtocol:
			return fault.Wrap(fault.Unavailable, err, "The database is locked by another process; nothing was saved")
		case sqliteCorrupt, sqliteNotADB:
			return fault.Wrap(fault.Unavailable, err, "The database file is damaged or not a database; restore a backup")
		}
		return err
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch {
		case e.Code == "53100":
			return fault.Wrap(fault.Unavailable, err, "The disk of the database server is full; nothing was saved")
		case e.Code == "25006":
			return fault.Wrap(fault.Unavailable, err, "The database server is read-only; nothing was saved")
		case strings.HasPrefix(e.Code, "53"), strings.HasPrefix(e.Code, "40"), strings.HasPrefix(e.Code, "58"):
			return fault.Wrap(fault.Unavailable, err, "The database server cannot do this now; nothing was saved")
		}
	}
	if connectionLost(err) {
		return fault.Wrap(fault.Unavailable, err, "The database cannot be reached; nothing was saved")
	}
	return err
}
