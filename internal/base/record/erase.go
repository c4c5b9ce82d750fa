package record

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/ledger"
)

// maxErase bounds one erasure: all of it happens in one write.
const maxErase = 1000

// OnErase sets the function that re-projects subjects and drops search rows in
// the transaction of an erasure. It gets the entries as they are afterwards:
// Erased, without their private part, by seq. Set it before the first Erase.
func (l *Ledger) OnErase(fn func(ctx context.Context, tx *store.Tx, entries []Entry) error) {
	l.erasing = fn
}

// Erase destroys the private bodies of entries and their salts. The hashes
// stay, so the ledger still verifies; one entry of the kind ledger.erased per
// subject names what is gone (the ids are facts, the reason is private). Ids
// that were erased before are passed over. An entry of the running group of
// writes cannot be erased yet: fault.NotFound.
func (l *Ledger) Erase(tx *store.Tx, by string, entryIDs []string, reason string) error {
	ids := slices.Clone(entryIDs)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	switch {
	case len(ids) == 0:
		return fault.InvalidField("entries", "name at least one entry")
	case len(ids) > maxErase:
		return fault.InvalidField("entries", fmt.Sprintf("name at most %d entries at once", maxErase))
	case strings.TrimSpace(reason) == "":
		return fault.InvalidField("reason", "say why the entries are erased")
	}
	ctx := clock.Background() // the transaction uses its own
	open, err := l.erasable(ctx, tx, ids)
	if err != nil || len(open) == 0 {
		return err
	}
	if tx.Engine() == store.SQLite {
		// Old content must not stay in free pages. The setting holds for the
		// connection, so it is put back.
		if err := pragma(ctx, tx, "PRAGMA secure_delete = ON"); err != nil {
			return err
		}
		defer pragma(ctx, tx, "PRAGMA secure_delete = OFF")
	}
	if err := l.eraseBySubject(tx, by, open, reason); err != nil {
		return err
	}
	if l.erasing == nil {
		return nil
	}
	var after []Entry
	for chunk := range slices.Chunk(open, batch) {
		args := make([]any, len(chunk))
		for i, r := range chunk {
			args[i] = r.ID
		}
		list, err := l.kinds.list(ctx, tx, "WHERE id IN ("+store.Placeholders(len(args))+") ORDER BY seq", args...)
		if err != nil {
			return err
		}
		after = append(after, list...)
	}
	slices.SortFunc(after, func(a, b Entry) int { return int(a.Seq - b.Seq) })
	return l.erasing(ctx, tx, after)
}

// privateRow is what an erasure needs to know of an entry.
type privateRow struct {
	ID, subject   string
	private, salt []byte
}

// erasable finds the entries that are not erased yet. Unknown ids are an error.
func (l *Ledger) erasable(ctx context.Context, tx *store.Tx, ids []string) ([]privateRow, error) {
	var open []privateRow
	found := 0
	for chunk := range slices.Chunk(ids, batch) {
		args := make([]any, len(chunk))
		for i, id := range chunk {
			args[i] = id
		}
		rows, err := tx.Query(ctx, "SELECT id, subject, private, private_salt FROM ledger_entry WHERE id IN ("+
			store.Placeholders(len(args))+") ORDER BY seq", args...)
		if err != nil {
			return nil, fmt.Errorf("read entries to erase: %w", err)
		}
		for rows.Next() {
			var r privateRow
			if err := rows.Scan(&r.ID, &r.subject, &r.private, &r.salt); err != nil {
				rows.Close()
				return nil, fmt.Errorf("read entries to erase: %w", err)
			}
			if found++; len(r.salt) > 0 {
				open = append(open, r)
			}
		}
		if err := rows.Err(); err != nil {
			return nil, fmt.Errorf("read entries to erase: %w", err)
		}
		rows.Close()
	}
	if found != len(ids) {
		return nil, fault.New(fault.NotFound, "Some of these ledger entries do not exist")
	}
	return open, nil
}

// eraseBySubject appends one entry per subject, so that the erasure stands in
// the subject's own history and in its bundle, and clears the rows.
func (l *Ledger) eraseBySubject(tx *store.Tx, by string, open []privateRow, reason string) error {
	bySubject := map[string][]privateRow{}
	var order []string
	for _, r := range open {
		if bySubject[r.subject] == nil {
			order = append(order, r.subject)
		}
		bySubject[r.subject] = append(bySubject[r.subject], r)
	}
	hasher := ledger.NewHasher()
	for _, subject := range order {
		body := erasedBody{Reason: reason}
		for _, r := range bySubject[subject] {
			body.Entries = append(body.Entries, r.ID)
		}
		e, err := l.Append(tx, Draft{Kind: kindErased, Subject: subject, Actor: by, Body: body})
		if err != nil {
			return err
		}
		for _, r := range bySubject[subject] {
			commit := hasher.Commit(r.salt, r.private)
			if _, err := tx.Exec("UPDATE ledger_entry SET private = NULL, private_salt = NULL, private_commit = ?, erased_by = ? WHERE id = ?",
				commit[:], e.ID, r.ID); err != nil {
				return fmt.Errorf("erase entry %s: %w", r.ID, err)
			}
		}
	}
	return nil
}

func pragma(ctx context.Context, tx *store.Tx, q string) error {
	rows, err := tx.Query(ctx, q)
	if err != nil {
		return fmt.Errorf("secure delete: %w", err)
	}
	return rows.Close()
}

// rotations returns the notes of all key rotations, oldest first.
func rotations(ctx context.Context, r store.Reader) ([]string, error) {
	rows, err := r.Query(ctx, "SELECT facts FROM ledger_entry WHERE subject = ? AND kind = ? ORDER BY seq", SubjectLedger, ledger.KindKeyRotated)
	if err != nil {
		return nil, fmt.Errorf("read key rotations: %w", err)
	}
	defer rows.Close()
	var notes []string
	for rows.Next() {
		var facts []byte
		if err := rows.Scan(&facts); err != nil {
			return nil, fmt.Errorf("read key rotations: %w", err)
		}
		var body ledger.KeyRotation
		if err := Decode(facts, nil, &body); err != nil {
			return nil, err
		}
		notes = append(notes, body.Note)
	}
	return notes, rows.Err()
}
