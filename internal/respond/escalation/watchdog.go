package escalation

import (
	"context"
	"sync"
	"time"

	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/document"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/respond/escalation/call"
	"github.com/wakebell/wakebell/internal/respond/escalation/post"
	"github.com/wakebell/wakebell/internal/respond/escalation/rows"
)

// watchdogWait bounds the attempt to record a silence: the writer may be what stands
// still, and people are called without a record rather than not at all.
const watchdogWait = 10 * time.Second

// OnJobLoopSilent is told by the watchdog that the job loop has not run since an
// instant of real time. It raises an internal duty, "look after the server": an entry
// watchdog.raised about "system", whose calls are answered like any other. A dead loop
// sends nothing, so all managers and admins are called at once, by e-mail and webhook,
// from here and not by a job. The duty is met by an acknowledgement and withdrawn when
// a loop runs again. Errors are logged: there is nobody to return them to.
func (s *Service) OnJobLoopSilent(ctx context.Context, since time.Time) {
	var a outcry
	wctx, cancel := context.WithTimeout(ctx, watchdogWait)
	defer cancel()
	_, err := s.db.Write(wctx, store.Op{Name: "call.watchdog", Actor: self().Actor}, func(tx *store.Tx) (err error) {
		a, err = s.recordSilence(ctx, tx, since)
		return err
	})
	if err != nil {
		s.cfg.Log.Error("the silence of the job loop could not be recorded", "since", since, "error", err)
		dir, err := s.dirs.Snapshot(s.db)
		if err != nil {
			s.cfg.Log.Error("nobody can be called about the silent job loop", "since", since, "error", err)
			return
		}
		a = s.silence(dir, plan.Default().EscalateMinutes, since)
	}
	s.cfg.Log.Error("the job loop is silent: managers and admins are called", "since", since, "people", len(a.calls))
	s.shout(ctx, a)
}

// Standstill is the internal duty that a silent job loop has raised.
type Standstill struct {
	Since    time.Time // real time of the loop's last turn
	RaisedAt time.Time
	People   int // who are called
}

// Standstill returns the internal duty about the job loop while it is open: nobody has
// acknowledged it and no loop runs again. It names nobody, for whoever may ask if the
// server is ready.
func (s *Service) Standstill(ctx context.Context) (st Standstill, open bool, err error) {
	chains, err := document.List[Chain](ctx, s.db, `SELECT doc FROM call_chain WHERE purpose = 'job_loop_silent' AND team = '' AND drill = 0 AND state = 'running' ORDER BY id DESC LIMIT 1`)
	if err != nil || len(chains) == 0 {
		return st, false, err
	}
	calls, err := rows.OfChain(ctx, s.db, chains[0].ID)
	for _, k := range calls {
		if k.State != Skipped {
			st.People++
		}
	}
	st.Since, st.RaisedAt = chains[0].Since, chains[0].StartedAt
	return st, true, err
}

// outcry is one silence and whom to call about it. sent is what was left behind for
// the calls, by their ids; without a record there is none.
type outcry struct {
	chain Chain
	calls []Call
	dir   directory.Snapshot
	sent  map[string]post.Direct
}

func (s *Service) silence(dir directory.Snapshot, minutes int, since time.Time) outcry {
	now := s.clk.Now()
	a := outcry{dir: dir, sent: map[string]post.Direct{}, chain: Chain{
		ID: ident.New(now), Purpose: ForWatchdog, Subject: subjectSystem, Ref: "wakebell", Minutes: minutes, Round: 1,
		State: Running, StartedAt: now, Since: since.UTC(),
	}}
	a.chain.NextAt = now.Add(s.minutes(a.chain)) // a loop that runs again finds it then
	for _, l := range []call.Lane{{As: AsManager, People: dir.WithRole(who.Manager)}, {As: AsAdmin, People: dir.WithRole(who.Admin)}} {
		for _, p := range l.People {
			if !call.Names(a.calls, p) {
				a.calls = append(a.calls, a.chain.Make(call.Pick{Person: p, As: l.As, Round: 1, Skip: unreachable(dir, p)}, dir.People[p], ident.New(now), 0, now))
			}
		}
	}
	return a
}

func (s *Service) recordSilence(ctx context.Context, tx *store.Tx, since time.Time) (outcry, error) {
	dir, err := s.dirs.Snapshot(tx)
	if err != nil {
		return outcry{}, err
	}
	pl, err := s.plans.CurrentTx(tx)
	if err != nil {
		return outcry{}, err
	}
	a := s.silence(dir, pl.EscalateMinutes, since)
	if err := s.record(tx, self().Actor, kindLoopSilent, subjectSystem, body{Chain: &a.chain, Calls: a.calls}); err != nil {
		return outcry{}, err
	}
	for _, k := range a.calls {
		if a.sent[k.ID], err = s.post.Prepare(ctx, tx, k, dir.People[k.Person]); err != nil {
			return outcry{}, err
		}
	}
	return a, nil
}

// shout tells everybody of a silence at the same time.
func (s *Service) shout(ctx context.Context, a outcry) {
	var wg sync.WaitGroup
	for _, k := range a.calls {
		wg.Go(func() { s.post.Now(ctx, k, a.dir.People[k.Person], a.sent[k.ID]) })
	}
	wg.Wait()
}
