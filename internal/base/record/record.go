// Package record is the ledger in the database: what happens is appended here
// in the same transaction as the change itself, numbered and hashed when the
// group of writes ends, and can be verified, erased in part, bundled and
// replayed. The public package ledger says how entries are hashed and signed.
//
// It carries out "document incidents, their effects and the remedial action"
// and "evidence must not be altered" of the policies, and the right to erasure
// where personal data stands in an entry. It must not import any room but
// store, clock, ident and fault. Its folders below hold what stands alone: body
// (facts and private part), tree (head and hashes), check (verification) and
// row (the rows of projections).
package record

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record/body"
	"github.com/wakebell/wakebell/internal/base/record/tree"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/ledger"
)

// Config says where the signing key and the newest checkpoint lie.
type Config struct {
	// KeyFile holds the private key: note text or PEM (PKCS #8, Ed25519). It is
	// made with mode 0600 at the first start. Empty: an empty ledger gets a key
	// that lives with the process; another one is opened without signing.
	KeyFile string
	// CheckpointDir gets the file checkpoint.txt. Empty: none is left.
	CheckpointDir string
}

// Validate names the first field that is wrong. The zero Config is valid.
func (c Config) Validate() error {
	if c.CheckpointDir != "" && c.KeyFile == "" {
		return fault.InvalidField("key-file", "is needed where checkpoints are left")
	}
	return nil
}

// Ledger appends to the log of one database and reads it. It is safe for
// concurrent use; Append and Seal run in the database's one writer.
type Ledger struct {
	db    *store.DB
	clk   *clock.Clock
	cfg   Config
	kinds registry

	bodies     body.Splitter
	hasher     *ledger.Hasher       // of Seal
	statements map[statement]string // of Seal
	onCommit   func()               // nil: nobody follows

	mu      sync.Mutex
	key     *ledger.Key     // nil: this process does not sign
	vkey    string          // verifier key, also when it does not sign
	seen    map[string]bool // kinds that are in ledger_kind
	erasing func(ctx context.Context, tx *store.Tx, entries []Entry) error
}

// New opens the ledger of a database and becomes its journal. An empty ledger
// is started: it gets its log id and its key. Refused with fault.Conflict are
// another key on a ledger with entries, a database that is older than the
// checkpoint left beside it, and kinds this program does not know.
func New(ctx context.Context, db *store.DB, clk *clock.Clock, cfg Config, kinds []Kind) (*Ledger, error) {
	l, err := open(ctx, db, clk, cfg, kinds, false)
	if err != nil {
		return nil, err
	}
	if err := l.checkLeft(ctx); err != nil {
		return nil, err
	}
	return l, nil
}

