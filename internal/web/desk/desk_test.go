package desk_test

import (
	"html"
	"io"
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
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment/lawtest"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/decide/triage"
	"github.com/wakebell/wakebell/internal/detect/alert"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/directory/exchange"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/respond/escalation"
	"github.com/wakebell/wakebell/internal/web/desk"
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
	jobs   *job.Runner
	alerts *alert.Service
	d      desk.Deps
}

func open(t *testing.T) *rig {
	t.Helper()
	return openOn(t, storetest.Open(t, store.SQLite))
}

func openOn(t *testing.T, db *store.DB) *rig {
	t.Helper()
	clk := clock.NewTest(start)
	kinds := slices.Concat(who.Kinds(), plan.Kinds(), directory.Kinds(), intake.Kinds(), incident.Kinds(), duty.Kinds(), escalation.Kinds())
	led, err := record.New(t.Context(), db, clk, record.Config{KeyFile: filepath.Join(t.TempDir(), "key")}, kinds)
	must(t, err)
	people, jobs := who.New(db, led, clk), job.New(db, clk, nil, job.Config{})
	box, err := mail.New(db, clk, jobs, nil, mail.Config{})
	must(t, err)
	plans := plan.New(db, led, clk)
	dirs := directory.New(db, led, people, plans, clk)
	in := intake.New(db, led, clk, plans, dirs)
	incidents := incident.New(db, led, clk, plans, dirs, people)
	duties := duty.New(db, led, clk, plans, dirs, incidents, jobs, lawtest.Shipped(t))
	esc := escalation.New(db, led, clk, dirs, plans, people, duties, in, box, jobs, escalation.Config{})
	tri := triage.New(db, in, incidents)
	incidents.Observe(duties.OnIncident)
	incidents.Observe(tri.Follow)
	incidents.Observe(esc.OnIncident)
	duties.Observe(esc.OnDuty)
	g := &rig{t: t, db: db, clk: clk, jobs: jobs, alerts: alert.New(db, in), d: desk.Deps{
		Plans: plans, Directory: dirs, Intake: in, Triage: tri, Incidents: incidents, Views: view.New(db, led, clk, incidents, people),
		Duties: duties, Escalation: esc, DB: db,
	}}
	g.company(exchange.New(db, dirs, people), plans)
	g.Web = page.New(page.Config{SignedIn: func(r *http.Request) (who.Identity, bool) {
		role := who.Role(r.Header.Get("X-As"))
		return as(role), role != ""
	}, People: people, DB: db, Clock: clk})
	desk.Mount(g.Web, g.d)
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

func (g *rig) forward(d time.Duration) {
	g.t.Helper()
	must(g.t, g.jobs.Forward(g.t.Context(), g.clk.Now().Add(d)))
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

// report sends one as the reporter and gives its id.
func (g *rig) report(title string, more ...string) string {
	g.t.Helper()
	to, _ := g.post(who.Reporter, "/report", http.StatusSeeOther, append(more, "title", title, "service", "customer-portal",
		"discovered_at", g.clk.Now().Format("2006-01-02T15:04"), "discovered_at.zone", "UTC")...)
	id, ok := strings.CutPrefix(to, "/reports/")
	if !ok {
		g.t.Fatalf("a report leads to %s", to)
	}
	return id
}

func (g *rig) alert(finger, title, service string) string {
	g.t.Helper()
	machine := who.Identity{Actor: "tok", Roles: []who.Role{who.Reporter}}
	res, err := g.alerts.Ingest(g.t.Context(), machine, "alertmanager", []byte(`{"version":"4","alerts":[{"status":"firing","fingerprint":"`+finger+
		`","labels":{"alertname":"`+title+`","service":"`+service+`"},"annotations":{"description":"</pre><script>alert(1)</script>"}}]}`))
	must(g.t, err)
	return res.Signals[0].ID
}

// incident declares one that owes inward and outward duties.
func (g *rig) incident() incident.State {
	g.t.Helper()
	by, ctx := as(who.Manager), g.t.Context()
	st, err := g.d.Incidents.Declare(ctx, by, incident.Declare{Title: "Export read by a stranger", Service: "reporting"})
	must(g.t, err)
	one := 1
	for _, c := range []incident.Command{
		&incident.Confirm{Reason: "seen in the log"}, &incident.Grade{Severity: &one, BIL: &one, Reason: "customers"},
	} {
		st, err = g.d.Incidents.Execute(ctx, by, st.Ref, c, 0)
		must(g.t, err)
	}
	return st
}

func (g *rig) duty(rule string) duty.Duty {
	g.t.Helper()
	p, err := g.d.Duties.List(g.t.Context(), as(who.Manager), duty.Filter{}, "", 200)
	must(g.t, err)
	for _, d := range p.Items {
		if d.Rule == rule {
			return d
		}
	}
	g.t.Fatalf("no duty of the rule %s", rule)
	return duty.Duty{}
}

// allRoles runs a check for each role.
func allRoles(fn func(role who.Role, by who.Identity)) {
	for _, role := range who.Roles() {
		fn(role, as(role))
	}
}

func status(may bool) int {
	if may {
		return http.StatusOK
	}
	return http.StatusForbidden
}

func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	g := open(t)
	mine := g.report("The portal shows a stranger's plan")
	sig := g.alert("f1", "Many failed sign-ins", "identity")
	g.incident()
	allRoles(func(role who.Role, by who.Identity) {
		reads := status(by.Has(who.PermSignalRead))
		g.get(role, "/report", status(by.Has(who.PermReportCreate)))
		g.get(role, "/declare", status(by.Has(who.PermIncidentDeclare)))
		g.get(role, "/reports", http.StatusOK)
		g.get(role, "/triage", reads)
		g.get(role, "/triage/"+sig+"/raw", reads)
		g.get(role, "/deadlines", status(by.Has(who.PermDutyRead)))
		if role != who.Reporter && reads != http.StatusOK {
			g.get(role, "/reports/"+mine, http.StatusNotFound)
		}
		if reads == http.StatusOK {
			body := g.get(role, "/triage/"+sig, http.StatusOK)
			for _, part := range []string{"We have it", "Record the verdict"} {
				if strings.Contains(body, part) != by.Has(who.PermSignalTriage) {
					t.Errorf("%s sees %q: %v", role, part, !by.Has(who.PermSignalTriage))
				}
			}
			body = g.get(role, "/deadlines", http.StatusOK)
			if strings.Contains(body, "Take it") != by.Has(who.PermDutyWork) {
				t.Errorf("%s sees Take it: %v", role, !by.Has(who.PermDutyWork))
			}
		}
	})
}

// Who may not press a button is refused when posting anyway.
func TestPostingAnyway(t *testing.T) {
	t.Parallel()
	g := open(t)
	sig := g.alert("f1", "Many failed sign-ins", "identity")
	g.incident()
	d := g.duty("leadership")
	allRoles(func(role who.Role, by who.Identity) {
		for path, p := range map[string]who.Permission{
			"/report": who.PermReportCreate, "/declare": who.PermIncidentDeclare,
			"/triage/" + sig + "/take": who.PermSignalTriage, "/triage/" + sig + "/verdict": who.PermSignalTriage, "/triage/" + sig + "/undo": who.PermSignalTriage,
			"/deadlines/" + d.ID + "/assign": who.PermDutyWork,
		} {
			if !by.Has(p) {
				g.post(role, path, http.StatusForbidden, "verdict", "event", "reason", "x", "ground", "x", "person", by.Person)
			}
		}
	})
}
