package room_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/examples"
	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/assessment/handover"
	"github.com/wakebell/wakebell/internal/decide/assessment/lawtest"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/duty/story"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/decide/triage"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/notify/contact"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/directory/exchange"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/respond/escalation"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/room"
)

var start = time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)

// rig is the room in the demo company.
type rig struct {
	*page.Web
	t      testing.TB
	clk    *clock.Clock
	people *who.Service
	inc    *incident.Service
	duties *duty.Service
	calls  *escalation.Service
	files  *file.Service
	in     *intake.Service
	db     *store.DB
	jobs   *job.Runner
	led    *record.Ledger
}

func open(t testing.TB) *rig {
	t.Helper()
	db := storetest.Open(t, store.SQLite)
	g := &rig{t: t, db: db, clk: clock.NewTest(start)}
	var kinds []record.Kind
	for _, k := range [][]record.Kind{
		who.Kinds(), plan.Kinds(), directory.Kinds(), intake.Kinds(), incident.Kinds(), file.Kinds(), handover.Kinds(), duty.Kinds(), escalation.Kinds(), notice.Kinds(), contact.Kinds(),
	} {
		kinds = append(kinds, k...)
	}
	led, err := record.New(t.Context(), db, g.clk, record.Config{}, kinds)
	g.must(err)
	g.people = who.New(db, led, g.clk)
	plans := plan.New(db, led, g.clk)
	dirs := directory.New(db, led, g.people, plans, g.clk)
	in := intake.New(db, led, g.clk, plans, dirs)
	jobs := job.New(db, g.clk, slog.New(slog.DiscardHandler), job.Config{})
	box, err := mail.New(db, g.clk, jobs, nil, mail.Config{})
	g.must(err)
	g.inc = incident.New(db, led, g.clk, plans, dirs, g.people)
	g.duties = duty.New(db, led, g.clk, plans, dirs, g.inc, jobs, lawtest.Shipped(g.t))
	g.calls = escalation.New(db, led, g.clk, dirs, plans, g.people, g.duties, in, box, jobs, escalation.Config{})
	g.inc.Observe(g.duties.OnIncident)
	g.duties.Observe(g.calls.OnDuty)
	g.inc.Observe(g.calls.OnIncident)
	g.inc.Guard(func(ctx context.Context, r store.Reader, st incident.State) (incident.CloseGuard, error) {
		list, err := g.duties.OpenDuties(ctx, r, st.ID)
		var out incident.CloseGuard
		for _, d := range list {
			out = append(out, incident.OpenDuty{Key: d.Key, Title: d.Title, DueAt: d.DueAt, Missed: d.DueAt.Before(g.clk.Now()), Outward: d.Outward, Filing: d.Filing})
		}
		return out, err
	})
	blobs, err := blob.New(blob.Config{Dir: t.TempDir(), Max: 4096})
	g.must(err)
	g.jobs, g.led = jobs, led
	g.files = file.New(db, led, g.inc, jobs, blobs)
	led.OnErase(func(_ context.Context, tx *store.Tx, entries []record.Entry) error {
		return g.files.OnErase(tx, entries)
	})
	tri := triage.New(db, in, g.inc)
	g.inc.Observe(tri.Follow)
	g.in = in
	views := view.New(db, led, g.clk, g.inc, g.people)
	views.Tell("duty.", story.Tell)
	views.Tell("duties.", story.Tell)
	views.Tell("call.", escalation.Tell)
	views.Tell("incident.file_", file.Tell)
	views.Name("duty:", g.duties.Title)
	views.Name("file:", g.files.Name)
	ex := exchange.New(db, dirs, g.people)
	g.load(ex, "directory.yaml", exchange.FormatYAML)
	g.load(ex, "customers.csv", exchange.FormatCSV)
	g.load(ex, "services.yaml", exchange.FormatYAML)
	g.Web = page.New(page.Config{
		SignedIn: g.signedIn, SignIn: "/sign-in", People: g.people, DB: db, Clock: g.clk, Log: slog.New(slog.DiscardHandler),
	})
	lawful := assessment.New(db, g.clk, lawtest.Shipped(g.t), g.inc, dirs, plans,
		func(context.Context, store.Reader, string) (assessment.Sent, error) { return nil, nil }, g.duties.TakePacks)
	g.inc.Observe(lawful.OnIncident)
	notices := notice.New(notice.Deps{
		DB: db, Ledger: led, Clock: g.clk, Plans: plans, Directory: dirs, Incidents: g.inc, Duties: g.duties, Files: g.files, Outbox: box,
	})
	room.Mount(g.Web, room.Deps{
		Notices: notices,
		// No. 7 stands for an approved statement: notices have tests of their own.
		Contacts:  contact.New(db, led, g.clk, g.inc, g.files, dirs, func(_ context.Context, _ store.Reader, _, no string) (bool, error) { return no == "7", nil }),
		Incidents: g.inc, Files: g.files, Handover: handover.New(db, led, g.clk, g.inc, dirs), Views: views, Duties: g.duties, Escalation: g.calls, Intake: in, Directory: dirs, Assessment: lawful, DB: db,
	})
	return g
}

