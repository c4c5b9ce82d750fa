package escalation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/document"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/respond/escalation/call"
	"github.com/wakebell/wakebell/internal/respond/escalation/rows"
)

// The reasons that stand in the record. They are fixed texts without personal data.
const (
	becauseAnswered  = "another person has answered"
	becauseSettled   = "the signals are acknowledged or decided"
	becauseIncident  = "an incident was declared: its duties call from here on"
	becauseDuties    = "the duties are settled"
	becauseRecipient = "another team is to be told"
	becauseLoop      = "the timed work runs again"
)

func becauseDuty(s duty.State) string { return "the duty is " + string(s) }

// open starts a chain and calls the first people at once.
func (s *Service) open(ctx context.Context, tx *store.Tx, c Chain, signals []string) error {
	now := s.clk.Now()
	c.ID, c.State, c.StartedAt, c.Round = ident.New(now), Running, now, 1
	return s.advance(ctx, tx, c, nil, signals)
}

// advance calls the next people of a chain, or records that nobody is left. calls is
// what it has done so far; signals are those that come to it now.
func (s *Service) advance(ctx context.Context, tx *store.Tx, c Chain, calls []Call, signals []string) error {
	now := s.clk.Now()
	dir, err := s.dirs.Snapshot(tx)
	if err != nil {
		return fmt.Errorf("call people: %w", err)
	}
	count := len(signals)
	if len(calls) > 0 && c.AboutSignals() {
		left, err := s.remaining(ctx, tx, c, nil)
		if err != nil {
			return err
		}
		count = len(left)
	}
	lanes, reach := call.Lanes(dir, c, calls, now), func(p string) string { return unreachable(dir, p) }
	picks, more := call.Choose(lanes, calls, c.Round, c.Last, reach)
	if len(calls) > 0 {
		for _, p := range call.Again(c, lanes, calls, now, reach) {
			if !slices.ContainsFunc(picks, func(q call.Pick) bool { return q.Person == p.Person }) {
				picks, more = append(picks, p), true
			}
		}
	}
	if c.NextAt = now.Add(s.minutes(c)); !more {
		c.State, c.NextAt = Exhausted, time.Time{}
	}
	made := make([]Call, 0, len(picks))
	for _, p := range picks {
		c.Round = max(c.Round, p.Round)
		k, err := s.post.Share(ctx, tx, c.Make(p, dir.People[p.Person], ident.New(now), count, now))
		if err != nil {
			return err
		}
		made = append(made, k)
	}
	kind := kindMade
	if !more {
		kind = kindExhausted
	}
	if err := s.record(tx, self().Actor, kind, c.Subject, body{Chain: &c, Calls: made, Signals: signals}); err != nil {
		return err
	}
	for _, k := range made {
		if err := s.post.Send(ctx, tx, k, dir.People[k.Person]); err != nil {
			return fmt.Errorf("call %s: %w", k.Person, err)
		}
	}
	if more {
		return nil
	}
	return s.nobodyLeft(ctx, tx, c)
}

// nobodyLeft calls the incident manager and an executive when a team does not answer.
// When they do not answer either, the record says so and the log shouts: there is
// nobody the system could still call.
func (s *Service) nobodyLeft(ctx context.Context, tx *store.Tx, c Chain) error {
	switch c.Purpose {
	case ForDuty:
		return s.alarm(ctx, tx, c, call.Alarm{Kind: ForNobody, Duty: c.Duty, Rule: c.Rule, Team: c.Team, DueAt: c.DueAt})
	case ForSignals:
	default:
		s.cfg.Log.Error("nobody answers an alarm", "purpose", string(c.Purpose), "reference", c.Ref)
		return nil
	}
	signals, err := s.remaining(ctx, tx, c, nil)
	if err != nil {
		return err
	}
	c.Purpose, c.NeedsLead, c.Heard, c.NextAt = ForNobody, false, false, time.Time{}
	return s.open(ctx, tx, c, signals)
}

// over says why a chain has nothing to call about any more; "" while it has. It also
// brings the due time up to the duty's.
func (s *Service) over(ctx context.Context, tx *store.Tx, c *Chain) (string, error) {
	if c.Duty != "" {
		d, err := s.duty(ctx, tx, c.Incident, c.Duty)
		if err != nil {
			return "", err
		}
		if d.State != duty.Open {
			return becauseDuty(d.State), nil
		}
		c.DueAt, c.Manager = d.DueAt, d.Manager
		return "", nil
	}
	switch {
	case len(c.Alarms) > 0:
		open, err := s.openDuties(ctx, tx, c.Incident)
		if err == nil && !c.Keep(func(id string) bool { return open[id].State == duty.Open }) {
			return becauseDuties, nil
		}
		for _, a := range c.Alarms {
			c.Manager = open[a.Duty].Manager
		}
		return "", err
	case c.Purpose == ForWatchdog:
		return becauseLoop, nil // a loop runs this sweep
	}
	left, err := s.remaining(ctx, tx, *c, nil)
	if err == nil && len(left) == 0 {
		return becauseSettled, nil
	}
	return "", err
}

