package room_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
)

func TestLawAnswersWhomToTell(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	path := "/incidents/" + st.Ref + "/law"
	before := g.get(counsel, path)
	has(t, before, "Do we have to tell, whom, until when, and why?", "Nothing is required by what is known", "Are personal data affected?", `id="q-personal_data"`, "ettles ", "Not legal advice")
	hasNot(t, before, "Decide not to tell", `id="o-eu-gdpr-33-1-`)

	answer := func(question string, pairs ...string) (int, string) {
		return g.post(analyst, path, path, "answer."+question, append([]string{"question", question}, pairs...)...)
	}
	if code, body := answer("personal_data", "value", "yes", "said_by", "The portal team"); code != http.StatusSeeOther {
		t.Fatalf("%d %s", code, text(body))
	}
	if f := g.state(st.Ref).Facts["personal_data"]; f.Value.Answer != incident.Yes || f.SaidBy != "The portal team" {
		t.Errorf("recorded: %+v", f)
	}
	after := g.get(counsel, path)
	has(t, after, `id="o-eu-gdpr-33-1-`, `href="/rules/eu-gdpr-33-1"`, "72 h after", "personal data are affected", "Decide not to tell", "Needs facts", "Not required", "is not a financial entity")
	hasNot(t, after, `id="q-personal_data"`)
	if at := regexp.MustCompile(`1182/71 it would end at (\S+ \S+ \S+ \S+);`).FindStringSubmatch(after); at == nil {
		t.Error("the reading of Regulation 1182/71 is not noted")
	} else if _, err := time.Parse("2 Jan 2006 15:04", at[1]); err != nil {
		t.Errorf("a time is written in its own way: %v", err)
	}
	hasNot(t, g.get(analyst, path), "Decide not to tell")

	for _, c := range []struct {
		question string
		pairs    []string
		says     string
	}{
		{"acquired", nil, "Is needed"},
		{"encryption", []string{"value", "somehow"}, "one of none, partly, all"},
		{"persons", []string{"country", "DE", "estimate", "10", "max", "5"}, "less than the estimate"},
		{"persons", []string{"country", "Mars", "estimate", "10"}, "ISO 3166"},
		{"data_categories", nil, "None of these"},
		{"moments.contained", []string{"value", "2026-11-01T10:00"}, ""},
	} {
		code, body := answer(c.question, c.pairs...)
		if c.says == "" {
			if code != http.StatusSeeOther {
				t.Errorf("%s: %d %s", c.question, code, text(body))
			}
			continue
		}
		if code != http.StatusUnprocessableEntity || !strings.Contains(body, c.says) {
			t.Errorf("%s %v: %d, %q is missing in %s", c.question, c.pairs, code, c.says, text(body))
		}
	}
	// What happened after it was contained contradicts it, and the field says so.
	code, body := answer("moments.occurred", "value", "2026-11-02T10:00")
	if code != http.StatusUnprocessableEntity || !strings.Contains(body, "lies before") {
		t.Errorf("contained before it occurred: %d %s", code, text(body))
	}
	g.done(analyst, path, path, "answer.persons", "question", "persons", "country", "us-ca", "min", "100", "estimate", "600", "max", "900")
	g.done(analyst, path, path, "answer.acquired", "question", "acquired", "value", "yes")
	g.done(analyst, path, path, "answer.data_categories", "question", "data_categories", "value", "health", "value", "contact")
	all := g.get(counsel, path)
	has(t, all, `id="place-US-CA"`, "600", "(100 to 900)", "With 100 persons: not required", "No affected person is recorded in the country or state of these rules")
	if v := g.state(st.Ref).Facts["law.data_categories"].Value.Law; string(v) != `["contact","health"]` {
		t.Errorf("list: %s", v)
	}
	whole := g.get(counsel, path+"?whole=1")
	has(t, whole, "The facts this was judged by", "Rule packs, version", "Judged and printed", "Source: ", "of the pack eu", st.Ref+". Not legal advice.")
	if strings.Count(whole, "<details") == 0 || !strings.Contains(whole, "open>") {
		t.Error("the folds are not open on paper")
	}

	has(t, g.get(counsel, "/incidents/"+st.Ref+"/decisions?kind=do_not_notify&rule=eu-gdpr-34"), `<option value="eu-gdpr-34" selected>`)
	has(t, g.get(analyst, "/incidents/"+st.Ref+"/facts/law.data_categories"), "Contact, health", "Every value it has had")
	if code, _ := g.send(reporter, "GET", path, nil); code != http.StatusForbidden {
		t.Errorf("reporter: %d", code)
	}
	if code, _ := g.post(press, path, path, "answer.acquired", "question", "acquired", "value", "no"); code != http.StatusForbidden {
		t.Errorf("communications answers: %d", code)
	}
	hasNot(t, g.get(press, path), "<form method=\"post\" action=\""+path)
}

