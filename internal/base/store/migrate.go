package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store/vacuum"
)

//go:embed migration
var migrations embed.FS

// migration is one embedded step. Steps are never edited after a release:
// their hash is checked at each start.
type migration struct {
	version int
	name    string // "0001_ledger"
	text    string
	hash    string
}

func loadMigrations(e Engine) ([]migration, error) {
	dir := "migration/" + string(e)
	files, err := migrations.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []migration
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), ".sql")
		if !ok {
			continue
		}
		number, _, _ := strings.Cut(name, "_")
		version, err := strconv.Atoi(number)
		if err != nil || len(number) != 4 {
			return nil, fmt.Errorf("store: migration %s does not start with four digits", f.Name())
		}
		text, err := migrations.ReadFile(dir + "/" + f.Name())
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(text)
		out = append(out, migration{version, name, string(text), hex.EncodeToString(sum[:])})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].version < out[j].version })
	for i := 1; i < len(out); i++ {
		if out[i].version == out[i-1].version {
			return nil, fmt.Errorf("store: migrations %s and %s have one number", out[i-1].name, out[i].name)
		}
	}
	return out, nil
}

// migrate applies what is pending, all in one transaction.
func (db *DB) migrate(ctx context.Context) error {
	steps, err := loadMigrations(db.engine)
	if err != nil {
		return err
	}
	c, err := db.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	begin := "BEGIN IMMEDIATE"
	if db.engine == Postgres {
		// The lock of the writers: a second node waits, then finds it done.
		begin = fmt.Sprintf("BEGIN; SELECT pg_advisory_xact_lock(%d)", int64(advisory))
	}
	pending, fresh, err := db.pending(ctx, steps)
	if err != nil {
		return err
	}
	if len(pending) == 0 {
		db.version = steps[len(steps)-1].version
		return nil
	}
	if !fresh {
		if err := db.beforeMigration(ctx, pending); err != nil {
			return err
		}
	}
	if _, err := c.ExecContext(ctx, begin); err != nil {
		return err
	}
	defer c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") // without effect after the commit
	pending, fresh, err = comparePlan(ctx, c, db.engine, steps)
	if err != nil {
		return err
	}
	if err := db.apply(ctx, c, pending, fresh); err != nil {
		return err
	}
	if _, err := c.ExecContext(ctx, "COMMIT"); err != nil {
		return fmt.Errorf("commit the migrations: %w", err)
	}
	db.version = steps[len(steps)-1].version
	return nil
}

func (db *DB) apply(ctx context.Context, c *sql.Conn, pending []migration, fresh bool) error {
	now := clock.Micros(db.clk.Real())
	for _, m := range pending {
		if _, err := c.ExecContext(ctx, m.text); err != nil {
			return fmt.Errorf("migration %s: %w", m.name, err)
		}
		_, err := c.ExecContext(ctx, db.sql("INSERT INTO schema_version (version, name, sha256, applied_at) VALUES (?, ?, ?, ?)"),
			int64(m.version), m.name, m.hash, now)
		if err != nil {
			return fmt.Errorf("note migration %s: %w", m.name, err)
		}
	}
	if fresh && len(pending) > 0 {
		_, err := c.ExecContext(ctx, db.sql("INSERT INTO store_mark (id, test_clock, clock_offset, probed_at, created_at) VALUES (1, ?, 0, 0, ?)"),
			bit(db.cfg.TestClock), now)
		if err != nil {
			return fmt.Errorf("mark the database: %w", err)
		}
	}
	if len(pending) > 0 && !fresh {
		db.log.Info("database migrated", "from", pending[0].name, "to", pending[len(pending)-1].name)
	}
	return nil
}

