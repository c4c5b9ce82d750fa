package web

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/web/page/asset"
	"github.com/wakebell/wakebell/internal/web/page/live"
)

// TestBudget holds what the browser's part may weigh, in bytes as brotli.
func TestBudget(t *testing.T) {
	t.Parallel()
	built, err := fs.Sub(dist, "dist")
	if err != nil {
		t.Fatal(err)
	}
	assets, err := asset.Read(built)
	if err != nil {
		t.Fatal(err)
	}
	if !assets.Built() {
		t.Skip("the assets are not built: run make assets")
	}
	weigh := func(name, packed string) int64 {
		info, err := fs.Stat(built, strings.TrimPrefix(assets.Path(name), "/a/")+packed)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	style, script := weigh("app.css", ".br"), weigh("app.js", ".br")
	if style > 12_000 {
		t.Errorf("the style weighs %d bytes, at most 12,000", style)
	}
	if script > 15_000 {
		t.Errorf("the script weighs %d bytes, at most 15,000", script)
	}
	// A first visit takes these, and one page, which stays far below 15 kB.
	first := style + script + weigh("icons.svg", ".br") + weigh("favicon.svg", ".br") + weigh("inter-latin.woff2", "")
	if first > 85_000 {
		t.Errorf("a first visit weighs %d bytes without its page, at most 85,000", first)
	}
	t.Logf("style %d, script %d, first visit without the page %d", style, script, first)
}

// TestNothingFromElsewhere: no screen loads or names a script, style or image of another site, and none has style or
// handlers in its markup, which the policy would block.
func TestNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".templ" {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, bad := range []string{" style=", "<style", "onclick=", "onchange=", "javascript:", `src="http`, "innerHTML"} {
			if strings.Contains(string(text), bad) {
				t.Errorf("%s has %q", name, bad)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A region that waits for a topic nobody ever tells would never be drawn anew.
func TestTopicsAreTold(t *testing.T) {
	t.Parallel()
	on := regexp.MustCompile(`\bOn\(("[a-z_]+"(?:, )?)+`)
	name := regexp.MustCompile(`"([a-z_]+)"`)
	n := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_templ.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, call := range on.FindAllString(string(text), -1) {
			for _, topic := range name.FindAllStringSubmatch(call, -1) {
				if n++; !live.Known(topic[1]) {
					t.Errorf("%s waits for %q, which package live never tells", path, topic[1])
				}
			}
		}
		return nil
	})
	if err != nil || n < 40 {
		t.Fatalf("%d topics found, %v", n, err)
	}
}