func TestAssessmentOfABreach(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	path := "/incidents/" + st.Ref + "/assess"
	at := func(step string) string { return path + "?step=" + step }
	has(t, g.get(analyst, path), "Step 1 of 6", "Did anybody see or get data who must not?", "The facts do not settle it", "Whether anybody saw or got the data", "Not legal advice")

	to := g.done(analyst, at("what"), at("what"), "assess.what", "personal_data", "yes", "confidentiality", "lost", "integrity", "intact", "availability", "intact", "malicious", "yes", "recipient", "unknown")
	if to != at("data") {
		t.Errorf("goes on to %s", to)
	}
	code, body := g.post(analyst, at("data"), at("data"), "assess.data", "data_categories", "contact", "data_categories", "payment_card",
		"country", "DE", "min", "50", "estimate", "20", "max", "10", "said_by", "Nora")
	if code != http.StatusUnprocessableEntity {
		t.Fatalf("max < min: %d", code)
	}
	has(t, body, "Row 1: the highest number is less than the least", `value="50"`, `value="Nora"`, `value="payment_card" checked`)
	g.done(analyst, at("data"), at("data"), "assess.data", "data_categories", "contact", "data_categories", "payment_card", "country", "DE", "min", "10", "estimate", "20", "max", "50")
	if code, _ := g.post(analyst, at("data"), at("data"), "assess.data", "data_categories", "contact", "country", "FR", "estimate", "1"); code != http.StatusConflict {
		t.Errorf("a stale scope: %d", code)
	}
	g.done(analyst, at("protection"), at("protection"), "assess.protection", "encryption", "none")
	g.done(analyst, at("consequences"), at("consequences"), "assess.consequences", "likelihood", "possible", "severity", "significant")
	code, body = g.post(analyst, at("score"), at("score"), "assess.score", "score.financial", "2", "identifiability", "1", "confidentiality", "0.5", "integrity", "0", "availability", "0", "malicious", "on")
	if code != http.StatusUnprocessableEntity || !strings.Contains(body, "needs its reason") {
		t.Errorf("a score without its reason: %d %s", code, text(body))
	}
	g.done(analyst, at("score"), at("score"), "assess.score", "score.financial", "3", "identifiability", "1", "confidentiality", "0.5", "integrity", "0", "availability", "0", "malicious", "on")
	last := g.get(analyst, at("verdict"))
	has(t, last, "There is a high risk.", "payment card", "data processing context 3", "Nobody has given one yet", ">4<")

	code, body = g.post(analyst, at("verdict"), at("verdict"), "assess.verdict", "risk", "high")
	if code != http.StatusUnprocessableEntity || !strings.Contains(body, "the register keeps it") {
		t.Errorf("a verdict without reason: %d", code)
	}
	g.done(analyst, at("verdict"), at("verdict"), "assess.verdict", "risk", "risk", "reason", "The cards are blocked.")
	g.done(analyst, at("verdict"), at("verdict"), "assess.verdict", "risk", "high", "reason", "Two were used before.")
	has(t, g.get(press, at("verdict")), "The cards are blocked.", "Two were used before.", "Those who work on the open incident answer here")
	now := g.state(st.Ref)
	if f := now.Facts["risk"]; f.Value.Risk != "high" || f.Text != "Two were used before." {
		t.Errorf("verdict: %+v", f)
	}
	if o := now.Facts[string(fact.OfConsequences)].Value.Outlook; o == nil || o.Recipient != "unknown" || o.Severity != "significant" {
		t.Errorf("the consequences of two steps: %+v", o)
	}
	has(t, g.get(counsel, "/incidents/"+st.Ref+"/law"), `href="/rules/eu-gdpr-34"`)
	if code, _ := g.send(reporter, "GET", path, nil); code != http.StatusForbidden {
		t.Errorf("reporter: %d", code)
	}
	if code, _ := g.post(press, at("verdict"), at("verdict"), "assess.verdict", "risk", "none", "reason", "x"); code != http.StatusForbidden {
		t.Errorf("communications gives a verdict: %d", code)
	}
}

