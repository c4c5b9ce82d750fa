package search

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	maxToken = 128  // bytes; a SHA-512 in hex just fits
	maxWords = 4000 // tokens of one doc; a longer text is searched by its beginning
)

// signs stand inside words and cut them in parts.
const signs = ".-_@+:"

// docWords returns the tokens of a doc: its words, whole and in parts, its kind
// and its labels, sorted and each once.
func docWords(d Doc) []string {
	out := make([]string, 0, 32)
	out = append(out, "=k"+d.Kind)
	for _, v := range d.Visible {
		out = append(out, "=v"+v)
	}
	for _, s := range [...]string{d.ID, d.Title, d.Text} {
		for w := range chunks(s) {
			if len(out) >= maxWords {
				break
			}
			out = parts(out, w)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// queryWords returns the whole tokens that must be there and the beginning of
// the last one.
func queryWords(s string) (words []string, prefix string) {
	for w := range chunks(s) {
		if len(words) >= 20 {
			break // more words than anybody types
		}
		if ideographic(w) {
			words = append(words, pairs(nil, w)...)
			if utf8.RuneCountInString(w) > 1 {
				words = words[:len(words)-1] // its last character stands alone only at an end
			}
			continue
		}
		words = append(words, clip(w))
	}
	if n := len(words); n > 0 {
		prefix, words = words[n-1], words[:n-1]
	}
	slices.Sort(words)
	return slices.Compact(words), prefix
}

// chunks yields the words of a text in lower case: runs of letters, digits and
// the signs inside hosts, addresses and references. Scripts without spaces
// make words of their own.
func chunks(s string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		if !plain(s) {
			s = norm.NFKC.String(s)
		}
		s = strings.ToLower(s)
		start, wide := -1, false
		emit := func(end int) bool {
			w := s[start:end]
			start = -1
			if wide {
				return yield(w)
			}
			for _, p := range cutColons(w) {
				if p = strings.Trim(p, signs); p != "" && !yield(p) {
					return false
				}
			}
			return true
		}
		for i, r := range s {
			in, w := inWord(r), r > 0x2e7f && isWide(r)
			if start >= 0 && (!in || w != wide) && !emit(i) {
				return
			}
			if in && start < 0 {
				start, wide = i, w
			}
		}
		if start >= 0 {
			emit(len(s))
		}
	}
}

func plain(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func inWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_' || r == '@' || r == '+' || r == ':'
	}
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}

func isWide(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) }

func ideographic(w string) bool {
	r, _ := utf8.DecodeRuneInString(w)
	return isWide(r)
}

// cutColons cuts at colons, but keeps IPv6 and hardware addresses.
func cutColons(w string) []string {
	n := strings.Count(w, ":")
	if n == 0 || n > 1 && strings.Trim(w, "0123456789abcdef:.") == "" {
		return []string{w}
	}
	return strings.Split(w, ":")
}

func clip(w string) string {
	if len(w) <= maxToken {
		return w
	}
	n := maxToken
	for !utf8.RuneStart(w[n]) {
		n--
	}
	return w[:n]
}

// parts adds the word whole and in parts: srv-1.acme.com gives also acme.com,
// com, srv-1, srv, 1 and acme; 10.1.2.3 gives also 10.1 and 10.1.2;
// ann@acme.com gives also ann and the parts of the host.
func parts(out []string, w string) []string {
	if ideographic(w) {
		return pairs(out, w)
	}
	out = append(out, clip(w))
	if !strings.ContainsAny(w, signs) {
		return out
	}
	if at := strings.LastIndexByte(w, '@'); at > 0 {
		out = parts(out, strings.Trim(w[:at], signs))
		if host := strings.Trim(w[at+1:], signs); host != "" {
			out = parts(out, host)
		}
		return out
	}
	numeric := strings.Trim(w, "0123456789.") == ""
	for i := range len(w) {
		if w[i] != '.' || i == 0 || i == len(w)-1 {
			continue
		}
		if numeric {
			out = append(out, clip(w[:i]))
		} else if rest := strings.Trim(w[i+1:], signs); rest != "" {
			out = append(out, clip(rest))
		}
	}
	for _, label := range strings.Split(w, ".") {
		if label = strings.Trim(label, "-_+:"); label != "" {
			out = append(out, clip(label))
		}
	}
	for _, p := range strings.FieldsFunc(w, func(r rune) bool { return strings.ContainsRune(signs, r) }) {
		out = append(out, clip(p))
	}
	return out
}

// pairs adds each two neighbouring characters, and the last one alone.
func pairs(out []string, w string) []string {
	runes := []rune(w)
	for i := range runes {
		out = append(out, string(runes[i:min(i+2, len(runes))]))
	}
	return out
}
