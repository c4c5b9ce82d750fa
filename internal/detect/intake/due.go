package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/store"
)

// Step names the limit an alarm is about.
type Step string

// The steps with an alarm.
const (
	StepTriage   Step = "triage"   // nobody of the team acknowledged within 20 minutes of discovery
	StepClassify Step = "classify" // nobody decided within 60 minutes of discovery
)

// The queries of this file read the index of what is pending: next_at is above 0
// for open signals only. They must not name state or team plainly, or SQLite,
// which keeps no statistics, takes a longer index.

// Batch is what one team is to be called about at once.
type Batch struct {
	Team  string // directory id, may be empty: nobody owns the signals
	Drill bool   // drills and real signals are never in one call
	Count int64  // how many wait; may exceed len(IDs)
	IDs   []string
	First Signal // the one that has waited longest
}

// NextDue returns the earliest instant at which a call or an alarm of this room
// falls due, for the sweep. It reads one index entry.
func (s *Service) NextDue(ctx context.Context, r store.Reader) (time.Time, bool, error) {
	var at int64
	if err := r.QueryRow(ctx, `SELECT COALESCE(MIN(next_at), 0) FROM signal WHERE next_at > 0`).Scan(&at); err != nil {
		return time.Time{}, false, fmt.Errorf("next due signal: %w", err)
	}
	return clock.FromMicros(at), at > 0, nil
}

// Uncalled groups the open signals nobody was called about by team and drill. A
// group appears when its oldest signal has waited the plan's batch seconds, and
// then holds all that have come since: a storm is one call. At most limit ids per
// group are returned, longest waiting first; Count says how many there are.
func (s *Service) Uncalled(ctx context.Context, r store.Reader, now time.Time, limit int) ([]Batch, error) {
	rows, err := r.Query(ctx, `SELECT DISTINCT team, drill FROM signal
 WHERE next_at > 0 AND next_at <= ? AND called_at = 0 AND acknowledged_at = 0 AND call_due_at <= ? ORDER BY team, drill`,
		clock.Micros(now), clock.Micros(now))
	if err != nil {
		return nil, fmt.Errorf("uncalled signals: %w", err)
	}
	defer rows.Close()
	var out []Batch
	for rows.Next() {
		var b Batch
		var drill int64
		if err := rows.Scan(&b.Team, &drill); err != nil {
			return nil, fmt.Errorf("uncalled signals: %w", err)
		}
		b.Drill = drill != 0
		out = append(out, b)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("uncalled signals: %w", err)
	}
	const waiting = ` FROM signal WHERE next_at > 0 AND called_at = 0 AND acknowledged_at = 0 AND (team || '') = ? AND drill = ?`
	for i := range out {
		b := &out[i]
		if err := r.QueryRow(ctx, `SELECT COUNT(*)`+waiting, b.Team, flag(b.Drill)).Scan(&b.Count); err != nil {
			return nil, fmt.Errorf("uncalled signals: %w", err)
		}
		ids, err := r.Query(ctx, `SELECT id`+waiting+` ORDER BY call_due_at, id LIMIT ?`, b.Team, flag(b.Drill), limit)
		if err != nil {
			return nil, fmt.Errorf("uncalled signals: %w", err)
		}
		if err := each(ids, func(id string) { b.IDs = append(b.IDs, id) }); err != nil {
			return nil, fmt.Errorf("uncalled signals: %w", err)
		}
		if len(b.IDs) == 0 {
			continue
		}
		if b.First, err = one(ctx, r, ` WHERE s.id = ?`, b.IDs[0]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// OverdueTriage returns open signals nobody of the team has acknowledged within
// the plan's minutes (policy 003: 20) and for which no alarm was raised yet,
// longest overdue first.
func (s *Service) OverdueTriage(ctx context.Context, r store.Reader, now time.Time, limit int) ([]Signal, error) {
	return list(ctx, r, selectSignal+` WHERE s.next_at > 0 AND s.next_at <= ? AND s.acknowledged_at = 0 AND s.triage_alarm_at = 0
 AND s.triage_due_at <= ? ORDER BY s.triage_due_at, s.id LIMIT ?`, clock.Micros(now), clock.Micros(now), limit)
}

// OverdueClassify returns open signals nobody has decided within the plan's
// minutes (policy 003: 60) and for which no alarm was raised yet, longest
// overdue first.
func (s *Service) OverdueClassify(ctx context.Context, r store.Reader, now time.Time, limit int) ([]Signal, error) {
	return list(ctx, r, selectSignal+` WHERE s.next_at > 0 AND s.next_at <= ? AND s.classify_alarm_at = 0
 AND s.classify_due_at <= ? ORDER BY s.classify_due_at, s.id LIMIT ?`, clock.Micros(now), clock.Micros(now), limit)
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
