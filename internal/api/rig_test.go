package api

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wakebell/wakebell/examples"
	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/mail/bounce"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/assessment/handover"
	"github.com/wakebell/wakebell/internal/decide/assessment/lawtest"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/decide/triage"
	"github.com/wakebell/wakebell/internal/detect/alert"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/notify/contact"
	"github.com/wakebell/wakebell/internal/notify/notice"
	stock "github.com/wakebell/wakebell/internal/notify/notice/shelf"
	"github.com/wakebell/wakebell/internal/notify/register"
	"github.com/wakebell/wakebell/internal/notify/register/audit"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/directory/exchange"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/respond/escalation"
)

var start = time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)

// rig is the face over real rooms, with the demo company in them.
type rig struct {
	t      testing.TB
	f      *face
	clk    *clock.Clock
	log    *lockedBuffer
	tokens map[string]string // by role, and "machine"
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newRig(t testing.TB, db *store.DB) *rig {
	t.Helper()
	ctx := t.Context()
	clk := clock.NewTest(start)
	var kinds []record.Kind
	for _, k := range [][]record.Kind{
		who.Kinds(), plan.Kinds(), directory.Kinds(), intake.Kinds(), incident.Kinds(), file.Kinds(), contact.Kinds(), handover.Kinds(), duty.Kinds(), escalation.Kinds(), notice.Kinds(),
	} {
		kinds = append(kinds, k...)
	}
	led, err := record.New(ctx, db, clk, record.Config{KeyFile: filepath.Join(t.TempDir(), "ledger.key")}, kinds)
	must(t, err)
	people := who.New(db, led, clk)
	jobs := job.New(db, clk, nil, job.Config{})
	back, err := bounce.New(db, clk, jobs, nil, bounce.Config{Address: "notices@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	back.Handle(func(_ context.Context, r bounce.Report, _ []byte) error {
		if r.MessageID != "<n7@bell.example>" {
			return fault.New(fault.NotFound, "No notice is known by this id")
		}
		return nil
	})
	box, err := mail.New(db, clk, jobs, nil, mail.Config{})
	must(t, err)
	plans := plan.New(db, led, clk)
	dirs := directory.New(db, led, people, plans, clk)
	in := intake.New(db, led, clk, plans, dirs)
	incidents := incident.New(db, led, clk, plans, dirs, people)
	duties := duty.New(db, led, clk, plans, dirs, incidents, jobs, lawtest.Shipped(t))
	esc := escalation.New(db, led, clk, dirs, plans, people, duties, in, box, jobs, escalation.Config{BaseURL: "http://wakebell.example"})
	tri := triage.New(db, in, incidents)
	law := assessment.New(db, clk, lawtest.Shipped(t), incidents, dirs, plans,
		func(context.Context, store.Reader, string) (assessment.Sent, error) { return nil, nil }, duties.TakePacks)
	incidents.Observe(law.OnIncident)
	incidents.Observe(duties.OnIncident)
	incidents.Observe(tri.Follow)
	duties.Observe(esc.OnDuty)
	dirs.Observe(duties.RederiveOpen)
	incidents.Guard(func(ctx context.Context, r store.Reader, st incident.State) ([]incident.OpenDuty, error) {
		open, err := duties.OpenDuties(ctx, r, st.ID)
		var out []incident.OpenDuty
		for _, d := range open {
			out = append(out, incident.OpenDuty{Key: d.Key, Title: d.Title, DueAt: d.DueAt, Missed: d.DueAt.Before(clk.Now()), Outward: d.Outward, Filing: d.Filing})
		}
		return out, err
	})
	blobs, err := blob.New(blob.Config{Dir: filepath.Join(t.TempDir(), "blobs"), Max: 4096})
	must(t, err)
	files := file.New(db, led, incidents, jobs, blobs)
	led.OnErase(func(_ context.Context, tx *store.Tx, entries []record.Entry) error { return files.OnErase(tx, entries) })
	templates, err := stock.New(nil)
	must(t, err)
	notices := notice.New(notice.Deps{
		DB: db, Ledger: led, Clock: clk, Plans: plans, Directory: dirs, Incidents: incidents, Duties: duties, Files: files, Outbox: box, Templates: templates,
		BaseURL: "http://wakebell.example",
	})
	g := &rig{t: t, clk: clk, log: &lockedBuffer{}, tokens: map[string]string{}}
	aud := audit.New(db, led, clk, slog.New(slog.DiscardHandler), func(ctx context.Context, against []byte) (rep record.Report, tables record.RebuildReport, err error) {
		rep, err = record.Verify(ctx, db, against)
		return rep, tables, err
	})
	t.Cleanup(aud.Stop)
	g.f = build(Deps{
		People: people, Jobs: jobs, Outbox: box, Plans: plans, Directory: dirs, Intake: in, Alerts: alert.New(db, in), Triage: tri,
		Incidents: incidents, Files: files, Handover: handover.New(db, led, clk, incidents, dirs), Duties: duties, Escalation: esc, Register: register.New(db, led, clk, incidents, duties, dirs, plans), Assessment: law, Contacts: contact.New(db, led, clk, incidents, files, dirs, nil), Audit: aud, Ledger: led, DB: db, Notices: notices, Bounces: back,
		Clock: clk, Log: slog.New(slog.NewTextHandler(g.log, nil)), Version: "test", TestClock: true,
		Forward: func(ctx context.Context, d time.Duration) error { return jobs.Forward(ctx, clk.Now().Add(d)) },
		Ready:   func(ctx context.Context) []Check { return []Check{{Name: "database"}} },
	})
	g.company(ctx, exchange.New(db, dirs, people), plans, people)
	return g
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// company fills the rooms with the demo company and makes a token for each role.
func (g *rig) company(ctx context.Context, ex *exchange.Service, plans *plan.Service, people *who.Service) {
	g.t.Helper()
	by := who.Engine("test")
	for name, format := range map[string]exchange.Format{"directory.yaml": exchange.FormatYAML} {
		text, err := examples.Demo.ReadFile("demo/" + name)
		must(g.t, err)
		_, err = ex.Import(ctx, by, format, text)
		must(g.t, err)
	}
	text, err := examples.Demo.ReadFile("demo/customers.csv")
	must(g.t, err)
	_, err = ex.Import(ctx, by, exchange.FormatCSV, text)
	must(g.t, err)
	text, err = examples.Demo.ReadFile("demo/services.yaml")
	must(g.t, err)
	_, err = ex.Import(ctx, by, exchange.FormatYAML, text)
	must(g.t, err)
	text, err = examples.Demo.ReadFile("demo/plan.yaml")
	must(g.t, err)
	p, err := plan.ParseYAML(text)
	must(g.t, err)
	_, err = plans.Change(ctx, by, p, 1, "the demo's plan")
	must(g.t, err)
	holders := map[who.Role]string{
		who.Reporter: "support-agent", who.Responder: "portal-engineer", who.Manager: "incident-manager", who.Analyst: "analyst", who.SIHT: "counsel",
		who.Legal: "counsel", who.PrivacyOfficer: "privacy-officer", who.Communications: "communications-2", who.Executive: "chief-executive",
		who.Liaison: "key-account-1", who.Auditor: "risk-manager", who.Admin: "it-operation",
	}
	for role, person := range holders {
		_, secret, err := people.CreateToken(ctx, by, who.TokenInput{Name: string(role), Person: person, Roles: []who.Role{role}})
		must(g.t, err)
		g.tokens[string(role)] = secret
	}
	_, secret, err := people.CreateToken(ctx, by, who.TokenInput{Name: "monitor", Roles: []who.Role{who.Reporter}})
	must(g.t, err)
	g.tokens["machine"] = secret
}

// reply is an answer, read.
type reply struct {
	t    testing.TB
	code int
	head http.Header
	body []byte
}

// json decodes the answer.
func (r reply) json(v any) {
	r.t.Helper()
	if err := json.Unmarshal(r.body, v); err != nil {
		r.t.Fatalf("the answer is not JSON: %v\n%s", err, r.body)
	}
}

func (r reply) object() map[string]any {
	r.t.Helper()
	var m map[string]any
	r.json(&m)
	return m
}

func (r reply) problem() problem {
	r.t.Helper()
	if ct := r.head.Get("Content-Type"); ct != problemType {
		r.t.Errorf("content type %q, want %q", ct, problemType)
	}
	var p problem
	r.json(&p)
	if p.Status != r.code || p.Title == "" || p.Type == "" || p.Reference == "" || p.Detail == "" || p.Errors == nil {
		r.t.Errorf("incomplete problem: %s", r.body)
	}
	return p
}

func (r reply) want(code int) reply {
	r.t.Helper()
	if r.code != code {
		r.t.Fatalf("status %d, want %d: %s", r.code, code, r.body)
	}
	return r
}

// header is one header of a request: name and value.
type header [2]string

func (g *rig) request(as, method, path, body string, heads ...header) *http.Request {
	r := httptest.NewRequestWithContext(g.t.Context(), method, path, strings.NewReader(body))
	if as != "" {
		r.Header.Set("Authorization", "Bearer "+g.tokens[as])
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range heads {
		r.Header.Set(h[0], h[1])
	}
	return r
}

func (g *rig) serve(r *http.Request) reply {
	g.t.Helper()
	w := httptest.NewRecorder()
	g.f.ServeHTTP(w, r)
	return reply{g.t, w.Code, w.Header(), w.Body.Bytes()}
}

func (g *rig) do(as, method, path, body string, heads ...header) reply {
	g.t.Helper()
	if strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "/api") && !slices.ContainsFunc([]string{"/healthz", "/readyz", "/metrics", "/debug", "/ack"},
		func(p string) bool { return strings.HasPrefix(path, p) }) {
		path = base + path
	}
	return g.serve(g.request(as, method, path, body, heads...))
}

func (g *rig) get(as, path string, heads ...header) reply {
	g.t.Helper()
	return g.do(as, "GET", path, "", heads...)
}

func (g *rig) post(as, path, body string, heads ...header) reply {
	g.t.Helper()
	return g.do(as, "POST", path, body, heads...)
}

// declare makes an incident and returns its reference.
func (g *rig) declare(extra string) string {
	g.t.Helper()
	m := g.post("manager", "/incidents", `{"title":"Export by an unknown account","discovered_at":"2026-11-21T14:00:00Z"`+extra+`}`).want(201).object()
	return m["ref"].(string)
}

func (g *rig) size() int64 {
	g.t.Helper()
	n, err := g.f.Ledger.Size(g.t.Context(), g.f.DB)
	must(g.t, err)
	return n
}

// both runs a test on both engines.
func both(t *testing.T, fn func(t *testing.T, g *rig)) {
	t.Helper()
	storetest.Run(t, func(t *testing.T, db *store.DB) { fn(t, newRig(t, db)) })
}

// lite runs a test on the embedded engine: it is about the face and not about storage.
func lite(t *testing.T) *rig {
	t.Helper()
	return newRig(t, storetest.Open(t, store.SQLite))
}

func benchRig(b *testing.B) *rig {
	b.Helper()
	return newRig(b, storetest.Open(b, store.SQLite))
}