// beforeMigration keeps a way back: a copy on SQLite, an explicit order on
// PostgreSQL.
func (db *DB) beforeMigration(ctx context.Context, pending []migration) error {
	if db.engine == Postgres {
		if db.cfg.Migrate {
			return nil
		}
		return fault.Newf(fault.Conflict, "The database is older than this program (%d migrations pending, first %s); make a backup, then run: wakebell migrate",
			len(pending), pending[0].name)
	}
	path := filepath.Join(db.cfg.Dir, fmt.Sprintf("backup-before-%04d.db", pending[0].version))
	tmp := path + ".part"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := vacuum.Into(ctx, db.read, tmp); err != nil {
		return fmt.Errorf("back up before migrating: %w", userFault(err))
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	db.log.Info("backup made before migrating", "file", path)
	return nil
}

// checkSchema is what a read-only opening needs: nothing pending.
func (db *DB) checkSchema(ctx context.Context) error {
	steps, err := loadMigrations(db.engine)
	if err != nil {
		return err
	}
	pending, fresh, err := db.pending(ctx, steps)
	switch {
	case err != nil:
		return err
	case fresh:
		return fault.New(fault.NotFound, "The database holds no Wakebell data")
	case len(pending) > 0:
		return fault.Newf(fault.Conflict, "The database is older than this program (first pending migration %s); start the server once, or run: wakebell migrate", pending[0].name)
	}
	db.version = steps[len(steps)-1].version
	return nil
}

func (db *DB) pending(ctx context.Context, steps []migration) ([]migration, bool, error) {
	c, err := db.read.Conn(ctx)
	if err != nil {
		return nil, false, err
	}
	defer c.Close()
	return comparePlan(ctx, c, db.engine, steps)
}

// comparePlan compares what was applied with what is embedded. It returns the
// steps to apply and whether the database holds no Wakebell table yet.
func comparePlan(ctx context.Context, c *sql.Conn, e Engine, steps []migration) ([]migration, bool, error) {
	if len(steps) == 0 {
		return nil, false, errors.New("store: no migrations are embedded")
	}
	exists := "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'"
	if e == Postgres {
		exists = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'schema_version'"
	}
	var n int
	if err := c.QueryRowContext(ctx, exists).Scan(&n); err != nil {
		return nil, false, fmt.Errorf("look for the schema: %w", err)
	}
	if n == 0 {
		return steps, true, nil
	}
	rows, err := c.QueryContext(ctx, "SELECT version, name, sha256 FROM schema_version ORDER BY version")
	if err != nil {
		return nil, false, fmt.Errorf("read the schema's version: %w", err)
	}
	defer rows.Close()
	known := map[int]migration{}
	for _, m := range steps {
		known[m.version] = m
	}
	newest, newestKnown := 0, steps[len(steps)-1]
	for rows.Next() {
		var v int
		var name, hash string
		if err := rows.Scan(&v, &name, &hash); err != nil {
			return nil, false, err
		}
		m, ok := known[v]
		switch {
		case !ok && v > newestKnown.version:
			return nil, false, fault.Newf(fault.Conflict, "The database is newer than this program: it has migration %s, this program ends at %s; use the newer program", name, newestKnown.name)
		case !ok || m.name != name || m.hash != hash:
			return nil, false, fault.Newf(fault.Conflict, "Migration %s of the database is not the one of this program; use the program that made it, or restore a backup", name)
		}
		delete(known, v)
		newest = v
	}
	if err := rows.Err(); err != nil {
		return nil, false, err
	}
	var pending []migration
	for _, m := range steps {
		if _, ok := known[m.version]; !ok {
			continue
		}
		if m.version < newest {
			return nil, false, fault.Newf(fault.Conflict, "Migration %s is missing in the database although a later one was applied", m.name)
		}
		pending = append(pending, m)
	}
	return pending, false, nil
}

// checkMark refuses to mix a test clock with real records.
func (db *DB) checkMark(ctx context.Context) error {
	var test int64
	if err := db.read.QueryRowContext(ctx, "SELECT test_clock FROM store_mark WHERE id = 1").Scan(&test); err != nil {
		return fmt.Errorf("read the database's mark: %w", err)
	}
	switch {
	case test != 0 && !db.cfg.TestClock:
		return fault.New(fault.Conflict, "This database was made for the test clock; start with --test-clock, or use another data directory")
	case test == 0 && db.cfg.TestClock:
		return fault.New(fault.Conflict, "This database holds real records and refuses the test clock; use another data directory")
	}
	return nil
}

// ClockOffset returns by how much the test clock of this database was moved.
func (db *DB) ClockOffset(ctx context.Context) (time.Duration, error) {
	var us int64
	if err := db.QueryRow(ctx, "SELECT clock_offset FROM store_mark WHERE id = 1").Scan(&us); err != nil {
		return 0, userFault(err)
	}
	return time.Duration(us) * time.Microsecond, nil
}

// SetClockOffset keeps the offset of the test clock, so that a restart goes on
// where it stood. It is fault.Conflict on a database without the mark.
func (tx *Tx) SetClockOffset(d time.Duration) error {
	res, err := tx.Exec("UPDATE store_mark SET clock_offset = ? WHERE id = 1 AND test_clock = 1", d.Microseconds())
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return fault.New(fault.Conflict, "This database has no test clock")
}
