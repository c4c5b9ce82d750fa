package course

import (
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

// headline is a subject as a line of a list: fields filled with what is known, others as
// their names in brackets. A subject that cannot be read stands as it is written.
func headline(lang, subject string, known text.Values) string {
	if !strings.Contains(subject, "{{") {
		return subject
	}
	t, err := text.Parse(text.Source{Lang: lang, Subject: subject, Body: "-"})
	if err != nil {
		return subject
	}
	said := text.Values{}
	for _, name := range t.Fields() {
		said[name] = known[name]
		if f, _ := text.FieldOf(name); f.Scope == text.OfRecipient || !known[name].Known {
			said[name] = text.Known("["+f.Title+"]", "")
		}
	}
	r, _ := t.Render("", time.UTC, said, said)
	return r.Subject
}
