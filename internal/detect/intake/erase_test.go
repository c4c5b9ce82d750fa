package intake_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/detect/intake"
)

// Erasing the first sight takes the words and the raw bytes with it; everything
// else of the signal stays, and replay agrees.
func TestErasure(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		raw := h.NewRaw("application/json", []byte("Jane Doe"))
		in := alert("a")
		in.Title, in.Summary, in.Raw = "Jane Doe logged in", "from room 7", &raw
		sig, _ := h.receive(in)
		h.receive(in)
		h.write(func(tx *store.Tx) error {
			_, err := h.Acknowledge(tx, analyst, []string{sig.ID}, start)
			return err
		})
		h.decide(sig.ID, intake.Incident, "inc-1")
		h.resolve("a")
		before := h.get(sig.ID)
		list := h.entries(sig.ID)
		h.write(func(tx *store.Tx) error {
			if err := h.led.Erase(tx, "ann", []string{list[0].ID, list[2].ID}, "asked for it"); err != nil {
				return err
			}
			return h.Reproject(tx, sig.ID)
		})
		after := h.get(sig.ID)
		if after.Title != "" || after.Summary != "" || after.Reason != "" {
			t.Errorf("%+v", after)
		}
		if diff := cmp.Diff(before, after, cmpopts.IgnoreFields(intake.Signal{}, "Title", "Summary", "Reason")); diff != "" {
			t.Error("more changed than the words:", diff)
		}
		if _, _, err := h.Raw(t.Context(), analyst, sig.ID); fault.KindOf(err) != fault.Gone {
			t.Error("raw bytes:", err)
		}
		if items, _, err := h.List(t.Context(), analyst, intake.Filter{Words: "Jane"}, ""); err != nil || len(items) != 0 {
			t.Error("found by words:", items, err)
		}
		h.rebuilt()
	})
}
