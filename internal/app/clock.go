package app

import (
	"context"
	"fmt"
	"time"

	"github.com/wakebell/wakebell/internal/api"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
)

func (a *App) clock() *clock.Clock {
	switch {
	case a.cfg.Clock != nil:
		return a.cfg.Clock
	case a.cfg.TestClock:
		return clock.NewOffset(0)
	}
	return clock.System()
}

// restoreOffset moves the test clock to where this database left it.
func (a *App) restoreOffset(ctx context.Context) error {
	if !a.cfg.TestClock || a.cfg.Clock != nil {
		return nil
	}
	off, err := a.DB.ClockOffset(ctx)
	if err != nil {
		return err
	}
	return a.Clock.Advance(off)
}

// Forward moves the test clock by d: it steps to each instant at which something
// falls due, does the work there, and answers when all is drained.
func (a *App) Forward(ctx context.Context, d time.Duration) error {
	if !a.cfg.TestClock {
		return fault.New(fault.NotFound, "the clock can only be moved on a server started with --test-clock")
	}
	if d < 0 || d > maxForward {
		return fault.InvalidField("forward", "must be a duration between 0 and 10 years, such as \"20m\"")
	}
	if err := a.Jobs.Forward(ctx, a.Clock.Now().Add(d)); err != nil {
		return fmt.Errorf("forward %s: %w", d, err)
	}
	return nil
}

// saveOffset keeps where the test clock stands, at each step: a server that dies on the way must
// not go back behind what it has recorded.
func (a *App) saveOffset(context.Context) error { return a.setOffset(a.Clock.Offset()) }

// saveNow ends a story: its clock came from the past to now, and a server on the test clock
// begins there, not as far ahead as the story was long.
func (a *App) saveNow() error { return a.setOffset(0) }

func (a *App) setOffset(d time.Duration) error {
	if !a.cfg.TestClock {
		return nil
	}
	_, err := a.DB.Write(clock.Background(), store.Op{Name: "clock.forward", Actor: "clock"}, func(tx *store.Tx) error {
		return tx.SetClockOffset(d)
	})
	return err
}

const maxForward = 10 * 366 * 24 * time.Hour

// maxSkew is how far this machine's clock may be from the database's.
const maxSkew = 2 * time.Second

// Ready says what stands in the way of serving, one line per check; Error is ""
// where all is well.
func (a *App) Ready(ctx context.Context) []api.Check {
	return []api.Check{
		{Name: "database", Error: word(a.DB.Healthy(ctx))},
		{Name: "clock", Error: word(a.checkSkew(ctx))},
		{Name: "timed work", Error: word(a.checkLoop(ctx))},
	}
}

// word is what an operator may read of an error.
func word(err error) string {
	if err == nil {
		return ""
	}
	if m, ok := fault.MessageOf(err); ok {
		return m
	}
	return "failed; see the log"
}

func (a *App) checkSkew(ctx context.Context) error {
	there, err := a.DB.Now(ctx)
	if err != nil {
		return err
	}
	if d := a.Clock.Real().Sub(there).Abs(); d > maxSkew {
		return fault.Newf(fault.Unavailable, "This machine's clock is %s away from the database's: set both by NTP", d.Round(time.Millisecond))
	}
	return nil
}

func (a *App) checkLoop(ctx context.Context) error {
	last := a.Jobs.LastTurn()
	if !last.IsZero() && a.Clock.Real().Sub(last) <= maxSilence {
		return nil
	}
	text := "The timed work has not run for two minutes: calls and reminders are late; restart the server"
	if raised, open, err := a.Escalation.Standstill(ctx); err == nil && open {
		text += fmt.Sprintf(". An internal duty was raised at %s; %d people are called and nobody has answered yet",
			raised.RaisedAt.UTC().Format("2006-01-02 15:04 UTC"), raised.People)
	}
	return fault.New(fault.Unavailable, text)
}
