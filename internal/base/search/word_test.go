package search

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWordsWholeAndInParts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Disk full on SRV-01.Acme.com!": "01 acme acme.com com disk full on srv srv-01 srv-01.acme.com",
		"mail from Ann.Lee@acme.com.":   "acme acme.com ann ann.lee ann.lee@acme.com com from lee mail",
		"see INC-2026-0142":             "0142 2026 inc inc-2026-0142 see",
		"10.1.2.3:8080":                 "1 10 10.1 10.1.2 10.1.2.3 2 3 8080",
		"fe80::1 seen":                  "1 fe80 fe80::1 seen",
		"sha256:DEADbeef01":             "deadbeef01 sha256",
		"https://x.y/a?b=c":             "a b c https x x.y y",
		"Überprüfung ＡＢＣ":               "abc überprüfung",
		"障害発生 server":                   "server 害発 生 発生 障害",
		"हिन्दी":                        "हिन्दी",
		"=kincident 'quoted\" \\ (x)*":  "kincident quoted x",
		"... --- @":                     "",
	} {
		got := docWords(Doc{Kind: "x", Text: text})
		got = slices.DeleteFunc(got, func(w string) bool { return w == "=kx" })
		if strings.Join(got, " ") != want {
			t.Errorf("%s\n got %s\nwant %s", text, strings.Join(got, " "), want)
		}
	}
}

func TestQueryWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Disk fu":     "disk|fu",
		"srv-01.ac":   "|srv-01.ac",
		"b a b":       "a b|b",
		"障害発 x":       "害発 障害|x",
		"障":           "|障",
		"障害":          "|障害",
		"":            "|",
		"( ) ' \" \\": "|",
	} {
		words, prefix := queryWords(text)
		if got := strings.Join(words, " ") + "|" + prefix; got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

// TestTokensAreSafe: no token holds what separates or quotes tokens in either
// engine, and each query made of a doc's own text finds that doc.
func TestTokensAreSafe(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-zA-Z0-9.:@_+ '"-]{0,60}`)).Draw(t, "text")
		got := docWords(Doc{Kind: "x", Text: text})
		for _, w := range got {
			if w == "" || len(w) > maxToken || strings.ContainsAny(w, " '\"\\*()&|!\t\n") {
				t.Fatalf("token %q of %q", w, text)
			}
		}
		words, prefix := queryWords(text)
		for _, w := range words {
			if !slices.Contains(got, w) {
				t.Fatalf("word %q of %q is not among %q", w, text, got)
			}
		}
		if !slices.ContainsFunc(got, func(w string) bool { return strings.HasPrefix(w, prefix) }) && len(got) < maxWords {
			t.Fatalf("prefix %q of %q is not among %q", prefix, text, got)
		}
	})
}
