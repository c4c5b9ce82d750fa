package mailroom_test

import (
	"bytes"
	"encoding/csv"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/print/printtest"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

const carriedCSV = `name,contact,phone,postal,lang,channel,reference
Nordwind GmbH,Nora Nord,,"Am Markt 1
80331 München",de,letter,K-17
Southern Ltd,Sam South,,"1 High Street
London SW1A 1AA",en,letter,
Callers Inc,Carl Call,+49 30 111,"2 Low Street
Leeds LS1 1AA",en,phone,
`

// sending is a notice on its way, with letters and a call, that nobody posted or made yet.
func (g *rig) sending(csv string, tune ...func(*dispatch.Run)) (one string, run dispatch.Run) {
	g.t.Helper()
	one = g.started("customer")
	n, err := g.notices.Get(g.t.Context(), g.as(writer), g.st.Ref, 1)
	g.must(err)
	l, err := g.dispatch.Create(g.t.Context(), g.as(writer), dispatch.ListSpec{Notice: n.ID, Incident: n.Incident})
	g.must(err)
	_, err = g.dispatch.Import(g.t.Context(), g.as(writer), l.ID, strings.NewReader(csv), dispatch.Import{})
	g.must(err)
	_, err = g.dispatch.SignOff(g.t.Context(), g.as(writer), l.ID)
	g.must(err)
	run = dispatch.Run{
		ID: "run-1", Notice: n.ID, List: l.ID, Purpose: "first", Contact: "privacy@lumenhof.example",
		Texts: []text.Source{
			{Lang: "en", Subject: "Incident {{incident.reference}}", Body: "Dear {{recipient.contact}},\n\nplans were read. Your page:\n{{recipient.link}}"},
			{Lang: "de", Subject: "Vorfall {{incident.reference}}", Body: "Guten Tag {{recipient.contact}},\n\nPläne wurden gelesen. Ihre Seite:\n{{recipient.link}}"},
		},
		Common: text.Values{"incident.reference": text.Known(g.st.Ref, ""), "our.entity": text.Known("Lumenhof GmbH", "")},
	}
	for _, f := range tune {
		f(&run)
	}
	_, err = g.db.Write(g.t.Context(), store.Op{Name: "test", Actor: "test"}, func(tx *store.Tx) error {
		return g.dispatch.StartTx(g.t.Context(), tx, g.as(writer), run)
	})
	g.must(err)
	return one, run
}

// answered is a request whose answer is no page.
func (g *rig) answered(person string, r *http.Request) *httptest.ResponseRecorder {
	g.t.Helper()
	r.Header.Set("X-Test-Person", person)
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w
}

func (g *rig) file(person, path string) []byte {
	g.t.Helper()
	w := g.answered(person, httptest.NewRequest(http.MethodGet, path, nil))
	if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Content-Disposition"), "attachment") {
		g.t.Fatalf("%s as %s: %d %s", path, person, w.Code, w.Header())
	}
	return w.Body.Bytes()
}

// reads adds somebody who may read recipients and record nothing.
func (g *rig) reads() string {
	g.t.Helper()
	_, err := g.people.CreatePerson(g.t.Context(), who.Engine("test"), who.Person{ID: "aud", Name: "Aud Reader", Email: "aud@lumenhof.example", Roles: []who.Role{who.Auditor}, Active: true})
	g.must(err)
	return "aud"
}

var someID = regexp.MustCompile(`name="r" value="([^"]*)" id="[^"]*"> <span>([^<]*)<`)

