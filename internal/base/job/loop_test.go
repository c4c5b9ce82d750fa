package job_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
)

// every is a sweep that is due every two hours until it ran n times.
func every(n int, ran *[]time.Duration) job.Sweep {
	return job.Sweep{
		Name: "sitrep",
		Next: func(context.Context, store.Reader) (time.Time, bool, error) {
			return start.Add(2 * time.Hour * time.Duration(len(*ran)+1)), len(*ran) < n, nil
		},
		Run: func(_ context.Context, now time.Time) error {
			*ran = append(*ran, now.Sub(start))
			return nil
		},
	}
}

func TestForwardStepsToEachDueTime(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		clk := clock.NewTest(start)
		cfg := quick
		var moves []time.Duration
		cfg.Moved = func(context.Context) error { moves = append(moves, clk.Now().Sub(start)); return nil }
		r := job.New(db, clk, nil, cfg)
		var swept, called []time.Duration
		r.AddSweep(every(3, &swept))
		r.Register("call", func(ctx context.Context, j job.Job) error {
			called = append(called, clk.Now().Sub(start))
			if len(called) == 3 {
				return nil
			}
			return j.Done(ctx, func(tx *store.Tx) error {
				return r.Enqueue(tx, job.Draft{Kind: "call", RunAt: clk.Now().Add(5 * time.Minute)})
			})
		})
		enqueue(t, db, r, job.Draft{Kind: "call", RunAt: start.Add(20 * time.Minute)})
		if err := r.Forward(t.Context(), start.Add(5*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]time.Duration{20 * time.Minute, 25 * time.Minute, 30 * time.Minute}, called); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]time.Duration{2 * time.Hour, 4 * time.Hour}, swept); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]time.Duration{20 * time.Minute, 25 * time.Minute, 30 * time.Minute, 2 * time.Hour, 4 * time.Hour, 5 * time.Hour}, moves); d != "" {
			t.Errorf("told of steps: %s", d)
		}
		if now := clk.Now(); !now.Equal(start.Add(5 * time.Hour)) {
			t.Errorf("the clock stands at %v", now)
		}
		if err := job.New(db, clock.System(), nil, quick).Forward(t.Context(), start); fault.KindOf(err) != fault.Conflict {
			t.Errorf("the machine's clock was moved: %v", err)
		}
	})
}

func TestForwardBesideARunningLoop(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		clk := clock.NewOffset(0)
		r := job.New(db, clk, nil, quick)
		began := clk.Now()
		var ran atomic.Int64
		r.Register("chain", func(ctx context.Context, j job.Job) error {
			if ran.Add(1) == 20 {
				return nil
			}
			return j.Done(ctx, func(tx *store.Tx) error {
				return r.Enqueue(tx, job.Draft{Kind: "chain", RunAt: j.RunAt.Add(time.Minute)})
			})
		})
		enqueue(t, db, r, job.Draft{Kind: "chain", RunAt: began.Add(time.Minute)})
		r.Start(t.Context())
		t.Cleanup(r.Stop)
		if err := r.Forward(t.Context(), began.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if ran.Load() != 20 {
			t.Errorf("%d links of the chain ran, want 20", ran.Load())
		}
	})
}

func TestSweeps(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		clk := clock.NewTest(start)
		r := job.New(db, clk, nil, job.Config{Poll: 10 * time.Millisecond})
		var good, bad, panics atomic.Int64
		due := func(context.Context, store.Reader) (time.Time, bool, error) { return start, true, nil }
		r.AddSweep(job.Sweep{Name: "bad", Next: due, Run: func(context.Context, time.Time) error { bad.Add(1); return errors.New("no") }})
		r.AddSweep(job.Sweep{Name: "panics", Next: due, Run: func(context.Context, time.Time) error { panics.Add(1); panic("x") }})
		r.AddSweep(job.Sweep{
			Name: "good",
			Next: func(context.Context, store.Reader) (time.Time, bool, error) {
				return start.Add(time.Duration(good.Load()) * time.Minute), good.Load() < 2, nil
			},
			Run: func(context.Context, time.Time) error { good.Add(1); return nil },
		})
		r.Start(t.Context())
		eventually(t, clk, "one good run in spite of bad neighbours", func() bool { return good.Load() == 1 && bad.Load() > 1 && panics.Load() > 1 })
		if err := clk.Advance(time.Minute); err != nil { // wakes the loop
			t.Fatal(err)
		}
		eventually(t, clk, "the second good run", func() bool { return good.Load() == 2 })
		r.Stop()
		if err := r.Drain(t.Context(), start); err == nil {
			t.Error("a drain hides a failing sweep")
		}
	})
}

