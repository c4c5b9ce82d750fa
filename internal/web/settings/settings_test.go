package settings_test

import (
	"context"
	"errors"
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
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/mail/bounce"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/account"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/respond/escalation/ready"
	"github.com/wakebell/wakebell/internal/respond/escalation/trial"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/settings"
)

var start = time.Date(2026, 11, 20, 14, 25, 0, 0, time.UTC)

const good = "ferry umbrella tax"

type rig struct {
	*page.Web
	people   *who.Service
	accounts *account.Service
	clk      *clock.Clock
	db       *store.DB
	runner   *job.Runner
	box      *mail.Outbox
}

func open(t *testing.T, demo bool) rig { return openWith(t, demo, mail.Config{}) }

func openWith(t *testing.T, demo bool, cfg mail.Config) rig {
	t.Helper()
	db := storetest.Open(t, store.SQLite)
	clk := clock.NewTest(start)
	led, err := record.New(t.Context(), db, clk, record.Config{}, slices.Concat(who.Kinds(), account.Kinds(), job.Kinds(), plan.Kinds(), directory.Kinds(), trial.Kinds()))
	if err != nil {
		t.Fatal(err)
	}
	people := who.New(db, led, clk)
	accounts := account.New(db, led, clk, people, account.Config{Demo: demo})
	people.Observe(accounts.OnPerson)
	runner := job.New(db, clk, nil, job.Config{Ledger: led, MaxAttempts: 1})
	runner.Register("broken", func(context.Context, job.Job) error { return errors.New("the cause of it") })
	box, err := mail.New(db, clk, runner, nil, cfg)
	if err != nil {
		t.Fatal(err)
	}
	returns := bounce.Config{Address: "notices+*@example.com"}
	if cfg.Host != "" { // nothing listens there either
		returns.Host, returns.Port, returns.User, returns.Password, returns.TLS = cfg.Host, cfg.Port, "notices", "imap-secret", mail.NoTLS
	}
	back, err := bounce.New(db, clk, runner, nil, returns)
	if err != nil {
		t.Fatal(err)
	}
	dirs := directory.New(db, led, people, plan.New(db, led, clk), clk)
	trials := trial.New(db, led, clk, people, box, runner, trial.Config{BaseURL: "https://wakebell.example"})
	probe := func(context.Context) []ready.Check {
		return []ready.Check{{Key: "probe", Title: "Probe", State: ready.Good, Text: "The probe says so."}}
	}
	w := page.New(page.Config{
		Menu: []page.Item{
			{Label: "Now", Path: "/", Perms: []who.Permission{who.PermIncidentRead}}, {Label: "Settings", Path: "/settings"},
		},
		SignedIn: accounts.SignedIn, SignIn: settings.SignInPath, People: people, DB: db, Clock: clk, Demo: demo,
	})
	w.Show("/", func(*page.Request) (page.Page, error) { return page.Page{Title: "Now"}, nil })
	settings.Mount(w, settings.Deps{People: people, Accounts: accounts, BaseURL: "https://wakebell.example", Outbox: box, Bounces: back, Jobs: runner, Trials: trials, Health: ready.New(db, clk, dirs, box, runner, trials, probe, "test")})
	return rig{w, people, accounts, clk, db, runner, box}
}

