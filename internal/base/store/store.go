// Package store is the one way to the database: SQLite in the data directory
// by default, PostgreSQL where one machine is not enough. It takes one SQL text
// with `?` placeholders for both, groups concurrent writes into one
// transaction, checks idempotency keys inside it, and gives the ledger its
// place at the end of each group, so that what a policy asks to be recorded is
// committed together with the change or not at all. SQL drivers are imported
// here and nowhere else. It must not import any room; of the ground floor it
// knows clock and fault only.
package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store/rebind"
)

// Engine names a database engine.
type Engine string

// The two engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// Config says which database to open and how.
type Config struct {
	// Dir is the data directory; with an empty URL the database is
	// Dir/wakebell.db.
	Dir string
	// URL is empty for SQLite or a postgres:// address.
	URL string
	// TestClock must equal the mark the database got at its creation.
	TestClock bool
	// Migrate allows pending migrations on a PostgreSQL database that already
	// holds Wakebell tables. SQLite always migrates, after a backup.
	Migrate bool
	Log     *slog.Logger // nil: silent
	Clock   *clock.Clock // nil: the machine's
}

// Engine returns the engine the Config names.
func (c Config) Engine() Engine {
	if c.URL == "" {
		return SQLite
	}
	return Postgres
}

// Validate names the first field that is wrong.
func (c Config) Validate() error {
	switch {
	case c.URL != "" && !strings.HasPrefix(c.URL, "postgres://") && !strings.HasPrefix(c.URL, "postgresql://"):
		return fault.InvalidField("database", "must be empty (SQLite in the data directory) or start with postgres://")
	case c.URL == "" && c.Dir == "":
		return fault.InvalidField("data", "name a data directory")
	}
	return nil
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	cfg       Config
	engine    Engine
	log       *slog.Logger
	clk       *clock.Clock
	read      *sql.DB
	surveyDSN string  // SQLite: the address of read
	write     *sql.DB // nil for a snapshot
	writer    *writer // nil for a snapshot
	journal   atomic.Pointer[Journal]
	bind      rebind.Binder
	health    health
	version   int
	closing   sync.Once
	done      error
}

// Open opens the database, brings its schema up to date and starts the grouped
// writer. It refuses a database that is newer than this program, one whose
// migrations differ, one marked for the other clock mode, and PostgreSQL with
// synchronous_commit=off. ctx limits the opening only.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	db, err := prepare(cfg)
	if err != nil {
		return nil, err
	}
	if err := db.connect(ctx, false); err != nil {
		return nil, db.abandon(err)
	}
	if err := db.migrate(ctx); err != nil {
		return nil, db.abandon(err)
	}
	if err := db.checkMark(ctx); err != nil {
		return nil, db.abandon(err)
	}
	db.writer = newWriter(db)
	go db.writer.run()
	return db, nil
}

// OpenSnapshot opens an existing database for reading only: no lock, no
// migration, no writer; Write is refused. Both clock modes are accepted. The
// schema must be exactly the one of this program.
func OpenSnapshot(ctx context.Context, cfg Config) (*DB, error) {
	db, err := prepare(cfg)
	if err != nil {
		return nil, err
	}
	if err := db.connect(ctx, true); err != nil {
		return nil, db.abandon(err)
	}
	if err := db.checkSchema(ctx); err != nil {
		return nil, db.abandon(err)
	}
	return db, nil
}

func prepare(cfg Config) (*DB, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	db := &DB{cfg: cfg, engine: cfg.Engine(), log: cfg.Log, clk: cfg.Clock}
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	if db.clk == nil {
		db.clk = clock.System()
	}
	return db, nil
}

func (db *DB) connect(ctx context.Context, snapshot bool) error {
	if db.engine == Postgres {
		return db.connectPostgres(ctx, snapshot)
	}
	return db.connectSQLite(ctx, snapshot)
}

// abandon closes what a failed opening left behind.
func (db *DB) abandon(err error) error {
	if db.read != nil {
		db.read.Close()
	}
	if db.write != nil {
		db.write.Close()
	}
	return userFault(err)
}

// Close lets the group that runs finish, refuses what waits and closes the
// connections. It may be called more than once.
func (db *DB) Close() error {
	db.closing.Do(func() {
		if db.writer != nil {
			db.writer.close()
			db.done = db.write.Close()
		}
		if err := db.read.Close(); db.done == nil {
			db.done = err
		}
	})
	return db.done
}

// Engine returns the engine of this database.
func (db *DB) Engine() Engine { return db.engine }

// SchemaVersion returns the number of the newest migration applied.
func (db *DB) SchemaVersion() int { return db.version }

// Ping checks that the database answers a read.
func (db *DB) Ping(ctx context.Context) error { return userFault(db.read.PingContext(ctx)) }

// Now returns the time of the database server in UTC; on SQLite that is the
// machine's own time. A node compares it with its clock's Real.
func (db *DB) Now(ctx context.Context) (time.Time, error) {
	if db.engine == SQLite {
		return db.clk.Real(), nil
	}
	var us int64
	err := db.read.QueryRowContext(ctx, "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint").Scan(&us)
	if err != nil {
		return time.Time{}, userFault(fmt.Errorf("read the database's time: %w", err))
	}
	return clock.FromMicros(us), nil
}

// Journal is what numbers and stores the buffered entries of a group.
type Journal interface {
	// Seal runs once at the end of a group, after its members and before the
	// commit. An error fails the group; its members are then run one by one.
	Seal(tx *Tx, entries []any) error
}

// SetJournal makes j the journal of this database. A write that buffers
// entries fails as long as there is none.
func (db *DB) SetJournal(j Journal) { db.journal.Store(&j) }

// Stats counts what the writer did since the database was opened.
type Stats struct {
	Groups  uint64 // committed groups
	Writes  uint64 // members committed in them
	Aborts  uint64 // groups the engine aborted and that were run again one by one
	Largest uint64 // members of the largest group
}

// Stats returns the writer's counters.
func (db *DB) Stats() Stats {
	if db.writer == nil {
		return Stats{}
	}
	w := db.writer
	return Stats{w.groups.Load(), w.writes.Load(), w.aborts.Load(), w.largest.Load()}
}
