package notice

import (
	"context"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record/phrase"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/notify/notice/agree"
	"github.com/wakebell/wakebell/internal/notify/notice/approval"
	"github.com/wakebell/wakebell/internal/notify/notice/course"
	"github.com/wakebell/wakebell/internal/notify/notice/kept"
)

// Submit freezes the bytes and asks those who must approve. Permission notice.write.
func (s *Service) Submit(ctx context.Context, by who.Identity, ref string, no int, ifVersion int64) (Notice, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return Notice{}, err
	}
	return s.change(ctx, by, "notice.submit", ref, no, func(c *change) error {
		if err := c.editable(); err != nil {
			return err
		}
		if err := c.ifVersion(ifVersion); err != nil {
			return err
		}
		if c.n.Round() != nil {
			return fault.New(fault.Conflict, "This notice is submitted already")
		}
		if agree.Erased(c.n) {
			return fault.New(fault.Conflict, "The words of a text were erased: write them anew, there is nothing to approve")
		}
		l, err := s.list(ctx, c.tx, c.n)
		if err != nil {
			return err
		}
		if gone, err := s.gone(ctx, c.tx, c.n); err != nil {
			return err
		} else if len(gone) > 0 {
			return fault.New(fault.Conflict, phrase.And(gone)+": withdrawn or erased in the incident. Take it off first")
		}
		if c.n.Audience.NeedsList() && !l.SignedOff() {
			return fault.New(fault.Conflict, "The list of recipients is not signed off: an approval covers who is told. Sign it off first")
		}
		p, err := s.Plans.At(c.tx, c.st.PlanVersion)
		if err != nil {
			return err
		}
		b := course.Submitted{On: c.on(), Bound: c.n.Content(l.Hash).Hash(), Needs: approval.Of(p, c.n.Audience.What())}
		tied, err := s.tied(ctx, c.tx, c.n)
		if err != nil {
			return err
		}
		if b.Values, err = s.values(ctx, c.tx, c.st, c.n, tied); err != nil {
			return err
		}
		if err := c.record(course.KindSubmitted, b); err != nil {
			return err
		}
		return c.askApprovers()
	})
}

// approvals is the case of the running round, as r sees it.
func (s *Service) approvals(r store.Reader, st incident.State, n Notice) (approval.Case, error) {
	dir, err := s.Directory.Snapshot(r)
	if err != nil {
		return approval.Case{}, err
	}
	p, err := s.Plans.At(r, st.PlanVersion)
	if err != nil {
		return approval.Case{}, err
	}
	c := approval.Case{Authors: n.Authors, Dir: dir, Plan: p, Groups: approval.Of(p, n.Audience.What()).By}
	l, err := s.list(clock.Background(), r, n)
	if err != nil {
		return c, err
	}
	if by := l.SignedOffBy; by != "" && !slices.Contains(c.Authors, by) { // who is told is a part of what is frozen
		c.Authors = append(slices.Clone(c.Authors), by)
	}
	if k := len(n.Rounds); k > 0 && n.State != Draft && n.State != Returned {
		c.Groups, c.Given = n.Rounds[k-1].Needs.By, n.Rounds[k-1].Given
	}
	return c, nil
}

// Approve is what a person agrees to. Bound is the SHA-256 of what they have read.
type Approve struct {
	Bound     string
	For       string // the person who named them as deputy; "" where the own role counts
	Emergency bool   // as the plan's named deputy of legal or executive
	Reason    string // of an emergency
}

