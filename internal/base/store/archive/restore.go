package archive

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/datadir"
)

// Target says where an archive is restored to, and how a loaded database is made
// whole.
type Target struct {
	// Dir is the data directory. URL is empty for its SQLite database, or the
	// postgres:// address of a database that holds no Wakebell table.
	Dir, URL string
	Clock    *clock.Clock // product time
	Log      *slog.Logger // nil: silent
	// Fill gets the loaded database, which nobody else sees yet: it verifies,
	// replays projections and records the restore. What it leaves in the folder
	// stage under the names of KeyFile and Files takes the place of the same
	// names in Dir. An error ends the restore, and nothing was changed.
	Fill func(ctx context.Context, db *store.DB, stage string) error
	// KeyFile is the name of the private key. It passes through KeyFile.next,
	// from where a start takes it when it is the key of the database.
	KeyFile string
	Files   []string
	// Keep, if there is one, copies into the folder of what is replaced whatever else
	// belongs to the old database.
	Keep func(kept string) error

	at func(step string) error // tests: end the process here
}

// Names in the data directory.
const (
	database     = "wakebell.db"
	stagePrefix  = "restoring-"
	keptPrefix   = "replaced-"
	keptLayout   = "20060102T150405Z"
	maxKeptNames = 100
)

// restore is one run.
type restore struct {
	Target
	stage string // folder beside the data it replaces
	kept  string // folder with what was replaced; empty as long as there is none
	moved bool   // something of the old state is only there
	pg    *schema
}

// Restore puts the archive in place of the database of the target. It loads into
// a fresh database beside it, has that one made whole, and only then swaps.
// Until the swap nothing is changed; the swap is one rename (SQLite) or one
// commit (PostgreSQL), with what must be there before it done before. So a
// process that dies leaves the old or the new state, and either starts.
// Replaced files are kept in Dir/replaced-<UTC time>, whose path is returned;
// it is empty when there were none.
//
// A server on the directory, another process that reads the SQLite file, or a
// PostgreSQL database with Wakebell tables is fault.Conflict.
func (a *Archive) Restore(ctx context.Context, to Target) (kept string, err error) {
	lock, err := datadir.Take(to.Dir)
	if fault.KindOf(err) == fault.Conflict {
		return "", fault.Wrap(fault.Conflict, err, "The data directory "+to.Dir+" is in use: stop the server first, then restore")
	}
	if err != nil {
		return "", err
	}
	defer lock.Close()
	r := &restore{Target: to}
	if err := r.sweep(); err != nil {
		return "", err
	}
	if r.stage, err = os.MkdirTemp(to.Dir, stagePrefix); err != nil {
		return "", diskFault(err, to.Dir)
	}
	defer os.RemoveAll(r.stage)
	if to.URL != "" {
		if r.pg, err = openSchema(ctx, to.URL); err != nil {
			return "", err
		}
		defer r.pg.close(ctx)
	}
	if err := r.build(ctx, a); err != nil {
		return "", err
	}
	err = r.swap(ctx)
	if err != nil && !r.moved && r.kept != "" {
		os.RemoveAll(r.kept) // second names of files that are still in place
		r.kept = ""
	}
	return r.kept, err
}

func (r *restore) step(name string) error {
	if r.at == nil {
		return nil
	}
	return r.at(name)
}

// sweep removes what a restore left that was killed: a copy that never counted.
func (r *restore) sweep() error {
	old, err := filepath.Glob(filepath.Join(globQuote(r.Dir), stagePrefix+"*"))
	if err != nil {
		return err
	}
	for _, dir := range old {
		if err := os.RemoveAll(dir); err != nil {
			return diskFault(err, r.Dir)
		}
	}
	return nil
}

func globQuote(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}

// build loads the archive into the stage and makes it whole.
func (r *restore) build(ctx context.Context, a *Archive) error {
	cfg := store.Config{Dir: r.stage, TestClock: a.Manifest.Mark.TestClock, Log: r.Log, Clock: r.Clock}
	if r.pg != nil {
		cfg.URL = r.pg.url
	}
	db, err := store.Open(ctx, cfg)
	if err != nil {
		return fmt.Errorf("make a fresh database: %w", err)
	}
	err = r.fill(ctx, a, db)
	if e := db.Close(); err == nil {
		err = e
	}
	if err != nil || r.pg != nil {
		return err
	}
	return settle(ctx, r.Clock, filepath.Join(r.stage, database))
}

