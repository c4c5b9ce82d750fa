package find_test

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/find"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	screen "github.com/wakebell/wakebell/internal/web/find"
	"github.com/wakebell/wakebell/internal/web/page"
)

var start = time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)

// rig is the screen over real rooms.
type rig struct {
	*page.Web
	t      *testing.T
	clk    *clock.Clock
	people *who.Service
	in     *intake.Service
	inc    *incident.Service
	find   *find.Service
}

func open(t *testing.T, db *store.DB) *rig {
	t.Helper()
	g := &rig{t: t, clk: clock.NewTest(start)}
	var kinds []record.Kind
	for _, k := range [][]record.Kind{who.Kinds(), plan.Kinds(), directory.Kinds(), intake.Kinds(), incident.Kinds()} {
		kinds = append(kinds, k...)
	}
	led, err := record.New(t.Context(), db, g.clk, record.Config{}, kinds)
	g.must(err)
	g.people = who.New(db, led, g.clk)
	plans := plan.New(db, led, g.clk)
	dirs := directory.New(db, led, g.people, plans, g.clk)
	g.in = intake.New(db, led, g.clk, plans, dirs)
	g.inc = incident.New(db, led, g.clk, plans, dirs, g.people)
	views := view.New(db, led, g.clk, g.inc, g.people)
	g.find = find.New(db, views, g.in, g.people)
	for _, p := range []string{"ann", "rex", "ida"} {
		_, err := g.people.CreatePerson(t.Context(), who.Engine("test"), who.Person{
			ID: p, Name: strings.ToUpper(p[:1]) + p[1:] + " Zebra", Email: p + "@lumenhof.example", Function: "Keeper", Roles: []who.Role{who.Reporter}, Active: p != "ida",
		})
		g.must(err)
	}
	g.Web = page.New(page.Config{SignedIn: func(r *http.Request) (who.Identity, bool) {
		role := who.Role(r.Header.Get("X-As"))
		return as(role), role != ""
	}, People: g.people, DB: db, Clock: g.clk})
	screen.Mount(g.Web, screen.Deps{Find: g.find, Views: views})
	return g
}

func as(role who.Role) who.Identity {
	person := "ann"
	if role == who.Reporter {
		person = "rex"
	}
	return who.Identity{Actor: person, Person: person, Roles: []who.Role{role}}
}

func (g *rig) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

// fill puts the word zebra everywhere: two incidents with what was said, two reports, an alert.
func (g *rig) fill() (first, second incident.State, own, other string) {
	g.t.Helper()
	ctx, by := g.t.Context(), as(who.Manager)
	first, err := g.inc.Declare(ctx, by, incident.Declare{Title: "Zebra <b>leak</b>", Summary: "seen at srv-1.zebra.example & elsewhere", DiscoveredAt: g.clk.Now(), Nature: incident.Security})
	g.must(err)
	second, err = g.inc.Declare(ctx, by, incident.Declare{Title: "Exercise", Kind: incident.Drill, DiscoveredAt: g.clk.Now(), Nature: incident.Security})
	g.must(err)
	say := func(ref string, c incident.Command) {
		_, err := g.inc.Execute(ctx, by, ref, c, 0)
		g.must(err)
		g.must(g.clk.Advance(time.Second))
	}
	say(first.ID, &incident.Note{Text: "The oldest word on the zebra <script>"})
	for i := range 45 {
		say(first.ID, &incident.Note{Text: fmt.Sprintf("step%d", i)})
	}
	sev, bil := 2, 2
	say(first.ID, &incident.Grade{Severity: &sev, BIL: &bil, Reason: "the zebra is large"})
	say(second.ID, &incident.Note{Text: "a paper zebra"})
	report := func(person, title string) string {
		s, err := g.in.Report(ctx, who.Identity{Actor: person, Person: person, Roles: []who.Role{who.Reporter}}, intake.ReportInput{Title: title, DiscoveredAt: g.clk.Now()})
		g.must(err)
		return s.ID
	}
	return first, second, report("rex", "Rex saw a zebra"), report("ida", "Ida saw a zebra")
}

