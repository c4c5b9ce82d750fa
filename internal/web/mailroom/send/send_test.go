package send_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/app"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/web/mailroom/send"
	"github.com/wakebell/wakebell/internal/web/page"
)

// The people of the demo company that the tests look through.
const (
	lead    = "communications-lead"
	writer  = "communications-2"
	counsel = "counsel"
	boss    = "chief-executive"
	liaison = "key-account-1"
	other   = "key-account-2"
	auditor = "auditor"
	manager = "incident-manager"
	agent   = "support-agent"
)

// rig is these screens in the demo company.
type rig struct {
	*page.Web
	t    *testing.T
	a    *app.App
	ref  string
	path string // of the notice
}

func open(t *testing.T, kind incident.Kind) *rig {
	t.Helper()
	a, err := app.New(t.Context(), app.Config{
		Dir: t.TempDir(), Listen: "127.0.0.1:0", BaseURL: "https://wakebell.example", TestClock: true,
		Clock: clock.NewTest(time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)),
	})
	g := &rig{t: t, a: a}
	g.must(err)
	t.Cleanup(func() { g.must(a.Stop(clock.Background())) })
	g.must(a.LoadDemo(t.Context()))
	g.Web = page.New(page.Config{
		SignedIn: g.signedIn, SignIn: "/sign-in", People: a.People, DB: a.DB, Clock: a.Clock, Log: slog.New(slog.DiscardHandler),
	})
	send.Mount(g.Web, send.Deps{Notices: a.Notices, Dispatch: a.Dispatch, Papers: a.Papers, Directory: a.Directory, DB: a.DB})
	st, err := a.Incidents.Declare(t.Context(), g.as(manager), incident.Declare{Title: "Export read", Kind: kind, Service: "customer-portal"})
	g.must(err)
	n, err := a.Notices.Start(t.Context(), g.as(writer), st.Ref, notice.Start{Audience: notice.Customer, Subject: "What happened", Body: "Dear {{recipient.name}}, we found a leak."})
	g.must(err)
	_, err = a.Notices.Set(t.Context(), g.as(writer), st.Ref, n.No, notice.Settings{Channels: []string{"page"}, Canary: 1}, 0)
	g.must(err)
	g.ref, g.path = st.Ref, "/incidents/"+st.Ref+"/notices/1"
	return g
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
	return g.as(id), id != ""
}

func (g *rig) as(id string) who.Identity {
	if id == "" {
		return who.Identity{}
	}
	if id == auditor { // who has this role alone
		p := g.as("risk-manager")
		p.Roles = []who.Role{who.Auditor}
		return p
	}
	p, err := g.a.People.PersonTx(clock.Background(), g.a.DB, id)
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
	return w.Code, string(body)
}

// see is what a person sees below the notice.
func (g *rig) see(person, below string) string {
	g.t.Helper()
	code, body := g.send(person, http.MethodGet, g.path+below, nil)
	if code != http.StatusOK {
		g.t.Fatalf("%s as %s: %d", below, person, code)
	}
	return body
}

func (g *rig) does(person, below string, form url.Values) {
	g.t.Helper()
	if code, body := g.send(person, http.MethodPost, g.path+below, form); code != http.StatusSeeOther {
		g.t.Fatalf("%s as %s: %d %s", below, person, code, body)
	}
}

func (g *rig) denied(below string, form url.Values, people ...string) {
	g.t.Helper()
	for _, p := range people {
		if code, _ := g.send(p, http.MethodPost, g.path+below, form); code != http.StatusForbidden {
			g.t.Errorf("%s as %s: %d", below, p, code)
		}
	}
}

func (g *rig) recipients() map[string]dispatch.Recipient {
	g.t.Helper()
	v, err := g.a.Notices.Get(g.t.Context(), g.as(lead), g.ref, 1)
	g.must(err)
	list, _, err := g.a.Dispatch.Recipients(g.t.Context(), g.as(lead), v.List.ID, dispatch.Filter{}, "", 50)
	g.must(err)
	out := map[string]dispatch.Recipient{}
	for _, r := range list {
		out[r.Party] = r
	}
	return out
}

