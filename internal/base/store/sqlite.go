package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"modernc.org/sqlite"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store/statement"
	"github.com/wakebell/wakebell/internal/base/store/vacuum"
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

// SnapshotTo writes a consistent copy of the database to path, which must not
// exist, while the server goes on. SQLite only: the file is made with VACUUM
// INTO, never by copying.
func (db *DB) SnapshotTo(ctx context.Context, path string) error {
	if db.engine != SQLite {
		return fault.New(fault.Conflict, "A snapshot file can be made of a SQLite database only")
	}
	return userFault(vacuum.Into(ctx, db.read, path))
}
