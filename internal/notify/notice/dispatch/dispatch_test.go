package dispatch_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who/whotest"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

func TestDenyEmpty(t *testing.T) {
	t.Parallel()
	whotest.DenyEmpty(t, &dispatch.Service{})
}

func TestEverybodyIsToldOnce(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := newSink(t, nil)
		e := newEnv(t, db, s.port)
		st := e.declare(t, incident.Real)
		l := e.list(t, st.ID, "n1", many(60))
		r := e.run(t, st, l)
		e.drain(t)
		p := e.progress(t, r.ID)
		if p.Run.State != dispatch.RunDone || p.Tally.Sent != 60 || s.messages() != 60 || len(s.ids) != 60 {
			t.Fatalf("%s %+v, %d messages", p.Run.State, p.Tally, s.messages())
		}
		rec := e.recorded(t, st.ID)
		for _, one := range e.all(t, l.ID) {
			if one.State != dispatch.Sent || one.SentAt.IsZero() || one.Attempts != 1 || rec[one.ID+" sent"] != 1 || s.ids[one.MessageID] != 1 {
				t.Fatalf("%+v, recorded %d", one, rec[one.ID+" sent"])
			}
		}
		if len(e.told) != 60 {
			t.Errorf("the observer heard of %d", len(e.told))
		}
		raw := s.raw("c3@customer.example")
		for _, want := range []string{"Subject: Vorfall " + st.Ref, "Hallo Contact 3", "9 Bestellungen", "Auto-Submitted: auto-generated", "https://bell.example/n/", "text/html"} {
			if !strings.Contains(strings.ReplaceAll(raw, "=\r\n", ""), want) {
				t.Errorf("the mail lacks %q:\n%s", want, raw)
			}
		}
		if s.max > 4 {
			t.Errorf("%d connections", s.max)
		}
	})
}

// A drill never leaves the building: not at the start, and not in the worker, on any channel.
func TestDrillNeverLeaves(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := newSink(t, nil)
		e := newEnv(t, db, s.port)
		for n, ch := range []dispatch.Channel{dispatch.Email, dispatch.Page, dispatch.Webhook, dispatch.Letter, dispatch.Phone, dispatch.HandedOver} {
			st := e.declare(t, incident.Drill)
			notice := "drill-" + string(ch)
			l := e.list(t, st.ID, notice, "name,email,phone,postal,webhook,channel\nA,a@customer.example,+49 30 1,Street 1,https://a.example/x,"+string(ch)+"\n")
			if !l.Drill {
				t.Fatal("the list is no drill")
			}
			if _, err := e.SignOff(t.Context(), comms, l.ID); err != nil {
				t.Fatal(err)
			}
			for _, said := range []bool{true, false} { // whatever the caller says
				r := dispatch.Run{ID: "r" + notice, Notice: notice, List: l.ID, Texts: sources(), Drill: said}
				err := e.write(t, func(tx *store.Tx) error { return e.StartTx(t.Context(), tx, comms, r) })
				if fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "drill") {
					t.Fatalf("%s: started: %v", ch, err)
				}
			}
			if got := e.all(t, l.ID); got[0].Channel != ch {
				t.Fatalf("%d: channel %s, want %s", n, got[0].Channel, ch)
			}
			// A run that should not be there: of a real incident, whose list becomes a drill's.
			real := e.declare(t, incident.Real)
			l = e.list(t, real.ID, "forged-"+string(ch), "name,email,phone,postal,webhook,channel\nA,a@customer.example,+49 30 1,Street 1,https://a.example/x,"+string(ch)+"\n")
			r := e.run(t, real, l)
			if err := e.write(t, func(tx *store.Tx) error {
				_, err := tx.Exec(`UPDATE dispatch_list SET drill=1 WHERE id=?`, l.ID)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			e.drain(t)
			if p := e.progress(t, r.ID); p.Run.State != dispatch.RunRefused || p.Tally.Queued != 1 || p.Tally.Went() != 0 {
				t.Fatalf("%s: the worker let it pass: %s %+v", ch, p.Run.State, p.Tally)
			}
			one := e.all(t, l.ID)[0]
			if _, err := e.Record(t.Context(), comms, one.ID, dispatch.By{Reached: true}); fault.KindOf(err) != fault.Conflict {
				t.Errorf("%s: recorded by hand: %v", ch, err)
			}
			if _, err := e.NewLink(t.Context(), comms, one.ID); fault.KindOf(err) != fault.Conflict {
				t.Errorf("%s: a link was made: %v", ch, err)
			}
		}
		if n := s.messages(); n != 0 {
			t.Fatalf("%d messages of drills left the building", n)
		}
	})
}

