package job_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/whotest"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

var manager = who.Identity{Actor: "a-1", Person: "a-1", Roles: []who.Role{who.Admin}}

// quick makes pauses short enough for tests.
var quick = job.Config{PauseFirst: time.Millisecond, PauseMost: 5 * time.Millisecond, MaxAttempts: 3, StopWait: 5 * time.Second}

func enqueue(t testing.TB, db *store.DB, r *job.Runner, drafts ...job.Draft) {
	t.Helper()
	_, err := db.Write(t.Context(), store.Op{Name: "test", Actor: "t"}, func(tx *store.Tx) error {
		for _, d := range drafts {
			if err := r.Enqueue(tx, d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits for a condition, in real time.
func eventually(t testing.TB, clk *clock.Clock, what string, ok func() bool) {
	t.Helper()
	for began := clk.Real(); !ok(); {
		if clk.Real().Sub(began) > 10*time.Second {
			t.Fatalf("not within ten seconds: %s", what)
		}
		if err := clk.Sleep(t.Context(), 2*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
}

func count(t testing.TB, db *store.DB, q string, args ...any) (n int) {
	t.Helper()
	if err := db.QueryRow(t.Context(), q, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestZeroIdentityIsDenied(t *testing.T) {
	t.Parallel()
	whotest.DenyEmpty(t, (*job.Runner)(nil))
}

func TestDrainRunsWhatIsDue(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		clk := clock.NewTest(start)
		r := job.New(db, clk, nil, quick)
		var mu sync.Mutex
		var got []string
		r.Register("say", func(ctx context.Context, j job.Job) error {
			var word string
			if err := json.Unmarshal(j.Payload, &word); err != nil {
				return job.Permanent(err)
			}
			mu.Lock()
			got = append(got, word)
			mu.Unlock()
			return j.Done(ctx, func(tx *store.Tx) error {
				if word != "first" {
					return nil
				}
				return r.Enqueue(tx, job.Draft{Kind: "say", Payload: "follows"})
			})
		})
		enqueue(t, db, r,
			job.Draft{Kind: "say", Payload: "first"},
			job.Draft{Kind: "say", Payload: "later", RunAt: start.Add(time.Hour)},
			job.Draft{Kind: "unknown here", Payload: "stays"})
		if err := r.Drain(t.Context(), clk.Now()); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"first", "follows"}, got); d != "" {
			t.Error(d)
		}
		at, ok, err := r.NextDue(t.Context())
		if err != nil || !ok || !at.Equal(start.Add(time.Hour)) {
			t.Errorf("next due %v %v %v", at, ok, err)
		}
		if err := r.Drain(t.Context(), start.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if len(got) != 3 {
			t.Errorf("got %v", got)
		}
		if n := count(t, db, `SELECT COUNT(*) FROM job`); n != 1 {
			t.Errorf("%d jobs are left, want the one without a handler", n)
		}
	})
}

func TestUnique(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		clk := clock.NewTest(start)
		r := job.New(db, clk, nil, quick)
		var runs, together, most atomic.Int64
		again := make(chan struct{}, 1)
		r.Register("derive", func(ctx context.Context, j job.Job) error {
			most.Store(max(most.Load(), together.Add(1)))
			defer together.Add(-1)
			if runs.Add(1) == 1 {
				// While one runs, another may wait, but only one.
				enqueue(t, db, r, job.Draft{Kind: "derive", Unique: "inc-1"}, job.Draft{Kind: "derive", Unique: "inc-1"})
				again <- struct{}{}
				return errors.New("the first attempt fails: the waiting one covers it")
			}
			return nil
		})
		enqueue(t, db, r,
			job.Draft{Kind: "derive", Unique: "inc-1", RunAt: start.Add(time.Hour)},
			job.Draft{Kind: "derive", Unique: "inc-1", RunAt: start}, // brings it forward
			job.Draft{Kind: "derive", Unique: "inc-1", RunAt: start.Add(2 * time.Hour)},
			job.Draft{Kind: "derive", Unique: "inc-2", RunAt: start.Add(3 * time.Hour)})
		if n := count(t, db, `SELECT COUNT(*) FROM job`); n != 2 {
			t.Fatalf("%d jobs wait, want 2", n)
		}
		if err := r.Drain(t.Context(), start); err != nil {
			t.Fatal(err)
		}
		<-again
		if runs.Load() != 2 || most.Load() != 1 {
			t.Errorf("%d runs, %d at once; want 2 and 1", runs.Load(), most.Load())
		}
		if n := count(t, db, `SELECT COUNT(*) FROM job`); n != 1 {
			t.Errorf("%d jobs are left, want inc-2", n)
		}
	})
}

func TestRetryAndDead(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		clk := clock.NewTest(start)
		led, err := record.New(t.Context(), db, clk, record.Config{}, job.Kinds())
		if err != nil {
			t.Fatal(err)
		}
		cfg := quick
		cfg.Ledger = led
		r := job.New(db, clk, nil, cfg)
		var flaky, bad atomic.Int64
		var cured atomic.Bool
		r.Register("flaky", func(context.Context, job.Job) error {
			if flaky.Add(1) < 3 {
				return errors.New("not yet")
			}
			return nil
		})
		r.Register("bad", func(_ context.Context, j job.Job) error {
			bad.Add(1)
			switch {
			case cured.Load():
				return nil
			case string(j.Payload) == `"panic"`:
				panic("broken \xff handler")
			case string(j.Payload) == `"permanent"`:
				return job.Permanent(errors.New("no use"))
			}
			return errors.New("never")
		})
		enqueue(t, db, r, job.Draft{Kind: "flaky"}, job.Draft{Kind: "bad"},
			job.Draft{Kind: "bad", Payload: "panic", MaxAttempts: 1}, job.Draft{Kind: "bad", Payload: "permanent"})
		r.Start(t.Context())
		t.Cleanup(r.Stop)
		var dead []job.Job
		eventually(t, clk, "three dead jobs, one cured", func() bool {
			dead, _, _ = r.Dead(t.Context(), manager, "", 0)
			return len(dead) == 3 && flaky.Load() == 3
		})
		if bad.Load() != 3+1+1 {
			t.Errorf("%d runs of bad, want 5", bad.Load())
		}
		for _, j := range dead {
			if j.LastError == "" || !j.FailedAt.Equal(start) || j.State != job.Dead {
				t.Errorf("dead job %+v", j)
			}
		}
		cured.Store(true)
		for n, err := range []error{
			r.Retry(t.Context(), manager, dead[0].ID), r.Retry(t.Context(), manager, dead[1].ID),
			r.Discard(t.Context(), manager, dead[2].ID, "the incident it was about is closed"),
		} {
			if err != nil {
				t.Errorf("%d: %v", n, err)
			}
		}
		eventually(t, clk, "no job left", func() bool { return count(t, db, `SELECT COUNT(*) FROM job`) == 0 })
		entries, err := led.Subject(t.Context(), db, dead[2].ID, 0, 0)
		if err != nil || len(entries) != 1 || entries[0].Kind != "job.discarded" || entries[0].Actor != manager.Actor {
			t.Fatalf("%v %v", entries, err)
		}
		const told = "Timed work was discarded after 3 attempts: bad: the incident it was about is closed"
		if got := job.Tell(entries[0], nil); got != told {
			t.Errorf("told: %s", got)
		}
		if strings.Contains(string(entries[0].Facts), "incident") {
			t.Errorf("the reason cannot be erased: %s", entries[0].Facts)
		}
		if err := r.Discard(t.Context(), manager, dead[2].ID, " "); fault.KindOf(err) != fault.Invalid {
			t.Errorf("without a reason: %v", err)
		}
		if err := r.Discard(t.Context(), manager, dead[2].ID, "again"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("discard twice: %v", err)
		}
		enqueue(t, db, r, job.Draft{Kind: "bad", RunAt: start.Add(time.Hour)})
		waiting, _, err := r.List(t.Context(), manager, job.Filter{State: job.Ready, Kind: "bad"}, "", 0)
		if err != nil || len(waiting) != 1 {
			t.Fatalf("%v %v", waiting, err)
		}
		if err := r.Retry(t.Context(), manager, waiting[0].ID); fault.KindOf(err) != fault.Conflict {
			t.Errorf("retry of a waiting job: %v", err)
		}
		if _, err := r.Job(t.Context(), who.Identity{Actor: "x", Roles: []who.Role{who.Reporter}}, waiting[0].ID); fault.KindOf(err) != fault.Denied {
			t.Errorf("a reporter reads jobs: %v", err)
		}
	})
}

// A failing job is tried once in a drain: a test clock that jumps must not burn
// the attempts.
func TestDrainTriesAFailingJobOnce(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		clk := clock.NewTest(start)
		r := job.New(db, clk, nil, job.Config{PauseFirst: time.Hour, PauseMost: time.Hour, MaxAttempts: 5})
		runs := 0
		r.Register("bad", func(context.Context, job.Job) error { runs++; return errors.New("no") })
		enqueue(t, db, r, job.Draft{Kind: "bad"})
		for n := 1; n <= 3; n++ {
			if err := r.Forward(t.Context(), start.Add(time.Duration(n)*time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		if runs < 3 || runs > 6 {
			t.Errorf("%d runs in three forwards", runs)
		}
		if _, ok, err := r.NextDue(t.Context()); ok || err != nil {
			t.Errorf("a tried job counts as due: %v %v", ok, err)
		}
	})
}

// The effect and the end of the job are one transaction: a handler that lost
// its lease writes nothing, and the effect is there once.
func TestEffectOnceAfterALostLease(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		clk := clock.NewTest(start)
		first := job.New(db, clk, nil, job.Config{Lease: 50 * time.Millisecond})
		second := job.New(db, clk, nil, quick)
		leased, release := make(chan struct{}), make(chan struct{})
		outcome := make(chan error, 1)
		effect := func(r *job.Runner) func(tx *store.Tx) error {
			return func(tx *store.Tx) error { return r.Enqueue(tx, job.Draft{Kind: "effect"}) }
		}
		first.Register("work", func(ctx context.Context, j job.Job) error {
			close(leased)
			<-release
			err := j.Done(ctx, effect(first))
			if step := j.Exclusive(ctx, func(*store.Tx) error { return nil }); !errors.Is(step, job.ErrLeaseLost) {
				t.Errorf("a step without the lease: %v", step)
			}
			outcome <- err
			return err
		})
		var attempt int
		second.Register("work", func(ctx context.Context, j job.Job) error {
			attempt = j.Attempt
			return j.Done(ctx, effect(second))
		})
		enqueue(t, db, first, job.Draft{Kind: "work"})
		first.Start(t.Context())
		t.Cleanup(first.Stop)
		<-leased
		eventually(t, clk, "the second process takes over", func() bool {
			if err := second.Drain(t.Context(), start); err != nil {
				t.Fatal(err)
			}
			return attempt != 0
		})
		close(release)
		if err := <-outcome; !errors.Is(err, job.ErrLeaseLost) {
			t.Errorf("the first process: %v", err)
		}
		if attempt != 2 {
			t.Errorf("attempt %d, want 2", attempt)
		}
		if n := count(t, db, `SELECT COUNT(*) FROM job WHERE kind='effect'`); n != 1 {
			t.Errorf("%d effects, want 1", n)
		}
		if n := count(t, db, `SELECT COUNT(*) FROM job WHERE kind='work'`); n != 0 {
			t.Errorf("the job is still there")
		}
	})
}

// A failing effect keeps the job; nothing of it is written.
func TestFailingEffectKeepsTheJob(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		clk := clock.NewTest(start)
		r := job.New(db, clk, nil, job.Config{PauseFirst: time.Hour})
		r.Register("work", func(ctx context.Context, j job.Job) error {
			return j.Done(ctx, func(tx *store.Tx) error {
				if err := r.Enqueue(tx, job.Draft{Kind: "effect"}); err != nil {
					return err
				}
				return errors.New("and then something else failed")
			})
		})
		enqueue(t, db, r, job.Draft{Kind: "work"})
		if err := r.Drain(t.Context(), start); err != nil {
			t.Fatal(err)
		}
		if n := count(t, db, `SELECT COUNT(*) FROM job WHERE kind='effect'`); n != 0 {
			t.Error("half an effect was written")
		}
		if n := count(t, db, `SELECT COUNT(*) FROM job WHERE kind='work' AND state='ready' AND attempt=1`); n != 1 {
			t.Error("the job does not wait for its next attempt")
		}
	})
}

