package app

import (
	"cmp"
	"context"

	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment/handover"
	"github.com/wakebell/wakebell/internal/decide/duty/policy"
	"github.com/wakebell/wakebell/internal/decide/duty/story"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/notify/contact"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/form/filing"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/respond/escalation"
	"github.com/wakebell/wakebell/internal/respond/escalation/trial"
)

// tell says which room puts which entries into words, and who names what. Names are
// looked up when somebody reads: the ledger's facts hold ids only.
func (a *App) tell() {
	a.Views.Tell("duty.", story.Tell)
	a.Views.Tell("duties.", story.Tell)
	a.Views.Tell("call.", escalation.Tell)
	a.Views.Tell("watchdog.", escalation.Tell)
	a.Views.Tell("test_call.", trial.Tell)
	a.Views.Tell("job.", job.Tell)
	a.Views.Tell("signal.", intake.Tell)
	a.Views.Tell("filing.", filing.Tell)
	a.Views.Tell("ledger.", record.Tell)
	a.Views.Tell("incident.file_", file.Tell)
	a.Views.Tell("dispatch.", dispatch.Tell)
	// What people wrote about a recipient, or a recipient to us, names them.
	for _, kind := range []string{"dispatch.answered", "dispatch.bounced", "dispatch.recorded", "dispatch.undone", "dispatch.left_out"} {
		a.Views.Guard(kind, who.PermRecipientRead)
	}
	a.Views.Tell("handover.", handover.Tell)
	a.Views.Tell("contact.", contact.Tell)
	a.Views.Guard("contact.", who.PermContactRead)
	a.Views.Tell("notice.", notice.Tell)
	a.Views.Guard("notice.", who.PermNoticeRead)
	a.Views.Name("file:", a.Files.Name)
	a.Views.Name("duty:", a.Duties.Title)
	a.Views.Name("team:", a.called(func(dir directory.Snapshot, id string) string { return dir.Teams[id].Name }))
	a.Views.Name("service:", a.called(func(dir directory.Snapshot, id string) string { return dir.ITServices[id].Name }))
	a.Views.Name("entity:", a.called(func(dir directory.Snapshot, id string) string {
		return cmp.Or(dir.Entities[id].Name, dir.Parties[id].Name)
	}))
	a.Views.Name("incident:", func(ctx context.Context, r store.Reader, id string) string { return refOf(ctx, r, id) })
	a.Views.Name("rule:", func(_ context.Context, _ store.Reader, id string) string { return policy.Title(id) })
}

// called names what stands in the directory.
func (a *App) called(find func(dir directory.Snapshot, id string) string) view.Namer {
	return func(_ context.Context, r store.Reader, id string) string {
		dir, err := a.Directory.Snapshot(r)
		if err != nil {
			return ""
		}
		return find(dir, id)
	}
}
