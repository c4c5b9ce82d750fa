// Package dispatch brings an approved notice to everybody on a signed list and keeps for
// each of them what became of it: queued, sending, sent, delivered, bounced, opened,
// acknowledged. It carries out policy 003 ("Required notification and communication both
// internally and with third parties … must take place in a timely manner", "customers with
// contracts that require notification must be notified according to applicable contract
// language") and policy 000 ("a list of affected customers … signed off").
//
// A recipient is written down as "sending" before a server hears a word of it, and as
// "sent" after its answer. So whoever may have got a copy twice after a crash is named, and
// nobody is forgotten. A drill never leaves the building: StartTx and the worker refuse it.
//
// What goes out comes by value from the notice room, which it must not import; results go
// back through Observe. It must not import respond, learn or a face.
package dispatch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/mail/bounce"
	"github.com/wakebell/wakebell/internal/base/mail/bulk"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/byhand"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/hook"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/roll"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// Config says how copies leave. The zero value sends nothing by mail.
type Config struct {
	Mail        mail.Config   // the server; without one, runs with mail wait
	Connections int           // to the mail server at the same time, default 8, at most 50
	BaseURL     string        // of the pages of recipients
	PerSecond   float64       // copies to the whole server, 0: as fast as it takes them
	PerDomain   float64       // copies to one domain of recipients, 0: unlimited
	Returns     bounce.Config // where reports of failure and answers go; default the sender
	// WebhookSecret signs posts; "" sends none. WebhookInside lets them go to private networks.
	WebhookSecret string
	WebhookInside bool
	Log           *slog.Logger
}

// Validate names the field that is wrong.
func (c Config) Validate() error {
	var wrong []fault.Field
	if c.Connections < 0 || c.Connections > 50 {
		wrong = append(wrong, fault.Field{Field: "mail_connections", Message: "must lie between 1 and 50"})
	}
	const most = 100_000
	if c.PerSecond < 0 || c.PerSecond > most {
		wrong = append(wrong, fault.Field{Field: "mail_rate", Message: "must lie between 0 and 100000 copies a second"})
	}
	if c.PerDomain < 0 || c.PerDomain > most {
		wrong = append(wrong, fault.Field{Field: "mail_domain_rate", Message: "must lie between 0 and 100000 copies a second"})
	}
	wrong = append(wrong, fault.FieldsOf(c.Returns.Validate())...)
	if c.WebhookSecret != "" && len(c.WebhookSecret) < 16 {
		wrong = append(wrong, fault.Field{Field: "notice_webhook_secret", Message: "must have at least 16 characters"})
	}
	return fault.Invalids(wrong...)
}

// Observer is told, in the same transaction, what became of recipients of a run. It may
// run twice, like every write. Changed holds each as it stands after the change.
type Observer func(ctx context.Context, tx *store.Tx, run Run, changed []Recipient) error

// Service keeps lists and sends runs. Every method checks the permission first.
type Service struct {
	*roll.Service // the lists
	*byhand.Hand  // letters and calls

	db        *store.DB
	led       *record.Ledger
	clk       *clock.Clock
	incidents *incident.Service
	jobs      *job.Runner
	blobs     *blob.Store
	cfg       Config
	pool      *bulk.Pool
	post      *hook.Poster
	observers []Observer
	enders    []Ender
	mayGoOn   Gate
	slices    atomic.Int64 // runs under way in this process
}

// New returns the service and registers its jobs.
func New(db *store.DB, led *record.Ledger, clk *clock.Clock, incidents *incident.Service, dirs *directory.Service, duties *duty.Service,
	jobs *job.Runner, blobs *blob.Store, cfg Config,
) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("dispatch: %w", err)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Connections = cmp.Or(cfg.Connections, 8)
	cfg.BaseURL = strings.TrimRight(cfg.BaseURL, "/")
	pool, err := bulk.Open(clk, cfg.Mail, bulk.Options{Connections: cfg.Connections})
	if err != nil {
		return nil, fmt.Errorf("dispatch: %w", err)
	}
	s := &Service{
		db: db, led: led, clk: clk, incidents: incidents, jobs: jobs, blobs: blobs, cfg: cfg,
		pool: pool, post: hook.New(cfg.WebhookSecret, cfg.WebhookInside),
		Service: roll.New(roll.Deps{
			DB: db, Ledger: led, Clock: clk, Incidents: incidents, Directory: dirs, Duties: duties, Jobs: jobs, Blobs: blobs, From: cfg.Mail.From,
		}),
	}
	s.Hand = byhand.New(byhand.Engine{
		DB: db, Ledger: led, Clock: clk, Page: s.page, RunNow: findRun, Running: s.runningTx, Record: s.Record, Followed: s.followed,
		Tell: s.tellTx, End: s.endTx, Enqueue: s.enqueue,
	})
	jobs.RegisterLong(jobSlice, s.slice)
	return s, nil
}

// Observe adds an observer; they run in the order they were added. Only at wiring.
func (s *Service) Observe(o Observer) { s.observers = append(s.observers, o) }

// Ender is told that a run came to its end: told everybody it could, or was stopped.
type Ender func(ctx context.Context, tx *store.Tx, by who.Identity, run Run, stopped bool) error

// OnEnd adds an ender. Only at wiring.
func (s *Service) OnEnd(e Ender) { s.enders = append(s.enders, e) }

// Close says goodbye to the mail server.
func (s *Service) Close() { s.pool.Close() }

// domain is the right side of Message-IDs; ".invalid" is reserved (RFC 2606).
func (s *Service) domain() string {
	if _, domain, ok := strings.Cut(s.cfg.Mail.From, "@"); ok {
		return domain
	}
	return "wakebell.invalid"
}

// page is the address of a recipient's page.
func (s *Service) page(token string) string { return s.cfg.BaseURL + "/n/" + token }

// tellTx lets the other rooms know.
func (s *Service) tellTx(ctx context.Context, tx *store.Tx, run Run, changed ...Recipient) error {
	if len(changed) == 0 {
		return nil
	}
	var errs []error
	for _, o := range s.observers {
		errs = append(errs, o(ctx, tx, run, changed))
	}
	return errors.Join(errs...)
}

// append records an entry on the incident's timeline.
func (s *Service) append(tx *store.Tx, by who.Identity, kind, incidentID string, body any) error {
	_, err := s.led.Append(tx, record.Draft{Kind: kind, Subject: incidentID, Actor: by.Actor, Body: body})
	return err
}

// write runs fn under a name.
func (s *Service) write(ctx context.Context, by who.Identity, op string, fn func(tx *store.Tx) error) error {
	_, err := s.db.Write(ctx, store.Op{Name: op, Actor: by.Actor}, fn)
	return err
}

// sees tells whether a viewer may see a recipient.
func sees(by who.Identity, r Recipient) bool { return item.Sees(by, r) }

// change is one change of a recipient outside the worker, with the counts.
func change(tx *store.Tx, before, after Recipient) error {
	if err := item.Save(tx, after); err != nil {
		return err
	}
	return item.Count(tx, after.List, item.Moved(before, after))
}
