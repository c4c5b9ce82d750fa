package triage_test

import (
	"testing"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/decide/triage"
	"github.com/wakebell/wakebell/internal/detect/intake"
)

// Policy 003: the product team has it within 20 minutes. Once taken, it is nobody else's to take.
func TestTake(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		ctx := t.Context()
		a, b := h.signal("a", false), h.signal("b", false)
		out, err := h.Take(ctx, analyst, a.ID)
		if err != nil || out.Signal.AcknowledgedBy != "ann" || out.Signal.State != intake.Open {
			t.Fatalf("%v %+v", err, out)
		}
		if _, err := h.Take(ctx, analyst, a.ID); fault.KindOf(err) != fault.Conflict {
			t.Error(err)
		}
		h.decide(b.ID, triage.Input{Verdict: intake.Event})
		if _, err := h.Take(ctx, analyst, b.ID); fault.KindOf(err) != fault.Conflict {
			t.Error(err)
		}
		if _, err := h.Take(ctx, machine, a.ID); fault.KindOf(err) != fault.Denied {
			t.Error(err)
		}
		h.rebuilt()
	})
}
