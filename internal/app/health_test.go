package app

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/duty/tally"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/respond/escalation/ready"
)

func demoApp(t *testing.T, cfg Config) *App {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	a, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(clock.Background()); err != nil {
			t.Error(err)
		}
	})
	return a
}

func check(t *testing.T, a *App, key string) ready.Check {
	t.Helper()
	r, err := a.Health.Report(t.Context(), who.Identity{Actor: "a", Roles: []who.Role{who.Auditor}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Checks {
		if c.Key == key {
			return c
		}
	}
	t.Fatalf("there is no check %s in %+v", key, r.Checks)
	return ready.Check{}
}

func TestHealthOfTheMachine(t *testing.T) {
	t.Parallel()
	a := demoApp(t, Config{Listen: "127.0.0.1:0", Version: "1.2.3"})
	if err := a.LoadDemo(t.Context()); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]ready.State{
		"database": ready.Good, "clock": ready.Good, "ledger": ready.Good, "lock": ready.Good, "on_call": ready.Good, "alarm": ready.Good, "jobs": ready.Good,
		"backup": ready.Warn, "address": ready.Warn, "tried": ready.Warn,
		"loop": ready.Bad, "watchdog": ready.Bad, "mail": ready.Bad, "people": ready.Bad, // nothing was started, no mail server is set
	} {
		if c := check(t, a, key); c.State != want || c.Text == "" || strings.Contains(c.Text, "..") {
			t.Errorf("%s: %+v", key, c)
		}
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"loop", "watchdog"} {
		if c := check(t, a, key); c.State != ready.Good {
			t.Errorf("%s of a started server: %+v", key, c)
		}
	}
	if _, err := Backup(t.Context(), a.cfg, filepath.Join(t.TempDir(), "b.zip")); err != nil {
		t.Fatal(err)
	}
	if c := check(t, a, "backup"); c.State != ready.Good || !strings.Contains(c.Text, "was made at") {
		t.Errorf("after a backup: %+v", c)
	}
	if _, err := a.Health.Report(t.Context(), who.Identity{Actor: "r", Roles: []who.Role{who.Responder}}); err == nil {
		t.Error("a responder reads it")
	}
}

// Figures are open on loopback to this machine, not through a proxy, and elsewhere by the flag only.
func TestOpenMetrics(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cfg    Config
		header string
		want   bool
	}{
		"loopback":       {Config{Listen: "127.0.0.1:8080"}, "", true},
		"loopback, IPv6": {Config{Listen: "[::1]:8080"}, "", true},
		"behind a proxy": {Config{Listen: "127.0.0.1:8080"}, "X-Forwarded-For", false},
		"everywhere":     {Config{Listen: ":8080"}, "", false},
		"an address":     {Config{Listen: "192.0.2.1:8080"}, "", false},
		"by the flag":    {Config{Listen: ":8080", OpenMetrics: true}, "X-Forwarded-For", true},
	} {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		if c.header != "" {
			r.Header.Set(c.header, "192.0.2.7")
		}
		if got := (&App{cfg: c.cfg}).openMetrics(r); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A server that dies while its test clock is moved goes on from the last step, not from the start.
func TestOffsetIsKeptAtEachStep(t *testing.T) {
	t.Parallel()
	clk := clock.NewTest(time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC))
	a := demoApp(t, Config{Listen: "127.0.0.1:0", TestClock: true, Clock: clk})
	if err := clk.Advance(7 * time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := a.saveOffset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if off, err := a.DB.ClockOffset(t.Context()); err != nil || off != 7*time.Minute {
		t.Errorf("%v %v", off, err)
	}
	if err := a.Forward(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if off, err := a.DB.ClockOffset(t.Context()); err != nil || off != 67*time.Minute {
		t.Errorf("%v %v", off, err)
	}
}

// The number in the menu is what the list behind it shows.
func TestWantingCountsWhatTheListShows(t *testing.T) {
	t.Parallel()
	clk := clock.NewTest(time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC))
	a := demoApp(t, Config{Listen: "127.0.0.1:0", TestClock: true, Clock: clk})
	if err := a.LoadDemo(t.Context()); err != nil {
		t.Fatal(err)
	}
	by := who.Identity{Actor: "m", Roles: []who.Role{who.Manager}}
	dir, err := a.Directory.Snapshot(a.DB)
	if err != nil {
		t.Fatal(err)
	}
	for _, after := range []time.Duration{0, 2 * time.Hour} {
		declareAt(t, a)
		if err := a.Forward(t.Context(), after); err != nil {
			t.Fatal(err)
		}
		want := wantingByHand(t, a, by, dir.People)
		if got, err := tally.Wanting(t.Context(), a.DB, by, dir, clk.Now(), 100); err != nil || got != want || got == 0 {
			t.Errorf("after %s: counted %d, the list shows %d, %v", after, got, want, err)
		}
		if got, err := tally.Wanting(t.Context(), a.DB, by, dir, clk.Now(), 2); err != nil || got != 2 {
			t.Errorf("at most 2: %d %v", got, err)
		}
	}
	if _, err := tally.Wanting(t.Context(), a.DB, who.Identity{Actor: "r", Roles: []who.Role{who.Reporter}}, dir, clk.Now(), 100); err == nil {
		t.Error("a reporter counts duties")
	}
}

func declareAt(t *testing.T, a *App) {
	t.Helper()
	by := who.Identity{Actor: "incident-manager", Person: "incident-manager", Roles: []who.Role{who.Manager}}
	if _, err := a.Incidents.Declare(t.Context(), by, incident.Declare{Kind: incident.Real, Title: "Portal breach"}); err != nil {
		t.Fatal(err)
	}
}

func wantingByHand(t *testing.T, a *App, by who.Identity, people map[string]who.Person) (n int) {
	t.Helper()
	drill := false
	p, err := a.Duties.List(t.Context(), by, duty.Filter{Pending: true, Drill: &drill}, "", 200)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range p.Items {
		if _, held := people[d.Holder.ID]; !held || d.At(a.Clock.Now()) == duty.Missed {
			n++
		}
	}
	return n
}
