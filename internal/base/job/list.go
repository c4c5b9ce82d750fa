package job

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/phrase"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

// kindDiscarded is the one kind of ledger entry of this room; its subject is the job.
const kindDiscarded = "job.discarded"

const maxReason = 1000 // characters

// discarded is the body of job.discarded/1. The reason is free text, so it can be erased; the
// payload is left out for the same reason.
type discarded struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	Attempts int    `json:"attempts"`
	Reason   string `json:"reason" private:"true"`
}

// Kinds lists the kinds of entry of this room.
func Kinds() []record.Kind { return []record.Kind{{Name: kindDiscarded, Version: 1}} }

// Tell puts an entry of a kind "job.*" into a sentence, "" for one it does not know.
func Tell(e record.Entry, _ func(id string) string) string {
	var b discarded
	if e.Kind != kindDiscarded || e.Decode(&b) != nil {
		return ""
	}
	return phrase.Because("Timed work was discarded after "+phrase.Count(b.Attempts, "attempt", "attempts")+": "+b.Kind, b.Reason)
}

// Filter narrows List. Zero values do not narrow.
type Filter struct {
	State State  `json:"state"`
	Kind  string `json:"kind"`
}

// List returns unfinished and dead jobs, newest first. Permission job.read.
// next is "" on the last page.
func (r *Runner) List(ctx context.Context, by who.Identity, f Filter, cursor string, limit int) (jobs []Job, next string, err error) {
	if err := who.Check(by, who.PermJobRead); err != nil {
		return nil, "", err
	}
	switch f.State {
	case "", Ready, Leased, Dead:
	default:
		return nil, "", fault.InvalidField("state", "must be ready, leased or dead")
	}
	keys, err := by.OpenCursor(cursor, f, 1)
	if err != nil {
		return nil, "", err
	}
	limit = who.Limit(limit)
	q, args := `SELECT `+columns+` FROM job WHERE 1=1`, []any{}
	if f.State != "" {
		q, args = q+` AND state=?`, append(args, f.State)
	}
	if f.Kind != "" {
		q, args = q+` AND kind=?`, append(args, f.Kind)
	}
	if keys != nil {
		q, args = q+` AND id<?`, append(args, keys[0])
	}
	jobs, err = readWith(ctx, r.db, q+` ORDER BY id DESC LIMIT ?`, append(args, limit+1)...)
	if err != nil {
		return nil, "", err
	}
	if len(jobs) > limit {
		jobs = jobs[:limit]
		next = by.Cursor(f, jobs[limit-1].ID)
	}
	for i := range jobs {
		jobs[i] = r.seen(jobs[i])
	}
	return jobs, next, nil
}

// seen turns the pause, which is real time, into the product time at which the job runs.
func (r *Runner) seen(j Job) Job {
	pause := j.NextAt.Sub(r.clk.Real())
	if j.NextAt = j.RunAt; j.State != Ready {
		j.NextAt = time.Time{}
	} else if after := r.clk.Now().Add(pause); pause > 0 && after.After(j.RunAt) {
		j.NextAt = after
	}
	return j
}

// Dead is List of the jobs that were given up.
func (r *Runner) Dead(ctx context.Context, by who.Identity, cursor string, limit int) (jobs []Job, next string, err error) {
	return r.List(ctx, by, Filter{State: Dead}, cursor, limit)
}

// Job returns one job. Permission job.read. A finished job is NotFound.
func (r *Runner) Job(ctx context.Context, by who.Identity, id string) (Job, error) {
	if err := who.Check(by, who.PermJobRead); err != nil {
		return Job{}, err
	}
	j, err := find(ctx, r.db, id)
	if err != nil {
		return Job{}, err
	}
	return r.seen(j), nil
}

// Retry lets a dead job run again now, with all its attempts. Permission
// job.manage. A job that is not dead is a Conflict.
func (r *Runner) Retry(ctx context.Context, by who.Identity, id string) error {
	if err := who.Check(by, who.PermJobManage); err != nil {
		return err
	}
	return r.onDead(ctx, "job.retry", by, id, func(tx *store.Tx, j Job) error {
		if j.UniqueKey != "" {
			if covered, err := cover(tx, j); err != nil {
				return err
			} else if covered {
				_, err := tx.Exec(`DELETE FROM job WHERE id=? AND state='dead'`, id)
				return err
			}
		}
		tx.AfterCommit(r.nudge)
		_, err := tx.Exec(`UPDATE job SET state='ready', attempt=0, wait_until=0, run_at=?, failed_at=0 WHERE id=? AND state='dead'`,
			clock.Micros(r.clk.Now()), id)
		return err
	})
}

// Discard removes a dead job: somebody decided, for a reason, that its work is not done. The
// ledger says so. Permission job.manage. Invalid without a reason; a job that is not dead is a
// Conflict.
func (r *Runner) Discard(ctx context.Context, by who.Identity, id, reason string) error {
	if err := who.Check(by, who.PermJobManage); err != nil {
		return err
	}
	reason = strings.TrimSpace(toText(reason))
	if reason == "" || utf8.RuneCountInString(reason) > maxReason {
		return fault.InvalidField("reason", "say why the work need not be done, in at most 1000 characters")
	}
	if r.cfg.Ledger == nil {
		return fault.New(fault.Unavailable, "There is no ledger to record it in, so nothing is discarded")
	}
	return r.onDead(ctx, "job.discard", by, id, func(tx *store.Tx, j Job) error {
		if _, err := tx.Exec(`DELETE FROM job WHERE id=? AND state='dead'`, id); err != nil {
			return err
		}
		_, err := r.cfg.Ledger.Append(tx, record.Draft{
			Kind: kindDiscarded, Subject: j.ID, Actor: by.Actor, Body: discarded{ID: j.ID, Kind: j.Kind, Attempts: j.Attempt, Reason: reason},
		})
		return err
	})
}

func (r *Runner) onDead(ctx context.Context, op string, by who.Identity, id string, fn func(tx *store.Tx, j Job) error) error {
	_, err := r.db.Write(ctx, store.Op{Name: op, Actor: by.Actor}, func(tx *store.Tx) error {
		j, err := find(ctx, tx, id)
		if err != nil {
			return err
		}
		if j.State != Dead {
			return fault.New(fault.Conflict, "Only a job that was given up can be retried or discarded")
		}
		return fn(tx, j)
	})
	if err != nil {
		return fmt.Errorf("%s %s: %w", op, id, err)
	}
	return nil
}

func find(ctx context.Context, r store.Reader, id string) (Job, error) {
	jobs, err := readWith(ctx, r, `SELECT `+columns+` FROM job WHERE id=?`, id)
	if err != nil {
		return Job{}, err
	}
	if len(jobs) == 0 {
		return Job{}, fault.New(fault.NotFound, "There is no such job; a finished one is removed")
	}
	return jobs[0], nil
}

// Stats counts the jobs by state, for metrics and readiness.
func (r *Runner) Stats(ctx context.Context) (map[State]int64, error) {
	counts := map[State]int64{Ready: 0, Leased: 0, Dead: 0}
	rows, err := r.db.Query(ctx, `SELECT state, COUNT(*) FROM job GROUP BY state`)
	if err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var s State
		var n int64
		if err := rows.Scan(&s, &n); err != nil {
			return nil, fmt.Errorf("count jobs: %w", err)
		}
		counts[s] = n
	}
	return counts, rows.Err()
}
