package post

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/document"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/respond/escalation/call"
	"github.com/wakebell/wakebell/internal/respond/escalation/rows"
)

// Together is how long after a person was called about an incident another call about
// it still goes into the same message, as long as no server has heard of that.
const Together = 2 * time.Second

// Share finds the message that a new call joins: the one the same person is sent
// about the same incident in the same moment. A call that joins has no channels of
// its own.
func (o *Office) Share(ctx context.Context, tx *store.Tx, k call.Call) (call.Call, error) {
	if k.Incident == "" || k.State == call.Skipped {
		return k, nil
	}
	last, err := document.List[call.Call](ctx, tx, `SELECT doc FROM call WHERE incident_id <> '' AND incident_id = ? AND person = ? ORDER BY id DESC LIMIT 1`, k.Incident, k.Person)
	if err != nil || len(last) == 0 {
		return k, err
	}
	before := last[0]
	if before.State == call.Skipped || before.State == call.Acknowledged || k.CalledAt.Sub(before.CalledAt) > Together {
		return k, nil
	}
	free, err := o.Unsent(ctx, tx, before.Message())
	if free {
		k.With, k.Channels = before.Message(), nil
	}
	return k, err
}

// Unsent reports whether no server has heard of a message yet.
func (o *Office) Unsent(ctx context.Context, r store.Reader, message string) (bool, error) {
	ways, err := o.ways(ctx, r, message)
	if err != nil || len(ways) == 0 {
		return false, err
	}
	for _, w := range ways {
		free := w.state == deliveryQueued && w.attempts == 0
		if w.channel == call.Email {
			if free, err = o.box.Untouched(ctx, r, w.mail); err != nil {
				return false, err
			}
		}
		if !free {
			return false, nil
		}
	}
	return true, nil
}

// way is one delivery of a message.
type way struct {
	channel  call.Channel
	state    string
	mail     string // id in the outbox
	attempts int
}

// ways lists the deliveries of a message as this package knows them.
func (o *Office) ways(ctx context.Context, r store.Reader, message string) (out []way, err error) {
	rows, err := r.Query(ctx, `SELECT channel, state, mail_id, attempts FROM call_delivery WHERE call_id = ? ORDER BY channel`, message)
	if err != nil {
		return nil, fmt.Errorf("deliveries of a call: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var d way
		if err := rows.Scan(&d.channel, &d.state, &d.mail, &d.attempts); err != nil {
			return nil, fmt.Errorf("deliveries of a call: %w", err)
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

// Send leaves the message of a call behind in tx, or has the message it joined, or
// that stands for it already, say what is asked now. A webhook is worded when it is
// posted.
func (o *Office) Send(ctx context.Context, tx *store.Tx, k call.Call, p who.Person) error {
	if k.State == call.Skipped {
		return nil
	}
	ways, err := o.ways(ctx, tx, k.Message())
	if err != nil {
		return err
	}
	for _, w := range ways {
		if w.channel != call.Email {
			continue
		}
		m, err := o.compose(ctx, tx, k, p)
		if err != nil {
			return err
		}
		if err := o.box.Amend(tx, w.mail, m.Subject, m.Text); err != nil {
			return err
		}
	}
	if len(ways) > 0 {
		return nil
	}
	for _, way := range k.Channels {
		mailID := ""
		switch way {
		case call.Email:
			m, err := o.compose(ctx, tx, k, p)
			if err != nil {
				return err
			}
			mailID, err = o.box.Enqueue(tx, mail.Message{To: []string{p.Email}, Subject: m.Subject, Text: m.Text, About: k.Ref, Drill: k.Drill})
			if err != nil {
				return err
			}
		case call.Webhook:
			if err := o.jobs.Enqueue(tx, job.Draft{Kind: jobWebhook, Payload: webhookJob{k.ID}, Unique: k.ID}); err != nil {
				return err
			}
		}
		if err := o.keepDelivery(tx, k, way, deliveryQueued, mailID); err != nil {
			return err
		}
	}
	return nil
}

func (o *Office) keepDelivery(tx *store.Tx, k call.Call, way call.Channel, state, mailID string) error {
	attempts := 0
	if state == deliverySending {
		attempts = 1
	}
	_, err := tx.Exec(`INSERT INTO call_delivery (call_id, channel, state, mail_id, attempts, maybe_twice, last_error, updated_at) VALUES (?,?,?,?,?,0,'',?)`,
		k.ID, string(way), state, mailID, attempts, clock.Micros(o.clk.Now()))
	return err
}

// compose words the e-mail of a message, with a new link where it asks for an answer.
// Links made before stay good.
func (o *Office) compose(ctx context.Context, tx *store.Tx, k call.Call, p who.Person) (call.Message, error) {
	calls, err := rows.Message(ctx, tx, k.Message())
	if err != nil {
		return call.Message{}, err
	}
	token := ""
	if slices.ContainsFunc(calls, call.Call.AsksAnswer) {
		var hash string
		token, hash = newLink()
		if err := o.keepLink(tx, hash, k); err != nil {
			return call.Message{}, err
		}
	}
	return call.Compose(calls, o.cfg.BaseURL, token, p.Zone), nil
}
