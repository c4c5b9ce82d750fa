// Package storetest gives tests a real SQLite and a real PostgreSQL. It carries
// out no policy sentence; it keeps both engines honest. Only tests import it.
package storetest

import (
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/store"
)

// Engines are the engines each store test runs on.
var Engines = []store.Engine{store.SQLite, store.Postgres}

// Run runs fn as subtests "sqlite" and "postgres", each on a fresh, migrated
// database that is gone after the test. The subtests are parallel.
func Run(t *testing.T, fn func(t *testing.T, db *store.DB)) {
	t.Helper()
	for _, e := range Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			fn(t, Open(t, e))
		})
	}
}

// Open returns a fresh, migrated database that is closed after the test.
func Open(t testing.TB, e store.Engine) *store.DB {
	t.Helper()
	return OpenConfig(t, Fresh(t, e))
}

// OpenConfig opens cfg and closes it after the test.
func OpenConfig(t testing.TB, cfg store.Config) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatalf("open %s: %v", cfg.Engine(), err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Fresh returns the Config of a database that is migrated but holds nothing,
// not yet opened. It can be opened several times.
func Fresh(t testing.TB, e store.Engine) store.Config {
	t.Helper()
	cfg := store.Config{Dir: t.TempDir(), Log: logger(t)}
	if e == store.Postgres {
		cfg.URL = server(t).create(t, true)
		return cfg
	}
	image, err := sqliteImage()
	if err != nil {
		t.Fatalf("prepare a SQLite database: %v", err)
	}
	if err := os.WriteFile(filepath.Join(cfg.Dir, "wakebell.db"), image, 0o600); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// Empty returns the Config of a database without any table, for tests of
// migrations and of the program's start.
func Empty(t testing.TB, e store.Engine) store.Config {
	t.Helper()
	cfg := store.Config{Dir: t.TempDir(), Log: logger(t)}
	if e == store.Postgres {
		cfg.URL = server(t).create(t, false)
	}
	return cfg
}

// PostgresURL returns the address of an empty PostgreSQL database that is
// dropped after the test, for tests that start the program.
func PostgresURL(t testing.TB) string {
	t.Helper()
	return server(t).create(t, false)
}

func logger(t testing.TB) *slog.Logger {
	if testing.Verbose() {
		return slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	return nil
}

// sqliteImage is a migrated database file, made once: copying is faster than
// migrating.
var sqliteImage = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "wakebell-sqlite-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ctx := clock.Background()
	db, err := store.Open(ctx, store.Config{Dir: dir})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	path := filepath.Join(dir, "image.db")
	if err := db.SnapshotTo(ctx, path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})
