package portal_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/app"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/portal"
)

// rig is the page in the demo company, with a notice that was sent to two customers.
type rig struct {
	*page.Web
	t     *testing.T
	a     *app.App
	links map[string]string // path by party
	ids   map[string]string
}

func open(t *testing.T) *rig {
	return openWith(t, notice.Settings{Channels: []string{"page"}, SecondAfterHours: 48, Second: "phone"})
}

func openWith(t *testing.T, how notice.Settings) *rig {
	t.Helper()
	ctx := t.Context()
	a, err := app.New(ctx, app.Config{
		Dir: t.TempDir(), Listen: "127.0.0.1:0", BaseURL: "https://wakebell.example", TestClock: true,
		Clock: clock.NewTest(time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)),
	})
	g := &rig{t: t, a: a, links: map[string]string{}, ids: map[string]string{}}
	g.must(err)
	t.Cleanup(func() { g.must(a.Stop(clock.Background())) })
	g.must(a.LoadDemo(ctx))
	g.Web = page.New(page.Config{
		SignedIn: func(r *http.Request) (who.Identity, bool) {
			id := r.Header.Get("X-Test-Person")
			return g.as(id), id != ""
		},
		SignIn: "/sign-in", People: a.People, DB: a.DB, Clock: a.Clock, Log: slog.New(slog.DiscardHandler),
		Menu: []page.Item{{Label: "Menu for colleagues", Path: "/colleagues", Perms: []page.Permission{who.PermNoticeRead}}},
	})
	g.Show("/colleagues", func(*page.Request) (page.Page, error) { return page.Page{Title: "Inside"}, nil })
	portal.Mount(g.Web, portal.Deps{Dispatch: a.Dispatch, Clock: a.Clock, Address: func(r *http.Request) string { return r.RemoteAddr }})
	st, err := a.Incidents.Declare(ctx, g.as("incident-manager"), incident.Declare{Title: "Secret title", Kind: incident.Real, Service: "customer-portal"})
	g.must(err)
	by, lead := g.as("communications-2"), g.as("communications-lead")
	_, err = a.Notices.Start(ctx, by, st.Ref, notice.Start{Audience: notice.Customer, Subject: "A leak at {{our.entity}}", Body: "Dear {{recipient.name}}, we found a leak."})
	g.must(err)
	_, err = a.Notices.WriteText(ctx, by, st.Ref, 1, notice.TextInput{Lang: "de", Subject: "Ein Leck", Body: "Guten Tag {{recipient.name}}, ein Leck."})
	g.must(err)
	n, err := a.Notices.Set(ctx, by, st.Ref, 1, how, 0)
	g.must(err)
	l, err := a.Dispatch.Create(ctx, by, dispatch.ListSpec{Notice: n.ID, Incident: n.Incident})
	g.must(err)
	_, err = a.Dispatch.AddQuery(ctx, by, l.ID, dispatch.Query{Parties: []string{"alpenwerk", "borealis-health"}})
	g.must(err)
	_, err = a.Dispatch.SignOff(ctx, lead, l.ID)
	g.must(err)
	n, err = a.Notices.Submit(ctx, by, st.Ref, 1, 0)
	g.must(err)
	for _, p := range []string{"counsel", "chief-executive"} {
		_, err = a.Notices.Approve(ctx, g.as(p), st.Ref, 1, notice.Approve{Bound: n.Round().Bound})
		g.must(err)
	}
	_, err = a.Notices.Release(ctx, lead, st.Ref, 1, notice.Go{Bound: n.Round().Bound})
	g.must(err)
	g.must(a.Jobs.Drain(ctx, a.Clock.Now()))
	list, _, err := a.Dispatch.Recipients(ctx, lead, l.ID, dispatch.Filter{}, "", 10)
	g.must(err)
	for _, r := range list {
		link, err := a.Dispatch.NewLink(ctx, lead, r.ID)
		g.must(err)
		g.links[r.Party], g.ids[r.Party] = strings.TrimPrefix(link, "https://wakebell.example"), r.ID
	}
	return g
}

func (g *rig) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

func (g *rig) as(id string) who.Identity {
	if id == "" {
		return who.Identity{}
	}
	p, err := g.a.People.PersonTx(clock.Background(), g.a.DB, id)
	g.must(err)
	return who.Identity{Actor: p.ID, Person: p.ID, Name: p.Name, Roles: p.Roles}
}

