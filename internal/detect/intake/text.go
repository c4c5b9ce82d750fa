package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// Bounds of texts, in characters.
const (
	maxTitle   = 300
	maxSummary = 20_000
	maxContact = 500
	maxReason  = 5_000
	maxFinger  = 128
)

// Clean makes text of a machine safe to store and show: invalid UTF-8 becomes
// U+FFFD, control characters and those that reverse the reading direction are
// dropped, line breaks become spaces unless lines is set, and what exceeds limit
// characters is cut.
func Clean(s string, limit int, lines bool) string {
	if len(s) <= limit && plain(s) {
		return strings.TrimSpace(s)
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	var b strings.Builder
	n := 0
	for _, r := range strings.TrimSpace(s) {
		switch {
		case lines && (r == '\n' || r == '\t'):
		case r == '\n' || r == '\t' || r == '\u2028' || r == '\u2029':
			r = ' '
		case hostile(r):
			continue
		}
		if n++; n > limit {
			return strings.TrimSpace(b.String()) + "…"
		}
		b.WriteRune(r)
	}
	return b.String()
}

// plain is the quick answer for printable ASCII, which most alerts are.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// hostile reports characters that have no place in stored text: controls (NUL
// cannot be stored by PostgreSQL at all) and directional overrides, which can
// make a title read as something else.
func hostile(r rune) bool {
	return unicode.IsControl(r) || (r >= 0x202A && r <= 0x202E) || (r >= 0x2066 && r <= 0x2069) || r == 0xFEFF
}

// checkText judges text of a person. It is refused, never changed.
func checkText(field, s string, limit int, required bool) []fault.Field {
	bad := func(msg string) []fault.Field { return []fault.Field{{Field: field, Message: msg}} }
	if required && strings.TrimSpace(s) == "" {
		return bad("is required")
	}
	if !utf8.ValidString(s) {
		return bad("is not valid UTF-8; send the text as UTF-8")
	}
	if utf8.RuneCountInString(s) > limit {
		return bad(fmt.Sprintf("is longer than %d characters; shorten it", limit))
	}
	for _, r := range s {
		if r != '\n' && r != '\r' && r != '\t' && hostile(r) {
			return bad("holds a control character; remove it")
		}
	}
	return nil
}

// fingerprint keeps a sender's identity of an alert when it is short and plain,
// and replaces it with a digest otherwise: it is stored among the facts, which
// hold no personal data.
func fingerprint(s string) string {
	ok := len(s) > 0 && len(s) <= maxFinger
	for i := 0; ok && i < len(s); i++ {
		c := s[i]
		ok = c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_' || c == '.' || c == ':'
	}
	if ok {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// slug brings a label into the form of a directory id: lower case, other runs
// of characters become one hyphen. Source: ids are [a-z0-9-]{2,64}.
func slug(s string) string {
	plainSlug := len(s) <= 64
	for i := 0; plainSlug && i < len(s); i++ {
		c := s[i]
		plainSlug = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-'
	}
	if plainSlug {
		return s
	}
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		} else if n := b.Len(); n > 0 && b.String()[n-1] != '-' {
			b.WriteByte('-')
		}
		if b.Len() > 64 {
			return ""
		}
	}
	return strings.TrimSuffix(b.String(), "-")
}
