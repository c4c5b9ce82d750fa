package app

import (
	"net/http"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/base/clock"
)

// Where the machine chooses the port, links lead to the one it chose, also those that are
// made before the server runs.
func TestLinksOfAChosenPort(t *testing.T) {
	t.Parallel()
	a := demoApp(t, Config{Listen: "127.0.0.1:0"})
	if strings.HasSuffix(a.cfg.BaseURL, ":0") || a.cfg.BaseURL != "http://"+a.cfg.Listen {
		t.Fatalf("links lead to %s", a.cfg.BaseURL)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := "http://" + a.Addr(); got != a.cfg.BaseURL {
		t.Fatalf("served at %s, links lead to %s", got, a.cfg.BaseURL)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.cfg.BaseURL+"/livez", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	for in, want := range map[string]string{"https://wakebell.example": "https://wakebell.example", "": "http://localhost:"} {
		cfg, err := Config{Listen: ":0", BaseURL: in}.Bind()
		if err != nil {
			t.Fatal(err)
		}
		if got := cfg.WithDefaults().BaseURL; !strings.HasPrefix(got, want) || strings.HasSuffix(got, ":0") {
			t.Errorf("base URL %q gives links to %s", in, got)
		}
		if (cfg.Listener != nil) != (in == "") {
			t.Errorf("base URL %q: the address is opened early: %t", in, cfg.Listener != nil)
		}
		if cfg.Listener != nil {
			cfg.Listener.Close()
		}
	}
}

// A story that was loaded for a test clock ends now, and the server on it begins there.
func TestStoryEndsNow(t *testing.T) {
	t.Parallel()
	cfg := Config{Dir: t.TempDir(), TestClock: true}
	if loaded, err := LoadStory(t.Context(), cfg, func() {}); err != nil || !loaded {
		t.Fatalf("load the story: %t, %v", loaded, err)
	}
	a := openStory(t, cfg)
	if off := a.Clock.Offset(); off != 0 {
		t.Fatalf("the clock stands %s ahead", off)
	}
	last, err := a.Ledger.LastAt(t.Context(), a.DB)
	if ahead := last.Sub(clock.System().Now()); err != nil || ahead > 0 {
		t.Fatalf("the newest entry lies %s ahead, %v", ahead, err)
	}
}
