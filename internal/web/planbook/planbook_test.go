package planbook_test

import (
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/planbook"
)

var start = time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)

// rig is the screen over real rooms.
type rig struct {
	*page.Web
	t         *testing.T
	plans     *plan.Service
	incidents *incident.Service
}

func as(role who.Role) who.Identity {
	return who.Identity{Actor: string(role), Person: string(role), Name: string(role), Roles: []who.Role{role}}
}

func open(t *testing.T) *rig {
	t.Helper()
	db, clk := storetest.Open(t, store.SQLite), clock.NewTest(start)
	led, err := record.New(t.Context(), db, clk, record.Config{}, slices.Concat(who.Kinds(), plan.Kinds(), directory.Kinds(), incident.Kinds()))
	must(t, err)
	people, plans := who.New(db, led, clk), plan.New(db, led, clk)
	dir := directory.New(db, led, people, plans, clk)
	incidents := incident.New(db, led, clk, plans, dir, people)
	for _, role := range []who.Role{who.Manager, who.Admin} {
		_, err := people.CreatePerson(t.Context(), who.Engine("test"), who.Person{
			ID: string(role), Name: "The " + string(role), Email: string(role) + "@example.com", Roles: []who.Role{role}, Active: true,
		})
		must(t, err)
	}
	_, err = dir.PutTeam(t.Context(), who.Engine("test"), directory.Team{ID: "shop", Name: "Shop team", Kind: directory.TeamProduct}, 0)
	must(t, err)
	g := &rig{t: t, plans: plans, incidents: incidents}
	g.Web = page.New(page.Config{SignedIn: func(r *http.Request) (who.Identity, bool) {
		role := who.Role(r.Header.Get("X-As"))
		return as(role), role != ""
	}, DB: db, Clock: clk})
	planbook.Mount(g.Web, planbook.Deps{Plans: plans, Directory: dir, Views: view.New(db, led, clk, incidents, people), DB: db})
	return g
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (g *rig) do(role who.Role, r *http.Request, status int) (*http.Response, string) {
	g.t.Helper()
	r.Header.Set("X-As", string(role))
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	res := w.Result()
	body, err := io.ReadAll(res.Body)
	must(g.t, err)
	if res.StatusCode != status {
		g.t.Fatalf("%s %s as %s: %d, not %d: %s", r.Method, r.URL, role, res.StatusCode, status, body)
	}
	return res, html.UnescapeString(string(body))
}

func (g *rig) get(role who.Role, path string, status int) string {
	g.t.Helper()
	_, body := g.do(role, httptest.NewRequest(http.MethodGet, path, nil), status)
	return body
}

func (g *rig) post(role who.Role, path string, form url.Values, status int) string {
	g.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, body := g.do(role, r, status)
	return body
}

var control = regexp.MustCompile(`<(input|textarea|select)[^>]* name="([^"]+)"[^>]*>([^<]*)`)

// form reads the fields of the page's form as a browser would send them.
func (g *rig) form(role who.Role, path string) url.Values {
	g.t.Helper()
	_, raw := g.raw(role, path)
	out := url.Values{}
	for _, m := range control.FindAllStringSubmatch(raw, -1) {
		tag, name := m[0], m[2]
		switch {
		case m[1] == "textarea":
			out.Set(name, html.UnescapeString(m[3]))
		case m[1] == "select":
			at := strings.Index(raw, m[0])
			options := raw[at : at+strings.Index(raw[at:], "</select>")]
			if v := regexp.MustCompile(`value="([^"]*)" selected`).FindStringSubmatch(options); v != nil {
				out.Set(name, v[1])
			} else if v := regexp.MustCompile(`<option value="([^"]*)"`).FindStringSubmatch(options); v != nil {
				out.Set(name, v[1])
			}
		case strings.Contains(tag, `type="checkbox"`) || strings.Contains(tag, `type="radio"`):
			if strings.Contains(tag, " checked") {
				out.Set(name, regexp.MustCompile(`value="([^"]*)"`).FindStringSubmatch(tag)[1])
			}
		case strings.Contains(tag, `type="file"`):
		default:
			if v := regexp.MustCompile(`value="([^"]*)"`).FindStringSubmatch(tag); v != nil {
				out.Set(name, html.UnescapeString(v[1]))
			}
		}
	}
	out.Del("theme")
	return out
}

func (g *rig) raw(role who.Role, path string) (*http.Response, string) {
	g.t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("X-As", string(role))
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		g.t.Fatalf("%s: %d", path, w.Code)
	}
	return w.Result(), w.Body.String()
}

