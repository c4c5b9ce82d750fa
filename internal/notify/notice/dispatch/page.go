package dispatch

import (
	"context"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/desk"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

// PageView is what a recipient sees behind their own link, without an account.
type PageView struct {
	Ref            string     `json:"reference"`
	Name           string     `json:"name"`
	Lang           string     `json:"lang"`    // of the newest text
	Notices        []PageText `json:"notices"` // the newest first
	Contact        string     `json:"contact,omitempty"`
	NeedsAck       bool       `json:"acknowledge"`
	AcknowledgedAt time.Time  `json:"acknowledged_at,omitzero"`
	Facts          []Fact     `json:"facts,omitempty"` // for the recipient's own authority
	Zone           string     `json:"-"`
}

// PageText is one notice as this recipient got it.
type PageText struct {
	Purpose string    `json:"purpose"`
	Lang    string    `json:"lang"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	HTML    string    `json:"-"` // sanitised
	SentAt  time.Time `json:"sent_at"`
}

// errLink is the one answer to a wrong, an expired and a revoked link.
var errLink = fault.New(fault.NotFound, "This link does not lead to a notice, or not any more. Write to the contact named in the message you got.")

// Page returns what stands behind a link, and writes down once that it was opened. It asks
// for no permission: the link is the permission. The answer to every link that leads
// nowhere is the same.
func (s *Service) Page(ctx context.Context, token string) (PageView, error) {
	r, view, err := s.behind(ctx, s.db, token)
	if err != nil || !r.OpenedAt.IsZero() {
		return view, err
	}
	return view, s.write(ctx, engine(), "dispatch.opened", func(tx *store.Tx) error {
		before, err := item.Find(ctx, tx, r.ID)
		if err != nil || !before.OpenedAt.IsZero() {
			return err
		}
		run, err := runOfList(ctx, tx, before.List)
		if err != nil {
			return err
		}
		after := before
		after.OpenedAt = s.clk.Now()
		if _, err := tx.Exec(`UPDATE dispatch_recipient SET opened_at=? WHERE id=?`, clock.Micros(after.OpenedAt), after.ID); err != nil {
			return err
		}
		if err := item.Count(tx, after.List, item.Moved(before, after)); err != nil {
			return err
		}
		if err := s.append(tx, engine(), item.KindOpened, run.Incident, item.Single{Run: run.ID, Notice: run.Notice, Recipient: after.ID}); err != nil || after.Channel != Page {
			return err
		}
		return s.tellTx(ctx, tx, run, after)
	})
}

// Acknowledge writes down that the recipient has the notice, and those before it. Only a
// form does this: programs that follow links acknowledge nothing.
func (s *Service) Acknowledge(ctx context.Context, token string) error {
	r, _, err := s.behind(ctx, s.db, token)
	if err != nil {
		return err
	}
	return s.write(ctx, engine(), "dispatch.acknowledge", func(tx *store.Tx) error {
		all, err := related(ctx, tx, r)
		if err != nil {
			return err
		}
		for _, before := range all {
			if !before.AcknowledgedAt.IsZero() || before.ID != r.ID && before.SentAt.IsZero() {
				continue
			}
			run, err := runOfList(ctx, tx, before.List)
			if fault.KindOf(err) == fault.NotFound && err != nil {
				continue // not released yet
			}
			if err != nil {
				return err
			}
			after := before
			after.AcknowledgedAt, after.AcknowledgedBy = s.clk.Now(), "page"
			if before.State == Sent || before.State == Delivered {
				after.NextAt = time.Time{}
			}
			if err := s.saveAck(tx, before, after); err != nil {
				return err
			}
			if err := item.Happened(tx, s.clk, after.ID, "acknowledged", "On the page", ""); err != nil {
				return err
			}
			if err := s.followed(ctx, tx, engine(), run, before, after, "page"); err != nil {
				return err
			}
		}
		return nil
	})
}

// saveAck touches nothing that the worker writes at the same time but the turn of a copy
// that went out already.
func (s *Service) saveAck(tx *store.Tx, before, after Recipient) error {
	_, err := tx.Exec(`UPDATE dispatch_recipient SET acknowledged_at=?, acknowledged_by=?, next_at=CASE WHEN state IN ('sent','delivered') THEN 0 ELSE next_at END
		WHERE id=?`, clock.Micros(after.AcknowledgedAt), after.AcknowledgedBy, after.ID)
	if err != nil {
		return err
	}
	return item.Count(tx, after.List, item.Moved(before, after))
}

// related are all lines of the same recipient, of the first notice and its updates, oldest
// first.
func related(ctx context.Context, r store.Reader, of Recipient) ([]Recipient, error) {
	list, err := item.Query(ctx, r, `WHERE root=? AND root<>id ORDER BY id LIMIT 100`, of.Root)
	if err != nil {
		return nil, err
	}
	first, err := item.Find(ctx, r, of.Root)
	if err != nil {
		return nil, err
	}
	return append([]Recipient{first}, list...), nil
}

// behind opens a link.
func (s *Service) behind(ctx context.Context, r store.Reader, token string) (Recipient, PageView, error) {
	id, hash, ok := item.OpenLink(token)
	if !ok {
		return Recipient{}, PageView{}, errLink
	}
	own, err := item.Find(ctx, r, id)
	if fault.KindOf(err) == fault.NotFound && err != nil || err == nil && !item.HasLink(own.Links, hash) {
		return own, PageView{}, errLink
	}
	if err != nil {
		return own, PageView{}, err
	}
	run, err := runOfList(ctx, r, own.List)
	if err != nil || run.Drill || !s.clk.Now().Before(run.LinkUntil) {
		return own, PageView{}, errLink
	}
	all, err := related(ctx, r, own)
	if err != nil {
		return own, PageView{}, err
	}
	view := PageView{Ref: run.Ref, Name: own.Name}
	slices.Reverse(all)
	for _, one := range all {
		if err := s.addText(ctx, r, &view, own, one, s.page(token)); err != nil {
			return own, PageView{}, err
		}
	}
	if len(view.Notices) == 0 {
		return own, PageView{}, errLink
	}
	view.Lang = view.Notices[0].Lang
	return own, view, nil
}

// addText adds one notice to the page, if it was sent to this recipient. Where its text
// names the page, it names this one.
func (s *Service) addText(ctx context.Context, r store.Reader, view *PageView, own, one Recipient, link string) error {
	if one.ID != own.ID && one.SentAt.IsZero() {
		return nil
	}
	run, err := runOfList(ctx, r, one.List)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return nil
	}
	if err != nil {
		return err
	}
	d, err := desk.New(run)
	if err != nil {
		return err
	}
	reader := one
	if reader.Channel.ByHand() && reader.Channel != Letter {
		reader.Channel = Page // what was said on the telephone is not what they read here
	}
	out, err := d.Write(reader, link)
	if err != nil && out.Subject == "" {
		return err
	}
	at := one.SentAt
	if at.IsZero() {
		at = one.SendingAt
	}
	if len(view.Notices) == 0 { // the newest says what holds now
		view.Contact, view.Zone = run.Contact, run.Zone
		view.NeedsAck, view.AcknowledgedAt = run.NeedsAck, one.AcknowledgedAt
		view.Facts = run.Facts
	}
	view.Notices = append(view.Notices, PageText{Purpose: run.Purpose, Lang: out.Lang, Subject: out.Subject, Text: out.Text, HTML: out.HTML, SentAt: at})
	return nil
}