func TestCanaryWaitsForAPerson(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := newSink(t, nil)
		e := newEnv(t, db, s.port)
		st := e.declare(t, incident.Real)
		l := e.list(t, st.ID, "n1", many(50))
		r := e.run(t, st, l, func(r *dispatch.Run) { r.Canary = 7 })
		e.forward(t, 24*time.Hour)
		p := e.progress(t, r.ID)
		if p.Run.State != dispatch.RunWaiting || s.messages() != 7 || p.Tally.Sent != 7 {
			t.Fatalf("%s, %d messages, %+v", p.Run.State, s.messages(), p.Tally)
		}
		if err := e.Resume(t.Context(), legal, r.ID); fault.KindOf(err) != fault.Denied {
			t.Errorf("legal lets it go on: %v", err)
		}
		token := comms
		token.Person, token.Actor = "", "token"
		if err := e.Resume(t.Context(), token, r.ID); fault.KindOf(err) != fault.Denied {
			t.Errorf("a token lets it go on: %v", err)
		}
		if err := e.Resume(t.Context(), comms, r.ID); err != nil {
			t.Fatal(err)
		}
		e.drain(t)
		if p := e.progress(t, r.ID); p.Run.State != dispatch.RunDone || s.messages() != 50 {
			t.Fatalf("%s, %d messages", p.Run.State, s.messages())
		}
	})
}

func TestPauseAndStop(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := newSink(t, nil)
		e := newEnv(t, db, s.port)
		st := e.declare(t, incident.Real)
		l := e.list(t, st.ID, "n1", many(50))
		r := e.run(t, st, l, func(r *dispatch.Run) { r.Canary = 3 })
		if err := e.Pause(t.Context(), comms, r.ID, "the wording"); err != nil {
			t.Fatal(err)
		}
		e.drain(t)
		if s.messages() != 0 {
			t.Fatalf("%d messages while paused", s.messages())
		}
		if err := e.Resume(t.Context(), comms, r.ID); err != nil {
			t.Fatal(err)
		}
		e.drain(t)
		if p := e.progress(t, r.ID); p.Run.State != dispatch.RunWaiting || s.messages() != 3 {
			t.Fatalf("the first few were forgotten over the pause: %s, %d messages", p.Run.State, s.messages())
		}
		if err := e.Stop(t.Context(), comms, r.ID, " "); fault.KindOf(err) != fault.Invalid {
			t.Errorf("stopped without a reason: %v", err)
		}
		if err := e.Stop(t.Context(), comms, r.ID, "wrong customers"); err != nil {
			t.Fatal(err)
		}
		e.drain(t)
		p := e.progress(t, r.ID)
		if p.Run.State != dispatch.RunHalted || p.Tally.Stopped != 47 || p.Tally.Sent != 3 || s.messages() != 3 {
			t.Fatalf("%s %+v", p.Run.State, p.Tally)
		}
		rec := e.recorded(t, st.ID)
		for _, one := range e.all(t, l.ID) {
			if rec[one.ID+" "+string(one.State)] != 1 {
				t.Fatalf("%s %s is not in the ledger", one.ID, one.State)
			}
		}
		if err := e.Resume(t.Context(), comms, r.ID); fault.KindOf(err) != fault.Conflict {
			t.Errorf("a stopped run goes on: %v", err)
		}
	})
}

