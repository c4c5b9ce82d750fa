package room_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wakebell/wakebell/internal/decide/incident"
)

func TestGrade(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	at := "/incidents/" + st.Ref + "/grade"
	has(t, g.get(manager, at), "No suggestion yet", "Is a whole service down?")
	hasNot(t, g.get(analyst, at), "Decide the grade", "Dismiss</span>")
	g.done(analyst, at, "/incidents/"+st.Ref+"/indicators", "indicators", "total_outage", "yes", "core_function_broken", "unknown", "data_lost", "no", "customers_affected", "3")
	has(t, g.get(manager, at), "Suggested: <b>SEV 1 Critical, BIL 2</b>", "total outage", "not known yet: core function broken")
	if to := g.done(manager, at, at, "grade", "severity", "1", "bil", "2"); to != "/incidents/"+st.Ref {
		t.Errorf("went to %s", to)
	}
	has(t, g.get(manager, "/incidents/"+st.Ref), "SEV 1", "BIL 2")
	if code, body := g.post(manager, at, at, "grade", "severity", "3", "bil", "1"); code != http.StatusUnprocessableEntity {
		t.Errorf("another grade without a reason: %d %s", code, text(body))
	}
	g.done(manager, at, at, "grade", "severity", "3", "bil", "1", "reason", "Only a test tenant")
	has(t, g.get(manager, at), "Only a test tenant", "one of the two is wrong")
	g.done(manager, at, "/incidents/"+st.Ref+"/status", "status", "status", "confirm")
	g.done(manager, at, "/incidents/"+st.Ref+"/nature", "nature", "nature", "operational", "reason", "A disk was full")
	now := g.state(st.Ref)
	if now.Status != incident.Confirmed || now.Nature != incident.Operational || *now.Severity != 3 {
		t.Errorf("%+v", now)
	}
	has(t, g.get(manager, at), "It is security")
	g.done(manager, at, "/incidents/"+st.Ref+"/status", "status", "status", "dismiss", "reason", "A false alarm after all")
	has(t, g.get(manager, "/incidents/"+st.Ref), "Dismissed", "Reopen")
}

func TestFacts(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	at := "/incidents/" + st.Ref
	fact := func(key string, pairs ...string) {
		t.Helper()
		g.done(analyst, at+"/facts/"+key, at+"/facts/"+key, "fact", pairs...)
	}
	fact("cause", "value", "A token in a repository", "said_by", "the portal team")
	fact("cause", "value", "A token in a public repository")
	fact("personal_data", "value", "yes", "remark", "names")
	fact("aware", "value", "2026-11-20T14:30", "value.zone", "Europe/Berlin", "entity", "lumenhof-gmbh")
	fact("risk", "value", "high", "entity", "lumenhof-gmbh")
	fact("harm", "confidentiality.customer_data", "existing", "availability.our_services", "impending")
	fact("protected", "value", "trade_secret")
	fact("law_enforcement", "value", "unknown")
	body := g.get(analyst, at)
	has(t, body, "A token in a public repository", "Lumenhof GmbH", "A high risk", "Confidentiality of customers’ data (existing)", "Trade secret",
		`href="`+at+`/facts/aware@lumenhof-gmbh"`)
	past := g.get(liaison, at+"/facts/cause")
	has(t, past, "Said by the portal team, recorded by Tomasz Wierzba", "A token in a repository")
	hasNot(t, past, "<form method=\"post\" action=\"/incidents")
	now := g.state(st.Ref)
	if got := now.Facts["aware@lumenhof-gmbh"].Value.At; !got.Equal(time.Date(2026, 11, 20, 13, 30, 0, 0, time.UTC)) {
		t.Errorf("aware at %s: the zone of the form does not count", got)
	}
	if code, _ := g.send(analyst, "GET", at+"/facts/weather", nil); code != http.StatusNotFound {
		t.Errorf("no such fact: %d", code)
	}
}

