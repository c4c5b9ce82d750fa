package byhand

import (
	"context"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/carry"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

// Outcome is what came of a call.
type Outcome string

// The outcomes.
const (
	CallReached   Outcome = "reached"
	CallConfirmed Outcome = "confirmed"    // they said that they have it
	CallNobody    Outcome = "not_reached"  // nobody answered
	CallBack      Outcome = "call_back"    // they asked to be called again
	CallRefused   Outcome = "refused"      // they do not want to hear it
	CallWrong     Outcome = "wrong_number" // somebody else, or no connection
)

func (o Outcome) words() string {
	switch o {
	case CallBack:
		return "asked to call back"
	case CallRefused:
		return "refused to hear it"
	case CallWrong:
		return "wrong number"
	}
	return "not reached"
}

// Call is one call that a person made.
type Call struct {
	Outcome Outcome
	At      time.Time // zero: now
	Again   time.Time // of CallBack: when they want to be called
	Text    string    // who said what
}

// Called writes down what came of a call. A wrong number leads to the next number, then to
// the next way; who refused is written to where that is possible. Permission recipient.work;
// who may not read recipients records it for the own customers.
func (h *Hand) Called(ctx context.Context, by who.Identity, recipient string, in Call) (item.Recipient, error) {
	switch in.Outcome {
	case CallReached, CallConfirmed, CallNobody:
		reached := in.Outcome != CallNobody
		return h.Record(ctx, by, recipient, By{Channel: item.Phone, Reached: reached, Acknowledged: in.Outcome == CallConfirmed, At: in.At, Text: in.Text})
	}
	if err := who.Check(by, who.PermRecipientWork); err != nil {
		return item.Recipient{}, err
	}
	f := check.Text(nil, "text", in.Text, check.Screen, false)
	if in.Outcome != CallBack && in.Outcome != CallRefused && in.Outcome != CallWrong {
		f = append(f, fault.Field{Field: "outcome", Message: "must be reached, confirmed, not_reached, call_back, refused or wrong_number"})
	}
	if in.At.After(h.Clock.Now().Add(time.Minute)) {
		f = append(f, fault.Field{Field: "at", Message: "lies in the future"})
	}
	if err := fault.Invalids(f...); err != nil {
		return item.Recipient{}, err
	}
	err := h.write(ctx, by, "dispatch.called", func(tx *store.Tx) error {
		before, run, err := h.Running(ctx, tx, recipient)
		if err != nil {
			return err
		}
		if !item.Sees(by, before) {
			return item.ErrNone
		}
		return h.calledTx(ctx, tx, by, run, before, in)
	})
	if err != nil {
		return item.Recipient{}, err
	}
	return item.Find(ctx, h.DB, recipient)
}

func (h *Hand) calledTx(ctx context.Context, tx *store.Tx, by who.Identity, run item.Run, before item.Recipient, in Call) error {
	now, how := h.Clock.Now(), in.Outcome.words()
	words := how
	if in.Outcome == CallBack && !in.Again.IsZero() {
		words += " on " + in.Again.UTC().Format("2006-01-02 15:04 UTC")
	}
	detail := strings.TrimSpace("phone, " + words + ". " + in.Text)
	after := before
	if before.State == item.Queued && before.Channel == item.Phone { // else it is a call beside the copy on its way
		after.Attempts++
		after.Answer = words
		if in.Outcome != CallBack {
			if after = onwardFrom(run, after, in.Outcome == CallWrong); after.State != item.Queued {
				after.State, after.FailedAt, after.Answer = item.Failed, now, words
			} else {
				detail += " Next: " + item.ChannelWord(after.Channel) + "."
			}
		}
		var err error
		if after, err = item.Remember(before, after); err != nil {
			return err
		}
		if err := item.Save(tx, after); err != nil {
			return err
		}
		if err := item.Count(tx, after.List, item.Moved(before, after)); err != nil {
			return err
		}
	}
	if err := item.Happened(tx, h.Clock, after.ID, "by hand", detail, by.Actor); err != nil {
		return err
	}
	body := item.Single{Run: run.ID, Notice: run.Notice, Recipient: after.ID, Channel: item.Phone, State: after.State, How: how, Text: in.Text}
	if err := h.append(tx, by, item.KindRecorded, run.Incident, body); err != nil {
		return err
	}
	return h.Followed(ctx, tx, by, run, before, after, string(item.Phone))
}

// onwardFrom is who to call or write to next: after a wrong number another one comes first.
func onwardFrom(run item.Run, r item.Recipient, number bool) item.Recipient {
	for n := r.ContactNo + 1; number && n < len(r.Contacts); n++ {
		if p := r.Contacts[n].Phone; p != "" && p != r.Address {
			r.ContactNo, r.Address, r.State, r.Answer = n, p, item.Queued, ""
			return r
		}
	}
	r.State = item.Failed
	next := carry.Onward(run, r)
	for next.State == item.Queued && next.Channel == item.Phone { // who refused is not rung up at another number
		was := next
		was.State = item.Failed
		if next = carry.Onward(run, was); next.State != item.Queued {
			r.Gap = next.Gap
			return r
		}
	}
	return next
}