func TestLetters(t *testing.T) {
	t.Parallel()
	g := open(t)
	one, run := g.sending(carriedCSV)
	path, reader := one+"/sending/letters", g.reads()
	body := g.page(writer, path)
	has(t, body, "Nordwind GmbH", "80331 München", "Southern Ltd", "Waiting", "Sender above the address", "Mark as posted", "DIN 5008")
	lacks(t, body, "Callers Inc")
	has(t, g.page(reader, path), "Nordwind GmbH")
	lacks(t, g.page(reader, path), "<input type=\"checkbox\"", `data-form="letters"`)
	for _, person := range []string{executive, liaison, reporter} {
		if code, body := g.send(person, http.MethodGet, path, nil); code != http.StatusForbidden || strings.Contains(body, "Nordwind") {
			t.Errorf("%s sees letters: %d", person, code)
		}
	}
	ids := map[string]string{}
	for _, m := range someID.FindAllStringSubmatch(body, -1) {
		ids[m[2]] = m[1]
	}

	// All of them in one file, each in its language, to its address, with a link of its own.
	action, fields := g.form(body, "letters")
	fields.Set("whom", "all")
	fields.Set("return", "Lumenhof GmbH · Hauptstraße 1 · 10115 Berlin")
	fields.Set("do", "print")
	r := httptest.NewRequest(http.MethodPost, action, strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := g.answered(writer, r)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/pdf" {
		t.Fatalf("%d %s", w.Code, w.Header())
	}
	pages := printtest.Pages(t, w.Body.Bytes())
	if len(pages) != 3 {
		t.Fatalf("%d pages", len(pages))
	}
	has(t, pages[0], "Letters\n", "Nordwind GmbH\n80331 München\n2\n", "Southern Ltd\nLondon SW1A 1AA\n3\n")
	has(t, pages[1], "Lumenhof GmbH · Hauptstraße 1 · 10115 Berlin\nNordwind GmbH\nNora Nord\nAm Markt 1\n80331 München\n", "Ihr Zeichen\nK-17\n", "Datum\n20. November 2026", "Vorfall "+g.st.Ref, "Guten Tag Nora Nord,", "Seite 1 von 1")
	has(t, pages[2], "Southern Ltd\nSam South\n1 High Street\nLondon SW1A 1AA\n", "20 November 2026", "Dear Sam South,", "Page 1 of 1")
	for _, p := range pages[1:] {
		token := regexp.MustCompile(`https://wakebell\.example/n/([\w-]+)`).FindStringSubmatch(p)
		if token == nil {
			t.Fatalf("no link on %q", p)
		}
		if v, err := g.dispatch.Page(t.Context(), token[1]); err != nil || !strings.Contains(p, v.Name) {
			t.Errorf("the link of a letter: %v", err)
		}
	}

	// Nobody is ticked; nobody takes them: nothing is posted, and what was typed stays.
	code, body := g.post(writer, path, "letters", url.Values{"whom": {"some"}, "do": {"print"}, "return": {"Acme <x>"}})
	if code != http.StatusUnprocessableEntity {
		t.Errorf("nobody ticked: %d", code)
	}
	has(t, body, "tick at least one letter", `value="Acme &lt;x&gt;"`)
	code, body = g.post(writer, path, "letters", url.Values{"whom": {"some"}, "r": {ids["Nordwind GmbH"]}, "do": {"posted"}, "reference": {"L-1"}})
	if code != http.StatusUnprocessableEntity {
		t.Errorf("no carrier: %d", code)
	}
	has(t, body, "aria-invalid", `value="L-1"`, "checked")
	code, _ = g.post(writer, path, "letters", url.Values{"whom": {"all"}, "do": {"posted"}, "carrier": {"Post"}, "at": {"2026-11-25T10:00"}})
	if code != http.StatusUnprocessableEntity {
		t.Errorf("posted in the future: %d", code)
	}

	g.did(g.post(writer, path, "letters", url.Values{"whom": {"some"}, "r": {ids["Nordwind GmbH"]}, "do": {"posted"}, "carrier": {"Deutsche Post"}, "reference": {"L-1"}}))
	body = g.page(writer, path)
	has(t, body, "Southern Ltd")
	lacks(t, body, "Nordwind GmbH")
	has(t, g.page(writer, path+"?all=1"), "Nordwind GmbH", "Posted")
	g.did(g.post(writer, path, "letters", url.Values{"whom": {"all"}, "do": {"posted"}, "carrier": {"Royal Mail"}}))
	has(t, g.page(writer, path), "No letter waits")
	p, err := g.dispatch.Progress(t.Context(), g.as(writer), run.ID)
	if err != nil || p.Tally.Sent != 2 || p.Tally.Queued != 1 {
		t.Errorf("%+v %v", p.Tally, err)
	}
	has(t, g.told(), "Letters printed, 2 lines, SHA-256", "1 letter was posted: Deutsche Post L-1", "1 letter was posted: Royal Mail")

	// A second time nobody is marked, also by an id; the report says what is so.
	n, err := g.dispatch.Posted(t.Context(), g.as(writer), run.ID, dispatch.Posting{Recipients: []string{ids["Nordwind GmbH"]}, Carrier: "Post"})
	if n != 0 || err != nil {
		t.Errorf("posted twice: %d %v", n, err)
	}
	if _, err := g.dispatch.Posted(t.Context(), g.as(reader), run.ID, dispatch.Posting{Carrier: "Post"}); fault.KindOf(err) != fault.Denied {
		t.Errorf("a reader posts: %v", err)
	}
}

