package dispatch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail/bounce"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/carry"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

// ErrNotOurs answers for a report about a message that no notice sent.
var ErrNotOurs = fault.New(fault.NotFound, "This is about no notice that was sent from here")

// OnReport takes what came back about a copy: a report of failure moves its recipient to
// the next way at once. It is found by the Message-ID. ErrNotOurs says that it is about
// something else. Nobody can forge one without knowing the Message-ID of that very copy,
// or the address that only reports about it come to.
func (s *Service) OnReport(ctx context.Context, rep bounce.Report) error {
	if rep.Mark != "" {
		rep.References = append(slices.Clone(rep.References), "<"+rep.Mark+"@"+s.domain()+">")
	}
	if rep.ID != "" { // read again after a crash, it counts once
		said := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q", rep.ID, rep.Kind, rep.Action, rep.Recipient))
		ctx = store.WithKey(ctx, hex.EncodeToString(said[:]), said)
	}
	id := ""
	for _, m := range append([]string{rep.MessageID}, rep.References...) {
		if id = item.OfMessageID(m); id != "" {
			break
		}
	}
	if id == "" {
		return ErrNotOurs
	}
	err := s.write(ctx, engine(), "dispatch.report", func(tx *store.Tx) error {
		before, err := item.Find(ctx, tx, id)
		if err != nil {
			return err
		}
		run, err := runOfList(ctx, tx, before.List)
		if err != nil {
			return err
		}
		return s.reportTx(ctx, tx, run, before, rep)
	})
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return ErrNotOurs
	}
	if err != nil {
		return fmt.Errorf("report about recipient %s: %w", id, err)
	}
	return nil
}

// errFlood keeps a machine that answers without end from filling the record. What is too much
// stays in the mailbox, unread; what moves a copy is taken all the same.
var errFlood = fault.New(fault.Conflict, "So much came back about this recipient that no more is kept here; it stays in the mailbox")

// OnMail is OnReport for what a mailbox brought.
func (s *Service) OnMail(ctx context.Context, rep bounce.Report, _ []byte) error {
	return s.OnReport(ctx, rep)
}

// current tells whether a report is about the copy that is on its way now, not about one
// that went by an earlier way.
func current(r Recipient, rep bounce.Report, domain string) bool {
	want := item.MessageID(r, domain)
	if strings.EqualFold(rep.MessageID, want) {
		return true
	}
	for _, m := range rep.References {
		if strings.EqualFold(m, want) {
			return true
		}
	}
	return false
}

func (s *Service) reportTx(ctx context.Context, tx *store.Tx, run Run, before Recipient, rep bounce.Report) error {
	now := s.clk.Now()
	after := before
	live := current(before, rep, s.domain()) && (before.State == Sending || before.State == Sent || before.State == Delivered)
	detail := strings.TrimSpace(rep.Status + " " + rep.Diagnostic)
	failed, arrived := rep.Kind == bounce.Bounce && rep.Permanent(), rep.Kind == bounce.Bounce && rep.Action == bounce.Delivered
	if moves := live && (failed || arrived && before.State != Delivered); !moves {
		if much, err := item.Flooded(ctx, tx, before.ID); err != nil {
			return err
		} else if much {
			return errFlood
		}
	}
	switch {
	case rep.Kind == bounce.Reply:
		return s.answered(tx, run, before, rep)
	case rep.Kind != bounce.Bounce:
		return item.Happened(tx, s.clk, before.ID, "automatic answer", shorten(rep.Subject), "")
	case failed:
		if err := item.Happened(tx, s.clk, before.ID, "bounced", shorten(detail), ""); err != nil || !live {
			return err
		}
		after.State, after.BouncedAt, after.NextAt, after.Answer = Bounced, now, time.Time{}, shorten(detail)
	case rep.Action == bounce.Delivered || rep.Action == bounce.Relayed || rep.Action == bounce.Expanded:
		if err := item.Happened(tx, s.clk, before.ID, string(rep.Action), shorten(detail), ""); err != nil || !live || rep.Action != bounce.Delivered {
			return err
		}
		if before.State == Sending {
			after.SentAt = now
		}
		after.State, after.DeliveredAt = Delivered, now
		if before.State == Sending { // its own answer has not come yet; the outcome is this one
			after.NextAt = time.Time{}
		}
	default:
		return item.Happened(tx, s.clk, before.ID, "delayed", shorten(detail), "")
	}
	if after.State == Bounced {
		b := item.Single{Run: run.ID, Notice: run.Notice, Recipient: after.ID, Channel: after.Channel, State: Bounced, Stage: after.Stage, Code: rep.Status, Text: shorten(rep.Diagnostic)}
		if err := s.append(tx, engine(), item.KindBounced, run.Incident, b); err != nil {
			return err
		}
		if run.State != item.Halted && after.AcknowledgedAt.IsZero() {
			after = carry.Onward(run, after)
		}
	}
	if err := change(tx, before, after); err != nil {
		return err
	}
	if after.State == Queued {
		if err := item.Happened(tx, s.clk, after.ID, "second", "The next way is tried: "+channelWord(after.Channel), ""); err != nil {
			return err
		}
		var err error
		if run, err = s.reopen(tx, run); err != nil {
			return err
		}
	}
	return s.followed(ctx, tx, engine(), run, before, after, "")
}

// longAnswer is how much of an answer is kept.
const longAnswer = 20_000

// answered keeps what a recipient wrote: in the ledger, where it can be erased, and in the
// recipient's history.
func (s *Service) answered(tx *store.Tx, run Run, r Recipient, rep bounce.Report) error {
	words := strings.ReplaceAll(strings.ToValidUTF8(rep.Text, "?"), "\x00", "")
	if len(words) > longAnswer {
		words = strings.ToValidUTF8(words[:longAnswer], "") + "…"
	}
	b := item.Single{
		Run: run.ID, Notice: run.Notice, Recipient: r.ID, Channel: Email, How: "reply",
		Text: strings.TrimSpace("From: " + shorten(rep.From) + "\nSubject: " + shorten(rep.Subject) + "\n\n" + words),
	}
	if err := s.append(tx, engine(), item.KindAnswered, run.Incident, b); err != nil {
		return err
	}
	return item.Happened(tx, s.clk, r.ID, "answered", b.Text, "")
}

// reopen lets a run that had come to its end go on for those it did not reach.
func (s *Service) reopen(tx *store.Tx, run Run) (Run, error) {
	if run.State != item.Done {
		return run, nil
	}
	run.State = item.Running
	_, err := tx.Exec(`UPDATE dispatch_run SET state=?, ended_at=0 WHERE id=?`, item.Running, run.ID)
	if err != nil {
		return run, fmt.Errorf("reopen run %s: %w", run.ID, err)
	}
	return run, nil
}

// shorten makes words from outside storable: one line, not too long.
func shorten(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
	if len(s) > 500 {
		s = strings.ToValidUTF8(s[:500], "")
	}
	return s
}