func has(t *testing.T, body string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(body, p) {
			t.Errorf("the page lacks %q", p)
		}
	}
}

func lacks(t *testing.T, body string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(body, p) {
			t.Errorf("the page holds %q", p)
		}
	}
}

func TestWhoSeesThePlan(t *testing.T) {
	t.Parallel()
	g := open(t)
	for _, v := range plan.Values() { // every value stands there with its label and its sentence
		has(t, g.get(who.Auditor, "/plan", http.StatusOK), v.Label, plan.Sources()[v.Field].Sentence)
	}
	body := g.get(who.Manager, "/plan", http.StatusOK)
	has(t, body, "20 minutes", "Policy 003", "Overdue", `href="/plan/edit/inside"`, "Nobody has changed it yet", "Law")
	body = g.get(who.Responder, "/plan", http.StatusOK)
	lacks(t, body, "/plan/edit", "/plan/text")
	for _, path := range []string{"/plan", "/plan/history", "/plan/versions/1", "/plan/edit/inside", "/plan/text", "/plan/plan.yaml"} {
		lacks(t, g.get(who.Reporter, path, http.StatusForbidden), "20 minutes")
	}
	for _, path := range []string{"/plan/edit/inside", "/plan/text"} {
		g.get(who.Responder, path, http.StatusForbidden)
		g.post(who.Responder, path, url.Values{"reason": {"x"}, "yaml": {"sitrep_hours: 1"}, "version": {"1"}}, http.StatusForbidden)
	}
	g.get(who.Manager, "/plan/edit/nothing", http.StatusNotFound)
	g.get(who.Manager, "/plan/versions/9", http.StatusNotFound)
}

// Each part of the plan goes through its form unchanged, and back with a change.
func TestEveryFormKeepsWhatItShows(t *testing.T) {
	t.Parallel()
	g := open(t)
	for _, sec := range []string{"inside", "outside", "calling", "levels", "roles", "circle"} {
		form := g.form(who.Manager, "/plan/edit/"+sec)
		form.Set("reason", "nothing really")
		has(t, g.post(who.Manager, "/plan/edit/"+sec, form, http.StatusConflict), "already has these values")
	}
	form := g.form(who.Manager, "/plan/edit/levels")
	form.Set("bil_criteria[9].text", "our shop stands still")
	form.Set("bil_criteria[9].bil", "2")
	form.Set("bil_criteria[9].when.customers_min", "7")
	form.Set("bil_criteria[9].when.properties.availability", "on")
	form.Set("bil_criteria[0].remove", "on")
	form.Set("severities[0].name", "all hands")
	form.Set("reason", "our own words")
	g.post(who.Manager, "/plan/edit/levels", form, http.StatusSeeOther)
	p, err := g.plans.Current(t.Context(), as(who.Manager))
	must(t, err)
	last := p.BILCriteria[len(p.BILCriteria)-1]
	if len(p.BILCriteria) != 9 || last.Text != "our shop stands still" || last.When.CustomersMin != 7 || len(last.When.Properties) != 1 || last.Own || !p.BILCriteria[0].Own || p.Severities[0].Name != "all hands" {
		t.Errorf("%+v", p.BILCriteria)
	}
	form = g.form(who.Manager, "/plan/edit/roles")
	form.Set("approvals[0].by", "legal or executive\nprivacy officer")
	form.Set("reason", "two people")
	g.post(who.Manager, "/plan/edit/roles", form, http.StatusSeeOther)
	if p, err = g.plans.Current(t.Context(), as(who.Manager)); err != nil || len(p.Approvals[0].By) != 2 || p.Approvals[0].By[1][0] != "privacy_officer" {
		t.Errorf("%+v %v", p.Approvals[0], err)
	}
}