func TestScope(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	at := "/incidents/" + st.Ref + "/facts/scope"
	has(t, g.get(analyst, at), "What the declaration says is ticked already", `value="customer-portal" checked`, "Alpenwerk AG", "Names and addresses")
	g.done(analyst, at, at, "fact", "services", "customer-portal", "customers", "alpenwerk", "customers", "helvetia-labs", "data_kinds", "health data",
		"data_other", "shoe sizes\n\n", "confidence", "estimated", "country", "de", "min", "20,000", "estimate", "31000", "max", "", "country", "", "min", "", "estimate", "", "max", "")
	sc := g.state(st.Ref).ScopeNow()
	if len(sc.Customers) != 2 || len(sc.DataKinds) != 2 || sc.DataKinds[1] != "shoe sizes" {
		t.Errorf("%+v", sc)
	}
	if len(sc.Persons) != 1 || sc.Persons[0] != (incident.Persons{Country: "DE", Min: 20000, Estimate: 31000, Max: 31000}) {
		t.Errorf("%+v", sc.Persons)
	}
	has(t, g.get(analyst, "/incidents/"+st.Ref), "2 customers, about 31,000 persons", "Alpenwerk AG, Helvetia Labs SA", "shoe sizes")
	// Who writes from an older page is told, and loses nothing.
	code, body := g.post(analyst, at, at, "fact", "seen", "", "customers", "juno-media")
	if code != http.StatusConflict {
		t.Fatalf("an older page: %d", code)
	}
	has(t, body, "recorded this anew while you were writing", `value="juno-media" checked`)
	hasNot(t, body, `value="alpenwerk" checked`)
}

func TestEditConflict(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{Summary: "First words"})
	at := "/incidents/" + st.Ref + "/edit"
	page := g.get(analyst, at)
	version, base := hidden(page, "version"), hidden(page, "base")
	g.do(st, &incident.Note{Text: "no conflict"})
	if to := g.done(analyst, at, at, "edit", "title", st.Title, "summary", "Mine", "version", version, "base", base); to != "/incidents/"+st.Ref {
		t.Errorf("went to %s", to)
	}
	code, body := g.post(responder, at, at, "edit", "title", st.Title, "summary", "Theirs, later", "version", version, "base", base)
	if code != http.StatusConflict {
		t.Fatalf("a stale edit: %d %s", code, text(body))
	}
	has(t, body, "Tomasz Wierzba saved this before you", "Mine", "Theirs, later")
	g.done(responder, at, at, "edit", "title", st.Title, "summary", "Both", "version", hidden(body, "version"), "base", hidden(body, "base"))
	if got := g.state(st.Ref).Summary; got != "Both" {
		t.Error(got)
	}
}

func TestSitrep(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	g.do(st, &incident.SendSitrep{Text: "The first report"})
	g.must(g.clk.Advance(70 * time.Minute))
	g.do(st, &incident.Note{Text: "Export calls have stopped"})
	g.do(st, &incident.AddTask{Text: "Rotate the keys", Owner: analyst})
	at := "/incidents/" + st.Ref + "/sitrep"
	body := g.get(analyst, at)
	has(t, body, "Situation report 2", "Export calls have stopped", "Missed\n- Tell the product team", "Rotate the keys (Tomasz Wierzba)", "The first report")
	g.done(analyst, at, at, "sitrep", "text", "All is calm")
	has(t, g.get(analyst, "/incidents/"+st.Ref), "Situation report 2", "All is calm")
}

func TestClose(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	at := "/incidents/" + st.Ref + "/close"
	has(t, g.get(manager, at), "only suspected", "Confirm or dismiss it")
	st = g.do(st, &incident.Confirm{})
	st = g.do(st, &incident.RecordFact{Fact: incident.FactPersonalData, Value: []byte(`"yes"`)})
	st = g.do(st, &incident.RecordFact{Fact: incident.FactScope, Value: []byte(`{"customers":["alpenwerk"],"entities":["lumenhof-gmbh"]}`)})
	d := g.duty(st, "customer")
	body := g.get(manager, at)
	has(t, body, "What stands in the way", "Tell Alpenwerk AG", "/duties/"+d)
	hasNot(t, g.get(analyst, at), "Close the incident")
	code, body := g.post(manager, at, at, "close", "reason", "All is well")
	if code != http.StatusConflict {
		t.Errorf("closed over open duties: %d", code)
	}
	has(t, body, "cannot be closed", "All is well")
	for _, x := range g.outward(st) {
		g.done(counsel, at, "/incidents/"+st.Ref+"/duties/"+x+"/waive", "waive", "ground", "A test tenant")
		g.post(executive, at, "/incidents/"+st.Ref+"/duties/"+x+"/waive", "waive", "ground", "A test tenant")
	}
	has(t, g.get(manager, at), "Nothing stands in the way")
	g.done(manager, at, at, "close", "reason", "All is well")
	has(t, g.get(manager, "/incidents/"+st.Ref), "Closed", "All is well", "Reopen</span>")
	hasNot(t, g.get(manager, "/incidents/"+st.Ref), "Post update</span>")
	g.done(manager, at, "/incidents/"+st.Ref+"/reopen", "reopen", "reason", "It began again")
	if !g.state(st.Ref).Open() {
		t.Error("it is not open again")
	}
}