func TestEndlessSweepEndsTheDrain(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, store.SQLite)
	r := job.New(db, clock.NewTest(start), nil, quick)
	r.AddSweep(job.Sweep{
		Name: "endless",
		Next: func(context.Context, store.Reader) (time.Time, bool, error) { return start, true, nil },
		Run:  func(context.Context, time.Time) error { return nil },
	})
	if err := r.Drain(t.Context(), start); err == nil {
		t.Error("no error")
	}
}

func TestEnqueueWakesTheLoop(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		clk := clock.NewOffset(0)
		r := job.New(db, clk, nil, job.Config{Poll: time.Hour})
		done := make(chan time.Time, 1)
		r.Register("work", func(context.Context, job.Job) error { done <- clk.Real(); return nil })
		r.Start(t.Context())
		t.Cleanup(r.Stop)
		eventually(t, clk, "the first turn", func() bool { return !r.LastTurn().IsZero() })
		for _, wait := range []time.Duration{0, 300 * time.Millisecond, 0} {
			from := clk.Real()
			enqueue(t, db, r, job.Draft{Kind: "work", RunAt: clk.Now().Add(wait)})
			select {
			case at := <-done:
				if d := at.Sub(from); d < wait-5*time.Millisecond {
					t.Errorf("ran after %v, want %v", d, wait)
				}
			case <-clk.After(10 * time.Second):
				t.Fatal("nothing woke the loop")
			}
		}
	})
}

// Stop interrupts handlers, gives their jobs back without counting the attempt,
// and the next start runs them.
func TestStopGivesBack(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		clk := clock.NewTest(start)
		r := job.New(db, clk, nil, quick)
		began := make(chan struct{}, 1)
		var finish atomic.Bool
		r.Register("slow", func(ctx context.Context, j job.Job) error {
			if finish.Load() {
				return nil
			}
			began <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		})
		enqueue(t, db, r, job.Draft{Kind: "slow"})
		r.Start(t.Context())
		<-began
		r.Stop()
		r.Stop() // twice is fine
		if n := count(t, db, `SELECT COUNT(*) FROM job WHERE state='ready' AND attempt=0`); n != 1 {
			t.Fatal("the job was not given back")
		}
		finish.Store(true)
		r.Start(t.Context())
		eventually(t, clk, "the job ran", func() bool { return count(t, db, `SELECT COUNT(*) FROM job`) == 0 })
		r.Stop()
	})
}

func TestWatchdog(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		clk := clock.NewTest(start)
		const most = 300 * time.Millisecond
		r := job.New(db, clk, nil, job.Config{Workers: 1, Poll: 20 * time.Millisecond, StopWait: time.Second})
		wedged, free := make(chan struct{}), make(chan struct{})
		r.Register("wedge", func(context.Context, job.Job) error { close(wedged); <-free; return nil })
		var silences atomic.Int64
		w := job.NewWatchdog(r, clk, most, func(_ context.Context, since time.Time) {
			if d := clk.Real().Sub(since); d <= most {
				t.Errorf("told after %v", d)
			}
			silences.Add(1)
		})
		r.Start(t.Context())
		w.Start(t.Context())
		if err := clk.Sleep(t.Context(), 2*most); err != nil {
			t.Fatal(err)
		}
		if silences.Load() != 0 {
			t.Fatal("a working loop was called silent")
		}
		enqueue(t, db, r, job.Draft{Kind: "wedge"})
		<-wedged
		eventually(t, clk, "the silence is told", func() bool { return silences.Load() == 1 })
		if err := clk.Sleep(t.Context(), 2*most); err != nil {
			t.Fatal(err)
		}
		if silences.Load() != 1 {
			t.Errorf("one silence was told %d times", silences.Load())
		}
		close(free)
		eventually(t, clk, "the loop works again", func() bool { return clk.Real().Sub(r.LastTurn()) < most/2 })
		r.Stop() // a second silence
		eventually(t, clk, "the second silence is told", func() bool { return silences.Load() == 2 })
		w.Stop()
		w.Stop()
	})
}

func TestWatchdogOfALoopThatNeverStarted(t *testing.T) {
	t.Parallel()
	clk := clock.System()
	r := job.New(storetest.Open(t, store.SQLite), clk, nil, quick)
	told := make(chan struct{})
	w := job.NewWatchdog(r, clk, 20*time.Millisecond, func(context.Context, time.Time) { close(told) })
	w.Start(t.Context())
	<-told
	w.Stop()
}
