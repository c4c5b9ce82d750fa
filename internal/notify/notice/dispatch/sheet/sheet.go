// Package sheet lays out the delivery report: one line for each recipient, with what became
// of their copy. It carries out policy 003 ("customers … must be notified") where it is
// proved later. It is pure and must not import its room.
package sheet

import (
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

type column struct {
	name string
	of   func(r item.Recipient) string
}

// columns of the delivery report, in order.
func columns() []column {
	return []column{
		{"recipient", func(r item.Recipient) string { return r.ID }},
		{"party", func(r item.Recipient) string { return r.Party }},
		{"name", func(r item.Recipient) string { return r.Name }},
		{"contact", func(r item.Recipient) string { return r.Contact().Name }},
		{"channel", func(r item.Recipient) string { return string(r.Channel) }},
		{"address", func(r item.Recipient) string { return r.Address }},
		{"language", func(r item.Recipient) string { return r.Lang }},
		{"state", func(r item.Recipient) string { return string(r.State) }},
		{"sent_at", func(r item.Recipient) string { return stamp(r.SentAt) }},
		{"delivered_at", func(r item.Recipient) string { return stamp(r.DeliveredAt) }},
		{"bounced_at", func(r item.Recipient) string { return stamp(r.BouncedAt) }},
		{"failed_at", func(r item.Recipient) string { return stamp(r.FailedAt) }},
		{"opened_at", func(r item.Recipient) string { return stamp(r.OpenedAt) }},
		{"acknowledged_at", func(r item.Recipient) string { return stamp(r.AcknowledgedAt) }},
		{"attempts", func(r item.Recipient) string { return strconv.Itoa(r.Attempts) }},
		{"way", func(r item.Recipient) string { return strconv.Itoa(r.Stage + 1) }},
		{"maybe_twice", func(r item.Recipient) string { return map[bool]string{true: "yes"}[r.MaybeTwice] }},
		{"code", func(r item.Recipient) string { return number(r.Code) }},
		{"answer", func(r item.Recipient) string { return r.Answer }},
		{"gap", func(r item.Recipient) string { return r.Gap }},
		{"message_id", func(r item.Recipient) string { return r.MessageID }},
	}
}

// Head are the names of the columns.
func Head() []string {
	var out []string
	for _, c := range columns() {
		out = append(out, c.name)
	}
	return out
}

// Line is the line of a recipient. No cell of it is a formula.
func Line(r item.Recipient) []string {
	list := columns()
	out := make([]string, len(list))
	for n, c := range list {
		out[n] = Safe(c.of(r))
	}
	return out
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
