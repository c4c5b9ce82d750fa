package send_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
)

// The list and the sending are searched by how a name or an address begins; the filters of
// the state keep the words, and the words keep the state.
func TestFind(t *testing.T) {
	t.Parallel()
	g := open(t, incident.Real)
	lacks(t, g.see(writer, "/recipients"), `role="search"`) // nobody is on the list
	g.add("alpenwerk", "elbe-stadtwerke", "juno-media")
	for _, part := range []string{"/recipients", "/sending"} {
		if part == "/sending" {
			g.does(lead, "/recipients/sign-off", nil)
			g.released()
		}
		has(t, g.see(lead, part), `role="search"`, `name="begins"`, "Name or address begins with")
		body := g.see(lead, part+"?begins=+ALPEN")
		has(t, body, "Alpenwerk AG", `value="ALPEN"`, `?begins=ALPEN"`, `&amp;begins=ALPEN"`)
		lacks(t, body, "Juno Media", "Elbe Stadtwerke")
		body = g.see(lead, part+"?state=queued&begins=juno")
		has(t, body, `<input type="hidden" name="state" value="queued">`)
		lacks(t, body, "Alpenwerk AG")
		body = g.see(lead, part+"?begins="+url.QueryEscape(`"><script>x`))
		has(t, body, "Nobody found", "Show all", `role="search"`)
		lacks(t, body, "<script>x")
		if code, _ := g.send(lead, http.MethodGet, g.path+part+"?begins="+strings.Repeat("a", 5000), nil); code != http.StatusUnprocessableEntity {
			t.Errorf("%s: words without end: %d", part, code)
		}
		// Who may not read names cannot find out who is on the list either.
		for _, words := range []string{"alpen", "nobody"} {
			body = g.see(liaison, part+"?begins="+words)
			lacks(t, body, "Alpenwerk", "Nobody found", `role="search"`)
		}
	}
}

// What was recorded by mistake is undone on the recipient's page, with the reason, by those
// who may record it, and only as long as nothing else happened.
func TestUndo(t *testing.T) {
	t.Parallel()
	g := open(t, incident.Real)
	_, err := g.a.Notices.Set(t.Context(), g.as(writer), g.ref, 1, notice.Settings{Channels: []string{"phone"}}, 0)
	g.must(err)
	g.add("alpenwerk", "juno-media")
	g.does(lead, "/recipients/sign-off", nil)
	g.released()
	id := g.recipients()["alpenwerk"].ID
	below, why := "/recipients/"+id, url.Values{"reason": {"Another <line> was meant"}}
	const form = `data-form="undo"`
	lacks(t, g.see(lead, below), form)
	if code, body := g.send(lead, http.MethodPost, g.path+below+"/undo", url.Values{"_form": {"undo"}, "reason": {"x"}}); code != http.StatusConflict || !strings.Contains(body, "Nothing that a person recorded here can be undone") {
		t.Errorf("nothing to undo: %d", code)
	}
	record := func() {
		t.Helper()
		g.does(lead, below+"/outcome", url.Values{"channel": {"phone"}, "did": {"acknowledged"}})
	}
	record()
	has(t, g.see(lead, below), form, "Undo what was recorded last", "Acknowledged")
	has(t, g.see(liaison, below), form) // the own customer
	lacks(t, g.see(auditor, below), form)
	g.denied(below+"/undo", why, auditor, agent)
	if code, _ := g.send(other, http.MethodPost, g.path+below+"/undo", why); code != http.StatusNotFound {
		t.Errorf("a liaison undoes for another's customer: %d", code)
	}
	code, body := g.send(lead, http.MethodPost, g.path+below+"/undo", url.Values{"_form": {"undo"}, "reason": {""}})
	if code != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %d", code)
	}
	has(t, body, "aria-invalid", `<details class="fold" open`)

	// Not through the path of another notice.
	_, err = g.a.Notices.Start(t.Context(), g.as(writer), g.ref, notice.Start{Audience: notice.Customer, Subject: "Two", Body: "Two", Voluntary: true})
	g.must(err)
	two := strings.TrimSuffix(g.path, "1") + "2"
	if code, _ := g.send(lead, http.MethodPost, two+below+"/undo", why); code != http.StatusNotFound {
		t.Errorf("through another notice: %d", code)
	}
	if g.recipients()["alpenwerk"].State != dispatch.Delivered {
		t.Fatal("undone by one who may not")
	}

	g.does(liaison, below+"/undo", why)
	body = g.see(lead, below)
	has(t, body, "Waiting", "Undone, phone: Another &lt;line&gt; was meant")
	lacks(t, body, form, "Acknowledged<")
	record() // the right one
	has(t, g.see(lead, below), form)
}
