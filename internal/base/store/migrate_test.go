package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/datadir"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
)

func each(t *testing.T, fn func(t *testing.T, e store.Engine)) {
	t.Helper()
	for _, e := range storetest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			fn(t, e)
		})
	}
}

// refused opens cfg and wants a refusal with the words in its message.
func refused(t *testing.T, cfg store.Config, words string) {
	t.Helper()
	db, err := store.Open(t.Context(), cfg)
	if err == nil {
		db.Close()
	}
	if m, _ := fault.MessageOf(err); fault.KindOf(err) != fault.Conflict || !strings.Contains(m, words) {
		t.Fatalf("want a refusal with %q, got %v", words, err)
	}
}

func TestBothEnginesHaveTheSameMigrations(t *testing.T) {
	t.Parallel()
	names := func(dir string) string {
		files, err := os.ReadDir(filepath.Join("migration", dir))
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, f := range files {
			out = append(out, f.Name())
		}
		return strings.Join(out, "\n")
	}
	if a, b := names("sqlite"), names("postgres"); a != b {
		t.Fatalf("sqlite:\n%s\npostgres:\n%s", a, b)
	}
}

func TestOpeningTwiceAndEmpty(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e store.Engine) {
		cfg := storetest.Empty(t, e)
		db := storetest.OpenConfig(t, cfg)
		version := db.SchemaVersion()
		db.Close()
		again := storetest.OpenConfig(t, cfg)
		if again.SchemaVersion() != version {
			t.Fatalf("version %d, then %d", version, again.SchemaVersion())
		}
		if m, _ := filepath.Glob(filepath.Join(cfg.Dir, "backup-*")); len(m) != 0 {
			t.Fatalf("backups without a migration: %v", m)
		}
	})
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e store.Engine) {
		cfg := storetest.Fresh(t, e)
		db := storetest.OpenConfig(t, cfg)
		if err := store.Change(t, db, "INSERT INTO schema_version (version, name, sha256, applied_at) VALUES (9999, '9999_future', 'x', 0)"); err != nil {
			t.Fatal(err)
		}
		db.Close()
		refused(t, cfg, "newer than this program")
		if _, err := store.OpenSnapshot(t.Context(), cfg); fault.KindOf(err) != fault.Conflict {
			t.Fatalf("snapshot: %v", err)
		}
	})
}

func TestChangedMigrationIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e store.Engine) {
		cfg := storetest.Fresh(t, e)
		db := storetest.OpenConfig(t, cfg)
		if err := store.Change(t, db, "UPDATE schema_version SET sha256 = 'other' WHERE version = 0"); err != nil {
			t.Fatal(err)
		}
		db.Close()
		refused(t, cfg, "0000_store")
	})
}

// TestPendingMigration takes the notes of all migrations away, as a program
// that knew none of them would have left the database.
func TestPendingMigration(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e store.Engine) {
		cfg := storetest.Fresh(t, e)
		db := storetest.OpenConfig(t, cfg)
		for _, q := range []string{
			"DROP TABLE store_mark", "DROP TABLE idempotency", "DELETE FROM schema_version WHERE version >= 0",
		} {
			if err := store.Change(t, db, q); err != nil {
				t.Fatal(err)
			}
		}
		db.Close()
		if _, err := store.OpenSnapshot(t.Context(), cfg); fault.KindOf(err) != fault.Conflict {
			t.Fatalf("snapshot of an old database: %v", err)
		}
		if e == store.Postgres {
			refused(t, cfg, "wakebell migrate")
			cfg.Migrate = true
		}
		// schema_version is still there, so the step fails: what matters is
		// that nothing of it stays, and that the way back was made first.
		for range 2 {
			if db, err := store.Open(t.Context(), cfg); err == nil {
				db.Close()
				t.Fatal("no error")
			}
		}
		_, err := os.Stat(filepath.Join(cfg.Dir, "backup-before-0000.db"))
		if (err == nil) != (e == store.SQLite) {
			t.Fatalf("backup: %v", err)
		}
	})
}

func TestMarkedAndUnmarkedRefuseEachOther(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e store.Engine) {
		test, plain := storetest.Empty(t, e), storetest.Fresh(t, e)
		test.TestClock = true
		db := storetest.OpenConfig(t, test)
		set := func(db *store.DB) error {
			_, err := db.Write(t.Context(), op, func(tx *store.Tx) error { return tx.SetClockOffset(20 * time.Minute) })
			return err
		}
		if err := set(db); err != nil {
			t.Fatal(err)
		}
		if off, err := db.ClockOffset(t.Context()); err != nil || off != 20*time.Minute {
			t.Fatalf("offset %v %v", off, err)
		}
		db.Close()
		test.TestClock = false
		refused(t, test, "test clock")
		db = storetest.OpenConfig(t, plain)
		if err := set(db); fault.KindOf(err) != fault.Conflict {
			t.Fatalf("real records moved: %v", err)
		}
		db.Close()
		plain.TestClock = true
		refused(t, plain, "real records")
	})
}

func TestSnapshotOpening(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e store.Engine) {
		cfg := storetest.Fresh(t, e)
		db := storetest.OpenConfig(t, cfg)
		table(t, db)
		if _, err := db.Write(t.Context(), op, func(tx *store.Tx) error { return put(tx, 1, "a") }); err != nil {
			t.Fatal(err)
		}
		snap, err := store.OpenSnapshot(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer snap.Close()
		if count(t, snap) != 1 {
			t.Fatal("snapshot does not see the row")
		}
		if _, err := snap.Write(t.Context(), op, func(*store.Tx) error { return nil }); fault.KindOf(err) != fault.Conflict {
			t.Fatalf("write: %v", err)
		}
		if err := snap.Healthy(t.Context()); err != nil {
			t.Fatal(err)
		}
		if e == store.Postgres {
			return
		}
		dir := t.TempDir()
		if err := db.SnapshotTo(t.Context(), filepath.Join(dir, "wakebell.db")); err != nil {
			t.Fatal(err)
		}
		if err := db.SnapshotTo(t.Context(), filepath.Join(dir, "wakebell.db")); err == nil {
			t.Fatal("an existing file was overwritten")
		}
		if copied := storetest.OpenConfig(t, store.Config{Dir: dir}); count(t, copied) != 1 {
			t.Fatal("copy does not hold the row")
		}
		if _, err := store.OpenSnapshot(t.Context(), store.Config{Dir: t.TempDir()}); fault.KindOf(err) != fault.NotFound {
			t.Fatalf("no database: %v", err)
		}
	})
}

func TestLockDir(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	l, err := datadir.Take(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := datadir.Take(dir); fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "in use by process") {
		t.Fatalf("second lock: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l, err = datadir.Take(dir)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

func TestSocketPath(t *testing.T) {
	t.Parallel()
	if p := datadir.SocketPath("/var/lib/wakebell"); p != "/var/lib/wakebell/wakebell.sock" {
		t.Fatal(p)
	}
	long := "/" + strings.Repeat("x", 120)
	if p := datadir.SocketPath(long); len(p) > 100 || p != datadir.SocketPath(long) || p == datadir.SocketPath(long+"y") {
		t.Fatal(p)
	}
}

func TestConfigValidate(t *testing.T) {
	t.Parallel()
	for _, c := range []store.Config{{}, {URL: "mysql://x"}} {
		if fault.KindOf(c.Validate()) != fault.Invalid {
			t.Errorf("%+v", c)
		}
	}
	if _, err := store.Open(t.Context(), store.Config{URL: "postgres://nobody@127.0.0.1:1/x", Dir: t.TempDir()}); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("unreachable: %v", err)
	}
}
