package job

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/store"
)

// Sweep is work that the tables themselves ask for. Next returns the earliest
// instant (product time) at which something is due, and false when nothing is;
// it may lie in the past. Run does everything due at now, is idempotent, and
// moves Next beyond now, at the latest after some more runs.
type Sweep struct {
	Name string
	Next func(ctx context.Context, r store.Reader) (time.Time, bool, error)
	Run  func(ctx context.Context, now time.Time) error
}

type sweep struct {
	Sweep
	last time.Time // what Next said before the last run
	same int       // runs in a row that did not move Next
	rest time.Time // real time before which the loop leaves it alone
}

// patience is how often a sweep may run without moving Next before the loop
// rests it and Drain gives up.
const patience = 1000

var errEndless = errors.New("the sweep runs without coming to an end")

// AddSweep adds a sweep. It comes before Start.
func (r *Runner) AddSweep(s Sweep) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweeps = append(r.sweeps, &sweep{Sweep: s})
}

// sweepAll runs each sweep that is due at now once. next is the earliest
// instant after now that a sweep named, zero for none. In the loop a failing
// sweep is logged and rested; in a drain its error is returned.
func (r *Runner) sweepAll(ctx context.Context, now time.Time, drain bool) (ran bool, next time.Time, err error) {
	for _, s := range r.sweeps {
		if !drain && r.clk.Real().Before(s.rest) {
			continue
		}
		at, due, err := r.sweepOne(ctx, s, now)
		if err != nil {
			if drain {
				return ran, next, fmt.Errorf("sweep %s: %w", s.Name, err)
			}
			r.log.Error("sweep", "name", s.Name, "error", err)
			s.rest = r.clk.Real().Add(r.cfg.Poll)
			continue
		}
		ran = ran || due
		if !due && !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return ran, next, nil
}

// sweepOne returns when the sweep is due next, and whether it was due and ran.
func (r *Runner) sweepOne(ctx context.Context, s *sweep, now time.Time) (at time.Time, ran bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("sweep panicked", "name", s.Name, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	at, ok, err := s.Next(ctx, r.db)
	if err != nil || !ok {
		return time.Time{}, false, err
	}
	if at.After(now) {
		s.same = 0
		return at, false, nil
	}
	if s.same = s.same + 1; !at.Equal(s.last) {
		s.same = 0
	}
	s.last = at
	if s.same > patience {
		s.same = 0
		return at, false, errEndless
	}
	return at, true, s.Run(ctx, now)
}

// NextDue returns the earliest instant (product time) at which a job or a sweep
// is due, and false when none is. Jobs that were tried already do not count:
// real time decides about them. Jobs of kinds without a handler do not count.
func (r *Runner) NextDue(ctx context.Context) (time.Time, bool, error) {
	next, err := r.nextJob(ctx, never)
	if err != nil {
		return time.Time{}, false, err
	}
	for _, s := range r.sweeps {
		at, ok, err := s.Next(ctx, r.db)
		if err != nil {
			return time.Time{}, false, fmt.Errorf("sweep %s: %w", s.Name, err)
		}
		if ok && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next, !next.IsZero(), nil
}

// nextJob returns the earliest RunAt after the instant `after` (µs) of a
// waiting job that was not tried yet, zero for none.
func (r *Runner) nextJob(ctx context.Context, after int64) (time.Time, error) {
	if len(r.kinds) == 0 {
		return time.Time{}, nil
	}
	var us int64
	err := r.db.QueryRow(ctx, `SELECT COALESCE(MIN(run_at), 0) FROM job WHERE state='ready' AND run_at>? AND attempt=0
		AND kind IN (`+store.Placeholders(len(r.kinds))+`)`, append([]any{after}, r.kinds...)...).Scan(&us)
	if err != nil {
		return time.Time{}, fmt.Errorf("look for the next job: %w", err)
	}
	return clock.FromMicros(us), nil
}

// toText makes an error's text storable: valid UTF-8 without NUL.
func toText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", "?")
}
