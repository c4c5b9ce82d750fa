package archive_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/datadir"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
)

// files leaves a key and a checkpoint, as a restore does.
func files(_ context.Context, _ *store.DB, stage string) error {
	return errors.Join(os.WriteFile(filepath.Join(stage, "ledger.key"), []byte("new key"), 0o600),
		os.WriteFile(filepath.Join(stage, "checkpoint.txt"), []byte("new checkpoint"), 0o600))
}

func read(t testing.TB, path ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(b)
}

// mark says what a database holds: the actor of its one idempotency key.
func mark(t testing.TB, cfg store.Config) string {
	t.Helper()
	db, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatalf("it does not start: %v", err)
	}
	defer db.Close()
	var who string
	if err := db.QueryRow(t.Context(), "SELECT COALESCE(MAX(actor), 'nothing') FROM idempotency").Scan(&who); err != nil {
		t.Fatal(err)
	}
	return who
}

// old makes a data directory in use before the restore: a SQLite database whose
// last write is in the write-ahead log, or an empty PostgreSQL database.
func old(t testing.TB, e store.Engine) store.Config {
	t.Helper()
	cfg := storetest.Empty(t, e)
	if e == store.SQLite {
		db, err := store.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		write(t, db, putKey, "old", "b", "c", []byte{1}, "r", 0, 1)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"ledger.key": "old key", "checkpoint.txt": "old checkpoint"} {
		if err := os.WriteFile(filepath.Join(cfg.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cfg
}

func newBackup(t testing.TB) string {
	t.Helper()
	db := storetest.Open(t, store.SQLite)
	write(t, db, putKey, "new", "b", "c", []byte{1}, "r", 0, 1)
	file, _ := backup(t, db)
	return file
}

// listing names the files of a directory with their content.
func listing(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if e.Name() != "lock" && !strings.HasPrefix(e.Name(), "wakebell.db-") {
			all[e.Name()] = ""
			if !e.IsDir() {
				all[e.Name()] = read(t, dir, e.Name())
			}
		}
	}
	return all
}

func TestWhatIsReplacedIsKept(t *testing.T) {
	t.Parallel()
	file := newBackup(t)
	for _, e := range storetest.Engines {
		cfg := old(t, e)
		to := target(cfg)
		to.Fill = files
		kept, err := openArchive(t, file).Restore(t.Context(), to)
		if err != nil || filepath.Dir(kept) != cfg.Dir {
			t.Fatalf("kept %q, %v", kept, err)
		}
		if got := mark(t, cfg); got != "new" {
			t.Errorf("%s: the database is %s", e, got)
		}
		if read(t, cfg.Dir, "ledger.key") != "new key" || read(t, cfg.Dir, "checkpoint.txt") != "new checkpoint" ||
			read(t, kept, "ledger.key") != "old key" || read(t, kept, "checkpoint.txt") != "old checkpoint" {
			t.Errorf("%s: files are not in place: %v, kept %v", e, listing(t, cfg.Dir), listing(t, kept))
		}
		if _, there := listing(t, cfg.Dir)["ledger.key.next"]; there {
			t.Error("the key's next name is left")
		}
		for _, path := range []string{"ledger.key", "wakebell.db"} {
			if info, err := os.Stat(filepath.Join(cfg.Dir, path)); err == nil && info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v", path, info.Mode())
			}
		}
		noTrace(t, cfg)
		if e == store.Postgres {
			continue
		}
		if got := mark(t, store.Config{Dir: kept}); got != "old" {
			t.Errorf("the kept database is %s", got)
		}
		again, err := openArchive(t, file).Restore(t.Context(), to)
		if err != nil || again == kept {
			t.Errorf("again: %s, %v", again, err)
		}
	}
}

func TestRestoreRefusesAndChangesNothing(t *testing.T) {
	t.Parallel()
	file := newBackup(t)
	wrong := errors.New("the ledger does not verify")
	for _, e := range storetest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			cfg := old(t, e)
			before := listing(t, cfg.Dir)
			check := func(what string, err error, kind fault.Kind, says string) {
				t.Helper()
				if fault.KindOf(err) != kind || !strings.Contains(err.Error(), says) {
					t.Errorf("%s: %v", what, err)
				}
				after := listing(t, cfg.Dir)
				if len(after) != len(before) {
					t.Errorf("%s: the directory holds %d files, before %d", what, len(after), len(before))
				}
				for name, text := range before {
					if name != "wakebell.db" && after[name] != text {
						t.Errorf("%s: %s was changed", what, name)
					}
				}
			}
			to := target(cfg)
			to.Fill = func(ctx context.Context, db *store.DB, stage string) error {
				return errors.Join(files(ctx, db, stage), wrong)
			}
			_, err := openArchive(t, file).Restore(t.Context(), to)
			check("fill", err, fault.Internal, wrong.Error())
			to.Fill = files
			for _, at := range []string{"loaded", "filled", "keep", "kept", "key"} {
				to.At(func(step string) error {
					if step == at {
						return wrong
					}
					return nil
				})
				_, err := openArchive(t, file).Restore(t.Context(), to)
				check(at, err, fault.Internal, wrong.Error())
			}
			to.At(nil)
			lock, err := datadir.Take(cfg.Dir)
			if err != nil {
				t.Fatal(err)
			}
			_, err = openArchive(t, file).Restore(t.Context(), to)
			check("a server runs", err, fault.Conflict, "stop the server first")
			lock.Close()
			gone, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err = openArchive(t, file).Restore(gone, to); err == nil {
				t.Error("a cancelled restore went on")
			}
			check("cancelled", context.Canceled, fault.Internal, "")
			db, err := store.Open(t.Context(), cfg) // on PostgreSQL that makes the tables
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			says := "Another process reads the database"
			if e == store.Postgres {
				says = "already holds Wakebell tables"
			}
			_, err = openArchive(t, file).Restore(t.Context(), to)
			check("in use", err, fault.Conflict, says)
			noTrace(t, cfg)
		})
	}
}

