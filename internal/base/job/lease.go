package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/store"
)

const columns = `id, kind, payload, state, run_at, attempt, max_attempts, last_error, unique_key, created_at, failed_at, wait_until`

const crashed = "the process ended while the job ran"

// claim says which jobs to lease: at most n that are due at now. hurry ignores
// the pause after a failed attempt; tried names jobs to leave alone.
type claim struct {
	now   time.Time
	n     int
	hurry bool
	tried map[string]bool
}

// anyDue is a cheap look before the writer is troubled.
func (r *Runner) anyDue(ctx context.Context, c claim) (bool, error) {
	if len(r.kinds) == 0 {
		return false, nil
	}
	real := clock.Micros(r.clk.Real())
	args := append([]any{clock.Micros(c.now), r.pauseOver(c, real), real}, r.kinds...)
	var one int
	err := r.db.QueryRow(ctx, `SELECT 1 FROM job WHERE ((state='ready' AND run_at<=? AND wait_until<=?)
		OR (state='leased' AND lease_until<?)) AND kind IN (`+store.Placeholders(len(r.kinds))+`) LIMIT 1`, args...).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for due jobs: %w", err)
	}
	return true, nil
}

func (r *Runner) pauseOver(c claim, real int64) int64 {
	if c.hurry {
		return always
	}
	return real
}

// lease takes jobs for this process: first those whose process is gone, then
// those that are due.
func (r *Runner) lease(ctx context.Context, c claim) ([]Job, error) {
	if due, err := r.anyDue(ctx, c); err != nil || !due {
		return nil, err
	}
	var jobs []Job
	err := r.write("job.lease", func(tx *store.Tx) error {
		jobs = nil
		orphans, err := r.orphans(tx, c)
		if err != nil {
			return err
		}
		ready, err := r.ready(tx, c, c.n-len(orphans))
		if err != nil {
			return err
		}
		real := r.clk.Real()
		for _, j := range append(orphans, ready...) {
			j.held = &held{r: r, lease: ident.New(real)}
			j.Attempt++
			j.State = Leased
			_, err := tx.Exec(`UPDATE job SET state='leased', lease=?, lease_until=?, attempt=? WHERE id=?`,
				j.held.lease, clock.Micros(real.Add(r.cfg.Lease)), j.Attempt, j.ID)
			if err != nil {
				return fmt.Errorf("lease job %s: %w", j.ID, err)
			}
			jobs = append(jobs, j)
		}
		return nil
	})
	return jobs, err
}

// orphans returns jobs whose lease has run out, and buries those that have no
// attempt left: a job that takes its process down must not do so for ever.
func (r *Runner) orphans(tx *store.Tx, c claim) ([]Job, error) {
	args := append([]any{clock.Micros(r.clk.Real())}, r.kinds...)
	found, err := read(tx, `SELECT `+columns+` FROM job WHERE state='leased' AND lease_until<?
		AND kind IN (`+store.Placeholders(len(r.kinds))+`) ORDER BY run_at, id LIMIT ?`+locked(tx), append(args, c.n)...)
	if err != nil {
		return nil, err
	}
	var jobs []Job
	for _, j := range found {
		if j.Attempt < j.MaxAttempts {
			jobs = append(jobs, j)
			continue
		}
		_, err := tx.Exec(`UPDATE job SET state='dead', lease='', lease_until=0, last_error=?, failed_at=? WHERE id=?`,
			crashed, clock.Micros(r.clk.Now()), j.ID)
		if err != nil {
			return nil, fmt.Errorf("bury job %s: %w", j.ID, err)
		}
	}
	return jobs, nil
}

func (r *Runner) ready(tx *store.Tx, c claim, n int) ([]Job, error) {
	if n <= 0 {
		return nil, nil
	}
	real := clock.Micros(r.clk.Real())
	args := append([]any{clock.Micros(c.now), r.pauseOver(c, real)}, r.kinds...)
	found, err := read(tx, `SELECT `+columns+` FROM job WHERE state='ready' AND run_at<=? AND wait_until<=?
		AND kind IN (`+store.Placeholders(len(r.kinds))+`)
		AND NOT (unique_key <> '' AND EXISTS (SELECT 1 FROM job other WHERE other.kind=job.kind
			AND other.unique_key=job.unique_key AND other.unique_key <> '' AND other.state='leased'))
		ORDER BY run_at, id LIMIT ?`+locked(tx), append(args, n+len(c.tried))...)
	if err != nil {
		return nil, err
	}
	var jobs []Job
	for _, j := range found {
		if !c.tried[j.ID] && len(jobs) < n {
			jobs = append(jobs, j)
		}
	}
	return jobs, nil
}

// locked keeps several processes on one PostgreSQL from waiting for each
// other's rows.
func locked(tx *store.Tx) string {
	if tx.Engine() == store.Postgres {
		return ` FOR UPDATE OF job SKIP LOCKED`
	}
	return ""
}

func read(r store.Reader, q string, args ...any) ([]Job, error) {
	return readWith(clock.Background(), r, q, args...)
}

