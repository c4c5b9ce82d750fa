package dispatch

import (
	"context"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/roll"
)

// Record writes down what a person did for a recipient. A notice may also be told by
// telephone before its mail goes: key accounts are called first. Permission
// recipient.work; who may not read recipients records it for the own customers.
func (s *Service) Record(ctx context.Context, by who.Identity, recipient string, in By) (Recipient, error) {
	if err := who.Check(by, who.PermRecipientWork); err != nil {
		return Recipient{}, err
	}
	f := check.Text(nil, "text", in.Text, check.Screen, false)
	if in.Channel != "" && !in.Channel.ByHand() {
		f = append(f, fault.Field{Field: "channel", Message: "must be phone, letter or handed_over: the others are sent by the system"})
	}
	if in.At.After(s.clk.Now().Add(time.Minute)) {
		f = append(f, fault.Field{Field: "at", Message: "lies in the future"})
	}
	if err := fault.Invalids(f...); err != nil {
		return Recipient{}, err
	}
	err := s.write(ctx, by, "dispatch.record", func(tx *store.Tx) error {
		before, run, err := s.runningTx(ctx, tx, recipient)
		if err != nil {
			return err
		}
		if !sees(by, before) {
			return item.ErrNone
		}
		return s.recordTx(ctx, tx, by, run, before, in)
	})
	if err != nil {
		return Recipient{}, err
	}
	return item.Find(ctx, s.db, recipient)
}

// runningTx reads a recipient whose notice was approved and is being sent.
func (s *Service) runningTx(ctx context.Context, tx *store.Tx, recipient string) (Recipient, Run, error) {
	r, err := item.Find(ctx, tx, recipient)
	if err != nil {
		return r, Run{}, err
	}
	run, err := runOfList(ctx, tx, r.List)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return r, run, fault.New(fault.Conflict, "The notice was not released yet: nobody is told before")
	}
	if err == nil && (run.State == item.Refused || run.Drill) {
		err = errDrill
	}
	return r, run, err
}

func (s *Service) recordTx(ctx context.Context, tx *store.Tx, by who.Identity, run Run, before Recipient, in By) error {
	now := s.clk.Now()
	at := in.At
	if at.IsZero() {
		at = now
	}
	if at.Before(run.StartedAt.Add(-time.Minute)) { // else a call nobody made in time would meet a duty in time
		return fault.InvalidField("at", "lies before the notice was released")
	}
	after, how := before, in.Channel
	if how == "" {
		if how = before.Channel; !how.ByHand() {
			how = Phone
		}
	}
	what := "reached"
	switch {
	case before.State == Sending:
		return fault.New(fault.Conflict, "A mail to this recipient is under way at this moment; try again in a minute")
	case in.Reached:
		after.State, after.NextAt = Sent, time.Time{}
		if after.SentAt.IsZero() {
			after.SentAt = at
		}
		if how == Phone || how == HandedOver || in.Acknowledged {
			after.State, after.DeliveredAt = Delivered, at
		}
		after.Channel, after.Gap = how, ""
		if in.Acknowledged && after.AcknowledgedAt.IsZero() {
			after.AcknowledgedAt, after.AcknowledgedBy = at, by.Actor
		}
		if !in.Acknowledged && after.AcknowledgedAt.IsZero() && run.SecondAfter > 0 {
			after.NextAt = now.Add(run.SecondAfter)
		}
		var err error
		if after, err = item.Remember(before, after); err != nil {
			return err
		}
	default:
		what = "not reached"
	}
	if err := change(tx, before, after); err != nil {
		return err
	}
	detail := strings.TrimSpace(channelWord(how) + ", " + what + ". " + in.Text)
	if err := item.Happened(tx, s.clk, after.ID, "by hand", detail, by.Actor); err != nil {
		return err
	}
	body := item.Single{Run: run.ID, Notice: run.Notice, Recipient: after.ID, Channel: how, State: after.State, How: what, Text: in.Text}
	if err := s.append(tx, by, item.KindRecorded, run.Incident, body); err != nil {
		return err
	}
	return s.followed(ctx, tx, by, run, before, after, string(how))
}

// followed writes what follows from a change of one recipient: an acknowledgement is an
// entry of its own, the other rooms hear of it, and the run may have come to its end.
func (s *Service) followed(ctx context.Context, tx *store.Tx, by who.Identity, run Run, before, after Recipient, how string) error {
	if before.AcknowledgedAt.IsZero() && !after.AcknowledgedAt.IsZero() {
		b := item.Single{Run: run.ID, Notice: run.Notice, Recipient: after.ID, How: how}
		if err := s.append(tx, by, item.KindAcknowledged, run.Incident, b); err != nil {
			return err
		}
	}
	if err := s.tellTx(ctx, tx, run, after); err != nil {
		return err
	}
	if run.State == item.Running {
		if err := s.endTx(ctx, tx, run); err != nil {
			return err
		}
	}
	if !after.NextAt.IsZero() {
		return s.enqueue(tx, run.ID, s.notBefore(after.NextAt))
	}
	return nil
}

