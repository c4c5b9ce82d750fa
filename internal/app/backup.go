package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/tree"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/archive"
	"github.com/wakebell/wakebell/internal/base/who/account"
	"github.com/wakebell/wakebell/ledger"
)

// BackupReport says what a backup holds.
type BackupReport struct {
	File     string           `json:"file"`
	Manifest archive.Manifest `json:"manifest"`
}

// String is the line an operator reads.
func (r BackupReport) String() string { return "Backup " + r.File + ": " + r.Manifest.String() + "." }

// Backup writes one snapshot of the database into a new file, also while a server
// runs on it. The private key is not in it.
func Backup(ctx context.Context, cfg Config, file string) (rep BackupReport, err error) {
	cfg = cfg.WithDefaults()
	opts := archive.Options{Version: cfg.Version, Clock: clock.System(), Ledger: func(ctx context.Context, v *store.View) (archive.Ledger, []byte, error) {
		return seal(ctx, v, cfg.Dir)
	}}
	blobs, err := contents(cfg)
	if err != nil {
		return rep, err
	}
	release, err := blobs.Share() // before the snapshot: what it names stays until it is copied
	if err != nil {
		return rep, err
	}
	opts.Blobs = backupFiles(blobs)
	err = snapshot(ctx, cfg, func(db *store.DB) error {
		rep.File = file
		rep.Manifest, err = archive.Write(ctx, db, file, opts)
		return err
	})
	if err = errors.Join(err, release()); err == nil {
		markBackup(cfg, opts.Clock.Real(), file)
	}
	return rep, err
}

// seal describes the end of the ledger in the snapshot and signs it if the key lies
// in dir; else it brings the newest checkpoint that was left there.
func seal(ctx context.Context, v *store.View, dir string) (archive.Ledger, []byte, error) {
	h, err := tree.Read(ctx, v)
	if err != nil {
		return archive.Ledger{}, nil, err
	}
	cp := h.Checkpoint()
	l := archive.Ledger{Origin: cp.Origin(), Size: cp.Size, Root: cp.Root, VerifierKey: h.Key, State: archive.Signed}
	for _, path := range []string{KeyFile(dir), KeyFile(dir) + ".next"} { // a rotation may be under way
		if key, err := readKey(path, h.LogID); err == nil && key.VerifierKey() == h.Key {
			text, err := key.Sign(cp)
			return l, text, err
		}
	}
	l.State = archive.None
	text, old := leftCheckpoint(dir)
	// The file may be newer than this snapshot: then it says nothing about it.
	if old.LogID == cp.LogID && old.Epoch <= cp.Epoch && old.Size <= cp.Size {
		l.State = archive.Left
		return l, text, nil
	}
	return l, nil, nil
}

// leftCheckpoint reads the checkpoint beside the database, not who signed it. It is
// zero when there is none.
func leftCheckpoint(dir string) ([]byte, ledger.Checkpoint) {
	text, err := os.ReadFile(filepath.Join(dir, record.CheckpointFile))
	if err != nil {
		return nil, ledger.Checkpoint{}
	}
	cp, err := ledger.Peek(text)
	if err != nil {
		return nil, ledger.Checkpoint{}
	}
	return text, cp
}

// readKey reads a private key of the ledger with that id.
func readKey(path, logID string) (*ledger.Key, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ledger.ParseKey(text, logID)
}

// RestoreReport says what was restored.
type RestoreReport struct {
	File     string           `json:"file"`
	Manifest archive.Manifest `json:"manifest"`
	Epoch    int64            `json:"epoch"`              // the one that began
	Key      string           `json:"verifier_key"`       // that signs from here on
	NewKey   bool             `json:"new_key"`            // it is not the key of the backup
	Lost     int64            `json:"lost"`               // entries a known checkpoint names that the backup lacks
	Replaced string           `json:"replaced,omitempty"` // folder with the old files
	Notes    []string         `json:"notes,omitempty"`
}

// String is what an operator reads.
func (r RestoreReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Restored %s, made %s: %s.\nEpoch %d of the ledger begins; its key is %s", r.File,
		r.Manifest.CreatedAt.Format("2006-01-02 15:04:05 UTC"), r.Manifest, r.Epoch, r.Key)
	if r.NewKey {
		b.WriteString(", another one than before: publish it")
	}
	b.WriteString(".")
	if r.Lost > 0 {
		fmt.Fprintf(&b, "\n%d ledger entries that the checkpoint beside the old database names are not in the backup.", r.Lost)
	}
	for _, n := range r.Notes {
		b.WriteString("\n" + n)
	}
	if r.Replaced != "" {
		b.WriteString("\nThe files that were replaced are kept in " + r.Replaced + ".")
	}
	return b.String()
}

// Restore verifies a backup and puts it in place of the data directory's database, or
// into an empty PostgreSQL database. No server may run. keyFile is the private key of
// the ledger; empty means the one in the data directory, and if that has none, a new
// one. Whether the clock is a test clock is the backup's to say.
func Restore(ctx context.Context, cfg Config, file, keyFile string) (RestoreReport, error) {
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		return RestoreReport{}, err
	}
	a, err := archive.Open(file)
	if err != nil {
		return RestoreReport{}, err
	}
	defer a.Close()
	r := &restoring{cfg: cfg, a: a, keyFile: keyFile, clk: cfg.Clock, rep: RestoreReport{File: file, Manifest: a.Manifest}}
	if r.clk == nil {
		r.clk = clock.System()
		if a.Manifest.Mark.TestClock {
			r.clk = clock.NewOffset(a.ClockOffset())
		}
	}
	r.rep.Replaced, err = a.Restore(ctx, archive.Target{
		Dir: cfg.Dir, URL: cfg.Database, Clock: r.clk, Log: cfg.Log, Fill: r.fill,
		KeyFile: filepath.Base(KeyFile(cfg.Dir)), Files: []string{record.CheckpointFile}, Keep: r.keepFiles,
	})
	return r.rep, err
}

