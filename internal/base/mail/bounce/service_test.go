package bounce_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/mail/bounce"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/whotest"
)

var (
	start   = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	machine = who.Identity{Actor: "t-1", Roles: []who.Role{who.Reporter}}
	admin   = who.Identity{Actor: "a-1", Person: "a-1", Roles: []who.Role{who.Admin}}
)

// inbox is an IMAP server in this process with one user.
type inbox struct {
	port int
	user *imapmemserver.User
}

func serve(t *testing.T) *inbox {
	t.Helper()
	b := &inbox{user: imapmemserver.NewUser("bell", "secret")}
	if err := b.user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	back := imapmemserver.New()
	back.AddUser(b.user)
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return back.NewSession(), nil, nil
		},
		InsecureAuth: true,
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}},
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.port = ln.Addr().(*net.TCPAddr).Port
	go srv.Serve(ln)
	t.Cleanup(func() { srv.Close() })
	return b
}

type literal struct{ *bytes.Reader }

func (b *inbox) put(t *testing.T, raw []byte) {
	t.Helper()
	if _, err := b.user.Append("INBOX", literal{bytes.NewReader(raw)}, &imap.AppendOptions{}); err != nil {
		t.Fatal(err)
	}
}

// connect is a mail program that looks at the mailbox.
func (b *inbox) connect(t *testing.T) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(fmt.Sprintf("127.0.0.1:%d", b.port), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Login("bell", "secret").Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

// unread are the ids of the messages that are not marked as read.
func (b *inbox) unread(t *testing.T) string {
	t.Helper()
	c := b.connect(t)
	found, err := c.UIDSearch(&imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagSeen}}, nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(found.AllUIDs())
}

func (b *inbox) config() bounce.Config {
	return bounce.Config{
		Address: "bounce+*@bell.example", Host: "127.0.0.1", Port: b.port, User: "bell", Password: "secret", TLS: mail.NoTLS, Every: time.Minute,
	}
}

type fixture struct {
	*bounce.Service
	clk  *clock.Clock
	jobs *job.Runner

	mu  sync.Mutex
	got []string
	say func(bounce.Report) error // nil: fine
}

func open(t *testing.T, db *store.DB, cfg bounce.Config) *fixture {
	t.Helper()
	f := &fixture{clk: clock.NewTest(start)}
	f.jobs = job.New(db, f.clk, nil, job.Config{PauseFirst: time.Millisecond, PauseMost: 5 * time.Millisecond})
	s, err := bounce.New(db, f.clk, f.jobs, nil, cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.Handle(func(_ context.Context, r bounce.Report, raw []byte) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.got = append(f.got, strings.TrimSuffix(fmt.Sprintf("%s %s %s %s", r.Kind, r.MessageID, r.Recipient, r.Mark), " "))
		if f.say != nil {
			return f.say(r)
		}
		return nil
	})
	f.Service = s
	return f
}

func (f *fixture) drain(t *testing.T) {
	t.Helper()
	if err := f.jobs.Drain(t.Context(), f.clk.Now()); err != nil {
		t.Fatal(err)
	}
}

// minute lets a minute pass and the mailbox be read.
func (f *fixture) minute(t *testing.T) {
	t.Helper()
	if err := f.clk.Advance(time.Minute); err != nil {
		t.Fatal(err)
	}
	f.drain(t)
}

func (f *fixture) took() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.got)
}

func (f *fixture) standing(t *testing.T) bounce.Standing {
	t.Helper()
	st, err := f.Standing(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func numbered(n int) []byte {
	return fmt.Appendf(nil, "From: a@customer.example\r\nIn-Reply-To: <n%d@bell.example>\r\n\r\nhello\r\n", n)
}

func TestZeroIdentityIsDenied(t *testing.T) {
	t.Parallel()
	whotest.DenyEmpty(t, (*bounce.Service)(nil))
}

// What is new is handled once, in order, and marked as read; what is about no message of ours
// stays unread for a person.
func TestReadMailbox(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		b := serve(t)
		b.put(t, sample(t, "postfix"))
		b.put(t, []byte("no message at all"))
		b.put(t, sample(t, "reply"))
		b.put(t, sample(t, "qmail"))
		f := open(t, db, b.config())
		f.say = func(r bounce.Report) error {
			if r.Kind == bounce.Reply || r.Recipient == "full@customer.example" {
				return fault.New(fault.NotFound, "unknown")
			}
			return nil
		}
		f.drain(t)
		want := []string{
			"bounce <n7@bell.example> nobody@customer.example n7", "reply <n7@bell.example> ",
			"bounce <n7@bell.example> nobody@customer.example", "bounce <n7@bell.example> full@customer.example",
		}
		if got := f.took(); !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
		if u := b.unread(t); u != "[2 3]" {
			t.Errorf("unread %s", u)
		}
		if st := f.standing(t); st.Matched != 2 || st.Unmatched != 2 || !st.ReadAt.Equal(start) || st.LastError != "" || !st.Enabled {
			t.Errorf("%+v", st)
		}
		f.minute(t) // nothing new
		for n := range 60 {
			b.put(t, numbered(n))
		}
		f.say = nil
		f.minute(t)
		if got := f.took(); len(got) != 64 || got[4] != "reply <n0@bell.example> " || got[63] != "reply <n59@bell.example> " {
			t.Errorf("%d: %q", len(got), got)
		}
		// Another process begins where this one ended.
		g := open(t, db, b.config())
		b.put(t, numbered(60))
		if err := g.clk.Advance(5 * time.Minute); err != nil {
			t.Fatal(err)
		}
		g.drain(t)
		if got := g.took(); !slices.Equal(got, []string{"reply <n60@bell.example> "}) {
			t.Errorf("%q", got)
		}
	})
}

