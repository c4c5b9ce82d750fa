package escalation

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/respond/escalation/call"
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
func (s *Service) runWebhook(ctx context.Context, j job.Job) error {
	var p webhookJob
	if err := json.Unmarshal(j.Payload, &p); err != nil {
		return job.Permanent(fmt.Errorf("read payload: %w", err))
	}
	k, err := callByID(ctx, s.db, p.Call)
	if fault.KindOf(err) == fault.NotFound {
		return job.Permanent(err)
	}
	if err != nil {
		return err
	}
	over, err := s.tooLate(ctx, s.db, k.ID)
	if err != nil {
		return err
	}
	person, err := s.people.PersonTx(ctx, s.db, k.Person)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	if away := !person.Active || person.Webhook == ""; over || away {
		return j.Done(ctx, func(tx *store.Tx) error {
			if still, err := s.tooLate(ctx, tx, k.ID); err != nil || (!still && !away) {
				return cmp.Or(err, errJoined)
			}
			return s.mark(tx, k.ID, deliveryDropped, "")
		})
	}
	token, hash := newLink()
	var calls []Call
	err = j.Exclusive(ctx, func(tx *store.Tx) (err error) {
		// Read where it is marked: what joins later gets a message of its own.
		if calls, err = saidBy(ctx, tx, k.ID); err != nil {
			return err
		}
		if slices.ContainsFunc(calls, Call.AsksAnswer) {
			if err := s.keepLink(tx, hash, k); err != nil {
				return err
			}
		}
		_, err = tx.Exec(`UPDATE call_delivery SET maybe_twice = CASE WHEN state = 'sending' THEN 1 ELSE maybe_twice END,
			state = 'sending', attempts = attempts + 1, updated_at = ? WHERE call_id = ? AND channel = 'webhook'`, clock.Micros(s.clk.Now()), k.ID)
		return err
	})
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(calls, Call.AsksAnswer) {
		token = ""
	}
	failed := s.post(ctx, person.Webhook, call.Compose(calls, s.cfg.BaseURL, token, person.Zone).Post)
	if failed == nil {
		return j.Done(ctx, func(tx *store.Tx) error { return s.mark(tx, k.ID, deliverySent, "") })
	}
	s.cfg.Log.Warn("webhook not sent", "call", k.ID, "attempt", j.Attempt, "error", failed)
	if failed.permanent || j.Attempt >= j.MaxAttempts {
		return j.Done(ctx, func(tx *store.Tx) error { return s.mark(tx, k.ID, deliveryFailed, failed.text) })
	}
	next := deliveryQueued
	if failed.unsure {
		next = deliverySending
	}
	if err := j.Exclusive(ctx, func(tx *store.Tx) error { return s.mark(tx, k.ID, next, failed.text) }); err != nil {
		return err
	}
	return failed
}

// errJoined has the job run again: another call joined a message that was about to be
// dropped.
var errJoined = errors.New("another call has joined the message")

// tooLate says whether nobody needs to be told any more what a message says.
func (s *Service) tooLate(ctx context.Context, r store.Reader, message string) (bool, error) {
	calls, err := saidBy(ctx, r, message)
	if err != nil {
		return false, err
	}
	for _, k := range calls {
		if k.Chain == "" {
			return false, nil
		}
		c, err := chainByID(ctx, r, k.Chain)
		if err != nil {
			return false, err
		}
		if c.Answerable() && k.State != Acknowledged && k.State != Withdrawn {
			return false, nil
		}
	}
	return true, nil
}

func (s *Service) mark(tx *store.Tx, id, state, text string) error {
	_, err := tx.Exec(`UPDATE call_delivery SET state = ?, last_error = ?, updated_at = ? WHERE call_id = ? AND channel = 'webhook'`,
		state, text, clock.Micros(s.clk.Now()), id)
	return err
}

// postError says what a failed post means. permanent: the receiver refused it for
// good. unsure: it may have taken it. The text does not hold the address.
type postError struct {
	permanent, unsure bool
	text              string
}

func (e *postError) Error() string { return e.text }

// post sends one message, once. Any 2xx is success; a redirect is not followed and,
// like other 4xx answers than 408 and 429, is a refusal.
func (s *Service) post(ctx context.Context, to string, m call.Post) *postError {
	raw, err := json.Marshal(m)
	if err != nil {
		return &postError{permanent: true, text: err.Error()}
	}
	var wrote atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(raw))
	if err != nil {
		return &postError{permanent: true, text: "the address cannot be used"}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "wakebell")
	res, err := s.cfg.HTTP.Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // without the address, which may hold a secret
		}
		return &postError{unsure: wrote.Load(), text: storable(err.Error())}
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection can be used again
	switch code := res.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusRequestTimeout || code == http.StatusTooManyRequests || code >= 500:
		return &postError{text: fmt.Sprintf("the receiver answered %d", code)}
	default:
		return &postError{permanent: true, text: fmt.Sprintf("the receiver answered %d", code)}
	}
}

// storable makes text of a network error safe to store.
func storable(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", "?")
	if len(s) > 500 {
		s = strings.ToValidUTF8(s[:500], "")
	}
	return s
}
