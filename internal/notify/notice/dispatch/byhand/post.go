package byhand

import (
	"context"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

// Posting is that letters were handed to a carrier.
type Posting struct {
	Recipients []string  // nil: everybody whose letter waits
	At         time.Time // zero: now
	Carrier    string    // e.g. Deutsche Post
	Reference  string    // e.g. the number of the posting list or of the registered mail
}

// postedAtOnce is how many letters one write marks.
const postedAtOnce = 200

// Posted marks letters as posted: from then on they count as sent, at the time given. Each
// write is one entry with the carrier and the reference. It returns how many were marked;
// one that is posted already, was reached otherwise, or is none of the run's is passed over.
// Permission recipient.work; who may not read recipients marks those of the own customers.
func (h *Hand) Posted(ctx context.Context, by who.Identity, run string, in Posting) (int, error) {
	if err := who.Check(by, who.PermRecipientWork); err != nil {
		return 0, err
	}
	f := check.Text(nil, "carrier", in.Carrier, check.Line, true)
	f = check.Text(f, "reference", in.Reference, check.Line, false)
	now := h.Clock.Now()
	if in.At.IsZero() {
		in.At = now
	}
	if in.At.After(now.Add(time.Minute)) {
		f = append(f, fault.Field{Field: "at", Message: "lies in the future"})
	}
	if rn, err := h.RunNow(ctx, h.DB, run); err != nil {
		return 0, err
	} else if in.At.Before(rn.StartedAt.Add(-time.Minute)) {
		f = append(f, fault.Field{Field: "at", Message: "lies before the notice was released"})
	}
	if err := fault.Invalids(f...); err != nil {
		return 0, err
	}
	ctx = store.WithKey(ctx, "", [32]byte{}) // one key would make every write after the first a repetition
	marked, rest := 0, in.Recipients
	for after := int64(0); ; {
		part := rest[:min(postedAtOnce, len(rest))]
		var n int
		var last int64
		err := h.write(ctx, by, "dispatch.posted", func(tx *store.Tx) (err error) {
			n, last, err = h.postedTx(ctx, tx, by, run, in, part, after)
			return err
		})
		if err != nil {
			return marked, err
		}
		marked += n
		rest, after = rest[len(part):], last
		if len(rest) == 0 && last == 0 {
			return marked, nil
		}
	}
}

// postedTx marks some letters: those of part, or without one the next after a place of the
// list. last is where to go on, 0 for nowhere.
func (h *Hand) postedTx(ctx context.Context, tx *store.Tx, by who.Identity, run string, in Posting, part []string, after int64) (n int, last int64, err error) {
	rn, err := h.RunNow(ctx, tx, run)
	if err != nil {
		return 0, 0, err
	}
	if rn.Drill || rn.State == item.Refused {
		return 0, 0, item.ErrDrill
	}
	var page []item.Recipient
	if in.Recipients == nil {
		page, err = item.Query(ctx, tx, `WHERE list_id=? AND state='queued' AND channel='letter' AND seq>? ORDER BY seq LIMIT ?`, rn.List, after, postedAtOnce)
		if len(page) == postedAtOnce {
			last = page[len(page)-1].Seq
		}
	}
	for _, id := range part {
		r, findErr := item.Find(ctx, tx, id)
		if findErr != nil {
			return 0, 0, findErr
		}
		page = append(page, r)
	}
	if err != nil {
		return 0, 0, err
	}
	body := item.PostedOff{Run: rn.ID, Notice: rn.Notice, At: in.At, Carrier: in.Carrier, Reference: in.Reference}
	detail := "Letter, posted " + in.At.UTC().Format("2006-01-02 15:04 UTC") + " with " + strings.TrimSpace(in.Carrier+" "+in.Reference)
	var changed []item.Recipient
	var d item.Tally
	for _, before := range page {
		if before.List != rn.List || !item.Sees(by, before) || before.State == item.Sending || before.State == item.Sent || before.State == item.Delivered {
			continue
		}
		after := before
		after.Channel, after.State, after.SentAt, after.Gap, after.NextAt = item.Letter, item.Sent, in.At, "", time.Time{}
		if rn.SecondAfter > 0 && after.AcknowledgedAt.IsZero() {
			after.NextAt = h.Clock.Now().Add(rn.SecondAfter)
		}
		if after, err = item.Remember(before, after); err != nil {
			return 0, 0, err
		}
		if err := item.Save(tx, after); err != nil {
			return 0, 0, err
		}
		d.AddAll(item.Moved(before, after))
		if err := item.Happened(tx, h.Clock, after.ID, "posted", detail, by.Actor); err != nil {
			return 0, 0, err
		}
		changed = append(changed, after)
		body.Recipients = append(body.Recipients, after.ID)
	}
	if len(changed) == 0 {
		return 0, last, nil
	}
	if err := item.Count(tx, rn.List, d); err != nil {
		return 0, 0, err
	}
	if err := h.append(tx, by, item.KindPosted, rn.Incident, body); err != nil {
		return 0, 0, err
	}
	if err := h.Tell(ctx, tx, rn, changed...); err != nil {
		return 0, 0, err
	}
	if rn.State == item.Running {
		if err := h.End(ctx, tx, rn); err != nil {
			return 0, 0, err
		}
	}
	if at := changed[0].NextAt; !at.IsZero() {
		return len(changed), last, h.Enqueue(tx, rn.ID, h.notBefore(at))
	}
	return len(changed), last, nil
}