// The verdict of one person says that it is not confirmed; another person confirms it on
// the same page, and nobody else is asked.
func TestSecondOpinion(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	path := "/incidents/" + st.Ref + "/assess"
	at := path + "?step=verdict"
	g.done(analyst, path, path, "assess.what", "personal_data", "yes")
	g.done(analyst, at, at, "assess.verdict", "risk", "none", "reason", "Nobody saw it.")
	has(t, g.get(analyst, path), "The verdict is not yet confirmed", "Until then no duty falls away")
	has(t, g.get(counsel, "/incidents/"+st.Ref+"/law"), "The verdict is not yet confirmed", "no duty falls away because of it", "step=verdict")
	hasNot(t, g.get(analyst, at), "Your second opinion")
	hasNot(t, g.get(liaison, at), "Your second opinion")
	id := g.state(st.Ref).Verdicts[0].ID
	form := "second." + id
	has(t, g.get(counsel, at), "Your second opinion", "asked of legal or privacy officer", "Nobody saw it.")
	if code, _ := g.post(liaison, at, path+"/second", form, "about", id, "answer", "yes", "why", "x"); code != http.StatusForbidden {
		t.Errorf("a liaison confirms: %d", code)
	}
	if code, _ := g.post(analyst, at, path+"/second", form, "about", id, "answer", "yes", "why", "x"); code != http.StatusForbidden {
		t.Errorf("the assessor confirms: %d", code)
	}
	code, body := g.post(counsel, at, path+"/second", form, "about", id, "answer", "no", "why", " ")
	if code != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %d %s", code, text(body))
	}
	g.done(counsel, at, path+"/second", form, "about", id, "answer", "no", "why", "Ask the provider first.")
	has(t, g.get(counsel, "/incidents/"+st.Ref+"/law"), "A second person disagrees with the verdict")
	has(t, g.get(analyst, at), "A second person disagrees", "Disputed", "disagrees: Ask the provider first.")
	g.done(counsel, at, path+"/second", form, "about", id, "answer", "yes", "why", "The provider answered.")
	hasNot(t, g.get(counsel, "/incidents/"+st.Ref+"/law"), "not yet confirmed", "A second person disagrees")
	body = g.get(analyst, at)
	has(t, body, "Confirmed", "agrees: The provider answered.")
	hasNot(t, body, "not yet confirmed")
}

// A kind of protected information asks counsel, on the room, the assessment, the decisions
// and the close.
func TestCounselIsAsked(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	room := "/incidents/" + st.Ref
	at := room + "/decisions"
	hasNot(t, g.get(counsel, room), "Asked of legal or outside counsel")
	path := room + "/assess?step=data"
	g.done(analyst, path, path, "assess.data", "data_categories", "payment_card")
	for _, p := range []string{room, at, room + "/close"} {
		has(t, g.get(manager, p), "Asked of legal or outside counsel", "what is kept, and how long (payment cards)")
	}
	has(t, g.get(analyst, room+"/assess"), "Counsel has not decided what must be disclosed (payment cards)")
	has(t, g.get(counsel, at+"?kind=retention"), "What is kept, and for how long?", "Outside counsel, if they decided")
	code, body := g.post(executive, at+"?kind=disclosure", at, "decision", "decision", "disclosure", "answer", "yes", "reason", "PCI rules")
	if code != http.StatusUnprocessableEntity || !strings.Contains(body, "role legal") {
		t.Errorf("an executive decides alone: %d %s", code, text(body))
	}
	g.done(executive, at+"?kind=disclosure", at, "decision", "decision", "disclosure", "answer", "yes", "reason", "PCI rules", "counsel", "Dr. Ada Berg")
	g.done(counsel, at+"?kind=retention", at, "decision", "decision", "retention", "text", "Two years", "reason", "Claims")
	body = g.get(manager, at)
	has(t, body, "Disclosure: yes", "on payment cards", "Dr. Ada Berg, outside counsel; recorded for", "Two years")
	hasNot(t, body, "Asked of legal")
}

