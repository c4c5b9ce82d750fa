package mailroom_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
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
	"github.com/wakebell/wakebell/internal/decide/assessment/lawtest"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/paper"
	"github.com/wakebell/wakebell/internal/notify/notice/proof"
	"github.com/wakebell/wakebell/internal/notify/notice/shelf"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/directory/exchange"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/web/mailroom"
	"github.com/wakebell/wakebell/internal/web/mailroom/sheet"
	"github.com/wakebell/wakebell/internal/web/page"
)

var start = time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)

// The people of the demo company that the tests look through.
const (
	manager   = "incident-manager"
	writer    = "communications-2"
	counsel   = "counsel"
	executive = "chief-executive"
	deputy    = "privacy-officer" // of legal, by the plan, in an emergency
	liaison   = "key-account-1"
	auditor   = "risk-manager"
	reporter  = "support-agent"
)

// rig is the mailroom in the demo company.
type rig struct {
	*page.Web
	t       testing.TB
	clk     *clock.Clock
	led     *record.Ledger
	people  *who.Service
	inc     *incident.Service
	notices *notice.Service
	files   *file.Service
	jobs    *job.Runner

	dispatch *dispatch.Service
	box      *mail.Outbox
	db       *store.DB
	lists    map[string]notice.List
	st       incident.State
}

// List, Carry and Send stand in for the room that sends.
func (g *rig) List(_ context.Context, _ store.Reader, id string) (notice.List, error) {
	return g.lists[id], nil
}

func (*rig) Reroute(context.Context, *store.Tx, who.Identity, notice.Notice) error { return nil }

func (*rig) Others(context.Context, store.Reader, notice.Notice, []string) ([]notice.Told, error) {
	return nil, nil
}

func (*rig) Carry(context.Context, *store.Tx, who.Identity, notice.Notice, notice.Notice) error {
	return nil
}

func (*rig) Send(context.Context, *store.Tx, who.Identity, notice.Handover) error { return nil }