// told is the timeline as words.
func (g *rig) told() string {
	g.t.Helper()
	entries, err := g.led.Subject(g.t.Context(), g.db, g.st.ID, 0, 0)
	g.must(err)
	var b strings.Builder
	for _, e := range entries {
		b.WriteString(dispatch.Tell(e, func(id string) string { return id }) + "\n")
	}
	return b.String()
}

func TestCalls(t *testing.T) {
	t.Parallel()
	g := open(t)
	one, run := g.sending(carriedCSV)
	path, reader := one+"/sending/calls", g.reads()
	body := g.page(writer, path)
	has(t, body, "Callers Inc", "tel:+4930111", "+49 30 111", "Dear Carl Call,", "(we give the address on request)", "Wrong number", "Print the list")
	lacks(t, body, "Nordwind GmbH")
	lacks(t, g.page(reader, path), `data-form="call`)
	if code, _ := g.send(liaison, http.MethodGet, path, nil); code != http.StatusForbidden {
		t.Errorf("a liaison reads all calls: %d", code)
	}
	file := printtest.Text(t, g.file(writer, path+".pdf"))
	has(t, file, "Calls for "+g.st.Ref+"/1", "1. Callers Inc", "Call 1 +49 30 111 Carl Call", "[ ] reached", "[ ] wrong number", "call back on", "Dear Carl Call,")
	form := "call." + regexp.MustCompile(`id="c-([^"]*)"`).FindStringSubmatch(body)[1]

	code, body := g.post(writer, path, form, url.Values{"text": {"He is <away>"}})
	if code != http.StatusUnprocessableEntity {
		t.Errorf("no outcome: %d", code)
	}
	has(t, body, "He is &lt;away&gt;")
	g.did(g.post(writer, path, form, url.Values{"outcome": {"call_back"}, "again": {"2026-11-21T09:00"}, "again.zone": {"UTC"}, "text": {"In a meeting"}}))
	has(t, g.page(writer, path), "asked to call back on 2026-11-21 09:00 UTC", "Callers Inc")
	g.did(g.post(writer, path, form, url.Values{"outcome": {"refused"}, "text": {"Wants it in writing"}}))
	has(t, g.page(writer, path), "Nobody waits for a call")
	has(t, g.page(writer, one+"/sending/letters"), "Callers Inc", "Leeds LS1 1AA") // the next way
	has(t, g.told(), "phone: asked to call back: In a meeting", "Wants it in writing", "List of calls printed, 1 line")
	p, err := g.dispatch.Progress(t.Context(), g.as(writer), run.ID)
	if err != nil || p.Tally.Queued != 3 {
		t.Errorf("%+v %v", p.Tally, err)
	}
}

