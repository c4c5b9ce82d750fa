// Package proof reads a notice the way those who approve it should: what each text says
// with the facts of the record, whether all say the same, whether what the law asks for is
// in it, and what has changed since it was approved.
//
// It carries out policy 003 ("Communications with customers must be consistent, with the
// same or similar message delivered to each") and the content that the duty's rule asks
// for. It writes nothing. It must not import a face or respond.
package proof

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
	"github.com/wakebell/wakebell/internal/notify/notice/value"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/rule/regime"
)

// Deps is what proofs are read from.
type Deps struct {
	Notices   *notice.Service
	Incidents *incident.Service
	Directory *directory.Service
	Book      func() *regime.Book // the packs in force
	DB        *store.DB
	Clock     *clock.Clock
}

// Service reads proofs.
type Service struct{ Deps }

// New returns the service.
func New(d Deps) *Service { return &Service{d} }

// Proof is a notice, read.
type Proof struct {
	notice.View
	Values   text.Values    // what the record and the notice know now
	Zone     *time.Location // times are said in
	Sheets   []Sheet        // the master first
	Findings []text.Finding // where texts differ in what they say
	Changed  []text.Finding // facts that are other now than when it was submitted
	Asked    []Asked        // what the law wants in it
}

// Sheet is one text of the notice.
type Sheet struct {
	notice.Text
	Read    *text.Text     // nil: it cannot be read
	Wrong   []fault.Field  // why
	Missing []text.Missing // common facts without a value
	Before  *notice.Text   // what was submitted before, where it is another
}

// Asked is what one rule wants a notice to say.
type Asked struct {
	Rule  string
	Basis string
	Ticks []text.Tick
}

// Open counts the items that are neither said nor excused.
func (a Asked) Open() (n int) {
	for _, t := range a.Ticks {
		if !t.Done && t.Reason == "" {
			n++
		}
	}
	return n
}

// Master is the master text.
func (p Proof) Master() Sheet {
	for _, s := range p.Sheets {
		if s.Lang == p.Lang && s.Variant == "" {
			return s
		}
	}
	return Sheet{}
}

// Of reads one notice. Permissions notice.read and incident.read.
func (s *Service) Of(ctx context.Context, by who.Identity, ref string, no int) (Proof, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return Proof{}, err
	}
	if err := who.Check(by, who.PermIncidentRead); err != nil {
		return Proof{}, err
	}
	v, err := s.Notices.Get(ctx, by, ref, no)
	if err != nil {
		return Proof{}, err
	}
	p := Proof{View: v}
	if p.Values, p.Zone, err = s.values(ctx, by, v, time.Time{}); err != nil {
		return p, err
	}
	if err := s.sheets(ctx, by, &p); err != nil {
		return p, err
	}
	p.compare()
	if err := s.changed(ctx, by, &p); err != nil {
		return p, err
	}
	p.Asked = s.asked(p)
	return p, nil
}

// values are what the record knew at a time, zero for now, and what the notice is.
func (s *Service) values(ctx context.Context, by who.Identity, v notice.View, at time.Time) (text.Values, *time.Location, error) {
	st, err := s.Incidents.Get(ctx, by, v.Ref, at)
	if err != nil {
		return nil, nil, fmt.Errorf("read the facts of notice %d: %w", v.No, err)
	}
	dir, err := s.Directory.Snapshot(s.DB)
	if err != nil {
		return nil, nil, fmt.Errorf("read the facts of notice %d: %w", v.No, err)
	}
	about := value.Whose(v.Notice.Settings.ReplyTo, v.Tied)
	told := value.Telling{Reference: number(v.Ref, v.No), Date: s.Clock.Now()}
	for _, d := range v.Tied {
		if told.Duty == "" {
			told.Duty = d.Basis.Source
		}
	}
	if v.Follows > 0 {
		earlier, err := s.Notices.Get(ctx, by, v.Ref, v.Follows)
		if err != nil {
			return nil, nil, err
		}
		told.EarlierReference = number(v.Ref, v.Follows)
		if earlier.Release != nil {
			told.Earlier = earlier.Release.At
		}
	}
	return value.Both(value.OfIncident(st, dir, about), value.OfNotice(told)), value.Zone(st, dir, about.Entity), nil
}