func (g *rig) load(ex *exchange.Service, name string, format exchange.Format) {
	text, err := examples.Demo.ReadFile("demo/" + name)
	g.must(err)
	_, err = ex.Import(g.t.Context(), who.Engine("test"), format, text)
	g.must(err)
}

func (g *rig) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

// signedIn trusts a header: sign-in has tests of its own.
func (g *rig) signedIn(r *http.Request) (who.Identity, bool) {
	id := r.Header.Get("X-Test-Person")
	if id == "" {
		return who.Identity{}, false
	}
	return g.as(id), true
}

func (g *rig) as(id string) who.Identity {
	p, err := g.people.PersonTx(g.t.Context(), g.db, id)
	g.must(err)
	return who.Identity{Actor: p.ID, Person: p.ID, Name: p.Name, Roles: p.Roles}
}

// The people of the demo company that the tests look through.
const (
	manager   = "incident-manager"
	analyst   = "analyst"
	responder = "portal-engineer"
	counsel   = "counsel"
	executive = "chief-executive"
	press     = "communications-2"
	liaison   = "key-account-1"
	reporter  = "support-agent"
	privacy   = "privacy-officer"
)

func (g *rig) declare(c incident.Declare) incident.State {
	g.t.Helper()
	if c.Title == "" {
		c.Title = "Export read through a leaked token"
	}
	if c.Service == "" {
		c.Service = "customer-portal"
	}
	st, err := g.inc.Declare(g.t.Context(), g.as(manager), c)
	g.must(err)
	return st
}

func (g *rig) do(st incident.State, cmd incident.Command) incident.State {
	g.t.Helper()
	st, err := g.inc.Execute(g.t.Context(), who.Engine("test"), st.Ref, cmd, 0)
	g.must(err)
	return st
}

func (g *rig) send(person, method, path string, form url.Values, header ...string) (int, string) {
	g.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("X-Test-Person", person)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	g.must(err)
	if to := w.Header().Get("Location"); to != "" {
		return w.Code, to
	}
	return w.Code, string(body)
}

// get is a page that must be shown.
func (g *rig) get(person, path string) string {
	g.t.Helper()
	code, body := g.send(person, "GET", path, nil)
	if code != http.StatusOK {
		g.t.Fatalf("%s GET %s: %d %s", person, path, code, text(body))
	}
	return body
}

// post sends a form that stands on the page at.
func (g *rig) post(person, at, action, name string, pairs ...string) (int, string) {
	g.t.Helper()
	form := url.Values{"_form": {name}, "_page": {at}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return g.send(person, "POST", action, form)
}

// done is a post that must be carried out; it returns where the browser goes.
func (g *rig) done(person, at, action, name string, pairs ...string) string {
	g.t.Helper()
	code, to := g.post(person, at, action, name, pairs...)
	if code != http.StatusSeeOther {
		g.t.Fatalf("%s POST %s: %d %s", person, action, code, text(to))
	}
	return to
}

func (g *rig) state(ref string) incident.State {
	g.t.Helper()
	st, err := g.inc.Get(g.t.Context(), who.Engine("test"), ref, time.Time{})
	g.must(err)
	return st
}

// text is the start of what stands in the main part of a page, for messages.
func text(body string) string {
	if _, main, ok := strings.Cut(body, "<main"); ok {
		body = main
	}
	return body[:min(len(body), 1500)]
}

func has(t testing.TB, body string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(body, w) {
			t.Errorf("%q is missing in %s", w, text(body))
		}
	}
}

func hasNot(t testing.TB, body string, bad ...string) {
	t.Helper()
	for _, w := range bad {
		if strings.Contains(body, w) {
			t.Errorf("%q should not stand in the page", w)
		}
	}
}
