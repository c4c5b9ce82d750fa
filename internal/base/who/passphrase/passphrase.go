// Package passphrase says which passphrases are good enough and keeps them as
// salted hashes. It carries out "All information concerning an incident is to
// be considered confidential" (policy 003). Sources: NIST SP 800-63B-4 3.1.1.2
// for the rules, RFC 9106 and the OWASP cheat sheet on password storage for
// Argon2id. It must not import any other package of this module than fault.
package passphrase

import (
	_ "embed"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// The rules are those of SP 800-63B-4 3.1.1.2: 15 characters, because the
// passphrase is the only factor; every character allowed, none demanded; no
// expiry; and a list of what guessers try first.
const (
	MinLength = 15  // Unicode code points
	MaxLength = 256 // far above the 64 that must be allowed; bounds the work
	// leftover is how many characters must remain beside common words, names and
	// runs. Less is what a guesser's rules append to a word.
	leftover = 6
)

//go:embed common.txt
var commonText string

// Check returns nil or Invalid on the field "passphrase". about are words an
// attacker knows about the person: name, e-mail address, company.
func Check(passphrase string, about ...string) error {
	bad := func(msg string) error { return fault.InvalidField("passphrase", msg) }
	if !utf8.ValidString(passphrase) {
		return bad("holds bytes that are no text")
	}
	text := string(normal(passphrase))
	switch n := utf8.RuneCountInString(text); {
	case n < MinLength:
		return bad("needs at least 15 characters; several words in a row are easy to remember and hard to guess")
	case n > MaxLength || utf8.RuneCountInString(passphrase) > MaxLength:
		return bad("must have at most 256 characters")
	}
	runes := []rune(strings.ToLower(text))
	switch {
	case fewDifferent(runes):
		return bad("repeats a few characters; guessers try that first")
	case repeats(runes):
		return bad("repeats one short piece; guessers try that first")
	}
	if strength(runes, common()) < leftover {
		return bad("is made of very common words or runs of keys; guessers try those first")
	}
	if strength(runes, append(common(), words(about)...)) < leftover {
		return bad("is made of the name, the e-mail address or the product; guessers try those first")
	}
	return nil
}

// common are the words of common.txt, longest first.
func common() []string {
	var out []string
	for line := range strings.Lines(commonText) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, strings.Fields(line)...)
		}
	}
	return out
}

// words cuts texts into lower-case words of at least three letters.
func words(texts []string) []string {
	var out []string
	for _, t := range texts {
		for _, w := range strings.FieldsFunc(strings.ToLower(string(normal(t))), func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r)
		}) {
			if utf8.RuneCountInString(w) >= 3 {
				out = append(out, w)
			}
		}
	}
	return out
}

// fewDifferent: four different characters in fifteen.
func fewDifferent(runes []rune) bool {
	seen := map[rune]bool{}
	for _, r := range runes {
		seen[r] = true
	}
	return len(seen) < 5
}

// repeats reports whether one piece shorter than a passphrase fills the whole.
func repeats(runes []rune) bool {
	for size := 1; size < MinLength && size <= len(runes)/2; size++ {
		same := true
		for n := size; n < len(runes) && same; n++ {
			same = runes[n] == runes[n-size]
		}
		if same {
			return true
		}
	}
	return false
}

// strength counts what is left of a passphrase when runs, years and the given
// words are gone, with letters read behind the usual replacements (p@ssw0rd).
// Other signs count half, and each only once.
func strength(runes []rune, words []string) int {
	text := []rune(string(runes))
	cutRuns(text)
	cutYears(text)
	signs := map[rune]bool{}
	var plain, folded strings.Builder
	for _, r := range text {
		if unicode.IsSpace(r) {
			continue
		}
		letter, stands := replaced[r]
		if r < utf8.RuneSelf && !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != cut {
			signs[r] = true
			if !stands {
				continue
			}
		} else {
			plain.WriteRune(r)
		}
		if stands {
			r = letter
		}
		folded.WriteRune(r)
	}
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	return min(left(plain.String(), words), left(folded.String(), words)) + len(signs)/2
}

// cut marks a place where something was taken out.
const cut = '\x00'

var replaced = map[rune]rune{
	'0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b', '@': 'a', '$': 's', '!': 'i', '|': 'l', '+': 't',
}

func left(text string, words []string) int {
	for _, w := range words {
		text = strings.ReplaceAll(text, w, string(cut))
	}
	n := 0
	for _, r := range text {
		if r != cut {
			n++
		}
	}
	return n
}

// rows are the runs of keys and letters people's fingers know.
var rows = []string{
	"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "qwertzuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm", "azertyuiop",
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "!@#$%^&*()_+",
}

const shortestRun = 4

// cutRuns marks runs of four and more: along a row, forwards or backwards, or
// of one character.
func cutRuns(text []rune) {
	for from := 0; from < len(text); {
		n := 1
		for n < len(text)-from && isRun(text[from:from+n+1]) {
			n++
		}
		if n < shortestRun {
			from++
			continue
		}
		for i := range n {
			text[from+i] = cut
		}
		from += n
	}
}

func isRun(part []rune) bool {
	same := true
	for _, r := range part {
		same = same && r == part[0]
	}
	if same {
		return part[0] != cut
	}
	piece := string(part)
	back := slices.Clone(part)
	slices.Reverse(back)
	for _, row := range rows {
		if strings.Contains(row, piece) || strings.Contains(row, string(back)) {
			return true
		}
	}
	return false
}

// cutYears marks 1900 to 2099.
func cutYears(text []rune) {
	for n := 0; n+4 <= len(text); n++ {
		y := string(text[n : n+4])
		if (strings.HasPrefix(y, "19") || strings.HasPrefix(y, "20")) && digits(y[2:]) {
			for i := range 4 {
				text[n+i] = cut
			}
		}
	}
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }
