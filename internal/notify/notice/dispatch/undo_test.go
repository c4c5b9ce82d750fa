package dispatch_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
)

// undoable says whether a recipient's page offers to undo.
func (e *env) undoable(t *testing.T, id string) bool {
	t.Helper()
	d, err := e.Recipient(t.Context(), comms, id)
	if err != nil {
		t.Fatal(err)
	}
	return d.Undoable
}

func (e *env) undo(t *testing.T, by who.Identity, id string) dispatch.Recipient {
	t.Helper()
	r, err := e.Undo(t.Context(), by, id, "wrong line")
	if err != nil {
		t.Fatal(err)
	}
	if heard := e.told[len(e.told)-1]; heard.ID != id || heard.State != r.State {
		t.Errorf("the other rooms hear of %s, %s", heard.ID, heard.State)
	}
	return r
}

// tookBack checks whether the other rooms heard that what told a recipient was taken back.
func (e *env) tookBack(t *testing.T, want bool) {
	t.Helper()
	if got := e.told[len(e.told)-1].Undone; got != want {
		t.Errorf("told by it before: %v, want %v", got, want)
	}
}

func (e *env) cannotUndo(t *testing.T, by who.Identity, id string, want fault.Kind) {
	t.Helper()
	if _, err := e.Undo(t.Context(), by, id, "wrong line"); fault.KindOf(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// A call that was recorded by mistake: before, after, and after the undoing, which is one
// entry more and takes the acknowledgement back as well.
func TestUndoACall(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := newSink(t, nil)
		e := newEnv(t, db, s.port)
		st := e.declare(t, incident.Real)
		l := e.affectedList(t, st, "n1")
		pal := byParty(e.all(t, l.ID))["pal"]
		e.cannotUndo(t, comms, pal.ID, fault.Conflict) // not released yet
		r := e.run(t, st, l)
		e.drain(t)
		e.cannotUndo(t, comms, pal.ID, fault.Conflict) // nothing was recorded
		if e.undoable(t, pal.ID) {
			t.Error("nothing was recorded")
		}
		if _, err := e.Record(t.Context(), comms, pal.ID, dispatch.By{Reached: true, Acknowledged: true, Text: "told Mr Pal"}); err != nil {
			t.Fatal(err)
		}
		if p := e.progress(t, r.ID); p.Run.State != dispatch.RunDone || p.Tally.Acknowledged != 1 || !e.undoable(t, pal.ID) {
			t.Fatalf("%s %+v", p.Run.State, p.Tally)
		}
		if _, err := e.Undo(t.Context(), comms, pal.ID, " "); fault.KindOf(err) != fault.Invalid {
			t.Errorf("without a reason: %v", err)
		}
		after := e.undo(t, comms, pal.ID)
		e.tookBack(t, true)
		if after.State != dispatch.Queued || after.Channel != dispatch.Phone || !after.SentAt.IsZero() || !after.DeliveredAt.IsZero() || !after.AcknowledgedAt.IsZero() || after.AcknowledgedBy != "" {
			t.Fatalf("%+v", after)
		}
		if p := e.progress(t, r.ID); p.Tally.Acknowledged != 0 || p.Tally.Queued != 1 {
			t.Errorf("%+v", p.Tally)
		}
		e.all(t, l.ID) // the counts and the ledger agree
		if e.undoable(t, pal.ID) {
			t.Error("offered twice")
		}
		e.cannotUndo(t, comms, pal.ID, fault.Conflict)
		d, err := e.Recipient(t.Context(), comms, pal.ID)
		if err != nil || !strings.Contains(d.History[len(d.History)-1].Detail, "Undone, phone: wrong line") {
			t.Errorf("%+v %v", d.History, err)
		}
		entries, err := e.led.Subject(t.Context(), db, st.ID, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		last := entries[len(entries)-1]
		if last.Kind != "dispatch.undone" || strings.Contains(string(last.Facts), "wrong line") || !strings.Contains(string(last.Private), "wrong line") {
			t.Errorf("%s %s %s", last.Kind, last.Facts, last.Private)
		}
		if say := dispatch.Tell(last, func(string) string { return "" }); say != "Undone, what was recorded by hand was wrong, phone: wrong line" {
			t.Errorf("%q", say)
		}
		// What is so can be recorded, and undone again; a call in vain in between changes nothing.
		if _, err := e.Record(t.Context(), comms, pal.ID, dispatch.By{Reached: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Record(t.Context(), comms, pal.ID, dispatch.By{}); err != nil {
			t.Fatal(err)
		}
		if got := e.undo(t, comms, pal.ID); got.State != dispatch.Queued {
			t.Errorf("%+v", got)
		}
		e.all(t, l.ID)
	})
}

// Letters that were not posted wait again; who was told by mail before stays told by it.
func TestUndoALetter(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := newSink(t, nil)
		e := newEnv(t, db, s.port)
		st := e.declare(t, incident.Real)
		l := e.list(t, st.ID, "n1", "name,email,postal,channel\nBy letter,,Street 1,letter\nBy letter too,,Street 2,letter\nBy mail,m@x.example,Street 3,email\n")
		r := e.run(t, st, l)
		e.drain(t)
		if n, err := e.Posted(t.Context(), comms, r.ID, dispatch.Posting{Carrier: "Deutsche Post"}); err != nil || n != 2 {
			t.Fatal(n, err)
		}
		list := e.all(t, l.ID)
		if list[0].State != dispatch.Sent || list[1].State != dispatch.Sent || e.progress(t, r.ID).Run.State != dispatch.RunDone {
			t.Fatalf("%+v", list)
		}
		if got := e.undo(t, comms, list[0].ID); got.State != dispatch.Queued || got.Channel != dispatch.Letter || !got.SentAt.IsZero() {
			t.Errorf("%+v", got)
		}
		if got := e.all(t, l.ID)[1]; got.State != dispatch.Sent {
			t.Errorf("the other letter: %+v", got)
		}
		if n, err := e.Posted(t.Context(), comms, r.ID, dispatch.Posting{Carrier: "Deutsche Post"}); err != nil || n != 1 {
			t.Errorf("it waits again: %d %v", n, err)
		}
		// A handing over beside a mail: undone, the mail stands, with its way and its time.
		before := list[2]
		if _, err := e.Record(t.Context(), comms, before.ID, dispatch.By{Channel: dispatch.HandedOver, Reached: true}); err != nil {
			t.Fatal(err)
		}
		got := e.undo(t, comms, before.ID)
		e.tookBack(t, false)
		if got.State != dispatch.Sent || got.Channel != dispatch.Email || !got.SentAt.Equal(before.SentAt) || !got.DeliveredAt.IsZero() || got.Address != "m@x.example" {
			t.Errorf("%+v", got)
		}
		e.all(t, l.ID)
		if s.messages() != 1 {
			t.Errorf("%d mails", s.messages())
		}
	})
}

// The outcome of a call led on to the next number; undone, the first is called again.
func TestUndoAnOutcome(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db, 0)
		st := e.declare(t, incident.Real)
		l := e.list(t, st.ID, "n1", "name,phone,postal,channel\nCalled,+49 30 1,Street 1,phone\n")
		e.run(t, st, l)
		e.drain(t)
		one := e.all(t, l.ID)[0]
		for _, out := range []dispatch.Outcome{dispatch.CallWrong, dispatch.CallRefused, dispatch.CallBack} {
			moved, err := e.Called(t.Context(), comms, one.ID, dispatch.Call{Outcome: out})
			if err != nil || (out == dispatch.CallBack) != (moved.Channel == dispatch.Phone) {
				t.Fatalf("%s: %+v %v", out, moved, err)
			}
			if got := e.undo(t, comms, one.ID); got.Channel != dispatch.Phone || got.Address != "+49 30 1" || got.Attempts != 0 || got.Stage != 0 || got.State != dispatch.Queued {
				t.Errorf("%s: %+v", out, got)
			}
			e.tookBack(t, false)
			e.all(t, l.ID)
		}
	})
}

