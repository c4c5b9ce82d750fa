package byhand

import (
	"context"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

// Undo takes back what a person recorded last that changed how a recipient stands: a letter
// that was not posted, a call that was not made. They stand as before, a duty that it met is
// open again, and both entries stay in the ledger. It is refused once something else happened
// to the copy.
// Permission recipient.work; who may not read recipients undoes it for the own customers.
func (h *Hand) Undo(ctx context.Context, by who.Identity, recipient, reason string) (item.Recipient, error) {
	if err := who.Check(by, who.PermRecipientWork); err != nil {
		return item.Recipient{}, err
	}
	if err := fault.Invalids(check.Text(nil, "reason", reason, check.Screen, true)...); err != nil {
		return item.Recipient{}, err
	}
	err := h.write(ctx, by, "dispatch.undo", func(tx *store.Tx) error {
		before, run, err := h.Running(ctx, tx, recipient)
		if err != nil {
			return err
		}
		if !item.Sees(by, before) {
			return item.ErrNone
		}
		after, err := item.Restore(before)
		if err != nil {
			return err
		}
		switch {
		case after.State != item.Queued:
		case run.State == item.Halted:
			after.State, after.NextAt = item.Stopped, time.Time{} // like everybody who waited then
		case !after.Channel.ByHand() && after.NextAt.IsZero():
			after.NextAt = time.UnixMicro(item.Always)
		}
		if err := item.Save(tx, after); err != nil {
			return err
		}
		if err := item.Count(tx, after.List, item.Moved(before, after)); err != nil {
			return err
		}
		if err := item.Happened(tx, h.Clock, after.ID, "undone", "Undone, "+item.ChannelWord(before.Channel)+": "+reason, by.Actor); err != nil {
			return err
		}
		body := item.Single{Run: run.ID, Notice: run.Notice, Recipient: after.ID, Channel: before.Channel, State: after.State, Stage: after.Stage, Text: reason}
		if !before.AcknowledgedAt.IsZero() && after.AcknowledgedAt.IsZero() {
			body.How = item.UndoneAck
		}
		if err := h.append(tx, by, item.KindUndone, run.Incident, body); err != nil {
			return err
		}
		return h.Followed(ctx, tx, by, run, before, after, "undone")
	})
	if err != nil {
		return item.Recipient{}, err
	}
	return item.Find(ctx, h.DB, recipient)
}
