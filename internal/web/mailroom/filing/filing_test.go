package filing_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/examples"
	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment/lawtest"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/notify/notice/form"
	"github.com/wakebell/wakebell/internal/notify/notice/form/filing"
	"github.com/wakebell/wakebell/internal/notify/notice/form/pack"
	"github.com/wakebell/wakebell/internal/notify/notice/form/prefill"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/directory/exchange"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	screen "github.com/wakebell/wakebell/internal/web/mailroom/filing"
	"github.com/wakebell/wakebell/internal/web/page"
)

var start = time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)

// rig is the screens in the demo company, with an incident that wants a form.
type rig struct {
	*page.Web
	t       *testing.T
	people  *who.Service
	db      *store.DB
	filings *filing.Service
	ref     string
	duty    string
}

func (g *rig) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

func open(t *testing.T) *rig {
	t.Helper()
	db := storetest.Open(t, store.SQLite)
	clk := clock.NewTest(start)
	g := &rig{t: t, db: db}
	kinds := slices.Concat(who.Kinds(), plan.Kinds(), directory.Kinds(), incident.Kinds(), file.Kinds(), duty.Kinds(), filing.Kinds())
	led, err := record.New(t.Context(), db, clk, record.Config{}, kinds)
	g.must(err)
	g.people = who.New(db, led, clk)
	plans := plan.New(db, led, clk)
	dirs := directory.New(db, led, g.people, plans, clk)
	jobs := job.New(db, clk, slog.New(slog.DiscardHandler), job.Config{})
	inc := incident.New(db, led, clk, plans, dirs, g.people)
	law := lawtest.Shipped(t)
	duties := duty.New(db, led, clk, plans, dirs, inc, jobs, law)
	inc.Observe(duties.OnIncident)
	blobs, err := blob.New(blob.Config{Dir: t.TempDir(), Max: 1 << 20})
	g.must(err)
	book, err := form.Load(prefill.Names(), form.Source{FS: pack.Files})
	g.must(err)
	g.filings = filing.New(db, led, clk, plans, dirs, inc, duties, file.New(db, led, inc, jobs, blobs), law, book)
	ex := exchange.New(db, dirs, g.people)
	for name, format := range map[string]exchange.Format{"directory.yaml": exchange.FormatYAML} {
		text, err := examples.Demo.ReadFile("demo/" + name)
		g.must(err)
		_, err = ex.Import(t.Context(), who.Engine("test"), format, text)
		g.must(err)
	}
	g.Web = page.New(page.Config{SignedIn: g.signedIn, SignIn: "/sign-in", People: g.people, DB: db, Clock: clk, Log: slog.New(slog.DiscardHandler)})
	screen.Mount(g.Web, screen.Deps{Filings: g.filings, Incidents: inc, Directory: dirs, DB: db})

	by := g.as("incident-manager")
	st, err := inc.Declare(t.Context(), by, incident.Declare{Title: "Personnel <b>files</b> open", DiscoveredAt: start})
	g.must(err)
	g.ref = st.Ref
	for name, value := range map[string]string{
		"personal_data": `"yes"`, "scope": `{"entities":["lumenhof-gmbh"],"processings":["Employees"],"persons":[{"country":"DE","min":38,"estimate":38,"max":38}]}`,
	} {
		_, err := inc.Execute(t.Context(), by, st.Ref, &incident.RecordFact{Fact: incident.FactName(name), Value: []byte(value)}, 0)
		g.must(err)
	}
	wants, err := g.filings.Wanted(t.Context(), by, st.Ref)
	g.must(err)
	g.duty = wants[0].Duty.ID
	return g
}

// signedIn trusts a header: sign-in has tests of its own.
func (g *rig) signedIn(r *http.Request) (who.Identity, bool) {
	id := r.Header.Get("X-Test-Person")
	return g.as(id), id != ""
}

func (g *rig) as(id string) who.Identity {
	if id == "" {
		return who.Identity{}
	}
	p, err := g.people.PersonTx(g.t.Context(), g.db, id)
	g.must(err)
	return who.Identity{Actor: p.ID, Person: p.ID, Name: p.Name, Roles: p.Roles}
}

