package escalation

import (
	"context"
	"fmt"
	"slices"

	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/respond/escalation/call"
	"github.com/wakebell/wakebell/internal/respond/escalation/post"
	"github.com/wakebell/wakebell/internal/respond/escalation/rows"
)

// alarm calls the incident manager and an executive about an incident. While nobody
// has answered the alarms before, this one joins them: one chain of calls says how
// many there are. An answer covers what was raised until then; what comes after it
// starts a new chain.
func (s *Service) alarm(ctx context.Context, tx *store.Tx, of Chain, a call.Alarm) error {
	a.At = s.clk.Now()
	running, err := rows.Alarms(ctx, tx, of.Incident)
	if err != nil {
		return err
	}
	if len(running) > 0 {
		return s.join(ctx, tx, running[0], of.Manager, a)
	}
	c := Chain{
		Purpose: a.Kind, Subject: of.Subject, Incident: of.Incident, Ref: of.Ref, Manager: of.Manager, Drill: of.Drill, Minutes: of.Minutes,
	}
	c.Raise(a)
	return s.open(ctx, tx, c, nil)
}

// join adds an alarm to a chain that nobody has answered. Those who are called in
// this very moment read of it in the same message; the first manager and the first
// executive are called again at once unless they were told within the plan's minutes;
// all others hear of it when their turn comes, for which the chain gets a further
// round. A chain that had nobody left to call starts that round now.
func (s *Service) join(ctx context.Context, tx *store.Tx, c Chain, manager string, a call.Alarm) error {
	open, err := s.openDuties(ctx, tx, c.Incident)
	if err != nil {
		return err
	}
	c.Manager = manager
	c.Raise(a)
	c.Keep(func(id string) bool { return id == a.Duty || open[id].State == duty.Open })
	calls, err := rows.OfChain(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	if c.State == Exhausted {
		c.State, c.Round = Running, c.Round+1
		if err := s.record(tx, self().Actor, kindExtended, c.Subject, body{Chain: &c, Alarm: &a}); err != nil {
			return err
		}
		return s.advance(ctx, tx, c, calls, nil)
	}
	dir, err := s.dirs.Snapshot(tx)
	if err != nil {
		return fmt.Errorf("call people: %w", err)
	}
	now := s.clk.Now()
	var told []Call
	for _, k := range calls {
		if k.State != Waiting || now.Sub(k.CalledAt) > post.Together {
			continue
		}
		free, err := s.post.Unsent(ctx, tx, k.Message())
		if err != nil {
			return err
		}
		if free {
			told = append(told, c.Describe(k))
		}
	}
	ahead := c
	ahead.NextAt = now.Add(s.minutes(c))
	for _, p := range call.Again(c, call.Lanes(dir, c, calls, now), calls, now, func(p string) string { return unreachable(dir, p) }) {
		k, err := s.post.Share(ctx, tx, ahead.Make(p, dir.People[p.Person], ident.New(now), 0, now))
		if err != nil {
			return err
		}
		told = append(told, k)
	}
	if err := s.record(tx, self().Actor, kindExtended, c.Subject, body{Chain: &c, Calls: told, Alarm: &a}); err != nil {
		return err
	}
	for _, k := range told {
		if err := s.post.Send(ctx, tx, k, dir.People[k.Person]); err != nil {
			return fmt.Errorf("call %s: %w", k.Person, err)
		}
	}
	return nil
}

// settleAlarms ends the calls about an incident's alarms when none of the duties they
// are about is open any more.
func (s *Service) settleAlarms(ctx context.Context, tx *store.Tx, d duty.Duty) error {
	chains, err := rows.Alarms(ctx, tx, d.Incident)
	about := func(c call.Chain) bool {
		return slices.ContainsFunc(c.Alarms, func(a call.Alarm) bool { return a.Duty == d.ID })
	}
	if err != nil || !slices.ContainsFunc(chains, about) {
		return err
	}
	open, err := s.openDuties(ctx, tx, d.Incident)
	if err != nil {
		return err
	}
	for _, c := range chains {
		if c.Keep(func(id string) bool { return open[id].State == duty.Open }) {
			continue
		}
		why := becauseDuties
		if len(c.Alarms) == 1 {
			why = becauseDuty(d.State)
		}
		if err := s.withdraw(ctx, tx, c, why); err != nil {
			return err
		}
	}
	return nil
}

// openDuties maps the open duties of an incident by their ids.
func (s *Service) openDuties(ctx context.Context, r store.Reader, incident string) (map[string]duty.Duty, error) {
	list, err := s.duties.OpenDuties(ctx, r, incident)
	if err != nil {
		return nil, err
	}
	open := make(map[string]duty.Duty, len(list))
	for _, d := range list {
		open[d.ID] = d
	}
	return open, nil
}
