package mailroom_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice"
)

// TestWrite is the page of a text: its four views, what each says, and a language more.
func TestWrite(t *testing.T) {
	t.Parallel()
	g := open(t)
	text := g.started("press") + "/text"
	body := g.page(writer, text)
	has(t, body, "Save and check", "We found a leak.", "{{incident.persons}}", "Texts of this notice", "Add a language", "view=preview", "view=checks", "view=compare")
	lacks(t, body, "Earlier versions", `data-form="remove"`)
	has(t, g.page(writer, text+"?view=checks"), "There is one text.", "No duty of the law is tied to this notice")
	has(t, g.page(writer, text+"?view=compare"), "This is the master text.", "it was not submitted before")

	// A text with an unknown field is kept nowhere; what was typed stays.
	code, body := g.post(writer, text, "text", url.Values{"subject": {"A <subject>"}, "body": {"On {{incident.nonsense}} it began."}})
	if code != http.StatusUnprocessableEntity {
		t.Errorf("an unknown field: %d", code)
	}
	has(t, body, "aria-invalid", "A &lt;subject&gt;", "{{incident.nonsense}}")
	has(t, g.page(writer, text), "We found a leak.")

	// Markup is refused, and shown as it was typed.
	code, body = g.post(writer, text, "text", url.Values{"subject": {"What happened"}, "body": {"It <b onclick=x>leaked</b>."}})
	if code != http.StatusUnprocessableEntity {
		t.Errorf("markup: %d", code)
	}
	has(t, body, "HTML is not used here", "It &lt;b onclick=x&gt;leaked&lt;/b&gt;.")
	lacks(t, body, "<b onclick")
	g.did(g.post(writer, text, "text", url.Values{"subject": {"What happened"}, "body": {"On 3 May 4,100 plans leaked."}}))
	has(t, g.page(writer, text), "Earlier versions", "We found a leak.")

	// Another language that says other numbers is found.
	has(t, g.page(writer, text+"?add=1"), `name="lang"`, `name="variant"`)
	g.did(g.post(writer, text+"?add=1", "text", url.Values{"lang": {"de"}, "subject": {"Was geschah"}, "body": {"Am 3. Mai lagen 1.400 Pläne offen."}}))
	has(t, g.page(writer, text+"?lang=en&view=checks"), "4,100", "leaves out what the master says")
	has(t, g.page(writer, text+"?lang=de&view=compare"), "in another language than its master")
	g.did(g.post(writer, text+"?lang=de", "remove", nil))
	lacks(t, g.page(writer, text), "lang=de")
}

// TestWriteDenied shows no form to those who may not write, and takes none from them.
func TestWriteDenied(t *testing.T) {
	t.Parallel()
	g := open(t)
	text := g.started("press") + "/text"
	for _, person := range []string{liaison, manager, executive, reporter} {
		code, body := g.send(person, http.MethodGet, text, nil)
		if code != http.StatusForbidden {
			t.Errorf("%s reads it: %d", person, code)
		}
		lacks(t, body, "We found a leak.", `data-form="text"`, `data-form="try"`)
		for _, act := range []string{"", "/remove", "/tick", "/try"} {
			form := url.Values{"lang": {"en"}, "version": {"1"}, "subject": {"Theirs"}, "body": {"Theirs"}, "item": {"nature"}, "quote": {"leak"}}
			if code, _ := g.send(person, http.MethodPost, text+act, form); code != http.StatusForbidden {
				t.Errorf("%s posts %q: %d", person, act, code)
			}
		}
	}
	has(t, g.page(writer, text), "We found a leak.")
	if n := len(g.mails("")); n != 0 {
		t.Errorf("%d mails left", n)
	}
}

