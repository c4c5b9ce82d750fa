package escalation

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/respond/escalation/call"
	"github.com/wakebell/wakebell/internal/respond/escalation/rows"
)

// Acknowledge answers a call: "I have it". It needs call.acknowledge, and to be the
// person called, one of the called team, or a manager. The call's duty is met by it
// where acknowledgement meets it; a call about signals acknowledges the signals.
//
// The call of the SIRT ends, and its duty is met, only when the team's lead answers,
// or who acts for him: the person on call by the roster, the incident manager, or his
// deputy once called. A manager who answers the lead's call records the lead's word.
// Another member's answer is recorded and the lead is called on.
//
// Conflict when another has answered or the matter is over.
func (s *Service) Acknowledge(ctx context.Context, by who.Identity, id string) (Call, error) {
	if err := who.Check(by, who.PermCallAcknowledge); err != nil {
		return Call{}, err
	}
	var out Call
	res, err := s.db.Write(ctx, store.Op{Name: "call.acknowledge", Actor: by.Actor}, func(tx *store.Tx) (err error) {
		if out, err = s.AcknowledgeTx(ctx, tx, by, id); err == nil {
			tx.SetResult(out.ID)
		}
		return err
	})
	if err != nil {
		return Call{}, fmt.Errorf("acknowledge call %s: %w", id, err)
	}
	if res.Replayed {
		return rows.Call(ctx, s.db, res.ResultID)
	}
	return out, nil
}

// AcknowledgeTx is Acknowledge inside another room's transaction.
func (s *Service) AcknowledgeTx(ctx context.Context, tx *store.Tx, by who.Identity, id string) (Call, error) {
	if err := who.Check(by, who.PermCallAcknowledge); err != nil {
		return Call{}, err
	}
	k, err := rows.Call(ctx, tx, id)
	if err != nil {
		return Call{}, err
	}
	return s.answer(ctx, tx, by, k, ViaSelf)
}

// Linked is what the link of a message stands for. The call is the first one that
// still waits, else the first one; Asked are all calls the message asks about, in the
// order they were made.
type Linked struct {
	Call
	Asked []Call
}

func linkedTo(calls []Call) Linked {
	l := Linked{Call: calls[0], Asked: calls}
	if i := slices.IndexFunc(calls, func(k Call) bool { return k.State == Waiting || k.State == Expired }); i > 0 {
		l.Call = calls[i]
	}
	return l
}

// ByToken shows what the link of a message is about, without answering: the page
// behind the link asks first, because mail scanners open links. NotFound for an
// unknown secret, Gone when its time is over.
func (s *Service) ByToken(ctx context.Context, token string) (Linked, error) {
	calls, _, err := s.linked(ctx, s.db, token)
	if err != nil {
		return Linked{}, err
	}
	return linkedTo(calls), nil
}

// AcknowledgeByToken answers all the calls of the message a link was sent in, as the
// person it was sent to; the link is the permission and opens nothing else. A call
// that is over, or that this person may not answer, does not keep the others from
// being answered. Again by the same link is no error. NotFound for an unknown secret;
// Gone when nothing is left to answer: the matters are over, others have answered, or
// the link is older than seven days.
func (s *Service) AcknowledgeByToken(ctx context.Context, token string) (Linked, error) {
	var out Linked
	_, err := s.db.Write(ctx, store.Op{Name: "call.acknowledge_link", Actor: self().Actor}, func(tx *store.Tx) error {
		calls, person, err := s.linked(ctx, tx, token)
		if err != nil {
			return err
		}
		p, err := s.people.PersonTx(ctx, tx, person)
		if err != nil {
			return err
		}
		if !p.Active {
			return fault.New(fault.Gone, "This link is not valid any more")
		}
		by := self() // the link is the capability; the person is who acts
		by.Actor, by.Person = person, person
		out, err = s.answerAll(ctx, tx, by, calls)
		if msg, ok := fault.MessageOf(err); ok && fault.KindOf(err) == fault.Conflict {
			return fault.New(fault.Gone, msg)
		}
		return err
	})
	if err != nil {
		return Linked{}, fmt.Errorf("acknowledge by link: %w", err)
	}
	return out, nil
}

