// Package escalation calls people: who is told that a duty has begun, that signals
// wait or that a time was missed, who answers, and who is called next when nobody
// does.
//
// It carries out policy 003, Escalation Procedure ("the Product team shall be alerted
// as soon as possible and no later than 20 minutes after the incident is discovered",
// "it shall escalate to SIRT within 60 minutes from discovery") and keeps its "all
// information concerning an incident is to be considered confidential": a message
// holds a reference, a time and a link, nothing else. Only people of the company are
// called, never a party of the directory. It must not import notify, learn or a face.
package escalation

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

// Purpose says what people are called about.
type Purpose string

// The purposes. All but the first two call the incident manager and an executive,
// the last one the managers and admins.
const (
	ForDuty     Purpose = "duty"              // a duty asks that a team is told
	ForSignals  Purpose = "signals"           // signals wait for triage
	ForMissed   Purpose = "duty_missed"       // a duty is past its due time
	ForTriage   Purpose = "signals_not_taken" // nobody of the team took the signals in time
	ForClassify Purpose = "signals_undecided" // nobody decided the signals in time
	ForNobody   Purpose = "nobody_answered"   // all of the team were called in every round
	ForWatchdog Purpose = "job_loop_silent"   // the system itself stands still
)

// ChainState is where a chain stands.
type ChainState string

// The states of a chain. A running and an exhausted one can still be answered.
const (
	Running   ChainState = "running"
	Answered  ChainState = "answered"
	Ended     ChainState = "withdrawn" // what it was about is over
	Exhausted ChainState = "exhausted" // everybody was called in every round; nobody answered
)

// Chain is one matter about which people are called one after the other until
// somebody answers. Times are UTC.
type Chain struct {
	ID        string     `json:"id"`
	Purpose   Purpose    `json:"purpose"`
	Subject   string     `json:"subject"` // subject of its ledger entries: incident id, first signal id or "system"
	Incident  string     `json:"incident,omitempty"`
	Ref       string     `json:"ref,omitempty"`
	Duty      string     `json:"duty,omitempty"`
	Rule      string     `json:"rule,omitempty"`
	Team      string     `json:"team,omitempty"`
	Manager   string     `json:"manager,omitempty"` // incident manager, if one is assigned
	Drill     bool       `json:"drill,omitempty"`
	NeedsLead bool       `json:"needs_lead,omitempty"` // only the team's lead, or who acts for him, ends it
	Heard     bool       `json:"heard,omitempty"`      // somebody else of the team has answered
	Minutes   int        `json:"minutes"`              // until the next person is called (plan)
	Round     int        `json:"round"`
	State     ChainState `json:"state"`
	StartedAt time.Time  `json:"started_at"`
	DueAt     time.Time  `json:"due_at,omitzero"`
	NextAt    time.Time  `json:"next_at,omitzero"`
	EndedAt   time.Time  `json:"ended_at,omitzero"`
	Reason    string     `json:"reason,omitempty"` // why it ended, one of a fixed set of texts
}

func (c Chain) answerable() bool { return c.State == Running || c.State == Exhausted }

// Kind says whether an answer is asked for.
type Kind string

// The kinds of calls.
const (
	KindCall     Kind = "call"
	KindReminder Kind = "reminder"
)

// CallState is where one call stands.
type CallState string

// The states of a call. An expired call may still be answered while its chain can.
const (
	Waiting      CallState = "open"
	Acknowledged CallState = "acknowledged"
	Expired      CallState = "expired"   // not answered in the plan's minutes: the next person was called
	Withdrawn    CallState = "withdrawn" // another answered, or the matter is over
	Skipped      CallState = "skipped"   // the person could not be reached; Reason says why
	Told         CallState = "told"      // a reminder: it waits for nothing itself
)

// Role says why a person was called.
type Role string

// The roles in a chain.
const (
	AsTeam      Role = "team"
	AsManager   Role = "manager"
	AsExecutive Role = "executive"
	AsHolder    Role = "holder" // of the duty a reminder is about
	AsAdmin     Role = "admin"
)

// Channel is a way to a person.
type Channel string

// The channels.
const (
	Email   Channel = "email"
	Webhook Channel = "webhook"
)

