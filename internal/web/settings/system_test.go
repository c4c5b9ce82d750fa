package settings_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

func (g rig) write(t *testing.T, fn func(tx *store.Tx) error) {
	t.Helper()
	if _, err := g.db.Write(t.Context(), store.Op{Name: "test", Actor: "t"}, fn); err != nil {
		t.Fatal(err)
	}
}

func (g rig) drain(t *testing.T) {
	t.Helper()
	if err := g.runner.Drain(t.Context(), g.clk.Now()); err != nil {
		t.Fatal(err)
	}
}

// letter leaves a message in the outbox and returns its address.
func (g rig) letter(t *testing.T, m mail.Message) string {
	t.Helper()
	var id string
	g.write(t, func(tx *store.Tx) (err error) { id, err = g.box.Enqueue(tx, m); return err })
	return "/settings/outbox/" + id
}

// deadJob leaves a job that was given up and returns its address.
func (g rig) deadJob(t *testing.T) string {
	t.Helper()
	g.write(t, func(tx *store.Tx) error {
		return g.runner.Enqueue(tx, job.Draft{Kind: "broken", Payload: map[string]string{"incident": "x-1"}})
	})
	g.drain(t)
	dead, _, err := g.runner.Dead(t.Context(), who.Engine("test"), "", 0)
	if err != nil || len(dead) == 0 {
		t.Fatalf("%v %v", dead, err)
	}
	return "/settings/jobs/" + dead[0].ID
}

// Who may open what: each page for each role, and what a post of the same role answers.
func TestSystemRoles(t *testing.T) {
	t.Parallel()
	g := open(t, false)
	letter, dead := g.letter(t, mail.Message{To: []string{"a@example.com"}, Subject: "About INC", Text: "x", About: "INC-2026-0001"}), g.deadJob(t)
	reads := map[who.Role]bool{who.Manager: true, who.Auditor: true, who.Admin: true}
	called := map[who.Role]bool{who.Reporter: false, who.Auditor: false}
	for _, role := range who.Roles() {
		b := g.as(t, g.person(t, "Role"+string(role)+" Tester", role))
		want := func(ok bool) int {
			if ok {
				return http.StatusOK
			}
			return http.StatusForbidden
		}
		_, index := b.get(t, "/settings")
		for _, path := range []string{"/settings/mail", "/settings/outbox", "/settings/jobs", "/settings/health", letter, dead} {
			res, body := b.get(t, path)
			if res.StatusCode != want(reads[role]) {
				t.Errorf("%s, %s: %d", role, path, res.StatusCode)
			}
			if !reads[role] {
				lacks(t, body, "About INC", "broken", "WAKEBELL_SMTP")
			}
			if path != letter && path != dead && strings.Contains(index, `"`+path+`"`) != reads[role] {
				t.Errorf("%s: the index has %s: %v", role, path, !reads[role])
			}
		}
		wakes, known := called[role]
		wakes = wakes || !known
		if res, _ := b.get(t, "/settings/wake"); res.StatusCode != want(wakes) || strings.Contains(index, "/settings/wake") != wakes {
			t.Errorf("%s, wake: %d", role, res.StatusCode)
		}
		if role != who.Admin {
			_, body := b.get(t, dead)
			lacks(t, body, "Run it again", "Discard it")
			for _, path := range []string{"/settings/mail/test", letter + "/retry", dead + "/retry", dead + "/discard"} {
				if res, _ := b.post(t, path, "reason", "none"); res.StatusCode != http.StatusForbidden {
					t.Errorf("%s posts to %s: %d", role, path, res.StatusCode)
				}
			}
		}
		if res, _ := b.post(t, "/settings/wake"); wakes != (res.StatusCode == http.StatusSeeOther) {
			t.Errorf("%s asks to be woken: %d", role, res.StatusCode)
		}
	}
}

