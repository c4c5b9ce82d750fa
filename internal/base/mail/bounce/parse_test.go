package bounce_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/mail/bounce"
)

func sample(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func day(hour, minute, second int) time.Time {
	return time.Date(2026, 3, 2, hour, minute, second, 0, time.UTC)
}

var samples = map[string][]bounce.Report{
	"postfix": {{
		Kind: bounce.Bounce, MessageID: "<n7@bell.example>", Recipient: "nobody@customer.example", Action: bounce.Failed, Status: "5.1.1",
		Diagnostic: "550 5.1.1 <nobody@customer.example>: Recipient address rejected: User unknown", By: "mx.customer.example", At: day(9, 0, 4),
		From: "MAILER-DAEMON@mx.bell.example", To: []string{"bounce+n7@bell.example"}, Subject: "Undelivered Mail Returned to Sender",
	}},
	"postfix_delayed": {{ // nothing of the message came back but the envelope's id
		Kind: bounce.Bounce, MessageID: "<n8+1@bell.example>", Recipient: "slow@customer.example", Action: bounce.Delayed, Status: "4.4.1",
		Diagnostic: "connect to mx.customer.example[192.0.2.7]:25: Connection timed out", By: "mx.bell.example", At: day(13, 0, 4),
		From: "MAILER-DAEMON@mx.bell.example", To: []string{"bounce@bell.example"}, Subject: "Delayed Mail (still being retried)",
	}},
	"postfix_relayed": {{
		Kind: bounce.Bounce, MessageID: "<n9@bell.example>", Recipient: "anna@customer.example", Final: "anna@box.example", Action: bounce.Relayed,
		Status: "2.0.0", By: "mx.bell.example", At: day(9, 0, 4),
		From: "MAILER-DAEMON@mx.bell.example", To: []string{"bounce@bell.example"}, Subject: "Successful Mail Delivery Report",
	}},
	"exim": {{
		Kind: bounce.Bounce, MessageID: "<n7@bell.example>", Recipient: "nobody@customer.example", Action: bounce.Failed, Status: "5.1.1",
		Diagnostic: "host mx2.customer.example [192.0.2.8] SMTP error from remote mail server after RCPT TO:<nobody@customer.example>: 550 5.1.1 User unknown",
		At:         day(9, 0, 4), From: "Mailer-Daemon@mx.customer.example", To: []string{"bounce@bell.example"}, Subject: "Mail delivery failed: returning message to sender",
	}},
	"exim_delayed": {{
		Kind: bounce.Bounce, MessageID: "<n7@bell.example>", Recipient: "slow@customer.example", Action: bounce.Delayed, Status: "4.7.1",
		Diagnostic: "host mx2.customer.example [192.0.2.8] SMTP error: 451 4.7.1 Please try again later", At: day(33, 0, 4),
		From: "Mailer-Daemon@mx.customer.example", To: []string{"bounce@bell.example"}, Subject: "Warning: message 1tXyzA-0001Ab-2C delayed 24 hours",
	}},
	"exchange": {{
		Kind: bounce.Bounce, MessageID: "<n7@bell.example>", Recipient: "nobody@customer.example",
		Action: bounce.Failed, Status: "5.1.10",
		Diagnostic: "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient nobody@customer.example not found by SMTP address lookup",
		By:         "AM0EUR02.eurprd.example", At: day(9, 0, 9), From: "postmaster@customer.onmicrosoft.example", To: []string{"bounce@bell.example"},
		Subject: "Unzustellbar: Mitteilung",
	}},
	"gmail": {{
		Kind: bounce.Bounce, MessageID: "<n7@bell.example>", Recipient: "nobody@customer.example",
		Action: bounce.Failed, Status: "5.1.1",
		Diagnostic: "550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking the recipient's email address 550 5.1.1 NoSuchUser - gsmtp",
		By:         "mx.customer.example. (192.0.2.7, the server for the domain customer.example.)", At: day(9, 0, 11),
		From: "mailer-daemon@googlemail.example", To: []string{"bounce@bell.example"}, Subject: "Delivery Status Notification (Failure)",
	}},
	"qmail": {
		{
			Kind: bounce.Bounce, MessageID: "<n7@bell.example>", Recipient: "nobody@customer.example", Action: bounce.Failed, Status: "5.1.1",
			Diagnostic: "Sorry, no mailbox here by that name. (#5.1.1)", At: day(9, 0, 4), From: "MAILER-DAEMON@mail.customer.example",
			To: []string{"bounce@bell.example"}, Subject: "failure notice",
		},
		{
			Kind: bounce.Bounce, MessageID: "<n7@bell.example>", Recipient: "full@customer.example", Action: bounce.Failed, Status: "5.0.0",
			Diagnostic: "192.0.2.9 failed after I sent the message. Remote host said: 552 Quota exceeded", At: day(9, 0, 4),
			From: "MAILER-DAEMON@mail.customer.example", To: []string{"bounce@bell.example"}, Subject: "failure notice",
		},
	},
	"two_recipients": {
		{
			Kind: bounce.Bounce, MessageID: "<n7@bell.example>", Recipient: "дмитрий@почта.example", Action: bounce.Failed, Status: "5.2.1",
			By: "mx.customer.example", From: "postmaster@customer.example", To: []string{"bounce@bell.example"}, Subject: "Delivery report",
		},
		{
			Kind: bounce.Bounce, MessageID: "<n7@bell.example>", Recipient: "team@customer.example", Final: "hidden@box.example", Action: bounce.Expanded,
			Status: "2.0.0", By: "mx.customer.example", From: "postmaster@customer.example", To: []string{"bounce@bell.example"}, Subject: "Delivery report",
		},
		{ // an action nobody knows: the status tells
			Kind: bounce.Bounce, MessageID: "<n7@bell.example>", Recipient: "odd@customer.example", Action: bounce.Delayed, Status: "4.2.2",
			By: "mx.customer.example", From: "postmaster@customer.example", To: []string{"bounce@bell.example"}, Subject: "Delivery report",
		},
	},
	"out_of_office": {{
		Kind: bounce.AutoReply, MessageID: "<n7@bell.example>", At: day(9, 0, 20), From: "anna@customer.example", To: []string{"notice@bell.example"},
		Subject: "Automatische Antwort: Mitteilung über", Text: "Ich bin bis 9. März nicht im Büro.\n",
	}},
	"vacation": {{
		Kind: bounce.AutoReply, MessageID: "<n8@bell.example>", From: "ben@customer.example", To: []string{"notice@bell.example"}, Subject: "Re: Notice",
		Text: "I am away – back on Monday, € 5.\n",
	}},
	"reply": {{ // what it quotes looks like a bounce and is none
		Kind: bounce.Reply, MessageID: "<n7@bell.example>", References: []string{"<n1@bell.example>"}, At: day(9, 15, 0), From: "ada@customer.example",
		To: []string{"reply+n7@bell.example"}, Subject: "Re: Notice",
		Text: "Thank you. Which of our users are touched? – Ada\n\n> Undelivered Mail Returned to Sender\n> 550 5.1.1 nobody@customer.example",
	}},
	"displayed": {{
		Kind: bounce.AutoReply, MessageID: "<n7@bell.example>", From: "ada@customer.example", To: []string{"notice@bell.example"}, Subject: "Read: Notice",
		Text: "Your message was displayed.",
	}},
}

// The forms in which the common servers report, with both ends of a line.
func TestParse(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) != len(samples) {
		t.Fatalf("%d samples, %d expected, %v", len(files), len(samples), err)
	}
	for name, want := range samples {
		raw := sample(t, name)
		for _, raw := range [][]byte{raw, bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n"))} {
			got, err := bounce.Parse(bytes.NewReader(raw))
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s: %s", name, d)
			}
			for _, r := range got {
				if err := r.Check(); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if r.Permanent() != (r.Action == bounce.Failed) {
					t.Errorf("%s: permanent %v", name, r.Permanent())
				}
			}
		}
	}
}

