package notice

import (
	"strings"
	"unicode"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/notify/notice/gate"
)

// source is a text in Markdown with merge fields, as it is written.
type source struct {
	Lang, Subject, Body string
	template            string
}

// maxSubject is what a mail's subject and a line of a list hold.
const maxSubject = 200

// check refuses what could not be sent.
func (src source) check() error {
	f := check.Text(nil, "subject", src.Subject, maxSubject, true)
	f = check.Text(f, "body", src.Body, check.Screen, true)
	if strings.ContainsFunc(src.Subject, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }) {
		f = append(f, fault.Field{Field: "subject", Message: "must be one line"})
	}
	return fault.Invalids(f...)
}

// template is the built-in start of a text.
func template(Audience, Purpose, string, string) (source, error) {
	return source{}, fault.Invalids(
		fault.Field{Field: "subject", Message: "is needed"}, fault.Field{Field: "body", Message: "is needed"},
	)
}

// consistent finds where languages and variants do not say the same as the master text.
func consistent(n Notice) []gate.Finding {
	master, ok := n.Text(n.Lang, "")
	if !ok {
		return nil
	}
	var out []gate.Finding
	for _, t := range n.Texts {
		if t != master && strings.TrimSpace(t.Body) == "" {
			out = append(out, gate.Finding{Says: "The text in " + t.Lang + " is empty."})
		}
	}
	return out
}
