package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/mail/bounce"
	"github.com/wakebell/wakebell/internal/base/mail/bulk"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
)

// patience is how long mail may take inside this machine.
const patience = 20 * time.Second

func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	clk := clock.System()
	for until := clk.Real().Add(patience); !done(); {
		if clk.Real().After(until) {
			t.Fatalf("%s has not happened within %s", what, patience)
		}
		if err := clk.Sleep(t.Context(), 100*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
}

// arrived waits for the message in somebody's mailbox.
func (s *outside) arrived(t *testing.T, user, messageID string) *netmail.Message {
	t.Helper()
	pem, err := os.ReadFile(s.ca)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	c, err := imapclient.DialTLS(s.imap, &imapclient.Options{TLSConfig: &tls.Config{RootCAs: roots}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login(user, s.password).Wait(); err != nil {
		t.Fatal(err)
	}
	var raw []byte
	wait(t, messageID+" in the mailbox of "+user, func() bool {
		if _, err := c.Select("INBOX", nil).Wait(); err != nil {
			t.Fatal(err)
		}
		found, err := c.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: messageID}}}, nil).Wait()
		if err != nil {
			t.Fatal(err)
		}
		if len(found.AllUIDs()) == 0 {
			return false
		}
		list, err := c.Fetch(imap.UIDSetNum(found.AllUIDs()...), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{Peek: true}}}).Collect()
		if err != nil || len(list) != 1 {
			t.Fatalf("%d messages, %v", len(list), err)
		}
		raw = list[0].BodySection[0].Bytes
		return true
	})
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// parts are the leaves of a message, decoded, by media type.
func parts(t *testing.T, contentType string, r io.Reader) map[string]string {
	t.Helper()
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for mr := multipart.NewReader(r, params["boundary"]); ; {
		p, err := mr.NextPart() // decodes quoted-printable
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatalf("%s: %v", media, err)
		}
		inner := p.Header.Get("Content-Type")
		if strings.HasPrefix(inner, "multipart/") {
			for k, v := range parts(t, inner, p) {
				out[k] = v
			}
			continue
		}
		b, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		media, _, _ := strings.Cut(inner, ";")
		out[media] = strings.TrimSpace(strings.ReplaceAll(string(b), "\r\n", "\n"))
	}
}

// mark makes ids that no other run has used.
func mark() string { return ident.New(clock.System().Now()) }

func letter(to string) bulk.Letter {
	id := mark()
	return bulk.Letter{
		MessageID: "<" + id + "@bell.example>", EnvelopeFrom: "notices+" + id + "@bell.example", ReplyTo: "notices+" + id + "@bell.example",
		FromName: "Wernham – security", To: to, ToName: "Müller, Anna", Subject: "Mitteilung über eine Verletzung des Schutzes Ihrer Daten",
		Text: "Guten Tag,\n\n.am Anfang ein Punkt\nGrüße\n", HTML: "<p>Guten Tag,</p>\n<p>.</p>\n<p>Grüße</p>", ListID: "inc-2026-0142.bell.example",
	}
}

