package app

import (
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
)

func TestConfigNamesTheField(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"wakebell.example.com", "https://a:b@wakebell.example.com", "https://wakebell.example.com/?x=1", "ftp://x"} {
		f := fault.FieldsOf(Config{Dir: "x", BaseURL: url}.Validate())
		if len(f) != 1 || f[0].Field != "base-url" {
			t.Errorf("%s: %v", url, f)
		}
	}
	if err := (Config{Dir: "x", BaseURL: "https://wakebell.example.com"}).Validate(); err != nil {
		t.Error(err)
	}
	if f := fault.FieldsOf(Config{}.Validate()); len(f) != 1 || f[0].Field != "data" {
		t.Errorf("%v", f)
	}
}

// A job loop that does not run makes the server not ready, and the answer says that an
// internal duty was raised; the timeline of the system tells it in words.
func TestReadySaysThatTheLoopStandsStill(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clk := clock.NewTest(time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC))
	a, err := New(ctx, Config{Dir: t.TempDir(), Listen: "127.0.0.1:0", TestClock: true, Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(clock.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := a.LoadDemo(ctx); err != nil {
		t.Fatal(err)
	}
	timed := func() string {
		for _, c := range a.Ready(ctx) {
			if c.Name == "timed work" {
				return c.Error
			}
		}
		return "there is no such check"
	}
	if text := timed(); !strings.Contains(text, "has not run for two minutes") || strings.Contains(text, "internal duty") {
		t.Errorf("before it is raised: %s", text)
	}
	a.Escalation.OnJobLoopSilent(ctx, clk.Now())
	if text := timed(); !strings.Contains(text, "An internal duty was raised at 2026-11-20 10:00 UTC; 3 people are called and nobody has answered yet") {
		t.Errorf("after it is raised: %s", text)
	}
	entries, err := a.Ledger.Subject(ctx, a.DB, "system", 0, 0)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	const want = "The timed work stands still since 10:00 UTC: an internal duty to look after the server. " +
		"Jonas Wiesinger, Leonie Castell and Petra Lindqvist were called by e-mail to look after the server, answer by 10:05 UTC"
	if got := a.Views.Lines(ctx, entries)[0].Text; got != want {
		t.Errorf("told: %s", got)
	}
}
