package paper

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/print"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/desk"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

// Choice is which letters are printed, and how.
type Choice struct {
	Recipients []string // nil: everybody whose way is a letter that was not posted yet
	Again      bool     // of those, also who got theirs already
	Return     string   // the sender in one line above the address; "" the legal entity's name
	Duplex     bool     // printed on both sides
	Plain      bool     // no marks for folding
}

// mostReturn bounds the sender's line.
const mostReturn = 120

// somewhere stands for the address of a recipient's page where none is given out.
const somewhere = "https://page.invalid/"

// atOnce is how many letters are read and given their links in one step.
const atOnce = 200

// Letters writes the letters of a notice into one PDF: an index, then each letter on pages
// of its own, in its recipient's language, addressed for a window envelope (DIN 5008, form
// B; see print.Letters). Where the text names the recipient's page, each letter gets a link
// of its own. The file goes out while it is made: memory holds a few letters. Its checksum
// is recorded. Permissions recipient.read and recipient.work.
func (s *Service) Letters(ctx context.Context, by who.Identity, ref string, no int, c Choice, w io.Writer) (Made, error) {
	for _, p := range []who.Permission{who.PermRecipientRead, who.PermRecipientWork} {
		if err := who.Check(by, p); err != nil {
			return Made{}, err
		}
	}
	if len([]rune(c.Return)) > mostReturn || strings.ContainsFunc(c.Return, unicode.IsControl) {
		return Made{}, fault.InvalidField("return", fmt.Sprintf("must be one line of at most %d characters", mostReturn))
	}
	sent, err := s.Of(ctx, by, ref, no)
	if err != nil {
		return Made{}, err
	}
	d, err := desk.New(sent.Run)
	if err != nil {
		return Made{}, err
	}
	ids, err := s.letters(ctx, by, sent, d, c)
	if err != nil {
		return Made{}, err
	}
	now, z := s.Clock.Now(), zone(sent.Run)
	out := newHashed(w)
	file := print.NewLetters(out, print.Merge{
		Title: sent.Number(), Author: entity(sent.Run), Lang: sent.Run.Texts[0].Lang, Created: now, Folded: !c.Plain, Duplex: c.Duplex,
		Intro: fmt.Sprintf("%s · %d · %s", sent.Number(), len(ids), moment(now, z)),
	})
	links := names(sent.Run.Texts, "recipient.link")
	for part := range slices.Chunk(ids, atOnce) {
		list, link, err := s.Dispatch.Carried(ctx, by, sent.Run.ID, part, links)
		if err != nil {
			return Made{}, err
		}
		for _, r := range list {
			said, err := d.Write(r, link[r.ID])
			if err != nil {
				return Made{}, fmt.Errorf("letter to recipient %s: %w", r.ID, err)
			}
			if _, err := file.Add(s.letter(sent, r, said, c, file.Count()+1)); err != nil {
				return Made{}, err
			}
		}
	}
	if err := file.Close(); err != nil {
		return Made{}, err
	}
	m := Made{SHA256: out.sum(), Lines: file.Count()}
	return m, s.Dispatch.Made(ctx, by, sent.Run.ID, "letters", m.SHA256, m.Lines)
}