// get asks from an address, as a person who is signed in here or as nobody.
func (g *rig) get(method, path, from, person string) (*http.Response, string) {
	g.t.Helper()
	r := httptest.NewRequest(method, path, http.NoBody)
	r.RemoteAddr = from
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if person != "" {
		r.Header.Set("X-Test-Person", person)
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	res := w.Result()
	body, err := io.ReadAll(res.Body)
	g.must(err)
	return res, string(body)
}

var changing = regexp.MustCompile(`data-now="\d+"|value="[A-Za-z0-9_-]{20,}"|As of [^<]*|/n/[A-Za-z0-9_-]*`)

// still is a page without what differs at every reading.
func still(body string) string { return changing.ReplaceAllString(body, "") }

// Whoever wants to may confirm, also where no answer is awaited.
func TestConfirmUnasked(t *testing.T) {
	t.Parallel()
	g := openWith(t, notice.Settings{Channels: []string{"page"}})
	if _, body := g.get(http.MethodGet, g.links["alpenwerk"], "192.0.2.1", ""); !strings.Contains(body, "Wir haben die Mitteilung") {
		t.Error("there is no button to confirm with")
	}
	if res, body := g.get(http.MethodPost, g.links["alpenwerk"], "192.0.2.1", ""); res.StatusCode != http.StatusSeeOther {
		t.Errorf("acknowledge: %d %s", res.StatusCode, body)
	}
	d, err := g.a.Dispatch.Recipient(t.Context(), g.as("communications-lead"), g.ids["alpenwerk"])
	if err != nil || d.AcknowledgedAt.IsZero() {
		t.Errorf("acknowledged %s, %v", d.AcknowledgedAt, err)
	}
}

// Who was told reads the notice in their language, sees whom to ask and what their own
// authority wants, and confirms with a button; opening confirms nothing.
func TestPage(t *testing.T) {
	t.Parallel()
	g := open(t)
	for party, words := range map[string][]string{
		"alpenwerk":       {`<html lang="de"`, "Guten Tag Alpenwerk AG", "Wir haben die Mitteilung", "Angaben für Ihre eigene"},
		"borealis-health": {`<html lang="en"`, "Dear Borealis Health AB", "We have the notice", "Facts for your own authority"},
	} {
		res, body := g.get(http.MethodGet, g.links[party], "192.0.2.1", "")
		if res.StatusCode != http.StatusOK || !strings.Contains(res.Header.Get("X-Robots-Tag"), "noindex") || res.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %d %v", party, res.StatusCode, res.Header)
		}
		for _, w := range words {
			if !strings.Contains(body, w) {
				t.Errorf("%s: the page lacks %q", party, w)
			}
		}
		for _, w := range []string{"Secret title", "Menu for colleagues", "Juno Media"} {
			if strings.Contains(body, w) {
				t.Errorf("%s: the page holds %q", party, w)
			}
		}
	}
	d, err := g.a.Dispatch.Recipient(t.Context(), g.as("communications-lead"), g.ids["alpenwerk"])
	if err != nil || d.OpenedAt.IsZero() || !d.AcknowledgedAt.IsZero() {
		t.Errorf("opened %s, acknowledged %s, %v", d.OpenedAt, d.AcknowledgedAt, err)
	}
	if res, body := g.get(http.MethodPost, g.links["alpenwerk"], "192.0.2.1", ""); res.StatusCode != http.StatusSeeOther {
		t.Errorf("acknowledge: %d %s", res.StatusCode, body)
	}
	if _, body := g.get(http.MethodGet, g.links["alpenwerk"], "192.0.2.1", ""); !strings.Contains(body, "Empfang bestätigt") || strings.Contains(body, "Wir haben die Mitteilung") {
		t.Error("the page does not say that it was confirmed")
	}
	res, body := g.get(http.MethodGet, g.links["alpenwerk"]+"/facts.json", "192.0.2.1", "")
	var f struct{ Facts []struct{ Item string } }
	if err := json.Unmarshal([]byte(body), &f); err != nil || len(f.Facts) != 4 || res.Header.Get("X-Robots-Tag") == "" {
		t.Errorf("%v %s", err, body)
	}
	if _, body := g.get(http.MethodGet, "/colleagues", "192.0.2.1", "communications-lead"); !strings.Contains(body, "Menu for colleagues") {
		t.Error("the menu is not there for colleagues, so its absence says nothing")
	}
	// A colleague who opens a customer's link sees what the customer sees.
	if _, body := g.get(http.MethodGet, g.links["alpenwerk"], "192.0.2.1", "communications-lead"); strings.Contains(body, "Menu for colleagues") {
		t.Error("the customer's page shows the menu to a colleague")
	}
}

