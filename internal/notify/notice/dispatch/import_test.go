package dispatch_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
)

const messy = `Firma;E-Mail;Ansprechpartner;Sprache;Telefon;Formula;party
Good Ltd;good@customer.example;Gina;de-AT;;=1+1;
=cmd|' /C calc'!A0;formula@customer.example;@SUM(A1);en;;+1;
Twice Ltd;GOOD@customer.example;;;;;
Bad Ltd;not an address;;;;;
Evil Ltd;"a@b.example
Bcc: c@d.example";;;;;
Evil 2;x@y.example;"A
Subject: b";;;;
No Way Ltd;;;;;;
Look Alike;x@nоrth.example;;;;;
Only Phone;;;;+49 30 99;;
;;;;;;south
Nobody;;;;;;gone
too;many;values;in;this;line;x;y
`

func TestImport(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db, newSink(t, nil).port)
		st := e.declare(t, incident.Real)
		l := e.list(t, st.ID, "n1", "")
		pre, err := e.Preview(t.Context(), comms, strings.NewReader(messy), dispatch.Import{})
		if err != nil || len(pre.First) != 7 || pre.Mapping["E-Mail"] != "email" || pre.Delimiter != ";" {
			t.Fatalf("%d lines, %v %q: %v", len(pre.First), pre.Mapping, pre.Delimiter, err)
		}
		got, err := e.Import(t.Context(), comms, l.ID, strings.NewReader(messy), dispatch.Import{})
		if err != nil {
			t.Fatal(err)
		}
		if got.Lines != 12 || got.New != 6 || got.Double != 1 || got.Refused != 5 || got.Gaps != 1 || got.Warned != 1 || len(got.Doubles) != 1 || got.Doubles[0] != 4 {
			t.Fatalf("%+v", got)
		}
		lines := map[int]string{}
		for _, w := range got.Errors {
			lines[w.Line] = w.Column + " " + w.Message
			if strings.Contains(w.Message, "not an address") || strings.Contains(w.Message, "Bcc") {
				t.Errorf("the message repeats the value: %q", w.Message)
			}
		}
		for _, n := range []int{5, 6, 8, 14, 15} {
			if lines[n] == "" {
				t.Errorf("line %d is not named: %v", n, lines)
			}
		}
		again, err := e.Import(t.Context(), comms, l.ID, strings.NewReader(messy), dispatch.Import{})
		if err != nil || again.New != 1 || again.Double != 6 { // who has no address cannot be known again
			t.Errorf("the same file again: %+v %v", again, err)
		}
		all := e.all(t, l.ID)
		for _, r := range all {
			switch r.Name {
			case "Good Ltd":
				if r.Own.Row["formula"] != "=1+1" || r.Lang != "de-at" {
					t.Errorf("%+v", r)
				}
			case "South Inc":
				if r.Party != "south" || r.Address != "sam@south.example" {
					t.Errorf("%+v", r)
				}
			case "Only Phone":
				if r.Channel != dispatch.Phone {
					t.Errorf("%+v", r)
				}
			case "Look Alike":
				if !strings.Contains(r.Warning, "domain") {
					t.Errorf("%+v", r)
				}
			case "No Way Ltd":
				if r.State != dispatch.Gap {
					t.Errorf("%+v", r)
				}
				if err := e.LeaveOut(t.Context(), comms, r.ID, "=not a customer"); err != nil {
					t.Fatal(err)
				}
			}
		}
		e.run(t, st, l)
		e.drain(t)
		if _, err := e.Import(t.Context(), comms, l.ID, strings.NewReader(messy), dispatch.Import{}); fault.KindOf(err) != fault.Conflict {
			t.Errorf("a used list takes more: %v", err)
		}
	})
}

