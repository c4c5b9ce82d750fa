package record

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record/tree"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/ledger"
)

// Proof shows that an entry stands in the tree of a given size.
type Proof struct {
	Seq    int64         `json:"seq"`
	Size   int64         `json:"size"`
	Leaf   ledger.Hash   `json:"leaf"`
	Root   ledger.Hash   `json:"root"`   // of the tree of that size
	Hashes []ledger.Hash `json:"hashes"` // RFC 6962 audit path, leaf to root
}

// Proof returns the inclusion proof of the entry seq in the tree of the first
// size entries; size 0 means all there are.
func (l *Ledger) Proof(ctx context.Context, seq, size int64) (Proof, error) {
	var p Proof
	err := l.db.View(ctx, func(v *store.View) error {
		all, err := l.Size(ctx, v)
		if err != nil {
			return err
		}
		if size == 0 {
			size = all
		}
		if size < 1 || size > all || seq < 1 || seq > size {
			return fault.New(fault.NotFound, "no such ledger entry in a tree of that size")
		}
		h := tree.NewHashes(ctx, v)
		p = Proof{Seq: seq, Size: size}
		if p.Leaf, err = h.Leaf(seq); err != nil {
			return err
		}
		if p.Root, err = tlog.TreeHash(size, h); err != nil {
			return err
		}
		path, err := tlog.ProveRecord(size, seq-1, h)
		p.Hashes = path
		return err
	})
	return p, err
}

// ConsistencyProof shows that the tree of the first `from` entries is a
// beginning of that of the first `to` entries (RFC 6962).
func (l *Ledger) ConsistencyProof(ctx context.Context, from, to int64) ([]ledger.Hash, error) {
	var p tlog.TreeProof
	err := l.db.View(ctx, func(v *store.View) error {
		all, err := l.Size(ctx, v)
		if err != nil {
			return err
		}
		if from < 1 || to < from || to > all {
			return fault.New(fault.NotFound, "the ledger has no trees of those sizes")
		}
		p, err = tlog.ProveTree(to, from, tree.NewHashes(ctx, v))
		return err
	})
	return p, err
}

// LeafHash returns the leaf hash of one entry, for viewers who may see no more.
func (l *Ledger) LeafHash(ctx context.Context, r store.Reader, seq int64) (ledger.Hash, error) {
	return tree.NewHashes(ctx, r).Leaf(seq)
}

// Bundle collects the entries of some subjects into one file that can be
// verified offline, with a checkpoint over the tree as it is. Give it a
// snapshot (store.View), so that everything fits together. It holds whatever
// is recorded: who may see it is for the caller to decide.
func (l *Ledger) Bundle(ctx context.Context, r store.Reader, subjects []string) (ledger.Bundle, error) {
	h, err := tree.Read(ctx, r)
	if err != nil {
		return ledger.Bundle{}, err
	}
	signed, err := l.sign(h)
	if err != nil {
		return ledger.Bundle{}, err
	}
	b := ledger.Bundle{Format: ledger.Format, VerifierKey: h.Key, Checkpoint: string(signed)}
	if b.Rotations, err = rotations(ctx, r); err != nil {
		return ledger.Bundle{}, err
	}
	if b.Entries, err = bundled(ctx, r, subjects, h.Size); err != nil {
		return ledger.Bundle{}, err
	}
	hashes := tree.NewHashes(ctx, r)
	for i := range b.Entries {
		path, err := tlog.ProveRecord(h.Size, b.Entries[i].Seq-1, hashes)
		if err != nil {
			return ledger.Bundle{}, fmt.Errorf("prove entry %d: %w", b.Entries[i].Seq, err)
		}
		b.Entries[i].Proof = path
	}
	return b, nil
}

// bundled reads the entries of the subjects in the first size ones, by seq.
func bundled(ctx context.Context, r store.Reader, subjects []string, size int64) ([]ledger.Entry, error) {
	if len(subjects) == 0 {
		return nil, nil
	}
	args := make([]any, 0, len(subjects)+1)
	for _, s := range subjects {
		args = append(args, s)
	}
	rows, err := r.Query(ctx, "SELECT seq, id, kind, subject, actor, at, known_at, recorded_at, facts, facts_salt, private, private_salt, private_commit FROM ledger_entry WHERE subject IN ("+
		store.Placeholders(len(subjects))+") AND seq <= ? ORDER BY seq", append(args, size)...)
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	defer rows.Close()
	var list []ledger.Entry
	for rows.Next() {
		var e ledger.Entry
		var facts, private []byte
		if err := rows.Scan(&e.Seq, &e.ID, &e.Kind, &e.Subject, &e.Actor, &e.At, &e.KnownAt, &e.RecordedAt,
			&facts, &e.Facts.Salt, &private, &e.Private.Salt, &e.Private.Commit); err != nil {
			return nil, fmt.Errorf("read ledger: %w", err)
		}
		e.Facts.Text, e.Private.Text = string(facts), string(private)
		if len(e.Private.Salt) == 0 {
			e.Private.Hole = ledger.Erased
		}
		list = append(list, e)
	}
	return list, rows.Err()
}