func TestOutbox(t *testing.T) {
	t.Parallel()
	g := open(t, false)
	b := g.as(t, g.person(t, "Ada Smith", who.Admin))
	_, body := b.get(t, "/settings/outbox?state=failed")
	has(t, body, "refuses for good appears here")
	key := strings.Repeat("k", 43)
	at := g.letter(t, mail.Message{To: []string{"nora@example.com"}, Subject: "You are called", Text: "Answer:\nhttps://bell.example/ack/" + key + "\n", About: "INC-2026-0007", Drill: true})
	_, body = b.get(t, "/settings/outbox")
	has(t, body, "DRILL: You are called", "nora@example.com", "Kept here", "INC-2026-0007", at)
	_, body = b.get(t, "/settings/outbox?state=sent")
	lacks(t, body, "You are called")
	_, body = b.get(t, "/settings/outbox?about=INC-2026-0001")
	lacks(t, body, "You are called")
	if res, _ := b.get(t, "/settings/outbox?state=elsewhere"); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an unknown state: %d", res.StatusCode)
	}
	_, body = b.get(t, at)
	has(t, body, "/ack/(hidden)", "Message-ID", "The key of the link is hidden", "INC-2026-0007")
	// An administrator sees no incident, so nothing leads there.
	lacks(t, body, key, `href="/incidents/INC-2026-0007"`, "Send it again")
	_, body = g.as(t, g.person(t, "Mia Manager", who.Manager)).get(t, at)
	has(t, body, `href="/incidents/INC-2026-0007"`)
	lacks(t, body, key)
	for range 60 {
		g.letter(t, mail.Message{To: []string{"x@example.com"}, Subject: "More", Text: "x"})
	}
	_, body = b.get(t, "/settings/outbox")
	next := regexp.MustCompile(`href="(/settings/outbox\?after=[^"]+)"`).FindStringSubmatch(body)
	if next == nil || strings.Contains(body, "You are called") {
		t.Fatal("the list has no second page")
	}
	_, body = b.get(t, next[1])
	has(t, body, "You are called")
}

func TestMailSetUp(t *testing.T) {
	t.Parallel()
	g := open(t, false)
	b := g.as(t, g.person(t, "Ada Smith", who.Admin))
	_, body := b.get(t, "/settings/mail")
	has(t, body, "No mail server is set", "--smtp-host", "WAKEBELL_SMTP_PASSWORD_FILE", "No mailbox is read", "notices+*@example.com", "--bounce-imap-host")
	lacks(t, body, "Send a test message to me")
	res, body := b.post(t, "/settings/mail/test", "_page", "/settings/mail")
	if res.StatusCode != http.StatusConflict {
		t.Errorf("a test without a server: %d", res.StatusCode)
	}
	has(t, body, "--smtp-from")

	g = openWith(t, false, mail.Config{Host: "127.0.0.1", Port: 1, TLS: mail.NoTLS, From: "bell@example.com"})
	b = g.as(t, g.person(t, "Ada Smith", who.Admin))
	_, body = b.get(t, "/settings/mail")
	has(t, body, "127.0.0.1", "bell@example.com", "Send a test message to me", "ada@example.com", "INBOX on 127.0.0.1", "was not read yet")
	lacks(t, body, "imap-secret", "No mailbox is read")
	g.drain(t)
	_, body = b.get(t, "/settings/mail")
	has(t, body, "The mailbox cannot be read", "connection refused")
	res, _ = b.post(t, "/settings/mail/test", "_page", "/settings/mail")
	at := res.Header.Get("Location")
	if res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(at, "/settings/mail?test=") {
		t.Fatalf("%d %s", res.StatusCode, at)
	}
	_, body = b.get(t, at)
	has(t, body, "The test message was not sent", "connection refused", "Nothing listens there", "Failed")
	_, body = g.as(t, g.person(t, "Mia Manager", who.Manager)).get(t, "/settings/mail")
	has(t, body, "Administrators send a test message")
	lacks(t, body, "Send a test message to me")
}

func TestJobs(t *testing.T) {
	t.Parallel()
	g := open(t, false)
	b := g.as(t, g.person(t, "Ada Smith", who.Admin))
	_, body := b.get(t, "/settings/jobs?state=dead")
	has(t, body, "Nothing was given up")
	at := g.deadJob(t)
	_, body = b.get(t, "/settings/jobs?state=dead")
	has(t, body, "Given up", "the cause of it", at)
	_, body = b.get(t, at)
	has(t, body, "Run it again", "Discard it", "x-1", "1 of 1")
	res, body := b.post(t, at+"/discard", "_form", "discard", "_page", at, "reason", " ")
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %d", res.StatusCode)
	}
	has(t, body, "say why")
	res, _ = b.post(t, at+"/discard", "_form", "discard", "_page", at, "reason", "tried by hand")
	goes(t, res, "/settings/jobs?state=dead")
	if res, _ := b.get(t, at); res.StatusCode != http.StatusNotFound {
		t.Errorf("it is still there: %d", res.StatusCode)
	}
	at = g.deadJob(t)
	res, _ = b.post(t, at+"/retry", "_page", at)
	goes(t, res, "/settings/jobs")
	_, body = b.get(t, at)
	has(t, body, "Waiting", "Runs next")
}