func (g rig) person(t *testing.T, name string, roles ...who.Role) who.Person {
	t.Helper()
	p, err := g.people.CreatePerson(t.Context(), who.Engine("test"), who.Person{
		Name: name, Email: strings.ToLower(strings.Fields(name)[0]) + "@example.com", Roles: roles, Active: true, Zone: "Europe/Berlin",
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (g rig) link(t *testing.T, p who.Person) string {
	t.Helper()
	_, secret, err := g.accounts.MakeLink(t.Context(), who.Engine("test"), p.ID)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// browser keeps cookies like one, and follows no redirect.
type browser struct {
	g   rig
	jar map[string]string
}

func (g rig) browser() *browser { return &browser{g, map[string]string{}} }

// as is a browser in which p has just signed in.
func (g rig) as(t *testing.T, p who.Person) *browser {
	t.Helper()
	b := g.browser()
	res, _ := b.post(t, "/welcome/"+g.link(t, p), "passphrase", good)
	if res.StatusCode != http.StatusSeeOther {
		t.Fatalf("sign in: %d", res.StatusCode)
	}
	return b
}

func (b *browser) do(t *testing.T, r *http.Request) (*http.Response, string) {
	t.Helper()
	for name, value := range b.jar {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.g.ServeHTTP(w, r)
	res := w.Result()
	for _, c := range res.Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("cookie %s: %+v", c.Name, c)
		}
		if b.jar[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.jar, c.Name)
		}
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func (b *browser) get(t *testing.T, path string) (*http.Response, string) {
	t.Helper()
	return b.do(t, httptest.NewRequest(http.MethodGet, path, nil))
}

// post sends pairs of names and values.
func (b *browser) post(t *testing.T, path string, pairs ...string) (*http.Response, string) {
	t.Helper()
	form := url.Values{}
	for n := 0; n+1 < len(pairs); n += 2 {
		form.Add(pairs[n], pairs[n+1])
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(t, r)
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

func goes(t *testing.T, res *http.Response, to string) {
	t.Helper()
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != to {
		t.Errorf("got %d to %q, want 303 to %q", res.StatusCode, res.Header.Get("Location"), to)
	}
}

func TestFirstRun(t *testing.T) {
	t.Parallel()
	g := open(t, false)
	b := g.browser()
	_, body := b.get(t, "/sign-in")
	has(t, body, "Nobody can sign in yet", `autocomplete="username"`, `autocomplete="current-password"`)
	secret, err := g.accounts.SetUpLink(t.Context(), who.Engine("start"))
	if err != nil {
		t.Fatal(err)
	}
	res, body := b.get(t, "/welcome/"+secret)
	if res.StatusCode != http.StatusOK || res.Header.Get("Referrer-Policy") != "no-referrer" || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	has(t, body, "Set up Wakebell", `autocomplete="new-password"`, "At least 15 characters")
	res, body = b.post(t, "/welcome/"+secret, "_form", "welcome", "_page", "/welcome/"+secret, "name", "Ada Smith", "email", "ada@example.com", "zone", "Mars", "passphrase", "ada smith 2026!!")
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("status %d", res.StatusCode)
	}
	has(t, body, `value="Ada Smith"`, "must be a time zone", "made of the name")
	lacks(t, body, "ada smith 2026!!")
	res, _ = b.post(t, "/welcome/"+secret, "name", "Ada Smith", "email", "ada@example.com", "zone", "Europe/Berlin", "passphrase", good)
	goes(t, res, "/settings/people")
	_, body = b.get(t, "/settings/people")
	has(t, body, "Ada Smith", "Administrator", "Can sign in", "Wakebell is set up")
	res, body = b.get(t, "/welcome/"+secret)
	if res.StatusCode != http.StatusGone {
		t.Errorf("status %d", res.StatusCode)
	}
	has(t, body, "was used already")
	_, body = g.browser().get(t, "/sign-in")
	lacks(t, body, "Nobody can sign in yet")
}

func TestSignInAndOut(t *testing.T) {
	t.Parallel()
	g := open(t, false)
	p := g.person(t, "Anna Berg", who.Manager)
	g.as(t, p)
	b := g.browser()
	res, _ := b.get(t, "/settings/account?x=1")
	goes(t, res, "/sign-in?to=%2Fsettings%2Faccount%3Fx%3D1")
	_, body := b.get(t, res.Header.Get("Location"))
	has(t, body, `name="to" value="/settings/account?x=1"`)
	form := []string{"_form", "signin", "to", "/settings/account", "email", "ANNA@example.com", "passphrase"}
	res, body = b.post(t, "/sign-in", append(form, "wrong")...)
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("status %d", res.StatusCode)
	}
	has(t, body, "is not right", `value="ANNA@example.com"`, `value="/settings/account"`)
	lacks(t, body, "wrong\"")
	res, _ = b.post(t, "/sign-in", append(form, good)...)
	goes(t, res, "/settings/account")
	_, body = b.get(t, "/settings/account")
	has(t, body, "anna@example.com", "Incident response manager", "Europe/Berlin", "This one", "Sign out everywhere else")
	_, body = b.get(t, "/sign-in")
	has(t, body, "You are signed in as")
	res, _ = b.post(t, "/sign-out")
	goes(t, res, "/sign-in")
	if res.Header.Get("Clear-Site-Data") != `"storage"` || b.jar[g.accounts.CookieName()] != "" {
		t.Error("something of the session stays in the browser")
	}
	res, _ = b.get(t, "/settings/account")
	if res.StatusCode != http.StatusSeeOther {
		t.Errorf("still signed in: %d", res.StatusCode)
	}
	for _, evil := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"} {
		res, _ := g.browser().post(t, "/sign-in", "to", evil, "email", p.Email, "passphrase", good)
		goes(t, res, "/")
	}
}

// The answer must not tell who exists: only what was typed may differ.
func TestSignInTellsNobodyWhoExists(t *testing.T) {
	t.Parallel()
	g := open(t, false)
	g.as(t, g.person(t, "Anna Berg", who.Manager))
	key := regexp.MustCompile(`name="_key" value="[^"]*"`)
	var bodies []string
	for _, email := range []string{"anna@example.com", "nobo@example.com"} {
		b, last := g.browser(), ""
		for range 6 {
			res, body := b.post(t, "/sign-in", "_form", "signin", "email", email, "passphrase", "wrong")
			last += res.Status + res.Header.Get("Retry-After") + strings.ReplaceAll(key.ReplaceAllString(body, ""), email, "")
		}
		bodies = append(bodies, last)
	}
	if bodies[0] != bodies[1] {
		t.Error("two different answers")
	}
	has(t, bodies[0], "Too many attempts. Try again in 2 seconds", "429 Too Many Requests2")
}

// Who may not read incidents is not sent to them.
func TestLanding(t *testing.T) {
	t.Parallel()
	g := open(t, true)
	for role, want := range map[who.Role]string{who.Manager: "/", who.Auditor: "/", who.Admin: "/settings", who.Reporter: "/settings"} {
		p := g.person(t, "Role"+string(role)+" Tester", role)
		res, _ := g.browser().post(t, "/demo", "person", p.ID)
		goes(t, res, want)
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	g := open(t, false)
	p := g.person(t, "Anna Berg", who.Manager)
	old := g.as(t, p)
	secret := g.link(t, p)
	b := g.browser()
	_, body := b.get(t, "/welcome/"+secret)
	has(t, body, "Choose a new passphrase", "anna@example.com", "21 Nov 2026 14:25 UTC")
	res, body := b.post(t, "/welcome/"+secret, "_form", "welcome", "passphrase", "short")
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("status %d", res.StatusCode)
	}
	has(t, body, "at least 15 characters")
	res, _ = b.post(t, "/welcome/"+secret, "passphrase", "harbour lantern grocer")
	goes(t, res, "/")
	if res, _ := old.get(t, "/settings/account"); res.StatusCode != http.StatusSeeOther {
		t.Errorf("the old session lives: %d", res.StatusCode)
	}
	if res, _ := b.get(t, "/settings/account"); res.StatusCode != http.StatusOK {
		t.Errorf("the new session does not: %d", res.StatusCode)
	}
}

func TestOwnAccount(t *testing.T) {
	t.Parallel()
	g := open(t, false)
	p := g.person(t, "Anna Berg", who.Reporter)
	here := g.as(t, p)
	there := g.browser()
	there.post(t, "/sign-in", "email", p.Email, "passphrase", good)
	res, body := here.post(t, "/settings/account/passphrase", "_form", "passphrase", "_page", "/settings/account", "current_passphrase", "not it", "passphrase", "harbour lantern grocer")
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("status %d", res.StatusCode)
	}
	has(t, body, "is not your passphrase")
	lacks(t, body, "harbour lantern grocer", "not it")
	_, body = there.get(t, "/settings/account")
	ids := regexp.MustCompile(`id="ses-([0-9a-f-]+)"`).FindAllStringSubmatch(body, -1)
	if len(ids) != 2 {
		t.Fatalf("%d sessions", len(ids))
	}
	res, _ = there.post(t, "/settings/account/sessions", "session", ids[1][1], "_page", "/settings/account")
	goes(t, res, "/settings/account")
	if res, _ := here.get(t, "/settings/account"); res.StatusCode != http.StatusSeeOther {
		t.Errorf("the session I ended lives: %d", res.StatusCode)
	}
	again := g.browser()
	again.post(t, "/sign-in", "email", p.Email, "passphrase", good)
	res, _ = there.post(t, "/settings/account/passphrase", "_page", "/settings/account", "current_passphrase", good, "passphrase", "harbour lantern grocer")
	goes(t, res, "/settings/account")
	if res, _ := again.get(t, "/settings/account"); res.StatusCode != http.StatusSeeOther {
		t.Errorf("another session survives a new passphrase: %d", res.StatusCode)
	}
	there.post(t, "/settings/account/keys")
	_, body = there.get(t, "/settings/account")
	has(t, body, "data-nokeys")
}

// Who manages no people sees none of these pages, and is refused when posting anyway.
func TestRoles(t *testing.T) {
	t.Parallel()
	g := open(t, false)
	victim := g.person(t, "Vera Victim", who.Reporter)
	for _, role := range who.Roles() {
		b := g.as(t, g.person(t, "Role"+string(role)+" Tester", role))
		want := http.StatusForbidden
		if role == who.Admin {
			want = http.StatusOK
		}
		for _, path := range []string{"/settings/people", "/settings/people/new", "/settings/people/" + victim.ID, "/settings/tokens"} {
			if res, _ := b.get(t, path); res.StatusCode != want {
				t.Errorf("%s, %s: %d, want %d", role, path, res.StatusCode, want)
			}
		}
		_, body := b.get(t, "/settings")
		has(t, body, "/settings/account")
		if role == who.Admin {
			has(t, body, "/settings/people", "/settings/tokens")
			continue
		}
		lacks(t, body, "/settings/people", "/settings/tokens")
		if res, _ := b.get(t, "/settings/account"); res.StatusCode != http.StatusOK {
			t.Errorf("%s, own account: %d", role, res.StatusCode)
		}
		for _, c := range [][]string{
			{"/settings/people/new", "name", "Eve", "email", "eve@example.com"},
			{"/settings/people/" + victim.ID, "name", "Eve", "email", "eve@example.com", "version", "1", "role.admin", "on"},
			{"/settings/people/" + victim.ID + "/link"},
			{"/settings/people/" + victim.ID + "/sessions"},
			{"/settings/tokens", "name", "x", "role.admin", "on", "life", "30"},
			{"/settings/tokens/revoke", "token", "x"},
		} {
			if res, _ := b.post(t, c[0], c[1:]...); res.StatusCode != http.StatusForbidden {
				t.Errorf("%s posts to %s: %d", role, c[0], res.StatusCode)
			}
		}
	}
	for _, path := range []string{"/settings", "/settings/account", "/settings/people", "/settings/tokens"} {
		if res, _ := g.browser().get(t, path); res.StatusCode != http.StatusSeeOther {
			t.Errorf("nobody, %s: %d", path, res.StatusCode)
		}
	}
	if res, _ := g.browser().post(t, "/settings/people/new"); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("nobody posts: %d", res.StatusCode)
	}
}

func TestPeople(t *testing.T) {
	t.Parallel()
	g := open(t, false)
	b := g.as(t, g.person(t, "Ada Smith", who.Admin))
	res, body := b.post(t, "/settings/people/new", "_form", "person", "_page", "/settings/people/new", "name", "Bert Low", "email", "bert", "zone", "UTC", "active", "on", "role.analyst", "on")
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("status %d", res.StatusCode)
	}
	has(t, body, `value="Bert Low"`, "must be an address")
	res, _ = b.post(t, "/settings/people/new", "name", "Bert Low", "email", "bert@example.com", "zone", "UTC", "active", "on", "role.analyst", "on", "role.responder", "on")
	at := res.Header.Get("Location")
	if !strings.HasPrefix(at, "/settings/people/") {
		t.Fatalf("%d %s", res.StatusCode, at)
	}
	_, body = b.get(t, at)
	has(t, body, "Cannot sign in yet", "Make a sign-in link", "Bert Low is added")
	res, _ = b.post(t, at+"/link", "_page", at)
	goes(t, res, at)
	_, body = b.get(t, at)
	link := regexp.MustCompile(`https://wakebell\.example(/welcome/[\w-]{43})`).FindStringSubmatch(body)
	if link == nil {
		t.Fatal("the link is not shown")
	}
	has(t, body, "Invited", "data-copy")
	_, body = b.get(t, at)
	lacks(t, body, link[1])

	bert := g.browser()
	if res, _ := bert.post(t, link[1], "passphrase", good); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("status %d", res.StatusCode)
	}
	_, body = b.get(t, "/settings/people")
	has(t, body, "Bert Low", "Responder, Analyst")
	_, body = b.get(t, "/settings/people?role=analyst")
	lacks(t, body, "p-"+strings.TrimPrefix("/settings/people/ada", "/settings/people/"))
	has(t, body, "Bert Low")

	save := func(version string, more ...string) (*http.Response, string) {
		return b.post(t, at, append([]string{"_form", "person", "_page", at, "version", version, "name", "Bert Low", "email", "bert@example.com", "zone", "UTC", "role.auditor", "on"}, more...)...)
	}
	if res, body := save("7", "active", "on"); res.StatusCode != http.StatusConflict || !strings.Contains(body, "in the meantime") {
		t.Errorf("a stale save: %d", res.StatusCode)
	}
	res, _ = save("1", "active", "on")
	goes(t, res, at)
	_, body = bert.get(t, "/settings/account")
	has(t, body, "Auditor")
	lacks(t, body, "Responder")
	res, _ = b.post(t, at+"/sessions", "_page", at)
	goes(t, res, at)
	if res, _ := bert.get(t, "/settings/account"); res.StatusCode != http.StatusSeeOther {
		t.Errorf("signed out everywhere, but: %d", res.StatusCode)
	}
	res, _ = save("2")
	goes(t, res, at)
	_, body = b.get(t, at)
	has(t, body, "Not active")
	lacks(t, body, "Make a link")
	_, body = b.get(t, "/settings/people")
	lacks(t, body, "Bert Low")
	_, body = b.get(t, "/settings/people?all=1")
	has(t, body, "Bert Low")
	if res, _ := b.get(t, "/settings/people/nobody"); res.StatusCode != http.StatusNotFound {
		t.Errorf("nobody: %d", res.StatusCode)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	g := open(t, false)
	b := g.as(t, g.person(t, "Ada Smith", who.Admin))
	_, body := b.get(t, "/settings/tokens")
	has(t, body, "No tokens yet", "A machine", "Ada Smith")
	res, body := b.post(t, "/settings/tokens", "_form", "token", "_page", "/settings/tokens", "name", "alerts of Prometheus", "life", "90", "role.legal", "on")
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("status %d", res.StatusCode)
	}
	has(t, body, "needs a person", `value="alerts of Prometheus"`)
	res, _ = b.post(t, "/settings/tokens", "_page", "/settings/tokens", "name", "alerts of Prometheus", "life", "90", "role.reporter", "on")
	goes(t, res, "/settings/tokens")
	_, body = b.get(t, "/settings/tokens")
	secret := regexp.MustCompile(`wbl_[\w-]{43}`).FindString(body)
	if by, err := g.people.Authenticate(t.Context(), secret); err != nil || by.Name != "alerts of Prometheus" {
		t.Fatalf("%+v %v", by, err)
	}
	_, body = b.get(t, "/settings/tokens")
	lacks(t, body, secret)
	has(t, body, "Works", "18 Feb 2027", "Revoke")
	id := regexp.MustCompile(`id="t-([0-9a-f-]+)"`).FindStringSubmatch(body)[1]
	res, _ = b.post(t, "/settings/tokens/revoke", "token", id, "_page", "/settings/tokens")
	goes(t, res, "/settings/tokens")
	_, body = b.get(t, "/settings/tokens")
	has(t, body, "Revoked")
	if _, err := g.people.Authenticate(t.Context(), secret); err == nil {
		t.Error("the token still works")
	}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	g := open(t, true)
	anna, bert := g.person(t, "Anna Berg", who.Manager), g.person(t, "Bert Low", who.Auditor)
	b := g.browser()
	_, body := b.get(t, "/sign-in?to=/settings/account")
	has(t, body, "Who do you want to be?", "Anna Berg", "Bert Low", "Demo company")
	lacks(t, body, "passphrase")
	res, _ := b.post(t, "/demo", "person", anna.ID, "to", "/settings/account")
	goes(t, res, "/settings/account")
	_, body = b.get(t, "/settings/account")
	has(t, body, "anna@example.com", "You have no passphrase", "Change person")
	b.post(t, "/demo", "person", bert.ID)
	_, body = b.get(t, "/settings/account")
	has(t, body, "bert@example.com")

	plain := open(t, false)
	p := plain.person(t, "Anna Berg", who.Manager)
	for _, path := range []string{"/demo", "/demo?person=" + p.ID} {
		if res, _ := plain.browser().post(t, path, "person", p.ID); res.StatusCode != http.StatusNotFound {
			t.Errorf("the demo's door stands open: %d", res.StatusCode)
		}
		if res, _ := plain.browser().get(t, path); res.StatusCode != http.StatusNotFound {
			t.Errorf("the demo's door is there: %d", res.StatusCode)
		}
	}
}

// A page of another site cannot post with the viewer's cookie.
func TestOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	g := open(t, false)
	b := g.as(t, g.person(t, "Ada Smith", who.Admin))
	for _, path := range []string{"/sign-in", "/sign-out", "/settings/people/new", "/settings/tokens"} {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader("name=x&email=x@example.com"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Origin", "https://evil.example")
		if res, _ := b.do(t, r); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}
