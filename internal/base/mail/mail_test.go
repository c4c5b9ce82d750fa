package mail_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/whotest"
)

var (
	start  = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	reader = who.Identity{Actor: "m-1", Person: "m-1", Roles: []who.Role{who.Manager, who.Admin}}
)

type fixture struct {
	*mail.Outbox
	db   *store.DB
	clk  *clock.Clock
	jobs *job.Runner
}

func open(t *testing.T, db *store.DB, cfg mail.Config) fixture {
	t.Helper()
	clk := clock.NewTest(start)
	jobs := job.New(db, clk, nil, job.Config{PauseFirst: time.Millisecond, PauseMost: 5 * time.Millisecond})
	box, err := mail.New(db, clk, jobs, nil, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return fixture{box, db, clk, jobs}
}

func (f fixture) enqueue(t *testing.T, m mail.Message) (string, error) {
	t.Helper()
	var id string
	_, err := f.db.Write(t.Context(), store.Op{Name: "test", Actor: "t"}, func(tx *store.Tx) (err error) {
		id, err = f.Enqueue(tx, m)
		return err
	})
	return id, err
}

func (f fixture) must(t *testing.T, m mail.Message) string {
	t.Helper()
	id, err := f.enqueue(t, m)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (f fixture) item(t *testing.T, id string) mail.Item {
	t.Helper()
	m, err := f.Read(t.Context(), reader, id)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (f fixture) drain(t *testing.T) {
	t.Helper()
	if err := f.jobs.Drain(t.Context(), f.clk.Now()); err != nil {
		t.Fatal(err)
	}
}

func call() mail.Message {
	return mail.Message{
		To: []string{"anna@example.com"}, Subject: "INC-2026-0001 needs you – bitte bestätigen",
		Text:  "Reference INC-2026-0001\n.leading dot\nhttps://bell.example/a/1\nÜmläut " + strings.Repeat("long ", 300) + "\n",
		About: "INC-2026-0001",
	}
}

func TestZeroIdentityIsDenied(t *testing.T) {
	t.Parallel()
	whotest.DenyEmpty(t, (*mail.Outbox)(nil))
}

func TestKeptWithoutServer(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, mail.Config{})
		m := call()
		m.Drill = true
		id := f.must(t, m)
		f.drain(t)
		got := f.item(t, id)
		want := mail.Item{ID: id, Message: m, State: mail.Kept, CreatedAt: start, UpdatedAt: start}
		want.Subject, want.MessageID = "DRILL: "+m.Subject, "<"+id+"@wakebell.invalid>"
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		if err := f.Retry(t.Context(), reader, id); fault.KindOf(err) != fault.Conflict {
			t.Errorf("retry without a server: %v", err)
		}
	})
}

func TestSend(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tls      mail.TLS
		password string
	}{
		"starttls, auth": {mail.StartTLS, "correct horse"},
		"tls, auth":      {mail.Implicit, "correct horse"},
		"none":           {mail.NoTLS, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t *testing.T, db *store.DB) {
				s := serve(t, c.tls, c.password)
				f := open(t, db, s.config(c.tls))
				m := call()
				m.To = append(m.To, "bert@example.com")
				id := f.must(t, m)
				f.drain(t)
				got := s.messages()
				if len(got) != 1 {
					t.Fatalf("%d messages arrived: %+v", len(got), f.item(t, id))
				}
				checkReceived(t, got[0], id, m)
				if got[0].tls != (c.tls != mail.NoTLS) || (got[0].user == "bell") != (c.password != "") {
					t.Errorf("tls %v, user %q", got[0].tls, got[0].user)
				}
				if i := f.item(t, id); i.State != mail.Sent || i.Attempts != 1 || i.MaybeTwice || !i.SentAt.Equal(start) {
					t.Errorf("%+v", i)
				}
			})
		})
	}
}

func checkReceived(t *testing.T, got received, id string, m mail.Message) {
	t.Helper()
	for field, want := range map[string]string{
		"Auto-Submitted": "auto-generated", "Message-Id": "<" + id + "@wake.example>",
		"From": "<bell@wake.example>", "To": "<anna@example.com>, <bert@example.com>",
		"Date": "Mon, 02 Mar 2026 09:00:00 +0000", "Bcc": "",
	} {
		if v := got.header.Get(field); v != want {
			t.Errorf("%s: %q, want %q", field, v, want)
		}
	}
	if got.from != "bell@wake.example" || !slices.Equal(got.to, m.To) {
		t.Errorf("envelope %s -> %v", got.from, got.to)
	}
	if d := cmp.Diff(m.Subject, decodeHeader(t, got.header.Get("Subject"))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(m.Text, decodeBody(t, got)); d != "" {
		t.Error(d)
	}
}

// A wrong certificate or a server without STARTTLS never gets the message.
func TestNothingGoesOutUnprotected(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := serve(t, mail.StartTLS, "secret")
		cfg := s.config(mail.StartTLS)
		cfg.CAFile = ""
		f := open(t, db, cfg)
		id := f.must(t, call())
		f.drain(t)
		if i := f.item(t, id); i.State != mail.Queued || !strings.Contains(i.LastError, "certificate") {
			t.Errorf("wrong certificate: %+v", i)
		}
		if n := len(s.messages()); n != 0 {
			t.Errorf("%d messages went to an unknown server", n)
		}
	})
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := serve(t, mail.NoTLS, "")
		f := open(t, db, s.config(mail.StartTLS))
		id := f.must(t, call())
		f.drain(t)
		if i := f.item(t, id); i.State != mail.Queued || !strings.Contains(i.LastError, "STARTTLS") || len(s.messages()) != 0 {
			t.Errorf("no STARTTLS: %+v", i)
		}
	})
}