func TestHealth(t *testing.T) {
	t.Parallel()
	g := open(t, false)
	b := g.as(t, g.person(t, "Ada Smith", who.Admin))
	_, body := b.get(t, "/settings/health")
	has(t, body, "Would an alarm at 3 a.m. reach someone?", "<b>No.</b>", "No mail server is set", "no product team and no SIRT", "Wake me", "The probe says so.")
	_, body = g.as(t, g.person(t, "Otto Auditor", who.Auditor)).get(t, "/settings/health")
	has(t, body, "<b>No.</b>")
	lacks(t, body, `action="/settings/wake"`, "/settings/people\"")
}

// A test call from the button to the link in the message, in the browser of the phone that is
// signed in to nothing.
func TestWakeMe(t *testing.T) {
	t.Parallel()
	g := open(t, false)
	b := g.as(t, g.person(t, "Nora Night", who.Responder))
	_, body := b.get(t, "/settings/wake")
	has(t, body, "nora@example.com", "You have not tried it yet")
	res, _ := b.post(t, "/settings/wake", "_form", "wake", "_page", "/settings/wake")
	goes(t, res, "/settings/wake")
	_, body = b.get(t, "/settings/wake")
	has(t, body, "On its way")
	res, body = b.post(t, "/settings/wake", "_form", "wake", "_page", "/settings/wake")
	if res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") != "30" {
		t.Errorf("again at once: %d %s", res.StatusCode, res.Header.Get("Retry-After"))
	}
	has(t, body, "Wait half a minute")
	g.drain(t)
	_, body = b.get(t, "/settings/wake")
	has(t, body, "Kept in the outbox", "No mail server is set, so it goes nowhere")
	list, _, err := g.box.List(t.Context(), who.Engine("test"), mail.Filter{}, "", 0)
	if err != nil || len(list) != 1 {
		t.Fatalf("%v %v", list, err)
	}
	link := regexp.MustCompile(`/woken/[\w-]{43}`).FindString(list[0].Text)
	phone := g.browser()
	_, body = phone.get(t, link)
	has(t, body, "This is a test that you asked for", "I am awake")
	_, body = b.get(t, "/settings/wake")
	lacks(t, body, "Arrived") // opening the link notes nothing: mail scanners do it
	res, _ = phone.post(t, link)
	goes(t, res, link)
	_, body = phone.get(t, link)
	has(t, body, "It arrived")
	_, body = b.get(t, "/settings/wake")
	has(t, body, "Arrived")
	if res, _ := phone.get(t, "/woken/"+strings.Repeat("x", 43)); res.StatusCode != http.StatusNotFound {
		t.Errorf("an unknown link: %d", res.StatusCode)
	}
}

// The screen says which role keeps the system from being left without an administrator.
func TestLastAdminOnTheScreen(t *testing.T) {
	t.Parallel()
	g := open(t, false)
	p := g.person(t, "Ada Smith", who.Admin)
	b, at := g.as(t, p), "/settings/people/"+p.ID
	save := func(more ...string) (*http.Response, string) {
		return b.post(t, at, append([]string{"_form", "person", "_page", at, "version", "1", "name", "Ada Smith", "email", "ada@example.com", "zone", "UTC"}, more...)...)
	}
	res, body := save("active", "on", "role.reporter", "on")
	if res.StatusCode != http.StatusConflict {
		t.Errorf("taking the role: %d", res.StatusCode)
	}
	has(t, body, "give it to another active person first", `href="#person-role.admin"`)
	res, body = save("role.admin", "on")
	if res.StatusCode != http.StatusConflict {
		t.Errorf("not active: %d", res.StatusCode)
	}
	has(t, body, "make another active person administrator first", `href="#person-active"`)
}
