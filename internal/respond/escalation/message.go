package escalation

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
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

// keepLink ties a link to the call it answers and to the person it was sent to.
func (s *Service) keepLink(tx *store.Tx, hash string, k Call) error {
	id := k.ID
	if k.Kind == KindReminder {
		id = k.Of
	}
	now := s.clk.Now()
	_, err := tx.Exec(`INSERT INTO call_token (hash, call_id, person, created_at, expires_at) VALUES (?,?,?,?,?)`,
		hash, id, k.Person, clock.Micros(now), clock.Micros(now.Add(linkLife)))
	return err
}

// send leaves the messages of a call behind in tx.
func (s *Service) send(ctx context.Context, tx *store.Tx, c Chain, k Call, p who.Person) error {
	for _, way := range k.Channels {
		mailID := ""
		switch way {
		case Email:
			token := ""
			if k.AsksAnswer() {
				var hash string
				token, hash = newLink()
				if err := s.keepLink(tx, hash, k); err != nil {
					return err
				}
			}
			m := call.Compose(k, c.Minutes, s.cfg.BaseURL, token, p.Zone)
			var err error
			mailID, err = s.box.Enqueue(tx, mail.Message{To: []string{p.Email}, Subject: m.Subject, Text: m.Text, About: k.Ref, Drill: k.Drill})
			if err != nil {
				return err
			}
		case Webhook:
			if err := s.jobs.Enqueue(tx, job.Draft{Kind: jobWebhook, Payload: webhookJob{k.ID, c.Minutes}, Unique: k.ID}); err != nil {
				return err
			}
		}
		_, err := tx.Exec(`INSERT INTO call_delivery (call_id, channel, state, mail_id, attempts, maybe_twice, last_error, updated_at) VALUES (?,?,'queued',?,0,0,'',?)`,
			k.ID, string(way), mailID, clock.Micros(s.clk.Now()))
		if err != nil {
			return err
		}
	}
	return nil
}