// Once something else happened to the copy, what was recorded stays: it was acknowledged on
// the page, another way was begun, or it failed there.
func TestUndoTooLate(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := newSink(t, nil)
		e := newEnv(t, db, s.port)
		st := e.declare(t, incident.Real)
		l := e.affectedList(t, st, "n1")
		e.run(t, st, l, func(r *dispatch.Run) { r.NeedsAck, r.SecondAfter, r.Second = true, 6*time.Hour, dispatch.Phone })
		e.drain(t)
		got := byParty(e.all(t, l.ID))
		for _, party := range []string{"north", "south"} {
			if _, err := e.Record(t.Context(), comms, got[party].ID, dispatch.By{Channel: dispatch.Letter, Reached: true}); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.Acknowledge(t.Context(), e.token(t, s, "sam@south.example")); err != nil {
			t.Fatal(err)
		}
		e.cannotUndo(t, comms, got["south"].ID, fault.Conflict)
		e.forward(t, 7*time.Hour) // nobody at North acknowledged: another way
		if e.undoable(t, got["north"].ID) {
			t.Error("offered, though another way was begun")
		}
		e.cannotUndo(t, comms, got["north"].ID, fault.Conflict)
		if after := byParty(e.all(t, l.ID)); after["south"].AcknowledgedAt.IsZero() || after["north"].Stage == 0 {
			t.Errorf("%+v", after)
		}
	})
}

