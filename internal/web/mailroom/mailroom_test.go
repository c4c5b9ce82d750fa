package mailroom_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice"
)

// TestCourse walks a statement through its pages, each person with their own buttons.
func TestCourse(t *testing.T) {
	t.Parallel()
	g := open(t)
	list := "/incidents/" + g.st.Ref + "/notices"
	has(t, g.page(writer, list), "Nobody was told yet", "Start a notice", ">Customers<", list+"/new?to=customer")
	lacks(t, g.page(liaison, list), "Start a notice", "/new")
	words := url.Values{"audience": {"press"}, "subject": {"What <happened>"}, "body": {"We found a leak."}}
	code, one := g.post(writer, list+"/new", "start", words)
	if code != http.StatusSeeOther || one != list+"/1" {
		t.Fatalf("start: %d %s", code, one)
	}
	has(t, g.page(writer, one), "What &lt;happened&gt;", "Draft", "Submit for approval", "Not asked yet", "Edit the text")
	for _, person := range []string{manager, executive, liaison} {
		lacks(t, g.page(person, one), "Submit for approval", "Edit the text", `data-form="approve"`, `data-form="release"`)
	}
	g.did(g.post(writer, one, "submit", nil))
	body := g.page(counsel, one)
	has(t, body, "Your yes is asked", "counts as legal", `data-form="approve"`, `data-form="return"`, `href="#decide"`, "Still needed: legal and executive")
	has(t, g.page(writer, one), "nobody approves what they wrote")
	for _, person := range []string{writer, liaison, auditor, manager} {
		lacks(t, g.page(person, one), `data-form="approve"`, `data-form="return"`, `data-form="emergency"`)
	}
	has(t, g.page(deputy, one), `data-form="emergency"`, "names you as deputy of legal")
	has(t, g.page(counsel, "/notices"), "Waits for your yes", "What &lt;happened&gt;", "Read it")
	has(t, g.page(liaison, "/notices"), "Nothing waits for you")

	// Legal sends it back; without a reason what was typed stays and the field is named.
	code, body = g.post(counsel, one, "return", url.Values{"reason": {" "}})
	if code != http.StatusUnprocessableEntity {
		t.Errorf("no reason: %d", code)
	}
	has(t, body, "aria-invalid")
	g.did(g.post(counsel, one, "return", url.Values{"reason": {"Say what people should do"}}))
	has(t, g.page(writer, one), "Sent back", "Say what people should do", "Submit for approval")

	g.must(g.clk.Advance(time.Minute))
	code, _ = g.post(writer, one+"/text", "text", url.Values{"subject": {"What happened"}, "body": {"Change your passphrase."}})
	if code != http.StatusSeeOther {
		t.Errorf("save: %d", code)
	}
	has(t, g.page(writer, one+"/text"), "Earlier versions", "We found a leak.")
	has(t, g.page(writer, one+"/text?view=compare"), "sent back by", "We found a leak.", "Change your passphrase.")
	has(t, g.page(counsel, one), "What is new", "sent it back", "<del>", "Change your passphrase.")
	g.did(g.post(writer, one, "submit", nil))

	// A page that was read before a change approves nothing.
	read := g.page(counsel, one)
	code, _ = g.post(writer, one+"/text?add=1", "text", url.Values{"lang": {"de"}, "subject": {"Was geschah"}, "body": {"Ein Leck."}})
	if code != http.StatusSeeOther {
		t.Errorf("another language: %d", code)
	}
	g.did(g.post(writer, one, "submit", nil))
	action, fields := g.form(read, "approve")
	if code, body := g.send(counsel, http.MethodPost, action, fields); code != http.StatusConflict && code != http.StatusPreconditionFailed || !strings.Contains(body, "not what stands here now") {
		t.Errorf("an approval of what was read before: %d", code)
	}
	g.did(g.post(counsel, one, "approve", nil))
	has(t, g.page(counsel, one), "yes is given already", "Beatrix Hohenfels")
	g.did(g.post(executive, one, "approve", nil))
	has(t, g.page(writer, one), "Approved", "Only the designated spokesperson", "History", "Void")
	g.assign(writer)
	g.did(g.post(writer, one, "release", nil))
	has(t, g.page(liaison, one), "Sent", "Released", "Hugh Carrick")
	lacks(t, g.page(writer, one), "Edit the text", `data-form="submit"`, `data-form="release"`)
	has(t, g.page(writer, one), "Write an update", "purpose=resolved")
	has(t, g.page(writer, list), "Sent")
}

func (g *rig) did(code int, body string) {
	g.t.Helper()
	if code != http.StatusSeeOther {
		g.t.Fatalf("%d: %s", code, body)
	}
}

func (g *rig) assign(person string) {
	g.t.Helper()
	_, err := g.inc.Execute(g.t.Context(), g.as(manager), g.st.Ref, &incident.Assign{Function: "spokesperson", Person: person}, 0)
	g.must(err)
}

