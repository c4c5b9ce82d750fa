// Package phrase holds the small words by which rooms tell their entries for people:
// times, counts and lists. It carries out no policy sentence and imports nothing of
// the product.
package phrase

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Time tells an instant in UTC: the time alone on the day of near, else with its date.
func Time(t, near time.Time) string {
	t, near = t.UTC(), near.UTC()
	if t.YearDay() == near.YearDay() && t.Year() == near.Year() {
		return t.Format("15:04 UTC")
	}
	return t.Format("2006-01-02 15:04 UTC")
}

// Count is "1 duty" or "3 duties".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// And is "a", "a and b" or "a, b and c".
func And(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

// Lower makes a title part of a sentence: its first letter is small unless the first
// word is an abbreviation such as SIRT.
func Lower(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	if next, _ := utf8.DecodeRuneInString(s[n:]); unicode.IsUpper(next) {
		return s
	}
	return string(unicode.ToLower(first)) + s[n:]
}

// Because adds a reason, if there is one.
func Because(what, reason string) string {
	if reason = strings.TrimSpace(reason); reason == "" {
		return what
	}
	return what + ": " + reason
}
