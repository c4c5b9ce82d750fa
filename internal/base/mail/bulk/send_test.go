package bulk_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/mail/bulk"
)

var both = map[string][]string{"one by one": nil, "pipelined": {"PIPELINING", "DSN", "SMTPUTF8", "SIZE 100000"}}

// Each way in which a server can fail a letter, and what we may say of it after that.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	on := func(command, answer string) func(int, int, string) string {
		return func(_, _ int, c string) string {
			if strings.HasPrefix(c, command) {
				return answer
			}
			return ""
		}
	}
	for name, c := range map[string]struct {
		answer func(conn, nth int, command string) string
		kind   bulk.Kind
		server bool
		code   int
		status string
		took   int
	}{
		"accepted":                   {nil, bulk.Accepted, false, 250, "2.0.0", 1},
		"hangs up at once":           {on("CONNECT", hangUp), bulk.Later, true, 0, "", 0},
		"no service":                 {on("CONNECT", "554 5.3.2 no service here"), bulk.Later, true, 554, "5.3.2", 0},
		"421 for an hour":            {on("CONNECT", "421 4.3.2 try in an hour"), bulk.Later, true, 421, "4.3.2", 0},
		"stalls at the greeting":     {on("CONNECT", stall), bulk.Later, true, 0, "", 0},
		"garbage as greeting":        {on("CONNECT", "HTTP/1.1 400 Bad Request"), bulk.Later, true, 0, "", 0},
		"refuses EHLO":               {on("EHLO", "502 no"), bulk.Later, true, 502, "", 0},
		"refuses the sender":         {on("MAIL", "550 5.7.1 you may not"), bulk.Later, true, 550, "5.7.1", 0},
		"sender later":               {on("MAIL", "451 4.3.0 later"), bulk.Later, true, 451, "4.3.0", 0},
		"letter too large":           {on("MAIL", "552 5.3.4 too large"), bulk.Refused, false, 552, "5.3.4", 0},
		"421 at MAIL":                {on("MAIL", "421 4.7.0 too many letters"), bulk.Later, true, 421, "4.7.0", 0},
		"greylisted":                 {on("RCPT", "451 4.7.1 Greylisted, see you in 300 seconds"), bulk.Later, false, 451, "4.7.1", 0},
		"mailbox full":               {on("RCPT", "452 4.2.2 full"), bulk.Later, false, 452, "4.2.2", 0},
		"unknown user":               {on("RCPT", "550 5.1.1 no such user"), bulk.Refused, false, 550, "5.1.1", 0},
		"421 at RCPT":                {on("RCPT", "421 4.7.0 going down"), bulk.Later, true, 421, "4.7.0", 0},
		"several lines":              {on("RCPT", "550-5.1.1 no such\r\n550 5.1.1 user"), bulk.Refused, false, 550, "5.1.1", 0},
		"stalls at RCPT":             {on("RCPT", stall), bulk.Later, true, 0, "", 0},
		"hangs up at RCPT":           {on("RCPT", hangUp), bulk.Later, true, 0, "", 0},
		"refuses DATA":               {on("DATA", "554 5.6.0 no letters"), bulk.Refused, false, 554, "5.6.0", 0},
		"DATA later":                 {on("DATA", "451 4.3.0 no space"), bulk.Later, false, 451, "4.3.0", 0},
		"hangs up at DATA":           {on("DATA", hangUp), bulk.Later, true, 0, "", 0},
		"drops in mid-letter":        {on("half", half), bulk.Unsure, false, 0, "", 0},
		"drops after the letter":     {on(".", hangUp), bulk.Unsure, false, 0, "", 0},
		"stalls after the letter":    {on(".", stall), bulk.Unsure, false, 0, "", 0},
		"garbage after the letter":   {on(".", "queued, I think"), bulk.Unsure, false, 0, "", 0},
		"a lie after the letter":     {on(".", "354 more please"), bulk.Unsure, false, 354, "", 0},
		"later after the letter":     {on(".", "451 4.3.0 try later"), bulk.Later, false, 451, "4.3.0", 0},
		"421 after the letter":       {on(".", "421 4.3.0 try later"), bulk.Later, true, 421, "4.3.0", 0},
		"spam after the letter":      {on(".", "554 5.7.1 spam"), bulk.Refused, false, 554, "5.7.1", 0},
		"talks without end":          {on("MAIL", strings.Repeat("250-and\r\n", 200_000)), bulk.Later, true, 0, "", 0},
		"a line without end":         {on("MAIL", strings.Repeat("2", 2<<20)), bulk.Later, true, 0, "", 0},
		"talks without end at EHLO":  {on("EHLO", strings.Repeat("250-and\r\n", 200_000)), bulk.Later, true, 0, "", 0},
		"talks without end, the end": {on(".", strings.Repeat("250-and\r\n", 200_000)), bulk.Unsure, false, 0, "", 1},
	} {
		for how, extensions := range both {
			t.Run(name+", "+how, func(t *testing.T) {
				t.Parallel()
				s := serve(t, c.answer, extensions...)
				o := open(t, s.config(), bulk.Options{Connections: 1}).Send(t.Context(), letter(1))
				if o.Kind != c.kind || o.Server != c.server || o.Code != c.code || o.Enhanced != c.status || len(s.took()) != c.took {
					t.Errorf("%+v, %d letters", o, len(s.took()))
				}
				if o.Answer == "" || len(o.Answer) > 1000 || !o.At.Equal(start) {
					t.Errorf("%+v", o)
				}
			})
		}
	}
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := ln.Addr().(*net.TCPAddr).Port
	ln.Close()
	cfg := mail.Config{Host: "127.0.0.1", Port: port, TLS: mail.NoTLS, From: "a@b.example", Timeout: time.Second}
	if o := open(t, cfg, bulk.Options{}).Send(t.Context(), letter(1)); o.Kind != bulk.Later || !o.Server {
		t.Errorf("connection refused: %+v", o)
	}
	p := open(t, mail.Config{}, bulk.Options{})
	if o := p.Send(t.Context(), letter(1)); p.Enabled() || o.Kind != bulk.Later || !o.Server {
		t.Errorf("no server set: %+v", o)
	}
	cfg.TLS, cfg.User, cfg.Password = mail.NoTLS, "u", "p"
	if _, err := bulk.Open(nil, cfg, bulk.Options{}); err == nil {
		t.Error("a password in clear")
	}
}