// A situation report is met by the report alone: who may not write one is offered nothing that would be
// refused.
func TestReportIsNotMarkedAsDone(t *testing.T) {
	t.Parallel()
	g := open(t)
	two := 2
	st := g.declare(incident.Declare{})
	g.do(st, &incident.RecordFact{Fact: incident.FactScope, Value: []byte(`{"entities": ["lumenhof-gmbh"]}`)})
	g.do(st, &incident.Confirm{})
	g.do(st, &incident.Assign{Function: incident.FnManager, Person: manager})
	g.do(st, &incident.Grade{Severity: &two, BIL: &two, Reason: "A test"})
	done := "/duties/" + g.duty(st, "sitrep") + "#done"
	at := "/incidents/" + st.Ref
	has(t, g.get(manager, at), "Write the report")
	body := g.get(executive, at)
	has(t, body, "Situation report to the SIHT no. 1")
	hasNot(t, body, "Write the report", done)
}

// TestDutiesAsOf: read from the ledger as of now, the duties are those of the table.
func TestDutiesAsOf(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	st = g.do(st, &incident.Confirm{})
	id := g.duty(st, "product_team")
	at := "/incidents/" + st.Ref + "/duties/" + id
	g.done(responder, at, at+"/take", "take")
	g.done(manager, at, at+"/meet", "meet", "with", "acknowledgement", "remark", "told")
	g.done(manager, at, at+"/undo", "undo", "reason", "wrong")
	g.done(executive, at, at+"/waive", "waive", "ground", "all know")
	st = g.do(st, &incident.RecordFact{Fact: incident.FactPersonalData, Value: []byte(`"yes"`)})
	st = g.do(st, &incident.RecordFact{Fact: incident.FactScope, Value: []byte(`{"customers":["alpenwerk","juno-media"]}`)})
	g.do(st, &incident.RecordFact{Fact: incident.FactScope, Value: []byte(`{"customers":["juno-media"]}`)})
	g.must(g.clk.Advance(time.Minute))
	want, err := g.duties.ForIncident(t.Context(), g.db, st.ID)
	g.must(err)
	got, err := g.duties.AsOf(t.Context(), g.db, st.ID, g.clk.Now())
	g.must(err)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestDecisions(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	at := "/incidents/" + st.Ref + "/decisions"
	for _, kind := range []string{"", "press_team", "law_enforcement", "do_not_notify", "other"} {
		has(t, g.get(counsel, at+"?kind="+kind), "Record the decision", "Why?")
	}
	g.done(counsel, at, at, "decision", "decision", "outside_help", "answer", "yes", "reason", "Forensics is beyond us", "decided_by", executive)
	g.done(counsel, at, at, "decision", "decision", "do_not_notify", "rule", "authority_gdpr", "entity", "lumenhof-gmbh", "reason", "A risk is unlikely")
	body := g.get(liaison, at)
	has(t, body, "Outside help: yes", "Helene Brandstetter", "Do not notify", "Lumenhof GmbH", "A risk is unlikely", "Legal counsel and executives decide")
	hasNot(t, body, "Record the decision")
	has(t, g.get(liaison, "/incidents/"+st.Ref), "A risk is unlikely")
}

func (g *rig) outward(st incident.State) []string {
	g.t.Helper()
	list, err := g.duties.OpenDuties(g.t.Context(), g.db, st.ID)
	g.must(err)
	var out []string
	for _, d := range list {
		if d.Outward {
			out = append(out, d.ID)
		}
	}
	return out
}

// hidden is the value of a hidden field.
func hidden(body, name string) string {
	_, v, _ := strings.Cut(body, `name="`+name+`" value="`)
	v, _, _ = strings.Cut(v, `"`)
	return v
}
