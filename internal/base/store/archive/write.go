package archive

import (
	"archive/zip"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
)

// Options say what Write cannot read from the tables.
type Options struct {
	Version string // of this program
	Clock   *clock.Clock
	// Ledger returns the end of the log in the snapshot and the checkpoint that
	// goes with it: nil when Ledger.State is None.
	Ledger func(ctx context.Context, v *store.View) (Ledger, []byte, error)

	// Blobs hands over the contents that the snapshot names; nil: there are none.
	Blobs func(ctx context.Context, v *store.View, add AddBlob) error

	wrap func(io.Writer) io.Writer // tests: a disk that fills up
}

// Write writes the database into a new file, mode 0600, from one read snapshot;
// writers go on meanwhile. The file appears under its name only when it is whole
// and on the disk. An existing file is never overwritten: fault.Conflict. A disk
// that cannot be written is fault.Unavailable and leaves nothing behind.
func Write(ctx context.Context, db *store.DB, file string, opts Options) (Manifest, error) {
	if _, err := os.Lstat(file); err == nil {
		return Manifest{}, errExists(file)
	}
	dir := filepath.Dir(file)
	tmp, err := os.CreateTemp(dir, ".wakebell-backup-*") // mode 0600
	if err != nil {
		return Manifest{}, diskFault(err, dir)
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	var out io.Writer = tmp
	if opts.wrap != nil {
		out = opts.wrap(tmp)
	}
	w := &writer{zip: zip.NewWriter(out), opts: opts}
	if err := db.View(ctx, func(v *store.View) error { return w.write(ctx, v) }); err != nil {
		return Manifest{}, diskFault(err, dir)
	}
	err = w.zip.Close()
	if err == nil {
		err = tmp.Sync()
	}
	if err == nil {
		err = tmp.Close()
	}
	if err != nil {
		return Manifest{}, diskFault(err, dir)
	}
	if err := publish(tmp.Name(), file); err != nil {
		return Manifest{}, err
	}
	return w.m, nil
}

// publish gives a finished file its name without overwriting another.
func publish(tmp, file string) error {
	err := os.Link(tmp, file)
	if errors.Is(err, os.ErrExist) {
		return errExists(file)
	}
	if err != nil { // a file system without links: take the name, then fill it
		f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, os.ErrExist) {
			return errExists(file)
		}
		if err != nil {
			return diskFault(err, filepath.Dir(file))
		}
		f.Close()
		if err := os.Rename(tmp, file); err != nil {
			os.Remove(file)
			return diskFault(err, filepath.Dir(file))
		}
	}
	return syncDir(filepath.Dir(file))
}

func errExists(file string) error {
	return fault.Newf(fault.Conflict, "The file %s exists already; name another one", file)
}

// diskFault gives errors of the target's disk a kind and a line that helps.
func diskFault(err error, dir string) error {
	switch {
	case fault.KindOf(err) != fault.Internal:
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return fault.Wrap(fault.Unavailable, err, "The disk of "+dir+" is full; nothing was left there")
	case errors.Is(err, os.ErrPermission), errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EIO):
		return fault.Wrap(fault.Unavailable, err, "The folder "+dir+" cannot be written")
	}
	return err
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// writer fills one archive.
type writer struct {
	zip  *zip.Writer
	opts Options
	m    Manifest
}

func (w *writer) write(ctx context.Context, v *store.View) error {
	w.m = Manifest{Format: Format, CreatedAt: w.opts.Clock.Real(), Version: w.opts.Version, Engine: v.Engine()}
	if err := w.state(ctx, v); err != nil {
		return err
	}
	var checkpoint []byte
	var err error
	if w.m.Ledger, checkpoint, err = w.opts.Ledger(ctx, v); err != nil {
		return fmt.Errorf("read the end of the ledger: %w", err)
	}
	if checkpoint != nil {
		sum := sha256.Sum256(checkpoint)
		w.m.Ledger.SHA256 = hex.EncodeToString(sum[:])
		if err := w.file(checkpointName, func(out io.Writer) error { _, err := out.Write(checkpoint); return err }); err != nil {
			return err
		}
	}
	tables, err := Tables(v.Engine())
	if err != nil {
		return err
	}
	for _, t := range tables {
		if !t.kept() {
			continue
		}
		f, err := formOf(ctx, v, v.Engine(), t.Name)
		if err != nil {
			return err
		}
		if len(f.cols) == 0 {
			continue // a later migration dropped it
		}
		if err := w.table(ctx, v, t, f); err != nil {
			return fmt.Errorf("back up table %s: %w", t.Name, err)
		}
	}
	if err := w.blobs(ctx, v); err != nil {
		return err
	}
	return w.file(manifestName, func(out io.Writer) error {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(w.m)
	})
}

