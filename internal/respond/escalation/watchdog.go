package escalation

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/respond/escalation/call"
)

// watchdogWait bounds the attempt to record a silence: the writer may be what stands
// still, and people are called without a record rather than not at all.
const watchdogWait = 10 * time.Second

// OnJobLoopSilent is told by the watchdog that the job loop has not run since an
// instant of real time. A dead loop sends nothing, so all managers and admins are
// called at once and their webhooks are posted from here, not by a job; their e-mails
// are left in the outbox and go out as soon as a loop runs, on this node or another.
// It is recorded as a call about "system". Errors are logged: there is nobody to
// return them to.
func (s *Service) OnJobLoopSilent(ctx context.Context, since time.Time) {
	var a alarm
	wctx, cancel := context.WithTimeout(ctx, watchdogWait)
	defer cancel()
	_, err := s.db.Write(wctx, store.Op{Name: "call.watchdog", Actor: self().Actor}, func(tx *store.Tx) (err error) {
		a, err = s.recordSilence(ctx, tx)
		return err
	})
	if err != nil {
		s.cfg.Log.Error("the silence of the job loop could not be recorded", "since", since, "error", err)
		dir, err := s.dirs.Snapshot(s.db)
		if err != nil {
			s.cfg.Log.Error("nobody can be called about the silent job loop", "since", since, "error", err)
			return
		}
		a = s.silence(dir, plan.Default().EscalateMinutes)
	}
	s.cfg.Log.Error("the job loop is silent: managers and admins are called", "since", since, "people", len(a.calls))
	s.postAll(ctx, a)
}

// alarm is one silence and whom to call about it. links are the secrets of the
// webhooks by call; they are never stored.
type alarm struct {
	chain Chain
	calls []Call
	dir   directory.Snapshot
	links map[string]string
}

func (s *Service) silence(dir directory.Snapshot, minutes int) alarm {
	now := s.clk.Now()
	a := alarm{dir: dir, links: map[string]string{}, chain: Chain{
		ID: ident.New(now), Purpose: ForWatchdog, Subject: subjectSystem, Ref: "wakebell", Minutes: minutes, Round: 1,
		State: Running, StartedAt: now,
	}}
	for _, l := range []call.Lane{{As: AsManager, People: dir.WithRole(who.Manager)}, {As: AsAdmin, People: dir.WithRole(who.Admin)}} {
		for _, p := range l.People {
			if !call.Names(a.calls, p) {
				_, why := call.Reachable(dir.People[p])
				a.calls = append(a.calls, a.chain.Make(call.Pick{Person: p, As: l.As, Round: 1, Skip: why}, dir.People[p], ident.New(now), 0, now))
			}
		}
	}
	if len(a.calls) == 0 {
		a.chain.State = Exhausted
	}
	return a
}

func (s *Service) recordSilence(ctx context.Context, tx *store.Tx) (alarm, error) {
	dir, err := s.dirs.Snapshot(tx)
	if err != nil {
		return alarm{}, err
	}
	pl, err := s.plans.CurrentTx(tx)
	if err != nil {
		return alarm{}, err
	}
	a := s.silence(dir, pl.EscalateMinutes)
	kind := kindMade
	if a.chain.State == Exhausted {
		kind = kindExhausted
	}
	if err := s.record(tx, self().Actor, kind, subjectSystem, body{Chain: &a.chain, Calls: a.calls}); err != nil {
		return alarm{}, err
	}
	for _, k := range a.calls {
		post := slices.Contains(k.Channels, Webhook)
		k.Channels = slices.DeleteFunc(slices.Clone(k.Channels), func(w Channel) bool { return w == Webhook })
		if err := s.send(ctx, tx, a.chain, k, dir.People[k.Person]); err != nil {
			return alarm{}, fmt.Errorf("call %s: %w", k.Person, err)
		}
		if !post {
			continue
		}
		token, hash := newLink()
		if err := s.keepLink(tx, hash, k); err != nil {
			return alarm{}, err
		}
		a.links[k.ID] = token
		// It is posted once, by postAll, which notes the outcome.
		if _, err := tx.Exec(`INSERT INTO call_delivery (call_id, channel, state, mail_id, attempts, maybe_twice, last_error, updated_at) VALUES (?,'webhook','sending','',1,0,'',?)`,
			k.ID, clock.Micros(s.clk.Now())); err != nil {
			return alarm{}, err
		}
	}
	return a, nil
}

// postAll posts the webhooks of an alarm at the same time and notes what became of
// them where the record was written.
func (s *Service) postAll(ctx context.Context, a alarm) {
	var wg sync.WaitGroup
	for _, k := range a.calls {
		p := a.dir.People[k.Person]
		if !slices.Contains(k.Channels, Webhook) {
			continue
		}
		wg.Go(func() {
			token := a.links[k.ID]
			state, text := deliverySent, ""
			if failed := s.post(ctx, p.Webhook, call.Compose(k, a.chain.Minutes, s.cfg.BaseURL, token, p.Zone).Post); failed != nil {
				state, text = deliveryFailed, failed.text
				s.cfg.Log.Error("webhook of the watchdog not sent", "call", k.ID, "error", failed)
			}
			if token == "" {
				return
			}
			wctx, cancel := context.WithTimeout(ctx, watchdogWait)
			defer cancel()
			_, err := s.db.Write(wctx, store.Op{Name: "call.watchdog", Actor: self().Actor}, func(tx *store.Tx) error {
				return s.mark(tx, k.ID, state, text)
			})
			if err != nil {
				s.cfg.Log.Error("webhook of the watchdog not noted", "call", k.ID, "error", err)
			}
		})
	}
	wg.Wait()
}
