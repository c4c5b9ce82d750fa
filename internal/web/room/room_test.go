package room_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/decide/incident"
)

func TestRoomPerRole(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{Summary: "A token was committed to a public repository."})
	g.do(st, &incident.AddTask{Text: "Rotate the keys", Owner: analyst})
	at := "/incidents/" + st.Ref
	for _, c := range []struct {
		person         string
		shown, missing []string
	}{
		{manager, []string{"/notes", "/phase", "/people", "/tasks", "Close</span>", "Grade</span>", "/edit", "Add a task"}, []string{"Record a decision"}},
		{analyst, []string{"/notes", "/phase", "/tasks", "Grade</span>", "/edit"}, []string{"Close</span>", `/people"`, "Record a decision"}},
		{responder, []string{"/notes", "/tasks"}, []string{"Close</span>", `/people"`}},
		{counsel, []string{"/notes", "Record a decision"}, []string{"Close</span>", `/people"`}},
		{executive, []string{"Record a decision", "Take it"}, []string{"/notes", "/phase\"", "/tasks", "/edit", "Close</span>", "Grade</span>"}},
		{press, []string{"Take it"}, []string{"/notes", "/tasks", "Record a decision"}},
		{liaison, []string{"Rotate the keys"}, []string{"Take it", "/notes", "/tasks", "<form method=\"post\" action=\"/incidents"}},
		{"risk-manager", []string{"/notes"}, []string{`/people"`}},
	} {
		body := g.get(c.person, at)
		has(t, body, st.Ref, st.Title, "A token was committed", "Verify and classify", "Rotate the keys")
		for _, w := range c.shown {
			if !strings.Contains(body, w) {
				t.Errorf("%s does not see %s", c.person, w)
			}
		}
		for _, w := range c.missing {
			if strings.Contains(body, w) {
				t.Errorf("%s sees %s", c.person, w)
			}
		}
	}
	if code, _ := g.send(reporter, "GET", at, nil); code != http.StatusForbidden {
		t.Errorf("a reporter opens the room: %d", code)
	}
	if code, _ := g.send(manager, "GET", "/incidents/INC-2026-9999", nil); code != http.StatusNotFound {
		t.Errorf("an unknown incident: %d", code)
	}
	if code, to := g.send("", "GET", at, nil); code != http.StatusSeeOther || !strings.HasPrefix(to, "/sign-in") {
		t.Errorf("nobody: %d %s", code, to)
	}
}

func TestPostWithoutPermission(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	at := "/incidents/" + st.Ref
	d := g.duty(st, "classify")
	for _, c := range []struct{ person, action, name string }{
		{liaison, at + "/notes", "note"},
		{liaison, at + "/phase", "phase"},
		{analyst, at + "/people", "assign"},
		{analyst, at + "/people/remove", "unassign"},
		{liaison, at + "/tasks", "add-task"},
		{liaison, at + "/tasks/x", "task"},
		{executive, at + "/edit", "edit"},
		{executive, at + "/facts/cause", "fact"},
		{executive, at + "/facts/scope", "fact"},
		{analyst, at + "/grade", "grade"},
		{executive, at + "/indicators", "indicators"},
		{analyst, at + "/status", "status"},
		{analyst, at + "/nature", "nature"},
		{executive, at + "/sitrep", "sitrep"},
		{analyst, at + "/close", "close"},
		{analyst, at + "/reopen", "reopen"},
		{analyst, at + "/decisions", "decision"},
		{liaison, at + "/duties/" + d + "/take", "take"},
		{liaison, at + "/duties/" + d + "/assign", "assign"},
		{liaison, at + "/duties/" + d + "/meet", "meet"},
		{analyst, at + "/duties/" + d + "/waive", "waive"},
		{liaison, at + "/duties/" + d + "/undo", "undo"},
		{reporter, at + "/calls/x", "call"},
	} {
		if code, body := g.post(c.person, at, c.action, c.name, "text", "x", "status", "confirm", "value", "x"); code != http.StatusForbidden {
			t.Errorf("%s posts to %s: %d %s", c.person, c.action, code, text(body))
		}
	}
	if now := g.state(st.Ref); now.Version != st.Version {
		t.Errorf("something was written: version %d, was %d", now.Version, st.Version)
	}
}

