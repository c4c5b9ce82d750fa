package trial

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/respond/escalation/call"
	"github.com/wakebell/wakebell/internal/respond/escalation/hook"
)

const jobSend = "test_call.send"

// sendJob is the payload. The link is made when the job runs, so that no secret lies in the table
// of jobs.
type sendJob struct {
	ID      string       `json:"id"`
	Channel call.Channel `json:"channel"`
}

func (s *Service) make(ctx context.Context, by who.Identity) (Trial, error) {
	if by.Person == "" {
		return Trial{}, fault.New(fault.Conflict, "A test call wakes the person who asks for it; this token belongs to no person")
	}
	var id string
	res, err := s.db.Write(ctx, store.Op{Name: "test_call.make", Actor: by.Actor}, func(tx *store.Tx) error {
		p, err := s.people.PersonTx(clock.Background(), tx, by.Person)
		if err != nil {
			return err
		}
		ways, why := call.Reachable(p)
		if len(ways) == 0 {
			return fault.New(fault.Conflict, "There is no way to call you: "+why)
		}
		now := s.clk.Now()
		last, found, err := s.newest(clock.Background(), tx, by.Person)
		if err != nil {
			return err
		}
		if wait := last.MadeAt.Add(Again).Sub(now); found && wait > 0 {
			return fault.TooMany(wait, "You were called just now. Wait half a minute before you try again")
		}
		id = ident.New(now)
		tx.SetResult(id)
		if _, err := tx.Exec(`INSERT INTO test_call (id, person, made_at) VALUES (?,?,?)`, id, by.Person, clock.Micros(now)); err != nil {
			return err
		}
		for _, w := range ways {
			_, err := tx.Exec(`INSERT INTO test_call_way (test_call, channel, person, state, error, hash, sent_at, arrived_at) VALUES (?,?,?,?,'','',0,0)`,
				id, string(w), by.Person, string(Waiting))
			if err != nil {
				return err
			}
			if err := s.jobs.Enqueue(tx, job.Draft{Kind: jobSend, Payload: sendJob{id, w}, MaxAttempts: 3}); err != nil {
				return err
			}
		}
		return s.record(tx, by.Actor, kindMade, id, entry{Person: by.Person, Ways: ways})
	})
	if err != nil {
		return Trial{}, fmt.Errorf("make a test call: %w", err)
	}
	if res.Replayed {
		id = res.ResultID
	}
	return s.read(ctx, s.db, id)
}

// send hands one message over: once, for a second one would say that the first did not work. A
// crash on the way leaves it to the next attempt.
func (s *Service) send(ctx context.Context, j job.Job) error {
	var p sendJob
	if err := json.Unmarshal(j.Payload, &p); err != nil {
		return job.Permanent(fmt.Errorf("read payload: %w", err))
	}
	t, err := s.read(ctx, s.db, p.ID)
	if fault.KindOf(err) == fault.NotFound {
		return job.Permanent(err)
	}
	if err != nil {
		return err
	}
	person, err := s.people.PersonTx(ctx, s.db, t.Person)
	if err != nil {
		return err
	}
	token, hash := newLink()
	var mailID string
	err = j.Exclusive(ctx, func(tx *store.Tx) (err error) {
		_, err = tx.Exec(`UPDATE test_call_way SET hash=? WHERE test_call=? AND channel=?`, hash, p.ID, string(p.Channel))
		if err == nil && p.Channel == call.Email {
			mailID, err = s.box.EnqueueUrgent(tx, mail.Message{
				To: []string{person.Email}, Subject: "TEST CALL: Wakebell tries to reach you", Text: words(s.cfg.BaseURL+Path+token) + "\n",
			})
		}
		return err
	})
	if err != nil {
		return err
	}
	state, text := s.hand(ctx, p, person, mailID, token)
	return j.Done(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE test_call_way SET state = CASE WHEN arrived_at > 0 THEN state ELSE ? END, error=?, sent_at=? WHERE test_call=? AND channel=?`,
			string(state), text, clock.Micros(s.clk.Now()), p.ID, string(p.Channel))
		if err != nil {
			return err
		}
		return s.record(tx, self().Actor, kindSent, p.ID, entry{Person: t.Person, Channel: p.Channel, State: state})
	})
}

// hand gives one message to the mail server or the webhook and says what became of it.
func (s *Service) hand(ctx context.Context, p sendJob, to who.Person, mailID, token string) (State, string) {
	if p.Channel == call.Webhook {
		link := s.cfg.BaseURL + Path + token
		failed := hook.Send(ctx, s.cfg.HTTP, to.Webhook, p.ID, call.Post{Reference: "TEST", Link: link, Kind: "test", Text: words(link)})
		if failed != nil {
			s.cfg.Log.Warn("test call not posted", "id", p.ID, "error", failed)
			return Failed, failed.Text
		}
		return Sent, ""
	}
	if !s.box.Enabled() {
		return Kept, ""
	}
	if err := s.box.SendNow(ctx, mailID); err != nil {
		s.cfg.Log.Warn("test call not mailed", "id", p.ID, "error", err)
		m, err := s.box.Read(ctx, self(), mailID)
		if err != nil {
			return Failed, "the outbox says what went wrong"
		}
		return Failed, m.LastError
	}
	return Sent, ""
}

func words(link string) string {
	return "TEST CALL, asked for by you in Wakebell. Nothing has happened.\n\nOpen this and press the button, so that Wakebell knows that this way reaches you:\n" + link
}

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
