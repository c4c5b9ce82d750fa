package dispatch_test

import (
	"testing"

	"github.com/wakebell/wakebell/internal/base/mail/bounce"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
)

// What became of each recipient can be held against the ledger: whoever changes the table
// behind the program's back is found out. all() compares in every other test too.
func TestCompare(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := newSink(t, nil)
		e := newEnv(t, db, s.port)
		st := e.declare(t, incident.Real)
		l := e.affectedList(t, st, "n1")
		e.run(t, st, l)
		e.drain(t)
		got := byParty(e.all(t, l.ID))
		north, south := got["north"], got["south"]
		rep := bounce.Report{Kind: bounce.Bounce, Action: bounce.Failed, MessageID: south.MessageID, Status: "5.1.1", At: e.clk.Now()}
		if err := e.OnReport(t.Context(), rep); err != nil { // there is no other way to South
			t.Fatal(err)
		}
		if err := e.Acknowledge(t.Context(), e.token(t, s, "nora@north.example")); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Page(t.Context(), e.token(t, s, "nora@north.example")); err != nil {
			t.Fatal(err)
		}
		if got := byParty(e.all(t, l.ID)); got["south"].State != dispatch.Bounced || got["north"].AcknowledgedAt.IsZero() {
			t.Fatalf("%+v", got)
		}
		for _, c := range []struct{ set, back, id, finding string }{
			{"state='sent'", "state='bounced'", south.ID, "is sent, and the ledger says failed"},
			{"state='queued'", "state='sent'", north.ID, "is queued, and the ledger says it was sent"},
			{"state='stopped'", "state='sent'", north.ID, "is stopped, and the ledger says sent"},
			{"acknowledged_at=0", "acknowledged_at=1", north.ID, "acknowledged, and the table does not"},
			{"opened_at=0", "opened_at=1", north.ID, "opened, and the table does not"},
			{"acknowledged_at=5", "acknowledged_at=0", south.ID, "is marked as acknowledged"},
			{"opened_at=5", "opened_at=0", south.ID, "is marked as opened"},
			{"list_id='gone'", "list_id='" + l.ID + "'", south.ID, "there is no such recipient"},
		} {
			for n, set := range []string{c.set, c.back} {
				err := e.write(t, func(tx *store.Tx) error {
					_, err := tx.Exec(`UPDATE dispatch_recipient SET `+set+` WHERE id=?`, c.id)
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				e.compared(t, []string{c.finding, ""}[n])
			}
		}
	})
}
