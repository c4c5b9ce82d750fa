// Package tree reads the Merkle tree of the ledger as it lies in the database:
// the head and the stored hashes. It serves record and its checks, which carry
// out the policies; it only reads and must not import any room but store and fault.
package tree

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/ledger"
)

// Head is the end of the log: one row, read inside each group of writes.
type Head struct {
	LogID      string
	Epoch      int64
	Key        string // verifier key in force
	Size       int64
	RecordedAt int64  // of the newest entry, µs
	Peaks      []byte // roots of the full subtrees, left to right, 32 bytes each
	Schema     int    // newest migration of the database
}

// ErrNone says that the ledger of this database was never started.
var ErrNone = errors.New("the ledger has not been started")

// Read reads the head, with the number of the newest migration.
func Read(ctx context.Context, r store.Reader) (Head, error) {
	var h Head
	err := r.QueryRow(ctx, "SELECT log_id, epoch, verifier_key, size, recorded_at, peaks, (SELECT MAX(version) FROM schema_version) FROM ledger_head WHERE id = 1").
		Scan(&h.LogID, &h.Epoch, &h.Key, &h.Size, &h.RecordedAt, &h.Peaks, &h.Schema)
	if errors.Is(err, sql.ErrNoRows) {
		return Head{}, ErrNone
	}
	if err != nil {
		return Head{}, fmt.Errorf("read ledger head: %w", err)
	}
	if len(h.Peaks) != tlog.HashSize*bits.OnesCount64(uint64(h.Size)) {
		return Head{}, fault.New(fault.Conflict, "the head of the ledger is damaged: run wakebell verify")
	}
	return h, nil
}

// Push adds a leaf and appends to dst the hashes it completes: itself, then
// one for each subtree that is now full.
func (h *Head) Push(dst []byte, leaf ledger.Hash) []byte {
	dst = append(dst, leaf[:]...)
	for n := h.Size; n&1 == 1; n >>= 1 {
		cut := len(h.Peaks) - tlog.HashSize
		leaf = tlog.NodeHash(ledger.Hash(h.Peaks[cut:]), leaf)
		h.Peaks = h.Peaks[:cut]
		dst = append(dst, leaf[:]...)
	}
	h.Peaks = append(h.Peaks, leaf[:]...)
	h.Size++
	return dst
}

// Root is the tree hash of all entries.
func (h *Head) Root() ledger.Hash {
	if h.Size == 0 {
		root, _ := tlog.TreeHash(0, nil) // never fails for the empty tree
		return root
	}
	var sum, left ledger.Hash
	end := len(h.Peaks) - tlog.HashSize
	copy(sum[:], h.Peaks[end:])
	for end -= tlog.HashSize; end >= 0; end -= tlog.HashSize {
		copy(left[:], h.Peaks[end:])
		sum = tlog.NodeHash(left, sum)
	}
	return sum
}

// Checkpoint is the state a signature would cover.
func (h *Head) Checkpoint() ledger.Checkpoint {
	return ledger.Checkpoint{LogID: h.LogID, Epoch: h.Epoch, Size: h.Size, Root: h.Root()}
}

// Clone copies the head, so that a failed attempt leaves the old one whole.
func (h Head) Clone() Head {
	h.Peaks = append(make([]byte, 0, len(h.Peaks)+tlog.HashSize), h.Peaks...)
	return h
}
