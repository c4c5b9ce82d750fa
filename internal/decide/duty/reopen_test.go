package duty_test

import (
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/duty/next"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// A copy that comes back opens the duty it met, as the facts are now. The documents of the
// duties to others, of which there may be thousands, are not read: here they cannot be.
func TestReopenReadsTheirsAlone(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		o, ctx := openOffice(t, db, nil), t.Context()
		to := []string{"north", "south", "west"}
		for _, id := range to {
			_, err := o.dirs.PutParty(ctx, engine, directory.Party{ID: id, Name: id, Kind: directory.PartyCustomer, Country: "DE"}, 0)
			o.must(err)
		}
		write := func(fn func(tx *store.Tx) error) {
			t.Helper()
			_, err := db.Write(ctx, store.Op{Name: "test", Actor: "t"}, fn)
			o.must(err)
		}
		know := func(fact incident.FactName, value string) {
			t.Helper()
			_, err := o.inc.Execute(ctx, engine, o.ref, &incident.RecordFact{Fact: fact, Value: []byte(value)}, 0)
			o.must(err)
		}
		for _, moved := range []bool{false, true} {
			o.declare(`"no"`)
			know(incident.FactScope, `{"customers":["north","south","west"]}`)
			write(func(tx *store.Tx) error {
				owed, err := next.To(ctx, tx, o.id, to)
				o.must(err)
				var ids []string
				for _, d := range owed {
					ids = append(ids, d.ID)
				}
				return o.duties.MeetAllTx(ctx, tx, engine, ids, func(duty.Duty) (duty.Evidence, bool) { return duty.Evidence{With: "notice", Ref: "copy"}, true })
			})
			met, err := next.Met(ctx, db, o.id, to[:1])
			if err != nil || len(met) != 1 {
				t.Fatalf("met: %d, %v", len(met), err)
			}
			o.must(o.clk.Advance(time.Hour))
			if moved {
				know(incident.FactPersonalData, `"unknown"`)
			} else {
				write(func(tx *store.Tx) error {
					_, err := tx.Exec(`UPDATE duty SET doc = ? WHERE incident_id = ? AND recipient_id IN ('south', 'west')`, []byte("not to be read"), o.id)
					return err
				})
				if _, err := next.Met(ctx, db, o.id, to); err == nil {
					t.Fatal("the others can be read")
				}
			}
			write(func(tx *store.Tx) error {
				if err := o.duties.ReopenTx(ctx, tx, who.Identity{}, met, "x"); fault.KindOf(err) != fault.Denied {
					t.Errorf("nobody asks: %v", err)
				}
				return o.duties.ReopenTx(ctx, tx, engine, met, "it came back")
			})
			d, err := o.duties.Get(ctx, engine, met[0].ID)
			o.must(err)
			if d.State != duty.Open || d.Remark != "it came back" || d.DueAt.Before(met[0].DueAt) != moved {
				t.Errorf("%s, %q, due %s, was %s", d.State, d.Remark, d.DueAt, met[0].DueAt)
			}
		}
	})
}
