// Package clock is the only source of "now". Product time may be a test clock
// that stands still or is moved; leases, watchdogs and pauses use real time
// and are never moved. Every deadline of the policies is measured with it. It
// must not import any other package of this module except fault.
package clock

import (
	"context"
	"sync"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// Clock tells product time. Use System, NewTest or NewOffset.
type Clock struct {
	movable bool
	fixed   bool

	mu     sync.Mutex
	at     time.Time     // of a fixed clock
	offset time.Duration // of a running one
	moved  chan struct{}
}

// System returns the clock of the machine. It cannot be moved.
func System() *Clock { return &Clock{moved: make(chan struct{})} }

// NewTest returns a clock that stands at start until it is moved.
func NewTest(start time.Time) *Clock {
	return &Clock{movable: true, fixed: true, at: micro(start), moved: make(chan struct{})}
}

// NewOffset returns a clock that runs off ahead of the machine and can be
// moved; it is the clock of a test-clock server.
func NewOffset(off time.Duration) *Clock {
	return &Clock{movable: true, offset: off, moved: make(chan struct{})}
}

// Now returns product time in UTC, cut to microseconds.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Time {
	if c.fixed {
		return c.at
	}
	return micro(time.Now().Add(c.offset))
}

// Real returns the machine's time with its monotonic reading, in UTC, for
// leases, watchdogs and measurements. It is never moved.
func (c *Clock) Real() time.Time { return time.Now().UTC() }

// Set moves the clock to t. It is an error on the system clock.
func (c *Clock) Set(t time.Time) error {
	return c.move(func(now time.Time) time.Duration { return micro(t).Sub(now) })
}

// Advance moves the clock by d. It is an error on the system clock.
func (c *Clock) Advance(d time.Duration) error {
	return c.move(func(time.Time) time.Duration { return d })
}

func (c *Clock) move(by func(now time.Time) time.Duration) error {
	if !c.movable {
		return fault.New(fault.Conflict, "The clock of the machine cannot be moved; start with the test clock")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	d := by(c.now())
	if c.fixed {
		c.at = micro(c.at.Add(d))
	}
	c.offset += d
	close(c.moved)
	c.moved = make(chan struct{})
	return nil
}

// Moved returns a channel that is closed at the next move. Ask again after
// each move.
func (c *Clock) Moved() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.moved
}

// Offset returns by how much the clock is ahead of where it began (NewTest) or
// of the machine (NewOffset).
func (c *Clock) Offset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}

// Movable says whether this is a test clock.
func (c *Clock) Movable() bool { return c.movable }

// Sleep pauses for d of real time, or until ctx ends and then returns its
// error.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// After returns a channel that gets one value after d of real time, for
// selects that also wait for something else.
func (c *Clock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// Micros returns t as microseconds since 1970 UTC, the form of storage. The
// zero time is 0.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// FromMicros is the reverse of Micros: UTC, and 0 is the zero time.
func FromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// Background returns the root context for work that outlives a caller. It is
// the only one outside the program's start.
func Background() context.Context { return context.Background() }

func micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond).Round(0) }
