package escalation

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/respond/escalation/call"
)

// linkLife is how long a link may answer a call, unless the call ends before.
const linkLife = 7 * 24 * time.Hour

// newLink makes the secret of a link: 32 random bytes. Only its SHA-256 is stored.
func newLink() (token, hash string) {
	var b [32]byte
	rand.Read(b[:])
	token = base64.RawURLEncoding.EncodeToString(b[:])
	return token, linkHash(token)
}

func linkHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// keepLink ties a link to the message it stands in and to the person it was sent to.
func (s *Service) keepLink(tx *store.Tx, hash string, k Call) error {
	now := s.clk.Now()
	_, err := tx.Exec(`INSERT INTO call_token (hash, call_id, person, created_at, expires_at) VALUES (?,?,?,?,?)`,
		hash, k.Message(), k.Person, clock.Micros(now), clock.Micros(now.Add(linkLife)))
	return err
}

// together is how long after a person was called about an incident another call about
// it still goes into the same message, as long as no server has heard of that.
const together = 2 * time.Second

// share finds the message that a new call joins: the one the same person is sent
// about the same incident in the same moment. A call that joins has no channels of
// its own.
func (s *Service) share(ctx context.Context, tx *store.Tx, k Call) (Call, error) {
	if k.Incident == "" || k.State == Skipped {
		return k, nil
	}
	last, err := docs[Call](ctx, tx, `SELECT doc FROM call WHERE incident_id <> '' AND incident_id = ? AND person = ? ORDER BY id DESC LIMIT 1`, k.Incident, k.Person)
	if err != nil || len(last) == 0 {
		return k, err
	}
	before := last[0]
	if before.State == Skipped || before.State == Acknowledged || k.CalledAt.Sub(before.CalledAt) > together {
		return k, nil
	}
	free, err := s.unsent(ctx, tx, before.Message())
	if free {
		k.With, k.Channels = before.Message(), nil
	}
	return k, err
}

// unsent reports whether no server has heard of a message yet.
func (s *Service) unsent(ctx context.Context, r store.Reader, message string) (bool, error) {
	ways, err := s.ways(ctx, r, message)
	if err != nil || len(ways) == 0 {
		return false, err
	}
	for _, w := range ways {
		free := w.State == deliveryQueued && w.Attempts == 0
		if w.Channel == Email {
			if free, err = s.box.Untouched(ctx, r, w.Mail); err != nil {
				return false, err
			}
		}
		if !free {
			return false, nil
		}
	}
	return true, nil
}

// ways lists the deliveries of a message as this room knows them.
func (s *Service) ways(ctx context.Context, r store.Reader, message string) (out []Delivery, err error) {
	rows, err := r.Query(ctx, `SELECT channel, state, mail_id, attempts FROM call_delivery WHERE call_id = ? ORDER BY channel`, message)
	if err != nil {
		return nil, fmt.Errorf("deliveries of a call: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var d Delivery
		if err := rows.Scan(&d.Channel, &d.State, &d.Mail, &d.Attempts); err != nil {
			return nil, fmt.Errorf("deliveries of a call: %w", err)
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

// send leaves the message of a call behind in tx, or has the message it joined, or
// that stands for it already, say what is asked now. A webhook is worded when it is
// posted.
func (s *Service) send(ctx context.Context, tx *store.Tx, k Call, p who.Person) error {
	if k.State == Skipped {
		return nil
	}
	ways, err := s.ways(ctx, tx, k.Message())
	if err != nil {
		return err
	}
	for _, w := range ways {
		if w.Channel != Email {
			continue
		}
		m, err := s.compose(ctx, tx, k, p)
		if err != nil {
			return err
		}
		if err := s.box.Amend(tx, w.Mail, m.Subject, m.Text); err != nil {
			return err
		}
	}
	if len(ways) > 0 {
		return nil
	}
	for _, way := range k.Channels {
		mailID := ""
		switch way {
		case Email:
			m, err := s.compose(ctx, tx, k, p)
			if err != nil {
				return err
			}
			mailID, err = s.box.Enqueue(tx, mail.Message{To: []string{p.Email}, Subject: m.Subject, Text: m.Text, About: k.Ref, Drill: k.Drill})
			if err != nil {
				return err
			}
		case Webhook:
			if err := s.jobs.Enqueue(tx, job.Draft{Kind: jobWebhook, Payload: webhookJob{k.ID}, Unique: k.ID}); err != nil {
				return err
			}
		}
		if err := s.keepDelivery(tx, k, way, deliveryQueued, mailID); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) keepDelivery(tx *store.Tx, k Call, way Channel, state, mailID string) error {
	attempts := 0
	if state == deliverySending {
		attempts = 1
	}
	_, err := tx.Exec(`INSERT INTO call_delivery (call_id, channel, state, mail_id, attempts, maybe_twice, last_error, updated_at) VALUES (?,?,?,?,?,0,'',?)`,
		k.ID, string(way), state, mailID, attempts, clock.Micros(s.clk.Now()))
	return err
}

// compose words the e-mail of a message, with a new link where it asks for an answer.
// Links made before stay good.
func (s *Service) compose(ctx context.Context, tx *store.Tx, k Call, p who.Person) (call.Message, error) {
	calls, err := saidBy(ctx, tx, k.Message())
	if err != nil {
		return call.Message{}, err
	}
	token := ""
	if slices.ContainsFunc(calls, Call.AsksAnswer) {
		var hash string
		token, hash = newLink()
		if err := s.keepLink(tx, hash, k); err != nil {
			return call.Message{}, err
		}
	}
	return call.Compose(calls, s.cfg.BaseURL, token, p.Zone), nil
}
