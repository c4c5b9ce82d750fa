package desk_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
)

// Policy 001: everybody can report. Three answers are enough.
func TestReport(t *testing.T) {
	t.Parallel()
	g := open(t)
	body := g.get(who.Reporter, "/report", http.StatusOK)
	g.has(body, "What is wrong?", "I do not know", "Customer portal", "When was it noticed?", "Europe/Dublin", "20 minutes")
	g.lacks(body, "Declare it directly")
	g.has(g.get(who.Manager, "/report", http.StatusOK), "Declare it directly")

	_, body = g.post(who.Reporter, "/report", http.StatusUnprocessableEntity, "_form", "report", "_page", "/report", "title", "A sentence I typed",
		"service", "", "discovered_at", "2026-11-21T13:55", "summary", "more of it")
	g.has(body, "A sentence I typed", "more of it", `value="2026-11-21T13:55"`, `href="#report-service"`, "Choose one, or “I do not know”", `aria-invalid="true"`, "Error: Report an incident")
	_, body = g.post(who.Reporter, "/report", http.StatusUnprocessableEntity, "_form", "report", "_page", "/report", "title", "x", "service", "unknown", "discovered_at", "2027-01-01T00:00")
	g.has(body, `href="#report-discovered_at"`, "ies in the future")

	g.has(g.get(who.Reporter, "/reports", http.StatusOK), "You have reported nothing yet", `href="/report"`)
	g.lacks(g.get(who.Auditor, "/reports", http.StatusOK), `href="/report"`)
	id := g.report("A customer saw the plan of another", "service", "unknown", "drill", "on")
	body = g.get(who.Reporter, "/reports/"+id, http.StatusOK)
	g.has(body, "DRILL.", "is called in these seconds", "Who is awake", "14:20", "15:00")
	g.lacks(body, "Open in triage")
	g.has(g.get(who.Reporter, "/reports", http.StatusOK), "A customer saw the plan of another", "DRILL", "nobody has taken it")
	g.has(g.get(who.Manager, "/reports", http.StatusOK), "You have reported nothing yet")
	g.has(g.get(who.Manager, "/reports/"+id, http.StatusOK), "Open in triage")
}

// The reporter sees who has it and what it was found to be.
func TestMyReport(t *testing.T) {
	t.Parallel()
	g := open(t)
	id := g.report("The portal shows a stranger's plan")
	path := "/reports/" + id
	g.forward(2 * time.Minute)
	g.has(g.get(who.Reporter, path, http.StatusOK), "The team Portal was called at", "Nobody has answered yet", "Felix Stadler", "called first")
	g.has(g.get(who.Manager, path, http.StatusOK), "No answer yet")
	to, _ := g.post(who.Analyst, "/triage/"+id+"/take", http.StatusSeeOther, "_page", "/triage/"+id)
	if to != "/triage/"+id {
		t.Errorf("taking leads to %s", to)
	}
	g.has(g.get(who.Reporter, path, http.StatusOK), "Tomasz Wierzba", "has it since")
	g.post(who.Manager, "/triage/"+id+"/take", http.StatusConflict, "_page", "/triage/"+id)
	to, _ = g.post(who.Responder, "/triage/"+id+"/verdict", http.StatusSeeOther, "verdict", "incident", "reason", "two customers say so", "nature", "security")
	body := g.get(who.Reporter, path, http.StatusOK)
	g.has(body, "It is an incident: "+strings.TrimPrefix(to, "/incidents/"), "two customers say so")
	g.lacks(body, `href="/incidents/`)
	late := g.report("Another one")
	g.forward(21 * time.Minute)
	g.has(g.get(who.Reporter, "/reports/"+late, http.StatusOK), "the time for it is over")
}

func TestDeclare(t *testing.T) {
	t.Parallel()
	g := open(t)
	_, body := g.post(who.Responder, "/declare", http.StatusUnprocessableEntity, "_form", "declare", "_page", "/declare", "summary", "what we know", "kind", "drill", "discovered_at", "2026-11-21T13:55")
	g.has(body, "what we know", `href="#declare-title"`, `value="drill" checked`)
	to, _ := g.post(who.Responder, "/declare", http.StatusSeeOther, "title", "Portal down", "nature", "operational", "kind", "drill",
		"discovered_at", "2026-11-21T14:55", "discovered_at.zone", "Europe/Berlin", "service", "customer-portal", "team", "")
	st, err := g.d.Incidents.Get(t.Context(), as(who.Manager), strings.TrimPrefix(to, "/incidents/"), time.Time{})
	must(t, err)
	if st.Kind != incident.Drill || st.Nature != incident.Operational || st.Team != "portal" || !st.DiscoveredAt.Equal(start.Add(-5*time.Minute)) {
		t.Errorf("%+v", st)
	}
}