// A wrong, a revoked and an expired link answer the same, to anybody: nothing of the
// incident, and no menu, also for somebody who is signed in.
func TestDeadLinks(t *testing.T) {
	t.Parallel()
	g := open(t)
	good := g.links["alpenwerk"]
	g.must(g.a.Dispatch.RevokeLinks(t.Context(), g.as("communications-lead"), g.ids["borealis-health"]))
	dead := map[string]string{
		"garbage": "/n/x", "wrong": good[:len(good)-4] + "AAAA", "revoked": g.links["borealis-health"], "no such recipient": "/n/" + strings.Repeat("A", 43),
	}
	if res, _ := g.get(http.MethodGet, good, "192.0.2.1", ""); res.StatusCode != http.StatusOK {
		t.Fatalf("a good link: %d", res.StatusCode)
	}
	want := ""
	check := func(name, path string) {
		t.Helper()
		for _, person := range []string{"", "communications-lead", "support-agent"} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				res, body := g.get(method, path, "192.0.2.1", person)
				if res.StatusCode != http.StatusNotFound {
					t.Errorf("%s %s as %q: %d", method, name, person, res.StatusCode)
				}
				for _, w := range []string{"Menu for colleagues", "INC-", "Alpenwerk", "Borealis", "Ines", `class="rail"`} {
					if strings.Contains(body, w) {
						t.Errorf("%s %s as %q holds %q", method, name, person, w)
					}
				}
				if method == http.MethodPost || person != "" {
					continue
				}
				if want == "" {
					want = still(body)
				} else if still(body) != want {
					t.Errorf("%s answers otherwise:\n%s\n%s", name, still(body), want)
				}
			}
		}
		if res, _ := g.get(http.MethodGet, path+"/facts.json", "192.0.2.1", ""); res.StatusCode != http.StatusNotFound {
			t.Errorf("facts of %s: %d", name, res.StatusCode)
		}
	}
	for name, path := range dead {
		check(name, path)
	}
	g.must(g.a.Clock.Advance(401 * 24 * time.Hour))
	check("expired", good)
}

// Who guesses gets nowhere: after sixty pages within a minute the answer is 429, with the
// time to wait, also for a link that is right; others are not held up.
func TestBrake(t *testing.T) {
	t.Parallel()
	g := open(t)
	good := g.links["alpenwerk"]
	const most = 60
	for n := range most {
		if res, _ := g.get(http.MethodGet, fmt.Sprintf("/n/guess%d", n), "192.0.2.7", ""); res.StatusCode != http.StatusNotFound {
			t.Fatalf("guess %d: %d", n, res.StatusCode)
		}
	}
	for _, path := range []string{"/n/guess", good, good + "/facts.json"} {
		res, body := g.get(http.MethodGet, path, "192.0.2.7", "")
		if res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") == "" || strings.Contains(body, "Alpenwerk") {
			t.Errorf("%s: %d, Retry-After %q", path, res.StatusCode, res.Header.Get("Retry-After"))
		}
	}
	if res, _ := g.get(http.MethodPost, good, "192.0.2.7", ""); res.StatusCode != http.StatusTooManyRequests {
		t.Errorf("acknowledge: %d", res.StatusCode)
	}
	if d, err := g.a.Dispatch.Recipient(t.Context(), g.as("communications-lead"), g.ids["alpenwerk"]); err != nil || !d.OpenedAt.IsZero() || !d.AcknowledgedAt.IsZero() {
		t.Errorf("what the brake held up was written down: %+v %v", d.Recipient, err)
	}
	if res, _ := g.get(http.MethodGet, good, "192.0.2.8", ""); res.StatusCode != http.StatusOK {
		t.Errorf("somebody else: %d", res.StatusCode)
	}
}