// The package for a controller: what is known with its source, what is not, taken and on
// paper; words that name another customer come back with what was typed.
func TestHandover(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{Service: "customer-portal"})
	list := "/incidents/" + st.Ref + "/handover"
	has(t, g.get(manager, list), "No controller is affected", "Record the scope")
	if _, err := g.inc.Execute(t.Context(), who.Engine("test"), st.ID, &incident.RecordFact{
		Fact: fact.OfScope, Value: []byte(`{"entities":["lumenhof-gmbh"],"customers":["alpenwerk","borealis-health"],"data_kinds":["name"]}`),
	}, 0); err != nil {
		t.Fatal(err)
	}
	has(t, g.get(manager, list), "Alpenwerk AG", "Borealis Health AB", "None yet")
	at := list + "/alpenwerk"
	body := g.get(manager, at)
	has(t, body, "What is known", "What is not known yet", "GDPR Art. 33(3)(a)", "Take this version", "No version was taken yet", "Nobody has said when more is expected")
	hasNot(t, body, "Borealis")
	hasNot(t, g.get(liaison, at), "Take this version")
	if code, _ := g.send(reporter, "GET", at, nil); code != http.StatusForbidden {
		t.Errorf("reporter: %d", code)
	}
	if code, _ := g.post(liaison, at, at, "handover", "nature", "x"); code != http.StatusForbidden {
		t.Errorf("an liaison takes it: %d", code)
	}
	code, body := g.post(manager, at, at, "handover", "nature", "As at Borealis Health", "persons", "about 12")
	if code != http.StatusUnprocessableEntity {
		t.Errorf("another customer's name: %d", code)
	}
	has(t, body, "ames another customer", `value="about 12"`)
	to := g.done(manager, at, at, "handover", "persons", "about 12")
	if to != at+"/1" {
		t.Errorf("goes on to %s", to)
	}
	body = g.get(liaison, to)
	hasNot(t, body, st.Title) // the incident's own title may say more than one customer should read
	has(t, body, "about 12", "data-print", "Download as JSON", "SHA-256 of the JSON", "without undue further delay")
	hasNot(t, body, "Borealis")
	code, doc := g.send(liaison, "GET", to+"/document", nil)
	if code != http.StatusOK || !strings.Contains(doc, `"about 12"`) {
		t.Errorf("document: %d %s", code, doc)
	}
	has(t, g.get(manager, at), "Version 1", "Nothing.")
	has(t, g.get(manager, list), "Version 1")
	if code, _ := g.send(manager, "GET", at+"/2", nil); code != http.StatusNotFound {
		t.Errorf("version 2: %d", code)
	}
}

// TestCustomerByCustomer: each affected customer stands with all its times, and one of them counts.
func TestCustomerByCustomer(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	path := "/incidents/" + st.Ref + "/law"
	hasNot(t, g.get(counsel, path), "Customer by customer")
	g.do(st, &incident.RecordFact{Fact: fact.OfScope, Value: []byte(`{"entities":["lumenhof-gmbh"],"customers":["alpenwerk","borealis-health"]}`)})
	body := g.get(counsel, path)
	has(t, body, "Customer by customer", `id="c-alpenwerk"`, `id="c-borealis-health"`, "Policy 000: personal data may be involved", "Policy 003: affected by the incident", "Contract ", "later than", "The shortest:")
	if n, shortest := strings.Count(body, `<li id="c-`), strings.Count(body, "The shortest:"); n != shortest {
		t.Errorf("%d customers, %d shortest times", n, shortest)
	}
	if code, _ := g.send(reporter, "GET", path, nil); code != http.StatusForbidden {
		t.Errorf("reporter: %d", code)
	}
}

// The numbers of persons are asked for on three pages. Each reads them as people write
// them, and none takes a fraction for a large number.
func TestNumbersOfPersonsAreReadAlike(t *testing.T) {
	t.Parallel()
	g := open(t)
	for name, c := range map[string]struct {
		page, action, form string
		pairs              []string
	}{
		"the scope":      {"/facts/scope", "/facts/scope", "fact", nil},
		"the assessment": {"/assess?step=data", "/assess?step=data", "assess.data", []string{"data_categories", "contact"}},
		"a question":     {"/law", "/law", "answer.persons", []string{"question", "persons"}},
	} {
		st := g.declare(incident.Declare{})
		at := "/incidents/" + st.Ref
		if name == "a question" {
			g.done(analyst, at+"/law", at+"/law", "answer.personal_data", "question", "personal_data", "value", "yes")
		}
		send := func(pairs ...string) (int, string) {
			return g.post(analyst, at+c.page, at+c.action, c.form, append(pairs, c.pairs...)...)
		}
		for field, typed := range map[string]string{"estimate": "12,5", "max": "1.5"} {
			values := map[string]string{"country": "DE", "min": "1", "estimate": "5", "max": "9"}
			values[field] = typed
			code, body := send("country", values["country"], "min", values["min"], "estimate", values["estimate"], "max", values["max"])
			if code != http.StatusUnprocessableEntity || !strings.Contains(body, "ust be a whole number") || !strings.Contains(body, `value="`+typed+`"`) {
				t.Errorf("%s, %s %s: %d %s", name, field, typed, code, text(body))
			}
		}
		if code, body := send("country", "de", "min", "9 000", "estimate", "12.000", "max", "15,000"); code != http.StatusSeeOther {
			t.Errorf("%s: %d %s", name, code, text(body))
		}
		want := []incident.Persons{{Country: "DE", Min: 9000, Estimate: 12000, Max: 15000}}
		if got := g.state(st.Ref).ScopeNow().Persons; !slices.Equal(got, want) {
			t.Errorf("%s: recorded %+v", name, got)
		}
	}
}
