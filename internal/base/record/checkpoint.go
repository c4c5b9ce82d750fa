package record

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record/tree"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/ledger"
)

// CheckpointFile is the name of the file that is left outside the database.
const CheckpointFile = "checkpoint.txt"

// Checkpoint returns the signed checkpoint of the ledger as it is.
func (l *Ledger) Checkpoint(ctx context.Context) ([]byte, error) {
	return l.CheckpointOf(ctx, l.db)
}

// CheckpointOf is Checkpoint over a snapshot, for a backup of just that state.
func (l *Ledger) CheckpointOf(ctx context.Context, r store.Reader) ([]byte, error) {
	h, err := tree.Read(ctx, r)
	if err != nil {
		return nil, err
	}
	return l.sign(h)
}

func (l *Ledger) sign(h tree.Head) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.key == nil {
		return nil, fault.New(fault.Unavailable, "This process has no key to sign the ledger")
	}
	if l.key.VerifierKey() != h.Key && l.cfg.KeyFile != "" {
		// Another node rotated the key; all nodes share one key file.
		if err := l.findKey(h); err != nil {
			return nil, err
		}
		l.vkey = h.Key
	}
	if l.key.VerifierKey() != h.Key {
		return nil, fault.New(fault.Conflict, "The key file is not the key of this ledger")
	}
	return l.key.Sign(h.Checkpoint())
}

// LeaveCheckpoint writes the newest checkpoint to CheckpointDir, atomically. It
// does not write over one that this ledger does not continue: that file is the
// evidence that entries are gone.
func (l *Ledger) LeaveCheckpoint(ctx context.Context) error {
	if l.cfg.CheckpointDir == "" {
		return nil
	}
	text, err := l.left()
	if err != nil {
		return err
	}
	h, err := tree.Read(ctx, l.db)
	if err != nil {
		return err
	}
	if text != nil {
		old, err := ledger.Peek(text)
		if err != nil || old.LogID != h.LogID {
			return fault.Newf(fault.Conflict, "The file %s is of another ledger or damaged: move it away", l.leftPath())
		}
		if old.Epoch > h.Epoch || old.Epoch == h.Epoch && old.Size > h.Size {
			return behind(old, h)
		}
		if old == h.Checkpoint() {
			if _, err := ledger.Open(text, h.Key); err == nil {
				return nil
			}
		}
	}
	signed, err := l.sign(h)
	if err != nil {
		return err
	}
	if err := replaceFile(l.leftPath(), string(signed)); err != nil {
		return fmt.Errorf("leave the checkpoint: %w", err)
	}
	return nil
}

func (l *Ledger) leftPath() string { return filepath.Join(l.cfg.CheckpointDir, CheckpointFile) }

