package notice

import (
	"context"
	"fmt"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice/gate"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

// Known says what is known for the fields of a notice's texts. Set at wiring; without it
// nothing is known, and no text is checked against the record.
type Known func(ctx context.Context, r store.Reader, st incident.State, n Notice) (text.Values, error)

// Fill names who says what is known. Only at wiring.
func (s *Service) Fill(k Known) { s.known = k }

func (s *Service) values(ctx context.Context, r store.Reader, st incident.State, n Notice) (text.Values, error) {
	if s.known == nil {
		return nil, nil
	}
	v, err := s.known(ctx, r, st, n)
	if err != nil {
		return nil, fmt.Errorf("read what is known for notice %s: %w", n.ID, err)
	}
	return v, nil
}

// source is a text as it is written, and the template it began as.
type source struct {
	text.Source
	template string
}

// check refuses what could not be sent, above all a field that there is not.
func (src source) check() error {
	_, err := text.Parse(src.Source)
	return err
}

// Templates lists what a notice may begin as.
func (s *Service) Templates() []text.Template { return s.templates }

// template is the start of a text: the one named, or that of the audience and purpose.
func (s *Service) template(a Audience, p Purpose, lang, id string) (source, error) {
	for _, t := range s.templates {
		mine := id == t.ID || id == "" && t.Audience == string(a) && t.Purpose == string(p)
		if mine && t.Lang == lang {
			return source{Source: t.Source(), template: t.ID}, nil
		}
	}
	if id != "" {
		return source{}, fault.InvalidField("template", "is no template in this language")
	}
	const none = "is needed: there is no template for this audience, purpose and language"
	return source{}, fault.Invalids(fault.Field{Field: "subject", Message: none}, fault.Field{Field: "body", Message: none})
}

// parsed are the texts of a notice, the master first.
func parsed(n Notice) (list []text.Named) {
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

// findings are what keeps the texts from being sent: languages and variants that do not say
// the same as the master, and fields of the incident that nothing is known for.
func findings(list []text.Named, n Notice, known text.Values) []gate.Finding {
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
	if known == nil {
		return out
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

// changed are the facts that are other now than when the texts were submitted.
func changed(list []text.Named, r *Round, known text.Values) []gate.Finding {
	if r == nil || known == nil {
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
