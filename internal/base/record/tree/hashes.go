package tree

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/ledger"
)

// Hashes reads stored tree hashes; found ones are kept, because proofs of
// neighbours share most of them.
type Hashes struct {
	ctx   context.Context
	r     store.Reader
	known map[int64]ledger.Hash
}

// NewHashes returns a reader of hashes that serves one snapshot.
func NewHashes(ctx context.Context, r store.Reader) *Hashes {
	return &Hashes{ctx: ctx, r: r, known: map[int64]ledger.Hash{}}
}

// row reads all hashes stored with the entry seq.
func (h *Hashes) row(seq int64) ([]byte, error) {
	var b []byte
	err := h.r.QueryRow(h.ctx, "SELECT hashes FROM ledger_hash WHERE seq = ?", seq).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "no such ledger entry")
	}
	return b, err
}

// ReadHashes implements tlog.HashReader over the table ledger_hash.
func (h *Hashes) ReadHashes(indexes []int64) ([]ledger.Hash, error) {
	out := make([]ledger.Hash, len(indexes))
	for i, index := range indexes {
		if known, ok := h.known[index]; ok {
			out[i] = known
			continue
		}
		level, n := tlog.SplitStoredHashIndex(index)
		// The hash (level, n) is complete with the last leaf below it.
		seq := (n + 1) << level
		all, err := h.row(seq)
		if err != nil {
			return nil, fmt.Errorf("read hashes of entry %d: %w", seq, err)
		}
		if len(all) < (level+1)*tlog.HashSize {
			return nil, fault.Newf(fault.Conflict, "the hashes of ledger entry %d are damaged: run wakebell verify", seq)
		}
		copy(out[i][:], all[level*tlog.HashSize:])
		h.known[index] = out[i]
	}
	return out, nil
}

// Leaf returns the leaf hash of the entry seq, or fault.NotFound.
func (h *Hashes) Leaf(seq int64) (ledger.Hash, error) {
	got, err := h.ReadHashes([]int64{tlog.StoredHashIndex(0, seq-1)})
	if err != nil {
		return ledger.Hash{}, err
	}
	return got[0], nil
}
