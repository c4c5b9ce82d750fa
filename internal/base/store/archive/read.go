package archive

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/ledger"
)

// maxSmall bounds manifest and checkpoint, in bytes.
const maxSmall = 4 << 20

// Archive is an open archive that was found to be whole.
type Archive struct {
	Manifest   Manifest
	Checkpoint []byte // nil when the state is None

	file  *os.File
	files map[string]*zip.File
	blobs []Blob
}

// Open opens an archive and checks all of it: the zip, every count and hash,
// the signature of the checkpoint, and that the checkpoint is the one the
// manifest names. fault.Invalid names what is wrong; fault.Conflict says that
// the archive's schema is not the one of this program.
func Open(file string) (*Archive, error) {
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fault.Wrap(fault.NotFound, err, "There is no file "+file)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "The file "+file+" cannot be read")
	}
	a := &Archive{file: f, files: map[string]*zip.File{}}
	if err := a.check(); err != nil {
		f.Close()
		return nil, err
	}
	return a, nil
}

// Close closes the file.
func (a *Archive) Close() error { return a.file.Close() }

func damaged(format string, args ...any) error {
	return fault.Newf(fault.Invalid, "The backup is damaged or was changed: "+format, args...)
}

func (a *Archive) check() error {
	info, err := a.file.Stat()
	if err != nil {
		return err
	}
	z, err := zip.NewReader(a.file, info.Size())
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The file is not a backup, or it was cut short")
	}
	for _, f := range z.File {
		if a.files[f.Name] != nil {
			return damaged("%s stands in it twice", f.Name)
		}
		a.files[f.Name] = f
	}
	text, err := a.small(manifestName)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	if err := dec.Decode(&a.Manifest); err != nil {
		return damaged("%s cannot be read", manifestName)
	}
	if a.Manifest.Format != Format {
		return fault.Newf(fault.Invalid, "The file has the format %q; this program reads %s", a.Manifest.Format, Format)
	}
	if err := a.checkSchema(); err != nil {
		return err
	}
	if err := a.checkLedger(); err != nil {
		return err
	}
	if err := a.checkBlobs(); err != nil {
		return err
	}
	return a.checkTables()
}

// small reads a short file whole.
func (a *Archive) small(name string) ([]byte, error) {
	f := a.files[name]
	if f == nil {
		return nil, damaged("%s is missing", name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, damaged("%s cannot be read", name)
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, maxSmall+1))
	if err != nil || len(text) > maxSmall {
		return nil, damaged("%s cannot be read", name)
	}
	return text, nil
}

// checkSchema wants exactly the migrations of this program. Another engine's
// texts differ, so the archive's own engine is compared.
func (a *Archive) checkSchema() error {
	m := &a.Manifest
	if m.Engine != store.SQLite && m.Engine != store.Postgres {
		return damaged("its engine %q is not known", m.Engine)
	}
	own, err := schemaOf(m.Engine)
	if err != nil {
		return err
	}
	for i, s := range m.Schema {
		if i >= len(own) {
			return fault.Newf(fault.Conflict, "The backup is newer than this program: it has migration %s, this program ends at %s; use version %s or later", s.Name, own[i-1].Name, m.Version)
		}
		if s != own[i] {
			return fault.Newf(fault.Conflict, "Migration %s of the backup is not the one of this program; restore with version %s, which made it", s.Name, m.Version)
		}
	}
	if n := len(m.Schema); n < len(own) {
		return fault.Newf(fault.Conflict, "The backup is older than this program (first migration it lacks: %s); restore it with version %s, which made it, then start this one, which migrates", own[n].Name, m.Version)
	}
	return nil
}

func (a *Archive) checkLedger() error {
	l := a.Manifest.Ledger
	if l.State == None {
		if a.files[checkpointName] != nil {
			return damaged("it has a checkpoint, and its manifest says it has none")
		}
		return nil
	}
	text, err := a.small(checkpointName)
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != l.SHA256 {
		return damaged("%s is not the one its manifest names", checkpointName)
	}
	a.Checkpoint = text
	cp, err := ledger.Peek(text)
	if err != nil {
		return damaged("%s is not a checkpoint", checkpointName)
	}
	switch l.State {
	case Left: // an earlier state, perhaps under an earlier key: the ledger is verified against it
		return nil
	case Signed:
		if cp.Origin() != l.Origin || cp.Size != l.Size || cp.Root != l.Root {
			return damaged("its checkpoint is over %d entries of %s, its ledger holds %d of %s", cp.Size, cp.Origin(), l.Size, l.Origin)
		}
		if _, err := ledger.Open(text, l.VerifierKey); err != nil {
			return damaged("its checkpoint is not signed by the key of its ledger")
		}
		return nil
	}
	return damaged("the state %q of its checkpoint is not known", l.State)
}

// checkTables reads every table once and wants just those that this program
// would write.
func (a *Archive) checkTables() error {
	want, err := Tables(a.Manifest.Engine)
	if err != nil {
		return err
	}
	kept := map[string]bool{}
	for _, t := range want {
		kept[t.Name] = t.kept()
	}
	known := map[string]bool{manifestName: true, checkpointName: true}
	for _, c := range a.Manifest.Tables {
		if !kept[c.Name] {
			return damaged("the table %s does not belong into a backup or stands there twice", c.Name)
		}
		kept[c.Name] = false
		known[c.file()] = true
		if err := a.scan(c, nil); err != nil {
			return err
		}
	}
	for name, missing := range kept {
		if missing {
			return damaged("the table %s is missing", name)
		}
	}
	for name := range a.files {
		if !known[name] && !a.hasBlob(name) {
			return damaged("%s does not belong into a backup", name)
		}
	}
	return nil
}

// scan reads the lines of a table, hands each to fn if there is one, and checks
// count, length and hash at the end.
func (a *Archive) scan(c Content, fn func(line []byte) error) error {
	f := a.files[c.file()]
	if f == nil {
		return damaged("%s is missing", c.file())
	}
	r, err := f.Open()
	if err != nil {
		return damaged("%s cannot be read", c.file())
	}
	defer r.Close()
	hash := sha256.New()
	// One byte more than promised: what is longer shows, and no file grows without end.
	in := bufio.NewReaderSize(io.TeeReader(io.LimitReader(r, c.Bytes+1), hash), 1<<16)
	var rows, length int64
	for {
		line, err := in.ReadBytes('\n')
		length += int64(len(line))
		if err == io.EOF && len(line) == 0 {
			break
		}
		if err != nil || length > c.Bytes {
			return damaged("%s is not as its manifest says, first seen after row %d", c.file(), rows)
		}
		rows++
		if fn != nil {
			if err := fn(line); err != nil {
				return fmt.Errorf("%s, row %d: %w", c.file(), rows, err)
			}
		}
	}
	switch {
	case rows != c.Rows:
		return damaged("%s holds %d rows, its manifest names %d", c.file(), rows, c.Rows)
	case hex.EncodeToString(hash.Sum(nil)) != c.SHA256:
		return damaged("%s does not have the hash its manifest names", c.file())
	}
	return nil
}
