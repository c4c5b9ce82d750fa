package post

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/respond/escalation/call"
	"github.com/wakebell/wakebell/internal/respond/escalation/hook"
	"github.com/wakebell/wakebell/internal/respond/escalation/rows"
)

const jobWebhook = "webhook.post"

// webhookJob is the payload. The link is made when the job runs, so that no secret
// lies in the table of jobs.
type webhookJob struct {
	Call string `json:"call"` // the first one of its message
}

// The states of a delivery by webhook; those of an e-mail are base/mail's.
const (
	deliveryQueued  = "queued"
	deliverySending = "sending" // an attempt runs, or its outcome is unknown
	deliverySent    = "sent"
	deliveryFailed  = "failed"
	deliveryDropped = "dropped" // the call was over before it was sent
)

// runWebhook posts one call. Its row says "sending" durably before the receiver hears
// a word; an attempt that follows one of unknown outcome is named a possible double.
func (o *Office) runWebhook(ctx context.Context, j job.Job) error {
	var p webhookJob
	if err := json.Unmarshal(j.Payload, &p); err != nil {
		return job.Permanent(fmt.Errorf("read payload: %w", err))
	}
	k, err := rows.Call(ctx, o.db, p.Call)
	if fault.KindOf(err) == fault.NotFound {
		return job.Permanent(err)
	}
	if err != nil {
		return err
	}
	over, err := o.tooLate(ctx, o.db, k.ID)
	if err != nil {
		return err
	}
	person, err := o.people.PersonTx(ctx, o.db, k.Person)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	if away := !person.Active || person.Webhook == ""; over || away {
		return j.Done(ctx, func(tx *store.Tx) error {
			if still, err := o.tooLate(ctx, tx, k.ID); err != nil || (!still && !away) {
				return cmp.Or(err, errJoined)
			}
			return o.mark(tx, k.ID, deliveryDropped, "")
		})
	}
	token, hash := newLink()
	var calls []call.Call
	err = j.Exclusive(ctx, func(tx *store.Tx) (err error) {
		// Read where it is marked: what joins later gets a message of its own.
		if calls, err = rows.Message(ctx, tx, k.ID); err != nil {
			return err
		}
		if slices.ContainsFunc(calls, call.Call.AsksAnswer) {
			if err := o.keepLink(tx, hash, k); err != nil {
				return err
			}
		}
		_, err = tx.Exec(`UPDATE call_delivery SET maybe_twice = CASE WHEN state = 'sending' THEN 1 ELSE maybe_twice END,
			state = 'sending', attempts = attempts + 1, updated_at = ? WHERE call_id = ? AND channel = 'webhook'`, clock.Micros(o.clk.Now()), k.ID)
		return err
	})
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(calls, call.Call.AsksAnswer) {
		token = ""
	}
	failed := hook.Send(ctx, o.cfg.HTTP, person.Webhook, k.ID, call.Compose(calls, o.cfg.BaseURL, token, person.Zone).Post)
	if failed == nil {
		return j.Done(ctx, func(tx *store.Tx) error { return o.mark(tx, k.ID, deliverySent, "") })
	}
	o.cfg.Log.Warn("webhook not sent", "call", k.ID, "attempt", j.Attempt, "error", failed)
	if failed.Permanent || j.Attempt >= j.MaxAttempts {
		return j.Done(ctx, func(tx *store.Tx) error { return o.mark(tx, k.ID, deliveryFailed, failed.Text) })
	}
	next := deliveryQueued
	if failed.Unsure {
		next = deliverySending
	}
	if err := j.Exclusive(ctx, func(tx *store.Tx) error { return o.mark(tx, k.ID, next, failed.Text) }); err != nil {
		return err
	}
	return failed
}

// errJoined has the job run again: another call joined a message that was about to be
// dropped.
var errJoined = errors.New("another call has joined the message")

// tooLate says whether nobody needs to be told any more what a message says.
func (o *Office) tooLate(ctx context.Context, r store.Reader, message string) (bool, error) {
	calls, err := rows.Message(ctx, r, message)
	if err != nil {
		return false, err
	}
	for _, k := range calls {
		if k.Chain == "" {
			return false, nil
		}
		c, err := rows.Chain(ctx, r, k.Chain)
		if err != nil {
			return false, err
		}
		if c.Answerable() && k.State != call.Acknowledged && k.State != call.Withdrawn {
			return false, nil
		}
	}
	return true, nil
}

func (o *Office) mark(tx *store.Tx, id, state, text string) error {
	_, err := tx.Exec(`UPDATE call_delivery SET state = ?, last_error = ?, updated_at = ? WHERE call_id = ? AND channel = 'webhook'`,
		state, text, clock.Micros(o.clk.Now()), id)
	return err
}