func open(t testing.TB) *rig {
	t.Helper()
	db := storetest.Open(t, store.SQLite)
	g := &rig{t: t, db: db, clk: clock.NewTest(start), lists: map[string]notice.List{}}
	var kinds []record.Kind
	for _, k := range [][]record.Kind{
		who.Kinds(), plan.Kinds(), directory.Kinds(), incident.Kinds(), file.Kinds(), duty.Kinds(), notice.Kinds(), dispatch.Kinds(),
	} {
		kinds = append(kinds, k...)
	}
	led, err := record.New(t.Context(), db, g.clk, record.Config{}, kinds)
	g.must(err)
	g.led = led
	g.people = who.New(db, led, g.clk)
	plans := plan.New(db, led, g.clk)
	dirs := directory.New(db, led, g.people, plans, g.clk)
	jobs := job.New(db, g.clk, slog.New(slog.DiscardHandler), job.Config{})
	box, err := mail.New(db, g.clk, jobs, nil, mail.Config{})
	g.must(err)
	g.box = box
	g.inc = incident.New(db, led, g.clk, plans, dirs, g.people)
	law := lawtest.Shipped(t)
	duties := duty.New(db, led, g.clk, plans, dirs, g.inc, jobs, law)
	g.inc.Observe(duties.OnIncident)
	blobs, err := blob.New(blob.Config{Dir: t.TempDir(), Max: 4096})
	g.must(err)
	g.files = file.New(db, led, g.inc, jobs, blobs)
	g.jobs = jobs
	g.dispatch, err = dispatch.New(db, led, g.clk, g.inc, dirs, duties, jobs, blobs, dispatch.Config{BaseURL: "https://wakebell.example"})
	g.must(err)
	t.Cleanup(g.dispatch.Close)
	templates, err := shelf.New(nil)
	g.must(err)
	g.notices = notice.New(notice.Deps{
		DB: db, Ledger: led, Clock: g.clk, Plans: plans, Directory: dirs, Incidents: g.inc, Duties: duties, Files: g.files, Outbox: box, Templates: templates,
		BaseURL: "https://wakebell.example",
	})
	g.notices.Deliver(g)
	ex := exchange.New(db, dirs, g.people)
	for name, format := range map[string]exchange.Format{"directory.yaml": exchange.FormatYAML} {
		g.load(ex, name, format)
	}
	g.load(ex, "customers.csv", exchange.FormatCSV)
	g.load(ex, "services.yaml", exchange.FormatYAML)
	text, err := examples.Demo.ReadFile("demo/plan.yaml")
	g.must(err)
	p, err := plan.ParseYAML(text)
	g.must(err)
	_, err = plans.Change(t.Context(), who.Engine("test"), p, 1, "the demo's plan")
	g.must(err)
	g.Web = page.New(page.Config{
		SignedIn: g.signedIn, SignIn: "/sign-in", People: g.people, DB: db, Clock: g.clk, Log: slog.New(slog.DiscardHandler),
	})
	mailroom.Mount(g.Web, mailroom.Deps{
		Deps:     sheet.Deps{Notices: g.notices, Incidents: g.inc, Duties: duties, Files: g.files, Directory: dirs, DB: db},
		Dispatch: g.dispatch,
		Papers:   paper.New(paper.Deps{Notices: g.notices, Dispatch: g.dispatch, Directory: dirs, DB: db, Clock: g.clk}),
		Proofs:   proof.New(proof.Deps{Notices: g.notices, Incidents: g.inc, Directory: dirs, Book: law.Book, DB: db, Clock: g.clk}),
	})
	g.st, err = g.inc.Declare(t.Context(), g.as(manager), incident.Declare{Title: "Export read through a leaked token", Service: "customer-portal"})
	g.must(err)
	g.st, err = g.inc.Execute(t.Context(), g.as(manager), g.st.Ref, &incident.Confirm{}, 0)
	g.must(err)
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

func (g *rig) send(person, method, path string, form url.Values) (int, string) {
	g.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("X-Test-Person", person)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
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

// page is what a person sees, as text that holds every part of it.
func (g *rig) page(person, path string) string {
	g.t.Helper()
	code, body := g.send(person, http.MethodGet, path, nil)
	if code != http.StatusOK {
		g.t.Fatalf("%s as %s: %d", path, person, code)
	}
	return body
}

// post sends a form as it stands on a page: with its hidden fields and what is typed.
func (g *rig) post(person, page, form string, typed url.Values) (int, string) {
	g.t.Helper()
	action, fields := g.form(g.page(person, page), form)
	for k, v := range typed {
		fields[k] = v
	}
	return g.send(person, http.MethodPost, action, fields)
}

var (
	hidden  = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)
	initial = regexp.MustCompile(`<form method="post" action="([^"]*)" data-form="([^"]*)"`)
)

func (g *rig) form(body, name string) (action string, fields url.Values) {
	g.t.Helper()
	for _, part := range strings.Split(body, "<form ")[1:] {
		part, _, _ = strings.Cut("<form "+part, "</form>")
		m := initial.FindStringSubmatch(part)
		if m == nil || m[2] != name {
			continue
		}
		fields = url.Values{}
		for _, h := range hidden.FindAllStringSubmatch(part, -1) {
			fields.Add(h[1], h[2])
		}
		return strings.ReplaceAll(m[1], "&amp;", "&"), fields
	}
	g.t.Fatalf("there is no form %q on the page", name)
	return "", nil
}

func has(t *testing.T, body string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(body, w) {
			t.Errorf("the page lacks %q", w)
		}
	}
}

func lacks(t *testing.T, body string, words ...string) {
	t.Helper()
	for _, w := range words {
		if strings.Contains(body, w) {
			t.Errorf("the page holds %q", w)
		}
	}
}
