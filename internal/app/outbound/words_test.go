package outbound_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/app"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/register"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// hostile are cells that a spreadsheet would run, and letters that pretend.
var hostile = []string{
	`=cmd|' /C calc'!A0`, "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "＝1+1", "＋1", "－1", "＠SUM(A1)", "\u00a0=1+1", "\ufeff=1+1",
}

// runs tells whether a spreadsheet may take a cell for a formula.
func runs(cell string) bool {
	cell = strings.TrimLeft(cell, " \t\r\n\u00a0\ufeff")
	first, _, _ := strings.Cut(cell, "1")
	return strings.HasPrefix(first, "=") || strings.HasPrefix(first, "@") || strings.HasPrefix(first, "＝") || strings.HasPrefix(first, "＠") ||
		strings.HasPrefix(first, "＋") || strings.HasPrefix(first, "－") || cell == "+1+1" || cell == "-1+1"
}

func (h *house) noFormula(what, table string) {
	h.t.Helper()
	lines, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	h.must(err)
	if len(lines) < 2 {
		h.t.Errorf("%s holds %d lines", what, len(lines))
	}
	for _, cell := range slices.Concat(lines...) {
		if runs(cell) {
			h.t.Errorf("%s: a spreadsheet runs %.40q", what, cell)
		}
	}
}

// No table that is downloaded runs in the spreadsheet that opens it: the delivery report, the
// lines to mend of an import, the register, the directory.
func TestTablesDoNotRun(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx := t.Context()
	var in bytes.Buffer
	out := csv.NewWriter(&in)
	h.must(out.Write([]string{"name", "email", "=HYPERLINK(1)"}))
	for n, cell := range hostile {
		h.must(out.Write([]string{cell, "x" + string(rune('a'+n)) + "@north.example", cell}))
	}
	h.must(out.Write([]string{"South", "s@south.example", ""}))
	out.Flush()
	st, n := h.released(in.String(), nil)
	h.drain(time.Second)
	cora := h.token("cora")
	at := "/api/v1/incidents/" + st.Ref + "/notices/1/sending/report"
	res, body := h.asks(cora, http.MethodGet, at, "")
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment") || res.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	h.noFormula("delivery report", body)
	res, body = h.asks(cora, http.MethodGet, "/incidents/"+st.Ref+"/notices/1/sending/report.csv", "")
	if res.StatusCode != http.StatusOK {
		t.Error(res.StatusCode)
	}
	h.noFormula("delivery report of the screen", body)
	_ = n

	// The register, with what people wrote into it.
	for _, cell := range hostile {
		s, err := h.Incidents.Declare(ctx, h.as["mia"], incident.Declare{Title: strings.Trim(cell, "\t\r\n") + "1", Kind: incident.Real, DiscoveredAt: h.Clock.Now()})
		if err == nil {
			_, err = h.Incidents.Execute(ctx, h.as["mia"], s.Ref, &incident.Confirm{}, 0)
		}
		if err != nil && fault.KindOf(err) != fault.Invalid {
			h.must(err)
		}
	}
	var table bytes.Buffer
	h.must(h.Register.ExportCSV(ctx, h.as["ada"], register.Filter{}, &table))
	h.noFormula("register", table.String())

	// The directory.
	for n, cell := range hostile {
		_, err := h.Directory.PutParty(ctx, who.Engine("test"), directory.Party{ID: "p" + string(rune('a'+n)), Name: cell, Kind: directory.PartyCustomer, Country: "DE", Contacts: []directory.Contact{{Name: cell, Role: cell, Email: "a@b.example"}}}, 0)
		if err != nil && fault.KindOf(err) != fault.Invalid {
			h.must(err)
		}
	}
	res, body = h.asks(h.token("mia"), http.MethodGet, "/directory/customers.csv", "")
	if res.StatusCode != http.StatusOK {
		t.Errorf("%d %.200s", res.StatusCode, body)
	} else {
		h.noFormula("directory", strings.TrimPrefix(body, "\ufeff"))
	}
}

