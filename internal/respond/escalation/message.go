package escalation

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

// The paths of the links in messages, behind Config.BaseURL. AckPath is followed by a
// secret: GET shows what it is about and must not answer the call, because mail
// scanners open links; only the POST of its button does.
const (
	AckPath      = "/ack/"
	IncidentPath = "/incidents/"
	QueuePath    = "/signals"
)

// message is what a person gets. It says nothing about the matter itself.
type message struct {
	subject string
	text    string
	post    post
}

// post is the JSON body of a webhook. Text repeats it in words for receivers that
// show one field, such as chat rooms.
type post struct {
	Reference string    `json:"reference"`
	Link      string    `json:"link"`
	Kind      string    `json:"kind"` // a Purpose, or "reminder"
	DueAt     time.Time `json:"due_at,omitzero"`
	Drill     bool      `json:"drill"`
	Text      string    `json:"text"`
}

// asked says in generic words what is wanted.
func asked(k Call, minutes int) string {
	ack := fmt.Sprintf("You are called: acknowledge within %d minutes.", minutes)
	if minutes == 1 {
		ack = "You are called: acknowledge within 1 minute."
	}
	if k.Kind == KindReminder {
		if k.Of != "" {
			return "Reminder: you were called and have not acknowledged."
		}
		return "Reminder: you hold a duty that falls due."
	}
	n := fmt.Sprintf("%d signals", k.Signals)
	wait, were := "wait", "were"
	if k.Signals == 1 {
		n, wait, were = "1 signal", "waits", "was"
	}
	switch k.Purpose {
	case ForSignals:
		return n + " " + wait + " for triage. " + ack
	case ForTriage:
		return n + " " + were + " not taken by the team in time. " + ack
	case ForClassify:
		return n + " " + were + " not decided in time. " + ack
	case ForMissed:
		return "A duty was missed. " + ack
	case ForNobody:
		return "Nobody of the team has answered. " + ack
	case ForWatchdog:
		return "Scheduled work stands still: calls and deadlines may not go out. Look after the server now."
	}
	return ack
}

// compose writes the message of one call. token is the secret of the link, "" for a
// message that asks for no answer. zone is the person's time zone.
func compose(k Call, minutes int, base, token, zone string) message {
	drill := ""
	if k.Drill {
		drill = "DRILL: "
	}
	what := asked(k, minutes)
	ref := k.Ref
	about := k.Purpose == ForSignals || k.Purpose == ForTriage || k.Purpose == ForClassify || (k.Purpose == ForNobody && k.Incident == "")
	link := base + IncidentPath + k.Ref
	if token != "" {
		link = base + AckPath + token
	} else if k.Incident == "" {
		link = base + QueuePath
	}
	m := message{subject: drill + ref + ": you are called"}
	switch {
	case k.Kind == KindReminder:
		m.subject = drill + ref + ": reminder"
	case k.Purpose == ForWatchdog:
		m.subject = drill + "Wakebell stands still"
	case about:
		m.subject = drill + "Triage: you are called"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s\n\n%s\n", drill, ref, what)
	if !k.DueAt.IsZero() {
		fmt.Fprintf(&b, "Due: %s\n", when(k.DueAt, zone))
	}
	fmt.Fprintf(&b, "\n%s\n", link)
	if about && token != "" {
		fmt.Fprintf(&b, "\nTriage queue: %s\n", base+QueuePath)
	}
	m.text = b.String()
	kind := string(k.Purpose)
	if k.Kind == KindReminder {
		kind = string(KindReminder)
	}
	m.post = post{Reference: ref, Link: link, Kind: kind, DueAt: k.DueAt, Drill: k.Drill, Text: drill + ref + ": " + what}
	return m
}

// when shows an instant in a person's zone and in UTC.
func when(t time.Time, zone string) string {
	utc := t.UTC()
	loc, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "UTC" {
		return utc.Format("2006-01-02 15:04 UTC")
	}
	local := t.In(loc)
	return local.Format("2006-01-02 15:04 MST") + " (" + utc.Format("2006-01-02 15:04 UTC") + ")"
}

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
	call := k.ID
	if k.Kind == KindReminder {
		call = k.Of
	}
	now := s.clk.Now()
	_, err := tx.Exec(`INSERT INTO call_token (hash, call_id, person, created_at, expires_at) VALUES (?,?,?,?,?)`,
		hash, call, k.Person, clock.Micros(now), clock.Micros(now.Add(linkLife)))
	return err
}

// asksAnswer says whether a message carries a link that answers a call.
func (k Call) asksAnswer() bool { return k.Kind == KindCall || k.Of != "" }

// send leaves the messages of a call behind in tx.
func (s *Service) send(ctx context.Context, tx *store.Tx, c Chain, k Call, p who.Person) error {
	for _, way := range k.Channels {
		mailID := ""
		switch way {
		case Email:
			token := ""
			if k.asksAnswer() {
				var hash string
				token, hash = newLink()
				if err := s.keepLink(tx, hash, k); err != nil {
					return err
				}
			}
			m := compose(k, c.Minutes, s.cfg.BaseURL, token, p.Zone)
			var err error
			mailID, err = s.box.Enqueue(tx, mail.Message{To: []string{p.Email}, Subject: m.subject, Text: m.text, About: k.Ref, Drill: k.Drill})
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
