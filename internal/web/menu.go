package web

import (
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/web/page"
)

// menu lists every entry in its order. One is shown once its path is registered and the viewer has one of its
// permissions.
func menu() []page.Item {
	perms := func(p ...who.Permission) []who.Permission { return p }
	return []page.Item{
		{Label: "Now", Path: "/", Icon: page.IconSiren, Key: "g n", Perms: perms(who.PermIncidentRead)},
		{Label: "Triage", Path: "/triage", Icon: page.IconInbox, Key: "g t", Perms: perms(who.PermSignalRead)},
		{Label: "Deadlines", Path: "/deadlines", Icon: page.IconHourglass, Key: "g d", Perms: perms(who.PermDutyRead)},
		{Label: "My reports", Path: "/reports", Icon: page.IconMegaphone, Key: "g m", Perms: perms(who.PermReportCreate)},
		{Label: "Breach register", Path: "/register", Icon: page.IconBookLock, Key: "g r", Perms: perms(who.PermRegisterRead)},
		{Label: "Ledger", Path: "/ledger", Icon: page.IconFingerprint, Key: "g l", Perms: perms(who.PermLedgerRead)},
		{Label: "Plan", Path: "/plan", Icon: page.IconCalendarCheck, Key: "g p", Perms: perms(who.PermPlanRead)},
		{Label: "Directory", Path: "/directory", Icon: page.IconContactRound, Key: "g c", Perms: perms(who.PermDirectoryRead)},
		{Label: "Settings", Path: "/settings", Icon: page.IconSettings, Key: "g s"},
	}
}