// state reads what the store keeps about itself.
func (w *writer) state(ctx context.Context, v *store.View) error {
	if err := v.QueryRow(ctx, "SELECT test_clock, clock_offset FROM store_mark WHERE id = 1").
		Scan(&w.m.Mark.TestClock, &w.m.Mark.ClockOffset); err != nil {
		return fmt.Errorf("read the database's mark: %w", err)
	}
	rows, err := v.Query(ctx, "SELECT name, sha256 FROM schema_version ORDER BY version")
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var s Step
		if err := rows.Scan(&s.Name, &s.SHA256); err != nil {
			return fmt.Errorf("read the schema's version: %w", err)
		}
		w.m.Schema = append(w.m.Schema, s)
	}
	return rows.Err()
}

func (w *writer) file(name string, fill func(io.Writer) error) error {
	out, err := w.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: w.m.CreatedAt})
	if err != nil {
		return err
	}
	return fill(out)
}

func (w *writer) table(ctx context.Context, v *store.View, t Table, f form) error {
	c := Content{Name: t.Name, Class: t.Class, Columns: f.cols}
	hash := sha256.New()
	err := w.file(c.file(), func(out io.Writer) error {
		buffered := bufio.NewWriterSize(io.MultiWriter(out, hash), 1<<16)
		if err := c.rows(ctx, v, f, buffered); err != nil {
			return err
		}
		return buffered.Flush()
	})
	c.SHA256 = hex.EncodeToString(hash.Sum(nil))
	w.m.Tables = append(w.m.Tables, c)
	return err
}

// rows writes all rows and counts them.
func (c *Content) rows(ctx context.Context, v *store.View, f form, out io.Writer) error {
	q := "SELECT " + quoted(columnNames(f.cols)) + " FROM " + quote(c.Name) + " ORDER BY " + quoted(f.keys)
	rows, err := v.Query(ctx, q)
	if err != nil {
		return err
	}
	defer rows.Close()
	vals, ptrs := make([]any, len(f.cols)), make([]any, len(f.cols))
	for i := range vals {
		ptrs[i] = &vals[i]
	}
	lines := newRowWriter()
	for rows.Next() {
		if err := rows.Scan(ptrs...); err != nil {
			return err
		}
		line, err := lines.line(f.cols, vals)
		if err != nil {
			return fmt.Errorf("row %d: %w", c.Rows+1, err)
		}
		if _, err := out.Write(line); err != nil {
			return err
		}
		c.Rows++
		c.Bytes += int64(len(line))
	}
	return rows.Err()
}

// String is the line an operator reads.
func (m Manifest) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d rows in %d tables, ledger %s with %d entries, ", m.Rows(), len(m.Tables), m.Ledger.Origin, m.Ledger.Size)
	switch m.Ledger.State {
	case Signed:
		b.WriteString("with a checkpoint signed over it")
	case Left:
		b.WriteString("with the newest checkpoint that was left; no key was at hand to sign this state")
	default:
		b.WriteString("without a checkpoint: no key was at hand and none was left")
	}
	if l := m.Blobs; l != nil {
		fmt.Fprintf(&b, ", %d contents of files", l.Count)
		if n := len(l.Missing); n > 0 {
			fmt.Fprintf(&b, "; %d CONTENTS OF FILES ARE MISSING on the disk and not in it, wakebell verify names them", n)
		}
	}
	return b.String()
}