func (s *Service) duty(ctx context.Context, r store.Reader, incident, id string) (duty.Duty, error) {
	list, err := s.duties.ForIncident(ctx, r, incident)
	if err != nil {
		return duty.Duty{}, err
	}
	for _, d := range list {
		if d.ID == id {
			return d, nil
		}
	}
	return duty.Duty{State: duty.Withdrawn}, nil
}

// withdraw ends a chain and those of its calls that still wait.
func (s *Service) withdraw(ctx context.Context, tx *store.Tx, c Chain, why string) error {
	calls, err := rows.OfChain(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	c.State, c.EndedAt, c.Reason, c.NextAt = Ended, s.clk.Now(), why, time.Time{}
	return s.record(tx, self().Actor, kindWithdrawn, c.Subject, body{Chain: &c, Calls: call.Withdraw(calls, why)})
}

func unreachable(dir directory.Snapshot, person string) string {
	_, why := call.Reachable(dir.People[person])
	return why
}

// minutes is how long the people of a chain have before the next are called.
func (s *Service) minutes(c Chain) time.Duration { return time.Duration(c.Minutes) * time.Minute }

// nextCallAt is the earliest instant at which a next person is called.
func (s *Service) nextCallAt(ctx context.Context, r store.Reader) (time.Time, bool, error) {
	var us int64
	err := r.QueryRow(ctx, `SELECT COALESCE(MIN(next_at), 0) FROM call_chain WHERE next_at > 0`).Scan(&us)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("next call: %w", err)
	}
	return clock.FromMicros(us), us > 0, nil
}

// sweepBatch is how many chains one run of the sweep takes.
const sweepBatch = 200

// callNext goes on with every chain that has waited the plan's minutes. The chains of
// one incident go on in one write, so that who is asked several things gets one
// message; different incidents are different writes, so that a broken one holds nobody
// else up. It asks again inside the write, so that several nodes call a person once.
func (s *Service) callNext(ctx context.Context, now time.Time) error {
	due, err := document.List[Chain](ctx, s.db, `SELECT doc FROM call_chain WHERE next_at > 0 AND next_at <= ? ORDER BY next_at, id LIMIT ?`, clock.Micros(now), sweepBatch)
	if err != nil {
		return fmt.Errorf("calls that go on: %w", err)
	}
	var order []string
	groups := map[string][]string{}
	for _, c := range due {
		key := cmp.Or(c.Incident, c.ID)
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], c.ID)
	}
	var broken error
	for _, key := range order {
		err := s.goOnAll(ctx, groups[key], now)
		if err != nil && len(groups[key]) > 1 { // the chains that are whole go on
			err = nil
			for _, id := range groups[key] {
				err = errors.Join(err, s.goOnAll(ctx, []string{id}, now))
			}
		}
		broken = errors.Join(broken, err)
	}
	return broken
}

func (s *Service) goOnAll(ctx context.Context, ids []string, now time.Time) error {
	_, err := s.db.Write(ctx, store.Op{Name: "call.next", Actor: self().Actor}, func(tx *store.Tx) error {
		if err := s.post.Forget(tx, now); err != nil {
			return err
		}
		for _, id := range ids {
			if err := s.goOn(ctx, tx, id, now); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

func (s *Service) goOn(ctx context.Context, tx *store.Tx, id string, now time.Time) error {
	c, err := rows.Chain(ctx, tx, id)
	if err != nil || c.NextAt.IsZero() || c.NextAt.After(now) {
		return err
	}
	why, err := s.over(ctx, tx, &c)
	if err != nil {
		return err
	}
	if why != "" {
		return s.withdraw(ctx, tx, c, why)
	}
	calls, err := rows.OfChain(ctx, tx, id)
	if err != nil {
		return err
	}
	if late := call.Expire(calls, now); len(late) > 0 {
		if err := s.record(tx, self().Actor, kindExpired, c.Subject, body{Chain: &c, Calls: late}); err != nil {
			return err
		}
	}
	return s.advance(ctx, tx, c, calls, nil)
}
