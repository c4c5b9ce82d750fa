package paper

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/print"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/desk"
)

// ToCall is one call that is to be made.
type ToCall struct {
	dispatch.Recipient
	Script string   // what to say, in the recipient's language
	Open   []string // fields of the script that have no value for this recipient
}

// CallList are the calls that wait, in the order of the list, with what to say: the run's
// script where there is one, else the approved text. Permission recipient.read.
func (s *Service) CallList(ctx context.Context, by who.Identity, sent Sent, cursor string, limit int) ([]ToCall, string, error) {
	if err := who.Check(by, who.PermRecipientRead); err != nil {
		return nil, "", err
	}
	d, err := desk.New(sent.Run)
	if err != nil {
		return nil, "", err
	}
	page, next, err := s.Dispatch.Recipients(ctx, by, sent.List.ID, dispatch.Filter{State: dispatch.Queued, Channel: dispatch.Phone}, cursor, limit)
	if err != nil {
		return nil, "", err
	}
	out := make([]ToCall, 0, len(page))
	for _, r := range page {
		out = append(out, toCall(sent.Run, d, r))
	}
	return out, next, nil
}

func toCall(run dispatch.Run, d *desk.Desk, r dispatch.Recipient) ToCall {
	c := ToCall{Recipient: r, Script: run.Script}
	if c.Script != "" {
		return c
	}
	said, err := d.Write(r, somewhere)
	c.Script = strings.ReplaceAll(said.Text, somewhere, wordsIn(said.Lang).onRequest) // nobody reads an address out
	for _, f := range fault.FieldsOf(err) {
		c.Open = append(c.Open, f.Field)
	}
	return c
}

// mostCalls is how many calls one printed list holds.
const mostCalls = 1000

// Calls prints the list of calls: an index, then a page for each with the contacts in their
// order, when it is due, what to say, and boxes for what came of it. Its checksum is
// recorded. Permission recipient.read.
func (s *Service) Calls(ctx context.Context, by who.Identity, ref string, no int, w io.Writer) (Made, error) {
	if err := who.Check(by, who.PermRecipientRead); err != nil {
		return Made{}, err
	}
	sent, err := s.Of(ctx, by, ref, no)
	if err != nil {
		return Made{}, err
	}
	var calls []ToCall
	for cursor := ""; ; {
		page, next, err := s.CallList(ctx, by, sent, cursor, who.PageLimit)
		if err != nil {
			return Made{}, err
		}
		if calls = append(calls, page...); len(calls) > mostCalls {
			return Made{}, errTooMany(mostCalls)
		}
		if cursor = next; next == "" {
			break
		}
	}
	out := newHashed(w)
	if err := print.Write(out, s.callDocument(sent, calls)); err != nil {
		return Made{}, err
	}
	m := Made{SHA256: out.sum(), Lines: len(calls)}
	return m, s.Dispatch.Made(ctx, by, sent.Run.ID, "calls", m.SHA256, m.Lines)
}

func (s *Service) callDocument(sent Sent, calls []ToCall) print.Document {
	now, z := s.Clock.Now(), zone(sent.Run)
	doc := print.Document{
		Title: "Calls for " + sent.Number(), Author: entity(sent.Run), Header: sent.Number() + " · calls", Index: "Calls", At: now,
		Subtitle: fmt.Sprintf("%d to call · printed %s", len(calls), moment(now, z)),
		Footer:   "Confidential. Enter what came of each call under Sending, Calls.",
	}
	for n, c := range calls {
		rows := print.Definitions{{Term: "Recipient", Text: c.Name, Note: keyAccount(c.Recipient)}}
		if !c.DueAt.IsZero() {
			rows = append(rows, print.Definition{Term: "Due", Text: moment(c.DueAt, z)})
		}
		if c.Lang != "" {
			rows = append(rows, print.Definition{Term: "Language", Text: c.Lang})
		}
		for i, k := range InOrder(c.Recipient) {
			rows = append(rows, print.Definition{Term: fmt.Sprintf("Call %d", i+1), Text: strings.TrimSpace(k.Phone + "  " + k.Name), Note: k.Role})
		}
		if c.Answer != "" {
			rows = append(rows, print.Definition{Term: "So far", Text: c.Answer})
		}
		script := c.Script
		if len(c.Open) > 0 {
			script += "\n\nNot known for this recipient: " + strings.Join(c.Open, ", ")
		}
		doc.Body = append(doc.Body,
			print.Section{Title: c.Name},
			print.Heading{Level: 1, Text: fmt.Sprintf("%d. %s", n+1, c.Name)}, rows,
			print.Heading{Level: 2, Text: "What came of it"},
			print.Table{Columns: []print.Column{{}, {}, {}}, Rows: [][]string{
				{"[   ]  reached", "[   ]  they confirmed it", "[   ]  nobody answered"},
				{"[   ]  refused", "[   ]  wrong number", "[   ]  call back on ___________"},
				{"Spoken with ________________", "at ______________________", "by _______________________"},
			}},
			print.Heading{Level: 2, Text: "What to say"},
			print.Paragraph{Text: script},
		)
	}
	if len(calls) == 0 {
		doc.Body = append(doc.Body, print.Paragraph{Text: "Nobody waits for a call."})
	}
	return doc
}

// InOrder are the contacts of a recipient that have a number: the one used now first.
func InOrder(r dispatch.Recipient) []dispatch.Contact {
	var out []dispatch.Contact
	for n, c := range r.Contacts {
		if c.Phone == "" {
			continue
		}
		if n == r.ContactNo {
			out = append([]dispatch.Contact{c}, out...)
		} else {
			out = append(out, c)
		}
	}
	return out
}

func keyAccount(r dispatch.Recipient) string {
	if r.KeyAccount {
		return "Key account"
	}
	return ""
}
