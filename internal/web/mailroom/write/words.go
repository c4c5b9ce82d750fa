package write

import (
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/proof"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/plain"
)

// name is what people call a text: "German, variant retail".
func name(lang, variant string) string {
	out := plain.Language(lang)
	if variant != "" {
		out += ", variant " + variant
	}
	return out
}

// named turns the name a finding has into words.
func named(where string) string {
	lang, variant, _ := strings.Cut(where, ", variant ")
	return name(lang, variant)
}

func (v view) tabs() []page.Choice {
	return []page.Choice{
		{Label: "Write", Href: v.path(writing), On: v.View == writing},
		{Label: "Preview", Href: v.path(preview), On: v.View == preview},
		{Label: "Checks", Href: v.path(checks), On: v.View == checks, Count: count(v.open())},
		{Label: "Differences", Href: v.path(compare), On: v.View == compare},
	}
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// open counts what somebody should look at.
func (v view) open() int {
	n := len(v.Findings) + len(v.Changed) + len(v.Sheet.Wrong) + len(v.Sheet.Missing)
	for _, a := range v.Asked {
		n += a.Open()
	}
	return n
}

// form carries what the text is and which version it was made from.
func (v view) form() *page.Form {
	if v.New {
		return v.R.Form("text").To(v.here("text")+"?add=1").With("version", "0")
	}
	return v.R.Form("text").To(v.path(writing)).With("version", strconv.Itoa(v.Sheet.Version)).
		With("lang", v.Sheet.Lang).With("variant", v.Sheet.Variant)
}

// group is the fields of one family, for the help beside the text.
type group struct {
	Title  string
	Fields []text.Field
}

func groups() []group {
	titles := map[string]string{
		"incident": "The incident", "our": "Our company", "contact": "Our company", "privacy": "Our company", "authority": "Our company",
		"notice": "This notice", "recipient": "Who is told",
	}
	var out []group
	for _, f := range text.Fields() {
		family, _, _ := strings.Cut(f.Name, ".")
		if n := len(out); n == 0 || out[n-1].Title != titles[family] {
			out = append(out, group{Title: titles[family]})
		}
		last := &out[len(out)-1]
		last.Fields = append(last.Fields, f)
	}
	return out
}

// now is what a field says at this moment, "" while it is not known.
func (v view) now(f text.Field) string {
	if f.Scope == text.OfRecipient {
		return ""
	}
	x, err := text.Parse(text.Source{Lang: v.lang(), Subject: "{{" + f.Name + "}}", Body: "-"})
	if err != nil {
		return ""
	}
	r, missing := x.Render("", v.Zone, v.Values, nil)
	if len(missing) > 0 {
		return ""
	}
	const most = 90
	if words := []rune(r.Subject); len(words) > most {
		return string(words[:most]) + "…"
	}
	return r.Subject
}

func (v view) lang() string {
	if v.Sheet.Lang == "" {
		return v.Lang
	}
	return v.Sheet.Lang
}

// why says in words what stands in the way of a field.
func why(m text.Missing) string {
	switch m.Why {
	case text.TooLong:
		return "is longer than 20,000 bytes: shorten it in the record, or attach it as a file"
	case text.NotAnAddress:
		return "leads nowhere safe"
	}
	return "is not recorded yet: record it, write the sentence without it, or say {{" + m.Field + "|other words}}"
}

// says puts a finding into a sentence.
func says(f text.Finding) string {
	switch f.Doubt {
	case text.LeftOut:
		return named(f.Text) + " leaves out what the master says: " + f.Fact
	case text.OnlyHere:
		return named(f.Text) + " says what the master does not: " + f.Fact
	case text.Untranslated:
		return named(f.Text) + " repeats words of the record that are in another language: " + f.Fact
	case text.TypedIn:
		return f.Fact + " was typed by hand and is other now" + wasNow(f)
	}
	return f.Fact + " is other now" + wasNow(f)
}

func wasNow(f text.Finding) string {
	was, is := f.Was, f.Now
	if was == "" {
		was = "not known"
	}
	if is == "" {
		is = "not known"
	}
	return ": " + was + ", now " + is
}

func place(f text.Finding) string {
	if f.Line == 0 {
		return "Subject: " + f.Sentence
	}
	return "Line " + strconv.Itoa(f.Line) + ": " + f.Sentence
}

func tickTag(t text.Tick) page.Tag {
	switch {
	case t.Done:
		return page.Tag{Text: "Said", Icon: page.IconCheck, Tone: page.Good}
	case t.Reason != "":
		return page.Tag{Text: "Not yet", Icon: page.IconClock, Tone: page.Warn}
	}
	return page.Tag{Text: "Open", Icon: page.IconCircleAlert, Tone: page.Danger}
}

func (v view) textHint() string {
	if v.New {
		return "It begins with the master text: write the words anew, and keep the fields in double braces."
	}
	return "Markdown, with fields in double braces. Every version is kept."
}

// beforeNote says how the submission before ended.
func (v view) beforeNote() string {
	r := proof.LastEnd(v.Notice)
	if r == nil || v.Sheet.Before == nil {
		return ""
	}
	if r.End == "returned" {
		return "sent back by " + v.Dir.PersonName(r.EndBy)
	}
	return "void since it changed"
}

// fromMaster compares a variant with the master of the same language.
func (v view) fromMaster() ([]text.Change, bool) {
	m := v.masterOf()
	if v.master() || m.Read == nil || v.Sheet.Read == nil {
		return nil, false
	}
	return proof.Differ(m.Text, v.Sheet.Text), true
}

// masterOf is the master text of the sheet's language, or of the notice.
func (v view) masterOf() proof.Sheet {
	for _, s := range v.Sheets {
		if s.Lang == v.Sheet.Lang && s.Variant == "" && v.Sheet.Variant != "" {
			return s
		}
	}
	if m := v.Master(); m.Lang == v.Sheet.Lang {
		return m
	}
	return proof.Sheet{}
}

func sheetsOf(v view) []notice.Text { return v.Texts }

func (v view) title() string {
	if v.New {
		return "A text in another language"
	}
	return name(v.Sheet.Lang, v.Sheet.Variant)
}

// upper begins with a capital letter.
func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// whomTitle is over the fields that say who gets a variant.
func (v view) whomTitle() string {
	if v.New {
		return "Who gets it, if it is a variant"
	}
	return "Who gets it: " + v.whomSay(v.Sheet.Variant)
}

func (v view) whomSay(variant string) string {
	if w := v.Variants[variant]; !w.Empty() {
		return w.String()
	}
	return "nobody yet"
}

// getsSay names the text that the chosen reader gets instead of this one.
func (v view) getsSay() string {
	if v.Gets == "" {
		return "This reader gets the master text. Who gets the variant: " + v.whomSay(v.Sheet.Variant) + "."
	}
	return "This reader gets the variant " + v.Gets + ". Who gets that: " + v.whomSay(v.Gets) + "."
}

// sameTitle says what the check came to: a title that promises what the lines deny misleads.
func sameTitle(v view) string {
	if len(v.Findings) > 0 {
		return "Not the same in all texts"
	}
	return "The same in all texts"
}
