package filing

import (
	"context"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/notify/notice/form"
)

// Submit hands the answers to those who approve. Everything the stage needs must be
// answered. Permission filing.work.
func (s *Service) Submit(ctx context.Context, by who.Identity, ref string, no int) (Filing, error) {
	return s.change(ctx, by, ref, no, "filing.submit", func(tx *store.Tx, f Filing) error {
		if f.State != Draft {
			return fault.New(fault.Conflict, "This filing was submitted already")
		}
		v, err := version(ctx, tx, f.ID, f.Version)
		if err != nil {
			return err
		}
		if err := s.complete(ctx, tx, f, v.Answers); err != nil {
			return err
		}
		_, err = s.append(tx, by, record.Draft{Kind: kindSubmitted, Subject: f.Incident, Body: submitted{f.ID, f.Version, bound(f, v.Answers)}})
		return err
	})
}

// complete refuses answers that leave something out, naming each field with the remedy.
func (s *Service) complete(ctx context.Context, tx *store.Tx, f Filing, answers form.Answers) error {
	def, stage, err := s.FormOf(f)
	if err != nil {
		return err
	}
	late, err := s.Late(ctx, tx, f)
	if err != nil {
		return err
	}
	wrong := def.Check(stage, answers, late, true)
	if len(wrong) == 0 {
		return nil
	}
	var names []string
	for _, w := range wrong[:min(3, len(wrong))] {
		d, _ := def.Field(w.Field)
		names = append(names, d.Title())
	}
	if more := len(wrong) - len(names); more > 0 {
		names = append(names, "and more")
	}
	return &fault.Error{Kind: fault.Invalid, Message: "The form is not complete: " + strings.Join(names, "; "), Fields: wrong}
}

// Approve says yes to exactly the answers whose hash is named. One person of each group the
// plan names has to; nobody approves what they wrote. Permission notice.approve.
func (s *Service) Approve(ctx context.Context, by who.Identity, ref string, no int, hash string) (Filing, error) {
	if err := who.Check(by, who.PermNoticeApprove); err != nil {
		return Filing{}, err
	}
	return s.write(ctx, by, ref, no, "filing.approve", func(tx *store.Tx, f Filing) error {
		groups, err := s.Groups(tx, f)
		if err != nil {
			return err
		}
		as, group, err := f.consent(by, groups)
		if err != nil {
			return err
		}
		v, err := version(ctx, tx, f.ID, f.Version)
		if err != nil {
			return err
		}
		if hash != f.Bound || bound(f, v.Answers) != f.Bound {
			return fault.New(fault.Conflict, "The answers are not those you looked at. Read them again, then approve")
		}
		_, err = s.append(tx, by, record.Draft{Kind: kindApproved, Subject: f.Incident, Body: approved{
			Filing: f.ID, Bound: f.Bound, As: as, Group: group, Complete: len(f.missing(groups)) == 1,
		}})
		return err
	})
}

// MayApprove says whether somebody's yes would count: nil, or why not.
func (f Filing) MayApprove(by who.Identity, groups [][]string) error {
	if err := who.Check(by, who.PermNoticeApprove); err != nil {
		return err
	}
	_, _, err := f.consent(by, groups)
	return err
}

// consent finds the group a person's yes counts for.
func (f Filing) consent(by who.Identity, groups [][]string) (as string, group int, err error) {
	switch {
	case f.State != Review:
		return "", 0, fault.Newf(fault.Conflict, "This filing is %s; there is nothing to approve", stateWords(f.State))
	case by.Person == "":
		return "", 0, fault.New(fault.Denied, "An approval names a person; a machine's token cannot give one")
	case slices.Contains(f.Writers, by.Actor):
		return "", 0, fault.New(fault.Denied, "Nobody approves what they wrote. Ask another person")
	case slices.ContainsFunc(f.Approvals, func(a Approval) bool { return a.Person == by.Actor }):
		return "", 0, fault.New(fault.Conflict, "You have approved already; another person's yes is needed")
	}
	for i, g := range groups {
		if slices.ContainsFunc(f.Approvals, func(a Approval) bool { return a.Group == i }) {
			continue
		}
		for _, role := range g {
			if by.Is(who.Role(role)) {
				return role, i, nil
			}
		}
	}
	return "", 0, fault.New(fault.Denied, "The plan asks for a yes of another role")
}

func stateWords(s State) string {
	return map[State]string{Draft: "a draft", Review: "in review", Approved: "approved", Filed: "filed", Discarded: "discarded"}[s]
}

// Return sends a filing back to its writers with the reason. Permission notice.approve.
func (s *Service) Return(ctx context.Context, by who.Identity, ref string, no int, reason string) (Filing, error) {
	if err := who.Check(by, who.PermNoticeApprove); err != nil {
		return Filing{}, err
	}
	return s.write(ctx, by, ref, no, "filing.return", func(tx *store.Tx, f Filing) error {
		if err := needed("reason", reason); err != nil {
			return err
		}
		if f.State != Review && f.State != Approved {
			return fault.Newf(fault.Conflict, "This filing is %s; there is nothing to send back", stateWords(f.State))
		}
		_, err := s.append(tx, by, record.Draft{Kind: kindReturned, Subject: f.Incident, Body: returned{f.ID, reason}})
		return err
	})
}

// met records that the filing meets its duty, and those of the stages filed with it, which
// may come to be owed only while the earlier ones are met.
func (s *Service) met(ctx context.Context, tx *store.Tx, by who.Identity, f Filing, ev duty.Evidence) error {
	if f.Duty != "" {
		if err := s.duties.MeetTx(ctx, tx, by, f.Duty, ev); err != nil {
			return err
		}
	}
	def, stage, err := s.FormOf(f)
	if err != nil || len(f.Combines) == 0 {
		return err
	}
	rules := slices.Clone(stage.Rules)
	for _, id := range f.Combines {
		if st, ok := def.Stage(id); ok {
			rules = append(rules, st.Rules...)
		}
	}
	for range rules {
		list, err := s.duties.OfIncident(ctx, tx, f.Incident)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(d duty.Duty) bool {
			return d.State == duty.Open && d.Entity == f.Entity && slices.Contains(rules, d.Basis.Law)
		})
		if i < 0 {
			return nil
		}
		if err := s.duties.MeetTx(ctx, tx, by, list[i].ID, ev); err != nil {
			return err
		}
	}
	return nil
}
