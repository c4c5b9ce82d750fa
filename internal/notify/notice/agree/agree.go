// Package agree holds the texts of a notice against each other and against the record, so
// that all say the same (policy 003: "the same or similar message delivered to each"). It
// is pure and must not import the service of notices.
package agree

import (
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail/bulk"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/notify/notice/course"
	"github.com/wakebell/wakebell/internal/notify/notice/gate"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

// maxSubject is what a mail's subject and a line of a list hold.
const maxSubject = 200

// Check refuses what could not be sent, above all a field that there is not.
func Check(src text.Source) error {
	f := check.Text(nil, "subject", src.Subject, maxSubject, true)
	f = check.Text(f, "body", src.Body, check.Screen, true)
	if err := fault.Invalids(f...); err != nil {
		return err
	}
	if _, err := text.Parse(src); err != nil {
		return err
	}
	if !bulk.ValidLine(src.Subject, maxSubject) { // else each copy is refused, after everybody has approved
		return fault.InvalidField("subject", "cannot be the subject of a mail: leave out “=?” and what cannot be seen")
	}
	return nil
}

// Erased says whether the words of a text were destroyed since they were written.
func Erased(n course.Notice) bool {
	return slices.ContainsFunc(n.Texts, func(t course.Text) bool { return t.Subject == "" && t.Body == "" })
}

// Parsed are the texts of a notice, the master first.
func Parsed(n course.Notice) (list []text.Named) {
	for _, t := range n.Texts {
		p, err := text.Parse(text.Source{Lang: t.Lang, Subject: t.Subject, Body: t.Body})
		if err != nil {
			continue // it was written by a program that knew more fields; what sends it says so
		}
		name := t.Lang
		if t.Variant != "" {
			name += ", " + t.Variant
		}
		list = append(list, text.Named{Name: name, Text: p})
	}
	return list
}

// Findings are what keeps the texts from being sent: languages and variants that do not say
// the same as the master, and fields of the incident that nothing is known for.
func Findings(list []text.Named, n course.Notice, known text.Values) []gate.Finding {
	if Erased(n) {
		return []gate.Finding{{Says: "The words of a text were erased. Write them anew."}}
	}
	if len(list) != len(n.Texts) || len(list) == 0 {
		return []gate.Finding{{Says: "A text holds a field that this program does not know."}}
	}
	var out []gate.Finding
	for _, f := range text.Consistent(list[0], list[1:], known, nil) {
		switch f.Doubt {
		case text.LeftOut:
			out = append(out, gate.Finding{Where: f.Sentence, Says: "The text " + f.Text + " leaves out what the master says: " + f.Fact + "."})
		case text.OnlyHere:
			out = append(out, gate.Finding{Where: f.Sentence, Says: "The text " + f.Text + " says what the master does not: " + f.Fact + "."})
		}
	}
	for _, name := range n.VariantNames() {
		if n.Variants[name].Empty() {
			out = append(out, gate.Finding{Says: "The variant " + name + " is for nobody. Say who gets it, or take it out."})
		}
	}
	for _, t := range list {
		_, missing := t.With("", nil, known).For(nil)
		for _, m := range missing {
			if f, _ := text.FieldOf(m.Field); f.Scope != text.OfRecipient {
				out = append(out, gate.Finding{Says: "The text " + t.Name + " needs “" + m.Title + "”, and it is not known. Record it, or give words for when it is not known."})
			}
		}
	}
	return out
}

// Changed are the facts that are other now than when the texts were submitted.
func Changed(list []text.Named, r *course.Round, known text.Values) []gate.Finding {
	if r == nil {
		return nil
	}
	var out []gate.Finding
	for _, t := range list {
		for _, f := range text.Changed(r.Values, known, t.Text) {
			was, now := orNothing(f.Was), orNothing(f.Now)
			out = append(out, gate.Finding{
				Where: f.Sentence, Says: strings.ToUpper(f.Fact[:1]) + f.Fact[1:] + " was " + was + " when it was submitted, and is " + now + " now.",
			})
		}
	}
	return out
}

func orNothing(s string) string {
	if s == "" {
		return "not known"
	}
	return s
}