// mails are those about a subject that wait to be sent.
func (g *rig) mails(subject string) []mail.Item {
	g.t.Helper()
	items, _, err := g.box.List(g.t.Context(), who.Engine("test"), mail.Filter{}, "", 100)
	g.must(err)
	var out []mail.Item
	for _, m := range items {
		if strings.Contains(m.Subject, subject) && strings.HasPrefix(m.Subject, "[Test]") {
			out = append(out, m)
		}
	}
	return out
}

// TestTry sends what a reader would get to the writer alone.
func TestTry(t *testing.T) {
	t.Parallel()
	g := open(t)
	text := g.started("customer") + "/text"
	g.did(g.post(writer, text, "text", url.Values{"subject": {"For {{recipient.name}}"}, "body": {"Dear {{recipient.name}}, we found a leak."}}))
	body := g.page(writer, text+"?view=preview&reader=alpenwerk")
	has(t, body, "For Alpenwerk AG", "Dear Alpenwerk AG", "As it is read by", "Send it to me", "to nobody else")
	g.did(g.post(writer, text+"?lang=en&view=preview&reader=alpenwerk", "try", nil))
	sent := g.mails("For Alpenwerk AG")
	if len(sent) != 1 {
		t.Fatalf("%d test mails", len(sent))
	}
	if to := sent[0].To; len(to) != 1 || to[0] != "hugh.carrick@lumenhof.example" {
		t.Errorf("it went to %v", to)
	}
}

var ticks = regexp.MustCompile(`data-form="(tick-[^"]+)"`)

// TestTicks walks what the law wants in a notice.
func TestTicks(t *testing.T) {
	t.Parallel()
	g := open(t)
	for name, value := range map[string]string{"personal_data": `"yes"`, "risk": `"high"`} {
		_, err := g.inc.Execute(t.Context(), g.as(manager), g.st.Ref, &incident.RecordFact{Fact: incident.FactName(name), Value: []byte(value)}, 0)
		g.must(err)
	}
	_, err := g.inc.Execute(t.Context(), g.as(manager), g.st.Ref, &incident.RecordFact{
		Fact: "scope", Value: []byte(`{"entities":["lumenhof-gmbh"],"processings":["Employees"],"data_kinds":["salaries"],"persons":[{"country":"DE","min":38,"estimate":38,"max":38}]}`),
	}, 0)
	g.must(err)
	n, err := g.notices.Start(t.Context(), g.as(writer), g.st.Ref, notice.Start{Audience: notice.DataSubject, Subject: "What happened", Body: "Your salary was visible to colleagues."})
	g.must(err)
	checks := "/incidents/" + g.st.Ref + "/notices/" + string(rune('0'+n.No)) + "/text?lang=en&view=checks"
	body := g.page(writer, checks)
	has(t, body, "wants in it", "Open", "Say where it is said")
	m := ticks.FindStringSubmatch(body)
	if m == nil {
		t.Fatal("nothing is asked for")
	}
	before := strings.Count(body, ">Open<")
	code, body := g.post(writer, checks, m[1], url.Values{"as": {"reason"}, "quote": {"Forensics has no answer yet"}})
	if code != http.StatusSeeOther {
		t.Fatalf("a reason: %d %s", code, body)
	}
	has(t, g.page(writer, checks), "Not yet, because: Forensics has no answer yet")
	g.did(g.post(writer, checks, m[1], url.Values{"as": {"quote"}, "quote": {"visible to colleagues"}}))
	body = g.page(writer, checks)
	has(t, body, "Said", "Your salary was visible to colleagues.")
	lacks(t, body, "Not yet, because")
	if after := strings.Count(body, ">Open<"); after >= before && before > 0 {
		t.Errorf("%d open before, %d after", before, after)
	}

	// A quote that the text does not hold is no tick.
	g.did(g.post(writer, checks, m[1], url.Values{"as": {"quote"}, "quote": {"nowhere in it"}}))
	has(t, g.page(writer, checks), "nowhere in it")
	lacks(t, g.page(writer, checks), "Line 1: Your salary was visible")
}