// notBefore is the instant for a job: never in the past.
func (s *Service) notBefore(at time.Time) time.Time {
	if now := s.clk.Now(); at.Before(now) {
		return now
	}
	return at
}

// Amend gives a recipient another contact while the notice is being sent: the gap of one
// whose copies all failed. The copy goes to it at once. Permission recipient.work.
func (s *Service) Amend(ctx context.Context, by who.Identity, recipient string, c Contact) (Recipient, error) {
	if err := who.Check(by, who.PermRecipientWork); err != nil {
		return Recipient{}, err
	}
	if err := roll.CheckContact(c, ""); err != nil {
		return Recipient{}, err
	}
	if c.Email == "" && c.Phone == "" && c.Postal == "" {
		return Recipient{}, fault.InvalidField("email", "give a mail address, a telephone number or a postal address")
	}
	err := s.write(ctx, by, "dispatch.amend", func(tx *store.Tx) error {
		before, run, err := s.runningTx(ctx, tx, recipient)
		if err != nil {
			return err
		}
		if !sees(by, before) {
			return item.ErrNone
		}
		if before.State != Failed && before.State != Bounced {
			return fault.New(fault.Conflict, "Another contact is only needed where the copy did not arrive")
		}
		if run.State == item.Halted {
			return fault.New(fault.Conflict, "This notice was stopped; write another one")
		}
		after := before
		after.Contacts = append(append([]Contact{}, before.Contacts...), c)
		after.Gap = ""
		after, ok := item.Onto(after, len(before.Contacts), run.Order(after))
		if !ok {
			return fault.InvalidField("email", "was tried already; give another address or number")
		}
		if !after.Channel.ByHand() {
			after.NextAt = time.UnixMicro(item.Always)
		}
		if after.Warning, err = s.Suspect(tx, c); err != nil { // the earlier ones were tried
			return err
		}
		if err := change(tx, before, after); err != nil {
			return err
		}
		if err := item.Happened(tx, s.clk, after.ID, "contact", "Another contact was given: "+channelWord(after.Channel), by.Actor); err != nil {
			return err
		}
		b := item.Single{Run: run.ID, Notice: run.Notice, Recipient: after.ID, Channel: after.Channel}
		if err := s.append(tx, by, item.KindFixed, run.Incident, b); err != nil {
			return err
		}
		return s.enqueue(tx, run.ID, time.Time{})
	})
	if err != nil {
		return Recipient{}, err
	}
	return item.Find(ctx, s.db, recipient)
}

// NewLink makes another link to a recipient's page, to hand it over by another way; it is
// shown once. Permission recipient.work.
func (s *Service) NewLink(ctx context.Context, by who.Identity, recipient string) (string, error) {
	if err := who.Check(by, who.PermRecipientWork); err != nil {
		return "", err
	}
	token, hash := item.NewLink(recipient)
	err := s.write(ctx, by, "dispatch.new_link", func(tx *store.Tx) error {
		tx.SetSecretResult()
		r, _, err := s.runningTx(ctx, tx, recipient)
		if err != nil {
			return err
		}
		if !sees(by, r) {
			return item.ErrNone
		}
		if err := s.setLinks(tx, r.ID, item.WithLink(r.Links, hash)); err != nil {
			return err
		}
		return item.Happened(tx, s.clk, r.ID, "link", "A link to the page was made to be handed over", by.Actor)
	})
	return s.page(token), err
}

// RevokeLinks lets no link lead to a recipient's page any more. Permission notice.release.
func (s *Service) RevokeLinks(ctx context.Context, by who.Identity, recipient string) error {
	if err := who.Check(by, who.PermNoticeRelease); err != nil {
		return err
	}
	return s.write(ctx, by, "dispatch.revoke_links", func(tx *store.Tx) error {
		r, run, err := s.runningTx(ctx, tx, recipient)
		if err != nil {
			return err
		}
		if err := s.setLinks(tx, r.ID, nil); err != nil {
			return err
		}
		if err := item.Happened(tx, s.clk, r.ID, "link", "All links to the page were revoked", by.Actor); err != nil {
			return err
		}
		return s.append(tx, by, item.KindRevoked, run.Incident, item.Single{Run: run.ID, Notice: run.Notice, Recipient: r.ID})
	})
}

func (s *Service) setLinks(tx *store.Tx, recipient string, links []byte) error {
	if links == nil {
		links = []byte{}
	}
	_, err := tx.Exec(`UPDATE dispatch_recipient SET links=? WHERE id=?`, links, recipient)
	return err
}
