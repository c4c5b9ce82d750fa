package crash

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/wakebell/wakebell/internal/base/clock"
)

// sink is a mail server, and a receiver of webhooks, that outlives the servers under
// test. It takes its time before it says yes, so that a kill often falls between the
// message and the answer.
type sink struct {
	port  int
	hooks *httptest.Server
	slow  time.Duration
	posts atomic.Int64

	mu   sync.Mutex
	got  map[string]int // messages by Message-ID
	from map[string]int // messages by the envelope's sender
}

func newSink(t *testing.T, slow time.Duration) *sink {
	t.Helper()
	s := &sink{slow: slow, got: map[string]int{}, from: map[string]int{}}
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &letter{s: s}, nil }))
	srv.Domain = "sink.example"
	srv.ErrorLog = log.New(io.Discard, "", 0) // killed clients are what this is for
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	go srv.Serve(l) //nolint:errcheck // it ends with the test
	t.Cleanup(func() { srv.Close() })
	s.hooks = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.posts.Add(1)
		_ = clock.System().Sleep(r.Context(), s.slow)
	}))
	t.Cleanup(s.hooks.Close)
	return s
}

// flags make a server send to the sink.
func (s *sink) flags(from string) []string {
	return []string{"--smtp-host", "127.0.0.1", "--smtp-port", strconv.Itoa(s.port), "--smtp-tls", "none", "--smtp-from", from}
}

// messages counts by Message-ID.
func (s *sink) messages() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]int, len(s.got))
	for k, n := range s.got {
		out[k] = n
	}
	return out
}

// sentBy counts the messages of one sender.
func (s *sink) sentBy(from string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.from[from]
}

type letter struct {
	s    *sink
	from string
}

func (l *letter) Mail(from string, _ *smtp.MailOptions) error {
	l.from = from
	return nil
}
func (l *letter) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (l *letter) Reset()                               {}
func (l *letter) Logout() error                        { return nil }

// Data counts the message before it answers: a sender that dies now has sent it.
func (l *letter) Data(r io.Reader) error {
	m, err := netmail.ReadMessage(r)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, m.Body); err != nil {
		return err
	}
	l.s.mu.Lock()
	l.s.got[m.Header.Get("Message-Id")]++
	l.s.from[l.from]++
	l.s.mu.Unlock()
	return clock.System().Sleep(clock.Background(), l.s.slow)
}