// answerAll answers the calls that can be, and fails only when none can.
func (s *Service) answerAll(ctx context.Context, tx *store.Tx, by who.Identity, calls []Call) (Linked, error) {
	var refused error
	var done []Call
	for _, k := range calls {
		// The answer before may have ended this one.
		now, err := rows.Call(ctx, tx, k.ID)
		if err != nil {
			return Linked{}, err
		}
		a, err := s.weigh(ctx, tx, by, now, ViaLink)
		switch {
		case err != nil && fault.KindOf(err) != fault.Conflict && fault.KindOf(err) != fault.Denied:
			return Linked{}, err
		case err != nil:
			refused = cmp.Or(refused, err)
			continue
		}
		if now, err = s.take(ctx, tx, by, a); err != nil {
			return Linked{}, err
		}
		done = append(done, now)
	}
	if len(done) == 0 {
		return Linked{}, refused
	}
	return Linked{Call: done[0], Asked: done}, nil
}

// linked finds the calls of the message a link stands in, of a reminder the call it
// repeats, and the person the message was sent to.
func (s *Service) linked(ctx context.Context, r store.Reader, token string) ([]Call, string, error) {
	id, person, err := s.post.Open(ctx, r, token)
	if err != nil {
		return nil, "", err
	}
	said, err := rows.Message(ctx, r, id)
	if err != nil {
		return nil, "", err
	}
	var calls []Call
	for _, k := range said {
		if k.Kind == KindReminder && k.Of != "" {
			if k, err = rows.Call(ctx, r, k.Of); err != nil {
				return nil, "", err
			}
		}
		same := slices.ContainsFunc(calls, func(o Call) bool { return o.ID == k.ID })
		if k.Kind == KindCall && !same {
			calls = append(calls, k)
		}
	}
	if len(calls) == 0 {
		return nil, "", fault.New(fault.NotFound, "This link is not known")
	}
	return calls, person, nil
}

// answer records an acknowledgement and what follows from it.
func (s *Service) answer(ctx context.Context, tx *store.Tx, by who.Identity, k Call, via Via) (Call, error) {
	a, err := s.weigh(ctx, tx, by, k, via)
	if err != nil {
		return Call{}, err
	}
	return s.take(ctx, tx, by, a)
}

// answering is an answer that may be given: which call of which chain, by which way.
type answering struct {
	call    Call
	chain   Chain
	calls   []Call // all of the chain
	dir     directory.Snapshot
	via     Via
	manager bool
	done    bool // the same actor has given it before
}

// weigh says whether somebody may answer a call; it changes nothing.
func (s *Service) weigh(ctx context.Context, tx *store.Tx, by who.Identity, k Call, via Via) (a answering, err error) {
	if k.Kind == KindReminder && k.Of != "" {
		if k, err = rows.Call(ctx, tx, k.Of); err != nil {
			return a, err
		}
	}
	if k.Chain == "" {
		return a, fault.New(fault.Conflict, "A reminder asks for no answer; the duty itself waits to be met")
	}
	a = answering{call: k, via: via, manager: via == ViaSelf && (by.Is(who.Manager) || by.IsEngine())}
	if a.chain, err = rows.Chain(ctx, tx, k.Chain); err != nil {
		return a, err
	}
	if a.calls, err = rows.OfChain(ctx, tx, k.Chain); err != nil {
		return a, err
	}
	if a.dir, err = s.dirs.Snapshot(tx); err != nil {
		return a, err
	}
	member := slices.Contains(a.dir.OnCall(a.chain.Team, s.clk.Now()), by.Person)
	if !a.manager && !mayAnswer(by, a.chain, a.calls, k, member) {
		return a, fault.New(fault.Denied, "A call is answered by the person called, one of the team, or a manager")
	}
	a.done, err = standing(a.chain, k, by)
	return a, err
}

