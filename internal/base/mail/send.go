package mail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/store"
)

// send is the handler of mail.send. The row says "sending" durably before the
// server hears a word, so that after a crash it is known that the message may
// have gone out; "sent" and the end of the job are one transaction.
func (o *Outbox) send(ctx context.Context, j job.Job) error {
	var p payload
	if err := json.Unmarshal(j.Payload, &p); err != nil {
		return job.Permanent(fmt.Errorf("read payload: %w", err))
	}
	var m Item
	err := j.Exclusive(ctx, func(tx *store.Tx) (err error) {
		m, err = o.begin(ctx, tx, p.ID)
		return err
	})
	if fault.KindOf(err) == fault.NotFound {
		return job.Permanent(err)
	}
	if err != nil {
		return err
	}
	switch m.State {
	case Queued, Sending:
	default: // sent or failed by another attempt
		return j.Done(ctx, nil)
	}
	if !o.Enabled() { // the server was taken out of the configuration
		return j.Done(ctx, func(tx *store.Tx) error { return o.mark(tx, p.ID, Kept, "", "") })
	}
	answer, err := o.deliver(ctx, m)
	if err == nil {
		return j.Done(ctx, func(tx *store.Tx) error { return o.mark(tx, p.ID, Sent, "", answer) })
	}
	return o.after(ctx, j, p.ID, err)
}

// begin marks a message as being sent and returns it as it stood before. It is read
// in the transaction that marks it, so that what goes out is what Amend last wrote.
func (o *Outbox) begin(ctx context.Context, tx *store.Tx, id string) (Item, error) {
	m, err := find(ctx, tx, id)
	if err != nil || !o.Enabled() || (m.State != Queued && m.State != Sending) {
		return m, err
	}
	_, err = tx.Exec(`UPDATE mail_outbox SET maybe_twice = CASE WHEN state='sending' THEN 1 ELSE maybe_twice END,
		state='sending', attempts=attempts+1, updated_at=? WHERE id=?`, clock.Micros(o.clk.Now()), id)
	return m, err
}

// after writes down what a failed attempt means.
func (o *Outbox) after(ctx context.Context, j job.Job, id string, cause error) error {
	o.log.Warn("mail not sent", "id", id, "attempt", j.Attempt, "error", cause)
	next, text := outcome(cause)
	if next == Failed || j.Attempt >= j.MaxAttempts {
		return j.Done(ctx, func(tx *store.Tx) error { return o.mark(tx, id, Failed, text, "") })
	}
	if err := j.Exclusive(ctx, func(tx *store.Tx) error { return o.mark(tx, id, next, text, "") }); err != nil {
		return err
	}
	return cause
}

// outcome says where a failed attempt leaves a message, and why in words.
func outcome(cause error) (State, string) {
	d, _ := errors.AsType[*deliveryError](cause)
	text := plain(cause.Error())
	switch {
	case d != nil && d.permanent:
		return Failed, text
	case d != nil && d.unsure:
		return Sending, text // the server may have it: the next attempt is a possible double
	}
	return Queued, text
}

func (o *Outbox) mark(tx *store.Tx, id string, s State, text, answer string) error {
	now, sent := clock.Micros(o.clk.Now()), int64(0)
	if s == Sent {
		sent = now
	}
	_, err := tx.Exec(`UPDATE mail_outbox SET state=?, last_error=?, answer=?, updated_at=?, sent_at=? WHERE id=?`, s, text, answer, now, sent, id)
	if err != nil {
		return fmt.Errorf("mark mail %s as %s: %w", id, s, err)
	}
	return nil
}

// plain makes a server's words storable.
func plain(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", "?")
	if len(s) > 1000 {
		s = strings.ToValidUTF8(s[:1000], "")
	}
	return s
}