func (g *rig) get(role who.Role, path string, status int, headers ...string) string {
	g.t.Helper()
	r := httptest.NewRequestWithContext(g.t.Context(), http.MethodGet, path, nil)
	r.Header.Set("X-As", string(role))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	g.must(err)
	if w.Code != status {
		g.t.Fatalf("%s as %s: %d, want %d: %.600s", path, role, w.Code, status, body)
	}
	return string(body)
}

func (g *rig) has(body string, parts ...string) {
	g.t.Helper()
	for _, p := range parts {
		if !strings.Contains(body, p) {
			g.t.Errorf("%q is not in the page:\n%.3000s", p, body[max(0, strings.Index(body, "<main")):])
		}
	}
}

func (g *rig) lacks(body string, parts ...string) {
	g.t.Helper()
	for _, p := range parts {
		if strings.Contains(body, p) {
			g.t.Errorf("%q is in the page", p)
		}
	}
}

var rows = regexp.MustCompile(`id="hit-([a-z]+)-`)

// kinds counts the hits by kind.
func kinds(body string) string {
	n := map[string]int{}
	for _, m := range rows.FindAllStringSubmatch(body, -1) {
		n[m[1]]++
	}
	return strings.TrimPrefix(fmt.Sprint(n), "map")
}

func TestEverybodyFindsWhatTheyMayRead(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		g := open(t, db)
		first, _, own, other := g.fill()
		for _, c := range []struct {
			role who.Role
			want string
			tabs []string
		}{
			{who.Manager, "[incident:1 note:3 person:3 report:2]", []string{"Incidents", "Timelines", "Reports", "Alerts", "People"}},
			{who.Auditor, "[incident:1 note:3 person:3 report:2]", []string{"Incidents", "People"}},
			{who.Reporter, "[report:1]", nil},
			{who.Admin, "[person:3]", []string{"People"}},
		} {
			body := g.get(c.role, "/search?q=zebra", http.StatusOK)
			if got := kinds(body); got != c.want {
				t.Errorf("%s: got %s, want %s", c.role, got, c.want)
			}
			for _, tab := range c.tabs {
				g.has(body, ">"+tab)
			}
		}
		body := g.get(who.Reporter, "/search?q=zebra", http.StatusOK)
		g.has(body, "hit-report-"+own, `href="/reports/`+own)
		g.lacks(body, other, first.Ref, "Incidents", "kind=incident", "kind=alert")
		body = g.get(who.Reporter, "/search?q=leak", http.StatusOK)
		g.has(body, "Nothing found for", "your reports")
		g.get(who.Reporter, "/search?q=zebra&kind=incident", http.StatusNotFound)
		body = g.get(who.Admin, "/search?q=zebra", http.StatusOK)
		g.lacks(body, "kind=incident", "kind=alert", first.Ref)
		if _, _, err := g.find.Find(t.Context(), who.Identity{}, find.Query{Words: "zebra"}, ""); err == nil {
			t.Error("nobody may search")
		}
	})
}

func TestHits(t *testing.T) {
	t.Parallel()
	g := open(t, storetest.Open(t, store.SQLite))
	first, second, _, other := g.fill()
	body := g.get(who.Manager, "/search?q=zebra", http.StatusOK)
	g.has(body, `<mark>Zebra</mark>`, "&lt;b&gt;leak", "<mark>srv-1.zebra.example</mark> &amp; elsewhere", `href="/incidents/`+first.Ref+`"`,
		`href="/triage/`+other, "No longer here", "DRILL", "Graded severity 2, BIL 2", "Ann Zebra", `value="zebra"`)
	g.lacks(body, "<b>leak", "<script> ", `href="/settings/people`)

	// An old entry stands on a later page of its timeline, a new one on the first.
	body = html.UnescapeString(g.get(who.Manager, "/search?q=oldest&kind=note", http.StatusOK))
	g.has(body, "/incidents/"+first.Ref+"?after=", "#e-", `aria-current="page"`, `name="kind" value="note"`)
	body = g.get(who.Manager, "/search?q=paper", http.StatusOK)
	g.has(body, `href="/incidents/`+second.Ref+"#e-", second.Ref+" Exercise")

	body = g.get(who.Manager, "/search?q=step44+nosuch&kind=alert", http.StatusOK)
	g.has(body, "Nothing found for “step44 nosuch”", "Searched were alerts", "Search everywhere", `href="/search?q=step44+nosuch"`)
	body = g.get(who.Manager, "/search", http.StatusOK)
	g.has(body, "What are you looking for?", "Looks through incidents, timelines, reports, alerts and people", "autofocus")
	g.has(g.get(who.Manager, "/search?q=%22%27%28", http.StatusOK), "Search")
	g.get(who.Manager, "/search?q=x&kind=perhaps", http.StatusNotFound)
	g.get(who.Manager, "/search?q=x&after=nonsense", http.StatusUnprocessableEntity)
	g.get(who.Manager, "/search?q="+strings.Repeat("long+", 400), http.StatusOK)
}

