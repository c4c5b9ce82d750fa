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
//
// It is calm: who is asked several things about one incident in one moment gets one
// message (package post), and all alarms of an incident to its manager and an executive
// are one chain while nobody has answered (alarm.go). Each call keeps its own record.
package escalation

import (
	"cmp"
	"context"
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
	"github.com/wakebell/wakebell/internal/respond/escalation/hook"
	"github.com/wakebell/wakebell/internal/respond/escalation/post"
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
	c.HTTP = hook.Client(c.HTTP, c.WebhookTimeout)
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
	post   *post.Office
	cfg    Config
}

// New makes the service and registers its sweeps and the job "webhook.post". cfg was
// validated.
func New(db *store.DB, led *record.Ledger, clk *clock.Clock, dirs *directory.Service, plans *plan.Service, people *who.Service,
	duties *duty.Service, in *intake.Service, box *mail.Outbox, jobs *job.Runner, cfg Config,
) *Service {
	cfg = cfg.withDefaults()
	s := &Service{
		db: db, led: led, clk: clk, dirs: dirs, plans: plans, people: people, duties: duties, in: in, cfg: cfg,
		post: post.New(db, clk, people, box, jobs, post.Config{BaseURL: cfg.BaseURL, HTTP: cfg.HTTP, Log: cfg.Log}),
	}
	jobs.AddSweep(job.Sweep{Name: "call.next", Next: s.nextCallAt, Run: s.callNext})
	jobs.AddSweep(job.Sweep{Name: "call.signals", Next: func(ctx context.Context, r store.Reader) (time.Time, bool, error) {
		return in.NextDue(ctx, r)
	}, Run: s.callSignals})
	return s
}

// self is who acts when the system calls.
func self() who.Identity { return who.Engine("escalation") }
