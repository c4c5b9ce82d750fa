package contactbook_test

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/examples"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment/lawtest"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/directory/exchange"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/web/contactbook"
	"github.com/wakebell/wakebell/internal/web/page"
)

var start = time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)

// holders are who looks, by role.
var holders = map[who.Role]string{
	who.Reporter: "support-agent", who.Responder: "portal-engineer", who.Manager: "incident-manager", who.Auditor: "risk-manager", who.Admin: "it-operation",
}

func as(role who.Role) who.Identity {
	return who.Identity{Actor: holders[role], Person: holders[role], Name: string(role), Roles: []who.Role{role}}
}

type rig struct {
	*page.Web
	t   *testing.T
	dir *directory.Service
	ex  *exchange.Service
	ppl *who.Service
	db  *store.DB
}

func open(t *testing.T, demo bool) *rig {
	t.Helper()
	db, clk := storetest.Open(t, store.SQLite), clock.NewTest(start)
	led, err := record.New(t.Context(), db, clk, record.Config{}, slices.Concat(who.Kinds(), plan.Kinds(), directory.Kinds()))
	must(t, err)
	people, plans := who.New(db, led, clk), plan.New(db, led, clk)
	g := &rig{t: t, dir: directory.New(db, led, people, plans, clk), ppl: people, db: db}
	g.ex = exchange.New(db, g.dir, people)
	if demo {
		for _, f := range []string{"directory.yaml", "customers.csv", "services.yaml"} {
			text, err := examples.Demo.ReadFile("demo/" + f)
			must(t, err)
			format := exchange.FormatYAML
			if strings.HasSuffix(f, ".csv") {
				format = exchange.FormatCSV
			}
			_, err = g.ex.Import(t.Context(), who.Engine("demo"), format, text)
			must(t, err)
		}
	}
	g.Web = page.New(page.Config{SignedIn: func(r *http.Request) (who.Identity, bool) {
		role := who.Role(r.Header.Get("X-As"))
		return as(role), role != ""
	}, DB: db, Clock: clk})
	g.Show("/settings/people", func(*page.Request) (page.Page, error) { return page.Page{Title: "People"}, nil })
	contactbook.Mount(g.Web, contactbook.Deps{Directory: g.dir, Exchange: g.ex, People: people, DB: db, Book: lawtest.Shipped(t).Book})
	return g
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (g *rig) do(role who.Role, r *http.Request, status int) (to, body string) {
	g.t.Helper()
	r.Header.Set("X-As", string(role))
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	if w.Code != status {
		g.t.Fatalf("%s %s as %s: %d, not %d: %s", r.Method, r.URL, role, w.Code, status, w.Body)
	}
	return w.Header().Get("Location"), html.UnescapeString(w.Body.String())
}

func (g *rig) get(role who.Role, path string, status int) string {
	g.t.Helper()
	_, body := g.do(role, httptest.NewRequest(http.MethodGet, path, nil), status)
	return body
}

func (g *rig) post(role who.Role, path string, status int, pairs ...string) (to, body string) {
	g.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return g.do(role, r, status)
}

func (g *rig) upload(role who.Role, name, text string, status int) (to, body string) {
	g.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	must(g.t, w.WriteField("_form", "upload"))
	must(g.t, w.WriteField("_page", "/directory/import"))
	f, err := w.CreateFormFile("file", name)
	must(g.t, err)
	_, err = io.WriteString(f, text)
	must(g.t, err)
	must(g.t, w.Close())
	r := httptest.NewRequest(http.MethodPost, "/directory/import", &b)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return g.do(role, r, status)
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

var lists = []string{"people", "on-call", "teams", "services", "customers", "vendors", "authorities", "parties", "entities"}

func TestWhoSeesTheDirectory(t *testing.T) {
	t.Parallel()
	g := open(t, true)
	paths := []string{"/directory", "/directory/people/analyst", "/directory/on-call/sirt", "/directory/teams/sirt", "/directory/services/customer-portal", "/directory/parties/alpenwerk", "/directory/entities/lumenhof-gmbh"}
	for _, l := range lists {
		paths = append(paths, "/directory/"+l)
	}
	for _, p := range paths {
		body := g.get(who.Auditor, p, http.StatusOK)
		lacks(t, body, "/edit\"", "/directory/new/", "Take over", "Take out of use", "/directory/import\"", "Swap or remove")
		lacks(t, g.get(who.Reporter, p, http.StatusForbidden), "Alpenwerk", "Wiesinger")
	}
	for _, p := range []string{"/directory/new/customers", "/directory/parties/alpenwerk/edit", "/directory/import"} {
		g.get(who.Auditor, p, http.StatusForbidden)
		has(t, g.get(who.Manager, p, http.StatusOK), "<form")
	}
	for _, p := range []string{
		"/directory/new/customers", "/directory/parties/alpenwerk/edit", "/directory/parties/alpenwerk/retire", "/directory/parties/alpenwerk/restore",
		"/directory/on-call/sirt/take", "/directory/on-call/sirt/add", "/directory/on-call/sirt/change", "/directory/import", "/directory/import/x",
	} {
		g.post(who.Responder, p, http.StatusForbidden, "version", "1", "id", "new-one", "name", "x", "reason", "x", "until", strconv.FormatInt(start.Add(time.Hour).UnixMicro(), 10))
	}
	for _, p := range []string{"/directory/customers.csv", "/directory/directory.yaml", "/directory/template.csv"} {
		lacks(t, g.get(who.Reporter, p, http.StatusForbidden), "alpenwerk")
		g.get(who.Responder, p, http.StatusOK)
	}
	has(t, g.get(who.Admin, "/directory/people/analyst", http.StatusOK), `href="/settings/people/analyst"`)
	lacks(t, g.get(who.Manager, "/directory/people/analyst", http.StatusOK), "/settings/people/analyst")
	for _, p := range []string{"/directory/teams/none", "/directory/people/none", "/directory/new/none", "/directory/customers?kind=vendor", "/directory/import/none"} {
		g.get(who.Manager, p, http.StatusNotFound)
	}
}

// An address that calls are posted to is a secret of whoever keeps the directory.
func TestWebhook(t *testing.T) {
	t.Parallel()
	g := open(t, true)
	p, err := g.ppl.Person(t.Context(), who.Engine("test"), "analyst")
	must(t, err)
	p.Webhook = "https://hook.example/secret-path"
	_, err = g.ppl.UpdatePerson(t.Context(), who.Engine("test"), p, 0)
	must(t, err)
	has(t, g.get(who.Manager, "/directory/people/analyst", http.StatusOK), "secret-path")
	has(t, g.get(who.Manager, "/directory/directory.yaml", http.StatusOK), "secret-path")
	for _, path := range []string{"/directory/people/analyst", "/directory/directory.yaml", "/directory/people"} {
		lacks(t, g.get(who.Auditor, path, http.StatusOK), "secret-path")
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	empty := open(t, false)
	for _, l := range lists {
		has(t, empty.get(who.Manager, "/directory/"+l, http.StatusOK), "appear here")
	}
	has(t, empty.get(who.Manager, "/directory/customers", http.StatusOK), `href="/directory/new/customers"`)
	g := open(t, true)
	for path, want := range map[string]string{
		"people": "Jonas Wiesinger", "teams": "Security incident response team", "services": "Customer portal", "customers": "12 hours from when we are aware",
		"authorities": "Online form", "entities": "controller and processor", "parties": "Group of employees", "on-call": "without an end",
		"customers?q=carla": "Alpenwerk AG", "customers?q=DPA+section+7": "Alpenwerk AG", "people?q=wIeS": "Jonas Wiesinger", "teams?kind=sirt": "Security incident response team",
	} {
		has(t, g.get(who.Responder, "/directory/"+path, http.StatusOK), want)
	}
	lacks(t, g.get(who.Responder, "/directory/customers?q=carla", http.StatusOK), "Borealis")
	lacks(t, g.get(who.Responder, "/directory/people?q=wies", http.StatusOK), "Tomasz")
	has(t, g.get(who.Responder, "/directory/customers?q=zzz", http.StatusOK), "Nothing matches", "Show all")
	has(t, g.get(who.Responder, "/directory/people?q=%25", http.StatusOK), "Nobody matches")
}

// Ten thousand parties are paged by key, with words and without.
func TestManyParties(t *testing.T) {
	t.Parallel()
	g := open(t, false)
	var b strings.Builder
	b.WriteString("id,name,country\n")
	const n = 10_000
	for i := range n {
		fmt.Fprintf(&b, "c-%05d,Customer %05d,DE\n", i, i)
	}
	_, err := g.ex.Import(t.Context(), who.Engine("test"), exchange.FormatCSV, []byte(b.String()))
	must(t, err)
	for _, first := range []string{"/directory/customers?q=CUSTOMER+001", "/directory/customers"} {
		seen, path := map[string]bool{}, first
		for pages := 0; path != "" && pages < 3; pages++ {
			body := g.get(who.Responder, path, http.StatusOK)
			rows := regexp.MustCompile(`id="p-(c-\d+)"`).FindAllStringSubmatch(body, -1)
			if len(rows) == 0 {
				t.Fatalf("%s: no rows", path)
			}
			for _, r := range rows {
				if seen[r[1]] {
					t.Errorf("%s stands on two pages", r[1])
				}
				seen[r[1]] = true
			}
			path = ""
			if m := regexp.MustCompile(`href="([^"]+)" data-more`).FindStringSubmatch(body); m != nil {
				path = m[1]
			}
		}
		if want := map[bool]int{true: 120, false: 150}[strings.Contains(first, "q=")]; len(seen) != want {
			t.Errorf("%s: %d rows, not %d", first, len(seen), want)
		}
	}
	has(t, g.get(who.Manager, "/directory", http.StatusOK), "Cannot be reached", "And 9792 more")
}

func customer(pairs ...string) []string {
	return append([]string{"_form", "item", "rows", "4", "kind", "customer", "country", "DE", "contract.hours", "", "contract.start", "discovered", "contract.condition", "any"}, pairs...)
}

func TestItem(t *testing.T) {
	t.Parallel()
	g := open(t, true)
	_, body := g.post(who.Manager, "/directory/new/customers", http.StatusUnprocessableEntity, append(customer(), "_page", "/directory/new/customers",
		"id", "new-one", "name", "New One", "contract.hours", "soon", "contacts[2].email", "me@example.com")...)
	has(t, body, "must be a whole number") // refused by the screen, with what was typed
	// Row three of the form is the first contact: its error stands at row three.
	_, body = g.post(who.Manager, "/directory/new/customers", http.StatusUnprocessableEntity, append(customer(), "_page", "/directory/new/customers",
		"id", "new-one", "name", "New One", "contacts[2].email", "no address", "contacts[2].name", "Me")...)
	has(t, body, `href="#item-contacts[2].email"`, `value="no address"`, `value="New One"`)
	to, _ := g.post(who.Manager, "/directory/new/customers", http.StatusSeeOther, append(customer(),
		"id", "new-one", "name", "New One", "contacts[2].email", "me@example.com", "contacts[0].name", "First", "liaison", "analyst")...)
	if to != "/directory/parties/new-one" {
		t.Fatal(to)
	}
	_, body = g.post(who.Manager, "/directory/new/customers", http.StatusConflict, append(customer(), "_page", "/directory/new/customers", "id", "new-one", "name", "Again")...)
	has(t, body, "is taken", `value="Again"`)
	edit := to + "/edit"
	p, err := g.dir.Party(t.Context(), as(who.Manager), "new-one")
	must(t, err)
	if p.Contract != nil || len(p.Contacts) != 2 || p.Contacts[0].Name != "First" || p.Liaison != "analyst" {
		t.Errorf("%+v", p)
	}
	g.post(who.Manager, edit, http.StatusSeeOther, append(customer(), "version", "1", "name", "New One", "contract.hours", "6", "contract.clause", "MSA 9", "contacts[0].name", "First",
		"contract.format", "portal", "contract.format_words", "Their supplier portal", "contract.contact", "first")...)
	has(t, g.get(who.Manager, strings.TrimSuffix(edit, "/edit"), http.StatusOK), "in their portal: Their supplier portal", "Notices go to", "any incident, a suspected one too")
	if _, body := g.post(who.Manager, edit, http.StatusUnprocessableEntity, append(customer(), "version", "2", "name", "New One", "contract.hours", "6", "contract.contact", "Nobody")...); !strings.Contains(body, "none of the party") {
		t.Error("a contact that does not exist is not refused in words")
	}
	_, body = g.post(who.Admin, edit, http.StatusConflict, append(customer(), "_page", edit, "version", "1", "name", "Newer One", "contacts[0].name", "First")...)
	has(t, body, "Jonas Wiesinger saved this before you", "MSA 9", `value="Newer One"`, `name="version" value="2"`)
	body = g.get(who.Auditor, to, http.StatusOK)
	has(t, body, "6 hours from discovery", "MSA 9", "me@example.com", "version 2", "Contract")
	// Out of use, and back again.
	g.post(who.Manager, to+"/retire", http.StatusUnprocessableEntity, "_form", "retire", "_page", to, "version", "2")
	g.post(who.Manager, to+"/retire", http.StatusSeeOther, "version", "2", "reason", "has left us")
	has(t, g.get(who.Manager, to, http.StatusOK), "Out of use", "Bring it back", "has left us")
	lacks(t, g.get(who.Manager, "/directory/customers", http.StatusOK), "New One")
	has(t, g.get(who.Manager, "/directory/customers?retired=on", http.StatusOK), "New One")
	g.post(who.Manager, to+"/restore", http.StatusSeeOther, "version", "3")
	has(t, g.get(who.Manager, to, http.StatusOK), "Brought back", "Take out of use")
	_, body = g.post(who.Manager, "/directory/teams/portal/retire", http.StatusConflict, "_form", "retire", "_page", "/directory/teams/portal", "version", "1", "reason", "no more")
	has(t, body, "Still used by")
}

// What the form of a kind does not ask stays as it is.
func TestEditKeepsTheRest(t *testing.T) {
	t.Parallel()
	g := open(t, true)
	before, err := g.dir.ITService(t.Context(), as(who.Manager), "customer-portal")
	must(t, err)
	body := g.get(who.Manager, "/directory/services/customer-portal/edit", http.StatusOK)
	has(t, body, "Alpenwerk AG (alpenwerk)")
	g.post(who.Manager, "/directory/services/customer-portal/edit", http.StatusSeeOther, "version", "1", "name", "Portal of customers", "team", before.Team,
		"architect", before.Architect, "entity", before.Entity, "processing", before.Processing, "customers", "Alpenwerk AG\nborealis-health\nFjord Insurance AS (fjord-insurance)")
	v, err := g.dir.ITService(t.Context(), as(who.Manager), "customer-portal")
	must(t, err)
	if !slices.Equal(v.Customers, []string{"alpenwerk", "borealis-health", "fjord-insurance"}) || v.Name != "Portal of customers" {
		t.Errorf("%+v", v)
	}
	_, body = g.post(who.Manager, "/directory/services/customer-portal/edit", http.StatusUnprocessableEntity, "_form", "item", "_page", "/directory/services/customer-portal/edit",
		"version", "2", "name", "x", "team", before.Team, "customers", "alpenwerk\nNobody Knows")
	has(t, body, `href="#item-customers"`, "Nobody Knows")
	team, err := g.dir.Team(t.Context(), as(who.Manager), "sirt")
	must(t, err)
	g.post(who.Manager, "/directory/teams/sirt/edit", http.StatusSeeOther, "version", "1", "rows", "3", "name", "SIRT", "kind", "sirt",
		"members[0].person", "incident-manager", "members[0].lead", "on", "members[2].person", "analyst")
	now, err := g.dir.Team(t.Context(), as(who.Manager), "sirt")
	must(t, err)
	if len(now.OnCall) != len(team.OnCall) || len(now.Members) != 2 || !now.Members[0].Lead {
		t.Errorf("%+v", now)
	}
	authority, err := g.dir.Party(t.Context(), as(who.Manager), "dpc")
	must(t, err)
	g.post(who.Manager, "/directory/parties/dpc/edit", http.StatusSeeOther, "version", "1", "rows", "1", "kind", "authority", "name", "The Commission", "country", "IE", "form", authority.Form)
	p, err := g.dir.Party(t.Context(), as(who.Manager), "dpc")
	if err != nil || p.PersonalDataRole != authority.PersonalDataRole || p.Form != authority.Form || p.Name != "The Commission" {
		t.Errorf("%+v %v", p, err)
	}
	e, err := g.dir.Entity(t.Context(), as(who.Manager), "lumenhof-gmbh")
	must(t, err)
	g.post(who.Manager, "/directory/entities/lumenhof-gmbh/edit", http.StatusSeeOther, "version", "1", "rows", "2", "name", e.Name, "country", "de", "authority", "",
		"privacy_officer", "Ruth Nakamura", "processings[0].name", "Customer planning data", "processings[0].role", "processor", "processings[1].name", "Employees", "processings[1].role", "controller")
	has(t, g.get(who.Auditor, "/directory/entities/lumenhof-gmbh", http.StatusOK), "Name the authority this entity files with", "Ruth Nakamura")
}

func TestOnCall(t *testing.T) {
	t.Parallel()
	g := open(t, true)
	until := start.Add(4 * time.Hour)
	micro := func(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 10) }
	body := g.get(who.Manager, "/directory/on-call/portal", http.StatusOK)
	has(t, body, "Felix Stadler", "without an end", `value="`+micro(until)+`"`, "not in the team")
	g.post(who.Manager, "/directory/on-call/portal/take", http.StatusSeeOther, "version", "1", "person", "portal-lead", "until", micro(until))
	body = g.get(who.Auditor, "/directory/on-call", http.StatusOK)
	has(t, body, "Amara Diallo", "until 21 Nov 2026 18:00")
	g.post(who.Manager, "/directory/on-call/portal/take", http.StatusUnprocessableEntity, "_form", "take", "_page", "/directory/on-call/portal", "version", "2", "until", micro(start.Add(-time.Hour)))
	// Without the old shift there is a gap after the taken one.
	g.post(who.Manager, "/directory/on-call/portal/change", http.StatusSeeOther, "version", "2", "shift", "1", "do", "remove")
	body = g.get(who.Auditor, "/directory/on-call/portal", http.StatusOK)
	has(t, body, "Nobody from 21 Nov 2026 18:00")
	_, body = g.post(who.Manager, "/directory/on-call/portal/change", http.StatusConflict, "_form", "shift.0", "_page", "/directory/on-call/portal", "version", "2", "shift", "0", "do", "swap", "person", "portal-engineer")
	has(t, body, "Somebody changed this list before you")
	g.post(who.Manager, "/directory/on-call/portal/change", http.StatusSeeOther, "version", "3", "shift", "0", "do", "swap", "person", "portal-engineer")
	_, body = g.post(who.Manager, "/directory/on-call/portal/add", http.StatusUnprocessableEntity, "_form", "add", "_page", "/directory/on-call/portal", "version", "4", "person", "portal-lead", "from", "2026-11-23T08:00", "until", "2026-11-22T08:00")
	has(t, body, `href="#add-until"`, "must lie after from")
	g.post(who.Manager, "/directory/on-call/portal/add", http.StatusSeeOther, "version", "4", "person", "portal-lead", "from", "2026-11-21T18:00", "until", "")
	team, err := g.dir.Team(t.Context(), as(who.Manager), "portal")
	must(t, err)
	if len(team.OnCall) != 2 || team.OnCall[0].Person != "portal-lead" || team.OnCall[1].Person != "portal-engineer" {
		t.Errorf("%+v", team.OnCall)
	}
	has(t, g.get(who.Auditor, "/directory/people/portal-lead", http.StatusOK), "21 Nov 2026 18:00", "without an end")
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	g := open(t, false)
	has(t, g.get(who.Auditor, "/directory", http.StatusOK), "Nobody has it", "Lead of the SIRT", "Add a team of the kind product", "Policy 003")
	demo := open(t, true)
	has(t, demo.get(who.Auditor, "/directory", http.StatusOK), "3 gaps to close", "4 of 4 teams have somebody on call now", `href="/plan"`)
	has(t, demo.get(who.Manager, "/directory", http.StatusOK), `href="/plan/edit/circle"`)
}

func TestImport(t *testing.T) {
	t.Parallel()
	g := open(t, true)
	const table = "id,name,country,contract_hours,contact_email\nalpenwerk,Alpenwerk AG,DE,6,security@alpenwerk.example\nnova,Nova Ltd,IE,,x@nova.example\nborealis-health,Borealis Health AB,SE,24,\n"
	to, _ := g.upload(who.Manager, "customers.csv", table, http.StatusSeeOther)
	body := g.get(who.Manager, to, http.StatusOK)
	has(t, body, "1 added, 2 changed, 0 unchanged", "Nova Ltd", "12 hours from when we are aware", "6 hours from when we are aware", "customers.csv", "All of it is stored in one step")
	if _, err := g.dir.Party(t.Context(), as(who.Manager), "nova"); err == nil {
		t.Fatal("a preview stored something")
	}
	g.get(who.Admin, to, http.StatusNotFound) // another person's file
	seen := regexp.MustCompile(`name="seen" value="([0-9a-f]{64})"`).FindStringSubmatch(body)[1]
	// Somebody changes a customer after the preview: nothing is imported that was not seen.
	p, err := g.dir.Party(t.Context(), as(who.Admin), "alpenwerk")
	must(t, err)
	p.Language = "de-AT"
	_, err = g.dir.PutParty(t.Context(), as(who.Admin), p, p.Version)
	must(t, err)
	_, body = g.post(who.Manager, to, http.StatusConflict, "_form", "import", "_page", to, "seen", seen)
	has(t, body, "was changed since this preview")
	fresh := regexp.MustCompile(`name="seen" value="([0-9a-f]{64})"`).FindStringSubmatch(body)[1]
	g.post(who.Manager, to, http.StatusSeeOther, "seen", fresh)
	g.post(who.Manager, to, http.StatusSeeOther, "seen", fresh) // pressed twice
	has(t, g.get(who.Manager, to, http.StatusOK), "is imported", "1 added, 2 changed")
	if p, err := g.dir.Party(t.Context(), as(who.Manager), "alpenwerk"); err != nil || p.Contract.Hours != 6 || p.Language != "de-AT" {
		t.Errorf("%+v %v", p, err)
	}

	to, _ = g.upload(who.Manager, "bad.csv", "id,name,country,contract_hours\nok-one,Fine,DE,\nbad id,Second,DE,\nthird,Third,Germany,many\n", http.StatusSeeOther)
	body = g.get(who.Manager, to, http.StatusOK)
	has(t, body, "Nothing would be imported", "Line 3", "Line 4", "country", "must be two capital letters", "contract_hours", to+"/errors.csv")
	lacks(t, body, `name="seen"`)
	has(t, g.get(who.Manager, to+"/errors.csv", http.StatusOK), "line,column,what_is_wrong", "4,country")
	g.post(who.Manager, to, http.StatusUnprocessableEntity, "_form", "import", "_page", to, "seen", fresh)
	if _, err := g.dir.Party(t.Context(), as(who.Manager), "ok-one"); err == nil {
		t.Error("half a file was imported")
	}
	for name, text := range map[string]string{"x.txt": "id,name\n", "empty.csv": " \n", "big.csv": "id,name\n" + strings.Repeat("x", exchange.MaxFile)} {
		_, body := g.upload(who.Manager, name, text, http.StatusUnprocessableEntity)
		has(t, body, `href="#upload-file"`)
	}
	has(t, g.get(who.Manager, "/directory/customers.csv", http.StatusOK), "alpenwerk,Alpenwerk AG,DE,de-AT,lumenhof-gmbh,6,aware", "contact_role")
	to, _ = g.upload(who.Manager, "again.csv", g.get(who.Manager, "/directory/customers.csv", http.StatusOK), http.StatusSeeOther)
	has(t, g.get(who.Manager, to, http.StatusOK), "0 added, 0 changed", "there is nothing to import")
}

// TestWhatAnEntityIs: yes, no and not known in the words of the packs, and the zone, beside what the other form edits.
func TestWhatAnEntityIs(t *testing.T) {
	t.Parallel()
	g := open(t, true)
	const page, path = "/directory/entities/lumenhof-gmbh", "/directory/entities/lumenhof-gmbh/law"
	body := g.get(who.Responder, page, http.StatusOK)
	has(t, body, "In the eyes of the law", "an important entity under NIS2", "Europe/Berlin")
	if strings.Contains(body, "Say what it is") {
		t.Error("who may not edit is offered it")
	}
	g.get(who.Responder, path, http.StatusForbidden)
	g.post(who.Responder, path, http.StatusForbidden, "_form", "law", "_page", path)
	has(t, g.get(who.Admin, page, http.StatusOK), "Say what it is", `href="`+path)

	form := g.get(who.Admin, path+"?kind=us_bank", http.StatusOK)
	has(t, form, "Is it an important entity under NIS2", "An important entity under NIS2. ", "rules ask for it", "European Union: ", "United States: ", `id="law-is.us_bank"`, `name="is.important_entity" value="yes" checked`)
	for _, no := range []string{`name="is.controller"`, `name="is.processor"`} {
		if strings.Contains(form, no) {
			t.Errorf("%s is asked, though it follows from the processings", no)
		}
	}
	before, err := g.dir.Entity(t.Context(), as(who.Admin), "lumenhof-gmbh")
	must(t, err)
	version := strconv.Itoa(before.Version)
	save := func(status int, pairs ...string) string {
		t.Helper()
		_, body := g.post(who.Admin, path, status, append([]string{"_form", "law", "_page", path, "version", version}, pairs...)...)
		return body
	}
	has(t, save(http.StatusUnprocessableEntity, "zone", "Europe/Nowhere"), "is not a time zone")
	has(t, save(http.StatusUnprocessableEntity, "zone", "Europe/Vienna", "is.financial_entity", "perhaps"), "yes, no or not known", `value="Europe/Vienna"`)
	save(http.StatusSeeOther, "zone", "Europe/Vienna", "is.financial_entity", "yes", "is.important_entity", "unknown", "is.us_bank", "no")
	e, err := g.dir.Entity(t.Context(), as(who.Admin), "lumenhof-gmbh")
	must(t, err)
	is, known := e.Kinds["important_entity"]
	if !e.Kinds["financial_entity"] || is || known || e.Zone != "Europe/Vienna" || len(e.Processings) != 2 || len(e.Kinds) != len(before.Kinds)-1 {
		t.Errorf("saved: %+v", e)
	}
	if no, said := e.Kinds["us_bank"]; no || !said {
		t.Error("a no is not the same as not known")
	}
	has(t, save(http.StatusConflict, "zone", "Europe/Rome"), "saved this before you", "Europe/Vienna")
	has(t, g.get(who.Admin, page, http.StatusOK), "a financial entity under DORA", "important entity", "Europe/Vienna")
	// The other form leaves what stands here.
	v := strconv.Itoa(e.Version)
	g.post(who.Admin, page+"/edit", http.StatusSeeOther, "_form", "item", "_page", page+"/edit", "version", v, "name", "Lumenhof", "country", "DE")
	after, err := g.dir.Entity(t.Context(), as(who.Admin), "lumenhof-gmbh")
	must(t, err)
	if after.Zone != e.Zone || len(after.Kinds) != len(e.Kinds) || after.Name != "Lumenhof" {
		t.Errorf("after the other form: %+v", after)
	}
}
