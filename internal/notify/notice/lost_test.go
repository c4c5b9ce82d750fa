package notice_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/notify/notice"
)

// A copy that comes back has told nobody: the duty it met is open again, communications are
// told once, and another way meets it at its own time, with the reason for being late.
func TestCameBack(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e, ctx := newEnv(t, db), t.Context()
		n, err := e.release("cora", e.approved(notice.Customer))
		e.must(err)
		tell := func(fn func(tx *store.Tx) error) {
			t.Helper()
			_, err := db.Write(ctx, store.Op{Name: "test.told"}, fn)
			e.must(err)
		}
		told := func(list ...notice.Told) {
			t.Helper()
			tell(func(tx *store.Tx) error { return e.notices.OnTold(ctx, tx, who.Engine("dispatch"), n.ID, list) })
		}
		lost := func(party, id string) {
			t.Helper()
			list := []notice.Told{{Recipient: "unknown"}, {Recipient: id, Party: party}}
			tell(func(tx *store.Tx) error { return e.notices.OnLost(ctx, tx, who.Engine("dispatch"), n.ID, list) })
		}
		of := func(party string) duty.Duty {
			t.Helper()
			list, err := e.duties.ForIncident(ctx, db, e.st.ID)
			e.must(err)
			return list[slices.IndexFunc(list, func(d duty.Duty) bool { return d.Recipient.ID == party })]
		}
		first := e.clk.Now()
		told(notice.Told{Recipient: "r1", Party: "north", SentAt: first})
		lost("north", "r9") // somebody whose copy met nothing
		if d := of("north"); d.State != duty.Met || !d.MetAt.Equal(first) {
			t.Fatalf("%+v", d)
		}
		lost("north", "r1")
		if d := of("north"); d.State != duty.Open || d.AlarmAt.IsZero() || d.Remark == "" {
			t.Fatalf("%+v", d)
		}
		if to := e.mails("came back"); !slices.Equal(to, []string{"cora@example.com"}) {
			t.Errorf("told: %v", to)
		}
		// Another way, after the due time.
		e.must(e.clk.Advance(50 * time.Hour))
		told(notice.Told{Recipient: "r1", Party: "north", SentAt: e.clk.Now()})
		if d := of("north"); d.State != duty.Met || !d.MetAt.Equal(e.clk.Now()) || d.LateReason == "" {
			t.Fatalf("%+v", d)
		}
		// Many that come back one after the other make one mail.
		lost("north", "r1")
		told(notice.Told{Recipient: "r1", Party: "north", SentAt: e.clk.Now()})
		lost("north", "r1")
		if to := e.mails("came back"); len(to) != 2 {
			t.Errorf("told: %v", to)
		}
		// Somebody else of the same customer has it: the duty is met by that copy.
		e.post.others = []notice.Told{{Recipient: "r2", Party: "north", SentAt: first.Add(time.Hour)}}
		told(notice.Told{Recipient: "r1", Party: "north", SentAt: e.clk.Now()})
		e.must(e.clk.Advance(time.Hour))
		lost("north", "r1")
		if d := of("north"); d.State != duty.Met || d.MetRef != "r2" || !d.MetAt.Equal(first.Add(time.Hour)) {
			t.Fatalf("%+v", d)
		}
		if to := e.mails("came back"); len(to) != 2 {
			t.Errorf("told, though another copy stands: %v", to)
		}
		// An acknowledgement stays what it is: what is met by it has another reference.
		told(notice.Told{Recipient: "r3", Party: "south", SentAt: first, AcknowledgedAt: first})
		lost("south", "r4")
		if d := of("south"); d.State != duty.Met {
			t.Fatalf("%+v", d)
		}
		e.rebuilt()
	})
}

// What was recorded by mistake has told nobody either: the duty is open again, for another
// reason, and communications are told why. A copy that stands meets it.
func TestTakenBack(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e, ctx := newEnv(t, db), t.Context()
		n, err := e.release("cora", e.approved(notice.Customer))
		e.must(err)
		tell := func(fn func(tx *store.Tx) error) {
			t.Helper()
			_, err := db.Write(ctx, store.Op{Name: "test.told"}, fn)
			e.must(err)
		}
		of := func() duty.Duty {
			t.Helper()
			list, err := e.duties.ForIncident(ctx, db, e.st.ID)
			e.must(err)
			return list[slices.IndexFunc(list, func(d duty.Duty) bool { return d.Recipient.ID == "north" })]
		}
		told := func() {
			t.Helper()
			tell(func(tx *store.Tx) error {
				return e.notices.OnTold(ctx, tx, who.Engine("dispatch"), n.ID, []notice.Told{{Recipient: "r1", Party: "north", SentAt: e.clk.Now()}})
			})
			if d := of(); d.State != duty.Met {
				t.Fatalf("told: %s", d.State)
			}
		}
		undone := func(ids ...string) {
			t.Helper()
			var list []notice.Told
			for _, id := range ids {
				list = append(list, notice.Told{Recipient: id, Party: "north"})
			}
			tell(func(tx *store.Tx) error { return e.notices.OnUndone(ctx, tx, who.Engine("dispatch"), n.ID, list) })
		}
		told()
		undone()
		undone("r9")
		if d := of(); d.State != duty.Met {
			t.Fatalf("somebody else's record: %s", d.State)
		}
		undone("r1")
		if d := of(); d.State != duty.Open || !strings.Contains(d.Remark, "recorded by mistake") {
			t.Fatalf("%s %q", d.State, d.Remark)
		}
		if to := e.mails("taken back"); !slices.Equal(to, []string{"cora@example.com"}) {
			t.Errorf("told: %v", to)
		}
		if to := e.mails("came back"); len(to) != 0 {
			t.Errorf("nothing came back: %v", to)
		}
		told()
		e.post.others = []notice.Told{{Recipient: "r2", Party: "north", SentAt: e.clk.Now()}}
		undone("r1")
		if d := of(); d.State != duty.Met || d.MetRef != "r2" {
			t.Errorf("another copy stands: %s by %s", d.State, d.MetRef)
		}
		e.must(func() error {
			_, err := db.Write(ctx, store.Op{Name: "test.nobody"}, func(tx *store.Tx) error {
				if err := e.notices.OnUndone(ctx, tx, who.Identity{}, n.ID, []notice.Told{{Recipient: "r2", Party: "north"}}); fault.KindOf(err) != fault.Denied {
					t.Errorf("nobody asks: %v", err)
				}
				return nil
			})
			return err
		}())
		e.rebuilt()
	})
}