func TestPages(t *testing.T) {
	t.Parallel()
	g := open(t, storetest.Open(t, store.SQLite))
	g.fill()
	next := regexp.MustCompile(`<a class="btn" href="([^"]+)" data-more="hits"`)
	path, seen := "/search?q=step&kind=note", map[string]bool{}
	for range 3 {
		body := g.get(who.Manager, path, http.StatusOK)
		for _, m := range regexp.MustCompile(`id="(hit-[^"]+)"`).FindAllStringSubmatch(body, -1) {
			if seen[m[1]] {
				t.Errorf("%s twice", m[1])
			}
			seen[m[1]] = true
		}
		if m := next.FindStringSubmatch(body); m != nil {
			path = html.UnescapeString(m[1])
			continue
		}
		path = ""
	}
	if len(seen) != 45 || path != "" {
		t.Errorf("%d hits, then %q", len(seen), path)
	}
}

// TestPalette: the palette has actions, then the open incidents, the screens, and last the search.
func TestPalette(t *testing.T) {
	t.Parallel()
	g := open(t, storetest.Open(t, store.SQLite))
	first, second, _, _ := g.fill()
	body := g.get(who.Manager, "/search", http.StatusOK, "X-Regions", "palette-more")
	g.has(body, `role="option"`, `href="/incidents/`+first.Ref, second.Ref, " DRILL", "&lt;b&gt;leak")
	g.lacks(body, "find-box", "<main")
	g.lacks(g.get(who.Reporter, "/search", http.StatusOK, "X-Regions", "palette-more"), `role="option"`, first.Ref)
	body = g.get(who.Manager, "/search", http.StatusOK)
	g.has(body, `role="combobox"`, `role="listbox"`, `data-seek hidden`)
	g.lacks(body, `href="/incidents/`)
	if strings.LastIndex(body, `role="option"`) > strings.Index(body, "data-seek") {
		t.Error("the search stands last")
	}
}

func TestChangesAreFound(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		g := open(t, db)
		p, err := g.people.PersonTx(t.Context(), db, "ann")
		g.must(err)
		p.Name = "Ann Okapi"
		_, err = g.people.UpdatePerson(t.Context(), who.Engine("test"), p, 0)
		g.must(err)
		if got := kinds(g.get(who.Manager, "/search?q=okapi", http.StatusOK)) + kinds(g.get(who.Manager, "/search?q=ann+zebra", http.StatusOK)); got != "[person:1][]" {
			t.Error(got)
		}
		// A restore leaves the search out: the next start makes it again.
		_, err = db.Write(t.Context(), store.Op{Name: "test", Actor: "test"}, func(tx *store.Tx) error {
			_, err := tx.Exec("DELETE FROM search_doc")
			return err
		})
		g.must(err)
		g.must(g.people.IndexPeople(t.Context()))
		g.must(g.people.IndexPeople(t.Context()))
		if got := kinds(g.get(who.Manager, "/search?q=keeper", http.StatusOK)); got != "[person:3]" && db.Engine() == store.Postgres {
			t.Error(got)
		}
	})
}
