package escalation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/respond/escalation/call"
	"github.com/wakebell/wakebell/internal/respond/escalation/rows"
)

// OnDuty is a duty.Observer. A duty that begins and names a team has its first person
// called at once; one that is met, waived or withdrawn takes its calls back; one that
// raised an alarm has people reminded, or the incident manager and an executive called.
func (s *Service) OnDuty(ctx context.Context, tx *store.Tx, by who.Identity, before, after duty.Duty) error {
	if by.IsZero() {
		return fault.New(fault.Denied, "nobody asks")
	}
	if after.State != duty.Open {
		if err := s.withdrawDuty(ctx, tx, after.ID, becauseDuty(after.State)); err != nil {
			return err
		}
		return s.settleAlarms(ctx, tx, after)
	}
	begins := before.State != duty.Open
	if begins || before.Calls != after.Calls {
		if !begins {
			if err := s.withdrawDuty(ctx, tx, after.ID, becauseRecipient); err != nil {
				return err
			}
		}
		if after.Calls != "" {
			if err := s.openDuty(ctx, tx, after); err != nil {
				return err
			}
		}
	}
	if n := len(after.Alarms); n > len(before.Alarms) {
		return s.onAlarm(ctx, tx, after, after.Alarms[n-1])
	}
	return nil
}

func (s *Service) onAlarm(ctx context.Context, tx *store.Tx, d duty.Duty, a duty.Alarm) error {
	if a.Kind == "reminder" {
		return s.remind(ctx, tx, d)
	}
	c, err := s.chainFor(tx, d)
	if err != nil {
		return err
	}
	return s.alarm(ctx, tx, c, call.Alarm{Kind: ForMissed, Duty: d.ID, Rule: d.Rule, DueAt: d.DueAt})
}

func (s *Service) openDuty(ctx context.Context, tx *store.Tx, d duty.Duty) error {
	c, err := s.chainFor(tx, d)
	if err != nil {
		return err
	}
	return s.open(ctx, tx, c, nil)
}

// chainFor is the chain that calls the team of a duty, before it starts.
func (s *Service) chainFor(tx *store.Tx, d duty.Duty) (Chain, error) {
	pl, err := s.plans.At(tx, d.Basis.Plan)
	if err != nil {
		return Chain{}, fmt.Errorf("call for %s: %w", d.Key, err)
	}
	return Chain{
		Purpose: ForDuty, Subject: d.Incident, Incident: d.Incident, Ref: d.Ref, Duty: d.ID, Rule: d.Rule, Manager: d.Manager,
		Drill: d.Drill, DueAt: d.DueAt, Minutes: pl.EscalateMinutes, Team: d.Calls, NeedsLead: call.NeedsLead(d.Rule),
	}, nil
}

// withdrawDuty ends the chains that call the team of a duty.
func (s *Service) withdrawDuty(ctx context.Context, tx *store.Tx, id, why string) error {
	chains, err := rows.ChainsOf(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, c := range chains {
		if err := s.withdraw(ctx, tx, c, why); err != nil {
			return err
		}
	}
	return nil
}

// remind tells those who were called and have not answered, each with a new link to
// their call, and whoever holds the duty.
func (s *Service) remind(ctx context.Context, tx *store.Tx, d duty.Duty) error {
	dir, err := s.dirs.Snapshot(tx)
	if err != nil {
		return fmt.Errorf("remind of %s: %w", d.Key, err)
	}
	chains, err := rows.ChainsOf(ctx, tx, d.ID)
	if err != nil {
		return err
	}
	var told []Call
	for _, c := range chains {
		calls, err := rows.OfChain(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		slices.Reverse(calls) // the newest call of a person carries the link
		for _, k := range calls {
			if (k.State == Waiting || k.State == Expired) && !call.Names(told, k.Person) {
				told = append(told, s.reminder(dir, k, k.ID))
			}
		}
	}
	if p := call.Holder(dir, d, s.clk.Now()); p != "" && !call.Names(told, p) {
		told = append(told, s.reminder(dir, Call{
			Purpose: ForDuty, Incident: d.Incident, Ref: d.Ref, Duty: d.ID, Rule: d.Rule, Person: p, As: AsHolder, Drill: d.Drill,
		}, ""))
	}
	for i := range told {
		told[i].DueAt = d.DueAt
		if told[i], err = s.post.Share(ctx, tx, told[i]); err != nil {
			return err
		}
	}
	if len(told) == 0 {
		return nil
	}
	if err := s.record(tx, self().Actor, kindReminded, d.Incident, body{Calls: told}); err != nil {
		return err
	}
	for _, k := range told {
		if err := s.post.Send(ctx, tx, k, dir.People[k.Person]); err != nil {
			return fmt.Errorf("remind %s: %w", k.Person, err)
		}
	}
	return nil
}

func (s *Service) reminder(dir directory.Snapshot, k Call, of string) Call {
	now := s.clk.Now()
	k.ID, k.Kind, k.Of, k.With, k.State, k.CalledAt, k.ExpiresAt = ident.New(now), KindReminder, of, "", Told, now, time.Time{}
	ways, why := call.Reachable(dir.People[k.Person])
	if k.Channels = ways; why != "" {
		k.State, k.Reason = Skipped, why
	}
	return k
}
