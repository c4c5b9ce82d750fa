package paper

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/wakebell/wakebell/internal/base/table"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
)

// columns of the delivery report, in order.
var columns = []struct {
	name string
	of   func(r dispatch.Recipient) string
}{
	{"recipient", func(r dispatch.Recipient) string { return r.ID }},
	{"party", func(r dispatch.Recipient) string { return r.Party }},
	{"name", func(r dispatch.Recipient) string { return r.Name }},
	{"contact", func(r dispatch.Recipient) string { return r.Contact().Name }},
	{"channel", func(r dispatch.Recipient) string { return string(r.Channel) }},
	{"address", func(r dispatch.Recipient) string { return r.Address }},
	{"language", func(r dispatch.Recipient) string { return r.Lang }},
	{"state", func(r dispatch.Recipient) string { return string(r.State) }},
	{"sent_at", func(r dispatch.Recipient) string { return stamp(r.SentAt) }},
	{"delivered_at", func(r dispatch.Recipient) string { return stamp(r.DeliveredAt) }},
	{"bounced_at", func(r dispatch.Recipient) string { return stamp(r.BouncedAt) }},
	{"failed_at", func(r dispatch.Recipient) string { return stamp(r.FailedAt) }},
	{"opened_at", func(r dispatch.Recipient) string { return stamp(r.OpenedAt) }},
	{"acknowledged_at", func(r dispatch.Recipient) string { return stamp(r.AcknowledgedAt) }},
	{"attempts", func(r dispatch.Recipient) string { return strconv.Itoa(r.Attempts) }},
	{"way", func(r dispatch.Recipient) string { return strconv.Itoa(r.Stage + 1) }},
	{"maybe_twice", func(r dispatch.Recipient) string { return map[bool]string{true: "yes"}[r.MaybeTwice] }},
	{"code", func(r dispatch.Recipient) string { return number(r.Code) }},
	{"answer", func(r dispatch.Recipient) string { return r.Answer }},
	{"gap", func(r dispatch.Recipient) string { return r.Gap }},
	{"message_id", func(r dispatch.Recipient) string { return r.MessageID }},
}

// CSV writes the delivery report of a notice, one line for each recipient in the order of
// its list, and records its checksum: who has the file can prove later that it is the one.
// Cells that a spreadsheet would run as a formula begin with an apostrophe. Permission
// recipient.read.
func (s *Service) CSV(ctx context.Context, by who.Identity, ref string, no int, w io.Writer) (Made, error) {
	if err := who.Check(by, who.PermRecipientRead); err != nil {
		return Made{}, err
	}
	sent, err := s.Of(ctx, by, ref, no)
	if err != nil {
		return Made{}, err
	}
	m, err := s.csv(ctx, by, sent, w, func(dispatch.Recipient) {})
	if err != nil {
		return m, err
	}
	return m, s.Dispatch.Made(ctx, by, sent.Run.ID, "csv", m.SHA256, m.Lines)
}

// csv writes the lines and shows each recipient to another.
func (s *Service) csv(ctx context.Context, by who.Identity, sent Sent, w io.Writer, also func(r dispatch.Recipient)) (Made, error) {
	out := newHashed(w)
	lines := csv.NewWriter(out)
	row, n := make([]string, len(columns)), 0
	for i, c := range columns {
		row[i] = c.name
	}
	if err := lines.Write(row); err != nil {
		return Made{}, fmt.Errorf("delivery report: %w", err)
	}
	err := s.each(ctx, by, sent.List.ID, dispatch.Filter{}, func(r dispatch.Recipient) error {
		for i, c := range columns {
			row[i] = table.Cell(c.of(r))
		}
		n++
		also(r)
		return lines.Write(row)
	})
	if lines.Flush(); err == nil {
		err = lines.Error()
	}
	if err != nil {
		return Made{}, fmt.Errorf("delivery report: %w", err)
	}
	return Made{SHA256: out.sum(), Lines: n}, nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
