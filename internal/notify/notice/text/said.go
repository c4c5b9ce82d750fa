package text

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// mention is one fact as a text says it: a day, a time, a number, a kind of data.
type mention struct {
	key   string // the same in every language: "day 2026-11-22", "number 12040"
	words string // as the text says it
	at    Sentence
}

// mentions finds the facts that sentences say. Fields without a value are facts by their
// name, so that texts can be compared before everything is known.
func mentions(list []Sentence, lang string, values Values, zone *time.Location) []mention {
	var out []mention
	for _, s := range list {
		said := s
		said.Words = filled(s.Words, values, lang, zone)
		for _, name := range fieldsIn(said.Words) {
			if f, ok := FieldOf(name); ok && f.Scope != OfRecipient {
				out = append(out, mention{key: "field " + name, words: f.Title, at: said})
			}
		}
		rest := inBraces.ReplaceAllString(said.Words, " ")
		for _, f := range found(rest) {
			out = append(out, mention{key: f[0], words: f[1], at: said})
		}
		for _, f := range kinds(rest, lang, values) {
			out = append(out, mention{key: f[0], words: f[1], at: said})
		}
	}
	return out
}

// kinds finds the items of lists of the record, in the words of the language.
func kinds(s, lang string, values Values) (out [][2]string) {
	low := strings.ToLower(s)
	for _, name := range []string{"incident.data_kinds", "incident.person_kinds", "incident.services", "incident.countries"} {
		v := values[name]
		if !v.Known {
			continue
		}
		own := v.list(lang)
		for i, item := range v.list("") {
			words := []string{item}
			if i < len(own) {
				words = append(words, own[i])
			}
			for _, w := range words {
				if w != "" && wordIn(low, strings.ToLower(w)) {
					out = append(out, [2]string{name + " " + item, w})
					break
				}
			}
		}
	}
	return out
}

// wordIn finds a word that does not stand inside another.
func wordIn(s, word string) bool {
	for start := 0; ; {
		at := strings.Index(s[start:], word)
		if at < 0 {
			return false
		}
		at += start
		end := at + len(word)
		if (at == 0 || !wordByte(s[at-1])) && (end == len(s) || !wordByte(s[end])) {
			return true
		}
		start = at + 1
	}
}

func wordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80 || c == '_'
}

var (
	monthWords = allMonths()
	aMonth     = `(` + strings.Join(sortedKeys(monthWords), "|") + `)`

	// what only looks like a number: addresses, references, telephone numbers
	noNumber = regexp.MustCompile(`[a-z]+://\S+|\S+@\S+|\+\d[\d ()/-]{4,}\d|[\pL\d]+(?:[-_/][\pL\d]+)*[-_/]\d[\pL\d/_-]*\d*`)
	isoDay   = regexp.MustCompile(`\b(\d{4})-(\d{2})-(\d{2})\b`)
	dotDay   = regexp.MustCompile(`\b(\d{1,2})\.(\d{1,2})\.(\d{4})\b`)
	dayMonth = regexp.MustCompile(`(?i)\b(\d{1,2})(?:\.|st|nd|rd|th)?\s+(?:de\s+|of\s+)?` + aMonth + `\b(?:\s+(?:de\s+)?(\d{4}))?`)
	monthDay = regexp.MustCompile(`(?i)\b` + aMonth + `\s+(\d{1,2})(?:st|nd|rd|th)?\b(?:,?\s+(\d{4}))?`)
	hour     = regexp.MustCompile(`(?i)\b([01]?\d|2[0-3])[:.]([0-5]\d)\b(?:\s*(am|pm)\b|\s*[ap]\.m\.)?`)
	number   = regexp.MustCompile(`\d(?:[\d.,'’\x{00a0}\x{202f}]*\d)?`)
	grouped  = regexp.MustCompile(`^\d{1,3}(?:[.,'’\x{00a0}\x{202f}]\d{3})+$`)
)

func allMonths() map[string]int {
	out := map[string]int{}
	for _, l := range tongues {
		for i, m := range strings.Fields(l.months) {
			out[strings.ToLower(m)] = i + 1
		}
	}
	return out
}

// found lists days, times and numbers: the key that is the same in every language, and
// the words. What one reading has taken, the next does not see.
func found(s string) (out [][2]string) {
	take := func(re *regexp.Regexp, key func(m []string) string) {
		s = re.ReplaceAllStringFunc(s, func(whole string) string {
			k := key(re.FindStringSubmatch(whole))
			if k == "" {
				return whole
			}
			out = append(out, [2]string{k, whole})
			return strings.Repeat(" ", 3)
		})
	}
	take(isoDay, func(m []string) string { return day(m[1], m[2], m[3]) })
	s = noNumber.ReplaceAllString(s, " ")
	take(dotDay, func(m []string) string { return day(m[3], m[2], m[1]) })
	take(dayMonth, func(m []string) string { return day(m[3], strconv.Itoa(monthWords[strings.ToLower(m[2])]), m[1]) })
	take(monthDay, func(m []string) string { return day(m[3], strconv.Itoa(monthWords[strings.ToLower(m[1])]), m[2]) })
	take(hour, func(m []string) string {
		if !strings.Contains(m[0], ":") && m[3] == "" {
			return "" // 3.50 is a number
		}
		h, _ := strconv.Atoi(m[1])
		if strings.EqualFold(m[3], "pm") && h < 12 {
			h += 12
		}
		return fmt.Sprintf("time %02d:%s", h, m[2])
	})
	take(number, func(m []string) string {
		n := m[0]
		if grouped.MatchString(n) {
			n = strings.Join(strings.FieldsFunc(n, func(c rune) bool { return c < '0' || c > '9' }), "")
		} else {
			n = strings.ReplaceAll(n, ",", ".")
		}
		return "number " + n
	})
	return out
}

// day is the key of a day; without a year it matches any.
func day(y, m, d string) string {
	month, _ := strconv.Atoi(m)
	of, _ := strconv.Atoi(d)
	if month < 1 || month > 12 || of < 1 || of > 31 {
		return ""
	}
	if y == "" {
		return fmt.Sprintf("day %02d-%02d", month, of)
	}
	return fmt.Sprintf("day %s-%02d-%02d", y, month, of)
}

// small numbers may be written as words.
var smallNumbers = [...][]string{
	{"one", "ein", "eine", "einen", "einem", "einer"},
	{"two", "zwei"},
	{"three", "drei"},
	{"four", "vier"},
	{"five", "fünf"},
	{"six", "sechs"},
	{"seven", "sieben"},
	{"eight", "acht"},
	{"nine", "neun"},
	{"ten", "zehn"},
	{"eleven", "elf"},
	{"twelve", "zwölf"},
}

// says tells whether a text says a fact: as one of its mentions, a day with or without its
// year, a small number as a word.
func says(has []mention, list []Sentence, key string) bool {
	if slices.ContainsFunc(has, func(m mention) bool { return m.key == key || sameDay(m.key, key) }) {
		return true
	}
	n, err := strconv.Atoi(strings.TrimPrefix(key, "number "))
	if err != nil || n < 1 || n > len(smallNumbers) {
		return false
	}
	for _, s := range list {
		low := strings.ToLower(s.Words)
		for _, w := range smallNumbers[n-1] {
			if wordIn(low, w) {
				return true
			}
		}
	}
	return false
}

func sameDay(a, b string) bool {
	a, ok := strings.CutPrefix(a, "day ")
	b, also := strings.CutPrefix(b, "day ")
	if !ok || !also || len(a) == len(b) {
		return false
	}
	return strings.HasSuffix(a, b) || strings.HasSuffix(b, a)
}