func TestParseHostile(t *testing.T) {
	t.Parallel()
	deep := "From: a@b\r\n"
	for range 50 {
		deep += "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
	}
	many := "Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; a\r\n\r\n" +
		strings.Repeat("Final-Recipient: rfc822; a@b\r\nStatus: 5.0.0\r\n\r\n", 5000)
	for name, c := range map[string]struct {
		raw  string
		most int
	}{
		"deep":          {deep, 1},
		"many groups":   {many, 1000},
		"many parts":    {"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + strings.Repeat("--x\r\n\r\n\r\n", 200_000), 1},
		"long line":     {"Subject: " + strings.Repeat("x", 8<<20) + "\r\n\r\n", 1},
		"long header":   {"Subject: a\r\n" + strings.Repeat(" b\r\n", 1<<20) + "\r\n", 1},
		"many fields":   {strings.Repeat("X-A: b\r\n", 1<<19) + "\r\nx", 1},
		"cut off":       {string(sample(t, "gmail")[:1900]), 1},
		"bad base64":    {"Content-Transfer-Encoding: base64\r\nContent-Type: message/delivery-status\r\n\r\n!!!!", 1},
		"no boundary":   {"Content-Type: multipart/report\r\n\r\n--\r\n", 1},
		"bad type":      {"Content-Type: ;;;=\r\n\r\n", 1},
		"NUL and bidi":  {"From: a\x00\u202e@b\r\nSubject: =?utf-8?q?=00=E2=80=AE=0D=0A?=\r\n\r\n\x00\x1b[31m", 1},
		"not UTF-8":     {"From: \xff\xfe\r\nSubject: \xff\r\nIn-Reply-To: <\xff@\xff>\r\n\r\n\xff", 1},
		"too long":      {"From: a@b\r\n\r\n" + strings.Repeat("x", 30<<20), 1},
		"an old mail":   {"From a@b Mon Mar  2 09:00:00 2026\r\nFrom: a@b\r\n\r\nhello", 1},
		"failed, many":  {"X-Failed-Recipients: " + strings.Repeat("a@b, ", 100_000) + "\r\n\r\n", 1},
		"empty refs":    {"References: " + strings.Repeat("<a@b> ", 100_000) + "\r\n\r\n", 1},
		"a year beyond": {"Date: Mon, 02 Mar 99999 09:00:00 +0000\r\n\r\n", 1},
	} {
		list, err := bounce.Parse(strings.NewReader(c.raw))
		if err != nil || len(list) == 0 || len(list) > c.most {
			t.Errorf("%s: %d reports, %v", name, len(list), err)
		}
		tidy(t, name, list)
	}
	for _, raw := range []string{"", "\r\n\r\n", "hello", strings.Repeat("\x00", 1000)} {
		if _, err := bounce.Parse(strings.NewReader(raw)); !errors.Is(err, bounce.ErrNoMessage) {
			t.Errorf("%.20q: %v", raw, err)
		}
	}
}

// tidy: whatever came, what is handed on can be stored and shown.
func tidy(t *testing.T, name string, list []bounce.Report) {
	t.Helper()
	for _, r := range list {
		r.MessageID, r.References = "<a@b>", nil
		if err := r.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if r.At.Year() > 9999 || len(r.To) > 20 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func FuzzParse(f *testing.F) {
	for name := range samples {
		b, err := os.ReadFile(filepath.Join("testdata", name+".eml"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		list, err := bounce.Parse(bytes.NewReader(raw))
		if err == nil && len(list) == 0 {
			t.Error("neither a report nor an error")
		}
		tidy(t, "fuzz", list)
	})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	good := bounce.Report{Kind: bounce.Bounce, Action: bounce.Failed, MessageID: "<a@b>", Status: "5.1.1"}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*bounce.Report){
		"kind":       func(r *bounce.Report) { r.Kind = "x" },
		"action":     func(r *bounce.Report) { r.Action = "exploded" },
		"reply":      func(r *bounce.Report) { r.Kind = bounce.Reply },
		"id":         func(r *bounce.Report) { r.MessageID = "a@b" },
		"nobody":     func(r *bounce.Report) { r.MessageID = "" },
		"status":     func(r *bounce.Report) { r.Status = "5.1.1 or so" },
		"diagnostic": func(r *bounce.Report) { r.Diagnostic = "a\r\nb" },
		"long":       func(r *bounce.Report) { r.By = strings.Repeat("x", 2000) },
		"text":       func(r *bounce.Report) { r.Text = "a\x00" },
	} {
		r := good
		spoil(&r)
		if r.Check() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
