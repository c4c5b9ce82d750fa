package book_test

import (
	"context"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/examples"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment/lawtest"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/duty/story"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/notify/register"
	"github.com/wakebell/wakebell/internal/notify/register/audit"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/directory/exchange"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/web/book"
	"github.com/wakebell/wakebell/internal/web/page"
)

var start = time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)

// holders are who looks, by role. Each has exactly that role here.
var holders = map[who.Role]string{
	who.Reporter: "support-agent", who.Responder: "portal-engineer", who.Manager: "incident-manager", who.Analyst: "analyst", who.SIHT: "counsel-2",
	who.Legal: "counsel", who.PrivacyOfficer: "privacy-officer", who.Communications: "communications-2", who.Executive: "chief-executive",
	who.Liaison: "key-account-1", who.Auditor: "risk-manager", who.Admin: "it-operation",
}

func as(role who.Role) who.Identity {
	p := holders[role]
	return who.Identity{Actor: p, Person: p, Name: p, Roles: []who.Role{role}}
}

// rig is the face over real rooms, with the demo company in them.
type rig struct {
	*page.Web
	t      *testing.T
	db     *store.DB
	clk    *clock.Clock
	led    *record.Ledger
	d      book.Deps
	people *who.Service
	ends   chan error // each verification waits for what it ends with
	owed   *duty.Service
	roles  []who.Role
}

func open(t *testing.T) *rig {
	t.Helper()
	db, clk := storetest.Open(t, store.SQLite), clock.NewTest(start)
	kinds := slices.Concat(who.Kinds(), plan.Kinds(), directory.Kinds(), incident.Kinds(), duty.Kinds(), []record.Kind{{Name: "secret.kept", Version: 1}})
	led, err := record.New(t.Context(), db, clk, record.Config{KeyFile: filepath.Join(t.TempDir(), "key")}, kinds)
	must(t, err)
	people, jobs := who.New(db, led, clk), job.New(db, clk, nil, job.Config{})
	plans := plan.New(db, led, clk)
	dirs := directory.New(db, led, people, plans, clk)
	incidents := incident.New(db, led, clk, plans, dirs, people)
	duties := duty.New(db, led, clk, plans, dirs, incidents, jobs, lawtest.Shipped(t))
	incidents.Observe(duties.OnIncident)
	g := &rig{t: t, db: db, clk: clk, led: led, ends: make(chan error), owed: duties, people: people, roles: who.Roles()}
	views := view.New(db, led, clk, incidents, people)
	views.Tell("duty.", story.Tell)
	views.Tell("duties.", story.Tell)
	aud := audit.New(db, led, clk, slog.New(slog.DiscardHandler), func(ctx context.Context, against []byte) (rep record.Report, tables record.RebuildReport, err error) {
		select {
		case err = <-g.ends:
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err != nil {
			return rep, tables, err
		}
		return record.VerifyAll(ctx, db, []record.Projector{new(incident.Service), new(duty.Service)}, against)
	})
	t.Cleanup(aud.Stop)
	g.d = book.Deps{
		Register: register.New(db, led, clk, incidents, duties, dirs, plans), Audit: aud, Views: views, Incidents: incidents, Directory: dirs, DB: db, Version: "1.2.3",
	}
	g.company(exchange.New(db, dirs, people), plans)
	g.Web = page.New(page.Config{SignedIn: func(r *http.Request) (who.Identity, bool) {
		role := who.Role(r.Header.Get("X-As"))
		return as(role), role != ""
	}, People: people, DB: db, Clock: clk})
	book.Mount(g.Web, g.d)
	return g
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (g *rig) company(ex *exchange.Service, plans *plan.Service) {
	g.t.Helper()
	by := who.Engine("test")
	for _, f := range []string{"directory.yaml", "customers.csv", "services.yaml"} {
		text, err := examples.Demo.ReadFile("demo/" + f)
		must(g.t, err)
		format := exchange.FormatYAML
		if strings.HasSuffix(f, ".csv") {
			format = exchange.FormatCSV
		}
		_, err = ex.Import(g.t.Context(), by, format, text)
		must(g.t, err)
	}
	text, err := examples.Demo.ReadFile("demo/plan.yaml")
	must(g.t, err)
	p, err := plan.ParseYAML(text)
	must(g.t, err)
	_, err = plans.Change(g.t.Context(), by, p, 1, "the demo's plan")
	must(g.t, err)
}

func (g *rig) do(role who.Role, r *http.Request) (*http.Response, string) {
	g.t.Helper()
	r.Header.Set("X-As", string(role))
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	res := w.Result()
	body, err := io.ReadAll(res.Body)
	must(g.t, err)
	return res, html.UnescapeString(string(body))
}

func (g *rig) get(role who.Role, path string, status int) string {
	g.t.Helper()
	res, body := g.do(role, httptest.NewRequest(http.MethodGet, path, nil))
	if res.StatusCode != status {
		g.t.Fatalf("%s GET %s: %d, want %d", role, path, res.StatusCode, status)
	}
	return body
}

// post sends pairs of names and values and gives the place it leads to.
func (g *rig) post(role who.Role, path string, status int, pairs ...string) (to, body string) {
	g.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, body := g.do(role, r)
	if res.StatusCode != status {
		g.t.Fatalf("%s POST %s: %d, want %d\n%s", role, path, res.StatusCode, status, body)
	}
	return res.Header.Get("Location"), body
}

func (g *rig) has(body string, parts ...string) {
	g.t.Helper()
	for _, p := range parts {
		if !strings.Contains(body, p) {
			g.t.Errorf("the page lacks %q", p)
		}
	}
}

func (g *rig) lacks(body string, parts ...string) {
	g.t.Helper()
	for _, p := range parts {
		if strings.Contains(body, p) {
			g.t.Errorf("the page holds %q", p)
		}
	}
}

func (g *rig) declare(title string, kind incident.Kind) incident.State {
	g.t.Helper()
	must(g.t, g.clk.Advance(time.Second))
	st, err := g.d.Incidents.Declare(g.t.Context(), as(who.Manager), incident.Declare{Title: title, Kind: kind, DiscoveredAt: g.clk.Now()})
	must(g.t, err)
	return st
}

func (g *rig) run(role who.Role, ref string, cmds ...incident.Command) (st incident.State) {
	g.t.Helper()
	for _, c := range cmds {
		var err error
		if st, err = g.d.Incidents.Execute(g.t.Context(), as(role), ref, c, 0); err != nil {
			g.t.Fatalf("%s: %v", c.Type(), err)
		}
	}
	return st
}

func fact(name incident.FactName, value string) incident.Command {
	return &incident.RecordFact{Fact: name, Value: []byte(value)}
}

func status(may bool) int {
	if may {
		return http.StatusOK
	}
	return http.StatusForbidden
}