func number(ref string, no int) string { return fmt.Sprintf("%s/%d", ref, no) }

// sheets reads the texts, and of each the version that was submitted before.
func (s *Service) sheets(ctx context.Context, by who.Identity, p *Proof) error {
	for _, t := range p.Texts {
		sheet := Sheet{Text: t}
		x, err := text.Parse(source(t))
		if err != nil {
			sheet.Wrong = fault.FieldsOf(err)
		} else {
			sheet.Read = x
			_, missing := x.Render("", p.Zone, p.Values, nil)
			for _, m := range missing {
				if f, ok := text.FieldOf(m.Field); ok && f.Scope != text.OfRecipient {
					sheet.Missing = append(sheet.Missing, m)
				}
			}
		}
		if sheet.Before, err = Before(ctx, s.Notices, by, p.View, t); err != nil {
			return err
		}
		p.Sheets = append(p.Sheets, sheet)
	}
	return nil
}

func source(t notice.Text) text.Source {
	return text.Source{Lang: t.Lang, Subject: t.Subject, Body: t.Body}
}

func (p *Proof) compare() {
	master := p.Master()
	if master.Read == nil {
		return
	}
	var others []text.Named
	for _, s := range p.Sheets {
		if s.Read != nil && (s.Lang != master.Lang || s.Variant != "") {
			others = append(others, text.Named{Name: Name(s.Text), Text: s.Read})
		}
	}
	p.Findings = text.Consistent(text.Named{Name: Name(master.Text), Text: master.Read}, others, p.Values, p.Zone)
}

// changed compares the facts of the record with those that were known when the text that
// is in review, approved or sent was submitted.
func (s *Service) changed(ctx context.Context, by who.Identity, p *Proof) error {
	if p.State == notice.Draft || p.State == notice.Returned || p.State == notice.Withdrawn || len(p.Rounds) == 0 {
		return nil
	}
	then, _, err := s.values(ctx, by, p.View, p.Rounds[len(p.Rounds)-1].At)
	if err != nil {
		return err
	}
	then["notice.date"] = p.Values["notice.date"] // the day of sending is no fact of the record
	for _, sheet := range p.Sheets {
		if sheet.Read == nil {
			continue
		}
		for _, f := range text.Changed(then, p.Values, sheet.Read) {
			f.Text = Name(sheet.Text)
			p.Changed = append(p.Changed, f)
		}
	}
	return nil
}

// asked checks the master text against the content of each rule that a tied duty stands on.
func (s *Service) asked(p Proof) []Asked {
	master := p.Master()
	if master.Read == nil || s.Book == nil {
		return nil
	}
	book := s.Book()
	var out []Asked
	for _, d := range p.Tied {
		versions := book.Versions(d.Basis.Law)
		if d.Basis.Law == "" || len(versions) == 0 || slices.ContainsFunc(out, func(a Asked) bool { return a.Rule == d.Basis.Law }) {
			continue
		}
		r := versions[len(versions)-1]
		var items []text.Item
		for _, id := range r.Content {
			items = append(items, text.Item{ID: id, Words: book.Content[id]})
		}
		if len(items) > 0 {
			out = append(out, Asked{Rule: r.ID, Basis: r.Basis(), Ticks: text.Complete(items, master.Read, p.Ticks, p.Values)})
		}
	}
	return out
}

// Name is what people call a text: "de", "de, variant retail".
func Name(t notice.Text) string {
	if t.Variant == "" {
		return t.Lang
	}
	return t.Lang + ", variant " + t.Variant
}