// released approves the notice and lets it go.
func (g *rig) released() {
	g.t.Helper()
	ctx := g.t.Context()
	n, err := g.a.Notices.Submit(ctx, g.as(writer), g.ref, 1, 0)
	g.must(err)
	bound := n.Round().Bound
	for _, p := range []string{counsel, boss} {
		_, err = g.a.Notices.Approve(ctx, g.as(p), g.ref, 1, notice.Approve{Bound: bound})
		g.must(err)
	}
	_, err = g.a.Notices.Release(ctx, g.as(lead), g.ref, 1, notice.Go{Bound: bound})
	g.must(err)
	g.drain()
}

func (g *rig) drain() {
	g.t.Helper()
	g.must(g.a.Jobs.Drain(g.t.Context(), g.a.Clock.Now()))
}

func (g *rig) add(parties ...string) {
	g.t.Helper()
	ctx, v := g.t.Context(), notice.View{}
	v, err := g.a.Notices.Get(ctx, g.as(writer), g.ref, 1)
	g.must(err)
	if v.List.ID == "" {
		l, err := g.a.Dispatch.Create(ctx, g.as(writer), dispatch.ListSpec{Notice: v.ID, Incident: v.Incident})
		g.must(err)
		v.List.ID = l.ID
	}
	_, err = g.a.Dispatch.AddQuery(ctx, g.as(writer), v.List.ID, dispatch.Query{Parties: parties})
	g.must(err)
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

var forms = []string{`data-form="add"`, `data-form="import"`, `data-form="sign"`}

// The list before it is used: empty, with a gap, signed off; each person with their own
// buttons.
func TestList(t *testing.T) {
	t.Parallel()
	g := open(t, incident.Real)
	has(t, g.see(writer, "/recipients"), "Nobody is on the list yet", `data-form="add"`, `data-form="import"`)
	for _, p := range []string{auditor, manager} {
		lacks(t, g.see(p, "/recipients"), forms...)
	}
	if code, _ := g.send(agent, http.MethodGet, g.path+"/recipients", nil); code != http.StatusForbidden {
		t.Errorf("a reporter reads the list: %d", code)
	}
	has(t, g.see(writer, "/sending"), "Not released yet")

	g.does(writer, "/recipients/add", url.Values{"who": {"affected"}, "channel": {"letter"}, "label": {"alps <b>"}})
	body := g.see(writer, "/recipients")
	has(t, body, "Alpenwerk AG", "alps &lt;b&gt;", `data-form="sign"`, "The list is not signed off")
	has(t, g.see(lead, "/recipients?state=queued"), "Alpenwerk AG", `aria-current`)
	lacks(t, g.see(liaison, "/recipients"), append(forms, "Alpenwerk AG", "alpenwerk.example")...) // names only where they are worked with
	one := g.recipients()["alpenwerk"]
	has(t, g.see(writer, "/recipients/"+one.ID), "Give a contact", "Leave them out", "security@alpenwerk.example")
	lacks(t, g.see(writer, "/recipients/"+one.ID), "Record what you did", "Revoke the links")
	for _, p := range []string{auditor, manager} {
		lacks(t, g.see(p, "/recipients/"+one.ID), "Give a contact", "Leave them out")
	}
	if code, _ := g.send(other, http.MethodGet, g.path+"/recipients/"+one.ID, nil); code != http.StatusNotFound {
		t.Errorf("a liaison reads another's customer: %d", code)
	}
	has(t, g.see(liaison, "/recipients/"+one.ID), "Alpenwerk AG")

	g.denied("/recipients/add", url.Values{"who": {"affected"}}, auditor, manager, liaison, agent)
	g.denied("/recipients/"+one.ID+"/contact", url.Values{"email": {"a@b.example"}}, auditor, manager, liaison, agent)
	g.denied("/recipients/"+one.ID+"/leave-out", url.Values{"reason": {"x"}}, auditor, manager, liaison, agent)
	g.denied("/recipients/sign-off", nil, auditor, manager, liaison, agent)

	// What is wrong is named, and what was typed stays.
	// A recipient of another notice is none of this one, whatever one may do.
	second, err := g.a.Notices.Start(t.Context(), g.as(writer), g.ref, notice.Start{Audience: notice.Customer, Subject: "Another", Body: "Dear {{recipient.name}}.", Voluntary: true})
	g.must(err)
	for below, form := range map[string]url.Values{
		"contact": {"email": {"evil@evil.example"}}, "leave-out": {"reason": {"x"}}, "outcome": {"did": {"reached"}}, "next-contact": {"email": {"a@b.example"}}, "revoke": {},
	} {
		at := "/incidents/" + g.ref + "/notices/" + strconv.Itoa(second.No) + "/recipients/" + one.ID + "/" + below
		if code, _ := g.send(lead, http.MethodPost, at, form); code != http.StatusNotFound {
			t.Errorf("%s by way of another notice: %d", below, code)
		}
	}
	if got := g.recipients()["alpenwerk"]; got.State != one.State || len(got.Contacts) != len(one.Contacts) {
		t.Errorf("changed by way of another notice: %+v", got)
	}
	code, body := g.send(writer, http.MethodPost, g.path+"/recipients/"+one.ID+"/contact", url.Values{"_form": {"contact"}, "email": {"nowhere"}})
	if code != http.StatusUnprocessableEntity {
		t.Errorf("a wrong address: %d", code)
	}
	has(t, body, "must be an address", `value="nowhere"`)
	g.does(writer, "/recipients/"+one.ID+"/contact", url.Values{"email": {"security@a1penwerk.example"}})
	has(t, g.see(writer, "/recipients/"+one.ID), "The domain of the address: looks like alpenwerk.example and is not")
	g.does(writer, "/recipients/"+one.ID+"/leave-out", url.Values{"reason": {"Told in person"}})
	has(t, g.see(writer, "/recipients?state=left_out"), "Alpenwerk AG", "Told in person")
	g.does(lead, "/recipients/sign-off", nil)
	body = g.see(writer, "/recipients")
	has(t, body, "signed off by Ines Cordeiro", "Signed off", `data-form="add"`)
	lacks(t, body, `data-form="sign"`)
}

// The course of a sending: the first few, a decision, a pause, a stop; who may press what.
func TestSending(t *testing.T) {
	t.Parallel()
	g := open(t, incident.Real)
	g.add("alpenwerk", "elbe-stadtwerke", "juno-media")
	g.does(lead, "/recipients/sign-off", nil)
	g.released()
	has(t, g.see(lead, "/sending"), "Waits for your go-on", "The first 1 were told", `data-form="resume"`, "Stop for good", "report.csv")
	for _, p := range []string{auditor, liaison} {
		body := g.see(p, "/sending")
		lacks(t, body, `data-form="resume"`, `data-form="pause"`, `data-form="stop"`)
		if p == liaison {
			lacks(t, body, "Alpenwerk", "report.csv")
		}
	}
	for _, verb := range []string{"pause", "resume", "stop"} {
		g.denied("/sending/"+verb, url.Values{"reason": {"x"}}, auditor, liaison, agent)
	}
	if code, _ := g.send(liaison, http.MethodGet, g.path+"/sending/report.csv", nil); code != http.StatusForbidden {
		t.Errorf("a liaison loads the report: %d", code)
	}
	if code, body := g.send(lead, http.MethodGet, g.path+"/sending/report.csv", nil); code != http.StatusOK || !strings.Contains(body, "alpenwerk") {
		t.Errorf("the report: %d", code)
	}
	code, body := g.send(lead, http.MethodPost, g.path+"/sending/stop", url.Values{"_form": {"stop"}, "reason": {""}})
	if code != http.StatusUnprocessableEntity {
		t.Errorf("a stop without a reason: %d", code)
	}
	has(t, body, "aria-invalid")

	// The list was used: nobody is added, and what is done by hand is recorded.
	lacks(t, g.see(lead, "/recipients"), forms...)
	r := g.recipients()["elbe-stadtwerke"]
	has(t, g.see(lead, "/recipients/"+r.ID), "Record what you did", "What to say on the telephone", "Dear Elbe Stadtwerke GmbH, we found a leak.", "Revoke the links")
	lacks(t, g.see(auditor, "/recipients/"+r.ID), "Record what you did", "Revoke the links")
	g.denied("/recipients/"+r.ID+"/outcome", url.Values{"did": {"reached"}}, auditor, agent)
	g.denied("/recipients/"+r.ID+"/revoke", nil, auditor, liaison, agent)
	g.does(lead, "/recipients/"+r.ID+"/outcome", url.Values{"channel": {"phone"}, "did": {"acknowledged"}, "text": {"Read back"}})
	has(t, g.see(lead, "/recipients/"+r.ID), "Acknowledged", "phone, reached. Read back")

	// A liaison sees the own customers, with what to say, and records the call.
	code, body = g.send(liaison, http.MethodGet, "/customers/mine", nil)
	if code != http.StatusOK {
		t.Fatal(code)
	}
	has(t, body, "Alpenwerk AG", "What to say", "Dear Alpenwerk AG, we found a leak.", "Record a call", "Carla Engelhart")
	lacks(t, body, "Juno Media")
	if code, _ := g.send(other, http.MethodPost, "/customers/mine/"+r.ID, url.Values{"did": {"reached"}}); code != http.StatusNotFound {
		t.Errorf("a liaison records for another's customer: %d", code)
	}
	if _, body := g.send(other, http.MethodGet, "/customers/mine", nil); !strings.Contains(body, "Juno Media") {
		t.Error("the other liaison's customer is missing")
	}

	g.does(lead, "/sending/stop", url.Values{"reason": {"Wrong <text>"}})
	g.drain()
	body = g.see(lead, "/sending")
	has(t, body, "Stopped", "Wrong &lt;text&gt;")
	lacks(t, body, `data-form="resume"`, `data-form="pause"`, `data-form="stop"`)
	has(t, g.see(lead, "/sending?state=stopped"), "Juno Media")
}

// Paused and resumed, then done: what is offered follows the state.
func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	g := open(t, incident.Real)
	_, err := g.a.Notices.Set(t.Context(), g.as(writer), g.ref, 1, notice.Settings{Channels: []string{"phone"}}, 0)
	g.must(err)
	g.add("alpenwerk", "elbe-stadtwerke")
	g.does(lead, "/recipients/sign-off", nil)
	g.released()
	has(t, g.see(lead, "/sending"), "Being sent", `data-form="pause"`, `data-form="stop"`)
	g.does(lead, "/sending/pause", url.Values{"reason": {"Wait for legal"}})
	has(t, g.see(lead, "/sending"), "Paused", "Wait for legal", `data-form="resume"`)
	g.does(lead, "/sending/resume", nil)
	for _, r := range g.recipients() {
		g.does(lead, "/recipients/"+r.ID+"/outcome", url.Values{"channel": {"phone"}, "did": {"reached"}})
	}
	body := g.see(lead, "/sending")
	has(t, body, "2 of 2 told")
	lacks(t, body, `data-form="resume"`, `data-form="pause"`, `data-form="stop"`)
}

// A drill is rehearsed: it has a list, and its sending page stays empty.
func TestDrill(t *testing.T) {
	t.Parallel()
	g := open(t, incident.Drill)
	g.add("alpenwerk", "juno-media")
	g.does(lead, "/recipients/sign-off", nil)
	g.released()
	has(t, g.see(lead, "/sending"), "Not released yet")
	if code, _ := g.send(lead, http.MethodGet, g.path+"/sending/report.csv", nil); code != http.StatusNotFound {
		t.Errorf("the report of a drill: %d", code)
	}
	r := g.recipients()["alpenwerk"]
	if code, _ := g.send(lead, http.MethodPost, g.path+"/recipients/"+r.ID+"/outcome", url.Values{"did": {"reached"}}); code != http.StatusConflict {
		t.Errorf("a call in a drill: %d", code)
	}
	if code, _ := g.send(lead, http.MethodPost, g.path+"/sending/resume", nil); code != http.StatusConflict {
		t.Errorf("a drill was resumed: %d", code)
	}
}
