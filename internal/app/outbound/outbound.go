// Package outbound joins the notice room with the sending, which do not know each other:
// what was approved goes over by value, what became of it comes back and meets duties. It
// carries out policy 003 ("must be notified according to applicable contract language") by
// letting nothing but a released notice leave. It holds no rule of its own and must not be
// imported by a room or a face.
package outbound

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/duty/next"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/roll"
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
	p.Dispatch.By(p.ways)
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

// Reroute puts everybody on the list of a notice on its channels.
func (p Post) Reroute(ctx context.Context, tx *store.Tx, by who.Identity, n notice.Notice) error {
	return p.Dispatch.RerouteTx(ctx, tx, by, n.ID)
}

// ways are the channels of a notice; none where it is not known.
func (p Post) ways(ctx context.Context, r store.Reader, id string) (roll.Ways, error) {
	list, second, err := p.Notices.Ways(ctx, r, id)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return roll.Ways{}, nil
	}
	return roll.Ways{Channels: channels(list), Second: dispatch.Channel(second)}, err
}

func channels(list []string) []dispatch.Channel {
	out := make([]dispatch.Channel, len(list))
	for i, c := range list {
		out[i] = dispatch.Channel(c)
	}
	return out
}

// texts are those of one variant, "" for the master, the notice's own language first: it
// serves whoever's language is not there.
func texts(n notice.Notice, variant string) []text.Source {
	var out []text.Source
	for _, t := range n.Texts {
		if t.Variant != variant || t.Removed {
			continue
		}
		src := text.Source{Lang: t.Lang, Subject: t.Subject, Body: t.Body}
		if t.Lang == n.Lang {
			out = append([]text.Source{src}, out...)
		} else {
			out = append(out, src)
		}
	}
	return out
}

// Send starts the sending of what was approved.
func (p Post) Send(ctx context.Context, tx *store.Tx, by who.Identity, h notice.Handover) error {
	n := h.Notice
	run := dispatch.Run{
		ID: h.Run, Notice: n.ID, List: h.List.ID, ListHash: h.List.Hash, Drill: n.Drill, Audience: string(n.Audience), Purpose: string(n.Purpose),
		Canary: n.Settings.Canary, SecondAfter: time.Duration(n.Settings.SecondAfterHours) * time.Hour, NeedsAck: n.Settings.SecondAfterHours > 0 || h.NeedsAck,
		ReplyTo: n.Settings.ReplyTo, NotBefore: n.Settings.EmbargoAt,
		Common: h.Values, Zone: h.Zone, Texts: texts(n, ""), Channels: channels(n.Settings.Channels), Second: dispatch.Channel(n.Settings.Second),
	}
	for _, name := range n.VariantNames() {
		run.Variants = append(run.Variants, dispatch.Variant{Name: name, For: n.Variants[name], Texts: texts(n, name)})
	}
	for _, f := range n.Files {
		run.Attachments = append(run.Attachments, dispatch.Attachment{Name: f.Name, Media: f.Media, SHA256: f.SHA256})
	}
	if v := run.Common["contact.mail"]; v.Known {
		run.Contact = v.Text
	}
	if n.Audience == notice.Customer {
		zone, err := time.LoadLocation(h.Zone)
		if err != nil {
			return fmt.Errorf("read the zone of notice %s: %w", n.ID, err)
		}
		if run.Facts, err = facts(n.Lang, zone, run.Common); err != nil {
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
	var lost []notice.Told
	var undone []dispatch.Recipient
	for _, r := range changed {
		if r.Undone {
			undone = append(undone, r)
		}
		if r.CameBack() {
			lost = append(lost, notice.Told{Recipient: r.ID, Party: r.Party})
			continue
		}
		if r.Party != "" && (!r.ToldAt().IsZero() || !r.AcknowledgedAt.IsZero()) {
			list = append(list, notice.Told{Recipient: r.ID, Party: r.Party, SentAt: r.ToldAt(), AcknowledgedAt: r.AcknowledgedAt})
		}
	}
	wrong, err := p.wrong(ctx, tx, run, undone)
	if err != nil {
		return err
	}
	if err := p.Notices.OnUndone(ctx, tx, who.Engine("dispatch"), run.Notice, wrong); err != nil {
		return err
	}
	if err := p.Notices.OnLost(ctx, tx, who.Engine("dispatch"), run.Notice, lost); err != nil || len(list) == 0 {
		return err
	}
	return p.Notices.OnTold(ctx, tx, who.Engine("dispatch"), run.Notice, list)
}

// wrong are those of whom a duty was met by what is taken back: at a moment at which, as
// they stand now, they were neither told nor acknowledged it.
func (p Post) wrong(ctx context.Context, r store.Reader, run dispatch.Run, undone []dispatch.Recipient) (out []notice.Told, err error) {
	var to []string
	for _, u := range undone {
		if u.Party != "" {
			to = append(to, u.Party)
		}
	}
	list, err := next.Met(ctx, r, run.Incident, to)
	for _, u := range undone {
		if slices.ContainsFunc(list, func(d duty.Duty) bool {
			return d.MetRef == u.ID && (u.CameBack() || !d.MetAt.Equal(u.ToldAt()) && !d.MetAt.Equal(u.AcknowledgedAt))
		}) {
			out = append(out, notice.Told{Recipient: u.ID, Party: u.Party})
		}
	}
	return out, err
}

// Others are those on a notice's list, of some parties, whose copies stand.
func (p Post) Others(ctx context.Context, r store.Reader, n notice.Notice, parties []string) ([]notice.Told, error) {
	var out []notice.Told
	for _, party := range parties {
		list, err := p.Dispatch.Standing(ctx, r, n.ID, party)
		if err != nil {
			return nil, err
		}
		for _, t := range list {
			out = append(out, notice.Told{Recipient: t.ID, Party: t.Party, SentAt: t.ToldAt(), AcknowledgedAt: t.AcknowledgedAt})
		}
	}
	return out, nil
}

// held keeps a run back while law enforcement's request to delay concerns its notice.
func (p Post) held(ctx context.Context, r store.Reader, run dispatch.Run) error {
	return p.Notices.Held(ctx, r, run.Notice)
}

// ended follows the end of a run.
func (p Post) ended(ctx context.Context, tx *store.Tx, by who.Identity, run dispatch.Run, stopped bool) error {
	return p.Notices.OnEnd(ctx, tx, by, run.Notice, !stopped)
}