// letters are the recipients of the letters, all of which can be written.
func (s *Service) letters(ctx context.Context, by who.Identity, sent Sent, d *desk.Desk, c Choice) ([]string, error) {
	var ids, lacking []string
	look := func(r dispatch.Recipient) {
		ids = append(ids, r.ID)
		if _, err := d.Write(r, somewhere); err != nil && len(lacking) < 5 {
			var what []string
			for _, f := range fault.FieldsOf(err) {
				what = append(what, f.Field)
			}
			lacking = append(lacking, r.Name+" ("+strings.Join(what, ", ")+")")
		}
	}
	if c.Recipients != nil {
		if len(c.Recipients) > who.PageLimit {
			return nil, errTooMany(who.PageLimit)
		}
		for _, id := range c.Recipients {
			r, err := s.Dispatch.Recipient(ctx, by, id)
			if err != nil {
				return nil, err
			}
			if r.List != sent.List.ID {
				return nil, fault.New(fault.NotFound, "There is no such recipient")
			}
			if _, ok := postal(r.Recipient); !ok {
				return nil, fault.InvalidField("recipients", "hold somebody without a postal address: "+r.Name)
			}
			look(r.Recipient)
		}
	} else {
		f := dispatch.Filter{Channel: dispatch.Letter, State: dispatch.Queued}
		if c.Again {
			f.State = ""
		}
		err := s.each(ctx, by, sent.List.ID, f, func(r dispatch.Recipient) error {
			if _, ok := postal(r); ok && r.State != dispatch.LeftOut && r.State != dispatch.Stopped {
				look(r)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(lacking) > 0 {
		return nil, fault.New(fault.Conflict, "A value is missing for "+strings.Join(lacking, "; ")+". Choose the others, and tell these in another way")
	}
	if len(ids) == 0 {
		return nil, fault.New(fault.Conflict, "Nobody waits for a letter")
	}
	return ids, nil
}

func (s *Service) letter(sent Sent, r dispatch.Recipient, said text.Rendered, c Choice, n int) print.Post {
	z, w := zone(sent.Run), wordsIn(said.Lang)
	info := []print.Definition{{Term: w.reference, Text: sent.Number()}}
	if r.Own.Reference != "" {
		info = append(info, print.Definition{Term: w.yours, Text: r.Own.Reference})
	}
	info = append(info, print.Definition{Term: w.date, Text: day(said.Lang, s.Clock.Now(), z)})
	if sent.Run.Contact != "" {
		info = append(info, print.Definition{Term: w.ask, Text: sent.Run.Contact})
	}
	var enclosed []string
	for _, a := range sent.Run.Attachments {
		enclosed = append(enclosed, a.Name)
	}
	to := address(r)
	p := print.Post{
		Lang: said.Lang, Return: cmp.Or(c.Return, entity(sent.Run)), To: to, Info: info, Subject: said.Subject, Body: said.Text,
		Footer: fmt.Sprintf("%s · %s %d", sent.Number(), w.letter, n), Name: r.Name, Place: place(to),
	}
	if len(enclosed) > 0 {
		p.Enclosed = w.enclosed + ": " + strings.Join(enclosed, ", ")
	}
	return p
}

// address are the lines of the address: the organisation, the person, and the postal
// address as it is kept. What stands in the postal address is not said twice.
func address(r dispatch.Recipient) []string {
	c, _ := postal(r)
	var lines []string
	for _, l := range strings.Split(c.Postal, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			lines = append(lines, l)
		}
	}
	said := func(name string) bool {
		return name == "" || slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(strings.ToLower(l), strings.ToLower(name)) })
	}
	if !said(c.Name) && !strings.EqualFold(c.Name, r.Name) {
		lines = append([]string{c.Name}, lines...)
	}
	if !said(r.Name) {
		lines = append([]string{r.Name}, lines...)
	}
	return lines
}

// place is the town of an address, for the index: the last line with a postcode, else the
// last.
func place(lines []string) string {
	for _, l := range slices.Backward(lines) {
		if strings.ContainsFunc(l, unicode.IsDigit) {
			return l
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}

// entity is the legal entity that tells.
func entity(run dispatch.Run) string { return run.Common["our.entity"].Text }

// names says whether one of the texts has a field.
func names(texts []text.Source, field string) bool {
	return slices.ContainsFunc(texts, func(src text.Source) bool {
		t, err := text.Parse(src)
		return err == nil && slices.Contains(t.Fields(), field)
	})
}

// words are those of a letter, in the language of its text.
type words struct{ reference, yours, date, ask, letter, enclosed, onRequest string }

func wordsIn(lang string) words {
	if base, _, _ := strings.Cut(strings.ToLower(lang), "-"); base == "de" {
		return words{"Unser Zeichen", "Ihr Zeichen", "Datum", "Fragen an", "Brief", "Anlagen", "(die Adresse nennen wir auf Anfrage)"}
	}
	return words{"Our reference", "Your reference", "Date", "Questions to", "Letter", "Enclosed", "(we give the address on request)"}
}