// Approve records a person's yes to exactly the bytes with a hash. Permission
// notice.approve, or being the deputy of somebody who has it.
func (s *Service) Approve(ctx context.Context, by who.Identity, ref string, no int, in Approve) (Notice, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return Notice{}, err
	}
	return s.change(ctx, by, "notice.approve", ref, no, func(c *change) error {
		cs, err := s.approvals(c.tx, c.st, c.n)
		if err != nil {
			return err
		}
		r := c.n.Round()
		if r == nil || c.n.State != Review {
			if _, err := (approval.Case{Groups: cs.Groups, Authors: cs.Authors, Dir: cs.Dir, Plan: cs.Plan}).Counts(by, in.For, in.Emergency); fault.KindOf(err) == fault.Denied {
				return err
			}
			return fault.Newf(fault.Conflict, "This notice is %s; there is nothing to approve", c.n.State)
		}
		yes, err := cs.Counts(by, in.For, in.Emergency)
		if err != nil {
			return err
		}
		if err := c.read(in.Bound); err != nil {
			return err
		}
		f := check.Text(nil, "reason", in.Reason, check.Screen, in.Emergency)
		if err := fault.Invalids(f...); err != nil {
			return err
		}
		b := course.GivenYes{On: c.on(), Bound: r.Bound, For: yes.For, Roles: yes.Roles, Emergency: in.Emergency, Reason: in.Reason}
		b.Complete = len(approval.Missing(cs.Groups, append(slices.Clone(cs.Given), yes))) == 0
		if err := c.record(course.KindApproved, b); err != nil || !b.Complete {
			return err
		}
		return c.tellApproved()
	})
}

// read refuses a hash that is not that of the bytes as they are now, so that an approval
// cannot be moved to others.
func (c *change) read(hash string) error {
	if hash == "" {
		return fault.InvalidField("bound", "is needed: the SHA-256 of what you have read")
	}
	r := c.n.Round()
	if r == nil {
		return fault.Newf(fault.Conflict, "This notice is %s; nothing is frozen", c.n.State)
	}
	l, err := c.s.list(c.ctx, c.tx, c.n)
	if err != nil {
		return err
	}
	if !strings.EqualFold(hash, r.Bound) || c.n.Content(l.Hash).Hash() != r.Bound {
		return fault.New(fault.Precondition, "What you have read is not what stands here now; read it again")
	}
	return nil
}

// Return sends the notice back to those who write, with a reason. Whoever may approve it
// may also do this after their yes, until it leaves.
func (s *Service) Return(ctx context.Context, by who.Identity, ref string, no int, bound, reason string) (Notice, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return Notice{}, err
	}
	return s.change(ctx, by, "notice.return", ref, no, func(c *change) error {
		cs, err := s.approvals(c.tx, c.st, c.n)
		if err != nil {
			return err
		}
		cs.Given = nil
		_, err = cs.Counts(by, "", false)
		if _, deputy := cs.Counts(by, "", true); err != nil && deputy != nil {
			return err
		}
		if err := c.read(bound); err != nil {
			return err
		}
		if err := fault.Invalids(check.Text(nil, "reason", reason, check.Screen, true)...); err != nil {
			return err
		}
		if err := c.record(course.KindReturned, course.SentBack{On: c.on(), Bound: c.n.Round().Bound, Reason: reason}); err != nil {
			return err
		}
		return c.tellReturned(reason)
	})
}

// Withdraw ends a notice that was not sent. Permission notice.write.
func (s *Service) Withdraw(ctx context.Context, by who.Identity, ref string, no int, reason string) (Notice, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return Notice{}, err
	}
	if err := fault.Invalids(check.Text(nil, "reason", reason, check.Screen, true)...); err != nil {
		return Notice{}, err
	}
	return s.change(ctx, by, "notice.withdraw", ref, no, func(c *change) error {
		if err := c.editable(); err != nil {
			return err
		}
		return c.record(course.KindWithdrawn, course.Dropped{On: c.on(), Reason: reason})
	})
}

// OnList follows a list of recipients that changed, was signed off or opened again: what
// was approved for another list is void. The room that keeps the lists calls it.
func (s *Service) OnList(ctx context.Context, tx *store.Tx, by who.Identity, id string) error {
	if by.IsZero() {
		return fault.New(fault.Denied, "nobody asks")
	}
	n, err := kept.ByID(ctx, tx, id)
	if err != nil || n.Round() == nil {
		return err
	}
	l, err := s.list(ctx, tx, n)
	if err != nil || n.Content(l.Hash).Hash() == n.Round().Bound && l.SignedOff() {
		return err
	}
	st, err := s.Incidents.GetTx(tx, n.Incident)
	if err != nil {
		return err
	}
	c := &change{s: s, ctx: ctx, tx: tx, by: by, st: st, n: n, now: s.clk.Now()}
	return c.void("recipients")
}
