package room_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
)

// BenchmarkRoom draws the room of an incident with 2,000 notes: the whole page, a page of the
// timeline far back, and the timeline region alone. The first page stays below 50 ms.
func BenchmarkRoom(b *testing.B) {
	g := open(b)
	st := g.declare(incident.Declare{})
	_, err := g.db.Write(b.Context(), store.Op{Name: "test", Actor: "test"}, func(tx *store.Tx) error {
		for i := range 2000 {
			if _, err := g.inc.ExecuteTx(tx, who.Engine("test"), st.ID, &incident.Note{Text: fmt.Sprintf("Entry %d of a long night, with a few words about what was found.", i)}); err != nil {
				return err
			}
		}
		return nil
	})
	g.must(err)
	g.must(g.clk.Advance(time.Minute))
	at := "/incidents/" + st.Ref
	b.Run("page", func(b *testing.B) {
		for b.Loop() {
			g.get(manager, at)
		}
	})
	b.Run("timeline", func(b *testing.B) {
		for b.Loop() {
			g.send(manager, "GET", at, nil, "X-Regions", "timeline")
		}
	})
}
