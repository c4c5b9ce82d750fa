package room_test

import (
	"net/http"
	"testing"

	"github.com/wakebell/wakebell/internal/decide/incident"
)

// TestContacts walks a question of a paper and its answer through the log.
func TestContacts(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	log := "/incidents/" + st.Ref + "/contacts"
	for _, person := range []string{manager, counsel, press, privacy} {
		has(t, g.get(person, log), "No contacts yet", "Record the first", "They came to us", "step=advice", "Who may speak", "names a spokesperson")
	}

	// What a form asks depends on the side and on the step.
	body := g.get(press, log+"/new?side=media&step=in")
	has(t, body, "Somebody outside contacted us", "By when do they want an answer?", `value="media" required checked`)
	hasNot(t, body, "Approved statement", `name="party"`)
	body = g.get(manager, log+"/new?side=law_enforcement&step=out")
	has(t, body, "We contacted somebody outside", "Legal has given no direction about law enforcement yet", `name="party"`)
	hasNot(t, body, "By when do they want an answer?", "Approved statement")
	has(t, g.get(press, log+"/new?side=media&step=out"), "Approved statement")
	body = g.get(counsel, log+"/new?side=law_enforcement&step=advice")
	has(t, body, "Which counsel?", "Beatrix Hohenfels", "until when it holds")
	hasNot(t, body, `name="channel"`, "Hugh Carrick</option>")

	to := g.done(press, log+"/new?side=media&step=in", log, "contact", "step", "in", "side", "media", "channel", "email", "name", "Morgen<blatt>",
		"person", press, "subject", "Is it true?", "due_at", "2026-11-20T18:00")
	if to != log+"/1" {
		t.Fatalf("recorded at %s", to)
	}
	has(t, g.get(manager, to), "Is it true?", "Morgen&lt;blatt&gt;", "Answer by", "Record the answer", "Hugh Carrick")
	body = g.get(manager, log)
	has(t, body, "They wait for an answer", "Is it true?", "new?answers=1", "Open")
	hasNot(t, g.get(manager, log+"?side=law_enforcement"), `id="c-1"`)
	has(t, g.get(press, log+"/new?answers=1"), "Answer no. 1", `value="Morgen&lt;blatt&gt;"`)
}

// TestContactAgainstThePlan keeps what was typed and asks for the reason.
func TestContactAgainstThePlan(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	log := "/incidents/" + st.Ref + "/contacts"
	at := log + "/new?side=law_enforcement&step=out"
	said := []string{"step", "out", "side", "law_enforcement", "channel", "phone", "name", "Police Munich", "person", press, "subject", "We called", "text", "They want logs."}
	code, body := g.post(press, at, log, "contact", said...)
	if code != http.StatusUnprocessableEntity {
		t.Fatalf("without a reason: %d", code)
	}
	has(t, body, "neither the incident manager nor the delegate", "legal had given no direction before", "Police Munich", "They want logs.", `aria-invalid`)
	hasNot(t, g.get(manager, log), "We called")
	code, body = g.post(press, at, log, "contact", append(said, "why", "Nobody else was there")...)
	if code != http.StatusSeeOther {
		t.Fatalf("with a reason: %d %s", code, text(body))
	}
	has(t, g.get(counsel, log+"/1"), "Against the plan", "Why: Nobody else was there", "Legal had given no direction before")
	has(t, g.get(counsel, log), "Against the plan")

	// With legal's direction, and by the manager, nothing is marked.
	g.do(st, &incident.Assign{Function: incident.FnManager, Person: manager})
	g.done(counsel, log+"/new?side=law_enforcement&step=advice", log, "contact", "step", "advice", "side", "law_enforcement", "person", counsel,
		"subject", "They may have the logs", "text", "The logs of Friday, nothing of persons.")
	hasNot(t, g.get(manager, at), "Legal has given no direction")
	g.done(manager, at, log, "contact", "step", "out", "side", "law_enforcement", "channel", "phone", "name", "Police Munich", "person", manager, "subject", "We called again")
	hasNot(t, g.get(manager, log+"/3"), "Against the plan")
}

// TestContactDenied shows the log to nobody who may not read it.
func TestContactDenied(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	log := "/incidents/" + st.Ref + "/contacts"
	g.done(press, log+"/new?side=media&step=in", log, "contact", "step", "in", "side", "media", "channel", "email", "name", "Morgenblatt", "person", press, "subject", "Is it true?")
	for _, person := range []string{analyst, responder, liaison, reporter} {
		for _, path := range []string{log, log + "/1", log + "/new"} {
			code, body := g.send(person, http.MethodGet, path, nil)
			if code != http.StatusForbidden {
				t.Errorf("%s as %s: %d", path, person, code)
			}
			hasNot(t, body, "Is it true?", "Morgenblatt")
		}
		code, _ := g.post(person, log+"/new", log, "contact", "step", "in", "side", "media", "channel", "email", "name", "M", "person", person, "subject", "x")
		if code != http.StatusForbidden {
			t.Errorf("%s posts: %d", person, code)
		}
	}
	// An executive reads it and records nothing.
	body := g.get(executive, log)
	has(t, body, "Is it true?")
	hasNot(t, body, "Record the answer", "They came to us</a>", "/contacts/new")
	if code, _ := g.send(executive, http.MethodGet, log+"/new", nil); code != http.StatusForbidden {
		t.Errorf("an executive's form: %d", code)
	}
	for _, path := range []string{log + "/9", log + "/x"} {
		if code, _ := g.send(manager, http.MethodGet, path, nil); code != http.StatusNotFound {
			t.Errorf("%s: %d", path, code)
		}
	}
}
