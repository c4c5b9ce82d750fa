// Package text makes the words of notices: texts in Markdown with merge fields, the
// templates they begin as, the same facts said in every language, and the checks that a
// text is complete and consistent before anybody is asked to approve it.
//
// It carries out policy 003 ("Communications with customers must be consistent, with the
// same or similar message delivered to each. The message sent to customers will be created
// by members of the Communications Team") and policy 002 ("light on detail at first, but
// we'll provide every detail available, when it is available"). It is pure: it must not
// import a clock, a store, or another room than base/fault, base/markup and base/spell.
//
// A text is compiled once and rendered for each recipient. Markdown is read before values
// are put in, so that no value can bring Markdown, HTML, a link or a header line with it.
package text

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/markup"
)

// Limits of a source.
const (
	MaxSubject = 300     // bytes; a header line folds, a reader does not
	MaxBody    = 100_000 // bytes

	maxLine = 300 // characters of a subject that is filled in: no mail carries a longer one
)

// Source is a text as it is written: Markdown with fields. A field is {{name}}, or
// {{name|words}} with the words to say while it is not known.
type Source struct {
	Lang    string `json:"lang"` // BCP 47
	Subject string `json:"subject"`
	Body    string `json:"body"`
}

// Text is a source, read and ready to be filled.
type Text struct {
	source  Source
	slots   []slot // the fields, each with its own words for "not known"
	subject []piece
	plain   []piece
	html    []piece
	blocks  []markup.Block // with {{name}} in the words
}

// slot is one way a field is used in a text.
type slot struct {
	Field
	fallback string // words while it is not known, "" = it is missing
}

// piece is a stretch of the finished text, then the value of a slot; slot -1: no value.
type piece struct {
	lit  string
	slot int
	href bool // the value stands in the address of a link
}

// Lang is the language the text is written in.
func (t *Text) Lang() string { return t.source.Lang }