// restoring is one run of Restore.
type restoring struct {
	cfg     Config
	a       *archive.Archive
	keyFile string
	clk     *clock.Clock
	logID   string
	rep     RestoreReport
}

// fill verifies the ledger that was loaded, makes the tables that follow from it, and
// starts a new epoch.
func (r *restoring) fill(ctx context.Context, db *store.DB, stage string) error {
	m := r.a.Manifest.Ledger
	var against []byte
	if m.State != archive.None {
		against = r.a.Checkpoint
	}
	rep, err := record.Verify(ctx, db, against)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The ledger in the backup does not verify: "+err.Error())
	}
	cp := rep.Checkpoint
	if cp.Origin() != m.Origin || cp.Size != m.Size || cp.Root != m.Root || rep.Key != m.VerifierKey {
		return fault.New(fault.Invalid, "The ledger in the backup is not the one its manifest names")
	}
	r.logID = cp.LogID
	if m.State == archive.None {
		r.rep.Notes = append(r.rep.Notes, "The backup has no checkpoint: that nothing was changed in it before it was made cannot be shown.")
	}
	if _, err := record.Rebuild(ctx, db, Projectors()); err != nil {
		return err
	}
	if err := r.restoreFiles(ctx, db); err != nil {
		return err
	}
	// What was open when the backup was made may have been revoked since.
	if err := account.ForgetOpen(ctx, db); err != nil {
		return err
	}
	if err := r.endRotation(ctx); err != nil {
		return err
	}
	given, err := r.stageKey(KeyFile(stage))
	if err != nil {
		return err
	}
	last := r.lastKnown(cp, given)
	led, err := record.Restored(ctx, db, r.clk, record.Config{KeyFile: KeyFile(stage), CheckpointDir: stage}, Kinds(), operator().Actor, last)
	if err != nil {
		return err
	}
	r.rep.Key = led.VerifierKey()
	r.rep.NewKey = r.rep.Key != m.VerifierKey
	_, now := leftCheckpoint(stage)
	r.rep.Epoch = now.Epoch
	return nil
}

// endRotation ends a rotation of the replaced database's key that was cut off, so that
// the name of its next key is free for that of the restored one.
func (r *restoring) endRotation(ctx context.Context) error {
	next := KeyFile(r.cfg.Dir) + ".next"
	if _, err := os.Lstat(next); err != nil || r.cfg.Database != "" {
		return nil
	}
	var head tree.Head
	err := snapshot(ctx, r.cfg, func(db *store.DB) (err error) {
		head, err = tree.Read(ctx, db)
		return err
	})
	if err != nil {
		return nil // it cannot be read, or not by this program: the file is kept with it
	}
	if key, err := readKey(next, head.LogID); err == nil && key.VerifierKey() == head.Key {
		return os.Rename(next, KeyFile(r.cfg.Dir))
	}
	return nil
}

// stageKey puts the key that shall sign into the stage. nil means that there is none
// and a new one is made.
func (r *restoring) stageKey(path string) (*ledger.Key, error) {
	from := r.keyFile
	if from == "" {
		from = KeyFile(r.cfg.Dir)
	}
	key, err := readKey(from, r.logID)
	switch {
	case err == nil:
	case r.keyFile != "" && errors.Is(err, os.ErrNotExist):
		return nil, fault.Wrap(fault.NotFound, err, "There is no key file "+r.keyFile)
	case r.keyFile != "":
		return nil, fault.Wrap(fault.Invalid, err, "The file "+r.keyFile+" does not hold the private key of this ledger ("+r.logID+")")
	case errors.Is(err, os.ErrNotExist):
		return nil, nil
	default:
		r.rep.Notes = append(r.rep.Notes, "The key in the data directory is of another ledger; a new key was made.")
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.WriteString(key.Secret() + "\n")
	if err == nil {
		err = f.Sync()
	}
	return key, errors.Join(err, f.Close())
}

// lastKnown is the newest checkpoint of the old epoch: that of the backup, or the one
// left beside the database it replaces, if a known key signed it.
func (r *restoring) lastKnown(end ledger.Checkpoint, key *ledger.Key) []byte {
	last := r.a.Checkpoint
	text, left := leftCheckpoint(r.cfg.Dir)
	if left.LogID != end.LogID {
		return last
	}
	keys := []string{r.a.Manifest.Ledger.VerifierKey}
	if key != nil {
		keys = append(keys, key.VerifierKey())
	}
	if own, err := readKey(KeyFile(r.cfg.Dir), end.LogID); err == nil {
		keys = append(keys, own.VerifierKey())
	}
	for _, k := range keys {
		if _, err := ledger.Open(text, k); err != nil {
			continue
		}
		if left.Epoch > end.Epoch || left.Epoch == end.Epoch && left.Size > end.Size {
			r.rep.Lost = max(0, left.Size-end.Size)
			return text
		}
		if last == nil {
			return text
		}
		return last
	}
	r.rep.Notes = append(r.rep.Notes, "The checkpoint in the data directory is not signed by a known key; the new epoch does not name it.")
	return last
}
