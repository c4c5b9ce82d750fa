package intake

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in    string
		limit int
		lines bool
		want  string
	}{
		{"plain", 10, false, "plain"},
		{"  two\nlines ", 20, false, "two lines"},
		{"two\nlines", 20, true, "two\nlines"},
		{"bad\xff\xfeutf8", 20, false, "bad\uFFFDutf8"},
		{"nul\x00bell\a", 20, false, "nulbell"},
		{"evil\u202Egnp.exe", 20, false, "evilgnp.exe"},
		{"äöüäöü", 3, false, "äöü…"},
		{strings.Repeat("x", 11), 10, false, strings.Repeat("x", 10) + "…"},
	} {
		if got := Clean(c.in, c.limit, c.lines); got != c.want {
			t.Errorf("Clean(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x00\xff\u202E\n", 3, true)
	f.Fuzz(func(t *testing.T, s string, limit int, lines bool) {
		limit = max(1, min(limit, 1000))
		got := Clean(s, limit, lines)
		if !utf8.ValidString(got) || strings.ContainsRune(got, 0) || utf8.RuneCountInString(got) > limit+1 {
			t.Errorf("Clean(%q) = %q", s, got)
		}
		if !lines && strings.ContainsAny(got, "\n\t") {
			t.Errorf("a title has one line: %q", got)
		}
	})
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	if got := fingerprint("0f5ddcbe6e4f5a6b"); got != "0f5ddcbe6e4f5a6b" {
		t.Error(got)
	}
	for _, s := range []string{"", "jane@example.com", "with space", strings.Repeat("a", 129), "\xff"} {
		got := fingerprint(s)
		if !strings.HasPrefix(got, "sha256:") || len(got) > maxFinger {
			t.Errorf("fingerprint(%q) = %q: personal data and long texts are digested", s, got)
		}
	}
}

func TestSlug(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"core": "core", "Core Team": "core-team", " SRE/EU ": "sre-eu", strings.Repeat("x", 70): "", "Ü": ""} {
		if got := slug(in); got != want {
			t.Errorf("slug(%q) = %q, want %q", in, got, want)
		}
	}
}