// Fields are the names of the fields the text holds, sorted, each once.
func (t *Text) Fields() []string {
	seen := map[string]bool{}
	for _, s := range t.slots {
		seen[s.Name] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// Parse reads a source. The error is fault.Invalid and names the field (lang, subject or
// body), the line and the remedy: an unknown field is found while writing, not while
// sending.
func Parse(src Source) (*Text, error) {
	p := parser{t: &Text{source: src}, mark: token(src)}
	if !Tag(src.Lang) {
		p.wrong("lang", 0, "must be a language tag such as en or de-AT")
	}
	p.subject(src.Subject)
	p.body(src.Body)
	if len(p.found) > 0 {
		slices.SortStableFunc(p.found, func(a, b wrong) int {
			return cmp.Or(-cmp.Compare(a.field, b.field), cmp.Compare(a.line, b.line)) // subject, lang, body
		})
		fields := make([]fault.Field, len(p.found))
		for i, w := range p.found {
			fields[i] = fault.Field{Field: w.field, Message: w.words}
		}
		return nil, fault.Invalids(fields...)
	}
	return p.t, nil
}

// Tag says whether a word has the shape of a language tag (BCP 47): en, de-AT, zh-Hant-TW.
func Tag(lang string) bool {
	parts := strings.Split(lang, "-")
	for i, s := range parts {
		letters := strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz")
		if len(s) < 2 || len(s) > 8 || i == 0 && (len(s) > 3 || letters != "") || strings.Trim(letters, "0123456789") != "" {
			return false
		}
	}
	return len(parts) <= 4
}

type parser struct {
	t     *Text
	mark  string // begins a token
	found []wrong
}

type wrong struct {
	field string
	line  int
	words string
}

const maxWrong = 50 // problems named at once

func (p *parser) wrong(field string, line int, msg string) {
	if len(p.found) >= maxWrong {
		return
	}
	if line > 0 {
		msg = fmt.Sprintf("line %d: %s", line, msg)
	}
	p.found = append(p.found, wrong{field, line, msg})
}

// token is a word the source does not hold. Fields stand in the Markdown as the token, a
// number and an "e" while it is read: nothing in that has a meaning in Markdown.
func token(src Source) string {
	mark := "wbf"
	for held := strings.ToLower(src.Subject + src.Body); strings.Contains(held, mark); {
		mark += "f"
	}
	return mark
}

func (p *parser) subject(s string) {
	switch {
	case strings.TrimSpace(s) == "":
		p.wrong("subject", 0, "is needed")
	case len(s) > MaxSubject:
		p.wrong("subject", 0, fmt.Sprintf("is longer than %d bytes", MaxSubject))
	case markup.Clean(s, false) != s:
		p.wrong("subject", 0, "is one line without hidden characters")
	default:
		p.t.subject = p.cut(p.replace("subject", s))
		for i := range p.t.subject { // in a subject a link is an address only
			p.t.subject[i].href = false
		}
	}
}

func (p *parser) body(s string) {
	switch {
	case strings.TrimSpace(s) == "":
		p.wrong("body", 0, "is needed")
		return
	case len(s) > MaxBody:
		p.wrong("body", 0, fmt.Sprintf("is longer than %d bytes", MaxBody))
		return
	case !utf8.ValidString(s):
		p.wrong("body", 0, "is not UTF-8 text")
		return
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	for i, line := range strings.Split(s, "\n") {
		if clean := markup.Clean(line, false); clean != strings.ReplaceAll(line, "\t", " ") {
			p.wrong("body", i+1, "holds hidden characters, or marks that turn the direction of writing; type the line anew")
		}
	}
	doc, problems := markup.Parse(p.replace("body", s))
	for _, x := range problems {
		p.wrong("body", x.Line, x.Message)
	}
	for _, l := range doc.Links {
		if at := strings.Index(l.To, p.mark); at >= 0 && !p.address(l.To) {
			p.wrong("body", l.Line, "a field in the address of a link is the whole address, such as {{recipient.link}}, with a space behind it in running text")
		}
	}
	p.t.plain = p.cut(doc.Plain)
	p.t.html = p.cut(doc.HTML)
	p.t.blocks = doc.Blocks
	for i := range p.t.blocks {
		p.t.blocks[i].Text = p.names(doc.Blocks[i].Text)
	}
}

// The address a link field has while Markdown is read.
const (
	before = "https://"
	after  = ".invalid/"
)

// address says whether a link leads to a link field and nothing else.
func (p *parser) address(to string) bool {
	for i, s := range p.t.slots {
		if s.Kind == Link && to == before+p.mark+strconv.Itoa(i)+"e"+after {
			return true
		}
	}
	return false
}

// replace puts tokens where fields stand, and says what is wrong with a field.
func (p *parser) replace(field, s string) string {
	var b strings.Builder
	line := 1
	where := func() int {
		if field == "subject" {
			return 0
		}
		return line
	}
	for {
		text, rest, found := strings.Cut(s, "{{")
		line += strings.Count(text, "\n")
		b.WriteString(text)
		if !found {
			return b.String()
		}
		inside, next, closed := strings.Cut(rest, "}}")
		if !closed || strings.ContainsAny(inside, "\n{}") {
			p.wrong(field, where(), "a field begins with {{ and ends with }} on the same line")
			b.WriteString("{{")
			s = rest
			continue
		}
		b.WriteString(p.slot(field, where(), inside))
		s = next
	}
}

// slot reads what stands between the braces and gives its token.
func (p *parser) slot(field string, line int, inside string) string {
	name, fallback, has := strings.Cut(inside, "|")
	name, fallback = strings.TrimSpace(name), strings.TrimSpace(fallback)
	f, ok := FieldOf(name)
	switch {
	case !ok || !sane(name):
		p.wrong(field, line, fmt.Sprintf("there is no field of this name; the nearest is {{%s}}", nearest(strings.ToLower(name))))
		return ""
	case has && fallback == "":
		p.wrong(field, line, fmt.Sprintf("the words behind | in {{%s|…}} are missing", f.Name))
	case has && f.Kind == Link:
		p.wrong(field, line, fmt.Sprintf("{{%s}} is an address; it takes no other words", f.Name))
	}
	s := slot{Field: f, fallback: fallback}
	i := slices.Index(p.t.slots, s)
	if i < 0 {
		i = len(p.t.slots)
		p.t.slots = append(p.t.slots, s)
	}
	t := p.mark + strconv.Itoa(i) + "e"
	if f.Kind == Link {
		return before + t + after
	}
	return t
}

// sane bounds the name of a column: it comes back in messages and lists.
func sane(name string) bool {
	const longest = 80
	return len(name) <= longest && !strings.ContainsFunc(name, func(c rune) bool {
		return unicode.IsControl(c) || strings.ContainsRune("<>\"'`\\", c)
	})
}

// next finds the first token in s: where it begins and ends, with its address, and its slot.
func (p *parser) next(s string) (from, to, slot int, ok bool) {
	for start := 0; ; {
		at := strings.Index(s[start:], p.mark)
		if at < 0 {
			return 0, 0, 0, false
		}
		from = start + at
		to = from + len(p.mark)
		digits := to
		for to < len(s) && s[to] >= '0' && s[to] <= '9' {
			to++
		}
		slot, err := strconv.Atoi(s[digits:to])
		start = to
		if err != nil || slot >= len(p.t.slots) || to == len(s) || s[to] != 'e' {
			continue // an entity in the source may spell the token; it stays words
		}
		to++
		if p.t.slots[slot].Kind == Link && strings.HasSuffix(s[:from], before) && strings.HasPrefix(s[to:], after) {
			from, to = from-len(before), to+len(after)
		}
		return from, to, slot, true
	}
}

// cut makes pieces of a text with tokens.
func (p *parser) cut(s string) []piece {
	var out []piece
	for {
		from, to, slot, ok := p.next(s)
		if !ok {
			return append(out, piece{lit: s, slot: -1})
		}
		out = append(out, piece{lit: s[:from], slot: slot, href: strings.HasSuffix(s[:from], `href="`)})
		s = s[to:]
	}
}

// names puts the names of the fields back where tokens stand.
func (p *parser) names(s string) string {
	var b strings.Builder
	for {
		from, to, slot, ok := p.next(s)
		if !ok {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:from] + "{{" + p.t.slots[slot].Name + "}}")
		s = s[to:]
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