func (g *rig) get(as, path string) (int, string) {
	g.t.Helper()
	r := httptest.NewRequestWithContext(g.t.Context(), http.MethodGet, path, nil)
	r.Header.Set("X-Test-Person", as)
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func (g *rig) post(as, path, name string, values url.Values) (int, string) {
	g.t.Helper()
	values.Set("_form", name)
	values.Set("_key", name+path+values.Encode())
	values.Set("_page", "/incidents/"+g.ref+"/filings")
	r := httptest.NewRequestWithContext(g.t.Context(), http.MethodPost, path, strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Test-Person", as)
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w.Code, w.Body.String() + w.Header().Get("Location")
}

func (g *rig) path(below string) string { return "/incidents/" + g.ref + "/filings" + below }

func has(t *testing.T, where, body string, want ...string) {
	t.Helper()
	for _, w := range want {
		no, absent := strings.CutPrefix(w, "!")
		if strings.Contains(body, no) == absent {
			t.Errorf("%s: %q", where, w)
		}
	}
}

// What each role sees and may press: those who file, those who approve, those who read, nobody else.
func TestRoles(t *testing.T) {
	t.Parallel()
	g := open(t)
	for role, c := range map[string]struct {
		code int
		want []string
	}{
		"incident-manager": {200, []string{"Notify", "EDPB template", "Fill it in from the record"}},
		"counsel":          {200, []string{"Fill it in from the record"}},
		"analyst":          {200, []string{"Notify", "!Fill it in from the record"}},
		"key-account-1":    {200, []string{"!Fill it in from the record"}},
		"support-agent":    {403, []string{"!BayLDA", "!EDPB"}},
	} {
		code, body := g.get(role, g.path(""))
		if code != c.code {
			t.Errorf("%s: %d", role, code)
		}
		has(t, role, body, c.want...)
	}
	if code, body := g.post("analyst", g.path("/start"), "start."+g.duty, url.Values{"duty": {g.duty}}); code != 403 {
		t.Errorf("an analyst begins a filing: %d %.200s", code, body)
	}
	if code, loc := g.post("incident-manager", g.path("/start"), "start."+g.duty, url.Values{"duty": {g.duty}, "form": {"edpb-2026-draft|new"}}); code != 303 || !strings.HasSuffix(loc, "/filings/1") {
		t.Fatalf("begin: %d %s", code, loc)
	}
	for role, c := range map[string]struct {
		code int
		want []string
	}{
		"incident-manager": {200, []string{"Save and go on", "Hand in for approval", "From the record: our legal entity that files", "!<b>files</b>"}},
		"chief-executive":  {200, []string{"!Save and go on", "!Hand in for approval", "Lumenhof GmbH"}},
		"analyst":          {200, []string{"!Save and go on", "!Hand in for approval"}},
		"support-agent":    {403, []string{"!Lumenhof GmbH"}},
	} {
		code, body := g.get(role, g.path("/1"))
		if code != c.code {
			t.Errorf("%s: %d", role, code)
		}
		has(t, role, body, c.want...)
	}
	for _, p := range []string{"/1/copy", "/1/print", "/1/versions", "/1/form.pdf", "/1/form.json"} {
		for role, want := range map[string]int{"analyst": 200, "support-agent": 403, "": 303} {
			if code, _ := g.get(role, g.path(p)); code != want {
				t.Errorf("%s as %q: %d", p, role, code)
			}
		}
	}
	for _, p := range []string{"/9", "/x", "/1x/copy", "/0/form.pdf"} {
		if code, _ := g.get("incident-manager", g.path(p)); code != 404 {
			t.Errorf("%s: %d", p, code)
		}
	}
}

// Filling in keeps what was typed when something is wrong, and goes on to what is missing.
func TestFill(t *testing.T) {
	t.Parallel()
	g := open(t)
	g.post("incident-manager", g.path("/start"), "start."+g.duty, url.Values{"duty": {g.duty}})
	save := func(section string, more url.Values) (int, string) {
		v := url.Values{"version": {"1"}, "section": {section}}
		for k, x := range more {
			v[k] = x
		}
		return g.post("incident-manager", g.path("/1/save"), "answers."+section, v)
	}
	code, body := save("3.3", url.Values{"a-68": {"many"}, "a-66": {"Staff of <i>all</i> sites"}, "a-67": {"a"}, "a-65.b": {"on"}})
	if code != 422 {
		t.Errorf("a wrong number: %d", code)
	}
	has(t, "refused", body, "takes a whole number", "Staff of &lt;i&gt;all&lt;/i&gt; sites", "checked")
	code, loc := save("3.3", url.Values{"a-68": {"40"}, "a-66": {"Staff"}, "a-67": {"a"}, "a-65.b": {"on"}})
	if code != 303 || strings.HasSuffix(loc, "section=3.3") {
		t.Errorf("saved: %d %s", code, loc)
	}
	f, err := g.filings.Get(t.Context(), g.as("analyst"), g.ref, 1)
	g.must(err)
	v, err := g.filings.Newest(t.Context(), g.as("analyst"), f)
	g.must(err)
	if a := v.Answers; a["68"].Text != "40" || a["68"].Source != "" || !slices.Equal(a["65"].List, []string{"b"}) || a["67"].Source == "" {
		t.Errorf("answers %+v", a)
	}
	// Somebody else saved the same question meanwhile: both texts, nothing lost.
	code, body = save("3.3", url.Values{"a-68": {"41"}, "a-66": {"Mine"}, "a-67": {"a"}, "a-65.b": {"on"}})
	if code != 409 {
		t.Errorf("a stale save: %d", code)
	}
	has(t, "conflict", body, "saved this before you", "Mine", "Staff", `value="41"`)
	code, body = g.post("incident-manager", g.path("/1/submit"), "submit", url.Values{})
	if code != 422 {
		t.Errorf("incomplete: %d", code)
	}
	has(t, "incomplete", body, "The form is not complete", "4 Sub-type of notification")
	_, body = g.get("analyst", g.path("/1/versions"))
	has(t, "versions", body, "68 Number of data subjects", "38 → 40", "Filled in from the record")
	_, body = g.get("analyst", g.path("/1/copy"))
	has(t, "copy", body, "readonly", `data-copy="40"`, "Copy 68", "!q_outside_eea")
	_, body = g.get("analyst", g.path("/1/print"))
	has(t, "print", body, "CC BY 4.0", "form.pdf")
	if code, loc := g.post("incident-manager", g.path("/1/discard"), "discard", url.Values{"why": {"begun twice"}}); code != 303 || !strings.HasSuffix(loc, "/filings") {
		t.Errorf("discard: %d %s", code, loc)
	}
	_, body = g.get("incident-manager", g.path(""))
	has(t, "list", body, "Discarded", "Fill it in from the record")
}