// What an earlier process held when it was killed is taken over; a job that
// used its last attempt in it is given up.
func TestOrphans(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		clk := clock.NewTest(start)
		r := job.New(db, clk, nil, quick)
		var runs atomic.Int64
		r.Register("work", func(context.Context, job.Job) error { runs.Add(1); return nil })
		enqueue(t, db, r, job.Draft{Kind: "work"}, job.Draft{Kind: "work", MaxAttempts: 1})
		_, err := db.Write(t.Context(), store.Op{Name: "test", Actor: "t"}, func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE job SET state='leased', lease='gone', lease_until=1, attempt=1`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		r.Start(t.Context())
		t.Cleanup(r.Stop)
		eventually(t, clk, "one run, one dead", func() bool {
			dead, _, err := r.Dead(t.Context(), manager, "", 0)
			return err == nil && runs.Load() == 1 && len(dead) == 1
		})
	})
}

// Several processes share the work; each job's effect happens once.
func TestSeveralRunnersShareTheWork(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		const jobs, nodes = 200, 3
		clk := clock.NewTest(start)
		var mu sync.Mutex
		ran := map[string]int{}
		by := make([]int, nodes)
		var runners []*job.Runner
		for n := range nodes {
			r := job.New(db, clk, nil, quick)
			r.Register("work", func(ctx context.Context, j job.Job) error {
				return j.Done(ctx, func(tx *store.Tx) error {
					tx.AfterCommit(func() {
						mu.Lock()
						defer mu.Unlock()
						ran[string(j.Payload)]++
						by[n]++
					})
					return nil
				})
			})
			runners = append(runners, r)
		}
		var drafts []job.Draft
		for n := range jobs {
			drafts = append(drafts, job.Draft{Kind: "work", Payload: strconv.Itoa(n)})
		}
		for _, r := range runners {
			r.Start(t.Context())
			t.Cleanup(r.Stop)
		}
		enqueue(t, db, runners[0], drafts...)
		eventually(t, clk, "all jobs ended, and said so after their commit", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(ran) >= jobs && count(t, db, `SELECT COUNT(*) FROM job`) == 0
		})
		mu.Lock()
		defer mu.Unlock()
		if len(ran) != jobs || slices.ContainsFunc(drafts, func(d job.Draft) bool { return ran[strconv.Quote(d.Payload.(string))] != 1 }) {
			t.Errorf("%d of %d jobs ran, by node %v", len(ran), jobs, by)
		}
	})
}