func TestWrongPasswordKeepsTheMessage(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := serve(t, mail.StartTLS, "right")
		cfg := s.config(mail.StartTLS)
		cfg.Password = "wrong"
		f := open(t, db, cfg)
		id := f.must(t, call())
		f.drain(t)
		if i := f.item(t, id); i.State != mail.Queued || !strings.Contains(i.LastError, "AUTH") || strings.Contains(i.LastError, "wrong") {
			t.Errorf("%+v", i)
		}
	})
}

func TestFourHundredThenSuccess(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := serve(t, mail.NoTLS, "")
		f := open(t, db, s.config(mail.NoTLS))
		for _, step := range []string{"mail", "rcpt", "data"} {
			s.set(func(at, _ string) error {
				if at == step {
					return answer(451, "later, please")
				}
				return nil
			}, false)
			id := f.must(t, call())
			before := len(s.messages())
			f.drain(t)
			if i := f.item(t, id); i.State != mail.Queued || i.Attempts != 1 || !strings.Contains(i.LastError, "later, please") {
				t.Errorf("%s: after 451: %+v", step, i)
			}
			s.set(nil, false)
			f.drain(t)
			if i := f.item(t, id); i.State != mail.Sent || i.Attempts != 2 || i.MaybeTwice || i.LastError != "" {
				t.Errorf("%s: after success: %+v", step, i)
			}
			if n := len(s.messages()) - before; n != 1 {
				t.Errorf("%s: %d messages arrived", step, n)
			}
		}
	})
}

func TestFiveHundredFailsAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := serve(t, mail.NoTLS, "")
		s.set(func(at, arg string) error {
			if at == "rcpt" && arg == "anna@example.com" {
				return answer(550, "no such user")
			}
			return nil
		}, false)
		f := open(t, db, s.config(mail.NoTLS))
		id := f.must(t, call())
		f.drain(t)
		if i := f.item(t, id); i.State != mail.Failed || i.Attempts != 1 || !strings.Contains(i.LastError, "no such user") {
			t.Errorf("%+v", i)
		}
		s.set(nil, false)
		f.drain(t)
		if n := len(s.messages()); n != 0 {
			t.Errorf("a failed message was sent again by itself")
		}
		if err := f.Retry(t.Context(), reader, id); err != nil {
			t.Fatal(err)
		}
		f.drain(t)
		if i := f.item(t, id); i.State != mail.Sent || len(s.messages()) != 1 {
			t.Errorf("retried by hand: %+v", i)
		}
		if err := f.Retry(t.Context(), reader, id); fault.KindOf(err) != fault.Conflict {
			t.Errorf("retry of a sent message: %v", err)
		}
	})
}

// The server took the message but its answer was lost: the next attempt says
// that it may be the second, under the same Message-ID.
func TestLostAnswerIsNamed(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := serve(t, mail.NoTLS, "")
		s.set(nil, true)
		f := open(t, db, s.config(mail.NoTLS))
		id := f.must(t, call())
		f.drain(t)
		if i := f.item(t, id); i.State != mail.Sending || i.MaybeTwice {
			t.Errorf("after the lost answer: %+v", i)
		}
		s.set(nil, false)
		f.drain(t)
		f.twice(t, s, id)
	})
}

func (f fixture) twice(t *testing.T, s *server, id string) {
	t.Helper()
	i := f.item(t, id)
	if i.State != mail.Sent || !i.MaybeTwice || i.Attempts != 2 {
		t.Errorf("%+v", i)
	}
	got := s.messages()
	if len(got) != 2 || got[0].header.Get("Message-Id") != got[1].header.Get("Message-Id") || got[0].body != got[1].body {
		t.Errorf("%d messages, not the same ones", len(got))
	}
	list, _, err := f.List(t.Context(), reader, mail.Filter{MaybeTwice: true}, "", 0)
	if err != nil || len(list) != 1 || list[0].ID != id {
		t.Errorf("possible doubles: %v, %v", list, err)
	}
}