func TestSignOffBindsTheList(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db, 0)
		st := e.declare(t, incident.Real)
		l := e.list(t, st.ID, "n1", "")
		got, err := e.AddQuery(t.Context(), comms, l.ID, dispatch.Query{Kinds: []directory.PartyKind{"customer", "partner"}})
		if err != nil || got.New != 4 || got.Gaps != 1 {
			t.Fatalf("%+v %v", got, err)
		}
		if _, err := e.SignOff(t.Context(), legal, l.ID); fault.KindOf(err) != fault.Denied {
			t.Errorf("legal signs off: %v", err)
		}
		if _, err := e.SignOff(t.Context(), comms, l.ID); fault.KindOf(err) != fault.Conflict {
			t.Fatalf("signed with a gap: %v", err)
		}
		var gap dispatch.Recipient
		for _, r := range e.all(t, l.ID) {
			if r.State == dispatch.Gap {
				gap = r
			}
			if r.Party == "pal" && r.Channel != dispatch.Phone {
				t.Errorf("the partner with a number only is reached by %s", r.Channel)
			}
		}
		if gap.Party != "mute" || gap.Gap == "" {
			t.Fatalf("%+v", gap)
		}
		if _, err := e.FixContact(t.Context(), comms, gap.ID, dispatch.Fix{Contact: dispatch.Contact{Email: "sam@south.example"}}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("one address twice on a list: %v", err)
		}
		fixed, err := e.FixContact(t.Context(), comms, gap.ID, dispatch.Fix{Contact: dispatch.Contact{Name: "Mia Mute", Email: "mia@mute.example"}})
		if err != nil || fixed.State != dispatch.Queued {
			t.Fatalf("%+v %v", fixed, err)
		}
		signed, err := e.SignOff(t.Context(), comms, l.ID)
		if err != nil || signed.Hash == "" || signed.Count != 4 {
			t.Fatalf("%+v %v", signed, err)
		}
		hash, count, ok, err := e.Frozen(db, l.ID)
		if err != nil || !ok || hash != signed.Hash || count != 4 {
			t.Fatalf("frozen: %s %d %v %v", hash, count, ok, err)
		}
		// The order in which a list was put together is no part of its hash.
		other := e.list(t, st.ID, "n2", "")
		for _, q := range []dispatch.Query{{Parties: []string{"pal"}}, {Parties: []string{"south", "north"}}, {Parties: []string{"mute"}}} {
			if _, err := e.AddQuery(t.Context(), comms, other.ID, q); err != nil {
				t.Fatal(err)
			}
		}
		for _, r := range e.all(t, other.ID) {
			if r.Party == "mute" {
				if _, err := e.FixContact(t.Context(), comms, r.ID, dispatch.Fix{Contact: dispatch.Contact{Name: "Mia Mute", Email: "mia@mute.example"}}); err != nil {
					t.Fatal(err)
				}
			}
		}
		again, err := e.SignOff(t.Context(), comms, other.ID)
		if err != nil || again.Hash != signed.Hash {
			t.Fatalf("%s and %s: %v", again.Hash, signed.Hash, err)
		}
		// Any change voids the signature; nothing is sent then.
		if err := e.LeaveOut(t.Context(), comms, gap.ID, "not a customer any more"); err != nil {
			t.Fatal(err)
		}
		if _, _, ok, _ := e.Frozen(db, l.ID); ok {
			t.Fatal("a changed list is still signed")
		}
		r := dispatch.Run{ID: "r1", Notice: "n1", List: l.ID, Texts: sources()}
		if err := e.write(t, func(tx *store.Tx) error { return e.StartTx(t.Context(), tx, comms, r) }); fault.KindOf(err) != fault.Invalid {
			t.Errorf("started without a signature: %v", err)
		}
		r.ListHash = signed.Hash
		if _, err := e.SignOff(t.Context(), comms, l.ID); err != nil {
			t.Fatal(err)
		}
		if err := e.write(t, func(tx *store.Tx) error { return e.StartTx(t.Context(), tx, comms, r) }); fault.KindOf(err) != fault.Invalid {
			t.Errorf("started with another list than was approved: %v", err)
		}
	})
}