// Many letters use one connection; one that is refused or delayed does not spoil the next.
func TestOneConnection(t *testing.T) {
	t.Parallel()
	for how, extensions := range both {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(_, _ int, c string) string {
				switch {
				case strings.HasPrefix(c, "RCPT TO:<r3@"):
					return "550 5.1.1 unknown"
				case strings.HasPrefix(c, "RCPT TO:<r5@"):
					return "451 4.7.1 greylisted"
				}
				return ""
			}, extensions...)
			p := open(t, s.config(), bulk.Options{Connections: 1})
			for n := 1; n <= 20; n++ {
				want := map[int]bulk.Kind{3: bulk.Refused, 5: bulk.Later}[n]
				if want == "" {
					want = bulk.Accepted
				}
				if o := p.Send(t.Context(), letter(n)); o.Kind != want {
					t.Errorf("%d: %+v", n, o)
				}
			}
			if s.connections() != 1 || len(s.took()) != 18 {
				t.Errorf("%d connections, %d letters", s.connections(), len(s.took()))
			}
			p.Close()
			if h := s.heard(); h[len(h)-1] != "QUIT" {
				t.Errorf("ends with %q", h[len(h)-1])
			}
			if o := p.Send(t.Context(), letter(21)); o.Kind != bulk.Later {
				t.Errorf("after the end: %+v", o)
			}
		})
	}
}

// A server that closes a connection at rest, or after some letters, costs a new connection
// and no letter; one that gave no answer to a letter gets it only once.
func TestReconnects(t *testing.T) {
	t.Parallel()
	for how, extensions := range both {
		for name, answer := range map[string]string{"says so": "421 4.7.0 enough for this connection", "just closes": hangUp} {
			t.Run(how+", "+name, func(t *testing.T) {
				t.Parallel()
				s := serve(t, func(_, nth int, c string) string {
					if nth > 3 && strings.HasPrefix(c, "MAIL") {
						return answer
					}
					return ""
				}, extensions...)
				p := open(t, s.config(), bulk.Options{Connections: 1})
				for n := 1; n <= 9; n++ {
					if o := p.Send(t.Context(), letter(n)); o.Kind != bulk.Accepted {
						t.Errorf("%d: %+v", n, o)
					}
				}
				if s.connections() != 3 || len(s.took()) != 9 {
					t.Errorf("%d connections, %d letters", s.connections(), len(s.took()))
				}
			})
		}
	}
	s := serve(t, func(_, nth int, c string) string {
		if nth == 2 && c == "." {
			return hangUp
		}
		return ""
	})
	p := open(t, s.config(), bulk.Options{Connections: 1})
	for n, want := range []bulk.Kind{bulk.Accepted, bulk.Unsure, bulk.Accepted} {
		if o := p.Send(t.Context(), letter(n)); o.Kind != want {
			t.Errorf("%d: %+v", n, o)
		}
	}
}

// As many letters are under way as there are connections, and no more.
func TestConnectionsAreTheLimit(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	now, most := 0, 0
	s := serve(t, func(_, _ int, c string) string {
		mu.Lock()
		defer mu.Unlock()
		if strings.HasPrefix(c, "MAIL") {
			now++
			most = max(most, now)
		}
		if c == "." {
			now--
		}
		return ""
	})
	p := open(t, s.config(), bulk.Options{Connections: 3})
	var wg sync.WaitGroup
	for n := range 60 {
		wg.Go(func() {
			if o := p.Send(t.Context(), letter(n)); o.Kind != bulk.Accepted {
				t.Errorf("%d: %+v", n, o)
			}
		})
	}
	wg.Wait()
	if p.Connections() != 3 || s.connections() > 3 || len(s.took()) != 60 || most > 3 {
		t.Errorf("%d connections, %d letters, %d at once", s.connections(), len(s.took()), most)
	}
}

// The end of the context breaks off at once: later before the letter was given, else unsure.
func TestContext(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]bulk.Kind{"RCPT": bulk.Later, ".": bulk.Unsure} {
		reached := make(chan struct{}, 9)
		s := serve(t, func(_, _ int, c string) string {
			if strings.HasPrefix(c, command) {
				reached <- struct{}{}
				return stall
			}
			return ""
		})
		cfg := s.config()
		cfg.Timeout = 20 * time.Second
		p := open(t, cfg, bulk.Options{Connections: 1, Answer: 20 * time.Second})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-reached
			cancel()
		}()
		if o := p.Send(ctx, letter(1)); o.Kind != want {
			t.Errorf("%s: %+v", command, o)
		}
		if o := p.Send(ctx, letter(2)); o.Kind != bulk.Later {
			t.Errorf("%s: %+v", command, o)
		}
	}
}
