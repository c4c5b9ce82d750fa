package paper

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/print"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// mostPrinted is how many recipients the printed report names; the CSV has all of them.
const mostPrinted = 2000

// Report prints the delivery report of a notice: what was sent, who approved which bytes,
// the counts, each recipient with the outcome, and the checksums. A list that is too long
// to print is printed with those who need a look, first of all who was not reached; the
// checksum of the CSV stands for the rest. Its own checksum is recorded. Permission
// recipient.read.
func (s *Service) Report(ctx context.Context, by who.Identity, ref string, no int, w io.Writer) (Made, error) {
	if err := who.Check(by, who.PermRecipientRead); err != nil {
		return Made{}, err
	}
	sent, err := s.Of(ctx, by, ref, no)
	if err != nil {
		return Made{}, err
	}
	dir, err := s.Directory.Snapshot(s.DB)
	if err != nil {
		return Made{}, fmt.Errorf("delivery report: %w", err)
	}
	var all, odd []dispatch.Recipient
	full, err := s.csv(ctx, by, sent, io.Discard, func(r dispatch.Recipient) {
		if len(all) <= mostPrinted {
			all = append(all, r)
		}
		if len(odd) < mostPrinted && needsLook(r) {
			odd = append(odd, r)
		}
	})
	if err != nil {
		return Made{}, err
	}
	p := reported{sent: sent, dir: dir, z: zone(sent.Run), csv: full, at: s.Clock.Now(), shown: all}
	if full.Lines > mostPrinted {
		p.shown, p.short = odd, true
	}
	out := newHashed(w)
	if err := print.Write(out, p.document()); err != nil {
		return Made{}, err
	}
	m := Made{SHA256: out.sum(), Lines: len(p.shown)}
	return m, s.Dispatch.Made(ctx, by, sent.Run.ID, "pdf", m.SHA256, m.Lines)
}

// needsLook says of whom a short report speaks: who was not reached, may have got it twice,
// or still waits.
func needsLook(r dispatch.Recipient) bool {
	return r.MaybeTwice || r.State != dispatch.Sent && r.State != dispatch.Delivered
}

// reported is what one report says.
type reported struct {
	sent  Sent
	dir   directory.Snapshot
	z     *time.Location
	csv   Made
	at    time.Time
	shown []dispatch.Recipient
	short bool
}

func (p reported) document() print.Document {
	n := p.sent.Notice
	body := []print.Block{
		print.Heading{Level: 1, Text: "What was sent"},
		print.Definitions{
			{Term: "Notice", Text: p.sent.Number(), Note: p.subject()},
			{Term: "To", Text: strings.ReplaceAll(string(n.Audience), "_", " "), Note: string(n.Purpose)},
			{Term: "Released", Text: moment(p.sent.Run.StartedAt, p.z), Note: p.released()},
			{Term: "Ended", Text: p.ended()},
			{Term: "List of recipients", Text: fmt.Sprintf("%d, signed off by %s, %s", p.sent.List.Count, p.name(p.sent.List.SignedOffBy), moment(p.sent.List.SignedOffAt, p.z)), Note: "SHA-256 " + p.sent.List.Hash},
		},
		print.Heading{Level: 1, Text: "Who approved it"},
		p.approved(),
		print.Heading{Level: 1, Text: "Counts"},
		p.counts(),
		print.Heading{Level: 1, Text: "Recipients"},
	}
	if p.short {
		body = append(body, print.Paragraph{Style: print.Small, Text: fmt.Sprintf(
			"The list has %d recipients. Printed are %d of those who were not reached, still wait, or may have got it twice; the CSV has all of them.", p.csv.Lines, len(p.shown))})
	}
	body = append(body, p.table(), print.Heading{Level: 1, Text: "Checksums"}, p.sums())
	return print.Document{
		Title: "Delivery report " + p.sent.Number(), Subtitle: p.subject() + " · made " + moment(p.at, p.z), Author: entity(p.sent.Run), At: p.at,
		Header: "Delivery report " + p.sent.Number(), Footer: "Its checksum stands in the record of the incident.", Body: body,
	}
}

func (p reported) subject() string {
	for _, t := range p.sent.Notice.Texts {
		if t.Lang == p.sent.Notice.Lang && t.Variant == "" {
			return t.Subject
		}
	}
	return ""
}

func (p reported) name(id string) string {
	return p.dir.ActorName(id)
}

func (p reported) released() string {
	r := p.sent.Notice.Release
	if r == nil {
		return ""
	}
	say := "by " + p.name(r.By)
	if r.Emergency {
		say += ", in an emergency"
	}
	if r.LateReason != "" {
		say += ". Late, because: " + r.LateReason
	}
	return say
}

func (p reported) ended() string {
	if p.sent.Run.EndedAt.IsZero() {
		return "not yet (" + string(p.sent.Run.State) + ")"
	}
	return moment(p.sent.Run.EndedAt, p.z) + " (" + string(p.sent.Run.State) + ")"
}

// approved are the approvals of the bytes that were released.
func (p reported) approved() print.Block {
	t := print.Table{Columns: []print.Column{{Title: "Person", Width: 2}, {Title: "As"}, {Title: "When", Width: 2}}}
	bound := ""
	for _, r := range p.sent.Notice.Rounds {
		if p.sent.Notice.Release == nil || r.Bound != p.sent.Notice.Release.Bound {
			continue
		}
		bound = r.Bound
		t.Rows = nil // the last round with these bytes
		for _, y := range r.Given {
			who := p.name(y.Person)
			if y.For != "" {
				who += " for " + p.name(y.For)
			}
			as := strings.Join(y.Roles, ", ")
			if y.Emergency {
				as += " (emergency)"
			}
			t.Rows = append(t.Rows, []string{who, as, moment(y.At, p.z)})
		}
	}
	if bound == "" {
		return print.Paragraph{Text: "No approval of these bytes is recorded."}
	}
	return t
}