// Nothing typed here becomes a header of a mail: no subject, no address for answers, no name of
// an attachment; and no file that came in is shown by a browser as if it were ours.
func TestNothingBecomesAHeader(t *testing.T) {
	t.Parallel()
	h := open(t, func(c *app.Config) { c.BaseURL = "http://bell.example" })
	ctx := t.Context()
	st, err := h.Incidents.Declare(ctx, h.as["mia"], incident.Declare{Title: "Leak", Kind: incident.Real, DiscoveredAt: h.Clock.Now()})
	h.must(err)
	start := func(subject, body string) error {
		_, err := h.Notices.Start(ctx, h.as["cora"], st.Ref, notice.Start{Audience: notice.Customer, Subject: subject, Body: body, Voluntary: true})
		return err
	}
	for _, bad := range []string{"A\r\nBcc: evil@evil.example", "A\nB", "A\rB", "A\x00B", "A\u2028Bcc: x", "A\u2029B", "A\u0085B", "A\u202egpj.exe", "A\u2066x\u2069", "A\ufeffB\x1b[31m", "A =?utf-8?q?=0D=0ABcc:_x?=", strings.Repeat("x", 10<<20)} {
		h.fails(fault.Invalid, start(bad, "Body"))
	}
	h.fails(fault.Invalid, start("Subject", "A\x00B"))
	h.must(start("To {{recipient.name}}", "Hello {{recipient.contact|you}}: [here]({{recipient.link}})."))
	for _, bad := range []string{"a@b.example\r\nBcc: evil@evil.example", "a@b.example, evil@evil.example", "Evil <a@b.example>", "a@b.example\u202e", "a@[127.0.0.1]", "a", strings.Repeat("x", 300) + "@b.example"} {
		_, err := h.Notices.Set(ctx, h.as["cora"], st.Ref, 1, notice.Settings{Channels: []string{"email"}, ReplyTo: bad}, 0)
		h.fails(fault.Invalid, err)
	}
	names := []string{"a\r\nContent-Type: text/html\r\n\r\n<script>.pdf", "../../../etc/passwd", `..\..\boot.ini`, "\u202egnp.exe", "a\u2028b\x00.zip", `"; filename="x.exe`, strings.Repeat("n", 5000) + ".html", ".", "=cmd.csv"}
	kept := 0
	for n, name := range names {
		held, err := h.Files.Put(ctx, h.as["mia"], st.Ref, strings.NewReader("<html><script>alert("+string(rune('a'+n))+")</script></html>"))
		h.must(err)
		files, err := h.Files.Add(ctx, h.as["mia"], st.Ref, file.Addition{Drops: []file.Drop{{Held: held, Name: name}}})
		held.Close()
		if err != nil {
			h.fails(fault.Invalid, err)
			continue
		}
		if got := files[0].Name; strings.ContainsAny(got, "/\\\r\n\x00\u2028\u202e") || len(got) > 300 {
			t.Errorf("%.40q is kept as %.60q", name, got)
		}
		for _, path := range []string{"/incidents/" + st.Ref + "/files/" + files[0].ID, "/api/v1/incidents/" + st.Ref + "/files/" + files[0].ID + "/content"} {
			res, got := h.asks(h.token("mia"), http.MethodGet, path, "")
			if res.StatusCode != http.StatusOK || !strings.Contains(got, "<script>") {
				continue // it is a page about it
			}
			if !strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment") || res.Header.Get("X-Content-Type-Options") != "nosniff" || strings.Contains(res.Header.Get("Content-Type"), "html") {
				t.Errorf("%s: %v", path, res.Header)
			}
		}
		if _, err = h.Notices.Attach(ctx, h.as["cora"], st.Ref, 1, files[0].ID); err != nil {
			h.fails(fault.Invalid, err) // before anybody approves, not after
			continue
		}
		kept++
	}
	n, err := h.Notices.Get(ctx, h.as["cora"], st.Ref, 1)
	h.must(err)
	l, err := h.Dispatch.Create(ctx, h.as["cora"], dispatch.ListSpec{Notice: n.ID, Incident: st.ID})
	h.must(err)
	_, err = h.Dispatch.Import(ctx, h.as["cora"], l.ID, strings.NewReader(two), dispatch.Import{})
	h.must(err)
	_, err = h.Dispatch.SignOff(ctx, h.as["cora"], l.ID)
	h.must(err)
	m, err := h.Notices.Submit(ctx, h.as["cora"], st.Ref, 1, 0)
	h.must(err)
	m = h.yes(st, m, "lena", "ewan")
	_, err = h.Notices.Release(ctx, h.as["mia"], st.Ref, 1, notice.Go{Bound: m.Round().Bound})
	h.must(err)
	h.drain(time.Second)
	letters, raw, _ := h.box.letters()
	if len(letters) != 2 || kept < 4 {
		t.Fatalf("%d letters, %d attachments: %+v", len(letters), kept, h.recipients(l.ID))
	}
	for i, letter := range letters {
		known := []string{"From", "To", "Reply-To", "Subject", "Date", "Message-Id", "Mime-Version", "Content-Type", "Auto-Submitted", "X-Auto-Response-Suppress", "List-Id", "List-Unsubscribe", "Precedence", "Feedback-Id", "List-Help", "List-Owner"}
		for name := range letter.Header {
			if !slices.Contains(known, name) {
				t.Errorf("a header nobody wrote: %s", name)
			}
		}
		files := attachments(t, letter)
		if len(files) != kept {
			t.Errorf("%d attachments of %d", len(files), kept)
		}
		for _, name := range files {
			if strings.ContainsAny(name, "/\\\r\n\x00\u2028\u202e") {
				t.Errorf("an attachment is called %q", name)
			}
		}
		for line := range lines(raw[i]) {
			if len(line) > 998 {
				t.Errorf("a line of %d characters", len(line))
			}
		}
	}
}

func lines(raw []byte) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for s := bufio.NewScanner(bytes.NewReader(raw)); s.Scan(); {
			if !yield(s.Text()) {
				return
			}
		}
	}
}

// attachments are the names of the attached files.
func attachments(t *testing.T, m *netmail.Message) (names []string) {
	t.Helper()
	var walk func(media string, body io.Reader)
	walk = func(media string, body io.Reader) {
		kind, p, err := mime.ParseMediaType(media)
		if err != nil {
			t.Errorf("%q: %v", media, err)
			return
		}
		if !strings.HasPrefix(kind, "multipart/") {
			return
		}
		for r := multipart.NewReader(body, p["boundary"]); ; {
			part, err := r.NextPart()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
			if how, p, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition")); how == "attachment" {
				names = append(names, p["filename"])
			}
			walk(part.Header.Get("Content-Type"), part)
		}
	}
	walk(m.Header.Get("Content-Type"), m.Body)
	return names
}
