package bulk_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/mail/bulk"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// Words of a script that are no answer.
const (
	hangUp = "HANGUP" // closes the connection
	stall  = "STALL"  // says nothing until the client leaves
	half   = "HALF"   // to "half": takes the first line of the letter, then closes
)

// server is an SMTP server by hand, on a real connection, that misbehaves as it is told.
// answer returns what to say to a command ("CONNECT" and "." too), "" for the usual.
type server struct {
	ln     net.Listener
	answer func(conn, nth int, command string) string // nth letter of this connection, from 1
	ehlo   []string

	mu       sync.Mutex
	conns    int
	commands []string
	letters  []string
}

func serve(t *testing.T, answer func(conn, nth int, command string) string, extensions ...string) *server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{ln: ln, answer: answer, ehlo: append([]string{"evil.example"}, extensions...)}
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 1; ; n++ {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns = n
			s.mu.Unlock()
			wg.Go(func() { s.talk(c, n) })
		}
	})
	t.Cleanup(func() { ln.Close(); wg.Wait() })
	return s
}

func (s *server) talk(c net.Conn, conn int) {
	defer c.Close()
	r := bufio.NewReader(c)
	nth := 1
	last := "" // what was said instead of the usual
	say := func(command, usual string) bool {
		a := s.ask(conn, nth, command)
		last = a
		switch a {
		case hangUp:
			return false
		case stall:
			_, _ = r.ReadString(0) // until the client leaves
			return false
		case "":
			a = usual
		}
		_, err := c.Write([]byte(a + "\r\n"))
		return err == nil && !strings.HasPrefix(a, "421")
	}
	if !say("CONNECT", "220 evil.example ESMTP") {
		return
	}
	mail, rcpt := false, false
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.mu.Lock()
		s.commands = append(s.commands, line)
		s.mu.Unlock()
		usual := "500 5.5.2 what?"
		switch verb := strings.ToUpper(strings.SplitN(line, " ", 2)[0]); {
		case verb == "EHLO":
			usual = ""
			for n, e := range s.ehlo {
				usual += "250" + map[bool]string{true: " ", false: "-"}[n == len(s.ehlo)-1] + e + "\r\n"
			}
			usual = strings.TrimSuffix(usual, "\r\n")
		case verb == "RSET":
			mail, rcpt, usual = false, false, "250 2.0.0 ok"
		case verb == "QUIT":
			say("QUIT", "221 2.0.0 bye")
			return
		case verb == "MAIL" && mail:
			usual = "503 5.5.1 nested MAIL command"
		case verb == "MAIL" && !strings.HasPrefix(line, "MAIL FROM:<"), verb == "RCPT" && !strings.HasPrefix(line, "RCPT TO:<"):
			usual = "555 5.5.2 Syntax error" // as Gmail and Exchange do
		case verb == "MAIL":
			mail, usual = true, "250 2.1.0 ok"
		case verb == "RCPT" && mail:
			rcpt, usual = true, "250 2.1.5 ok"
		case verb == "DATA" && !rcpt:
			usual = "554 5.5.1 no valid recipients"
		case verb == "DATA":
			if s.ask(conn, nth, "half") == half {
				_, _ = c.Write([]byte("354 go on\r\n"))
				_, _ = r.ReadString('\n')
				return
			}
			if !say(line, "354 go on") {
				return
			}
			if last != "" {
				continue
			}
			var b strings.Builder
			for {
				l, err := r.ReadString('\n')
				if err != nil {
					return
				}
				if l == ".\r\n" {
					break
				}
				b.WriteString(strings.TrimPrefix(l, "."))
			}
			if !say(".", "250 2.0.0 queued as A1") {
				return
			}
			if last == "" || last[0] == '2' {
				s.mu.Lock()
				s.letters = append(s.letters, b.String())
				s.mu.Unlock()
			}
			mail, rcpt = false, false
			nth++
			continue
		}
		if !say(line, usual) {
			return
		}
		if last != "" && strings.HasPrefix(line, "RCPT") {
			rcpt = false
		}
	}
}

func (s *server) ask(conn, nth int, command string) string {
	if s.answer == nil {
		return ""
	}
	return s.answer(conn, nth, command)
}

func (s *server) took() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.letters...)
}

func (s *server) heard() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.commands...)
}

func (s *server) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns
}

func (s *server) config() mail.Config {
	return mail.Config{
		Host: "127.0.0.1", Port: s.ln.Addr().(*net.TCPAddr).Port, TLS: mail.NoTLS, From: "notice@bell.example",
		Timeout: 400 * time.Millisecond,
	}
}

func open(t *testing.T, cfg mail.Config, o bulk.Options) *bulk.Pool {
	t.Helper()
	if o.Answer == 0 {
		o.Answer = 400 * time.Millisecond
	}
	p, err := bulk.Open(clock.NewTest(start), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func letter(n int) bulk.Letter {
	return bulk.Letter{
		MessageID: fmt.Sprintf("<n%d@bell.example>", n), EnvelopeFrom: fmt.Sprintf("bounce+n%d@bell.example", n),
		FromName: "Wakebell – Sicherheit", To: fmt.Sprintf("r%d@customer.example", n), ToName: "Ada \"Lace\" O'Neil, Müller",
		ReplyTo: fmt.Sprintf("reply+n%d@bell.example", n), Subject: "Mitteilung über eine Verletzung",
		Text: "Guten Tag,\n.hidden dot\nGrüße\n", HTML: "<p>Guten Tag,</p>\n<p>Grüße</p>", ListID: "inc-2026-0142.bell.example",
	}
}
