package dispatch

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

// columns of the delivery report, in order.
var columns = []struct {
	name string
	of   func(r Recipient) string
}{
	{"recipient", func(r Recipient) string { return r.ID }},
	{"party", func(r Recipient) string { return r.Party }},
	{"name", func(r Recipient) string { return r.Name }},
	{"contact", func(r Recipient) string { return r.Contact().Name }},
	{"channel", func(r Recipient) string { return string(r.Channel) }},
	{"address", func(r Recipient) string { return r.Address }},
	{"language", func(r Recipient) string { return r.Lang }},
	{"state", func(r Recipient) string { return string(r.State) }},
	{"sent_at", func(r Recipient) string { return stamp(r.SentAt) }},
	{"delivered_at", func(r Recipient) string { return stamp(r.DeliveredAt) }},
	{"bounced_at", func(r Recipient) string { return stamp(r.BouncedAt) }},
	{"failed_at", func(r Recipient) string { return stamp(r.FailedAt) }},
	{"opened_at", func(r Recipient) string { return stamp(r.OpenedAt) }},
	{"acknowledged_at", func(r Recipient) string { return stamp(r.AcknowledgedAt) }},
	{"attempts", func(r Recipient) string { return strconv.Itoa(r.Attempts) }},
	{"way", func(r Recipient) string { return strconv.Itoa(r.Stage + 1) }},
	{"maybe_twice", func(r Recipient) string { return map[bool]string{true: "yes"}[r.MaybeTwice] }},
	{"code", func(r Recipient) string { return number(r.Code) }},
	{"answer", func(r Recipient) string { return r.Answer }},
	{"gap", func(r Recipient) string { return r.Gap }},
	{"message_id", func(r Recipient) string { return r.MessageID }},
}

// Report writes the delivery report of a run as CSV, in the order of its list, and records
// its checksum: who has the file can prove later that it is the one. Cells that a
// spreadsheet would run as a formula begin with an apostrophe. Permission recipient.read.
func (s *Service) Report(ctx context.Context, by who.Identity, run string, w io.Writer) (sum string, err error) {
	if err := who.Check(by, who.PermRecipientRead); err != nil {
		return "", err
	}
	rn, err := findRun(ctx, s.db, run)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	lines := 0
	out := csv.NewWriter(io.MultiWriter(w, h))
	row := make([]string, len(columns))
	for n, c := range columns {
		row[n] = c.name
	}
	if err := out.Write(row); err != nil {
		return "", fmt.Errorf("delivery report: %w", err)
	}
	err = s.db.View(ctx, func(v *store.View) error {
		return item.Each(ctx, v, rn.List, func(r Recipient) error {
			r.MessageID = s.messageID(r)
			for n, c := range columns {
				row[n] = Safe(c.of(r))
			}
			lines++
			return out.Write(row)
		})
	})
	if out.Flush(); err == nil {
		err = out.Error()
	}
	if err != nil {
		return "", fmt.Errorf("delivery report: %w", err)
	}
	sum = hex.EncodeToString(h.Sum(nil))
	return sum, s.write(store.WithKey(ctx, "", [32]byte{}), by, "dispatch.report_made", func(tx *store.Tx) error {
		return s.append(tx, by, item.KindReport, rn.Incident, item.Reported{Run: rn.ID, Notice: rn.Notice, Form: "csv", SHA256: sum, Lines: lines})
	})
}

// Safe keeps spreadsheets from running a cell as a formula (OWASP, CSV injection).
func Safe(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
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