// Which must be verified in the next 20 minutes?
func TestTriageList(t *testing.T) {
	t.Parallel()
	g := open(t)
	g.has(g.get(who.Responder, "/triage", http.StatusOK), "Nothing waits", "Nothing waits for a verdict.")
	g.has(g.get(who.Responder, "/triage?state=soon", http.StatusOK), "Nothing must be verified in the next 20 minutes")
	taken := g.alert("f1", "Many failed sign-ins", "identity")
	g.post(who.Responder, "/triage/"+taken+"/take", http.StatusSeeOther)
	g.forward(time.Minute)
	fresh := g.alert("f2", "Night export", "reporting")
	g.alert("f2", "Night export", "reporting")
	drill := g.report("Exercise: a laptop is lost", "drill", "on")
	body := g.get(who.Responder, "/triage", http.StatusOK)
	g.has(body, "3 wait for a verdict.", "2 must be verified in the next 20 minutes", "DRILL", "seen <b>2</b> times", "Felix Stadler")
	if strings.Index(body, fresh) > strings.Index(body, taken) {
		t.Error("what is due first stands first")
	}
	body = g.get(who.Responder, "/triage?state=soon", http.StatusOK)
	g.has(body, fresh, drill)
	g.lacks(body, `id="s-`+taken)
	for query, want := range map[string]string{"kind=report": drill, "drill=yes": drill, "team=data": fresh, "q=night": fresh, "state=all&q=sign-ins": taken} {
		body = g.get(who.Responder, "/triage?"+query, http.StatusOK)
		g.has(body, `id="s-`+want)
		if n := strings.Count(body, `id="s-`); n != 1 {
			t.Errorf("%s: %d rows", query, n)
		}
	}
	g.has(g.get(who.Responder, "/triage?q=nothing-like-it", http.StatusOK), "No signal matches", "Show all")
	g.get(who.Responder, "/triage?state=perhaps", http.StatusNotFound)
	g.get(who.Responder, "/triage?kind=perhaps", http.StatusUnprocessableEntity)
	g.has(g.get(who.Responder, "/triage?drill=yes", http.StatusOK), "This is an exercise")
	g.forward(30 * time.Minute)
	g.has(g.get(who.Responder, "/triage?state=soon", http.StatusOK), "2 past their time.", "Missed")
}

func TestSignal(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.incident()
	id, path := g.alert("f1", "Night export", "reporting"), ""
	path = "/triage/" + id
	like := g.report("Night export seen by me", "service", "reporting")
	g.forward(2 * time.Minute)
	body := g.get(who.Responder, path, http.StatusOK)
	g.has(body, "All its sender sent", "Similar signals", like, "the same words", "No answer yet", st.Ref, "same service", "False positive")
	res, raw := g.do(who.Responder, httptest.NewRequest(http.MethodGet, path+"/raw", nil))
	if h := res.Header; !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") || h.Get("Content-Type") != "application/octet-stream" || !strings.Contains(raw, "alertname") {
		t.Errorf("%v %s", h, raw)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("X-As", string(who.Responder))
	g.ServeHTTP(w, r)
	g.lacks(w.Body.String(), "<script>alert")
	g.has(w.Body.String(), "&lt;script&gt;")
	g.get(who.Responder, "/triage/none", http.StatusNotFound)
	g.has(g.get(who.Responder, path+"?find=stranger&incident="+st.Ref, http.StatusOK), "Export read by a stranger", `value="`+st.Ref+`" selected`, `value="incident" required checked`)

	_, body = g.post(who.Responder, path+"/verdict", http.StatusUnprocessableEntity, "_form", "verdict", "_page", path, "verdict", "incident", "title", "My own title", "nature", "operational")
	g.has(body, "My own title", `href="#verdict-reason"`, `value="operational" checked`)
	_, body = g.post(who.Responder, path+"/verdict", http.StatusUnprocessableEntity, "_form", "verdict", "_page", path, "reason", "kept words")
	g.has(body, "kept words", `href="#verdict-verdict"`)
	to, _ := g.post(who.Responder, path+"/verdict", http.StatusSeeOther, "verdict", "incident", "incident", st.Ref, "nature", "security", "title", "", "reason", "it is the same")
	if to != "/incidents/"+st.Ref {
		t.Errorf("leads to %s", to)
	}
	g.has(g.get(who.Auditor, path, http.StatusOK), "it is the same", st.Ref)
	g.lacks(g.get(who.Auditor, path, http.StatusOK), "Take the verdict back")
	_, body = g.post(who.Responder, path+"/undo", http.StatusUnprocessableEntity, "_form", "undo", "_page", path, "reason", " ")
	g.has(body, `href="#undo-reason"`, `<details class="fold" open`)
	g.post(who.Responder, path+"/undo", http.StatusSeeOther, "_page", path, "reason", "it is not")
	to, _ = g.post(who.Responder, path+"/verdict", http.StatusSeeOther, "verdict", "false_positive", "reason", "a test", "nature", "security")
	if to != "/triage" {
		t.Errorf("leads to %s", to)
	}
	g.has(g.get(who.Responder, "/triage?state=decided", http.StatusOK), "Night export", "False positive")
}

