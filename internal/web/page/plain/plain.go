// Package plain writes what the record keeps for programs as people read it: the name of a
// language, the link that dials a number, the times inside a sentence of the law. It carries
// out "Understand incident response plan and procedures to appropriately respond" (policy 003)
// for whoever reads a screen at night. It must not import a screen.
package plain

import (
	"cmp"
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/wakebell/wakebell/internal/web/page"
)

var languages = map[string]string{"en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pl": "Polish", "nl": "Dutch", "pt": "Portuguese"}

// Language is the name of a language, or its code where it has none here.
func Language(code string) string {
	return cmp.Or(languages[code], code)
}

// Tel is the link that dials a number.
func Tel(number string) templ.SafeURL {
	return templ.SafeURL("tel:" + strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, number))
}

var moments = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)`)

// Times writes the times inside a sentence of the law as other times are written, in the
// viewer's zone. What is kept and handed on is exact; what is read is plain.
func Times(ctx context.Context, sentence string) string {
	return moments.ReplaceAllStringFunc(sentence, func(s string) string {
		t, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return s
		}
		return page.Stamp(ctx, t)
	})
}