// The process dies after the server accepted the message and before that was
// written down.
func TestCrashBetweenSendingAndSent(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := serve(t, mail.NoTLS, "")
		died := open(t, db, s.config(mail.NoTLS))
		id := died.must(t, call())
		died.drain(t)
		// What the disk holds when it is killed at that moment.
		_, err := db.Write(t.Context(), store.Op{Name: "test", Actor: "t"}, func(tx *store.Tx) error {
			if _, err := tx.Exec(`UPDATE mail_outbox SET state='sending', sent_at=0 WHERE id=?`, id); err != nil {
				return err
			}
			if err := died.jobs.Enqueue(tx, job.Draft{Kind: "mail.send", Payload: map[string]string{"id": id}, Unique: id}); err != nil {
				return err
			}
			_, err := tx.Exec(`UPDATE job SET state='leased', lease='dead process', lease_until=1, attempt=1`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		f := open(t, db, s.config(mail.NoTLS))
		f.drain(t)
		f.twice(t, s, id)
	})
}

func TestMessageIsValidated(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, mail.Config{})
		for name, c := range map[string]struct {
			change func(m *mail.Message)
			field  string
		}{
			"nobody":              {func(m *mail.Message) { m.To = nil }, "to"},
			"too many":            {func(m *mail.Message) { m.To = slices.Repeat(m.To, 101) }, "to"},
			"address":             {func(m *mail.Message) { m.To = []string{"x"} }, "to[0]"},
			"header in address":   {func(m *mail.Message) { m.To = []string{"a@b.example\r\nBcc: c@d.example"} }, "to[0]"},
			"display name":        {func(m *mail.Message) { m.To = []string{"A <a@b.example>"} }, "to[0]"},
			"empty subject":       {func(m *mail.Message) { m.Subject = " " }, "subject"},
			"header in subject":   {func(m *mail.Message) { m.Subject = "x\r\nBcc: c@d.example" }, "subject"},
			"bare LF":             {func(m *mail.Message) { m.Subject = "x\ny" }, "subject"},
			"NUL":                 {func(m *mail.Message) { m.Subject = "x\x00" }, "subject"},
			"line separator":      {func(m *mail.Message) { m.Subject = "x\u2028y" }, "subject"},
			"long subject":        {func(m *mail.Message) { m.Subject = strings.Repeat("x", 301) }, "subject"},
			"text":                {func(m *mail.Message) { m.Text = "\xff" }, "text"},
			"header in messageid": {func(m *mail.Message) { m.MessageID = "<a@b>\r\nX: y" }, "message_id"},
			"messageid":           {func(m *mail.Message) { m.MessageID = "a@b" }, "message_id"},
			"about":               {func(m *mail.Message) { m.About = "a\nb" }, "about"},
		} {
			m := call()
			c.change(&m)
			_, err := f.enqueue(t, m)
			fields := fault.FieldsOf(err)
			if fault.KindOf(err) != fault.Invalid || len(fields) != 1 || fields[0].Field != c.field {
				t.Errorf("%s: %v, fields %v", name, err, fields)
			}
		}
	})
}

func TestListPages(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, mail.Config{})
		var want []string
		for n := range 5 {
			m := call()
			m.About = []string{"INC-1", "INC-2"}[n%2]
			id := f.must(t, m)
			if n%2 == 0 {
				want = append([]string{id}, want...)
			}
		}
		var got []string
		filter, cursor := mail.Filter{About: "INC-1", State: mail.Kept}, ""
		for {
			page, next, err := f.List(t.Context(), reader, filter, cursor, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range page {
				got = append(got, m.ID)
			}
			if cursor = next; next == "" {
				break
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		if _, _, err := f.List(t.Context(), reader, mail.Filter{State: "lost"}, "", 0); fault.KindOf(err) != fault.Invalid {
			t.Errorf("unknown state: %v", err)
		}
		nosy := who.Identity{Actor: "r", Person: "r", Roles: []who.Role{who.Responder}}
		if _, err := f.Read(t.Context(), nosy, got[0]); fault.KindOf(err) != fault.Denied {
			t.Errorf("a responder reads the outbox: %v", err)
		}
		if _, err := f.Read(t.Context(), reader, "none"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("unknown message: %v", err)
		}
	})
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := mail.Config{Host: "mail.example", From: "a@b.example"}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	if err := (mail.Config{}).Validate(); err != nil {
		t.Error(err)
	}
	for field, change := range map[string]func(c *mail.Config){
		"smtp_host":     func(c *mail.Config) { c.Host = "mail.example/x" },
		"smtp_port":     func(c *mail.Config) { c.Port = 70000 },
		"smtp_tls":      func(c *mail.Config) { c.TLS, c.User, c.Password = mail.NoTLS, "u", "p" },
		"smtp_password": func(c *mail.Config) { c.User = "u" },
		"smtp_from":     func(c *mail.Config) { c.From = "nobody" },
		"smtp_timeout":  func(c *mail.Config) { c.Timeout = time.Hour },
	} {
		c := good
		change(&c)
		if f := fault.FieldsOf(c.Validate()); len(f) != 1 || f[0].Field != field {
			t.Errorf("%s: %v", field, f)
		}
	}
	if err := (mail.Config{User: "u"}).Validate(); err == nil {
		t.Error("a user without a host")
	}
}
