// Package output puts a filled-in form into the shapes it leaves in: lines to copy into an
// authority's portal, JSON by the numbers of the fields, and a document to print.
//
// It serves policy 000 ("Winmore must use available notification forms provided by competent
// authorities"). It takes values and gives values; it must not import a store or a face.
package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/print"
	"github.com/wakebell/wakebell/internal/notify/notice/form"
)

// Filled is one filled-in form.
type Filled struct {
	Form      *form.Form
	Stage     form.Stage
	Combines  []string
	Answers   form.Answers
	Before    form.Answers // of the filing it follows; nil: none
	Late      bool
	Incident  string // reference
	No        int
	Recipient string
	Entity    string // name
	Drill     bool
	State     string    // "Draft", "Approved", "Filed 21 November 2026"; printed
	At        time.Time // of the file
	Approved  []string  // who approved, in words
}

// Line is one field as it goes out.
type Line struct {
	ID, Section string
	Title       string // number and label
	Value       string // as it is written into the portal
	Was         string // before, where it changed
	Changed     bool
	Long        bool
}

// Lines are the fields that a stage asks, in the order of the form, without questions that
// are ours. With empty ones the whole form is shown; without, what is answered.
func Lines(f Filled, empty bool) (out []Line) {
	for _, a := range f.Form.Judge(f.Stage, f.Answers, f.Late) {
		if !a.Shown || a.Ours || a.Answer.Empty() && !empty {
			continue
		}
		l := Line{
			ID: a.ID, Section: a.Section, Title: a.Title(), Value: a.Words(a.Answer),
			Long: a.Type == form.Long || a.Type == form.Choices,
		}
		if f.Before != nil && !f.Before[a.ID].Same(a.Answer) {
			l.Changed, l.Was = true, a.Words(f.Before[a.ID])
		}
		out = append(out, l)
	}
	return out
}

// JSON is the form as data: each field under its number, in the order of the form. Numbers
// are numbers, yes and no are true and false, times are ISO 8601 in UTC, lists are lists; an
// option is its letter, or its words where the form has no letters. words holds the words
// behind the letters. Fields that a stage does not ask are left out.
func JSON(f Filled) ([]byte, error) {
	var fields, words ordered
	var changed []string
	for _, a := range f.Form.Judge(f.Stage, f.Answers, f.Late) {
		if !a.Shown || a.Ours || a.Answer.Empty() {
			continue
		}
		fields.add(a.ID, wire(a))
		if text := a.Words(a.Answer); a.Type == form.Choice && text != a.Answer.Text || a.Type == form.Choices && text != strings.Join(a.Answer.List, "\n") {
			words.add(a.ID, text)
		}
		if f.Before != nil && !f.Before[a.ID].Same(a.Answer) {
			changed = append(changed, a.ID)
		}
	}
	var out, about ordered
	about.add("id", f.Form.ID)
	about.add("title", f.Form.Title)
	about.add("version", f.Form.Version)
	about.add("official", f.Form.Official)
	about.add("source", f.Form.Source)
	if f.Form.Attribution != "" {
		about.add("attribution", f.Form.Attribution)
	}
	out.add("form", &about)
	out.add("stage", f.Stage.ID)
	if len(f.Combines) > 0 {
		out.add("combines", f.Combines)
	}
	if f.Drill {
		out.add("drill", true)
	}
	out.add("incident", f.Incident)
	out.add("recipient", f.Recipient)
	out.add("entity", f.Entity)
	out.add("made_at", f.At.UTC().Format(time.RFC3339))
	out.add("fields", &fields)
	if len(words.keys) > 0 {
		out.add("words", &words)
	}
	if f.Before != nil {
		out.add("changed", append([]string{}, changed...))
	}
	b, err := json.MarshalIndent(&out, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the form as JSON: %w", err)
	}
	return append(b, '\n'), nil
}

