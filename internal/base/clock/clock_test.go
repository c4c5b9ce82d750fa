package clock

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
)

func TestTestClockStandsStillUntilMoved(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 10, 24, 20, 0, 0, 1234567, time.FixedZone("x", 7200))
	c := NewTest(start)
	if !c.Now().Equal(start.Truncate(time.Microsecond)) || c.Now().Location() != time.UTC {
		t.Fatalf("now %v", c.Now())
	}
	moved := c.Moved()
	if err := c.Advance(20 * time.Minute); err != nil {
		t.Fatal(err)
	}
	select {
	case <-moved:
	default:
		t.Fatal("no wake after a move")
	}
	if c.Offset() != 20*time.Minute || c.Now().Sub(start.Truncate(time.Microsecond)) != 20*time.Minute {
		t.Fatalf("offset %v", c.Offset())
	}
	if err := c.Set(start.Add(time.Hour)); err != nil || c.Offset() != time.Hour {
		t.Fatalf("set: %v %v", err, c.Offset())
	}
}

func TestSystemClockCannotBeMoved(t *testing.T) {
	t.Parallel()
	c := System()
	if fault.KindOf(c.Advance(1)) != fault.Conflict || c.Movable() {
		t.Fatal("moved")
	}
}

func TestOffsetClockRunsAndMoves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := NewOffset(time.Hour)
		before := c.Now()
		if err := c.Sleep(t.Context(), time.Second); err != nil {
			t.Fatal(err)
		}
		if d := c.Now().Sub(before); d != time.Second {
			t.Fatalf("ran %v", d)
		}
		if err := c.Set(before.Add(time.Minute)); err != nil || !c.Now().Equal(before.Add(time.Minute)) {
			t.Fatalf("set: %v, now %v", err, c.Now())
		}
		if d := c.Now().Sub(c.Real()); d != c.Offset() {
			t.Fatalf("ahead %v, offset %v", d, c.Offset())
		}
		<-c.After(time.Minute)
	})
}

func TestSleepEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := System().Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestMicros(t *testing.T) {
	t.Parallel()
	if Micros(time.Time{}) != 0 || !FromMicros(0).IsZero() {
		t.Fatal("zero")
	}
	now := System().Now()
	if !FromMicros(Micros(now)).Equal(now) {
		t.Fatal("round trip")
	}
}