// take records an answer that was weighed.
func (s *Service) take(ctx context.Context, tx *store.Tx, by who.Identity, a answering) (Call, error) {
	c, k, now := a.chain, a.call, s.clk.Now()
	if a.done {
		return k, nil
	}
	complete := !c.NeedsLead || call.CountsAsLead(a.dir, c, a.calls, by.Person, now) ||
		(a.manager && call.CountsAsLead(a.dir, c, a.calls, k.Person, now))
	k.State, k.AnsweredAt, k.AnsweredBy, k.Via = Acknowledged, now, by.Actor, a.via
	for i := range a.calls {
		if a.calls[i].ID == k.ID {
			a.calls[i] = k
		}
	}
	changed := []Call{k}
	if complete {
		c.State, c.EndedAt, c.NextAt = Answered, now, time.Time{}
		changed = append(changed, call.Withdraw(a.calls, becauseAnswered)...)
	} else {
		c.Heard = true
	}
	if err := s.record(tx, by.Actor, kindAcknowledged, c.Subject, body{Chain: &c, Calls: changed}); err != nil {
		return Call{}, err
	}
	if complete {
		return k, s.answered(ctx, tx, by, c, k)
	}
	return k, s.callLead(ctx, tx, a.dir, c, a.calls)
}

// mayAnswer says whether somebody who is no manager may answer a call.
func mayAnswer(by who.Identity, c Chain, calls []Call, k Call, member bool) bool {
	if by.Person == "" {
		return false
	}
	if by.Person == k.Person || (c.Team != "" && member) {
		return true
	}
	alarm := c.Purpose != ForDuty && c.Purpose != ForSignals
	return alarm && (by.Is(who.Executive) || call.Names(calls, by.Person))
}

// standing says whether the call was answered by the same actor already, or why it
// cannot be answered any more.
func standing(c Chain, k Call, by who.Identity) (done bool, err error) {
	switch {
	case k.State == Acknowledged && k.AnsweredBy == by.Actor:
		return true, nil
	case k.State == Acknowledged:
		return false, fault.New(fault.Conflict, "This call was answered already")
	case !c.Answerable() && c.Reason != "":
		return false, fault.New(fault.Conflict, "This call is over: "+c.Reason)
	case !c.Answerable():
		return false, fault.New(fault.Conflict, "This call is over: "+becauseAnswered)
	case k.State == Skipped:
		return false, fault.New(fault.Conflict, "This person was not called: "+k.Reason)
	}
	return false, nil
}

// answered carries an answer to what the chain was about.
func (s *Service) answered(ctx context.Context, tx *store.Tx, by who.Identity, c Chain, k Call) error {
	switch c.Purpose {
	case ForDuty:
		d, err := s.duty(ctx, tx, c.Incident, c.Duty)
		if err != nil || !slices.Contains(d.MetBy, "acknowledgement") {
			return err
		}
		return s.duties.MeetTx(ctx, tx, by, c.Duty, duty.Evidence{With: "acknowledgement", Ref: k.ID, At: k.AnsweredAt})
	case ForSignals:
		ids, err := rows.Signals(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		if _, err := s.in.Acknowledge(tx, by, ids, k.AnsweredAt); err != nil {
			return err
		}
		return s.settle(ctx, tx, ids, becauseSettled)
	}
	return nil
}

// callLead goes on to the lead at once when nobody who counts is being waited for.
func (s *Service) callLead(ctx context.Context, tx *store.Tx, dir directory.Snapshot, c Chain, calls []Call) error {
	if c.State != Running {
		return nil
	}
	ok := call.Leads(dir, c.Team, c.Manager, s.clk.Now())
	for _, k := range calls {
		if k.State == Waiting && slices.Contains(ok, k.Person) {
			return nil
		}
	}
	return s.advance(ctx, tx, c, calls, nil)
}