func TestWorkInTheRoom(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	at := "/incidents/" + st.Ref
	if to := g.done(analyst, at, at+"/notes", "note", "text", "Export calls have stopped."); to != at {
		t.Errorf("went to %s", to)
	}
	g.done(manager, at, at+"/people", "assign", "function", "manager", "person", manager)
	g.done(manager, at, at+"/phase", "phase", "phase", "contain")
	g.done(analyst, at, at+"/tasks", "add-task", "task", "Rotate the keys", "owner", analyst, "task_due", "2026-11-20T16:00", "task_due.zone", "Europe/Berlin")
	body := g.get(analyst, at)
	has(t, body, "Export calls have stopped.", "Jonas Wiesinger", "Incident manager", "Rotate the keys", `datetime="2026-11-20T15:00:00Z"`)
	task := g.state(st.Ref).Tasks[0].ID
	g.done(analyst, at, at+"/tasks/"+task, "task", "do", "finish")
	has(t, g.get(analyst, at), "1 task done", "1 of 1")
	g.done(analyst, at, at+"/tasks/"+task, "task", "do", "reopen")
	has(t, g.get(analyst, at), "0 of 1")
	g.done(manager, at, at+"/people/remove", "unassign", "function", "manager", "person", manager)
	has(t, g.get(analyst, at), "Nobody has a function here yet")
	// Each filter shows its own part.
	has(t, g.get(analyst, at+"?show=reports"), "Export calls have stopped.")
	hasNot(t, g.get(analyst, at+"?show=calls"), "Export calls have stopped.")
	if code, _ := g.send(analyst, "GET", at+"?show=nonsense", nil); code != http.StatusUnprocessableEntity {
		t.Errorf("an unknown filter: %d", code)
	}
}

func TestRefusedKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.do(g.declare(incident.Declare{}), &incident.EnterPhase{Phase: incident.Contain})
	at := "/incidents/" + st.Ref
	d := g.duty(st, "product_team")
	for _, c := range []struct {
		person, page, action, name string
		sent                       []string
		field                      string   // id of the field that is named
		kept                       []string // what still stands there
	}{
		{analyst, at, at + "/notes", "note", []string{"text", "", "at", "2026-11-20T12:00"}, "note-text", []string{`value="2026-11-20T12:00"`}},
		{analyst, at, at + "/notes", "note", []string{"text", "It was seen.", "at", "2030-01-01T12:00"}, "note-at", []string{">It was seen.</textarea>"}},
		{manager, at, at + "/phase", "phase", []string{"phase", "detect"}, "phase-reason", []string{`<option value="detect" selected`}},
		{analyst, at, at + "/tasks", "add-task", []string{"task", "", "owner", counsel}, "add-task-task", []string{`<option value="counsel" selected`}},
		{manager, at, at + "/people", "assign", []string{"function", "legal", "person", "nobody"}, "assign-person", []string{`<option value="legal" selected`}},
		{analyst, at + "/facts/cause", at + "/facts/cause", "fact", []string{"value", " ", "said_by", "the portal team"}, "fact-value", []string{`value="the portal team"`}},
		{analyst, at + "/facts/occurred", at + "/facts/occurred", "fact", []string{"value", "2030-11-20T12:00", "remark", "as the log says"}, "fact-value", []string{"as the log says"}},
		{analyst, at + "/facts/scope", at + "/facts/scope", "fact", []string{
			"customers", "alpenwerk", "country", "DE", "min", "9", "estimate", "5", "max", "7", "confidence", "guessed",
		}, "fact-persons", []string{`value="alpenwerk" checked`, `name="min" inputmode="numeric" value="9"`}},
		{analyst, at + "/facts/scope", at + "/facts/scope", "fact", []string{"customers", "alpenwerk", "country", "", "min", "", "estimate", "some", "max", ""}, "fact-persons", []string{`value="some"`}},
		{manager, at + "/grade", at + "/grade", "grade", []string{"severity", "1", "bil", "2"}, "grade-reason", []string{`value="1" required checked`, `name="bil" value="2" required checked`}},
		{manager, at + "/grade", at + "/status", "status", []string{"status", "dismiss"}, "status-reason", nil},
		{analyst, at + "/grade", at + "/indicators", "indicators", []string{"customers_affected", "many", "total_outage", "yes"}, "indicators-customers_affected", []string{`value="many"`, `name="total_outage" value="yes" checked`}},
		{analyst, at + "/sitrep", at + "/sitrep", "sitrep", []string{"text", " "}, "sitrep-text", nil},
		{manager, at + "/close", at + "/close", "close", []string{"reason", "All is well"}, "", []string{">All is well</textarea>"}},
		{counsel, at + "/decisions?kind=do_not_notify", at + "/decisions", "decision", []string{"decision", "do_not_notify", "rule", "customer", "reason", ""}, "decision-reason", []string{`<option value="customer" selected`}},
		{analyst, at + "/edit", at + "/edit", "edit", []string{"title", "", "summary", "", "version", "2"}, "edit-title", nil},
		{manager, at + "/duties/" + d, at + "/duties/" + d + "/meet", "meet", []string{"with", "acknowledgement", "at", "2030-01-01T12:00", "remark", "told by phone"}, "meet-at", []string{"told by phone"}},
		{responder, at + "/duties/" + d, at + "/duties/" + d + "/assign", "assign", []string{"person", "nobody"}, "assign-person", nil},
	} {
		code, body := g.post(c.person, c.page, c.action, c.name, c.sent...)
		if code != http.StatusUnprocessableEntity && code != http.StatusConflict {
			t.Errorf("%s %v: %d %s", c.action, c.sent, code, text(body))
			continue
		}
		if !strings.Contains(body, "data-errors") {
			t.Errorf("%s %v: no summary of errors", c.action, c.sent)
		}
		if c.field != "" && !strings.Contains(body, `href="#`+c.field+`"`) {
			t.Errorf("%s %v: %s is not named: %s", c.action, c.sent, c.field, summary(body))
		}
		for _, w := range c.kept {
			if !strings.Contains(body, w) {
				t.Errorf("%s %v: %s is lost", c.action, c.sent, w)
			}
		}
	}
}