// What waits again after an undoing does not go out when the sending was stopped meanwhile,
// and goes at once when it was not.
func TestUndoOfARunThatWasStopped(t *testing.T) {
	t.Parallel()
	for _, stop := range []bool{true, false} {
		storetest.Run(t, func(t *testing.T, db *store.DB) {
			s := newSink(t, nil)
			e := newEnv(t, db, s.port)
			st := e.declare(t, incident.Real)
			l := e.list(t, st.ID, "n1", "name,email\nAnna,anna@x.example\nBert,bert@x.example\n")
			r := e.run(t, st, l)
			list := e.all(t, l.ID)
			if _, err := e.Record(t.Context(), comms, list[0].ID, dispatch.By{Channel: dispatch.Phone, Reached: true}); err != nil {
				t.Fatal(err)
			}
			want, mails := dispatch.Sent, 2
			if stop {
				if err := e.Stop(t.Context(), comms, r.ID, "withdrawn"); err != nil {
					t.Fatal(err)
				}
				want, mails = dispatch.Stopped, 0
			}
			e.drain(t)
			e.undo(t, comms, list[0].ID)
			e.forward(t, time.Hour)
			for _, one := range e.all(t, l.ID) {
				if one.State != want || s.messages() != mails {
					t.Errorf("stopped %v: %s, %d mails", stop, one.State, s.messages())
				}
			}
		})
	}
}

// Who may record may undo: a liaison for the own customers, and nobody without the permission.
func TestUndoPermissions(t *testing.T) {
	t.Parallel()
	e := newEnv(t, storetest.Open(t, store.SQLite), 0)
	st := e.declare(t, incident.Real)
	l := e.affectedList(t, st, "n1")
	e.run(t, st, l)
	got := byParty(e.all(t, l.ID))
	for _, party := range []string{"north", "south"} {
		if _, err := e.Record(t.Context(), comms, got[party].ID, dispatch.By{Channel: dispatch.Phone, Reached: true}); err != nil {
			t.Fatal(err)
		}
	}
	e.cannotUndo(t, auditor, got["north"].ID, fault.Denied)
	e.cannotUndo(t, who.Identity{}, got["north"].ID, fault.Unauthenticated)
	e.cannotUndo(t, liaison, got["south"].ID, fault.NotFound)
	e.cannotUndo(t, comms, "nobody", fault.NotFound)
	e.undo(t, liaison, got["north"].ID)
}
