package bulk_test

import (
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail/bulk"
)

// deliver sends a letter and returns it as the server took it.
func deliver(t *testing.T, l bulk.Letter, extensions ...string) (*server, *netmail.Message) {
	t.Helper()
	s := serve(t, nil, extensions...)
	if o := open(t, s.config(), bulk.Options{}).Send(t.Context(), l); o.Kind != bulk.Accepted || len(s.took()) != 1 {
		t.Fatalf("%+v", o)
	}
	m, err := netmail.ReadMessage(strings.NewReader(s.took()[0]))
	if err != nil {
		t.Fatal(err)
	}
	return s, m
}

// leaves returns the parts of a message that are no multiparts, as "type: content".
func leaves(t *testing.T, contentType, encoding string, r io.Reader) []string {
	t.Helper()
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(media, "multipart/") {
		if encoding == "quoted-printable" {
			r = quotedprintable.NewReader(r)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return []string{media + ": " + strings.ReplaceAll(string(b), "\r\n", "\n")}
	}
	list := []string{media}
	for mr := multipart.NewReader(r, params["boundary"]); ; {
		p, err := mr.NextRawPart()
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, leaves(t, p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p)...)
	}
}

func TestLetter(t *testing.T) {
	t.Parallel()
	l := letter(7)
	l.InReplyTo = "<n3@bell.example>"
	l.Headers = map[string]string{"X-Incident": "INC-2026-0142"}
	s, m := deliver(t, l)
	got := map[string]string{}
	for name, v := range m.Header {
		got[name], _ = new(mime.WordDecoder).DecodeHeader(strings.Join(v, " | "))
	}
	delete(got, "Content-Type")
	delete(got, "Mime-Version")
	want := map[string]string{
		"From": "Wakebell – Sicherheit <notice@bell.example>", "To": "Ada \"Lace\" O'Neil, Müller <r7@customer.example>",
		"Reply-To": "<reply+n7@bell.example>", "Subject": "Mitteilung über eine Verletzung", "Message-Id": "<n7@bell.example>",
		"Date": "Mon, 02 Mar 2026 09:00:00 +0000", "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF, AutoReply",
		"List-Id": "<inc-2026-0142.bell.example>", "In-Reply-To": "<n3@bell.example>", "References": "<n3@bell.example>", "X-Incident": "INC-2026-0142",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Address != "r7@customer.example" {
		t.Errorf("%v, %v", to, err)
	}
	parts := leaves(t, m.Header.Get("Content-Type"), "", m.Body)
	if d := cmp.Diff([]string{"multipart/alternative", "text/plain: " + l.Text, "text/html: " + l.HTML}, parts); d != "" {
		t.Error(d)
	}
	if h := strings.Join(s.heard()[1:4], "\n"); h != "MAIL FROM:<bounce+n7@bell.example>\nRCPT TO:<r7@customer.example>\nDATA" {
		t.Error(h)
	}
	for line := range strings.SplitSeq(s.took()[0], "\r\n") {
		if len(line) > 998 || strings.ContainsAny(line, "\r\n\x00") {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
}

func TestPlainLetterAndFiles(t *testing.T) {
	t.Parallel()
	l := letter(1)
	l.HTML, l.ListID, l.Unsubscribe = "", "", "https://bell.example/u/1"
	_, m := deliver(t, l)
	if d := cmp.Diff([]string{"text/plain: " + l.Text}, leaves(t, m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)); d != "" {
		t.Error(d)
	}
	if m.Header.Get("List-Unsubscribe") != "<https://bell.example/u/1>" || m.Header.Get("List-Id") != "" {
		t.Error(m.Header)
	}
	l = letter(2)
	l.Attachments = []bulk.Attachment{{Name: "Anlage – Übersicht.pdf", Media: "application/pdf", Data: []byte("%PDF-1.7\nx")}}
	_, m = deliver(t, l)
	parts := leaves(t, m.Header.Get("Content-Type"), "", m.Body)
	want := []string{"multipart/mixed", "multipart/alternative", "text/plain: " + l.Text, "text/html: " + l.HTML, "application/pdf: JVBERi0xLjcKeA==\n"}
	if d := cmp.Diff(want, parts, cmp.Transformer("trim", strings.TrimSpace)); d != "" {
		t.Error(d)
	}
}

// A server that offers it is told the envelope's id and what to report (RFC 3461).
func TestReceipt(t *testing.T) {
	t.Parallel()
	l := letter(1)
	l.MessageID = "<n+1=x@bell.example>"
	l.Receipt = true
	s, _ := deliver(t, l, "DSN", "PIPELINING")
	if h := strings.Join(s.heard()[1:3], "\n"); h != "MAIL FROM:<bounce+n1@bell.example> RET=HDRS ENVID=n+2B1+3Dx@bell.example\n"+
		"RCPT TO:<r1@customer.example> NOTIFY=FAILURE,DELAY,SUCCESS" {
		t.Error(h)
	}
}

// SMTPUTF8 is asked for where an address needs it and only there: the next server may not know it.
func TestOtherScripts(t *testing.T) {
	t.Parallel()
	l := letter(1)
	l.To = "info@bücher.example"
	s, _ := deliver(t, l, "SMTPUTF8")
	if h := s.heard(); h[1] != "MAIL FROM:<bounce+n1@bell.example>" || h[2] != "RCPT TO:<info@xn--bcher-kva.example>" {
		t.Error(h)
	}
	l.To = "дмитрий@почта.example"
	s, m := deliver(t, l, "SMTPUTF8")
	if h := s.heard(); h[1] != "MAIL FROM:<bounce+n1@bell.example> SMTPUTF8" || h[2] != "RCPT TO:<дмитрий@xn--80a1acny.example>" {
		t.Error(h)
	}
	if to := m.Header.Get("To"); !strings.Contains(to, "<дмитрий@почта.example>") {
		t.Error(to)
	}
	s = serve(t, nil)
	if o := open(t, s.config(), bulk.Options{}).Send(t.Context(), l); o.Kind != bulk.Refused || !strings.Contains(o.Answer, "SMTPUTF8") || len(s.took()) != 0 {
		t.Errorf("%+v", o)
	}
	s = serve(t, nil, "SIZE 500")
	if o := open(t, s.config(), bulk.Options{}).Send(t.Context(), letter(1)); o.Kind != bulk.Refused || !strings.Contains(o.Answer, "takes 500") {
		t.Errorf("%+v", o)
	}
}

// What could end a header early, hide in it or be read as another one never leaves this machine.
func TestInjection(t *testing.T) {
	t.Parallel()
	evil := map[string]string{
		"CR LF": "a\r\nBcc: victim@example.com", "LF": "a\nBcc: x@example.com", "CR": "a\rb", "NUL": "a\x00b", "bell": "a\x07b",
		"override": "safe\u202egpj.exe", "isolate": "a\u2066b", "line separator": "a\u2028b", "next line": "a\u0085b",
		"encoded word": "=?utf-8?q?a=0D=0ABcc:_victim@example.com?=", "no UTF-8": "a\xff\xfeb", "10 MB": strings.Repeat("x", 10<<20),
	}
	fields := map[string]func(*bulk.Letter, string){
		"subject": func(l *bulk.Letter, v string) { l.Subject = v }, "from_name": func(l *bulk.Letter, v string) { l.FromName = v },
		"to_name": func(l *bulk.Letter, v string) { l.ToName = v }, "to": func(l *bulk.Letter, v string) { l.To = v },
		"to ": func(l *bulk.Letter, v string) { l.To = v + "@example.com" }, "from": func(l *bulk.Letter, v string) { l.From = "x" + v + "@b.example" },
		"reply_to": func(l *bulk.Letter, v string) { l.ReplyTo = "a@" + v }, "envelope_from": func(l *bulk.Letter, v string) { l.EnvelopeFrom = v },
		"message_id": func(l *bulk.Letter, v string) { l.MessageID = "<" + v + "@a>" }, "in_reply_to": func(l *bulk.Letter, v string) { l.InReplyTo = v },
		"list_id": func(l *bulk.Letter, v string) { l.ListID = v }, "unsubscribe": func(l *bulk.Letter, v string) { l.Unsubscribe = "https://a/ " + v },
		"headers":              func(l *bulk.Letter, v string) { l.Headers = map[string]string{"X-A": v} },
		"headers ":             func(l *bulk.Letter, v string) { l.Headers = map[string]string{"X-" + v: "a"} },
		"attachments[0].name":  func(l *bulk.Letter, v string) { l.Attachments = []bulk.Attachment{{Name: v, Media: "a/b"}} },
		"attachments[0].media": func(l *bulk.Letter, v string) { l.Attachments = []bulk.Attachment{{Name: "a", Media: "a/b" + v}} },
		"attachments[0].media ": func(l *bulk.Letter, v string) {
			l.Attachments = []bulk.Attachment{{Name: "a", Media: "a/b; charset=" + v}}
		},
	}
	s := serve(t, nil)
	p := open(t, s.config(), bulk.Options{})
	for field, set := range fields {
		for name, v := range evil {
			if name == "encoded word" && field != strings.TrimSpace(field) && field == "to " {
				continue // odd, and yet an address
			}
			if name == "encoded word" && (field == "message_id" || field == "from") {
				continue // ASCII that only looks like one there
			}
			l := letter(1)
			set(&l, v)
			err := l.Check()
			if got := fault.FieldsOf(err); len(got) == 0 || got[0].Field != strings.TrimSpace(field) {
				t.Errorf("%s in %s: %v", name, field, err)
			}
			if err != nil && len(err.Error()) > 300 {
				t.Errorf("%s in %s: the value is echoed", name, field)
			}
			if o := p.Send(t.Context(), l); o.Kind != bulk.Refused || o.Code != 0 {
				t.Errorf("%s in %s: %+v", name, field, o)
			}
		}
	}
	if len(s.heard()) != 0 {
		t.Errorf("the server heard %q", s.heard()[0])
	}
}

// Text and HTML may hold anything a person writes; it stays inside its part.
func TestBodies(t *testing.T) {
	t.Parallel()
	l := letter(1)
	l.Text = ".\r\n..\nRSET\r\n\r\n.\r\n--boundary\nFrom nobody\n" + strings.Repeat("ü", 2000) + "\u202e\n"
	l.HTML = strings.Repeat("<p>.</p>\n.\n", 300)
	for _, extensions := range both {
		s, m := deliver(t, l, extensions...)
		parts := leaves(t, m.Header.Get("Content-Type"), "", m.Body)
		want := []string{"multipart/alternative", "text/plain: " + strings.ReplaceAll(l.Text, "\r\n", "\n"), "text/html: " + l.HTML}
		if d := cmp.Diff(want, parts); d != "" {
			t.Error(d)
		}
		if h := s.heard(); h[len(h)-1] != "DATA" {
			t.Errorf("the body was heard as commands: %q", h)
		}
	}
	for _, text := range []string{"", "a\x00b", "\xff", strings.Repeat("x", 10<<20)} {
		l := letter(1)
		l.Text = text
		if l.Check() == nil {
			t.Errorf("%d bytes of text", len(text))
		}
	}
}

func FuzzLetter(f *testing.F) {
	f.Add("a@b.example", "Müller", "Betreff", "text")
	f.Add("a@b.example", "x\" <evil@example.com>, \"y", "=?utf-8?q?=0A?=", ".\r\n.")
	f.Add("a@b.example", "=?utf-8?b?", "a\nb", "\r")
	f.Fuzz(func(t *testing.T, to, name, subject, text string) {
		l := letter(1)
		l.To, l.ToName, l.Subject, l.Text = to, name, subject, text
		if l.Check() != nil {
			return
		}
		raw, err := bulk.Bytes(l)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(raw[:len(raw)-5], "\r\n.\r\n") || !strings.HasSuffix(raw, "\r\n.\r\n") {
			t.Fatal("the letter ends early or never")
		}
		m, err := netmail.ReadMessage(strings.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		list, err := m.Header.AddressList("To")
		if err != nil || len(list) != 1 || list[0].Address != to {
			t.Fatalf("%v, %v", list, err)
		}
		if len(m.Header) != 11 || m.Header.Get("Bcc") != "" {
			t.Fatalf("%d headers: %v", len(m.Header), m.Header)
		}
	})
}
