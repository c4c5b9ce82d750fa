package text_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

const body = `# What happened

On {{incident.discovered}} we found that {{incident.persons|a number we do not know yet}} persons
are affected: {{incident.data_kinds}}.

{{incident.what_happened}}

- Your page: [open it]({{recipient.link}}) or go to {{recipient.link}} now.
- **{{recipient.name}}**, see {{row.shop}}.
`

func berlin(t testing.TB) *time.Location {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func parse(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, src text.Source,
) *text.Text {
	t.Helper()
	x, err := text.Parse(src)
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	return x
}

func common() text.Values {
	return text.Values{
		"incident.reference":  text.Known("INC-2026-0142", "ref"),
		"incident.discovered": {Known: true, At: time.Date(2026, 11, 22, 13, 25, 0, 0, time.UTC)},
		"incident.persons":    {Known: true, Number: 12040},
		"incident.data_kinds": {
			Known: true, List: []string{"names", "mail addresses", "bank details"},
			ListIn: map[string][]string{"de": {"Namen", "Mailadressen", "Bankdaten"}},
		},
		"incident.what_happened": {Known: true, Text: "Somebody got in.\nWe closed it.", In: map[string]string{"de": "Jemand kam hinein."}},
	}
}

func own() text.Values {
	return text.Values{
		"recipient.name": text.Known("Müller & Söhne", "list"),
		"recipient.link": text.Known("https://bell.example/n/abc?x=1&y=2", "list"),
		"row.shop":       text.Known("Shop 7", "list"),
	}
}

func TestRender(t *testing.T) {
	t.Parallel()
	x := parse(t, text.Source{Lang: "en", Subject: "{{incident.reference}} for {{recipient.name}}", Body: body})
	got, missing := x.Render("", berlin(t), common(), own())
	if len(missing) > 0 {
		t.Errorf("missing: %+v", missing)
	}
	want := text.Rendered{
		Lang: "en", Subject: "INC-2026-0142 for Müller & Söhne",
		Text: "What happened\n========================================\n\n" +
			"On 22 November 2026, 14:25 CET (13:25 UTC) we found that 12,040 persons are affected: names, mail addresses and bank details.\n\n" +
			"Somebody got in.\nWe closed it.\n\n" +
			"- Your page: open it (https://bell.example/n/abc?x=1&y=2) or go to https://bell.example/n/abc?x=1&y=2 now.\n" +
			"- Müller & Söhne, see Shop 7.",
		HTML: "<h1>What happened</h1>\n" +
			"<p>On 22 November 2026, 14:25 CET (13:25 UTC) we found that 12,040 persons\nare affected: names, mail addresses and bank details.</p>\n" +
			"<p>Somebody got in.<br>\nWe closed it.</p>\n<ul>\n" +
			"<li>Your page: <a href=\"https://bell.example/n/abc?x=1&amp;y=2\">open it</a> or go to <a href=\"https://bell.example/n/abc?x=1&amp;y=2\">https://bell.example/n/abc?x=1&amp;y=2</a> now.</li>\n" +
			"<li><strong>Müller &amp; Söhne</strong>, see Shop 7.</li>\n</ul>",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rendered (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(got.Document(), "<!doctype html>\n<html lang=\"en\">") || !strings.Contains(got.Document(), "<title>INC-2026-0142 for Müller &amp; Söhne</title>") {
		t.Errorf("document:\n%s", got.Document())
	}
	if diff := cmp.Diff([]string{"incident.data_kinds", "incident.discovered", "incident.persons", "incident.reference", "incident.what_happened", "recipient.link", "recipient.name", "row.shop"}, x.Fields()); diff != "" {
		t.Errorf("fields: %s", diff)
	}
}

func TestRenderLanguages(t *testing.T) {
	t.Parallel()
	const src = "{{incident.discovered}} · {{notice.date}} · {{incident.persons}} · {{incident.data_kinds}} · {{incident.what_happened}}"
	zone := berlin(t)
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	values := common()
	values["notice.date"] = text.Value{Known: true, At: time.Date(2026, 3, 1, 23, 30, 0, 0, time.UTC)}
	prose := "Somebody got in.\nWe closed it."
	for _, c := range []struct {
		lang string
		zone *time.Location
		want string
	}{
		{"de", zone, "22. November 2026, 14:25 Uhr MEZ (13:25 UTC) · 2. März 2026 · 12.040 · Namen, Mailadressen und Bankdaten · Jemand kam hinein."},
		{"de-AT", nil, "22. November 2026, 13:25 Uhr UTC · 1. März 2026 · 12.040 · Namen, Mailadressen und Bankdaten · Jemand kam hinein."},
		{"en-US", newYork, "November 22, 2026, 08:25 EST (13:25 UTC) · March 1, 2026 · 12,040 · names, mail addresses and bank details · " + prose},
		{"fr", nil, "22 novembre 2026 à 13:25 UTC · 1 mars 2026 · 12\u202f040 · names, mail addresses et bank details · " + prose},
		{"pl", time.FixedZone("", -5*3600-1800), "2026-11-22, 07:55 UTC-5:30 (13:25 UTC) · 2026-03-01 · 12\u00a0040 · names, mail addresses, bank details · " + prose},
		{"en", time.FixedZone("X", 14*3600), "23 November 2026, 03:25 X (22 November 2026, 13:25 UTC) · 2 March 2026 · 12,040 · names, mail addresses and bank details · " + prose},
	} {
		got, missing := parse(t, text.Source{Lang: c.lang, Subject: "s", Body: src}).Render("", c.zone, values, nil)
		if got.Text != c.want || len(missing) > 0 {
			t.Errorf("%s:\n got %s\nwant %s\nmissing %v", c.lang, got.Text, c.want, missing)
		}
	}
}

// TestHarmlessValues: nothing that a value holds becomes HTML, Markdown, a header or a link.
func TestHarmlessValues(t *testing.T) {
	t.Parallel()
	x := parse(t, text.Source{
		Lang: "en", Subject: "For {{recipient.name}}: {{incident.what_happened}}",
		Body: "Dear {{recipient.name}}\n\n{{incident.what_happened}}\n\n[x]({{recipient.link}})",
	})
	for _, c := range []struct{ name, value, subject, plain, html string }{
		{"HTML", "<b onclick=\"x\">A</b>", "<b onclick=\"x\">A</b>", "<b onclick=\"x\">A</b>", "&lt;b onclick=&#34;x&#34;&gt;A&lt;/b&gt;"},
		{"Markdown", "[a](https://evil.example) **b**", "[a](https://evil.example) **b**", "[a](https://evil.example) **b**", "[a](https://evil.example) **b**"},
		{"header", "A\r\nBcc: all@x.example\r\n\r\nHello", "A Bcc: all@x.example Hello", "A Bcc: all@x.example Hello", "A Bcc: all@x.example Hello"},
		{"direction", "A\u202etxt.exe\u2066", "Atxt.exe", "Atxt.exe", "Atxt.exe"},
		{"field", "{{recipient.link}} wbf0e wbf1e", "{{recipient.link}} wbf0e wbf1e", "{{recipient.link}} wbf0e wbf1e", "{{recipient.link}} wbf0e wbf1e"},
		{"not UTF-8", "A\xff\x00B", "A\ufffdB", "A\ufffdB", "A\ufffdB"},
	} {
		v := text.Values{"recipient.name": text.Known(c.value, ""), "recipient.link": text.Known("https://a.example/", "")}
		r, missing := x.Render("", nil, text.Values{"incident.what_happened": text.Known("ok", "")}, v)
		if len(missing) > 0 {
			t.Errorf("%s: missing %v", c.name, missing)
		}
		if r.Subject != "For "+c.subject+": ok" {
			t.Errorf("%s: subject %q", c.name, r.Subject)
		}
		if want := "Dear " + c.plain + "\n\nok\n\nx (https://a.example/)"; r.Text != want {
			t.Errorf("%s: text %q, want %q", c.name, r.Text, want)
		}
		if want := "<p>Dear " + c.html + "</p>\n<p>ok</p>\n<p><a href=\"https://a.example/\">x</a></p>"; r.HTML != want {
			t.Errorf("%s: HTML %q, want %q", c.name, r.HTML, want)
		}
	}
	prose := text.Values{"incident.what_happened": text.Known("one\r\n<i>two</i>", "")}
	r, _ := x.Render("", nil, prose, nil)
	if !strings.HasSuffix(r.Subject, ": one <i>two</i>") || !strings.Contains(r.HTML, "<p>one<br>\n&lt;i&gt;two&lt;/i&gt;</p>") {
		t.Errorf("lines: subject %q, HTML %q", r.Subject, r.HTML)
	}
}

// A subject that is filled in can be mailed whatever its values bring: they are cut, never its
// own words, and only in the subject.
func TestSubjectCanBeMailed(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 5000)
	x := parse(t, text.Source{Lang: "en", Subject: "{{incident.title}} at {{row.site}}: please act today", Body: "{{row.site}}"})
	out, missing := x.Render("", nil, text.Values{"incident.title": text.Known("Leak", "")}, text.Values{"row.site": text.Known(long, "")})
	if len(missing) > 0 || utf8.RuneCountInString(out.Subject) > 300 || !strings.HasPrefix(out.Subject, "Leak at üüü") || !strings.HasSuffix(out.Subject, "ü…: please act today") || out.Text != long {
		t.Errorf("%q, %v", out.Subject, missing)
	}
	name := strings.Repeat("n", 200) // as long as a name may be
	x = parse(t, text.Source{Lang: "en", Subject: "Incident at {{recipient.name}}", Body: "B"})
	if out, _ := x.Render("", nil, nil, text.Values{"recipient.name": text.Known(name, "")}); out.Subject != "Incident at "+name {
		t.Errorf("a name is cut: %q", out.Subject)
	}
	x = parse(t, text.Source{Lang: "en", Subject: "Is your code {{row.code}}?", Body: "B"})
	if out, _ := x.Render("", nil, nil, text.Values{"row.code": text.Known("=?utf-8?q?a?= b=", "")}); strings.Contains(out.Subject, "=?") {
		t.Errorf("%q is read as an encoded word", out.Subject)
	}
	rapid.Check(t, func(rt *rapid.T) {
		var subject strings.Builder
		values := text.Values{}
		for n := range rapid.IntRange(1, 20).Draw(rt, "fields") {
			name := "row." + string(rune('a'+n))
			values[name] = text.Known("v"+strings.Repeat(rapid.SampledFrom([]string{"x", "ü", "=?", "語"}).Draw(rt, "of"), rapid.IntRange(0, 400).Draw(rt, "times")), "")
			subject.WriteString(rapid.SampledFrom([]string{"", " to ", "é"}).Draw(rt, "words") + "{{" + name + "}}")
		}
		out, missing := parse(rt, text.Source{Lang: "en", Subject: subject.String(), Body: "B"}).Render("", nil, nil, values)
		if n := utf8.RuneCountInString(out.Subject); len(missing) > 0 || n < 1 || n > 300 || strings.Contains(out.Subject, "=?") {
			rt.Fatalf("%d characters: %q %v", n, out.Subject, missing)
		}
	})
}

func TestMissing(t *testing.T) {
	t.Parallel()
	x := parse(t, text.Source{
		Lang: "en", Subject: "{{incident.title}}",
		Body: "{{incident.title}}, {{recipient.name}}, {{incident.persons|some}} and {{recipient.contact|you}}, [here]({{recipient.link}}), {{incident.cause}}",
	})
	common := text.Values{"incident.cause": text.Known(strings.Repeat("x", 10<<20), "")}
	own := text.Values{"recipient.link": text.Known("javascript:alert(1)", ""), "recipient.name": text.Known(" \n\t ", "")}
	r, missing := x.Render("", nil, common, own)
	want := []text.Missing{
		{Field: "incident.title", Title: "Title", Why: text.Unknown},
		{Field: "incident.cause", Title: "Cause", Why: text.TooLong},
		{Field: "recipient.name", Title: "Name", Why: text.Unknown},
		{Field: "recipient.link", Title: "Page", Why: text.NotAnAddress},
	}
	if diff := cmp.Diff(want, missing); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	if r.Subject != "[?? Title ??]" || !strings.Contains(r.Text, "some and you") || !strings.Contains(r.HTML, `<a href="#">here</a>`) || len(r.Text) > 500 {
		t.Errorf("rendered: %+v", r)
	}
	if err := common.Check(); fault.KindOf(err) != fault.Invalid || fault.FieldsOf(err)[0].Field != "incident.cause" {
		t.Errorf("Check: %v", err)
	}
	if err := own.Check(); err != nil {
		t.Errorf("Check of short values: %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	good := text.Source{Lang: "en", Subject: "s", Body: "b"}
	for _, c := range []struct {
		name        string
		src         text.Source
		field, says string
	}{
		{"unknown field", text.Source{Lang: "en", Subject: "s", Body: "a\n\n{{incident.person}}"}, "body", "line 3: there is no field of this name; the nearest is {{incident.persons}}"},
		{"wrong group", text.Source{Lang: "en", Subject: "{{incident.name}}", Body: "b"}, "subject", "{{contact.name}}"},
		{"value not echoed", text.Source{Lang: "en", Subject: "s", Body: "{{<script>}}"}, "body", "line 1: there is no field of this name"},
		{"open field", text.Source{Lang: "en", Subject: "s", Body: "a {{incident.title\n}}"}, "body", "line 1: a field begins with {{ and ends with }}"},
		{"empty words", text.Source{Lang: "en", Subject: "s", Body: "{{incident.title|}}"}, "body", "the words behind |"},
		{"link with words", text.Source{Lang: "en", Subject: "s", Body: "{{recipient.link|x}}"}, "body", "takes no other words"},
		{"field in an address", text.Source{Lang: "en", Subject: "s", Body: "\n[x](https://a.example/{{recipient.name}})"}, "body", "line 2: a field in the address"},
		{"address with a tail", text.Source{Lang: "en", Subject: "s", Body: "{{recipient.link}}tail"}, "body", "line 1: a field in the address"},
		{"HTML", text.Source{Lang: "en", Subject: "s", Body: "a\n<b>x</b>"}, "body", "line 2: HTML is not used"},
		{"hidden", text.Source{Lang: "en", Subject: "s", Body: "a\nb\u202ec"}, "body", "line 2: holds hidden"},
		{"subject of two lines", text.Source{Lang: "en", Subject: "s\nBcc: x", Body: "b"}, "subject", "is one line"},
		{"no subject", text.Source{Lang: "en", Body: "b"}, "subject", "is needed"},
		{"long subject", text.Source{Lang: "en", Subject: strings.Repeat("x", 301), Body: "b"}, "subject", "longer"},
		{"no body", text.Source{Lang: "en", Subject: "s", Body: " \n"}, "body", "is needed"},
		{"long body", text.Source{Lang: "en", Subject: "s", Body: strings.Repeat("x", 100_001)}, "body", "longer"},
		{"language", text.Source{Lang: "english", Subject: "s", Body: "b"}, "lang", "language tag"},
		{"column without a name", text.Source{Lang: "en", Subject: "s", Body: "{{row.}}"}, "body", "no field"},
	} {
		_, err := text.Parse(c.src)
		fields := fault.FieldsOf(err)
		if fault.KindOf(err) != fault.Invalid || len(fields) == 0 || fields[0].Field != c.field || !strings.Contains(fields[0].Message, c.says) {
			t.Errorf("%s: %v, want %s: %q", c.name, err, c.field, c.says)
		}
		if err != nil && strings.Contains(err.Error(), "script") {
			t.Errorf("%s: the message repeats the value: %v", c.name, err)
		}
	}
	for _, lang := range []string{"en", "de-AT", "zh-Hant-TW", "fil"} {
		src := good
		src.Lang = lang
		parse(t, src)
	}
	parse(t, text.Source{Lang: "en", Subject: "s", Body: "a { b } {c}\ttab wbf0e &#119;bf0e {{ incident.title | none }}\r\n"})
}

func TestFields(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, f := range text.Fields() {
		group, _, dotted := strings.Cut(f.Name, ".")
		if seen[f.Name] || !dotted || f.Title == "" || f.Help == "" || (group == "recipient") != (f.Scope == text.OfRecipient) {
			t.Errorf("field %+v", f)
		}
		seen[f.Name] = true
		if got, ok := text.FieldOf(f.Name); !ok || got != f {
			t.Errorf("FieldOf(%q) = %+v", f.Name, got)
		}
	}
}

// TestRenderProperty: whatever the values hold, they add no element, no line to the subject,
// and the same words stand in the plain text.
func TestRenderProperty(t *testing.T) {
	t.Parallel()
	x := parse(t, text.Source{Lang: "en", Subject: "a {{recipient.name}}", Body: "b **{{recipient.name}}** [c]({{recipient.link}})\n\n- {{row.x|none}}"})
	plain, _ := x.Render("", nil, nil, text.Values{"recipient.name": text.Known("n", ""), "recipient.link": text.Known("https://e.example/", ""), "row.x": text.Known("r", "")})
	rapid.Check(t, func(rt *rapid.T) {
		v := text.Values{}
		for _, name := range []string{"recipient.name", "recipient.link", "row.x"} {
			v[name] = text.Known(rapid.String().Draw(rt, name)+rapid.SampledFrom([]string{"", "<p>", "\"", "\r\n", "{{row.x}}", "](x)"}).Draw(rt, "tail"), "")
		}
		r, _ := x.Render("", nil, nil, v)
		if strings.ContainsAny(r.Subject, "\r\n\x00") {
			rt.Fatalf("subject %q", r.Subject)
		}
		html := strings.NewReplacer("<mark>", "", "</mark>", "").Replace(r.HTML)
		if got, want := strings.Count(html, "<"), strings.Count(plain.HTML, "<"); got != want {
			rt.Fatalf("%d tags, want %d: %s", got, want, r.HTML)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("s {{incident.title}}", body)
	f.Add("s", "[x]({{recipient.link}}) wbf0e &#119;bf1e `{{incident.title}}`")
	f.Add("s", "{{recipient.link}}{{recipient.link}} <{{recipient.link}}> {{row.a|b}}")
	f.Fuzz(func(t *testing.T, subject, body string) {
		x, err := text.Parse(text.Source{Lang: "en", Subject: subject, Body: body})
		if err != nil {
			if len(fault.FieldsOf(err)) == 0 {
				t.Fatalf("an error without a field: %v", err)
			}
			return
		}
		evil := text.Value{Known: true, Text: "<script>\r\n\"'](x) https://evil.example"}
		v := text.Values{}
		for _, name := range x.Fields() {
			v[name] = evil
		}
		r, _ := x.Render("", nil, v, v)
		if strings.ContainsAny(r.Subject, "\r\n") || strings.Contains(r.HTML, "<script") || strings.Contains(r.HTML, "javascript:") {
			t.Fatalf("%q %q: %+v", subject, body, r)
		}
	})
}

func BenchmarkRender(b *testing.B) {
	x := parse(b, text.Source{Lang: "en", Subject: "{{incident.reference}} for {{recipient.name}}", Body: strings.Repeat(body, 4)})
	l := x.With("", berlin(b), common())
	mine := own()
	b.ReportAllocs()
	for b.Loop() {
		if r, missing := l.For(mine); len(r.HTML) == 0 || len(missing) > 0 {
			b.Fatal(missing)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	src := text.Source{Lang: "en", Subject: "s", Body: strings.Repeat(body, 4)}
	for b.Loop() {
		if _, err := text.Parse(src); err != nil {
			b.Fatal(err)
		}
	}
}
