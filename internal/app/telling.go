package app

import (
	"context"

	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/decide/duty/story"
	"github.com/wakebell/wakebell/internal/detect/intake"
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
	a.Views.Tell("ledger.", record.Tell)
	a.Views.Name("duty:", a.Duties.Title)
	a.Views.Name("team:", a.teamName)
}

func (a *App) teamName(_ context.Context, r store.Reader, id string) string {
	dir, err := a.Directory.Snapshot(r)
	if err != nil {
		return ""
	}
	return dir.Teams[id].Name
}
