package dispatch

import (
	"context"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

// Gate says whether a run may go on at this moment: nil, or a fault.Conflict with the
// reason. What came after the release, such as a request of law enforcement to delay, must
// hold back those who were not told yet.
type Gate func(ctx context.Context, r store.Reader, run Run) error

// Gate sets the gate. Only wiring calls it, before the start.
func (s *Service) Gate(g Gate) { s.mayGoOn = g }

func (s *Service) goesOn(ctx context.Context, r store.Reader, run Run) error {
	if s.mayGoOn == nil {
		return nil
	}
	return s.mayGoOn(ctx, r, run)
}

// gateLook is when a run that ended, and still follows up, is looked at again.
const gateLook = 10 * time.Minute

// hold pauses a run that may not go on: a person resumes it. One that ended has nothing to
// resume; what it still follows up waits.
func (s *Service) hold(ctx context.Context, tx *store.Tx, run Run) (Run, error) {
	if run.State != item.Running && run.State != item.Canary && run.State != item.Done {
		return run, nil
	}
	err := s.goesOn(ctx, tx, run)
	if err == nil || fault.KindOf(err) != fault.Conflict {
		return run, err
	}
	if run.State == item.Done {
		run.NotBefore = s.clk.Now().Add(gateLook)
		return run, nil
	}
	why, _ := fault.MessageOf(err)
	if err := s.turnTx(tx, engine(), run, item.Paused, item.KindPaused, why); err != nil {
		return run, err
	}
	run.State = item.Paused
	return run, nil
}
