package mail_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
)

// ada is an administrator who has an address.
func ada(t *testing.T, db *store.DB) who.Identity {
	t.Helper()
	clk := clock.NewTest(start)
	led, err := record.New(t.Context(), db, clk, record.Config{}, who.Kinds())
	if err != nil {
		t.Fatal(err)
	}
	p, err := who.New(db, led, clk).CreatePerson(t.Context(), who.Engine("test"), who.Person{Name: "Ada", Email: "ada@example.com", Active: true, Roles: []who.Role{who.Admin}})
	if err != nil {
		t.Fatal(err)
	}
	return who.Identity{Actor: p.ID, Person: p.ID, Roles: p.Roles}
}

func TestSetUpIsShownWithoutThePassword(t *testing.T) {
	t.Parallel()
	f := open(t, storetest.Open(t, store.SQLite), mail.Config{Host: "mail.example", User: "bell", Password: "hush", From: "bell@example.com"})
	s, err := f.Setup(reader)
	if err != nil || s.Host != "mail.example" || s.Port != 587 || s.TLS != mail.StartTLS || !s.Password || !s.Enabled {
		t.Errorf("%+v %v", s, err)
	}
	if strings.Contains(fmt.Sprintf("%+v", s), "hush") {
		t.Error("the password is shown")
	}
	if _, err := f.Setup(who.Identity{Actor: "r", Roles: []who.Role{who.Responder}}); fault.KindOf(err) != fault.Denied {
		t.Errorf("a responder: %v", err)
	}
}

func TestTestMessage(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		by := ada(t, db)
		if _, err := open(t, db, mail.Config{}).Test(t.Context(), by); fault.KindOf(err) != fault.Conflict {
			t.Errorf("without a server: %v", err)
		}
		s := serve(t, mail.StartTLS, "secret")
		f := open(t, db, s.config(mail.StartTLS))
		m, err := f.Test(t.Context(), by)
		if err != nil || m.State != mail.Sent || m.To[0] != "ada@example.com" || !strings.Contains(m.Answer, "OK") || m.LastError != "" {
			t.Fatalf("%+v %v", m, err)
		}
		if got := s.messages(); len(got) != 1 || !strings.Contains(got[0].body, "messages leave and reach you") {
			t.Errorf("the server got %+v", got)
		}
		s.set(func(step, _ string) error {
			if step == "rcpt" {
				return &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "relaying is not for you"}
			}
			return nil
		}, false)
		m, err = f.Test(t.Context(), by)
		if err != nil || m.State != mail.Failed || !strings.Contains(m.LastError, "relaying is not for you") || !strings.Contains(mail.Remedy(m.LastError), "relay at the mail server") {
			t.Errorf("%+v %v", m, err)
		}
		f.drain(t)
		if m = f.item(t, m.ID); m.State != mail.Failed || m.Attempts != 1 {
			t.Errorf("a test is tried once: %+v", m)
		}
		for want, by := range map[fault.Kind]who.Identity{fault.Denied: {Actor: "m", Person: "m", Roles: []who.Role{who.Manager}}, fault.Conflict: {Actor: "token", Roles: []who.Role{who.Admin}}} {
			if _, err := f.Test(t.Context(), by); fault.KindOf(err) != want {
				t.Errorf("%v: %v", want, err)
			}
		}
		flow, err := f.Flow(t.Context(), db)
		if err != nil || !flow.SentAt.Equal(start) || !flow.FailedAt.Equal(start) || !strings.Contains(flow.LastError, "relaying") || !flow.WaitingAt.IsZero() {
			t.Errorf("%+v %v", flow, err)
		}
	})
}

// What really goes wrong has a remedy that names the option.
func TestRemedies(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, store.SQLite)
	by := ada(t, db)
	plain, secure := serve(t, mail.NoTLS, ""), serve(t, mail.StartTLS, "secret")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	shut := ln.Addr().(*net.TCPAddr).Port
	ln.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	with := func(s *server, how mail.TLS, change func(*mail.Config)) mail.Config {
		c := s.config(how)
		change(&c)
		return c
	}
	for want, cfg := range map[string]mail.Config{
		"Nothing listens there":              with(plain, mail.NoTLS, func(c *mail.Config) { c.Port = shut }),
		"The name of the mail server":        with(plain, mail.NoTLS, func(c *mail.Config) { c.Host = "nowhere.invalid" }),
		"does not protect the connection":    with(plain, mail.NoTLS, func(c *mail.Config) { c.TLS = mail.StartTLS }),
		"speaks without TLS":                 with(plain, mail.NoTLS, func(c *mail.Config) { c.TLS = mail.Implicit }),
		"by --smtp-ca-file":                  with(secure, mail.StartTLS, func(c *mail.Config) { c.CAFile = "" }),
		"the password in WAKEBELL_SMTP_PASS": with(secure, mail.StartTLS, func(c *mail.Config) { c.Password = "wrong" }),
		"did not answer in time": with(plain, mail.NoTLS, func(c *mail.Config) {
			c.Port, c.Timeout = silent.Addr().(*net.TCPAddr).Port, 200*time.Millisecond
		}),
	} {
		m, err := open(t, db, cfg).Test(t.Context(), by)
		if err != nil || m.State != mail.Failed || !strings.Contains(mail.Remedy(m.LastError), want) {
			t.Errorf("%s: %q, remedy %q, %v", want, m.LastError, mail.Remedy(m.LastError), err)
		}
	}
	for step, want := range map[string]string{"mail": "--smtp-from", "rcpt": "address", "data": "its words say why"} {
		plain.set(func(s, _ string) error {
			if s == step {
				return errors.New("no")
			}
			return nil
		}, false)
		m, err := open(t, db, plain.config(mail.NoTLS)).Test(t.Context(), by)
		if err != nil || !strings.Contains(mail.Remedy(m.LastError), want) {
			t.Errorf("%s: %q, remedy %q, %v", step, m.LastError, mail.Remedy(m.LastError), err)
		}
	}
}