// left reads the checkpoint that lies outside the database; nil if none does.
func (l *Ledger) left() ([]byte, error) {
	if l.cfg.CheckpointDir == "" {
		return nil, nil
	}
	text, err := os.ReadFile(l.leftPath())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

// checkLeft refuses a database that does not continue the checkpoint beside it.
// It costs a few dozen small reads; wakebell verify checks everything.
func (l *Ledger) checkLeft(ctx context.Context) error {
	text, err := l.left()
	if text == nil {
		return err
	}
	old, err := ledger.Peek(text)
	if err != nil {
		return fault.Wrap(fault.Conflict, err, "The file "+l.leftPath()+" is damaged: move it away")
	}
	return l.db.View(ctx, func(v *store.View) error {
		h, err := tree.Read(ctx, v)
		if err != nil || old.LogID != h.LogID || old.Epoch < h.Epoch {
			return err
		}
		if old.Epoch > h.Epoch || old.Size > h.Size {
			return behind(old, h)
		}
		root, err := tlog.TreeHash(old.Size, tree.NewHashes(ctx, v))
		if err != nil {
			return err
		}
		if root != old.Root {
			return fault.Newf(fault.Conflict, "The first %d ledger entries are not those of the checkpoint %s: run wakebell verify", old.Size, l.leftPath())
		}
		return nil
	})
}

func behind(old ledger.Checkpoint, h tree.Head) error {
	return fault.Newf(fault.Conflict, "This database is an older copy: it holds %d ledger entries (epoch %d), the checkpoint beside it names %d (epoch %d). Bring back the newer database, or restore this copy as a new epoch",
		h.Size, h.Epoch, old.Size, old.Epoch)
}

func replaceFile(path, text string) error {
	tmp := path + ".tmp"
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := writeFile(tmp, text, os.O_TRUNC); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// NewEpoch appends the entry that starts a new epoch and names the last known
// checkpoint of the old one (nil if none is known). See Restored.
func (l *Ledger) NewEpoch(tx *store.Tx, by string, last []byte) (Entry, error) {
	g, err := l.group(tx)
	if err != nil {
		return Entry{}, err
	}
	start := ledger.EpochStart{Epoch: g.head.Epoch + 1, LastCheckpoint: string(last), Key: l.VerifierKey()}
	if len(last) > 0 {
		old, err := ledger.Peek(last)
		if err != nil {
			return Entry{}, fault.Wrap(fault.Invalid, err, "The last checkpoint cannot be read")
		}
		if old.LogID != g.head.LogID {
			return Entry{}, fault.New(fault.Invalid, "The last checkpoint is of another ledger")
		}
		start.Epoch = max(start.Epoch, old.Epoch+1)
	}
	if g.head.Key != start.Key {
		start.PreviousKey = g.head.Key
	}
	return l.append(tx, Draft{Kind: kindEpochStarted, Subject: SubjectLedger, Actor: by, Body: start}, func(h *tree.Head) {
		h.Epoch, h.Key = start.Epoch, start.Key
	})
}

// RotateKey makes a new key, records it with a note signed by the old one, and
// puts it in the key file. It returns the new verifier key. A rotation that was
// cut off is ended at the next start.
func (l *Ledger) RotateKey(ctx context.Context, by string) (string, error) {
	l.mu.Lock()
	old := l.key
	l.mu.Unlock()
	if old == nil || l.cfg.KeyFile == "" {
		return "", fault.New(fault.Unavailable, "This process has no key file to change")
	}
	fresh, err := ledger.GenerateKey(rand.Reader, old.Name())
	if err != nil {
		return "", err
	}
	next := l.cfg.KeyFile + ".next"
	if err := writeSecret(next, fresh.Secret()+"\n", os.O_TRUNC); err != nil {
		return "", fmt.Errorf("rotate the key: %w", err)
	}
	_, err = l.db.Write(ctx, store.Op{Name: "ledger.rotate_key", Actor: by}, func(tx *store.Tx) error {
		g, err := l.group(tx)
		if err != nil {
			return err
		}
		if g.head.Key != old.VerifierKey() {
			return fault.New(fault.Conflict, "The key was changed meanwhile")
		}
		note, err := ledger.SignRotation(old, fresh.VerifierKey(), g.head.Size)
		if err != nil {
			return err
		}
		body := ledger.KeyRotation{Old: old.VerifierKey(), New: fresh.VerifierKey(), Note: string(note)}
		_, err = l.append(tx, Draft{Kind: kindKeyRotated, Subject: SubjectLedger, Actor: by, Body: body}, func(h *tree.Head) { h.Key = body.New })
		return err
	})
	if err != nil {
		return "", fmt.Errorf("rotate the key: %w", err)
	}
	l.mu.Lock()
	err = os.Rename(next, l.cfg.KeyFile)
	l.key, l.vkey = fresh, fresh.VerifierKey()
	l.mu.Unlock()
	if err != nil {
		return "", fmt.Errorf("rotate the key: %w", err)
	}
	return fresh.VerifierKey(), l.LeaveCheckpoint(ctx)
}
