package escalation_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/respond/escalation"
)

// letters is a mail server that takes everything.
type letters struct {
	net.Listener
	mu  sync.Mutex
	got []string
}

func newLetters(t *testing.T) *letters {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &letters{Listener: l}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.talk(c)
		}
	}()
	return s
}

func (s *letters) talk(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	fmt.Fprint(c, "220 letters\r\n")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch verb := strings.ToUpper(strings.TrimSpace(line)); {
		case verb == "DATA":
			fmt.Fprint(c, "354 go on\r\n")
			var b strings.Builder
			for line != ".\r\n" {
				if line, err = in.ReadString('\n'); err != nil {
					return
				}
				b.WriteString(line)
			}
			s.mu.Lock()
			s.got = append(s.got, b.String())
			s.mu.Unlock()
			fmt.Fprint(c, "250 taken\r\n")
		case verb == "QUIT":
			fmt.Fprint(c, "221 bye\r\n")
			return
		default:
			fmt.Fprint(c, "250 letters\r\n")
		}
	}
}

func (s *letters) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got
}

// withMail gives the house a mail server.
func (h *house) withMail() *letters {
	h.t.Helper()
	s := newLetters(h.t)
	addr := s.Addr().(*net.TCPAddr)
	h.rebuild(mail.Config{Host: "127.0.0.1", Port: addr.Port, TLS: mail.NoTLS, From: "bell@example.com"})
	return s
}

// A dead job loop cannot send: e-mails go out at once, without a job, and the loop that
// runs again does not send them twice. It withdraws the internal duty.
func TestWatchdogMails(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		s := h.withMail()
		_, open, err := h.Standstill(t.Context())
		h.must(err)
		if open {
			t.Error("a standstill before there is one")
		}
		since := h.clk.Real().Add(-2 * time.Minute)
		h.OnJobLoopSilent(t.Context(), since)
		got := s.all()
		if len(got) != 2 || !strings.Contains(strings.Join(got, ""), "To: <mona@example.com>") || !strings.Contains(got[0], "Wakebell stands still") {
			t.Fatalf("%q", got)
		}
		for _, m := range h.mails("") {
			if m.State != mail.Sent || m.Attempts != 1 {
				t.Errorf("%+v", m)
			}
		}
		st, open, err := h.Standstill(t.Context())
		h.must(err)
		if !open || st.People != 2 || !st.Since.Equal(since) || !st.RaisedAt.Equal(start) {
			t.Errorf("%v %+v", open, st)
		}
		entries, err := h.led.Subject(t.Context(), db, "system", 0, 10)
		h.must(err)
		if len(entries) != 1 || entries[0].Kind != "watchdog.raised" {
			t.Errorf("%v", entries)
		}
		h.forward(10 * time.Minute) // a loop runs again
		if n := len(s.all()); n != 2 {
			t.Errorf("%d e-mails: the job has sent again", n)
		}
		if _, open, err = h.Standstill(t.Context()); err != nil || open {
			t.Errorf("open %v, %v after the loop has run", open, err)
		}
		for _, k := range h.calls(escalation.Filter{}) {
			if k.State != escalation.Withdrawn || k.Reason != "the timed work runs again" {
				t.Errorf("%+v", k)
			}
		}
		h.check()
	})
}

// The internal duty is met by an answer, like any other.
func TestWatchdogAcknowledged(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		h.OnJobLoopSilent(t.Context(), h.clk.Real())
		_, err := h.Acknowledge(t.Context(), as("mona"), h.calls(escalation.Filter{Person: "ada"})[0].ID)
		h.must(err)
		if _, open, err := h.Standstill(t.Context()); err != nil || open {
			t.Errorf("open %v, %v after an answer", open, err)
		}
		h.check()
	})
}

// When the database takes no writes either, people are called without a record.
func TestWatchdogWithoutRecord(t *testing.T) {
	t.Parallel()
	h := build(t, storetest.Open(t, store.SQLite))
	s := h.withMail()
	h.webhook("mona", "")
	h.breakLedger()
	h.OnJobLoopSilent(t.Context(), h.clk.Real())
	if got := s.all(); len(got) != 2 || strings.Contains(got[0], "/ack/") {
		t.Errorf("%q", got)
	}
}
