package page

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/duty/policy"
	"github.com/wakebell/wakebell/internal/web/page/asset"
)

func TestAssets(t *testing.T) {
	t.Parallel()
	a, err := asset.Read(fstest.MapFS{
		"manifest.json": {Data: []byte(`{"app.css": "app.1.css", "inter.woff2": "inter.2.woff2"}`)},
		"app.1.css":     {Data: []byte("body{}")}, "app.1.css.br": {Data: []byte("BR")}, "app.1.css.gz": {Data: []byte("GZ")},
		"inter.2.woff2": {Data: []byte("font")},
	})
	if err != nil || !a.Built() || a.Path("app.css") != "/a/app.1.css" || a.Path("none") != "" {
		t.Fatalf("%v %+v", err, a)
	}
	w := New(Config{Assets: a})
	for coding, want := range map[string]string{"": "body{}", "gzip": "GZ", "gzip, br": "BR", "br;q=0, gzip": "GZ"} {
		got := get(t, w, "/a/app.1.css", map[string]string{"Accept-Encoding": coding})
		if got.Body.String() != want || !strings.Contains(got.Header().Get("Cache-Control"), "immutable") || got.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: got %q, %v", coding, got.Body, got.Header())
		}
	}
	tag := get(t, w, "/a/inter.2.woff2", nil).Header().Get("ETag")
	if got := get(t, w, "/a/inter.2.woff2", map[string]string{"If-None-Match": tag}); got.Code != 304 {
		t.Errorf("want 304, got %d", got.Code)
	}
	if got := get(t, w, "/a/manifest.json", nil); got.Code != 404 {
		t.Errorf("want 404, got %d", got.Code)
	}
	if _, err := asset.Read(fstest.MapFS{"manifest.json": {Data: []byte(`{"app.css": "gone.css"}`)}}); err == nil {
		t.Error("a build with a missing file is accepted")
	}
	if none, err := asset.Read(fstest.MapFS{".keep": {}}); err != nil || none.Built() {
		t.Errorf("an empty folder: %v %v", none, err)
	}
}

func TestCountdown(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "00:00:00", 645 * time.Second: "00:10:45", -26*time.Minute - 3*time.Second: "−00:26:03",
		66*time.Hour + 28*time.Minute + 44*time.Second: "2d 18:28:44", -25 * time.Hour: "−1d 01:00:00",
	} {
		if got := countdown(d); got != want {
			t.Errorf("%v: want %q, got %q", d, want, got)
		}
	}
	for d, want := range map[time.Duration]string{
		10 * time.Second: "less than a minute", 90 * time.Second: "1 min", 372 * time.Minute: "6 h 12 min",
		26*time.Hour + 5*time.Minute: "26 h", 75 * time.Hour: "3 days",
	} {
		if got := Span(d); got != want {
			t.Errorf("%v: want %q, got %q", d, want, got)
		}
	}
}

func TestClockState(t *testing.T) {
	t.Parallel()
	d := duty.Duty{ID: "d", Rule: duty.RuleSitrep, Title: "Situation report", State: duty.Open, StartAt: noon, DueAt: noon.Add(2 * time.Hour)}
	for after, want := range map[time.Duration]string{
		0: "ok", 89 * time.Minute: "ok", 91 * time.Minute: "soon", 106 * time.Minute: "critical", 2 * time.Hour: "critical", 121 * time.Minute: "overdue",
	} {
		if got := ClockOf(d).State(noon.Add(after)); got != want {
			t.Errorf("after %v: want %s, got %s", after, want, got)
		}
	}
	d.State, d.MetAt = duty.Met, noon.Add(3*time.Hour)
	if got := ClockOf(d); got.State(noon) != "late" || got.word(noon) != "Met late, by 1 h" || got.running() {
		t.Errorf("got %q", got.word(noon))
	}
	d.State = duty.Waived
	if got := ClockOf(d); got.State(noon) != "ended" || got.word(noon) != "Waived" {
		t.Errorf("got %q", got.word(noon))
	}
	for _, r := range policy.Rules() {
		if _, ok := thresholds[r.ID]; !ok {
			t.Errorf("the rule %s has no thresholds of its own", r.ID)
		}
		if clockIcons[r.ID] == "" {
			t.Errorf("the rule %s has no icon", r.ID)
		}
	}
}

func TestLocal(t *testing.T) {
	t.Parallel()
	for s, ok := range map[string]bool{
		"/": true, "/incidents/1?a=b#c": true, "//evil.example": false, "https://evil.example": false, `/\evil.example`: false, "": false, "/a\nb": false,
	} {
		if got := local(s) != nil; got != ok {
			t.Errorf("%q: want %v", s, ok)
		}
	}
}