func TestADamagedDatabaseIsReplaced(t *testing.T) {
	t.Parallel()
	file := newBackup(t)
	for _, damage := range []string{"no database at all, but long enough to be one: " + strings.Repeat("x", 5000), ""} {
		cfg := old(t, store.SQLite)
		for name, text := range map[string]string{"wakebell.db": damage, "wakebell.db-wal": "a log that must not be read into the new one"} {
			if err := os.WriteFile(filepath.Join(cfg.Dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		to := target(cfg)
		to.Fill = files
		kept, err := openArchive(t, file).Restore(t.Context(), to)
		if err != nil {
			t.Fatal(err)
		}
		if got := mark(t, cfg); got != "new" || damage != "" && read(t, kept, "wakebell.db") != damage {
			t.Errorf("the database is %s, kept %v", got, listing(t, kept))
		}
	}
}

// Variables of the process that TestKilled ends.
const (
	killStep = "WAKEBELL_ARCHIVE_KILL_AT"
	killFile = "WAKEBELL_ARCHIVE_FILE"
	killDir  = "WAKEBELL_ARCHIVE_DIR"
	killURL  = "WAKEBELL_ARCHIVE_URL"
)

// TestKilled ends a process in the middle of a restore, without any clean-up, at
// each step: the old or the new state starts, and a second restore succeeds.
func TestKilled(t *testing.T) {
	t.Parallel()
	if at := os.Getenv(killStep); at != "" {
		to := target(store.Config{Dir: os.Getenv(killDir), URL: os.Getenv(killURL)})
		to.Fill = files
		to.At(func(step string) error {
			if step == at {
				os.Exit(9)
			}
			return nil
		})
		_, err := openArchive(t, os.Getenv(killFile)).Restore(t.Context(), to)
		t.Fatalf("it was not killed: %v", err)
	}
	file := newBackup(t)
	for _, e := range storetest.Engines {
		for i, at := range []string{"loaded", "filled", "keep", "kept", "key", "database", "settle", "files", "end"} {
			t.Run(string(e)+"_"+at, func(t *testing.T) {
				t.Parallel()
				cfg := old(t, e)
				cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
				cmd.Env = append(os.Environ(), killStep+"="+at, killFile+"="+file, killDir+"="+cfg.Dir, killURL+"="+cfg.URL)
				out, err := cmd.CombinedOutput()
				if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 9 {
					t.Fatalf("the process: %v\n%s", err, out)
				}
				swapped := i > 5
				want, key := map[bool]string{false: "old", true: "new"}[swapped], map[bool]string{false: "old key", true: "new key"}[swapped]
				if e == store.SQLite || swapped { // an empty PostgreSQL database would start as one
					if got := mark(t, cfg); got != want {
						t.Errorf("the database is %s, want %s", got, want)
					}
				}
				if at, next := read(t, cfg.Dir, "ledger.key"), read(t, cfg.Dir, "ledger.key.next"); at != key && next != key {
					t.Errorf("neither key is of the %s database: %q, next %q", want, at, next)
				}
				if e == store.Postgres && swapped {
					return // no longer empty
				}
				to := target(cfg)
				to.Fill = files
				if _, err := openArchive(t, file).Restore(t.Context(), to); err != nil {
					t.Fatal(err)
				}
				if mark(t, cfg) != "new" || read(t, cfg.Dir, "ledger.key") != "new key" || read(t, cfg.Dir, "checkpoint.txt") != "new checkpoint" {
					t.Errorf("the second restore: %v", listing(t, cfg.Dir))
				}
				noTrace(t, cfg)
			})
		}
	}
}

func TestPostgresThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	file := newBackup(t)
	cfg := storetest.Empty(t, store.Postgres)
	to := target(cfg)
	to.URL = strings.Replace(cfg.URL, "postgres://", "mysql://", 1)
	if _, err := openArchive(t, file).Restore(t.Context(), to); fault.KindOf(err) != fault.Invalid {
		t.Errorf("not an address: %v", err)
	}
	to.URL = "postgres://nobody@127.0.0.1:1/none"
	if _, err := openArchive(t, file).Restore(t.Context(), to); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("no server: %v", err)
	}
}