func open(t *testing.T, s *outside) *bulk.Pool {
	t.Helper()
	p, err := bulk.Open(clock.System(), s.out(t), bulk.Options{Connections: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// write sends a message as a person's program does.
func (s *outside) write(t *testing.T, from, to, raw string) {
	t.Helper()
	way, err := mail.NewServer(s.out(t))
	if err != nil {
		t.Fatal(err)
	}
	conn, c, err := way.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := errors.Join(c.Mail("<"+from+">"), c.Rcpt("<"+to+">")); err != nil {
		t.Fatal(err)
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(w, raw)
	if err := errors.Join(err, w.Close(), c.Quit()); err != nil {
		t.Fatal(err)
	}
}

// A letter arrives as it was written: header, both bodies, the file.
func TestLetterArrives(t *testing.T) {
	t.Parallel()
	s := server(t)
	l := letter("anna@customer.example")
	l.Attachments = []bulk.Attachment{{Name: "Übersicht.pdf", Media: "application/pdf", Data: bytes.Repeat([]byte("%PDF-1.7 "), 5000)}}
	o := open(t, s).Send(t.Context(), l)
	if o.Kind != bulk.Accepted || o.Code != 250 || !strings.HasPrefix(o.Enhanced, "2.") {
		t.Fatalf("%+v", o)
	}
	m := s.arrived(t, "anna@customer.example", l.MessageID)
	got := map[string]string{}
	for _, name := range []string{"From", "To", "Reply-To", "Subject", "Message-Id", "Auto-Submitted", "List-Id", "Return-Path", "List-Unsubscribe"} {
		got[name], _ = new(mime.WordDecoder).DecodeHeader(m.Header.Get(name))
	}
	want := map[string]string{
		"From": "Wernham – security <notices@bell.example>", "To": "Müller, Anna <anna@customer.example>", "Reply-To": "<" + l.ReplyTo + ">",
		"Subject": l.Subject, "Message-Id": l.MessageID, "Auto-Submitted": "auto-generated", "List-Id": "<inc-2026-0142.bell.example>",
		"Return-Path": "<" + l.EnvelopeFrom + ">", "List-Unsubscribe": "",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	body := parts(t, m.Header.Get("Content-Type"), m.Body)
	if body["text/plain"] != strings.TrimSpace(l.Text) || body["text/html"] != l.HTML {
		t.Errorf("%q", body)
	}
	if pdf := strings.ReplaceAll(body["application/pdf"], "\n", ""); !strings.HasPrefix(pdf, "JVBERi0xLjcg") || len(pdf) != 60000 {
		t.Errorf("%d characters of the file: %.20s", len(pdf), pdf)
	}
}

// What the server says at once is told as it is meant, on one connection.
func TestServerAnswers(t *testing.T) {
	t.Parallel()
	s := server(t)
	p := open(t, s)
	for to, want := range map[string]struct {
		kind   bulk.Kind
		code   int
		status string
	}{
		"ben@customer.example":     {bulk.Accepted, 250, "2.0.0"},
		"refused@customer.example": {bulk.Refused, 550, "5.1.1"},
		"later@customer.example":   {bulk.Later, 450, "4.7.1"},
	} {
		for range 3 {
			if o := p.Send(t.Context(), letter(to)); o.Kind != want.kind || o.Code != want.code || o.Enhanced != want.status || o.Server {
				t.Errorf("%s: %+v", to, o)
			}
		}
	}
	cfg := s.out(t)
	cfg.Password = "wrong"
	q, err := bulk.Open(clock.System(), cfg, bulk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	if o := q.Send(t.Context(), letter("ben@customer.example")); o.Kind != bulk.Later || !o.Server || !strings.HasPrefix(o.Answer, "AUTH:") {
		t.Errorf("wrong password: %+v", o)
	}
	cfg = s.out(t)
	cfg.CAFile = ""
	q, err = bulk.Open(clock.System(), cfg, bulk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	if o := q.Send(t.Context(), letter("ben@customer.example")); o.Kind != bulk.Later || !o.Server || !strings.HasPrefix(o.Answer, "STARTTLS:") {
		t.Errorf("unknown certificate: %+v", o)
	}
}

// A call goes out through the same server, by the outbox.
func TestOutbox(t *testing.T) {
	t.Parallel()
	s := server(t)
	db := storetest.Open(t, store.SQLite)
	clk := clock.System()
	jobs := job.New(db, clk, nil, job.Config{})
	box, err := mail.New(db, clk, jobs, nil, s.out(t))
	if err != nil {
		t.Fatal(err)
	}
	id := "<" + mark() + "@bell.example>"
	_, err = db.Write(t.Context(), store.Op{Name: "test", Actor: "t"}, func(tx *store.Tx) error {
		_, err := box.Enqueue(tx, mail.Message{To: []string{"ben@customer.example"}, Subject: "INC-2026-0142 needs you", Text: "Please call.", MessageID: id})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := jobs.Drain(t.Context(), clk.Now()); err != nil {
		t.Fatal(err)
	}
	if m := s.arrived(t, "ben@customer.example", id); m.Header.Get("Subject") != "INC-2026-0142 needs you" {
		t.Error(m.Header)
	}
}

// Accepted is not told: the bounce of an unknown person comes back and names letter and address.
// So do the report of a delivery that was asked for, and a reply to the notice.
func TestWhatComesBack(t *testing.T) {
	t.Parallel()
	s := server(t)
	p := open(t, s)
	unknown, known := letter("nobody@customer.example"), letter("ben@customer.example")
	known.Receipt = true
	for _, l := range []bulk.Letter{unknown, known} {
		if o := p.Send(t.Context(), l); o.Kind != bulk.Accepted {
			t.Fatalf("%+v", o)
		}
	}
	s.write(t, "anna@customer.example", known.ReplyTo, "From: Anna <anna@customer.example>\r\nTo: "+known.ReplyTo+"\r\nSubject: Re: Mitteilung\r\nMessage-ID: <"+mark()+
		"@customer.example>\r\nIn-Reply-To: "+known.MessageID+"\r\n\r\nWhich of our users are touched?\r\n")
	db := storetest.Open(t, store.SQLite)
	clk := clock.NewTest(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	jobs := job.New(db, clk, nil, job.Config{})
	back, err := bounce.New(db, clk, jobs, nil, s.back(t))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	got := map[string]bounce.Report{}
	failing := true
	back.Handle(func(_ context.Context, r bounce.Report, raw []byte) error {
		mu.Lock()
		defer mu.Unlock()
		if failing { // the first time the database is away: nothing may be lost by that
			failing = false
			return errors.New("away")
		}
		if !bytes.Contains(raw, []byte("\n")) {
			t.Error("the message is not handed on")
		}
		got[fmt.Sprintf("%s %s %s", r.Kind, r.Action, r.MessageID)] = r
		return nil
	})
	bounced, delivered := "bounce failed "+unknown.MessageID, "bounce delivered "+known.MessageID
	answered := "reply  " + known.MessageID
	wait(t, "that all three came back", func() bool {
		if err := clk.Advance(10 * time.Second); err != nil {
			t.Fatal(err)
		}
		if err := jobs.Drain(t.Context(), clk.Now()); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		defer mu.Unlock()
		_, a := got[bounced]
		_, b := got[delivered]
		_, c := got[answered]
		return a && b && c
	})
	if r := got[bounced]; r.Recipient != "nobody@customer.example" || r.Status != "5.1.1" || !r.Permanent() || "notices+"+r.Mark+"@bell.example" != unknown.EnvelopeFrom || r.Diagnostic == "" {
		t.Errorf("%+v", r)
	}
	if r := got[delivered]; r.Recipient != "ben@customer.example" || r.Status != "2.0.0" || r.Permanent() {
		t.Errorf("%+v", r)
	}
	if r := got[answered]; r.From != "anna@customer.example" || !strings.HasPrefix(r.Text, "Which of our users") || r.To[0] != known.ReplyTo {
		t.Errorf("%+v", r)
	}
}