// TestConflict keeps both texts when two people edit one.
func TestConflict(t *testing.T) {
	t.Parallel()
	g := open(t)
	one := g.started("press")
	action, fields := g.form(g.page(writer, one+"/text"), "text")
	g.did(g.post("communications-lead", one+"/text", "text", url.Values{"subject": {"What happened"}, "body": {"Hers."}}))
	fields.Set("subject", "What happened")
	fields.Set("body", "Mine.")
	code, body := g.send(writer, http.MethodPost, action, fields)
	if code != http.StatusConflict {
		t.Errorf("a late save: %d", code)
	}
	has(t, body, "Ines Cordeiro saved this before you", "Hers.", "Mine.")
	_, fields = g.form(body, "text")
	fields.Set("subject", "What happened")
	fields.Set("body", "Both.")
	g.did(g.send(writer, http.MethodPost, action, fields))
	has(t, g.page(writer, one), "Both.")
}

// started is the address of a draft.
func (g *rig) started(audience string) string {
	g.t.Helper()
	n, err := g.notices.Start(g.t.Context(), g.as(writer), g.st.Ref, notice.Start{Audience: notice.Audience(audience), Subject: "What happened", Body: "We found a leak."})
	g.must(err)
	return "/incidents/" + g.st.Ref + "/notices/" + string(rune('0'+n.No))
}

func TestCustomers(t *testing.T) {
	t.Parallel()
	g := open(t)
	one := g.started("customer")
	has(t, g.page(writer, one), "sign the list off", "Choose the recipients", "None yet", "no list of recipients")
	lacks(t, g.page(writer, one), `data-form="submit"`)
	has(t, g.page(writer, "/incidents/"+g.st.Ref+"/notices"), "Nothing that is owed outside is without a notice")
	n, err := g.notices.Get(t.Context(), g.as(writer), g.st.Ref, 1)
	g.must(err)
	g.lists[n.ID] = notice.List{ID: "l", Hash: "h", Count: 12, SignedOffBy: writer, SignedOffAt: start}
	has(t, g.page(writer, one), "12 recipients, signed off", `data-form="submit"`)

	// Settings and attachments void what was approved.
	g.did(g.post(writer, one, "submit", nil))
	g.did(g.post(counsel, one, "approve", nil))
	has(t, g.page(writer, one+"/settings"), "voids its approvals")
	g.did(g.post(writer, one+"/settings", "settings", url.Values{"channels": {"email", "page"}, "canary": {"3"}, "embargo_at": {"2026-11-21T09:00"}}))
	body := g.page(counsel, one)
	has(t, body, "The approvals are void.", "The settings changed.", "E-mail, then Customer page", "3 recipients", "Not before")
	code, body := g.post(writer, one+"/settings", "settings", url.Values{"channels": {"email"}, "canary": {"many"}})
	if code != http.StatusUnprocessableEntity {
		t.Errorf("no number: %d", code)
	}
	has(t, body, "must be a whole number")
}

// TestDenied posts what the pages do not offer.
func TestDenied(t *testing.T) {
	t.Parallel()
	g := open(t)
	one := g.started("press")
	for _, path := range []string{one, "/incidents/" + g.st.Ref + "/notices", "/notices"} {
		if code, _ := g.send(reporter, http.MethodGet, path, nil); code != http.StatusForbidden {
			t.Errorf("%s as a reporter: %d", path, code)
		}
	}
	for _, person := range []string{liaison, manager, executive} {
		for _, path := range []string{one + "/text", one + "/settings", "/incidents/" + g.st.Ref + "/notices/new"} {
			if code, _ := g.send(person, http.MethodGet, path, nil); code != http.StatusForbidden {
				t.Errorf("%s as %s: %d", path, person, code)
			}
		}
		for _, act := range []string{"submit", "withdraw", "text", "settings", "files"} {
			form := url.Values{"reason": {"no"}, "subject": {"a"}, "body": {"b"}, "version": {"1"}, "lang": {"en"}, "channels": {"email"}, "file": {"x"}}
			if code, _ := g.send(person, http.MethodPost, one+"/"+act, form); code != http.StatusForbidden {
				t.Errorf("%s as %s: %d", act, person, code)
			}
		}
	}
	if code, _ := g.send(manager, http.MethodPost, "/incidents/"+g.st.Ref+"/hold", url.Values{"text": {"no"}}); code != http.StatusForbidden {
		t.Errorf("hold: %d", code)
	}
	for _, path := range []string{"/incidents/" + g.st.Ref + "/notices/9", "/incidents/" + g.st.Ref + "/notices/x", one + "/text?lang=fr"} {
		if code, _ := g.send(writer, http.MethodGet, path, nil); code != http.StatusNotFound {
			t.Errorf("%s: %d", path, code)
		}
	}
}

// TestHold shows legal's direction.
func TestHold(t *testing.T) {
	t.Parallel()
	g := open(t)
	list := "/incidents/" + g.st.Ref + "/notices"
	lacks(t, g.page(counsel, list), "Law-enforcement hold")
	_, err := g.inc.Execute(t.Context(), g.as(manager), g.st.Ref, &incident.RecordFact{Fact: "law.at.hold_since", Value: []byte(`"2026-11-20T13:00:00Z"`)}, 0)
	g.must(err)
	has(t, g.page(manager, list), "Law-enforcement hold", "Legal has not recorded yet")
	lacks(t, g.page(manager, list), `data-form="hold"`)
	g.did(g.post(counsel, list, "hold", url.Values{"audiences": {"customer"}, "text": {"Two days"}}))
	has(t, g.page(manager, list), "Legal consulted", "Beatrix Hohenfels", "Two days")
	one := g.started("customer")
	has(t, g.page(writer, one), "asked to delay notices to this audience")
}
