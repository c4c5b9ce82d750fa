package record

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

// head is the end of the log.
type head struct {
	logID      string
	epoch      int64
	key        string // verifier key in force
	size       int64
	recordedAt int64  // of the newest entry, µs
	peaks      []byte // roots of the full subtrees, left to right, 32 bytes each
	schema     int    // newest migration of the database
}

var errNoHead = errors.New("the ledger has not been started")

func readHead(ctx context.Context, r store.Reader) (head, error) {
	var h head
	err := r.QueryRow(ctx, "SELECT log_id, epoch, verifier_key, size, recorded_at, peaks, (SELECT MAX(version) FROM schema_version) FROM ledger_head WHERE id = 1").
		Scan(&h.logID, &h.epoch, &h.key, &h.size, &h.recordedAt, &h.peaks, &h.schema)
	if errors.Is(err, sql.ErrNoRows) {
		return head{}, errNoHead
	}
	if err != nil {
		return head{}, fmt.Errorf("read ledger head: %w", err)
	}
	if len(h.peaks) != tlog.HashSize*bits.OnesCount64(uint64(h.size)) {
		return head{}, fault.New(fault.Conflict, "the head of the ledger is damaged: run wakebell verify")
	}
	return h, nil
}

// push adds a leaf and returns the hashes it completes: itself, then one for
// each subtree that is now full.
func (h *head) push(leaf ledger.Hash) []byte {
	out := make([]byte, 0, tlog.HashSize*2)
	out = append(out, leaf[:]...)
	for n := h.size; n&1 == 1; n >>= 1 {
		var left ledger.Hash
		cut := len(h.peaks) - tlog.HashSize
		copy(left[:], h.peaks[cut:])
		h.peaks = h.peaks[:cut]
		leaf = tlog.NodeHash(left, leaf)
		out = append(out, leaf[:]...)
	}
	h.peaks = append(h.peaks, leaf[:]...)
	h.size++
	return out
}

// root is the tree hash of all entries.
func (h *head) root() ledger.Hash {
	if h.size == 0 {
		root, _ := tlog.TreeHash(0, nil) // never fails for the empty tree
		return root
	}
	var sum, left ledger.Hash
	end := len(h.peaks) - tlog.HashSize
	copy(sum[:], h.peaks[end:])
	for end -= tlog.HashSize; end >= 0; end -= tlog.HashSize {
		copy(left[:], h.peaks[end:])
		sum = tlog.NodeHash(left, sum)
	}
	return sum
}

func (h *head) checkpoint() ledger.Checkpoint {
	return ledger.Checkpoint{LogID: h.logID, Epoch: h.epoch, Size: h.size, Root: h.root()}
}