// Who was called answers the call, and with it all its signals.
func TestAnswerTheCall(t *testing.T) {
	t.Parallel()
	g := open(t)
	a, b := g.report("One thing"), g.report("Another thing")
	g.forward(2 * time.Minute)
	body := g.get(who.Responder, "/triage/"+a, http.StatusOK)
	g.has(body, "I have it, and the 1 others of my call")
	call := body[strings.Index(body, `name="call" value="`)+len(`name="call" value="`):]
	call = call[:strings.Index(call, `"`)]
	g.post(who.Responder, "/triage/"+a+"/take", http.StatusSeeOther, "call", call)
	for _, id := range []string{a, b} {
		g.has(g.get(who.Manager, "/triage/"+id, http.StatusOK), "has it since", "Answered")
	}
}

// Which duty has no owner?
func TestDeadlines(t *testing.T) {
	t.Parallel()
	storetest.Run(t, deadlines)
}

func deadlines(t *testing.T, db *store.DB) {
	g := openOn(t, db)
	g.has(g.get(who.Manager, "/deadlines", http.StatusOK), "Nothing is owed now", "Duties come from the facts of an incident")
	g.incident()
	d := g.duty("leadership")
	body := g.get(who.Manager, "/deadlines", http.StatusOK)
	g.has(body, d.ID, "have no owner yet", "nobody has taken it", "Take it")
	g.lacks(g.get(who.Auditor, "/deadlines", http.StatusOK), "Take it")
	g.has(g.get(who.Manager, "/deadlines?owner=me", http.StatusOK), "No duty matches")
	to, _ := g.post(who.Manager, "/deadlines/"+d.ID+"/assign", http.StatusSeeOther, "_page", "/deadlines?owner=none", "person", "incident-manager")
	if to != "/deadlines?owner=none" {
		t.Errorf("leads to %s", to)
	}
	g.has(g.get(who.Manager, "/deadlines?owner=me", http.StatusOK), d.ID)
	g.lacks(g.get(who.Manager, "/deadlines?owner=none", http.StatusOK), d.ID)
	for _, view := range []string{"recipient", "holder"} {
		g.has(g.get(who.Manager, "/deadlines?view="+view, http.StatusOK), "1 duty", "Jonas Wiesinger", d.ID)
	}
	g.has(g.get(who.Manager, "/deadlines?drill=yes", http.StatusOK), "This is an exercise")
	g.get(who.Manager, "/deadlines?view=perhaps", http.StatusNotFound)
	g.get(who.Manager, "/deadlines?state=perhaps", http.StatusUnprocessableEntity)
	g.forward(90 * time.Minute)
	g.has(g.get(who.Manager, "/deadlines", http.StatusOK), "Missed", "missed.")
	g.has(g.get(who.Manager, "/deadlines?state=missed", http.StatusOK), d.ID)

	// In the background, the list answers with its own regions.
	other := g.duty("legal")
	r := httptest.NewRequest(http.MethodPost, "/deadlines/"+other.ID+"/assign", strings.NewReader("person=incident-manager&_page=%2Fdeadlines&_form=take."+other.ID))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Regions", "*")
	if res, body := g.do(who.Manager, r); res.StatusCode != http.StatusOK || !strings.Contains(body, `id="duties"`) || strings.Contains(body, `id="basis"`) {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}

// The page of a duty stands in the room of its incident; its address without the incident leads there.
func TestDuty(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.incident()
	d := g.duty("leadership")
	at := "/incidents/" + st.Ref + "/duties/" + d.ID
	g.has(g.get(who.Manager, "/deadlines", http.StatusOK), `href="`+at+`"`)
	for _, role := range []who.Role{who.Manager, who.Auditor} {
		res, _ := g.do(role, httptest.NewRequest(http.MethodGet, "/deadlines/"+d.ID, nil))
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != at {
			t.Errorf("%s is led to %s, %d", role, res.Header.Get("Location"), res.StatusCode)
		}
	}
	g.get(who.Reporter, "/deadlines/"+d.ID, http.StatusForbidden)
	g.get(who.Manager, "/deadlines/none", http.StatusNotFound)
}

// Pages are read by key: the second starts where the first ended.
func TestDeadlinesPager(t *testing.T) {
	t.Parallel()
	g := open(t)
	for range 3 {
		g.incident()
	}
	seen, path := map[string]bool{}, "/deadlines?drill=both"
	for path != "" {
		body := g.get(who.Manager, path, http.StatusOK)
		for part := range strings.SplitSeq(body, ` id="d-`) {
			id, _, _ := strings.Cut(part, `"`)
			if len(id) == 36 && seen[id] {
				t.Errorf("%s stands on two pages", id)
			} else if len(id) == 36 {
				seen[id] = true
			}
		}
		path = ""
		if _, rest, ok := strings.Cut(body, `<p class="pager"><a class="btn" href="`); ok {
			path, _, _ = strings.Cut(rest, `"`)
		}
	}
	if len(seen) < 30 {
		t.Errorf("%d duties", len(seen))
	}
}