// After a wrong number the next number is called, and in the end nobody is forgotten.
func TestWrongNumber(t *testing.T) {
	t.Parallel()
	g := open(t)
	one, _ := g.sending("name,contact,phone,lang,channel,party\nCallers Inc,Carl Call,+49 30 111,en,phone,\n")
	path := one + "/sending/calls"
	id := regexp.MustCompile(`id="c-([^"]*)"`).FindStringSubmatch(g.page(writer, path))[1]
	g.did(g.post(writer, path, "call."+id, url.Values{"outcome": {"wrong_number"}}))
	has(t, g.page(writer, path), "Nobody waits for a call")
	has(t, g.page(writer, one+"/recipients/"+id), "Failed", "wrong number", "No other way to reach them is known")
	has(t, g.page(writer, one+"/recipients"), "No other way to reach them is known")
	if _, err := g.dispatch.Called(t.Context(), g.as(writer), id, dispatch.Call{Outcome: "sang"}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("an outcome there is not: %v", err)
	}
	g.did(g.post(writer, one+"/recipients/"+id, "next-contact", url.Values{"name": {"Cora"}, "phone": {"+49 30 222"}}))
	lacks(t, g.page(writer, one+"/recipients/"+id), "The domain of")
	has(t, g.page(writer, path), "+49 30 222")
	g.did(g.post(writer, path, "call."+id, url.Values{"outcome": {"wrong_number"}}))
	g.did(g.post(writer, one+"/recipients/"+id, "next-contact", url.Values{"phone": {"+49 30 333"}, "email": {"cora@exаmple.org"}})) // a Cyrillic letter
	has(t, g.page(writer, one+"/recipients/"+id), "The domain of the address: mixes letters of")
	g.did(g.post(writer, one+"/recipients/"+id, "outcome", url.Values{"did": {"acknowledged"}, "text": {"Spoke with Cora"}}))
	has(t, g.page(writer, one+"/recipients/"+id), "Acknowledged", "Spoke with Cora")
}

func TestReport(t *testing.T) {
	t.Parallel()
	g := open(t)
	one, _ := g.sending(carriedCSV)
	has(t, g.page(writer, one+"/sending"), "report.pdf", "report.csv", "/sending/letters", "/sending/calls")
	lacks(t, g.page(executive, one+"/sending"), "report.pdf", "/sending/letters")
	lines, err := csv.NewReader(bytes.NewReader(g.file(auditor, one+"/sending/report.csv"))).ReadAll()
	if err != nil || len(lines) != 4 || lines[1][2] != "Nordwind GmbH" {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	file := g.file(auditor, one+"/sending/report.pdf")
	said := printtest.Text(t, file)
	has(t, said, "Delivery report "+g.st.Ref+"/1", "signed off by Hugh Carrick", "Who approved it", "Waiting 3", "To be told 3", "Nordwind GmbH letter Am Markt 1, 80331 München", "Callers Inc phone", "Checksums", "Delivery report as CSV", "3 lines, made at the same time")
	has(t, g.told(), "Delivery report made, 3 lines, SHA-256")
	for _, path := range []string{"report.pdf", "calls.pdf", "report.csv"} {
		if w := g.answered(liaison, httptest.NewRequest(http.MethodGet, one+"/sending/"+path, nil)); w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), "Nordwind") {
			t.Errorf("a liaison loads %s: %d", path, w.Code)
		}
	}
}