func TestEdit(t *testing.T) {
	t.Parallel()
	g := open(t)
	_, err := g.incidents.Declare(t.Context(), who.Engine("test"), incident.Declare{Title: "Shop stands still"})
	must(t, err)
	form := g.form(who.Manager, "/plan/edit/inside")
	form.Set("sirt_minutes", "soon")
	form.Set("_form", "plan")
	body := g.post(who.Manager, "/plan/edit/inside", form, http.StatusUnprocessableEntity)
	has(t, body, `value="soon"`, "must be a whole number", `aria-invalid="true"`, `href="#plan-sirt_minutes"`)
	form.Set("sirt_minutes", "90")
	has(t, g.post(who.Manager, "/plan/edit/inside", form, http.StatusUnprocessableEntity), "ay why the plan changes", `value="90"`)
	form.Set("reason", "the night is longer")
	g.post(who.Manager, "/plan/edit/inside", form, http.StatusSeeOther)

	body = g.get(who.Manager, "/plan", http.StatusOK)
	has(t, body, "90 minutes", "Default: 60 minutes", "Gives more time than the policy", "The manager", "the night is longer", "/incidents/INC-2026-0001")
	// Somebody else edits another value of the same part from the page they had before.
	old := form
	old.Set("sirt_minutes", "60")
	old.Set("sitrep_hours", "1")
	body = g.post(who.Admin, "/plan/edit/inside", old, http.StatusConflict)
	has(t, body, "The manager saved this before you", "90 minutes", "1 hour", `name="version" value="2"`, `value="1"`)
	old.Set("version", "2")
	g.post(who.Admin, "/plan/edit/inside", old, http.StatusSeeOther)

	body = g.get(who.Auditor, "/plan/history", http.StatusOK)
	has(t, body, "Version 3", "The admin", "2 hours", "1 hour", "Version 1", "Came with the product", "1 open incident began with it")
	body = g.get(who.Auditor, "/plan/versions/2", http.StatusOK)
	has(t, body, "This is how the plan was", "90 minutes", "What has changed since", "1 hour")
	lacks(t, body, "/plan/edit")
	lacks(t, g.get(who.Admin, "/plan/history", http.StatusOK), "open incident") // sees no incident
	lacks(t, g.get(who.Admin, "/plan", http.StatusOK), "INC-2026-0001")
}

func TestText(t *testing.T) {
	t.Parallel()
	g := open(t)
	res, yaml := g.raw(who.Auditor, "/plan/plan.yaml")
	if !strings.Contains(res.Header.Get("Content-Disposition"), `filename="plan-1.yaml"`) {
		t.Error(res.Header)
	}
	if back, err := plan.ParseYAML([]byte(yaml)); err != nil || len(plan.Changed(plan.Default(), back)) > 0 {
		t.Errorf("%v %v", err, plan.Changed(plan.Default(), back))
	}
	form := url.Values{"_form": {"text"}, "_page": {"/plan/text"}, "version": {"1"}, "do": {"preview"}, "yaml": {strings.Replace(yaml, "sitrep_hours: 2", "sitrep_hours: 1", 1)}}
	body := g.post(who.Manager, "/plan/text", form, http.StatusOK)
	has(t, body, "What would change", "Situation report to the SIHT, every", "1 hour")
	lacks(t, body, "Error:", "data-errors")
	if p, err := g.plans.Current(t.Context(), as(who.Manager)); err != nil || p.Version != 1 {
		t.Fatalf("a preview stored version %d: %v", p.Version, err)
	}
	seen := regexp.MustCompile(`name="seen" value="([0-9a-f]{64})"`).FindStringSubmatch(body)
	if seen == nil {
		t.Fatal(body)
	}
	// Another text than the one that was shown is previewed again, not stored.
	form.Set("do", "store")
	form.Set("seen", seen[1])
	form.Set("reason", "every hour")
	other := url.Values{}
	for k, v := range form {
		other[k] = v
	}
	other.Set("yaml", strings.Replace(yaml, "sitrep_hours: 2", "sitrep_hours: 4", 1))
	has(t, g.post(who.Manager, "/plan/text", other, http.StatusOK), "What would change", "4 hours")
	g.post(who.Manager, "/plan/text", form, http.StatusSeeOther)
	if p, err := g.plans.Current(t.Context(), as(who.Manager)); err != nil || p.Version != 2 || p.SitrepHours != 1 {
		t.Fatalf("%+v %v", p, err)
	}
	for text, want := range map[string]string{"sitrep_hours: often": "cannot be read", "sitrep_hours: 99": "sitrep_hours must be between", "[": "cannot be read"} {
		form.Set("yaml", text)
		body := g.post(who.Manager, "/plan/text", form, http.StatusUnprocessableEntity)
		has(t, body, want, text)
	}
}
