package audit

import (
	"context"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record/tree"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/ledger"
)

// bundleBatch is how many entries are held in memory at once.
const bundleBatch = 500

// BundleAll writes every entry with its proof as one bundle, which `wakebell verify FILE`
// checks offline. It is written as it is read: it may be long, and no snapshot is held
// meanwhile. An error after the first byte means that the file is not whole. Permissions
// ledger.read, register.export, and those to read every kind of entry.
func (s *Service) BundleAll(ctx context.Context, by who.Identity, w io.Writer) error {
	if err := who.Check(by, who.PermLedgerRead); err != nil {
		return err
	}
	if err := who.Check(by, who.PermRegisterExport); err != nil {
		return err
	}
	for _, r := range readers {
		if err := who.Check(by, r.need); err != nil {
			return err
		}
	}
	var head ledger.Bundle
	err := s.db.View(ctx, func(v *store.View) (err error) {
		head, err = s.led.Bundle(ctx, v, nil)
		return err
	})
	if err != nil {
		return fmt.Errorf("bundle the ledger: %w", err)
	}
	cp, err := ledger.Peek([]byte(head.Checkpoint))
	if err != nil {
		return fmt.Errorf("bundle the ledger: %w", err)
	}
	out, err := ledger.NewBundleWriter(w, head)
	if err != nil {
		return fmt.Errorf("bundle the ledger: %w", err)
	}
	for after := int64(0); after < cp.Size; {
		list, err := s.batch(ctx, after, cp.Size)
		if err != nil {
			return fmt.Errorf("bundle the ledger: %w", err)
		}
		for i := range list {
			if err := out.Add(&list[i]); err != nil {
				return fmt.Errorf("bundle the ledger: %w", err)
			}
		}
		after = list[len(list)-1].Seq
	}
	if err := s.untouched(ctx, cp.Size); err != nil {
		return err
	}
	return out.Close()
}

// untouched: a private body that was erased meanwhile is a hole that no entry of the bundle names.
func (s *Service) untouched(ctx context.Context, size int64) error {
	var n int64
	err := s.db.QueryRow(ctx, "SELECT COUNT(*) FROM ledger_entry WHERE seq > ? AND kind = ?", size, ledger.KindErased).Scan(&n)
	if err != nil {
		return fmt.Errorf("bundle the ledger: %w", err)
	}
	if n > 0 {
		return fault.New(fault.Conflict, "Entries were erased while the file was written. Download it again.")
	}
	return nil
}

// batch reads the next entries as they are hashed, with their proofs for the tree of size.
func (s *Service) batch(ctx context.Context, after, size int64) ([]ledger.Entry, error) {
	rows, err := s.db.Query(ctx, `SELECT seq, id, kind, subject, actor, at, known_at, recorded_at, facts, facts_salt, private, private_salt, private_commit
		FROM ledger_entry WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?`, after, size, bundleBatch)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []ledger.Entry
	for rows.Next() {
		var e ledger.Entry
		var facts, private []byte
		if err := rows.Scan(&e.Seq, &e.ID, &e.Kind, &e.Subject, &e.Actor, &e.At, &e.KnownAt, &e.RecordedAt,
			&facts, &e.Facts.Salt, &private, &e.Private.Salt, &e.Private.Commit); err != nil {
			return nil, err
		}
		e.Facts.Text, e.Private.Text = string(facts), string(private)
		if len(e.Private.Salt) == 0 {
			e.Private.Hole = ledger.Erased
		}
		list = append(list, e)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fault.Newf(fault.Conflict, "Entry %d of the ledger is missing: verify it", after+1)
	}
	hashes := tree.NewHashes(ctx, s.db)
	for i := range list {
		if list[i].Proof, err = tlog.ProveRecord(size, list[i].Seq-1, hashes); err != nil {
			return nil, fmt.Errorf("prove entry %d: %w", list[i].Seq, err)
		}
	}
	return list, nil
}
