package search

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func marked(list []Piece) string {
	var b strings.Builder
	for _, p := range list {
		if p.Hit {
			b.WriteString("[" + p.Text + "]")
		} else {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

func TestMark(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, query string
		limit       int
		want        string
	}{
		{"Disk full on SRV-01.acme.com.", "disk acme.com", 0, "[Disk] full on [SRV-01.acme.com]."},
		{"Disk full on srv-01", "fu", 0, "Disk [full] on srv-01"},
		{"Über die Überprüfung", "überp", 0, "Über die [Überprüfung]"},
		{"server 障害発生", "発生", 0, "server 障害[発生]"},
		{"a <b> & c", "b", 0, "a <[b]> & c"},
		{"nothing", "else", 0, "nothing"},
		{"", "x", 10, ""},
		{"one two three four five six seven eight", "six", 20, "… five [six] seven …"},
		{"one two three four five six seven eight", "none", 20, "one two three four …"},
		{"one two three four five six seven eight", "one", 20, "[one] two three four …"},
	} {
		if got := marked(Mark(c.text, c.query, c.limit)); got != c.want {
			t.Errorf("%q in %q: got %s, want %s", c.query, c.text, got, c.want)
		}
	}
}

// TestMarkAgreesWithSearch: pieces give the text again, and a doc that is found by one word
// has it marked.
func TestMarkAgreesWithSearch(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-zA-ZäÖß0-9.:@_+ '"<¹ﬁ-]{0,60}`).Draw(t, "text")
		word := rapid.StringMatching(`[a-z0-9.@-]{1,4}`).Draw(t, "word")
		list := Mark(text, word, 0)
		plain, hit := "", false
		for _, p := range list {
			plain, hit = plain+p.Text, hit || p.Hit
		}
		if plain != text {
			t.Fatalf("%q became %q", text, plain)
		}
		_, prefix := queryWords(word)
		found := false
		for _, w := range docWords(Doc{Kind: "x", Text: text}) {
			found = found || strings.HasPrefix(w, prefix)
		}
		if prefix != "" && found != hit {
			t.Fatalf("%q in %q: found %v, marked %v (%v)", word, text, found, hit, list)
		}
	})
}
