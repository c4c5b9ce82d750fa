package mail

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/store"
)

// directFirst is how long the job of an urgent message leaves the word to SendNow.
// It is longer than one conversation may take.
const directFirst = 2 * time.Minute

// EnqueueUrgent is Enqueue for a message the caller sends itself by SendNow right
// after the commit. Its job is the second try: it waits two minutes, so that a living
// loop does not send what is being sent.
func (o *Outbox) EnqueueUrgent(tx *store.Tx, m Message) (string, error) {
	return o.enqueue(tx, m, o.clk.Now().Add(directFirst))
}

// SendNow sends a queued message at once, on the caller's goroutine and without a
// job: for an alarm about the job loop itself. It waits at most Config.Timeout for the
// server. What fails for now stays queued for the job, and the cause is returned.
// Sent before is no error. Conflict without an SMTP server, and for a message that
// has failed or whose sending is under way.
func (o *Outbox) SendNow(ctx context.Context, id string) error {
	var m Item
	_, err := o.db.Write(ctx, store.Op{Name: "mail.send_now", Actor: "mail"}, func(tx *store.Tx) (err error) {
		if m, err = find(ctx, tx, id); err != nil || m.State != Queued {
			return err
		}
		m, err = o.begin(ctx, tx, id)
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("send mail %s now: %w", id, err)
	case m.State == Sent:
		return nil
	case !o.Enabled():
		return fault.New(fault.Conflict, "No SMTP server is set; messages are kept here")
	case m.State != Queued:
		return fault.Newf(fault.Conflict, "This message is %s; only a queued one is sent now", m.State)
	}
	next, text := Sent, ""
	answer, cause := o.deliver(ctx, m)
	if cause != nil {
		o.log.Warn("mail not sent", "id", id, "error", cause)
		next, text = outcome(cause)
	}
	_, err = o.db.Write(ctx, store.Op{Name: "mail.send_now", Actor: "mail"}, func(tx *store.Tx) error { return o.mark(tx, id, next, text, answer) })
	if cause != nil {
		return fmt.Errorf("send mail %s now: %w", id, cause)
	}
	if err != nil {
		return fmt.Errorf("note that mail %s was sent: %w", id, err)
	}
	return nil
}

// SendUnrecorded sends a message that stands in no outbox: the last word when the
// database takes no writes. Conflict without an SMTP server.
func (o *Outbox) SendUnrecorded(ctx context.Context, m Message) error {
	if !o.Enabled() {
		return fault.New(fault.Conflict, "No SMTP server is set; the message cannot be sent")
	}
	if err := m.check(); err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	now := o.clk.Now()
	if m.MessageID == "" {
		m.MessageID = "<" + ident.New(now) + "@" + o.domain() + ">"
	}
	if m.Drill && !strings.HasPrefix(m.Subject, drillPrefix) {
		m.Subject = drillPrefix + m.Subject
	}
	if _, err := o.deliver(ctx, Item{Message: m, CreatedAt: now}); err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	return nil
}

// Untouched reports whether no attempt to send a message was made yet; false for an
// id that is not known.
func (o *Outbox) Untouched(ctx context.Context, r store.Reader, id string) (bool, error) {
	m, err := find(ctx, r, id)
	if fault.KindOf(err) == fault.NotFound {
		return false, nil
	}
	return err == nil && (m.State == Kept || m.State == Queued) && m.Attempts == 0, err
}

// Amend gives a message that is untouched another subject and text: more is to be
// said to the same people in the same moment. Conflict once an attempt was made.
func (o *Outbox) Amend(tx *store.Tx, id, subject, text string) error {
	ctx := clock.Background() // the transaction uses its own
	m, err := find(ctx, tx, id)
	if err != nil {
		return fmt.Errorf("amend mail: %w", err)
	}
	if free, err := o.Untouched(ctx, tx, id); err != nil || !free {
		if err == nil {
			err = fault.New(fault.Conflict, "This message is on its way and cannot be changed")
		}
		return fmt.Errorf("amend mail %s: %w", id, err)
	}
	m.Subject, m.Text = subject, text
	if m.Drill && !strings.HasPrefix(m.Subject, drillPrefix) {
		m.Subject = drillPrefix + m.Subject
	}
	if err := m.check(); err != nil {
		return fmt.Errorf("amend mail %s: %w", id, err)
	}
	_, err = tx.Exec(`UPDATE mail_outbox SET subject=?, body=?, updated_at=? WHERE id=?`, m.Subject, m.Text, clock.Micros(o.clk.Now()), id)
	return err
}
