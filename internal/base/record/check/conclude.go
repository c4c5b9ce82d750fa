package check

import (
	"context"
	"fmt"
	"math"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/wakebell/wakebell/internal/base/record/tree"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/ledger"
)

// compareHead compares what was read with the stored end of the log.
func (c *scan) compareHead(h tree.Head) error {
	switch {
	case c.tree.Size < h.Size:
		return &ledger.Wrong{Seq: c.tree.Size + 1, What: fmt.Sprintf("is missing: the ledger should hold %d entries and ends after %d", h.Size, c.tree.Size)}
	case c.tree.Size > h.Size:
		return &ledger.Wrong{Seq: h.Size + 1, What: fmt.Sprintf("is too much: the ledger should end after %d entries", h.Size)}
	case string(c.tree.Peaks) != string(h.Peaks):
		return &ledger.Wrong{What: "the head of the ledger does not hold the tree of its entries"}
	case c.tree.RecordedAt != h.RecordedAt:
		return &ledger.Wrong{What: "the head of the ledger does not hold the time of its last entry"}
	}
	return nil
}

// noLoose finds tree hashes without an entry.
func (c *scan) noLoose(ctx context.Context, r store.Reader) error {
	var n int64
	err := r.QueryRow(ctx, "SELECT COUNT(*) FROM ledger_hash WHERE seq > ? OR seq < 1", c.tree.Size).Scan(&n)
	if err != nil {
		return fmt.Errorf("verify: read the tree hashes: %w", err)
	}
	if n > 0 {
		return &ledger.Wrong{Seq: c.tree.Size + 1, What: "is missing: only its tree hash is left"}
	}
	return nil
}

// erasures checks holes against the entries that name them, both ways.
func (c *scan) erasures() error {
	first := &ledger.Wrong{Seq: math.MaxInt64}
	for id, h := range c.holes {
		n, named := c.named[id]
		if (!named || n.id != h.by || n.seq <= h.wrong.Seq) && h.wrong.Seq < first.Seq {
			first = h.wrong
		}
	}
	for id, n := range c.named {
		if _, gone := c.holes[id]; !gone && n.seq < first.Seq {
			first = &ledger.Wrong{
				Seq: n.seq, ID: n.id, Kind: ledger.KindErased,
				What: "names entry " + id + " as erased, but its private body is still there",
			}
		}
	}
	if first.Seq == math.MaxInt64 {
		return nil
	}
	return first
}

// chain checks that rotations and epochs lead to the key and epoch of the
// head, and returns every key that was in force.
func (c *scan) chain(h tree.Head) ([]string, error) {
	keys := []string{h.Key}
	force, at := "", int64(1) // key in force, when known; epoch
	i := 0
	rotate := func(before int64) error {
		for ; i < len(c.rotations) && c.rotations[i].seq < before; i++ {
			r := c.rotations[i]
			note, err := ledger.OpenRotation([]byte(r.body.Note), r.body.Old)
			if err != nil || note.NewKey != r.body.New || (force != "" && force != r.body.Old) {
				return &ledger.Wrong{Seq: r.seq, Kind: ledger.KindKeyRotated, What: "the key it names was not handed over by the key before"}
			}
			force = r.body.New
			keys = append(keys, r.body.Old, r.body.New)
		}
		return nil
	}
	for _, e := range c.epochs {
		if err := rotate(e.seq); err != nil {
			return nil, err
		}
		if e.start.Epoch <= at {
			return nil, &ledger.Wrong{Seq: e.seq, Kind: ledger.KindEpochStarted, What: "its epoch does not follow the one before"}
		}
		at, force = e.start.Epoch, e.start.Key
		keys = append(keys, e.start.Key)
		if e.start.PreviousKey != "" {
			keys = append(keys, e.start.PreviousKey)
		}
	}
	if err := rotate(math.MaxInt64); err != nil {
		return nil, err
	}
	if at != h.Epoch {
		return nil, &ledger.Wrong{What: fmt.Sprintf("the head of the ledger names epoch %d, its entries epoch %d", h.Epoch, at)}
	}
	if force != "" && force != h.Key {
		return nil, &ledger.Wrong{What: "the head of the ledger names another key than its entries"}
	}
	slices.Sort(keys)
	return slices.Compact(keys), nil
}

// continues checks that the ledger begins with what a checkpoint signed.
func (c *scan) continues(text []byte, h tree.Head, keys []string, hashes tlog.HashReader) (ledger.Checkpoint, error) {
	cp, err := ledger.Peek(text)
	if err != nil {
		return cp, &ledger.Wrong{What: "the checkpoint to compare with cannot be read: " + err.Error()}
	}
	if cp.LogID != h.LogID {
		return cp, &ledger.Wrong{What: fmt.Sprintf("the checkpoint to compare with is of the ledger %s, this one is %s", cp.LogID, h.LogID)}
	}
	signed := false
	for _, k := range keys {
		_, err := ledger.Open(text, k)
		signed = signed || err == nil
	}
	if !signed {
		return cp, &ledger.Wrong{What: "the checkpoint to compare with is not signed by a key of this ledger"}
	}
	if cp.Epoch > h.Epoch || cp.Epoch == h.Epoch && cp.Size > h.Size {
		return cp, &ledger.Wrong{
			Seq:  h.Size + 1,
			What: fmt.Sprintf("is missing: the checkpoint names %d entries (epoch %d), the ledger holds %d (epoch %d): an older copy", cp.Size, cp.Epoch, h.Size, h.Epoch),
		}
	}
	for _, e := range c.epochs {
		if e.start.Epoch > cp.Epoch && cp.Size >= e.seq {
			return cp, &ledger.Wrong{
				Seq: e.seq, Kind: ledger.KindEpochStarted,
				What: fmt.Sprintf("stands where the checkpoint of epoch %d had another entry: an older copy was restored, and %d entries are gone", cp.Epoch, cp.Size-e.seq+1),
			}
		}
	}
	root, err := tlog.TreeHash(cp.Size, hashes)
	if err != nil {
		return cp, fmt.Errorf("verify: compute the tree of %d entries: %w", cp.Size, err)
	}
	if root != cp.Root {
		return cp, &ledger.Wrong{What: fmt.Sprintf("the first %d entries are not those that the checkpoint signed: the ledger was written anew", cp.Size)}
	}
	return cp, nil
}
