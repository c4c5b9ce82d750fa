// Package agree finds where the texts of a notice do not say the same, and what they need
// that the record does not hold: what the gate of the texts looks at. It carries out policy
// 003 ("Communications with customers must be consistent, with the same or similar message
// delivered to each"). It is pure; it must not import a store, a clock or a face.
package agree

import (
	"strings"

	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice/course"
	"github.com/wakebell/wakebell/internal/notify/notice/gate"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
	"github.com/wakebell/wakebell/internal/notify/notice/value"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// Findings lists where languages and variants do not say the same facts as the master
// text, and fields of the record or the notice that have no value yet.
func Findings(st incident.State, dir directory.Snapshot, n course.Notice, told value.Telling) []gate.Finding {
	values := value.Both(value.OfIncident(st, dir, value.About{Contact: value.Contact{Mail: n.Settings.ReplyTo}}), value.OfNotice(told))
	var out []gate.Finding
	var master text.Named
	var others []text.Named
	for _, t := range n.Texts {
		x, err := text.Parse(text.Source{Lang: t.Lang, Subject: t.Subject, Body: t.Body})
		if err != nil {
			out = append(out, gate.Finding{Says: "The text in " + t.Lang + " cannot be read: open it, and the page says where."})
			continue
		}
		_, missing := x.Render("", nil, values, nil)
		for _, m := range missing {
			if f, ok := text.FieldOf(m.Field); ok && f.Scope != text.OfRecipient {
				out = append(out, gate.Finding{Where: "{{" + m.Field + "}}", Says: "The text in " + t.Lang + " needs what is not recorded yet: " + m.Title + "."})
			}
		}
		if t.Lang == n.Lang && t.Variant == "" {
			master = text.Named{Name: t.Lang, Text: x}
		} else {
			others = append(others, text.Named{Name: strings.TrimSuffix(t.Lang+" "+t.Variant, " "), Text: x})
		}
	}
	if master.Text == nil {
		return out
	}
	for _, f := range text.Consistent(master, others, values, nil) {
		says := map[text.Doubt]string{
			text.LeftOut: " leaves out what the master says: ", text.OnlyHere: " says what the master does not: ",
			text.Untranslated: " repeats words of the record in another language: ",
		}[f.Doubt]
		out = append(out, gate.Finding{Where: f.Sentence, Says: "The text in " + f.Text + says + f.Fact + "."})
	}
	return out
}
