// Package desk writes one recipient's copy of a notice: the text in their language, with
// their own values in it. It carries out policy 003 ("Communications with customers must be
// consistent, with the same or similar message delivered to each"): there is one text per
// language, and nothing but the named fields differs. It keeps nothing and must not import
// the network, a store or its own room.
package desk

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

// Desk writes the copies of one run. It is safe for use by many at once.
type Desk struct {
	master   letters
	variants []variant
}

// letters are one text in its languages.
type letters struct {
	first *text.Letter
	in    map[string]*text.Letter
}

type variant struct {
	item.Variant
	letters
}

// New reads the texts of a run and puts the common values in once.
func New(run item.Run) (*Desk, error) {
	if len(run.Texts) == 0 {
		return nil, fault.InvalidField("texts", "need at least one language")
	}
	zone, err := time.LoadLocation(cmp.Or(run.Zone, "UTC"))
	if err != nil {
		return nil, fault.InvalidField("zone", "must be a time zone like Europe/Berlin")
	}
	d := &Desk{}
	if d.master, err = read(run.Texts, zone, run.Common); err != nil {
		return nil, err
	}
	for _, v := range run.Variants {
		l, err := read(v.Texts, zone, run.Common)
		if err != nil {
			return nil, err
		}
		if l.first != nil {
			d.variants = append(d.variants, variant{v, l})
		}
	}
	return d, nil
}

func read(list []text.Source, zone *time.Location, common text.Values) (letters, error) {
	out := letters{in: map[string]*text.Letter{}}
	for _, src := range list {
		t, err := text.Parse(src)
		if err != nil {
			return out, err
		}
		l := t.With(src.Lang, zone, common)
		out.in[strings.ToLower(src.Lang)] = l
		if out.first == nil {
			out.first = l
		}
	}
	return out, nil
}

// of is the text for readers of a language: theirs, that of its base, or the first.
func (l letters) of(lang string) *text.Letter {
	lang = strings.ToLower(lang)
	if t := l.in[lang]; t != nil {
		return t
	}
	base, _, _ := strings.Cut(lang, "-")
	if t := l.in[base]; t != nil {
		return t
	}
	return l.first
}

// letter is the text of a recipient. What a variant says is meant for them: it goes before
// the language, where it is not there in theirs.
func (d *Desk) letter(r item.Recipient) *text.Letter {
	who := r.Reader()
	for _, v := range d.variants {
		if v.For.Fits(who) {
			return v.of(r.Lang)
		}
	}
	return d.master.of(r.Lang)
}

// Write writes the copy of one recipient. link is the address of their page, "" for none.
// A field that has no value is an error that names it: such a copy does not go out.
func (d *Desk) Write(r item.Recipient, link string) (text.Rendered, error) {
	out, missing := d.letter(r).For(Values(r, link))
	if len(missing) == 0 {
		return out, nil
	}
	var wrong []fault.Field
	for _, m := range missing {
		wrong = append(wrong, fault.Field{Field: m.Field, Message: "has no value for this recipient"})
	}
	return out, fault.Invalids(wrong...)
}

// Ready refuses a run whose texts hold a field that no recipient can bring and nobody
// recorded: better now than in fifty thousand copies.
func (d *Desk) Ready() error {
	var wrong []fault.Field
	all := slices.Collect(maps.Values(d.master.in))
	for _, v := range d.variants {
		all = slices.AppendSeq(all, maps.Values(v.in))
	}
	for _, l := range all {
		_, missing := l.For(nil)
		for _, m := range missing {
			f, _ := text.FieldOf(m.Field)
			if f.Scope != text.OfRecipient {
				wrong = append(wrong, fault.Field{Field: m.Field, Message: "stands in the text, and nothing is recorded for it"})
			}
		}
	}
	return fault.Invalids(wrong...)
}

// Values are what the text may say about one recipient.
func Values(r item.Recipient, link string) text.Values {
	c := r.Contact()
	v := make(text.Values, 8+len(r.Own.Row))
	put := func(name, words string) {
		if words != "" {
			v[name] = text.Value{Known: true, Text: words}
		}
	}
	put("recipient.name", r.Name)
	put("recipient.contact", cmp.Or(c.Name, r.Name))
	put("recipient.salutation", r.Own.Salutation)
	put("recipient.reference", r.Own.Reference)
	put("recipient.clause", r.Own.Clause)
	put("recipient.link", link)
	if len(r.Own.Services) > 0 {
		v["recipient.service"] = text.Value{Known: true, Text: r.Own.Services[0]}
		v["recipient.services"] = text.Value{Known: true, List: r.Own.Services}
	}
	if !r.DueAt.IsZero() {
		v["recipient.due"] = text.Value{Known: true, At: r.DueAt}
	}
	for k, words := range r.Own.Row {
		put(text.Row+k, words)
	}
	return v
}
