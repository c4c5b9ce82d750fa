// Package outbound joins the notice room with the sending, which do not know each other:
// what was approved goes over by value, what became of it comes back and meets duties. It
// carries out policy 003 ("must be notified according to applicable contract language") by
// letting nothing but a released notice leave. It holds no rule of its own and must not be
// imported by a room or a face.
package outbound

import (
	"context"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

// Post is what the notice room sends with. Its fields are set at wiring.
type Post struct {
	Notices  *notice.Service
	Dispatch *dispatch.Service
}

// Join wires both rooms.
func (p Post) Join() {
	p.Notices.Deliver(p)
	p.Dispatch.Watch(p.Notices.OnList)
	p.Dispatch.Observe(p.told)
	p.Dispatch.OnEnd(p.ended)
	p.Dispatch.Gate(p.held)
}

// List is the list of a notice; the zero List where there is none.
func (p Post) List(ctx context.Context, r store.Reader, id string) (notice.List, error) {
	l, err := p.Dispatch.ListNow(ctx, r, id)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return notice.List{}, nil
	}
	return notice.List{ID: l.ID, Hash: l.Hash, Count: l.Count, Gaps: l.Gaps, SignedOffBy: l.SignedOffBy, SignedOffAt: l.SignedOffAt}, err
}

// Carry makes the list of a notice that follows another.
func (p Post) Carry(ctx context.Context, tx *store.Tx, by who.Identity, earlier, next notice.Notice) error {
	follows := ""
	if earlier.Release != nil {
		follows = earlier.Release.List
	}
	_, err := p.Dispatch.CreateTx(tx, by, dispatch.ListSpec{Notice: next.ID, Incident: next.Incident, Follows: follows})
	return err
}

// Send starts the sending of what was approved.
func (p Post) Send(ctx context.Context, tx *store.Tx, by who.Identity, h notice.Handover) error {
	n := h.Notice
	run := dispatch.Run{
		ID: h.Run, Notice: n.ID, List: h.List.ID, ListHash: h.List.Hash, Drill: n.Drill, Audience: string(n.Audience), Purpose: string(n.Purpose),
		Canary: n.Settings.Canary, SecondAfter: time.Duration(n.Settings.SecondAfterHours) * time.Hour, NeedsAck: n.Settings.SecondAfterHours > 0 || h.NeedsAck,
		ReplyTo: n.Settings.ReplyTo, NotBefore: n.Settings.EmbargoAt,
		Common: h.Values,
	}
	for _, t := range n.Texts {
		if t.Variant != "" || t.Removed {
			continue
		}
		src := text.Source{Lang: t.Lang, Subject: t.Subject, Body: t.Body}
		if t.Lang == n.Lang {
			run.Texts = append([]text.Source{src}, run.Texts...)
		} else {
			run.Texts = append(run.Texts, src)
		}
	}
	for _, f := range n.Files {
		run.Attachments = append(run.Attachments, dispatch.Attachment{Name: f.Name, Media: f.Media, SHA256: f.SHA256})
	}
	if v := run.Common["contact.mail"]; v.Known {
		run.Contact = v.Text
	}
	if n.Audience == notice.Customer {
		var err error
		if run.Facts, err = facts(n.Lang, time.UTC, run.Common); err != nil {
			return err
		}
	}
	if !by.Has(who.PermNoticeRelease) {
		by = who.Engine("notice") // a named deputy in an emergency: the release names the person
	}
	return p.Dispatch.StartTx(ctx, tx, by, run)
}

// told meets duties with what became of recipients.
func (p Post) told(ctx context.Context, tx *store.Tx, run dispatch.Run, changed []dispatch.Recipient) error {
	list := make([]notice.Told, 0, len(changed))
	for _, r := range changed {
		if r.Party != "" && (!r.SentAt.IsZero() || !r.AcknowledgedAt.IsZero()) {
			list = append(list, notice.Told{Recipient: r.ID, Party: r.Party, SentAt: r.SentAt, AcknowledgedAt: r.AcknowledgedAt})
		}
	}
	if len(list) == 0 {
		return nil
	}
	return p.Notices.OnTold(ctx, tx, who.Engine("dispatch"), run.Notice, list)
}

// held keeps a run back while law enforcement's request to delay concerns its notice.
func (p Post) held(ctx context.Context, r store.Reader, run dispatch.Run) error {
	return p.Notices.Held(ctx, r, run.Notice)
}

// ended follows the end of a run.
func (p Post) ended(ctx context.Context, tx *store.Tx, by who.Identity, run dispatch.Run, stopped bool) error {
	return p.Notices.OnEnd(ctx, tx, by, run.Notice, !stopped)
}