// Restored opens the ledger of a copy that was just restored and starts a new
// epoch in it, by an entry that names the last known checkpoint of the old one.
// Without one the file left in CheckpointDir is taken, if there is one. The key
// may be another one: it then signs from the new epoch on.
func Restored(ctx context.Context, db *store.DB, clk *clock.Clock, cfg Config, kinds []Kind, by string, last []byte) (*Ledger, error) {
	l, err := open(ctx, db, clk, cfg, kinds, true)
	if err != nil {
		return nil, err
	}
	if len(last) == 0 {
		if last, err = l.left(); err != nil {
			return nil, err
		}
	}
	_, err = db.Write(ctx, store.Op{Name: "ledger.new_epoch", Actor: by}, func(tx *store.Tx) error {
		_, err := l.NewEpoch(tx, by, last)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("start a new epoch: %w", err)
	}
	return l, l.LeaveCheckpoint(ctx)
}

func open(ctx context.Context, db *store.DB, clk *clock.Clock, cfg Config, kinds []Kind, restored bool) (*Ledger, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	reg, err := newRegistry(kinds)
	if err != nil {
		return nil, err
	}
	l := &Ledger{
		db: db, clk: clk, cfg: cfg, kinds: reg, hasher: ledger.NewHasher(),
		statements: map[statement]string{}, seen: map[string]bool{},
	}
	h, err := tree.Read(ctx, db)
	switch {
	case errors.Is(err, tree.ErrNone):
		if h, err = l.start(ctx); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	}
	if l.key == nil {
		if err := l.keyOf(h, restored); err != nil {
			return nil, err
		}
	}
	if l.key != nil && l.key.VerifierKey() != h.Key && (!restored || l.key.Name() != h.LogID) {
		return nil, fault.Newf(fault.Conflict, "The key file %s is not the key of this ledger: put the right one in its place (the ledger's key is %s)", cfg.KeyFile, h.Key)
	}
	if l.vkey = h.Key; restored && l.key != nil {
		l.vkey = l.key.VerifierKey()
	}
	if err := l.readKinds(ctx); err != nil {
		return nil, err
	}
	db.SetJournal(l)
	return l, nil
}

// start writes the head of an empty ledger.
func (l *Ledger) start(ctx context.Context) (tree.Head, error) {
	var id [8]byte
	rand.Read(id[:])
	key, err := l.firstKey("wakebell-" + hex.EncodeToString(id[:]))
	if err != nil {
		return tree.Head{}, err
	}
	_, err = l.db.Write(ctx, store.Op{Name: "ledger.start", Actor: "ledger"}, func(tx *store.Tx) error {
		// Two nodes may start at once: the first one wins, and both read it.
		_, err := tx.Exec("INSERT INTO ledger_head (id, log_id, epoch, verifier_key, size, recorded_at, peaks) VALUES (1, ?, 1, ?, 0, 0, ?) ON CONFLICT (id) DO NOTHING",
			key.Name(), key.VerifierKey(), []byte{})
		return err
	})
	if err != nil {
		return tree.Head{}, fmt.Errorf("start the ledger: %w", err)
	}
	l.key = key
	return tree.Read(ctx, l.db)
}

// firstKey takes the key that lies there or makes one.
func (l *Ledger) firstKey(name string) (*ledger.Key, error) {
	if l.cfg.KeyFile == "" {
		return ledger.GenerateKey(rand.Reader, name)
	}
	if key, err := readKey(l.cfg.KeyFile, name); !errors.Is(err, os.ErrNotExist) {
		return key, err
	}
	key, err := ledger.GenerateKey(rand.Reader, name)
	if err != nil {
		return nil, err
	}
	err = writeNew(l.cfg.KeyFile, key.Secret()+"\n")
	if errors.Is(err, os.ErrExist) {
		return readKey(l.cfg.KeyFile, name)
	}
	return key, err
}

// keyOf loads the key of a ledger with a head. A restored copy whose key is
// lost gets a new one.
func (l *Ledger) keyOf(h tree.Head, restored bool) error {
	if restored && l.cfg.KeyFile != "" {
		if _, err := os.Stat(l.cfg.KeyFile); errors.Is(err, os.ErrNotExist) {
			key, err := l.firstKey(h.LogID)
			l.key = key
			return err
		}
	}
	return l.findKey(h)
}

// findKey loads the key of a ledger that was started before, and ends a
// rotation that was cut off between the commit and the renaming of the file.
func (l *Ledger) findKey(h tree.Head) error {
	if l.cfg.KeyFile == "" {
		return nil
	}
	next, err := readKey(l.cfg.KeyFile+".next", h.LogID)
	if err == nil && next.VerifierKey() == h.Key {
		if err := os.Rename(l.cfg.KeyFile+".next", l.cfg.KeyFile); err != nil {
			return fmt.Errorf("end the rotation of the key: %w", err)
		}
	}
	key, err := readKey(l.cfg.KeyFile, h.LogID)
	if errors.Is(err, os.ErrNotExist) {
		return fault.Newf(fault.Conflict, "The key of this ledger is missing: put it at %s (the ledger's key is %s)", l.cfg.KeyFile, h.Key)
	}
	if err != nil {
		return err
	}
	l.key = key
	return nil
}

func readKey(path, name string) (*ledger.Key, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	key, err := ledger.ParseKey(text, "")
	if err != nil {
		key, err = ledger.ParseKey(text, name) // PEM has no name of its own
	}
	if err != nil {
		return nil, fault.Wrap(fault.Conflict, err, "The key file "+path+" cannot be read as a private key")
	}
	return key, nil
}

// writeSecret writes a file of mode 0600 and makes it durable.
func writeSecret(path, text string, flag int) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write the key: %w", err)
	}
	return writeFile(path, text, flag)
}

// writeNew makes a secret file that must not exist yet, whole or not at all: half a
// key, left by a process that was killed, would stop every later start.
func writeNew(path, text string) error {
	var unique [8]byte
	rand.Read(unique[:])
	tmp := path + "." + hex.EncodeToString(unique[:])
	defer os.Remove(tmp)
	if err := writeSecret(tmp, text, os.O_EXCL); err != nil {
		return err
	}
	if err := os.Link(tmp, path); err != nil {
		return fmt.Errorf("write the key: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

func writeFile(path, text string, flag int) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|flag, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// readKinds refuses a ledger with kinds this program does not know.
func (l *Ledger) readKinds(ctx context.Context) error {
	rows, err := l.db.Query(ctx, "SELECT kind FROM ledger_kind ORDER BY kind")
	if err != nil {
		return fmt.Errorf("read ledger kinds: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var k string
		if err := rows.Scan(&k); err != nil {
			return fmt.Errorf("read ledger kinds: %w", err)
		}
		if _, _, err := l.kinds.known(k); err != nil {
			return err
		}
		l.seen[k] = true
	}
	return rows.Err()
}

func (l *Ledger) isSeen(kind string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen[kind]
}

func (l *Ledger) markSeen(kinds []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range kinds {
		l.seen[k] = true
	}
}

// VerifierKey returns the public key of the ledger: "<log id>+<hash>+<key>".
func (l *Ledger) VerifierKey() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.vkey
}
