// Package trial sends a test call: somebody asks to be called by every way the system has to
// them, and says by a link in each message that it arrived. Only this proves that an alarm at
// three in the morning would.
//
// It carries out policy 003, "be aware of contact mechanisms", by letting those who are called try
// them. A test call takes the way of every call: a job of the job loop, the outbox, the webhook.
// It is recorded as a test, in entries and tables of its own, so that no figure counts it. It must
// not import its room, notify, learn or a face.
package trial

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/respond/escalation/call"
	"github.com/wakebell/wakebell/internal/respond/escalation/hook"
)

// Path is where the link of a test call leads, behind Config.BaseURL and before its secret.
const Path = "/woken/"

// Again is how soon somebody may ask for another test call.
const Again = 30 * time.Second

// LinkLife is how long a link says that a message arrived.
const LinkLife = 7 * 24 * time.Hour

// Config tunes the service. The zero value works.
type Config struct {
	BaseURL        string        // before the paths of links, default http://127.0.0.1:8080
	WebhookTimeout time.Duration // bounds one post, default 10 s
	HTTP           *http.Client  // sends webhooks; nil makes one. Redirects are never followed
	Log            *slog.Logger  // nil is silent
}

func (c Config) withDefaults() Config {
	c.BaseURL = strings.TrimRight(cmp.Or(c.BaseURL, "http://127.0.0.1:8080"), "/")
	c.HTTP = hook.Client(c.HTTP, cmp.Or(c.WebhookTimeout, 10*time.Second))
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// State is where a test call stands on one way.
type State string

// The states.
const (
	Waiting State = "waiting" // the job loop has not taken it yet
	Kept    State = "kept"    // no mail server is set: it lies in the outbox
	Sent    State = "sent"    // handed over; nobody has said that it arrived
	Failed  State = "failed"  // Error says why
	Arrived State = "arrived" // its link was opened and confirmed
)

// Way is a test call on one way. Times are zero for never.
type Way struct {
	Channel   call.Channel
	State     State
	Error     string
	SentAt    time.Time
	ArrivedAt time.Time
}

// Trial is one test call of one person by all ways.
type Trial struct {
	ID     string
	Person string
	MadeAt time.Time
	Ways   []Way
}

// Service makes test calls.
type Service struct {
	db     *store.DB
	led    *record.Ledger
	clk    *clock.Clock
	people *who.Service
	box    *mail.Outbox
	jobs   *job.Runner
	cfg    Config
}

// New makes the service and registers the job "test_call.send".
func New(db *store.DB, led *record.Ledger, clk *clock.Clock, people *who.Service, box *mail.Outbox, jobs *job.Runner, cfg Config) *Service {
	s := &Service{db: db, led: led, clk: clk, people: people, box: box, jobs: jobs, cfg: cfg.withDefaults()}
	jobs.Register(jobSend, s.send)
	return s
}

// may says who may be called for a test: whoever is called, and whoever runs the system. A person
// is needed, for a machine has no bed.
func may(by who.Identity) error {
	return who.CheckAny(by, who.PermCallAcknowledge, who.PermJobManage)
}

// The kinds of ledger entries. Their subject is the test call.
const (
	kindMade    = "test_call.made"
	kindSent    = "test_call.sent" // or failed: the state says which
	kindArrived = "test_call.arrived"
)

// entry is the body of every kind: ids, enums and no words.
type entry struct {
	Person  string         `json:"person"`
	Ways    []call.Channel `json:"ways,omitempty"` // of made
	Channel call.Channel   `json:"channel,omitempty"`
	State   State          `json:"state,omitempty"`
}

// Kinds lists the kinds of entry of this package.
func Kinds() []record.Kind {
	return []record.Kind{{Name: kindMade, Version: 1}, {Name: kindSent, Version: 1}, {Name: kindArrived, Version: 1}}
}

// Tell puts an entry of a kind "test_call.*" into a sentence, "" for one it does not know.
func Tell(e record.Entry, name func(id string) string) string {
	var b entry
	if e.Decode(&b) != nil {
		return ""
	}
	way := map[call.Channel]string{call.Email: "e-mail", call.Webhook: "webhook"}
	switch e.Kind {
	case kindMade:
		words := make([]string, len(b.Ways))
		for i, w := range b.Ways {
			words[i] = way[w]
		}
		return "Test call: " + name(b.Person) + " asked to be called by " + strings.Join(words, " and ")
	case kindSent:
		return "Test call of " + name(b.Person) + " by " + way[b.Channel] + ": " + map[State]string{
			Sent: "handed over", Failed: "could not be handed over", Kept: "kept, because no mail server is set",
		}[b.State]
	case kindArrived:
		return "Test call of " + name(b.Person) + " by " + way[b.Channel] + ": arrived"
	}
	return ""
}

func self() who.Identity { return who.Engine("test-call") }

func (s *Service) record(tx *store.Tx, actor, kind, id string, b entry) error {
	_, err := s.led.Append(tx, record.Draft{Kind: kind, Subject: id, Actor: actor, Body: b})
	return err
}

// Make asks for a test call of the viewer, by every way there is to them, and returns it. The job
// loop sends it. Permission call.acknowledge or job.manage; Conflict for a token of no person and
// for a person with no way; Throttled within half a minute of the last one.
func (s *Service) Make(ctx context.Context, by who.Identity) (Trial, error) {
	if err := may(by); err != nil {
		return Trial{}, err
	}
	return s.make(ctx, by)
}

// Last returns the newest test call of the viewer; false when there was none. The permission is
// that of Make.
func (s *Service) Last(ctx context.Context, by who.Identity) (Trial, bool, error) {
	if err := may(by); err != nil {
		return Trial{}, false, err
	}
	if by.Person == "" {
		return Trial{}, false, nil
	}
	return s.newest(ctx, s.db, by.Person)
}