func (r *restore) fill(ctx context.Context, a *Archive, db *store.DB) error {
	if r.pg != nil {
		if err := r.pg.check(ctx, db); err != nil {
			return err
		}
	}
	if err := a.load(ctx, db); err != nil {
		return err
	}
	if err := r.step("loaded"); err != nil {
		return err
	}
	if err := r.Fill(ctx, db, r.stage); err != nil {
		return err
	}
	return r.step("filled")
}

// swap puts the stage in place. The order matters: what a start needs with the
// new database lies there before it, and does not disturb the old one.
func (r *restore) swap(ctx context.Context) error {
	if err := r.keep(ctx); err != nil {
		return fmt.Errorf("keep what is replaced: %w", err)
	}
	for _, s := range []struct {
		name string
		do   func() error
	}{
		{"key", func() error { return r.move(r.KeyFile, r.KeyFile+".next") }},
		{"database", func() error { return r.moveDatabase(ctx) }},
		{"settle", r.settleKey},
		{"files", r.moveFiles},
	} {
		if err := r.step(s.name); err != nil {
			return err
		}
		err := s.do()
		r.moved = r.moved || err == nil && s.name == "database"
		if err != nil {
			if s.name == "settle" || s.name == "files" {
				return fmt.Errorf("the database is restored, the files beside it are not all in place: start the server, or repeat the restore: %w", err)
			}
			return fmt.Errorf("put the restored database in place: %w", err)
		}
	}
	return r.step("end")
}

// move renames a file of the stage into the data directory.
func (r *restore) move(from, to string) error {
	err := os.Rename(filepath.Join(r.stage, from), filepath.Join(r.Dir, to))
	if errors.Is(err, os.ErrNotExist) {
		return nil // Fill left none
	}
	if err != nil {
		return err
	}
	return syncDir(r.Dir)
}

func (r *restore) moveDatabase(ctx context.Context) error {
	if r.pg != nil {
		return r.pg.move(ctx)
	}
	return r.move(database, database)
}

func (r *restore) settleKey() error {
	next := filepath.Join(r.Dir, r.KeyFile+".next")
	if _, err := os.Lstat(next); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err := os.Rename(next, filepath.Join(r.Dir, r.KeyFile)); err != nil {
		return err
	}
	return syncDir(r.Dir)
}

func (r *restore) moveFiles() error {
	for _, name := range r.Files {
		if err := r.move(name, name); err != nil {
			return err
		}
	}
	return nil
}

// keep puts all that will be replaced into a folder of its own under a second
// name. The files stay where they are until a new one takes their place: there
// is no moment without a database. A damaged database cannot take back its
// write-ahead log, which would be read into the new one: that file is moved.
func (r *restore) keep(ctx context.Context) error {
	if err := r.step("keep"); err != nil {
		return err
	}
	names := append([]string{r.KeyFile, r.KeyFile + ".next"}, r.Files...)
	var move []string
	if r.pg == nil {
		names = append(names, database)
		path := filepath.Join(r.Dir, database)
		if exists(path) {
			switch err := settle(ctx, r.Clock, path); {
			case unreadable(err):
				move = []string{database + "-wal", database + "-shm", database + "-journal"}
			case err != nil:
				return err
			}
		} else {
			move = []string{database + "-wal", database + "-shm", database + "-journal"}
		}
	}
	for _, name := range append(names, move...) {
		if name == "" || !exists(filepath.Join(r.Dir, name)) {
			continue
		}
		if err := r.keepFolder(); err != nil {
			return err
		}
		if err := duplicate(filepath.Join(r.Dir, name), filepath.Join(r.kept, name)); err != nil {
			return err
		}
	}
	if r.kept == "" {
		return nil
	}
	if r.Keep != nil {
		if err := r.Keep(r.kept); err != nil {
			return err
		}
	}
	if err := syncDir(r.kept); err != nil {
		return err
	}
	if err := r.step("kept"); err != nil {
		return err
	}
	for _, name := range move {
		r.moved = true
		if err := os.Remove(filepath.Join(r.Dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return syncDir(r.Dir)
}

// keepFolder makes the folder, once.
func (r *restore) keepFolder() error {
	if r.kept != "" {
		return nil
	}
	base := filepath.Join(r.Dir, keptPrefix+r.now().Format(keptLayout))
	for i := range maxKeptNames {
		path := base
		if i > 0 {
			path += "-" + strconv.Itoa(i+1)
		}
		err := os.Mkdir(path, 0o700)
		if err == nil {
			r.kept = path
			return nil
		}
		if !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return os.ErrExist
}

func (r *restore) now() time.Time { return r.Clock.Real() }

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
