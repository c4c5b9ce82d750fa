package record

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record/tree"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/ledger"
)

const selectEntry = "SELECT seq, id, kind, subject, actor, at, known_at, recorded_at, facts, private, erased_by FROM ledger_entry "

// stored is an entry as stored, before upcasting.
type stored struct {
	ledger.Header
	facts, private []byte
	erasedBy       string
}

func (r *stored) scan(rows interface{ Scan(...any) error }) error {
	return rows.Scan(&r.Seq, &r.ID, &r.Kind, &r.Subject, &r.Actor, &r.At, &r.KnownAt, &r.RecordedAt,
		&r.facts, &r.private, &r.erasedBy)
}

func (r *stored) entry() Entry {
	return Entry{
		Seq: r.Seq, ID: r.ID, Kind: r.Kind, Subject: r.Subject, Actor: r.Actor,
		At: clock.FromMicros(r.At), KnownAt: clock.FromMicros(r.KnownAt), RecordedAt: clock.FromMicros(r.RecordedAt),
		Facts: raw(r.facts), Private: raw(r.private), Erased: r.erasedBy != "",
	}
}

func (reg registry) list(ctx context.Context, r store.Reader, where string, args ...any) ([]Entry, error) {
	rows, err := r.Query(ctx, selectEntry+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	defer rows.Close()
	var list []Entry
	for rows.Next() {
		var one stored
		if err := one.scan(rows); err != nil {
			return nil, fmt.Errorf("read ledger: %w", err)
		}
		e, err := reg.upcast(one)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	return list, nil
}

// limited turns "no limit" (0 or less) into a number both engines take.
func limited(n int) int {
	if n <= 0 {
		return math.MaxInt32
	}
	return n
}

// Subject returns the entries about a subject with a seq above after, by seq.
// A limit of 0 means all. Entries of the running transaction are not among them.
func (l *Ledger) Subject(ctx context.Context, r store.Reader, subject string, after int64, limit int) ([]Entry, error) {
	return l.kinds.list(ctx, r, "WHERE subject = ? AND seq > ? ORDER BY seq LIMIT ?", subject, after, limited(limit))
}

// SubjectBack returns the newest entries about a subject with a seq below before, newest
// first. 0 stands for the end.
func (l *Ledger) SubjectBack(ctx context.Context, r store.Reader, subject string, before int64, limit int) ([]Entry, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	return l.kinds.list(ctx, r, "WHERE subject = ? AND seq < ? ORDER BY seq DESC LIMIT ?", subject, before, limited(limit))
}

// LastOf returns the newest entry of a kind about a subject, recorded up to and at t (zero: ever).
func (l *Ledger) LastOf(ctx context.Context, r store.Reader, subject, kind string, t time.Time) (e Entry, found bool, err error) {
	until := int64(math.MaxInt64)
	if !t.IsZero() {
		until = clock.Micros(t)
	}
	// The name of a kind ends in "/" and its version; "0" follows "/".
	list, err := l.kinds.list(ctx, r, "WHERE subject = ? AND kind >= ? AND kind < ? AND recorded_at <= ? ORDER BY seq DESC LIMIT 1", subject, kind+"/", kind+"0", until)
	if err != nil || len(list) == 0 {
		return Entry{}, false, err
	}
	return list[0], true, nil
}

// SubjectAsOf returns what was recorded about a subject up to and at t, by seq.
func (l *Ledger) SubjectAsOf(ctx context.Context, r store.Reader, subject string, t time.Time) ([]Entry, error) {
	return l.kinds.list(ctx, r, "WHERE subject = ? AND recorded_at <= ? ORDER BY seq", subject, clock.Micros(t))
}

// Entries returns the entries with a seq above after, by seq. A limit of 0 means all.
func (l *Ledger) Entries(ctx context.Context, r store.Reader, after int64, limit int) ([]Entry, error) {
	return l.kinds.list(ctx, r, "WHERE seq > ? ORDER BY seq LIMIT ?", after, limited(limit))
}

// Entry returns one entry by its id, or fault.NotFound.
func (l *Ledger) Entry(ctx context.Context, r store.Reader, id string) (Entry, error) {
	list, err := l.kinds.list(ctx, r, "WHERE id = ?", id)
	if err != nil {
		return Entry{}, err
	}
	if len(list) == 0 {
		return Entry{}, fault.New(fault.NotFound, "no such ledger entry")
	}
	return list[0], nil
}

// LastAt returns when the newest entry was recorded, zero when there is none.
func (l *Ledger) LastAt(ctx context.Context, r store.Reader) (time.Time, error) {
	h, err := tree.Read(ctx, r)
	if err != nil || h.Size == 0 {
		return time.Time{}, err
	}
	return clock.FromMicros(h.RecordedAt), nil
}

// ByIDs returns the entries with these ids that exist, by seq.
func (l *Ledger) ByIDs(ctx context.Context, r store.Reader, ids []string) ([]Entry, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return l.kinds.list(ctx, r, "WHERE id IN ("+store.Placeholders(len(ids))+") ORDER BY seq", args...)
}

// Size returns the number of entries.
func (l *Ledger) Size(ctx context.Context, r store.Reader) (int64, error) {
	h, err := tree.Read(ctx, r)
	return h.Size, err
}

// PositionAt returns the greatest seq recorded at or before t; 0 if there is none.
func (l *Ledger) PositionAt(ctx context.Context, r store.Reader, t time.Time) (int64, error) {
	low, high, at := int64(0), int64(0), clock.Micros(t)
	h, err := tree.Read(ctx, r)
	if err != nil {
		return 0, err
	}
	// recorded_at never falls, so a search by halves needs no index.
	for high = h.Size; low < high; {
		mid := (low + high + 1) / 2
		var rec int64
		if err := r.QueryRow(ctx, "SELECT recorded_at FROM ledger_entry WHERE seq = ?", mid).Scan(&rec); err != nil {
			return 0, fmt.Errorf("read ledger entry %d: %w", mid, err)
		}
		if rec <= at {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return low, nil
}
