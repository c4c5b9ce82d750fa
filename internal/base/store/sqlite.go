package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"modernc.org/sqlite"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store/statement"
)

const fileName = "wakebell.db"

// sqliteDSN builds the address; the PRAGMAs in it are run on each new
// connection.
func sqliteDSN(path, mode string, pragmas ...string) string {
	q := url.Values{"mode": {mode}, "_pragma": append([]string{
		"busy_timeout(10000)", "foreign_keys(1)", "temp_store(2)",
	}, pragmas...)}
	u := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: q.Encode()}
	return u.String()
}

func (db *DB) connectSQLite(ctx context.Context, snapshot bool) error {
	dir, err := filepath.Abs(db.cfg.Dir)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, fileName)
	if snapshot {
		if _, err := os.Stat(path); err != nil {
			return fault.Wrap(fault.NotFound, err, "There is no database in the data directory "+db.cfg.Dir)
		}
	} else {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fault.Wrap(fault.Unavailable, err, "The data directory "+db.cfg.Dir+" cannot be made")
		}
		pragmas := []string{
			"journal_mode(WAL)", "synchronous(FULL)", "cache_size(-32000)", "wal_autocheckpoint(4000)", "journal_size_limit(67108864)",
		}
		if db.cfg.Scratch {
			pragmas = []string{"journal_mode(OFF)", "synchronous(OFF)", "cache_size(-64000)"}
		}
		db.write, err = openSQLite(sqliteDSN(path, "rwc", pragmas...), 1)
		if err != nil {
			return err
		}
		if err := db.write.PingContext(ctx); err != nil {
			return err
		}
		if err := os.Chmod(path, 0o600); err != nil {
			return fault.Wrap(fault.Unavailable, err, "The database file cannot be protected")
		}
	}
	mode := "rw" // WAL readers keep their place in the shared memory file
	if snapshot {
		mode = "ro"
	}
	dsn, conns := sqliteDSN(path, mode, "query_only(1)", "cache_size(-4000)"), max(4, 2*runtime.GOMAXPROCS(0))
	db.surveyDSN = sqliteDSN(path, "ro")
	if db.read, err = openSQLite(dsn, conns); err != nil {
		return err
	}
	err = db.read.PingContext(ctx)
	// A copy on a medium that cannot be written has no place for the shared memory file.
	// Without a log beside it nobody writes, and it is read as it lies there.
	if _, e := os.Stat(path + "-wal"); snapshot && err != nil && os.IsNotExist(e) {
		db.read.Close()
		db.surveyDSN += "&immutable=1"
		if db.read, err = openSQLite(dsn+"&immutable=1", conns); err == nil {
			err = db.read.PingContext(ctx)
		}
	}
	return err
}

func openSQLite(dsn string, conns int) (*sql.DB, error) {
	base, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(connector{base})
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	return pool, nil
}

// connector opens connections that keep their prepared statements.
type connector struct{ driver.Connector }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	base, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	b, ok := base.(statement.Driver)
	if !ok {
		base.Close()
		return nil, fmt.Errorf("store: the SQLite driver's connection %T lacks what is needed", base)
	}
	return statement.Keep(b), nil
}

// strip drops the indexes that stand beside the tables; those of keys are part of them.
func (db *DB) strip(ctx context.Context) error {
	rows, err := db.write.QueryContext(ctx, "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
	if err != nil {
		return err
	}
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return errors.Join(err, rows.Close())
		}
		names = append(names, name)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, name := range names {
		if _, err := db.write.ExecContext(ctx, "DROP INDEX "+name); err != nil {
			return err
		}
	}
	return nil
}

// SnapshotTo writes a consistent copy of the database to path, which must not
// exist, while the server goes on. SQLite only: the file is made with VACUUM
// INTO, never by copying.
func (db *DB) SnapshotTo(ctx context.Context, path string) error {
	if db.engine != SQLite {
		return fault.New(fault.Conflict, "A snapshot file can be made of a SQLite database only")
	}
	return vacuumInto(ctx, db.read, path)
}

func vacuumInto(ctx context.Context, pool *sql.DB, path string) error {
	c, err := pool.Conn(ctx)
	if err != nil {
		return userFault(err)
	}
	defer c.Close()
	// query_only would refuse the copy; it is set again before the connection
	// goes back to the pool.
	var readOnly int
	if err := c.QueryRowContext(ctx, "PRAGMA query_only").Scan(&readOnly); err != nil {
		return userFault(err)
	}
	if readOnly != 0 {
		if _, err := c.ExecContext(ctx, "PRAGMA query_only=0"); err != nil {
			return userFault(err)
		}
		defer c.ExecContext(context.WithoutCancel(ctx), "PRAGMA query_only=1")
	}
	if _, err := c.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return userFault(fmt.Errorf("copy the database to %s: %w", path, err))
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return err
	}
	return syncFile(path)
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
