package web

import (
	"context"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty/tally"
	"github.com/wakebell/wakebell/internal/web/page"
)

// menu lists every entry in its order. One is shown once its path is registered and the viewer has one of its
// permissions.
func menu(d Deps) []page.Item {
	perms := func(p ...who.Permission) []who.Permission { return p }
	return []page.Item{
		{Label: "Now", Path: "/", Icon: page.IconSiren, Key: "g n", Perms: perms(who.PermIncidentRead)},
		{Label: "Triage", Path: "/triage", Icon: page.IconInbox, Key: "g t", Perms: perms(who.PermSignalRead), Count: d.waiting, On: page.On("signal")},
		{Label: "Deadlines", Path: "/deadlines", Icon: page.IconHourglass, Key: "g d", Perms: perms(who.PermDutyRead), Count: d.wanting, On: page.Any(page.On("duty"), page.On("directory"))},
		{Label: "Notices", Path: "/notices", Icon: page.IconStamp, Key: "g o", Perms: perms(who.PermNoticeRead), Count: d.approvals, On: page.Any(page.On("notice"), page.On("directory"), page.On("person"))},
		{Label: "My customers", Path: "/customers/mine", Icon: page.IconHandshake, Key: "g u", Perms: perms(who.PermRecipientWork)},
		{Label: "My reports", Path: "/reports", Icon: page.IconMegaphone, Key: "g m", Perms: perms(who.PermReportCreate)},
		{Label: "Breach register", Path: "/register", Icon: page.IconBookLock, Key: "g r", Perms: perms(who.PermRegisterRead)},
		{Label: "Ledger", Path: "/ledger", Icon: page.IconFingerprint, Key: "g l", Perms: perms(who.PermLedgerRead)},
		{Label: "Law", Path: "/rules", Icon: page.IconScale, Key: "g w", Perms: perms(who.PermPlanRead)},
		{Label: "Plan", Path: "/plan", Icon: page.IconCalendarCheck, Key: "g p", Perms: perms(who.PermPlanRead)},
		{Label: "Directory", Path: "/directory", Icon: page.IconContactRound, Key: "g c", Perms: perms(who.PermDirectoryRead)},
		{Label: "Settings", Path: "/settings", Icon: page.IconSettings, Key: "g s"},
	}
}

// waiting counts what stands in the triage queue.
func (d Deps) waiting(ctx context.Context, by who.Identity) (int, error) {
	return d.Intake.Waiting(ctx, by, page.MostCounted)
}

// approvals counts the notices that wait for the viewer's yes.
func (d Deps) approvals(ctx context.Context, by who.Identity) (int, error) {
	list, err := d.Notices.Waiting(ctx, by)
	return len(list), err
}

// wanting counts the duties that were missed or that no person holds.
func (d Deps) wanting(ctx context.Context, by who.Identity) (int, error) {
	dir, err := d.Directory.Snapshot(d.DB)
	if err != nil {
		return 0, err
	}
	return tally.Wanting(ctx, d.DB, by, dir, d.Clock.Now(), page.MostCounted)
}
