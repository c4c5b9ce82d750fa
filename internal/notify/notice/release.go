package notice

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/notify/notice/agree"
	"github.com/wakebell/wakebell/internal/notify/notice/approval"
	"github.com/wakebell/wakebell/internal/notify/notice/course"
	"github.com/wakebell/wakebell/internal/notify/notice/gate"
	"github.com/wakebell/wakebell/internal/notify/notice/kept"
)

// fnSpokesperson is the one function that speaks in public.
const fnSpokesperson incident.Function = "spokesperson"

// gates looks at everything that must hold before a notice leaves. What it is tied to was
// read before: it may be thousands.
func (s *Service) gates(ctx context.Context, r store.Reader, st incident.State, n Notice, tied []duty.Duty) ([]gate.Gate, error) {
	l, err := s.list(ctx, r, n)
	if err != nil {
		return nil, err
	}
	cs, err := s.approvals(r, st, n)
	if err != nil {
		return nil, err
	}
	h, err := s.hold(ctx, r, st)
	if err != nil {
		return nil, err
	}
	in := gate.Input{
		Now: s.clk.Now(), Audience: string(n.Audience), Drill: n.Drill, Hold: h, EmbargoAt: n.Settings.EmbargoAt,
		NeedsList: n.Audience.NeedsList(), Listed: l.ID != "", SignedOff: l.SignedOff(), Count: l.Count, Gaps: l.Gaps,
		Bound: n.Content(l.Hash).Hash(), Missing: approval.Missing(cs.Groups, cs.Given), Press: n.Audience == Press,
	}
	known, err := s.values(ctx, r, st, n, tied)
	if err != nil {
		return nil, err
	}
	if n.State.Open() {
		if in.GoneFiles, err = s.gone(ctx, r, n); err != nil {
			return nil, err
		}
	}
	list := agree.Parsed(n)
	in.Findings, in.Changed = agree.Findings(list, n, known), agree.Changed(list, n.Round(), known)
	for _, d := range s.late(n, tied) {
		in.Late = append(in.Late, d.Title)
	}
	for _, id := range st.Assignments[fnSpokesperson] {
		in.Spokespersons = append(in.Spokespersons, cs.Dir.PersonName(id))
	}
	if round := n.Round(); round != nil {
		in.Frozen, in.Emergency = round.Bound, round.Emergency()
	}
	return gate.All(in), nil
}

// hold is law enforcement's request to delay, and what legal recorded of it.
func (s *Service) hold(ctx context.Context, r store.Reader, st incident.State) (gate.HeldBy, error) {
	h := gate.HeldBy{}
	for _, f := range st.Facts { // it may be recorded for one entity: then too everybody waits
		if f.Name != fact.HoldSince {
			continue
		}
		end := st.Moment(fact.HoldReleased, f.Entity)
		// Of several that run the newest counts: legal has to look at that one too.
		runs, before := end.Before(f.Value.At), h.Released.Before(h.Since)
		if h.Since.IsZero() || runs && !before || runs == before && f.Value.At.After(h.Since) {
			h.Since, h.Released = f.Value.At, end
		}
	}
	rec, found, err := kept.Hold(ctx, r, st.ID)
	if err != nil || !found || h.Since.IsZero() || rec.At.Before(h.Since) {
		return h, err
	}
	h.Consulted = true
	for _, a := range rec.Audiences {
		h.Audiences = append(h.Audiences, string(a))
	}
	return h, nil
}

// Held says whether a hold stands in the way of a notice that was released: a
// fault.Conflict with the reason, or nil. The sending asks before it goes on.
func (s *Service) Held(ctx context.Context, r store.Reader, id string) error {
	n, err := kept.ByID(ctx, r, id)
	if err != nil {
		return err
	}
	st, err := s.Incidents.GetTx(r, n.Incident)
	if err != nil {
		return err
	}
	h, err := s.hold(ctx, r, st)
	if err != nil || !h.Blocks(string(n.Audience)) {
		return err
	}
	return fault.New(fault.Conflict, "Law enforcement asked to delay this notice. Sending goes on once the release of the hold is recorded, or legal records that it does not concern this audience")
}

// late are those of the open duties of a notice in work that are past due.
func (s *Service) late(n Notice, tied []duty.Duty) (out []duty.Duty) {
	now := s.clk.Now()
	for _, d := range tied {
		if n.State.Open() && d.At(now) == duty.Missed {
			out = append(out, d)
		}
	}
	return out
}

// Go is what a person releases. Bound is the SHA-256 of what they have read.
type Go struct {
	Bound      string
	LateReason string // asked when a duty is past due
}