func wire(a form.Asked) any {
	switch a.Type {
	case form.YesNo:
		return a.Answer.Text == "yes"
	case form.Number:
		if n, err := strconv.ParseInt(a.Answer.Text, 10, 64); err == nil {
			return n
		}
	case form.Percent, form.Money:
		if _, err := strconv.ParseFloat(a.Answer.Text, 64); err == nil {
			return json.Number(a.Answer.Text)
		}
	case form.Choices, form.Countries:
		return a.Answer.List
	}
	return a.Answer.Text
}

// ordered is a JSON object whose members stand in the order they were added.
type ordered struct {
	keys   []string
	values []any
}

func (o *ordered) add(key string, v any) { o.keys, o.values = append(o.keys, key), append(o.values, v) }

// MarshalJSON writes the members in order.
func (o *ordered) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, k := range o.keys {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(k)
		if err != nil {
			return nil, err
		}
		v, err := json.Marshal(o.values[i])
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(v)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Document is the form to print: head, every field that is asked by section, what changed,
// who approved it and where the fields come from.
func Document(f Filled) print.Document {
	d := print.Document{
		Title: f.Form.Title, Subtitle: f.Stage.Title + " to " + f.Recipient, Author: f.Entity, Subject: f.Incident + ", filing " + strconv.Itoa(f.No),
		Header: f.Incident + " · filing " + strconv.Itoa(f.No) + " · " + f.Stage.Title, Footer: f.State, At: f.At,
	}
	if f.Drill {
		d.Mark = "Drill: not a real notification"
	}
	head := print.Definitions{
		{Term: "To", Text: f.Recipient},
		{Term: "From", Text: f.Entity},
		{Term: "Incident", Text: f.Incident + ", filing " + strconv.Itoa(f.No)},
		{Term: "State", Text: f.State},
		{Term: "Form", Text: f.Form.Title + ", version " + f.Form.Version, Note: ownWords(f.Form)},
	}
	if len(f.Combines) > 0 {
		head = append(head, print.Definition{Term: "Filed together with", Text: strings.Join(f.Combines, ", ")})
	}
	if len(f.Approved) > 0 {
		head = append(head, print.Definition{Term: "Approved by", Text: strings.Join(f.Approved, "\n")})
	}
	d.Body = append(d.Body, head)
	lines := Lines(f, true)
	if f.Before != nil {
		n := 0
		for _, l := range lines {
			if l.Changed {
				n++
			}
		}
		d.Body = append(d.Body, print.Paragraph{Text: fmt.Sprintf("%d answers changed since the filing before; they are marked.", n), Style: print.Strong})
	}
	for _, s := range f.Form.Sections {
		var rows print.Definitions
		for _, l := range lines {
			if l.Section == s.ID {
				rows = append(rows, print.Definition{Term: l.Title, Text: orDash(l.Value), Note: changedWords(l)})
			}
		}
		if len(rows) > 0 {
			d.Body = append(d.Body, print.Heading{Level: 1, Text: sectionTitle(s)}, rows)
		}
	}
	sources := []string{"Fields: " + f.Form.Source}
	for _, s := range []string{f.Form.Attribution, f.Form.Licence} {
		if s != "" && !slices.Contains(sources, s) {
			sources = append(sources, s)
		}
	}
	d.Body = append(d.Body, print.Paragraph{Text: strings.Join(sources, "\n"), Style: print.Small})
	return d
}

func sectionTitle(s form.Section) string {
	if s.ID != "" && s.ID[0] >= '0' && s.ID[0] <= '9' {
		return s.ID + " " + s.Title
	}
	return s.Title
}

func ownWords(f *form.Form) string {
	switch {
	case !f.Official:
		return "This form is ours, not the authority's."
	case f.Draft:
		return "The authority's form is a draft."
	}
	return ""
}

func changedWords(l Line) string {
	switch {
	case !l.Changed:
		return ""
	case l.Was == "":
		return "New since the filing before."
	}
	return "Changed. Before: " + l.Was
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
