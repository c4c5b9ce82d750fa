// Package api is the face for machines: the JSON API under /api/v1 with its OpenAPI 3.1 document, the pages that
// belong to it (documentation, the acknowledgement behind a link), and what operators watch (/healthz, /readyz,
// /metrics).
//
// It carries out policy 003 ("alerted as soon as possible", by whatever system notices) and policy 001 ("report to the
// product team or the incident response manager") by taking alerts and reports over HTTP; every rule stands in the
// rooms it calls. It has one file per resource, its own wire types, and one place where an error becomes a status.
// It must not import another face or app, must never act as the engine, and must not write a table.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/mail/bounce"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/assessment/handover"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/find"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/decide/triage"
	"github.com/wakebell/wakebell/internal/detect/alert"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/notify/contact"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/form/filing"
	"github.com/wakebell/wakebell/internal/notify/notice/paper"
	stock "github.com/wakebell/wakebell/internal/notify/notice/shelf"
	"github.com/wakebell/wakebell/internal/notify/register"
	"github.com/wakebell/wakebell/internal/notify/register/audit"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/directory/exchange"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/respond/escalation"
	"github.com/wakebell/wakebell/internal/respond/escalation/ready"
	"github.com/wakebell/wakebell/internal/respond/escalation/trial"
)

// Deps is what the face stands on.
type Deps struct {
	People     *who.Service
	Jobs       *job.Runner
	Outbox     *mail.Outbox
	Bounces    *bounce.Service // nil: the operations are not there
	Plans      *plan.Service
	Directory  *directory.Service
	Exchange   *exchange.Service // nil: made here
	Intake     *intake.Service
	Alerts     *alert.Service
	Triage     *triage.Service
	Incidents  *incident.Service
	Files      *file.Service
	Handover   *handover.Service
	Views      *view.Service // nil: made here, and tells entries of other rooms in plain words
	Find       *find.Service // nil: made here
	Duties     *duty.Service
	Escalation *escalation.Service
	Trials     *trial.Service // nil: no test calls
	Register   *register.Service
	Notices    *notice.Service
	Dispatch   *dispatch.Service
	Filings    *filing.Service // nil: no forms
	Papers     *paper.Service
	Assessment *assessment.Service
	Contacts   *contact.Service
	Templates  *stock.Shelf // nil: the shipped ones
	Ledger     *record.Ledger
	Audit      *audit.Service
	DB         *store.DB
	Clock      *clock.Clock
	Log        *slog.Logger // nil: silent
	Version    string
	// TestClock opens POST /debug/clock for peers on loopback; Forward does the work.
	TestClock bool
	Forward   func(ctx context.Context, d time.Duration) error
	// Ready adds checks to /readyz.
	Ready func(ctx context.Context) []Check
	// Health answers whether an alarm would reach someone; nil: the operation is not there.
	Health *ready.Service
	// OpenMetrics says which requests may see /metrics without a token; nil: none.
	OpenMetrics func(r *http.Request) bool
}

// Check is one line of /readyz. Error is "" where all is well.
type Check struct {
	Name  string `json:"name"`
	Error string `json:"error"`
}

// base is the path every operation of the JSON API begins with.
const base = "/api/v1"

// face holds what the operations share. It is read only once New has returned.
type face struct {
	Deps
	document *huma.OpenAPI
	mux      *routes
	figures  *figures
}

// routes is a mux that remembers its patterns, so that a test can hold the OpenAPI document against them.
type routes struct {
	*http.ServeMux
	patterns []string
}

// HandleFunc registers a handler for a pattern with a method.
func (m *routes) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	m.patterns = append(m.patterns, pattern)
	m.ServeMux.HandleFunc(pattern, handler)
}

// New returns the whole HTTP face. It starts nothing. A defect in the table of operations panics here, not later.
func New(d Deps) http.Handler { return build(d) }

func build(d Deps) *face {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Templates == nil {
		d.Templates, _ = stock.New(nil) // the shipped ones alone are always right
	}
	if d.Exchange == nil {
		d.Exchange = exchange.New(d.DB, d.Directory, d.People)
	}
	if d.Views == nil {
		d.Views = view.New(d.DB, d.Ledger, d.Clock, d.Incidents, d.People)
	}
	if d.Find == nil {
		d.Find = find.New(d.DB, d.Views, d.Intake, d.People)
	}
	f := &face{Deps: d, mux: &routes{ServeMux: http.NewServeMux()}, document: newDocument(d.Version)}
	f.figures = f.newFigures()
	f.reports()
	f.alerts()
	f.signals()
	f.incidents()
	f.commands()
	f.incidentParts()
	f.files()
	f.handovers()
	f.contacts()
	f.filings()
	f.duties()
	f.notices()
	f.recipients()
	f.calls()
	f.ackPage()
	f.people()
	f.directory()
	f.directoryFile()
	f.plan()
	f.register()
	f.law()
	f.templates()
	f.outbox()
	f.bounces()
	f.jobs()
	f.tokens()
	f.ledger()
	f.me()
	f.search()
	f.health()
	f.system()
	f.docs()
	return f
}

// ServeHTTP serves one request: it sets the headers every answer has, finds out who asks, and turns whatever goes
// wrong, a panic included, into a problem.
func (f *face) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{face: f, w: w, r: r, began: f.Clock.Real()}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	defer c.finish()
	ctx := context.WithValue(r.Context(), callKey{}, c)
	if needsIdentity(r.URL.Path) {
		by, err := f.authenticate(r)
		if err != nil {
			c.refuse(err)
			return
		}
		c.by = by
		ctx = WithIdentity(ctx, by)
	}
	c.r = r.WithContext(ctx)
	f.mux.ServeHTTP(c, c.r)
}