func (p reported) counts() print.Block {
	t := p.sent.Tally
	var out print.Definitions
	add := func(term string, n int) { out = append(out, print.Definition{Term: term, Text: strconv.Itoa(n)}) }
	add("To be told", t.Total())
	for _, c := range []struct {
		term  string
		state dispatch.State
	}{
		{"Waiting", dispatch.Queued},
		{"Being sent", dispatch.Sending},
		{"Sent", dispatch.Sent},
		{"Delivered", dispatch.Delivered},
		{"Failed", dispatch.Failed},
		{"Bounced", dispatch.Bounced},
		{"Stopped", dispatch.Stopped},
		{"Not reachable", dispatch.Gap},
		{"Left out", dispatch.LeftOut},
	} {
		if n := t.Of(c.state); n > 0 {
			add(c.term, n)
		}
	}
	add("Opened their page", t.Opened)
	add("Acknowledged", t.Acknowledged)
	add("May have been sent twice", t.MaybeTwice)
	return out
}

func (p reported) table() print.Block {
	if len(p.shown) == 0 {
		return print.Paragraph{Text: "Everybody was reached."}
	}
	t := print.Table{Columns: []print.Column{{Title: "Name", Width: 2.6}, {Title: "Way", Width: 1.1}, {Title: "Address", Width: 3.6}, {Title: "State", Width: 1.8}, {Title: "When (UTC)", Width: 2.2}, {Title: "Remark", Width: 2.4}}}
	for _, r := range p.shown {
		at := r.SentAt
		for _, later := range []time.Time{r.DeliveredAt, r.FailedAt, r.BouncedAt, r.AcknowledgedAt} {
			if later.After(at) {
				at = later
			}
		}
		state := strings.ReplaceAll(string(r.State), "_", " ")
		if !r.AcknowledgedAt.IsZero() {
			state = "acknowledged"
		}
		remark := r.Gap
		if r.State != dispatch.Sent && r.State != dispatch.Delivered && remark == "" {
			remark = r.Answer
		}
		if r.MaybeTwice {
			remark = strings.TrimSpace("may have been sent twice. " + remark)
		}
		when := ""
		if !at.IsZero() {
			when = at.UTC().Format("2006-01-02 15:04")
		}
		t.Rows = append(t.Rows, []string{r.Name, channel(r.Channel), strings.ReplaceAll(r.Address, "\n", ", "), state, when, remark})
	}
	return t
}

func channel(c dispatch.Channel) string {
	if c == dispatch.Email {
		return "mail"
	}
	return strings.ReplaceAll(string(c), "_", " ")
}

// sums are the checksums of all that belongs to the notice.
func (p reported) sums() print.Block {
	out := print.Definitions{}
	add := func(term, sum string) {
		if sum != "" {
			out = append(out, print.Definition{Term: term, Text: sum})
		}
	}
	if r := p.sent.Notice.Release; r != nil {
		add("What was approved and released", r.Bound)
	}
	add("List of recipients", p.sent.List.Hash)
	for _, f := range p.sent.Notice.Files {
		add("Attachment "+f.Name, f.SHA256)
	}
	out = append(out, print.Definition{Term: "Delivery report as CSV", Text: p.csv.SHA256, Note: fmt.Sprintf("%d lines, made at the same time", p.csv.Lines)})
	return out
}

// Facts prints what a customer needs for an authority of their own (GDPR Art. 33(3)), for
// the page behind their link, in the language of the notice. The link is the permission;
// whoever calls this has opened it.
func Facts(w io.Writer, v dispatch.PageView) error {
	if len(v.Facts) == 0 || len(v.Notices) == 0 {
		return fault.New(fault.NotFound, "This notice names no facts for an authority.")
	}
	z, err := time.LoadLocation(v.Zone)
	if err != nil || v.Zone == "" {
		z = time.UTC
	}
	newest := v.Notices[0]
	title, sent, contact, from := "Facts for your own authority", "Sent", "Questions to", "What Article 33(3) GDPR asks for, as far as it is known."
	if base, _, _ := strings.Cut(strings.ToLower(v.Lang), "-"); base == "de" {
		title, sent, contact, from = "Angaben für Ihre eigene Aufsichtsbehörde", "Gesendet", "Fragen an", "Was Art. 33 Abs. 3 DSGVO verlangt, soweit es bekannt ist."
	}
	rows := print.Definitions{{Term: v.Ref, Text: newest.Subject}, {Term: sent, Text: day(v.Lang, newest.SentAt, z) + ", " + moment(newest.SentAt, z)}}
	if v.Contact != "" {
		rows = append(rows, print.Definition{Term: contact, Text: v.Contact})
	}
	body := []print.Block{rows}
	for _, f := range v.Facts {
		body = append(body, print.Heading{Level: 2, Text: f.Heading + " · Art. " + f.Item}, print.Paragraph{Text: f.Text})
	}
	return print.Write(w, print.Document{
		Title: title, Subtitle: from, Lang: v.Lang, Subject: newest.Subject, Header: v.Ref + " · " + v.Name, Footer: newest.Subject, At: newest.SentAt, Body: body,
	})
}
