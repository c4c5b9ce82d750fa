package notice

import (
	"context"
	"fmt"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/notify/notice/gate"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
	"github.com/wakebell/wakebell/internal/notify/notice/value"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// source is a text in Markdown with merge fields, as it is written.
type source struct {
	Lang, Subject, Body string
	template            string
}

// maxSubject is what a mail's subject and a line of a list hold.
const maxSubject = 200

// check refuses what could not be sent: an unknown field is found while writing.
func (src source) check() error {
	f := check.Text(nil, "subject", src.Subject, maxSubject, true)
	f = check.Text(f, "body", src.Body, check.Screen, true)
	if err := fault.Invalids(f...); err != nil {
		return err
	}
	_, err := text.Parse(text.Source{Lang: src.Lang, Subject: src.Subject, Body: src.Body})
	return err
}

// template is the start of a text: the operator's, or a built-in one.
func (s *Service) template(a Audience, p Purpose, lang, id string) (source, error) {
	t, ok := s.Templates.Pick(string(a), string(p), lang, id)
	if !ok {
		return source{}, fault.InvalidField("template", "is no template there is; wakebell templates ls lists them")
	}
	return source{Lang: lang, Subject: t.Subject, Body: t.Body, template: t.ID + " " + t.Lang + " " + t.Version}, nil
}

// consistent finds where languages and variants do not say the same facts as the master
// text, and fields of the record or the notice that have no value yet.
func consistent(st incident.State, dir directory.Snapshot, n Notice, told value.Telling) []gate.Finding {
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

// telling is what a notice says of itself.
func (s *Service) telling(ctx context.Context, r store.Reader, st incident.State, n Notice) (value.Telling, error) {
	t := value.Telling{Reference: fmt.Sprintf("%s/%d", st.Ref, n.No), Date: s.clk.Now()}
	if n.Follows == 0 {
		return t, nil
	}
	earlier, err := byNo(ctx, r, st.ID, n.Follows)
	if err != nil {
		return t, err
	}
	t.EarlierReference = fmt.Sprintf("%s/%d", st.Ref, earlier.No)
	if earlier.Release != nil {
		t.Earlier = earlier.Release.At
	}
	return t, nil
}