// Release lets the notice leave, once every gate is open. Permission notice.release; a
// press statement is the spokesperson's alone, an emergency that of the plan's deputies.
func (s *Service) Release(ctx context.Context, by who.Identity, ref string, no int, in Go) (Notice, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return Notice{}, err
	}
	return s.change(ctx, by, "notice.release", ref, no, func(c *change) error {
		cs, err := s.approvals(c.tx, c.st, c.n)
		if err != nil {
			return err
		}
		if err := mayRelease(by, c.st, c.n, cs); err != nil {
			return err
		}
		if err := c.editable(); err != nil {
			return err
		}
		if err := c.read(in.Bound); err != nil {
			return err
		}
		tied, err := s.tied(ctx, c.tx, c.n)
		if err != nil {
			return err
		}
		list, err := s.gates(ctx, c.tx, c.st, c.n, tied)
		if err != nil {
			return err
		}
		if shut := gate.Shut(list); len(shut) > 0 {
			e := &fault.Error{Kind: fault.Conflict, Message: "This notice cannot leave yet"}
			for _, g := range shut {
				e.Fields = append(e.Fields, fault.Field{Field: "gates/" + g.Key, Message: strings.TrimSpace(g.Why + " " + g.Remedy)})
			}
			return e
		}
		late := len(s.late(c.n, tied)) > 0
		if err := fault.Invalids(check.Text(nil, "late_reason", in.LateReason, check.Screen, late)...); err != nil {
			return err
		}
		return c.release(in, tied)
	})
}

// mayRelease says whether the person may press the button at all. Who does it by name and not
// by role does it with all their roles.
func mayRelease(by who.Identity, st incident.State, n Notice, cs approval.Case) error {
	if by.Person == "" {
		return fault.New(fault.Denied, "A release names a person; a machine's token cannot give it")
	}
	if n.Audience == Press {
		if !slices.Contains(st.Assignments[fnSpokesperson], by.Person) {
			return fault.New(fault.Denied, "Only the designated spokesperson of the incident releases a statement to the press")
		}
		return inPerson(cs, by)
	}
	if r := n.Round(); r != nil && r.Emergency() {
		if len(approval.Deputy(cs.Plan, by.Person)) == 0 {
			return fault.New(fault.Denied, "It was approved in an emergency: only the plan's named deputies of legal and executive release it")
		}
		return inPerson(cs, by)
	}
	return who.Check(by, who.PermNoticeRelease)
}

func inPerson(cs approval.Case, by who.Identity) error {
	if approval.Whole(cs.Dir, by) {
		return nil
	}
	return fault.New(fault.Denied, "A token with a part of your roles cannot release this; sign in yourself")
}

func (c *change) release(in Go, tied []duty.Duty) error {
	l, err := c.s.list(c.ctx, c.tx, c.n)
	if err != nil {
		return err
	}
	r := c.n.Round()
	b := course.Left{
		On: c.on(), Bound: r.Bound, List: l.ID, Count: l.Count, Emergency: r.Emergency(), Rehearsed: c.n.Drill, LateReason: in.LateReason,
	}
	b.Ended = c.n.Drill || !c.n.Audience.NeedsList()
	if !b.Ended {
		b.Run = ident.New(c.now)
	}
	if err := c.record(course.KindReleased, b); err != nil {
		return err
	}
	if b.Ended {
		return c.meetAll()
	}
	zone, err := c.s.zone(c.tx, c.st, c.n, tied)
	if err != nil {
		return err
	}
	ack := slices.ContainsFunc(tied, func(d duty.Duty) bool { return d.NeedsAck })
	return c.s.post.Send(c.ctx, c.tx, c.by, Handover{Run: b.Run, Notice: c.n, List: l, Values: r.Values, Zone: zone, NeedsAck: ack})
}

// HoldInput is what legal makes of law enforcement's request to delay notices.
type HoldInput struct {
	Audiences []Audience // those it names; none: it concerns nobody
	Text      string     // legal's direction
}

// NameHold records that legal was consulted about a hold, and whom it concerns. Legal
// alone; permission notice.approve.
func (s *Service) NameHold(ctx context.Context, by who.Identity, ref string, in HoldInput) (Hold, error) {
	if err := who.Check(by, who.PermNoticeApprove); err != nil {
		return Hold{}, err
	}
	if !by.Is(who.Legal) || by.Person == "" {
		return Hold{}, fault.New(fault.Denied, "Legal counsel says whom a hold concerns")
	}
	f := check.Text(nil, "text", in.Text, check.Screen, true)
	for i, a := range in.Audiences {
		f = check.OneOf(f, fmt.Sprintf("audiences[%d]", i), a, Audiences()...)
	}
	if err := fault.Invalids(f...); err != nil {
		return Hold{}, err
	}
	var id string
	if _, err := s.db.Write(ctx, store.Op{Name: "notice.hold", Actor: by.Actor}, func(tx *store.Tx) error {
		st, err := s.Incidents.GetTx(tx, ref)
		if err != nil {
			return err
		}
		if h, err := s.hold(ctx, tx, st); err != nil {
			return err
		} else if h.Since.IsZero() {
			return fault.New(fault.Conflict, "No request to delay is recorded; record the fact \""+string(fact.HoldSince)+"\" first")
		}
		id = st.ID
		tx.SetResult(id)
		e, err := s.led.Append(tx, record.Draft{Kind: course.KindHold, Subject: st.ID, Actor: by.Actor, Body: course.Held(in)})
		if err != nil {
			return err
		}
		return s.Project(row.Live(tx), e)
	}); err != nil {
		return Hold{}, err
	}
	st, err := s.Incidents.GetTx(s.db, ref)
	if err != nil {
		return Hold{}, err
	}
	h, _, err := kept.Hold(clock.Background(), s.db, st.ID)
	return h, err
}