func TestDutyPage(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	id := g.duty(st, "product_team")
	at := "/incidents/" + st.Ref + "/duties/" + id
	body := g.get(responder, at)
	has(t, body, "Tell the product team", "Policy 003, Escalation Procedure", "20 min", "Nobody has taken it", "/take", "met when somebody who was called answers")
	hasNot(t, body, "/meet", "/waive", "/undo")
	g.done(responder, at, at+"/take", "take")
	has(t, g.get(responder, at), "Felix Stadler")
	g.done(responder, at, at+"/assign", "assign", "person", "")
	g.must(g.clk.Advance(25 * time.Minute))
	has(t, g.get(responder, "/incidents/"+st.Ref), "Missed")
	if code, _ := g.post(responder, at, at+"/meet", "meet", "with", "acknowledgement"); code != http.StatusForbidden {
		t.Errorf("a call acknowledged for somebody else: %d", code)
	}
	g.done(manager, at, at+"/meet", "meet", "with", "acknowledgement", "remark", "told by phone")
	body = g.get(responder, at)
	has(t, body, "Met late", "told by phone", "/undo")
	hasNot(t, body, "/meet")
	if code, _ := g.post(responder, at, at+"/undo", "undo", "reason", ""); code != http.StatusUnprocessableEntity {
		t.Errorf("undone without a reason: %d", code)
	}
	g.done(responder, at, at+"/undo", "undo", "reason", "It was another incident")
	g.must(g.clk.Advance(time.Minute))
	g.done(executive, at, at+"/waive", "waive", "ground", "The whole team knows")
	has(t, g.get(executive, at), "Waived", "The whole team knows", "Helene Brandstetter")
	// A duty of another incident is not here.
	other := g.declare(incident.Declare{Title: "Another"})
	if code, _ := g.send(manager, "GET", "/incidents/"+other.Ref+"/duties/"+id, nil); code != http.StatusNotFound {
		t.Errorf("the duty of another incident: %d", code)
	}
}

func TestAsOf(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{Summary: "First words"})
	g.must(g.clk.Advance(30 * time.Minute))
	g.do(st, &incident.Edit{Summary: "Later words"})
	g.do(st, &incident.RecordFact{Fact: incident.FactCause, Value: []byte(`"a lock that was left open"`)})
	then := start.Add(25 * time.Minute).Format(time.RFC3339)
	at := "/incidents/" + st.Ref
	body := g.get(manager, at+"?as_of="+then)
	has(t, body, "As the record knew it on", "Back to now", "First words", "Tell the product team", `<b class="bad">Missed</b>`)
	hasNot(t, body, "Later words", "a lock that was left open", "/notes", "/phase\"", "Take it", "data-due=", "Close</span>")
	has(t, body, "As of 20 Nov 2026 15:25") // on paper, in the viewer's zone
	has(t, g.get(manager, at), "Later words", "a lock that was left open")
	has(t, g.get(manager, at+"/facts/cause?as_of="+then), "Nobody has recorded it yet")
	if code, _ := g.send(manager, "GET", at+"?as_of=2020-01-01T00:00", nil); code != http.StatusNotFound {
		t.Errorf("before it was declared: %d", code)
	}
	if code, _ := g.send(manager, "GET", at+"?as_of=yesterday", nil); code != http.StatusUnprocessableEntity {
		t.Errorf("no time: %d", code)
	}
	// What is changed has no earlier time to look at.
	if code, to := g.send(manager, "GET", at+"/grade?as_of="+then, nil); code != http.StatusSeeOther || !strings.HasPrefix(to, at+"?as_of=") {
		t.Errorf("grade as of an earlier time: %d %s", code, to)
	}
}