func readWith(ctx context.Context, r store.Reader, q string, args ...any) ([]Job, error) {
	rows, err := r.Query(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("read jobs: %w", err)
	}
	defer rows.Close()
	var jobs []Job
	for rows.Next() {
		var j Job
		var payload []byte
		var runAt, created, failed, wait int64
		err := rows.Scan(&j.ID, &j.Kind, &payload, &j.State, &runAt, &j.Attempt, &j.MaxAttempts,
			&j.LastError, &j.UniqueKey, &created, &failed, &wait)
		if err != nil {
			return nil, fmt.Errorf("read jobs: %w", err)
		}
		j.Payload = payload
		j.RunAt, j.CreatedAt, j.FailedAt = clock.FromMicros(runAt), clock.FromMicros(created), clock.FromMicros(failed)
		j.NextAt = clock.FromMicros(wait) // of real time; see seen
		jobs = append(jobs, j)
	}
	return jobs, rows.Err()
}

// run does one leased job to its end.
func (r *Runner) run(ctx context.Context, j Job) {
	defer r.finished()
	err := r.call(ctx, j)
	switch {
	case j.held.done.Load():
		if err != nil {
			r.log.Warn("job ended, then returned an error", "kind", j.Kind, "id", j.ID, "error", err)
		}
		return
	case err == nil:
		err = j.Done(ctx, nil)
	case errors.Is(err, ErrLeaseLost):
	case ctx.Err() != nil:
		err = r.giveBack(j)
	default:
		err = r.failed(j, err)
	}
	if err != nil {
		r.log.Error("job", "kind", j.Kind, "id", j.ID, "attempt", j.Attempt, "error", err)
	}
}

func (r *Runner) call(ctx context.Context, j Job) (err error) {
	r.mu.Lock()
	h, long := r.handlers[j.Kind], r.long[j.Kind]
	r.mu.Unlock()
	ctx, cancel := r.bounded(ctx, j, long)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("job panicked", "kind", j.Kind, "id", j.ID, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return h(ctx, j)
}

// bounded is the context of one handler: it ends before the lease does, or, for a long
// one, when the lease is lost.
func (r *Runner) bounded(ctx context.Context, j Job, long bool) (context.Context, context.CancelFunc) {
	if !long {
		return context.WithTimeout(ctx, r.cfg.Lease*5/6)
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		for r.clk.Sleep(ctx, r.cfg.Lease/3) == nil {
			err := j.Exclusive(ctx, func(*store.Tx) error { return nil })
			if errors.Is(err, ErrLeaseLost) && !j.held.done.Load() {
				r.log.Error("job lost its lease", "kind", j.Kind, "id", j.ID)
				cancel()
			}
		}
	}()
	return ctx, cancel
}

// giveBack returns a job that was interrupted by Stop; that was no attempt.
func (r *Runner) giveBack(j Job) error {
	return r.write("job.give_back", func(tx *store.Tx) error {
		return r.putBack(tx, j, j.Attempt-1, 0, j.LastError)
	})
}

// failed plans the next attempt, or gives the job up.
func (r *Runner) failed(j Job, cause error) error {
	text := shorten(cause.Error())
	r.log.Warn("job failed", "kind", j.Kind, "id", j.ID, "attempt", j.Attempt, "of", j.MaxAttempts, "error", cause)
	_, permanent := errors.AsType[permanentError](cause)
	return r.write("job.fail", func(tx *store.Tx) error {
		if permanent || j.Attempt >= j.MaxAttempts {
			return j.held.mine(tx, `UPDATE job SET state='dead', lease='', lease_until=0, last_error=?, failed_at=?
				WHERE id=? AND state='leased' AND lease=?`, text, clock.Micros(r.clk.Now()), j.ID, j.held.lease)
		}
		wait := clock.Micros(r.clk.Real().Add(r.pause(j.Attempt)))
		return r.putBack(tx, j, j.Attempt, wait, text)
	})
}

// putBack makes a leased job wait again, or drops it when a waiting one with
// its unique key does the same work.
func (r *Runner) putBack(tx *store.Tx, j Job, attempt int, wait int64, text string) error {
	if j.UniqueKey != "" {
		covered, err := cover(tx, j)
		if err != nil {
			return err
		}
		if covered {
			return j.held.mine(tx, `DELETE FROM job WHERE id=? AND state='leased' AND lease=?`, j.ID, j.held.lease)
		}
	}
	return j.held.mine(tx, `UPDATE job SET state='ready', lease='', lease_until=0, attempt=?, wait_until=?, last_error=?
		WHERE id=? AND state='leased' AND lease=?`, attempt, wait, text, j.ID, j.held.lease)
}

// cover reports whether another job with j's unique key waits, and lets it run
// no later than j would have.
func cover(tx *store.Tx, j Job) (bool, error) {
	res, err := tx.Exec(`UPDATE job SET run_at = CASE WHEN run_at > ? THEN ? ELSE run_at END
		WHERE kind=? AND unique_key=? AND unique_key <> '' AND state='ready'`, clock.Micros(j.RunAt), clock.Micros(j.RunAt), j.Kind, j.UniqueKey)
	if err != nil {
		return false, fmt.Errorf("look for a twin of job %s: %w", j.ID, err)
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// pause doubles with each attempt, up to PauseMost, give or take a fifth so
// that many failures do not come back together.
func (r *Runner) pause(attempt int) time.Duration {
	d := r.cfg.PauseMost
	if attempt < 30 {
		d = min(d, r.cfg.PauseFirst<<(attempt-1))
	}
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

func shorten(s string) string {
	const most = 1000
	if len(s) > most {
		s = s[:most]
	}
	return toText(s)
}