// Call is one person told once. People are named by their ids. Times are UTC.
type Call struct {
	ID         string    `json:"id"`
	Chain      string    `json:"chain,omitempty"` // "" for the reminder of a holder who was not called
	Purpose    Purpose   `json:"purpose"`
	Kind       Kind      `json:"kind"`
	Of         string    `json:"of,omitempty"` // the call a reminder repeats
	Incident   string    `json:"incident,omitempty"`
	Ref        string    `json:"ref,omitempty"` // incident reference, else the first signal's id
	Duty       string    `json:"duty,omitempty"`
	Rule       string    `json:"rule,omitempty"`
	Signals    int       `json:"signals,omitempty"` // how many waited when it was made
	Team       string    `json:"team,omitempty"`
	Person     string    `json:"person"`
	As         Role      `json:"as"`
	Round      int       `json:"round"`
	Channels   []Channel `json:"channels,omitempty"`
	Drill      bool      `json:"drill,omitempty"`
	State      CallState `json:"state"`
	Reason     string    `json:"reason,omitempty"`
	CalledAt   time.Time `json:"called_at"`
	ExpiresAt  time.Time `json:"expires_at,omitzero"` // when the next person is called
	DueAt      time.Time `json:"due_at,omitzero"`     // of the duty or of the triage
	AnsweredAt time.Time `json:"answered_at,omitzero"`
	AnsweredBy string    `json:"answered_by,omitempty"`
	Via        Via       `json:"via,omitempty"`
}

// Via says how a call was acknowledged.
type Via string

// The ways of an acknowledgement.
const (
	ViaLink Via = "link" // whoever held the message's link
	ViaSelf Via = "self" // signed in as somebody
)

// Config tunes the room. The zero value works.
type Config struct {
	// BaseURL is where people reach this server, e.g. https://wakebell.example.com;
	// default http://127.0.0.1:8080.
	BaseURL string
	// WebhookTimeout bounds one post, default 10 s, at most 20 s.
	WebhookTimeout time.Duration
	// HTTP sends webhooks; nil makes one. Redirects are never followed.
	HTTP *http.Client
	Log  *slog.Logger // nil is silent
}

// Validate names the field that is wrong.
func (c Config) Validate() error {
	if c.BaseURL != "" {
		u, err := url.Parse(c.BaseURL)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return fault.InvalidField("base_url", "must be an address like https://wakebell.example.com")
		}
	}
	if c.WebhookTimeout < 0 || c.WebhookTimeout > 20*time.Second {
		return fault.InvalidField("webhook_timeout", "must be at most 20 seconds")
	}
	return nil
}

func (c Config) withDefaults() Config {
	c.BaseURL = strings.TrimRight(cmp.Or(c.BaseURL, "http://127.0.0.1:8080"), "/")
	c.WebhookTimeout = cmp.Or(c.WebhookTimeout, 10*time.Second)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	client := http.Client{}
	if c.HTTP != nil {
		client = *c.HTTP
	}
	client.Timeout = c.WebhookTimeout
	// A redirect could carry the link to somebody the person did not name.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.HTTP = &client
	return c
}

// Service calls people and takes their answers.
type Service struct {
	db     *store.DB
	led    *record.Ledger
	clk    *clock.Clock
	dirs   *directory.Service
	plans  *plan.Service
	people *who.Service
	duties *duty.Service
	in     *intake.Service
	box    *mail.Outbox
	jobs   *job.Runner
	cfg    Config
}

// New makes the service and registers its sweeps and the job "webhook.post".
func New(db *store.DB, led *record.Ledger, clk *clock.Clock, dirs *directory.Service, plans *plan.Service, people *who.Service,
	duties *duty.Service, in *intake.Service, box *mail.Outbox, jobs *job.Runner, cfg Config) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, errors.Join(errors.New("escalation"), err)
	}
	s := &Service{
		db: db, led: led, clk: clk, dirs: dirs, plans: plans, people: people, duties: duties, in: in, box: box, jobs: jobs,
		cfg: cfg.withDefaults(),
	}
	jobs.Register(jobWebhook, s.runWebhook)
	jobs.AddSweep(job.Sweep{Name: "call.next", Next: s.nextCallAt, Run: s.callNext})
	jobs.AddSweep(job.Sweep{Name: "call.signals", Next: func(ctx context.Context, r store.Reader) (time.Time, bool, error) {
		return in.NextDue(ctx, r)
	}, Run: s.callSignals})
	return s, nil
}

// self is who acts when the system calls.
func self() who.Identity { return who.Engine("escalation") }