// A contact that is given by hand, and one that is only tried when the first does not
// answer, are looked at like those of a file; a mended address takes the warning away.
func TestEveryAddressIsLookedAt(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db, 0)
		st := e.declare(t, incident.Real)
		l := e.list(t, st.ID, "n1", "name,email,webhook\nGood Ltd,good@customer.example,\nHook Ltd,hook@customer.example,https://api.nоrth.example/in\n")
		warning := func(name string) string {
			t.Helper()
			for _, r := range e.all(t, l.ID) {
				if r.Name == name {
					return r.Warning
				}
			}
			t.Fatal("nobody is called " + name)
			return ""
		}
		fix := func(name string, f dispatch.Fix) error {
			t.Helper()
			for _, r := range e.all(t, l.ID) {
				if r.Name == name {
					_, err := e.FixContact(t.Context(), comms, r.ID, f)
					return err
				}
			}
			t.Fatal("nobody is called " + name)
			return nil
		}
		if got := warning("Hook Ltd"); !strings.Contains(got, "webhook") {
			t.Errorf("the webhook: %q", got)
		}
		if got := warning("Good Ltd"); got != "" {
			t.Errorf("an honest address: %q", got)
		}
		if err := fix("Good Ltd", dispatch.Fix{Contact: dispatch.Contact{Email: "good@nоrth.example"}}); err != nil {
			t.Fatal(err)
		}
		if got := warning("Good Ltd"); !strings.Contains(got, "domain of the address") {
			t.Errorf("an address given by hand: %q", got)
		}
		if err := fix("Good Ltd", dispatch.Fix{Contact: dispatch.Contact{Email: "other@customer.example"}}); err != nil {
			t.Fatal(err)
		}
		if got := warning("Good Ltd"); !strings.Contains(got, "another contact") {
			t.Errorf("the address behind it: %q", got)
		}
		for _, f := range []dispatch.Fix{{Lang: "de\r\nBcc: x"}, {Label: "a\nb"}, {Lang: strings.Repeat("x", 10_000)}} {
			if err := fix("Good Ltd", f); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%.20q is taken: %v", f.Lang+f.Label, err)
			}
		}
	})
}

// Another contact that is given while the notice is being sent is looked at by the same rule,
// which keeps nobody from trying it.
func TestNextContactIsLookedAt(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db, 0)
		st := e.declare(t, incident.Real)
		says := map[string]string{"sam@s0uth.example": "The domain of the address: looks like south.example", "sam@nоrth.example": "mixes letters", "sam@south.example": ""}
		csv := "name,phone\n"
		for email := range says {
			csv += email + ",+49 30 111\n"
		}
		l := e.list(t, st.ID, "n1", csv)
		e.run(t, st, l)
		e.drain(t)
		for _, r := range e.all(t, l.ID) {
			if _, err := e.Called(t.Context(), comms, r.ID, dispatch.Call{Outcome: dispatch.CallWrong}); err != nil {
				t.Fatal(err)
			}
			got, err := e.Amend(t.Context(), comms, r.ID, dispatch.Contact{Email: r.Name})
			if want := says[r.Name]; err != nil || got.State != dispatch.Queued || (got.Warning == "") != (want == "") || !strings.Contains(got.Warning, want) {
				t.Errorf("%s: %s, %q, %v", r.Name, got.State, got.Warning, err)
			}
		}
	})
}

// What a person did cannot lie before the release: it would meet a duty that was missed.
func TestNobodyWasToldBefore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db, 0)
		st := e.declare(t, incident.Real)
		l := e.list(t, st.ID, "n1", "name,phone\nCalled Ltd,+49 30 99\n")
		run := e.run(t, st, l)
		r := e.all(t, l.ID)[0]
		started := e.progress(t, run.ID).Run.StartedAt
		before := started.Add(-time.Hour)
		if started.IsZero() {
			t.Fatal("the run has no time")
		}
		if _, err := e.Record(t.Context(), comms, r.ID, dispatch.By{Channel: dispatch.Phone, Reached: true, At: before}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("told before the release: %v", err)
		}
		if _, err := e.Called(t.Context(), comms, r.ID, dispatch.Call{Outcome: dispatch.CallReached, At: before}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("called before the release: %v", err)
		}
		if _, err := e.Record(t.Context(), comms, r.ID, dispatch.By{Channel: dispatch.Phone, Reached: true, At: started}); err != nil {
			t.Error(err)
		}
	})
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	e := newEnv(t, storetest.Open(t, store.SQLite), 0)
	st := e.declare(t, incident.Real)
	l := e.list(t, st.ID, "n1", many(3))
	if _, err := e.Import(t.Context(), manager, l.ID, strings.NewReader(many(1)), dispatch.Import{}); fault.KindOf(err) != fault.Denied {
		t.Errorf("the manager writes lists: %v", err)
	}
	if _, _, err := e.Recipients(t.Context(), liaison, l.ID, dispatch.Filter{}, "", 0); fault.KindOf(err) != fault.Denied {
		t.Errorf("a liaison reads all recipients: %v", err)
	}
	one := e.all(t, l.ID)[0]
	if _, err := e.Recipient(t.Context(), liaison, one.ID); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a liaison reads another's customer: %v", err)
	}
	_, next, err := e.Recipients(t.Context(), comms, l.ID, dispatch.Filter{}, "", 2)
	if err != nil || next == "" {
		t.Fatal(next, err)
	}
	if _, _, err := e.Recipients(t.Context(), auditor, l.ID, dispatch.Filter{}, next, 2); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a cursor of somebody else: %v", err)
	}
	if _, _, err := e.Recipients(t.Context(), comms, l.ID, dispatch.Filter{State: dispatch.Sent}, next, 2); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a cursor of another filter: %v", err)
	}
}
