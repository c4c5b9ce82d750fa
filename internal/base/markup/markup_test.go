package markup_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wakebell/wakebell/internal/base/markup"
)

func TestParse(t *testing.T) {
	t.Parallel()
	doc, problems := markup.Parse("# What *happened*\n\nOn **Monday** we saw\nit. See [our page](https://acme.example/a?b=1&c=2) or https://acme.example/x.\n\n" +
		"- one &amp; \\*two\\*\n- three\n  1. deep\n\n> said\n\n---\n\nWrite to <desk@acme.example>.  \nCall [+49 1](tel:+491).\n\n```\na < b\n```\n")
	if len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	wantPlain := "What happened\n========================================\n\n" +
		"On Monday we saw it. See our page (https://acme.example/a?b=1&c=2) or https://acme.example/x.\n\n" +
		"- one & *two*\n- three\n  1. deep\n\n> said\n\n----------------------------------------\n\n" +
		"Write to desk@acme.example.\nCall +49 1 (tel:+491).\n\na < b"
	if diff := cmp.Diff(wantPlain, doc.Plain); diff != "" {
		t.Errorf("plain (-want +got):\n%s", diff)
	}
	wantHTML := "<h1>What <em>happened</em></h1>\n<p>On <strong>Monday</strong> we saw\nit. See <a href=\"https://acme.example/a?b=1&amp;c=2\">our page</a> or <a href=\"https://acme.example/x\">https://acme.example/x</a>.</p>\n" +
		"<ul>\n<li>one &amp; *two*</li>\n<li>three\n<ol>\n<li>deep</li>\n</ol>\n</li>\n</ul>\n<blockquote>\n<p>said</p>\n</blockquote>\n<hr>\n" +
		"<p>Write to <a href=\"mailto:desk@acme.example\">desk@acme.example</a>.<br>\nCall <a href=\"tel:+491\">+49 1</a>.</p>\n<pre><code>a &lt; b\n</code></pre>"
	if diff := cmp.Diff(wantHTML, doc.HTML); diff != "" {
		t.Errorf("HTML (-want +got):\n%s", diff)
	}
	wantBlocks := []markup.Block{
		{Heading: 1, Text: "What happened", Line: 1},
		{Text: "On Monday we saw it. See our page (https://acme.example/a?b=1&c=2) or https://acme.example/x.", Line: 3},
		{Text: "one & *two*", Line: 6},
		{Text: "three", Line: 7},
		{Text: "deep", Line: 8},
		{Text: "said", Line: 10},
		{Text: "Write to desk@acme.example. Call +49 1 (tel:+491).", Line: 14},
		{Text: "a < b", Line: 18},
	}
	if diff := cmp.Diff(wantBlocks, doc.Blocks); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, src, says string
		line            int
	}{
		{"block", "good\n\n<script>alert(1)</script>\n", "HTML is not used", 3},
		{"inline", "good\nand <b onclick=x>bold</b>", "HTML is not used", 2},
		{"comment", "a\n\n<!-- b -->", "HTML is not used", 3},
		{"image", "a\n\nsee ![x](https://x.example/p.png)", "no images", 3},
		{"script link", "a\nb [c](javascript:alert(1))", "https://", 2},
		{"data link", "[c](data:text/html;base64,PHNjcmlwdD4=)", "https://", 1},
		{"relative", "[c](/there)", "https://", 1},
		{"hidden script", "[c](java&#115;cript:alert)", "https://", 1},
		{"user in the host", "[c](https://acme.example@evil.example/)", "https://", 1},
		{"reference", "a [c][r]\n\n[r]: vbscript:x", "https://", 1},
		{"automatic", "<javascript:alert(1)>", "https://", 1},
	} {
		doc, problems := markup.Parse(c.src)
		if len(problems) == 0 || problems[0].Line != c.line || !strings.Contains(problems[0].Message, c.says) {
			t.Errorf("%s: problems %+v, want line %d and %q", c.name, problems, c.line, c.says)
		}
		harmless(t, c.name, doc.HTML)
	}
	if _, problems := markup.Parse("a < b and c > d, 3 <4, AT&T, [brackets], `<b>`"); len(problems) > 0 {
		t.Errorf("plain signs are a problem: %v", problems)
	}
}

var (
	allowedTag  = regexp.MustCompile(`^</?(p|br|hr|h[1-6]|ul|ol|li|blockquote|strong|em|code|pre|a)>$|^<ol start="\d+">$`)
	allowedLink = regexp.MustCompile(`^<a href="(?i:https?:|mailto:|tel:)[^"<>]*">$`)
	anyTag      = regexp.MustCompile(`<[^>]*>?`)
)

// harmless holds that HTML has only the elements and attributes of the allow list.
func harmless(t interface{ Errorf(string, ...any) }, name, html string) {
	for _, tag := range anyTag.FindAllString(html, -1) {
		if !allowedTag.MatchString(tag) && !allowedLink.MatchString(tag) {
			t.Errorf("%s: the HTML holds %q", name, tag)
		}
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, line, lines string }{
		{"Ada Lovelace", "Ada Lovelace", "Ada Lovelace"},
		{"Ada\r\nBcc: x@y.example", "Ada Bcc: x@y.example", "Ada\nBcc: x@y.example"},
		{"a\u2028b\u0085c\vd\n", "a b c d", "a\nb\nc\nd\n"},
		{"\u202egpj.exe\u2066x\u200f", "gpj.exex", "gpj.exex"},
		{"ze\u200bro\ufeff\u00ad", "zero", "zero"},
		{"nul\x00 esc\x1b[31m del\x7f", "nul esc[31m del", "nul esc[31m del"},
		{"bad\xff", "bad\ufffd", "bad\ufffd"},
		{"नि\u200dर\tx", "नि\u200dर x", "नि\u200dर x"},
		{"\n\nstart", "start", "\n\nstart"},
	} {
		if got := markup.Clean(c.in, false); got != c.line {
			t.Errorf("Clean(%q, false) = %q, want %q", c.in, got, c.line)
		}
		if got := markup.Clean(c.in, true); got != c.lines {
			t.Errorf("Clean(%q, true) = %q, want %q", c.in, got, c.lines)
		}
	}
	if got := markup.EscapeLines("<a href=\"x\">'&\nb"); got != "&lt;a href=&#34;x&#34;&gt;&#39;&amp;<br>\nb" {
		t.Errorf("EscapeLines = %q", got)
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]string{"": "", "für": "für", "früh": "früh", "früher": "frü…", "am Ort": "am…"} {
		if got := markup.Cut(words, 4); got != want {
			t.Errorf("%q: %q, want %q", words, got, want)
		}
	}
}

func TestCleanProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		got := markup.Clean(rapid.String().Draw(rt, "s"), false)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\r\n\x00\u2028\u202e\u200b") {
			rt.Fatalf("Clean left %q", got)
		}
		if again := markup.Clean(got, false); again != got {
			rt.Fatalf("cleaned twice: %q, then %q", got, again)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"# a\n- b", "<script>", "[x](javascript:y)", "![](http://x)", "a\n***\n`b`", "[a]: <x>\n[a]", "&lt;script&gt;", "<ol start=\"x\">", "1000000000) a\n", "[](http:)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		doc, _ := markup.Parse(src)
		harmless(t, "fuzz", doc.HTML)
		for _, b := range doc.Blocks {
			if b.Line < 1 || b.Line > 1+strings.Count(src, "\n") || strings.Contains(b.Text, "\n") {
				t.Errorf("block %+v of %q", b, src)
			}
		}
	})
}
