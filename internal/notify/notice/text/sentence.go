package text

import (
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Sentence is one sentence of a text, fields as {{name}}, without Markdown.
type Sentence struct {
	Heading int // level, 0: no heading
	Section string
	Line    int // of the source, from 1; 0 is the subject
	Words   string
}

// Sentences are the sentences of the text in the order of reading, the subject first.
func (t *Text) Sentences() []Sentence {
	out := []Sentence{{Section: "Subject", Words: t.subjectWords()}}
	section := ""
	for _, b := range t.blocks {
		if b.Heading > 0 {
			section = b.Text
			out = append(out, Sentence{Heading: b.Heading, Section: section, Line: b.Line, Words: b.Text})
			continue
		}
		for _, s := range split(b.Text) {
			out = append(out, Sentence{Section: section, Line: b.Line, Words: s})
		}
	}
	return out
}

func (t *Text) subjectWords() string {
	var b strings.Builder
	for _, p := range t.subject {
		b.WriteString(p.lit)
		if p.slot >= 0 {
			b.WriteString("{{" + t.slots[p.slot].Name + "}}")
		}
	}
	return b.String()
}

// split cuts at the end of sentences: a stop, a space, and something that can begin one.
// A stop behind a number or a short word ("22. November", "Art. 33", "z. B.") ends none.
func split(s string) []string {
	var out []string
	start := 0
	for i := 0; i < len(s)-2; i++ {
		if !strings.ContainsRune(".!?", rune(s[i])) || s[i+1] != ' ' {
			continue
		}
		next, _ := utf8.DecodeRuneInString(s[i+2:])
		if !unicode.IsUpper(next) && next != '{' && !unicode.IsDigit(next) && next != '"' && next != '„' && next != '“' {
			continue
		}
		if s[i] == '.' && abbreviated(s[start:i]) {
			continue
		}
		out = append(out, s[start:i+1])
		start = i + 2
	}
	return append(out, s[start:])
}

// abbreviated says whether the last word before a stop is none that ends a sentence.
func abbreviated(s string) bool {
	word := s[strings.LastIndexByte(s, ' ')+1:]
	if word == "" || strings.HasSuffix(word, "}}") {
		return false
	}
	if strings.Trim(word, "0123456789") == "" {
		return len(word) <= 2 // a day of the month, a paragraph
	}
	switch strings.ToLower(strings.Trim(word, "(")) {
	case "art", "abs", "nr", "no", "e.g", "i.e", "ca", "vgl", "bzw", "ggf", "etc", "inc", "mr", "ms", "mrs", "dr", "st", "sec", "usw":
		return true
	}
	return utf8.RuneCountInString(word) == 1
}

var inBraces = regexp.MustCompile(`\{\{([^{}|]+)\}\}`)

// fieldsIn are the names of the fields of a sentence.
func fieldsIn(words string) []string {
	var out []string
	for _, m := range inBraces.FindAllStringSubmatch(words, -1) {
		out = append(out, m[1])
	}
	return out
}

// filled is a sentence with the values said; what is not known, and what each recipient
// has of their own, stays as its name.
func filled(words string, values Values, lang string, zone *time.Location) string {
	l := tongueOf(lang)
	return inBraces.ReplaceAllStringFunc(words, func(m string) string {
		f, ok := FieldOf(m[2 : len(m)-2])
		if !ok || f.Scope == OfRecipient {
			return m
		}
		said, why := f.say(values[f.Name], l, lang, zone)
		if why != "" {
			return m
		}
		return strings.Join(strings.Fields(said), " ")
	})
}
