package dispatch

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/sheet"
)

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
	if err := out.Write(sheet.Head()); err != nil {
		return "", fmt.Errorf("delivery report: %w", err)
	}
	err = s.db.View(ctx, func(v *store.View) error {
		return item.Each(ctx, v, rn.List, func(r Recipient) error {
			r.MessageID = s.messageID(r)
			lines++
			return out.Write(sheet.Line(r))
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