func TestDrillAndPrint(t *testing.T) {
	t.Parallel()
	g := open(t)
	drill := g.declare(incident.Declare{Kind: incident.Drill, Title: "Exercise of the night shift"})
	for _, path := range []string{"", "/grade", "/sitrep", "/close", "/edit", "/decisions", "/facts/cause", "/duties/" + g.duty(drill, "classify")} {
		body := g.get(manager, "/incidents/"+drill.Ref+path)
		has(t, body, `<p class="drill">`, "<title>DRILL: ", "print-head", "printed for Jonas Wiesinger")
	}
	has(t, g.get(manager, "/incidents/"+drill.Ref+"/sitrep"), ">DRILL\n")
	hasNot(t, g.get(manager, "/incidents/"+g.declare(incident.Declare{}).Ref), `<p class="drill">`)
}

func TestCallsAreAnswered(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	at := "/incidents/" + st.Ref
	body := g.get(responder, at)
	has(t, body, "You were called", "I have it")
	hasNot(t, g.get(analyst, at), "I have it")
	action := regexp.MustCompile(`action="(` + at + `/calls/[^"]+)"`).FindStringSubmatch(body)
	if action == nil {
		t.Fatal("no way to answer")
	}
	g.done(responder, at, action[1], "call")
	body = g.get(responder, at)
	hasNot(t, body, "I have it")
	has(t, body, "Answered", "Met after")
}

// TestColleagueAnswers: who is of the called team has the button as well, others have not.
func TestColleagueAnswers(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	at := "/incidents/" + st.Ref
	body := g.get("portal-lead", at)
	has(t, body, " of your team was called", "I have it")
	hasNot(t, body, "You were called")
	hasNot(t, g.get("data-engineer", at), "I have it")
	action := regexp.MustCompile(`action="(` + at + `/calls/[^"]+)"`).FindStringSubmatch(body)
	if action == nil {
		t.Fatal("no way to answer")
	}
	if code, _ := g.post("data-engineer", at, action[1], "call"); code != http.StatusForbidden {
		t.Errorf("another team answers: %d", code)
	}
	g.done("portal-lead", at, action[1], "call")
	hasNot(t, g.get("portal-lead", at), "I have it")
	hasNot(t, g.get(responder, at), "I have it")
}

// TestReminderStandsOnce: the alarm in front of a due time and the reminder it sent are one line, which reads well.
func TestReminderStandsOnce(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	for range 12 {
		g.must(g.clk.Advance(time.Minute))
		g.must(g.jobs.Drain(t.Context(), g.clk.Now()))
	}
	body := g.get(manager, "/incidents/"+st.Ref+"?show=calls")
	has(t, body, " reminded</b>", "Tell the product team")
	hasNot(t, body, "<b>Reminder</b>", "reminded to")
	if reminded, alarms := strings.Count(body, " reminded</b>"), len(g.told(st, "duty.alarmed")); reminded != alarms || alarms == 0 {
		t.Errorf("%d reminders are shown for %d alarms", reminded, alarms)
	}
}

// told lists the entries of a kind.
func (g *rig) told(st incident.State, kind string) (out []record.Entry) {
	g.t.Helper()
	list, err := g.led.Subject(g.t.Context(), g.db, st.ID, 0, 0)
	g.must(err)
	for _, e := range list {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

func TestRegionsAlone(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	at := "/incidents/" + st.Ref
	body := g.get(manager, at)
	for _, name := range []string{"room-head", "mine", "phase", "duties", "known", "timeline", "tasks", "people", "decided", "signals"} {
		has(t, body, fmt.Sprintf(`<div id="%s" data-region data-on="`, name))
		code, part := g.send(manager, "GET", at, nil, "X-Regions", name)
		if code != http.StatusOK || !strings.Contains(part, `<div id="`+name+`"`) || strings.Contains(part, "<main") {
			t.Errorf("%s alone: %d %s", name, code, text(part))
		}
	}
	has(t, body, "incident:"+st.ID, "duty:"+st.ID, "call:"+st.ID)
}

// duty is the id of the open duty of a rule.
func (g *rig) duty(st incident.State, rule string) string {
	g.t.Helper()
	list, err := g.duties.ForIncident(g.t.Context(), g.db, st.ID)
	g.must(err)
	for _, d := range list {
		if d.Rule == rule {
			return d.ID
		}
	}
	g.t.Fatalf("nothing is owed by the rule %s", rule)
	return ""
}

func summary(body string) string {
	_, s, _ := strings.Cut(body, "data-errors")
	s, _, _ = strings.Cut(s, "</div>")
	return s
}
