package job

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/store"
)

const (
	always = math.MaxInt64 // as an instant: later than all
	never  = math.MinInt64 // earlier than all
)

// Start begins the loop. ctx ends it like Stop does; its values are not used.
// Starting twice is a defect and panics.
func (r *Runner) Start(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stop != nil {
		panic("job: the runner is started already")
	}
	inner, stop := detach(ctx)
	r.stop, r.ended = stop, make(chan struct{})
	r.beat.Store(clock.Micros(r.clk.Real()))
	go r.loop(inner, r.ended)
}

// Stop ends the loop, cancels the handlers that run and waits for them, at most
// Config.StopWait. What does not end in time is leased again when its lease
// runs out. Stop without Start does nothing.
func (r *Runner) Stop() {
	r.mu.Lock()
	stop, ended := r.stop, r.ended
	r.stop = nil
	r.mu.Unlock()
	if stop == nil {
		return
	}
	stop()
	late := r.clk.After(r.cfg.StopWait)
	select {
	case <-ended:
	case <-late:
		r.log.Error("the job loop did not stop in time")
		return
	}
	for {
		running, changed := r.busy()
		if running == 0 {
			return
		}
		select {
		case <-changed:
		case <-late:
			r.log.Error("jobs did not stop in time; they run again when their lease is over", "jobs", running)
			return
		}
	}
}

// detach returns a context that ends with ctx but carries none of its values:
// an idempotency key of a caller is not one of the jobs'.
func detach(ctx context.Context) (context.Context, context.CancelFunc) {
	inner, cancel := context.WithCancel(clock.Background())
	stop := context.AfterFunc(ctx, cancel)
	return inner, func() { stop(); cancel() }
}

func (r *Runner) loop(ctx context.Context, ended chan struct{}) {
	defer close(ended)
	r.reclaim()
	for ctx.Err() == nil {
		r.planned.Store(always)
		moved := r.clk.Moved()
		next, err := r.turn(ctx)
		if err != nil && ctx.Err() == nil {
			r.log.Error("job loop", "error", err)
		}
		wait := r.cfg.Poll
		if !next.IsZero() {
			wait = min(wait, max(next.Sub(r.clk.Now()), time.Millisecond))
			r.planned.Store(clock.Micros(next))
		}
		wctx, cancel := context.WithTimeout(ctx, wait)
		select {
		case <-wctx.Done():
		case <-r.wake:
		case <-moved:
		}
		cancel()
	}
}

// reclaim frees the leases an earlier process left. Only SQLite: one process at
// a time has its data directory, on PostgreSQL the lease may be another node's.
func (r *Runner) reclaim() {
	if r.db.Engine() != store.SQLite {
		return
	}
	err := r.write("job.reclaim", func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE job SET lease_until=1 WHERE state='leased'`)
		return err
	})
	if err != nil {
		r.log.Error("free the leases of an earlier process", "error", err)
	}
}

// turn runs the due sweeps and starts due jobs in the free places. next is the
// earliest later instant something is due, in product time, zero for none.
func (r *Runner) turn(ctx context.Context) (next time.Time, err error) {
	r.turnMu.Lock()
	defer r.turnMu.Unlock()
	now := r.clk.Now()
	ran, next, err := r.sweepAll(ctx, now, false)
	if err != nil {
		return time.Time{}, err
	}
	running, _ := r.busy()
	free := r.cfg.Workers - running
	if free <= 0 {
		return next, nil // no beat: the loop turns but cannot take work
	}
	jobs, err := r.lease(ctx, claim{now: now, n: free})
	if err != nil {
		return time.Time{}, err
	}
	r.launch(ctx, jobs)
	at, err := r.nextJob(ctx, clock.Micros(now))
	if err != nil {
		return time.Time{}, err
	}
	if !at.IsZero() && (next.IsZero() || at.Before(next)) {
		next = at
	}
	if ran {
		next = now // a sweep may have more to do
	}
	r.beat.Store(clock.Micros(r.clk.Real()))
	return next, nil
}

func (r *Runner) launch(ctx context.Context, jobs []Job) {
	r.mu.Lock()
	r.running += len(jobs)
	r.mu.Unlock()
	for _, j := range jobs {
		go r.run(ctx, j)
	}
}

func (r *Runner) finished() {
	r.mu.Lock()
	r.running--
	close(r.changed)
	r.changed = make(chan struct{})
	r.mu.Unlock()
	r.nudge()
}

func (r *Runner) busy() (running int, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.running, r.changed
}

// Drain runs everything due at now, and what that makes due, until nothing is.
// It waits for the handlers of this process. A job that fails is tried once per
// drain, without waiting for its pause, and then left to the loop. It works
// with and without Start.
func (r *Runner) Drain(ctx context.Context, now time.Time) error {
	inner, cancel := detach(ctx)
	defer cancel()
	tried := map[string]bool{}
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("drain jobs: %w", err)
		}
		worked, err := r.drainTurn(inner, now, tried)
		if err != nil {
			return fmt.Errorf("drain jobs: %w", err)
		}
		waited, err := r.settle(ctx)
		if err != nil {
			return fmt.Errorf("drain jobs: %w", err)
		}
		if !worked && !waited {
			return nil
		}
	}
}

func (r *Runner) drainTurn(ctx context.Context, now time.Time, tried map[string]bool) (worked bool, err error) {
	r.turnMu.Lock()
	defer r.turnMu.Unlock()
	ran, _, err := r.sweepAll(ctx, now, true)
	if err != nil {
		return false, err
	}
	running, _ := r.busy()
	free := r.cfg.Workers - running
	if free <= 0 {
		return true, nil
	}
	jobs, err := r.lease(ctx, claim{now: now, n: free, hurry: true, tried: tried})
	if err != nil {
		return false, err
	}
	for _, j := range jobs {
		tried[j.ID] = true
	}
	r.launch(ctx, jobs)
	return ran || len(jobs) > 0, nil
}

// settle waits until no handler of this process runs.
func (r *Runner) settle(ctx context.Context) (waited bool, err error) {
	for {
		running, changed := r.busy()
		if running == 0 {
			return waited, nil
		}
		waited = true
		select {
		case <-changed:
		case <-ctx.Done():
			return waited, ctx.Err()
		}
	}
}

func (r *Runner) move(ctx context.Context, to time.Time) error {
	if err := r.clk.Set(to); err != nil || r.cfg.Moved == nil {
		return err
	}
	return r.cfg.Moved(ctx)
}

// Forward moves the test clock to `to`, stopping at each instant something is
// due on the way and draining it there, so that everything happens at its own
// time. `to` before now drains and moves nothing. It is an error on the
// machine's clock.
func (r *Runner) Forward(ctx context.Context, to time.Time) error {
	if !r.clk.Movable() {
		return r.clk.Advance(0)
	}
	for stuck := 0; stuck < patience; {
		now := r.clk.Now()
		if err := r.Drain(ctx, now); err != nil {
			return err
		}
		at, ok, err := r.NextDue(ctx)
		if err != nil {
			return err
		}
		if ok && !at.After(now) {
			stuck++ // came up since the drain, or another node runs it
			if err := r.clk.Sleep(ctx, time.Millisecond); err != nil {
				return err
			}
			continue
		}
		stuck = 0
		if !ok || at.After(to) {
			at = to
		}
		if at.After(r.clk.Now()) {
			if err := r.move(ctx, at); err != nil {
				return err
			}
		}
		if !at.Before(to) {
			return r.Drain(ctx, r.clk.Now())
		}
	}
	return errors.New("forward: something stays due however often it is run")
}