// upload sends a form with a file, as a browser does.
func (g *rig) upload(person, at, form, name, content string, typed url.Values) (int, string) {
	g.t.Helper()
	action, fields := g.form(g.page(person, at), form)
	for k, v := range typed {
		fields[k] = v
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, vs := range fields {
		for _, v := range vs {
			g.must(w.WriteField(k, v))
		}
	}
	part, err := w.CreateFormFile("file", name)
	g.must(err)
	_, err = io.WriteString(part, content)
	g.must(err)
	g.must(w.Close())
	r := httptest.NewRequest(http.MethodPost, action, &b)
	r.Header.Set("Content-Type", w.FormDataContentType())
	out := g.answered(person, r)
	if to := out.Header().Get("Location"); to != "" {
		return out.Code, to
	}
	return out.Code, out.Body.String()
}

func TestColumns(t *testing.T) {
	t.Parallel()
	g := open(t)
	one := g.started("customer")
	latin := "Kunde;Wohin;Ort;Pl\xe4ne\r\nM\xfcller & S\xf6hne;a@m.example;DE;=3\r\nKaputt AG;nowhere;DE;1\r\nNeu <x> GmbH;n@n.example;Deutschland!;2\r\n"
	code, file := g.upload(writer, one+"/recipients", "import", `C:\lists\Kunden.csv`, latin, url.Values{"do": {"columns"}})
	if code != http.StatusSeeOther {
		t.Fatalf("upload: %d %s", code, file)
	}
	body := g.page(writer, file)
	has(t, body, "Kunden.csv", "4 columns parted by semicolons", "Latin-1", "Müller &amp; Söhne", "row.pläne", "says of no column that it holds a mail address", `name="column.1"`)
	lacks(t, body, "C:\\lists")

	// Without a column of addresses nothing is added, and what was chosen stays.
	code, body = g.post(writer, file, "columns", url.Values{"column.0": {"name"}, "column.1": {""}, "column.2": {"country"}, "column.3": {""}, "do": {"add"}})
	if code != http.StatusUnprocessableEntity {
		t.Errorf("no address: %d", code)
	}
	has(t, body, `<option value="country" selected>`, "says of no column that it holds a mail address")

	chosen := url.Values{"column.0": {"name"}, "column.1": {"email"}, "column.2": {"country"}, "column.3": {""}}
	chosen.Set("do", "look")
	code, body = g.post(writer, file, "columns", chosen)
	if code != http.StatusOK {
		t.Errorf("look: %d", code)
	}
	has(t, body, "Lines that cannot be used: 2", "must be an address like name@example.com", "must be a country code like DE", "The first of those that can be used: 1", "a@m.example", `<option value="email" selected>`)
	lacks(t, body, "<td>nowhere")
	link := strings.ReplaceAll(regexp.MustCompile(`href="([^"]*errors\.csv[^"]*)"`).FindStringSubmatch(body)[1], "&amp;", "&")
	rows, err := csv.NewReader(bytes.NewReader(g.file(writer, link))).ReadAll()
	if err != nil || len(rows) != 3 || rows[1][0] != "3" || rows[1][1] != "Wohin" || rows[2][0] != "4" {
		t.Errorf("%v %v", rows, err)
	}

	chosen.Set("do", "add")
	code, to := g.post(writer, file, "columns", chosen)
	if code != http.StatusSeeOther || to != one+"/recipients" {
		t.Fatalf("add: %d %s", code, to)
	}
	has(t, g.page(writer, to), "Müller &amp; Söhne", "a@m.example")
	has(t, g.told(), "A file of recipients was sent", "Kunden.csv", "Recipients from a file: 1 added, 2 lines could not be used")

	// Nobody else's file, nobody else's right, no other notice.
	for _, person := range []string{manager, liaison, auditor, "communications-lead"} {
		if code, body := g.send(person, http.MethodGet, file, nil); code != http.StatusForbidden && code != http.StatusNotFound || strings.Contains(body, "Söhne") {
			t.Errorf("%s reads the file: %d", person, code)
		}
	}
	other := g.started("partner")
	if code, _ := g.send(writer, http.MethodGet, strings.Replace(file, one, other, 1), nil); code != http.StatusNotFound {
		t.Errorf("the file under another notice: %d", code)
	}
	wide := "\xff\xfe"
	for _, c := range "name,email\nWide Ltd,w@w.example\n" {
		wide += string([]byte{byte(c), 0})
	}
	_, file = g.upload(writer, other+"/recipients", "import", "wide.csv", wide, url.Values{"do": {"columns"}})
	has(t, g.page(writer, file), "UTF-16", "Wide Ltd", "Every line can be used: 1")
}
