package now_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/app"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
)

var start = time.Date(2026, 11, 21, 13, 0, 0, 0, time.UTC)

// house is the whole product with the demo company in it, and a token for each role.
type house struct {
	t   testing.TB
	app *app.App
	clk *clock.Clock
	h   http.Handler
}

func newHouse(t testing.TB) *house {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	clk := clock.NewTest(start)
	a, err := app.New(ctx, app.Config{Dir: t.TempDir(), Clock: clk, TestClock: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	if err := a.LoadDemo(ctx); err != nil {
		t.Fatal(err)
	}
	return &house{t: t, app: a, clk: clk, h: a.Handler()}
}

// token speaks for a machine with one role, which sees what a person of that role sees.
func (h *house) token(role who.Role) string {
	h.t.Helper()
	_, secret, err := h.app.People.CreateToken(h.t.Context(), who.Engine("test"), who.TokenInput{
		Name: "t-" + string(role), Roles: []who.Role{role}, ExpiresAt: start.Add(1000 * time.Hour),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return secret
}

func (h *house) get(token, path string) *httptest.ResponseRecorder {
	h.t.Helper()
	r := httptest.NewRequestWithContext(h.t.Context(), http.MethodGet, path, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	h.h.ServeHTTP(w, r)
	return w
}

func (h *house) declare(d incident.Declare) incident.State {
	h.t.Helper()
	st, err := h.app.Incidents.Declare(h.t.Context(), who.Engine("test"), d)
	if err != nil {
		h.t.Fatal(err)
	}
	return st
}

func (h *house) do(ref string, c incident.Command) {
	h.t.Helper()
	if _, err := h.app.Incidents.Execute(h.t.Context(), who.Engine("test"), ref, c, 0); err != nil {
		h.t.Fatal(err)
	}
}

// before checks that the texts stand on the page in this order.
func before(t *testing.T, body string, texts ...string) {
	t.Helper()
	at := 0
	for _, text := range texts {
		i := strings.Index(body[at:], text)
		if i < 0 {
			t.Fatalf("%q is missing, or not in its place, in %s", text, body)
		}
		at += i
	}
}

func lacks(t *testing.T, body string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(body, text) {
			t.Errorf("%q should not be shown", text)
		}
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	manager := h.token(who.Manager)
	missed := h.declare(incident.Declare{Title: "Ticket system read", Service: "customer-portal"})
	if err := h.clk.Advance(25 * time.Minute); err != nil {
		t.Fatal(err)
	}
	later := h.declare(incident.Declare{Title: "Export read <script>", Service: "platform-core"})
	one, two := 1, 2
	h.do(later.Ref, &incident.Grade{Severity: &one, BIL: &two, Reason: "customers"})
	h.declare(incident.Declare{Title: "Exercise", Kind: incident.Drill})
	closed := h.declare(incident.Declare{Title: "Slow shop"})
	h.do(closed.Ref, &incident.Dismiss{Reason: "a load test"})

	body := h.get(manager, "/").Body.String()
	before(t, body, "<h1>Now</h1>", "2 incidents are open.", "One incident has missed a deadline.", "The next deadline is at",
		`href="/incidents/`+missed.Ref+`">Ticket system read`, `data-state="overdue"`, "Missed", "−00:05:00", "Tell the product team",
		`href="/incidents/`+later.Ref+`">Export read &lt;script&gt;`, "SEV 1", "BIL 2", `data-state="ok"`, "00:20:00", "not taken yet")
	lacks(t, body, "Exercise", "Slow shop", "<script>")
	before(t, body, `id="glance" data-region data-on="incident duty directory person"`, `id="list" data-region`)

	drills := h.get(manager, "/?show=drills").Body.String()
	before(t, drills, "DRILL.", "One drill.", "Exercise")
	lacks(t, drills, "Ticket system")
	before(t, h.get(manager, "/?show=closed").Body.String(), "One closed incident.", "Slow shop", "Dismissed")
	same := h.declare(incident.Declare{Title: "Ticket system slow"})
	h.do(same.Ref, &incident.Merge{Into: missed.Ref, Reason: "the same cause"})
	before(t, h.get(manager, "/?show=closed").Body.String(), "Ticket system slow", "merged into "+missed.Ref)
	before(t, h.get(manager, "/?severity=1").Body.String(), "One incident matches.", "Export read")
	before(t, h.get(manager, "/?q=ticket").Body.String(), "One incident matches.", "Ticket system")
	before(t, h.get(manager, "/?q=nowhere").Body.String(), "No incident matches", `href="/"`)
	if w := h.get(manager, "/?severity=high"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a wrong filter answers %d", w.Code)
	}
	if w := h.get(manager, "/?show=other"); w.Code != http.StatusNotFound {
		t.Errorf("an unknown list answers %d", w.Code)
	}
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	body := h.get(h.token(who.Analyst), "/").Body.String()
	before(t, body, "Nothing is open.", "No incident is open", "Last drill", "Never yet", "Next review of the plan")
	before(t, h.get(h.token(who.Analyst), "/?show=drills").Body.String(), "No drill here")
}

func TestRoles(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.declare(incident.Declare{Title: "Ticket system read"})
	for _, role := range who.Roles() {
		if role == who.Legal || role == who.Executive || role == who.PrivacyOfficer {
			continue // only persons hold them
		}
		w := h.get(h.token(role), "/")
		body := w.Body.String()
		if role == who.Reporter || role == who.Admin {
			lacks(t, body, "Ticket system", "g n")
			continue
		}
		if w.Code != http.StatusOK || !strings.Contains(body, "Ticket system") {
			t.Errorf("%s gets %d", role, w.Code)
		}
	}
	if w := httptest.NewRecorder(); true {
		h.h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/sign-in" {
			t.Errorf("nobody gets %d %q", w.Code, w.Header().Get("Location"))
		}
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	manager := h.token(who.Manager)
	for i := range 30 {
		h.declare(incident.Declare{Title: fmt.Sprintf("Incident number %02d", i)})
	}
	body := h.get(manager, "/").Body.String()
	before(t, body, "25 or more incidents are open.", `data-more="list"`)
	_, rest, _ := strings.Cut(body, `class="pager"><a class="btn" href="`)
	next, _, _ := strings.Cut(rest, `"`)
	if n := strings.Count(h.get(manager, strings.ReplaceAll(next, "&amp;", "&")).Body.String(), "Incident number"); n != 5 {
		t.Errorf("the second page has %d", n)
	}
}

// BenchmarkNow10000 draws the first screen where 10,000 duties are open.
func BenchmarkNow10000(b *testing.B) {
	h := newHouse(b)
	snapshot, err := h.app.Directory.Snapshot(h.app.DB)
	if err != nil {
		b.Fatal(err)
	}
	customers := []string{}
	for id, p := range snapshot.Parties {
		if p.Kind == "customer" {
			customers = append(customers, id)
		}
	}
	open := 0
	for i := 0; open < 10_000; i++ {
		st := h.declare(incident.Declare{Title: fmt.Sprintf("Incident number %d", i)})
		scope := `{"customers":["` + strings.Join(customers, `","`) + `"]}`
		h.do(st.Ref, &incident.RecordFact{Fact: incident.FactScope, Value: []byte(scope)})
		list, err := h.app.Duties.ForIncident(b.Context(), h.app.DB, st.ID)
		if err != nil {
			b.Fatal(err)
		}
		open += len(list)
		if i > 5 && len(list) < 3 {
			b.Fatalf("an incident owes %d duties", len(list))
		}
	}
	manager := h.token(who.Manager)
	b.ReportMetric(float64(open), "duties")
	for b.Loop() {
		if w := h.get(manager, "/"); w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}
