package triage

import (
	"context"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/detect/intake"
)

// Take notes that the team has a signal: its 20 minutes are met, and nobody is called about it any more. A
// call that waits for an answer is better acknowledged itself, which takes all its signals. It needs
// signal.triage. Conflict when somebody has it already, or it is decided.
func (s *Service) Take(ctx context.Context, by who.Identity, signal string) (Outcome, error) {
	if err := who.Check(by, who.PermSignalTriage); err != nil {
		return Outcome{}, err
	}
	return s.write(ctx, by, "signal.take", signal, func(tx *store.Tx, sig intake.Signal) error {
		if sig.State == intake.Decided {
			return fault.New(fault.Conflict, "This is decided already")
		}
		taken, err := s.in.Acknowledge(tx, by, []string{sig.ID}, time.Time{})
		if err == nil && len(taken) == 0 {
			err = fault.New(fault.Conflict, "Somebody has it already")
		}
		return err
	})
}