// A handler that fails holds the mailbox up where it stands; nothing is passed over and
// nothing after it is marked. One that fails for ever is left unread in the end.
func TestHandlerFails(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		b := serve(t)
		for n := 1; n <= 5; n++ {
			b.put(t, numbered(n))
		}
		f := open(t, db, b.config())
		f.say = func(r bounce.Report) error {
			if r.MessageID == "<n3@bell.example>" {
				return errors.New("the database is away")
			}
			return nil
		}
		f.drain(t)
		if got, u := f.took(), b.unread(t); len(got) != 3 || u != "[3 4 5]" {
			t.Errorf("%q, unread %s", got, u)
		}
		if st := f.standing(t); !strings.Contains(st.LastError, "the database is away") || !st.FailedAt.Equal(start) || st.Matched != 2 {
			t.Errorf("%+v", st)
		}
		for range 9 {
			f.minute(t)
		}
		if got, u := f.took(), b.unread(t); len(got) != 14 || u != "[3]" {
			t.Errorf("%q, unread %s", got, u)
		}
		if st := f.standing(t); st.LastError != "" || st.Matched != 4 || st.Unmatched != 1 {
			t.Errorf("%+v", st)
		}
	})
}

// A mailbox that was made anew is read from its beginning; a server that is away is said.
func TestMailboxChanges(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		b := serve(t)
		b.put(t, numbered(1))
		b.put(t, numbered(2))
		f := open(t, db, b.config())
		f.drain(t)
		if err := b.user.Delete("INBOX"); err != nil {
			t.Fatal(err)
		}
		if err := b.user.Create("INBOX", nil); err != nil {
			t.Fatal(err)
		}
		b.put(t, numbered(3))
		f.minute(t)
		if got := f.took(); len(got) != 3 || got[2] != "reply <n3@bell.example> " {
			t.Errorf("%q", got)
		}
		cfg := b.config()
		cfg.Password = "wrong"
		g := open(t, db, cfg)
		g.minute(t)
		g.minute(t)
		if st := g.standing(t); !strings.HasPrefix(st.LastError, "LOGIN: ") || st.FailedAt.IsZero() {
			t.Errorf("%+v", st)
		}
		if strings.Contains(g.standing(t).LastError, "wrong") {
			t.Error("the password is told")
		}
	})
}

func TestReceive(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, bounce.Config{})
		list, err := f.Receive(t.Context(), machine, sample(t, "gmail"))
		if err != nil || len(list) != 1 || len(f.took()) != 1 {
			t.Errorf("%+v, %v", list, err)
		}
		if err := f.Report(t.Context(), machine, bounce.Report{Kind: bounce.Bounce, Action: bounce.Failed, MessageID: "<a@b>"}); err != nil {
			t.Error(err)
		}
		if err := f.Report(t.Context(), machine, bounce.Report{Kind: bounce.Bounce}); fault.KindOf(err) != fault.Invalid {
			t.Error(err)
		}
		if _, err := f.Receive(t.Context(), machine, []byte("x")); fault.KindOf(err) != fault.Invalid {
			t.Error(err)
		}
		for _, by := range []who.Identity{{}, {Actor: "p", Person: "p", Roles: []who.Role{who.Reporter, who.Manager}}} {
			if _, err := f.Receive(t.Context(), by, sample(t, "gmail")); err == nil {
				t.Errorf("%v: %v", by.Roles, err)
			}
		}
		f.say = func(bounce.Report) error { return fault.New(fault.NotFound, "unknown") }
		if _, err := f.Receive(t.Context(), machine, sample(t, "qmail")); fault.KindOf(err) != fault.NotFound {
			t.Error(err)
		}
		// Without anybody who acts on reports, none is known.
		s, err := bounce.New(db, f.clk, job.New(db, f.clk, nil, job.Config{}), nil, bounce.Config{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Receive(t.Context(), machine, sample(t, "gmail")); fault.KindOf(err) != fault.NotFound {
			t.Error(err)
		}
	})
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := bounce.Config{Address: "notices+*@example.com", Host: "imap.example.com", User: "u", Password: "p"}
	for _, c := range []bounce.Config{{}, good, {Address: "notices@example.com"}, {Host: "127.0.0.1", User: "u", Password: "p", TLS: mail.NoTLS}} {
		if err := c.Validate(); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if a := good.AddressFor("k7"); a != "notices+k7@example.com" {
		t.Error(a)
	}
	for field, spoil := range map[string]func(*bounce.Config){
		"bounce_address":     func(c *bounce.Config) { c.Address = "a@*.example" },
		"bounce_address ":    func(c *bounce.Config) { c.Address = "a\r\n@b" },
		"bounce_address  ":   func(c *bounce.Config) { c.Address = "a*b*@c.example" },
		"bounce_imap_host":   func(c *bounce.Config) { c.Host = "a b" },
		"bounce_imap_host ":  func(c *bounce.Config) { c.Host = "" },
		"bounce_imap_port":   func(c *bounce.Config) { c.Port = 70000 },
		"bounce_imap_user":   func(c *bounce.Config) { c.Password = "" },
		"bounce_imap_tls":    func(c *bounce.Config) { c.TLS = mail.NoTLS },
		"bounce_imap_tls ":   func(c *bounce.Config) { c.TLS = "x" },
		"bounce_imap_folder": func(c *bounce.Config) { c.Folder = "a\r\nb" },
		"bounce_imap_every":  func(c *bounce.Config) { c.Every = time.Second },
	} {
		c := good
		spoil(&c)
		if got := fault.FieldsOf(c.Validate()); len(got) != 1 || got[0].Field != strings.TrimSpace(field) {
			t.Errorf("%s: %v", field, got)
		}
	}
}
