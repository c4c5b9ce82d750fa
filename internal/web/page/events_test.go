package page

import (
	"bufio"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/web/page/live"
)

type noted struct {
	N int `json:"n"`
}

// stage is a running hub over a real ledger.
type stage struct {
	t    testing.TB
	db   *store.DB
	led  *record.Ledger
	live *live.Hub
	srv  *httptest.Server
}

func newStage(t testing.TB, db *store.DB, wake bool) *stage {
	t.Helper()
	clk := clock.System()
	led, err := record.New(t.Context(), db, clk, record.Config{KeyFile: filepath.Join(t.TempDir(), "key")}, []record.Kind{
		{Name: "incident.noted", Version: 1}, {Name: "duties.rederived", Version: 1}, {Name: "plan.changed", Version: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, db: db, led: led}
	s.live = live.New(db, led, clk, slog.New(slog.DiscardHandler))
	if wake {
		led.OnCommit(s.live.Wake)
	}
	s.live.Start(t.Context())
	web := New(Config{Clock: clk, Live: s.live, DB: db, SignedIn: func(r *http.Request) (who.Identity, bool) {
		return who.Identity{Actor: "ann", Roles: []who.Role{who.Role(r.URL.Query().Get("as"))}}, r.URL.Query().Get("as") != ""
	}})
	s.srv = httptest.NewServer(web)
	t.Cleanup(s.srv.Close)
	t.Cleanup(s.live.Stop)
	return s
}

func (s *stage) append(kind, subject string) {
	s.t.Helper()
	_, err := s.db.Write(s.t.Context(), store.Op{Name: "test", Actor: "t"}, func(tx *store.Tx) error {
		_, err := s.led.Append(tx, record.Draft{Kind: kind, Subject: subject, Actor: "t", Body: noted{1}})
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// listen opens a stream and waits for its first message.
func (s *stage) listen(as string) *bufio.Scanner {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.srv.URL+"/events?as="+as, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = res.Body.Close() })
	lines := bufio.NewScanner(res.Body)
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(next(lines), "now ") {
		s.t.Fatalf("status %d", res.StatusCode)
	}
	return lines
}

// next reads one message as "event data".
func next(lines *bufio.Scanner) string {
	event := ""
	for lines.Scan() {
		if e, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			event = e
		}
		if d, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			return event + " " + d
		}
	}
	return "end"
}

func TestLive(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := newStage(t, db, true)
		s.append("incident.noted", "before")
		manager, reporter := s.listen("manager"), s.listen("reporter")
		s.append("incident.noted", "i1")
		if got := next(manager); got != "dirty incident,incident:i1,ledger" {
			t.Errorf("the manager hears %q", got)
		}
		// Who may not read incidents hears nothing of them, not even that there was one.
		s.append("plan.changed", "plan")
		if got := next(manager); got != "dirty ledger,plan,plan:plan" {
			t.Errorf("the manager hears %q", got)
		}
		admin := s.listen("admin")
		s.append("duties.rederived", "i1")
		s.append("plan.changed", "plan")
		if got := next(admin); !strings.HasPrefix(got, "dirty plan") {
			t.Errorf("the admin hears %q", got)
		}
		// What the reporter hears next is the end of the stream: nothing was said before.
		s.live.Stop()
		if got := next(reporter); got != "end" {
			t.Errorf("the reporter hears %q", got)
		}
	})
}

// TestLiveOtherNode: nobody wakes the hub, as when another node wrote.
func TestLiveOtherNode(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := newStage(t, db, false)
		lines := s.listen("manager")
		began := clock.System().Real()
		s.append("incident.noted", "i1")
		if got := next(lines); got != "dirty incident,incident:i1,ledger" {
			t.Errorf("heard %q", got)
		}
		if took := clock.System().Real().Sub(began); took > 2*time.Second {
			t.Errorf("heard after %v", took)
		}
	})
}

// TestLiveRoleLost: a stream that was opened with a role ends with that role.
func TestLiveRoleLost(t *testing.T) {
	t.Parallel()
	s := newStage(t, storetest.Open(t, store.SQLite), true)
	var lost atomic.Bool
	web := New(Config{Clock: clock.System(), Live: s.live, DB: s.db, SignedIn: func(*http.Request) (who.Identity, bool) {
		if lost.Load() {
			return who.Identity{Actor: "ann", Roles: []who.Role{who.Reporter}}, true
		}
		return who.Identity{Actor: "ann", Roles: []who.Role{who.Manager}}, true
	}})
	web.beat = 10 * time.Millisecond
	s.srv.Config.Handler = web
	lines := s.listen("ann")
	if got := next(lines); !strings.HasPrefix(got, "now ") {
		t.Fatalf("heard %q", got)
	}
	lost.Store(true)
	for range 1000 {
		got := next(lines)
		if got == "end" {
			return
		}
		if !strings.HasPrefix(got, "now ") {
			t.Fatalf("heard %q", got)
		}
	}
	t.Error("the stream goes on without the role")
}

func TestLiveNeedsSignIn(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := newStage(t, db, true)
		res, err := http.Get(s.srv.URL + "/events")
		if err != nil || res.StatusCode != http.StatusUnauthorized {
			t.Errorf("got %v %v", res.StatusCode, err)
		}
		_ = res.Body.Close()
	})
}

// BenchmarkLive200 holds 200 streams: bytes per stream, and the time until one change has reached all of them.
func BenchmarkLive200(b *testing.B) {
	s := newStage(b, storetest.Open(b, store.SQLite), true)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	streams := make([]*bufio.Scanner, 200)
	for i := range streams {
		streams[i] = s.listen("manager")
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ResetTimer()
	for b.Loop() {
		s.append("incident.noted", "i1")
		for _, l := range streams {
			next(l)
		}
	}
	b.ReportMetric(float64(after.HeapInuse+after.StackInuse-before.HeapInuse-before.StackInuse)/200/1024, "KiB/stream")
}
