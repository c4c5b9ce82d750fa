package text

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/base/markup"
)

// Rendered is a notice as one recipient reads it. Subject is one line; HTML is a
// sanitised fragment; Text says the same without HTML.
type Rendered struct {
	Lang    string
	Subject string
	Text    string
	HTML    string
}

// Document is the HTML as a whole page, for a mail.
func (r Rendered) Document() string { return markup.Page(r.Lang, r.Subject, r.HTML) }

// Missing is a field that could not be filled: Unknown, TooLong or NotAnAddress. The text
// shows a mark in its place; a notice with one does not go out.
type Missing struct {
	Field string
	Title string
	Why   string
}

// Render fills a text for one recipient: common holds the incident's and the notice's
// values, own those of the recipient. lang decides how dates, numbers and lists are
// written, "" for the language of the text. A nil zone is UTC. For many recipients, With
// does the common part once.
func (t *Text) Render(lang string, zone *time.Location, common, own Values) (Rendered, []Missing) {
	return t.With(lang, zone, common).For(own)
}

// Letter is a text whose common part is filled in. It is safe for use by many at once.
type Letter struct {
	lang    string
	zone    *time.Location
	tongue  *tongue
	slots   []slot // those of the recipient
	subject form
	most    int // characters of one value in the subject
	plain   form
	html    form
	missing []Missing
}

// form is a text that waits for the recipient's values.
type form struct {
	pieces []piece
	size   int
}

// said is the value of one slot in its three writings.
type said struct{ line, plain, html, href string }

// With fills in the common values.
func (t *Text) With(lang string, zone *time.Location, common Values) *Letter {
	if lang == "" {
		lang = t.source.Lang
	}
	if zone == nil {
		zone = time.UTC
	}
	l := &Letter{lang: lang, zone: zone, tongue: tongueOf(lang), most: share(t.subject)}
	words := make([]said, len(t.slots))
	open := make([]int, len(t.slots)) // slot of the text -> slot of the letter, -1 where it is filled
	for i, s := range t.slots {
		open[i] = -1
		if s.Scope == OfRecipient {
			open[i] = len(l.slots)
			l.slots = append(l.slots, s)
			continue
		}
		words[i], l.missing = l.fill(s, common, l.missing)
	}
	l.subject = fold(t.subject, open, func(i int, _ bool) string { return markup.Cut(words[i].line, l.most) })
	l.plain = fold(t.plain, open, func(i int, _ bool) string { return words[i].plain })
	l.html = fold(t.html, open, func(i int, href bool) string {
		if href {
			return words[i].href
		}
		return words[i].html
	})
	return l
}

// fold joins the pieces whose value is there with their neighbours.
func fold(pieces []piece, open []int, value func(int, bool) string) form {
	var f form
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.lit)
		switch {
		case p.slot < 0:
		case open[p.slot] < 0:
			b.WriteString(value(p.slot, p.href))
		default:
			f.pieces = append(f.pieces, piece{lit: b.String(), slot: open[p.slot], href: p.href})
			f.size += b.Len()
			b.Reset()
		}
	}
	f.pieces = append(f.pieces, piece{lit: b.String(), slot: -1})
	f.size += b.Len()
	return f
}

// For fills in the values of one recipient.
func (l *Letter) For(own Values) (Rendered, []Missing) {
	missing := l.missing[:len(l.missing):len(l.missing)]
	var few [8]said
	words := few[:0]
	for _, s := range l.slots {
		var w said
		w, missing = l.fill(s, own, missing)
		words = append(words, w)
	}
	return Rendered{
		Lang: l.lang,
		// A value may bring what would be read as an encoded word (RFC 2047).
		Subject: strings.ReplaceAll(l.subject.write(words, func(w *said, _ bool) string { return markup.Cut(w.line, l.most) }), "=?", "=？"),
		Text:    l.plain.write(words, func(w *said, _ bool) string { return w.plain }),
		HTML: l.html.write(words, func(w *said, href bool) string {
			if href {
				return w.href
			}
			return w.html
		}),
	}, missing
}

// share is how many characters of a finished subject each value in it may have: they share
// what its own words leave. The source is short and names them, so that is never nothing. A
// longer one would fail that copy alone, after everybody has approved.
func share(subject []piece) int {
	left, values := maxLine, 0
	for _, p := range subject {
		left -= utf8.RuneCountInString(p.lit)
		if p.slot >= 0 {
			values++
		}
	}
	return left / max(values, 1)
}

func (f form) write(words []said, value func(*said, bool) string) string {
	if len(f.pieces) == 1 {
		return f.pieces[0].lit
	}
	size := f.size
	for _, p := range f.pieces {
		if p.slot >= 0 {
			size += len(value(&words[p.slot], p.href))
		}
	}
	var b strings.Builder
	b.Grow(size)
	for _, p := range f.pieces {
		b.WriteString(p.lit)
		if p.slot >= 0 {
			b.WriteString(value(&words[p.slot], p.href))
		}
	}
	return b.String()
}

// fill says one slot, or puts a mark where nothing can be said.
func (l *Letter) fill(s slot, values Values, missing []Missing) (said, []Missing) {
	words, why := s.say(values[s.Name], l.tongue, l.lang, l.zone)
	if why == Unknown && s.fallback != "" {
		words, why = s.fallback, ""
	}
	if why != "" {
		for _, m := range missing {
			if m.Field == s.Name {
				return hole(s.Field), missing
			}
		}
		return hole(s.Field), append(missing, Missing{Field: s.Name, Title: s.Title, Why: why})
	}
	line := words
	if s.Lines {
		line = markup.Clean(words, false)
	}
	out := said{line: line, plain: words, href: "#"}
	if s.Lines {
		out.html = markup.EscapeLines(words)
	} else {
		out.html = markup.Escape(words)
	}
	if s.Kind == Link {
		out.href = out.html
	}
	return out, missing
}

// hole is the mark of what is missing.
func hole(f Field) said {
	mark := "[?? " + markup.Clean(f.Title, false) + " ??]"
	return said{line: mark, plain: mark, html: "<mark>" + markup.Escape(mark) + "</mark>", href: "#"}
}
