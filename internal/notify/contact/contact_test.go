package contact_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/notify/contact"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

var start = time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)

type env struct {
	t   *testing.T
	db  *store.DB
	led *record.Ledger
	clk *clock.Clock
	inc *incident.Service
	log *contact.Service
	st  incident.State
}

func newEnv(t *testing.T, db *store.DB) *env {
	t.Helper()
	e := &env{t: t, db: db, clk: clock.NewTest(start)}
	var kinds []record.Kind
	for _, k := range [][]record.Kind{who.Kinds(), incident.Kinds(), plan.Kinds(), directory.Kinds(), file.Kinds(), contact.Kinds()} {
		kinds = append(kinds, k...)
	}
	var err error
	e.led, err = record.New(t.Context(), db, e.clk, record.Config{}, kinds)
	e.must(err)
	people, plans := who.New(db, e.led, e.clk), plan.New(db, e.led, e.clk)
	for id, role := range map[string]who.Role{"mia": who.Manager, "lee": who.Legal, "pia": who.Communications, "ana": who.Analyst} {
		_, err := people.CreatePerson(t.Context(), who.Engine("test"), who.Person{
			ID: id, Name: id, Email: id + "@example.org", Roles: []who.Role{role}, Active: true,
		})
		e.must(err)
	}
	dirs := directory.New(db, e.led, people, plans, e.clk)
	_, err = dirs.PutParty(t.Context(), who.Engine("test"), directory.Party{ID: "dsb", Name: "Datenschutzbehörde", Kind: directory.PartyAuthority, Country: "AT"}, 0)
	e.must(err)
	e.inc = incident.New(db, e.led, e.clk, plans, dirs, people)
	blobs, err := blob.New(blob.Config{Dir: t.TempDir(), Max: 1000})
	e.must(err)
	files := file.New(db, e.led, e.inc, job.New(db, e.clk, nil, job.Config{}), blobs)
	statement := func(_ context.Context, _ store.Reader, _, no string) (bool, error) { return no == "7", nil }
	e.log = contact.New(db, e.led, e.clk, e.inc, files, dirs, statement)
	e.led.OnErase(func(_ context.Context, tx *store.Tx, entries []record.Entry) error { return e.log.OnErase(tx, entries) })
	e.st, err = e.inc.Declare(t.Context(), as("mia", who.Manager), incident.Declare{Title: "Leak", DiscoveredAt: start})
	e.must(err)
	return e
}

func (e *env) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

func as(id string, role who.Role) who.Identity {
	return who.Identity{Actor: id, Person: id, Name: id, Roles: []who.Role{role}}
}

var mia = as("mia", who.Manager)

func (e *env) assign(fn incident.Function, person string) {
	e.t.Helper()
	_, err := e.inc.Execute(e.t.Context(), mia, e.st.Ref, &incident.Assign{Function: fn, Person: person}, 0)
	e.must(err)
}

func (e *env) record(d contact.Draft) contact.Contact {
	e.t.Helper()
	c, err := e.log.Record(e.t.Context(), mia, e.st.Ref, d)
	e.must(err)
	return c
}

func (e *env) refused(field string, d contact.Draft) {
	e.t.Helper()
	_, err := e.log.Record(e.t.Context(), mia, e.st.Ref, d)
	fields := fault.FieldsOf(err)
	if fault.KindOf(err) != fault.Invalid || len(fields) == 0 || fields[0].Field != field {
		e.t.Errorf("got %v (%v), want field %s refused", err, fields, field)
	}
}

// A contact with the police before legal said anything is recorded, but only with the
// reason, and marked; with direction and by the manager nothing is marked.
func TestPolice(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		call := contact.Draft{Side: contact.Police, Step: contact.Outgoing, Channel: contact.Phone, Name: "Police of Vienna", Subject: "Reported the extortion"}
		e.refused("why", call)
		call.Why = "A threat to life; legal could not be reached"
		got := e.record(call)
		if diff := cmp.Diff([]contact.Breach{contact.NotManager, contact.NoAdvice}, got.Breaches); diff != "" {
			t.Error(diff)
		}
		e.refused("person", contact.Draft{Side: contact.Police, Step: contact.Advice, Subject: "x", Text: "y", Person: "ana"})
		e.record(contact.Draft{Side: contact.Police, Step: contact.Advice, Subject: "Report it, hand over no customer data", Text: "Logs only.", Person: "lee"})
		e.assign(incident.FnManager, "mia")
		call.Why = ""
		if got := e.record(call); len(got.Breaches) != 0 || got.No != 3 || got.Person != "mia" {
			t.Errorf("with direction: %+v", got)
		}
		call.Person = "pia"
		e.refused("why", call)
		e.assign(incident.FnPolice, "pia")
		if got := e.record(call); len(got.Breaches) != 0 {
			t.Errorf("by the delegate: %v", got.Breaches)
		}
	})
}

// The media hear the spokesperson, and only an approved statement.
func TestMedia(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		asked := e.record(contact.Draft{Side: contact.Media, Step: contact.Incoming, Channel: contact.Phone, Name: "Daily", Subject: "Is it true?"})
		if !asked.Open() {
			t.Error("an inquiry of the media waits for an answer, also without a date")
		}
		answer := contact.Draft{Side: contact.Media, Step: contact.Outgoing, Channel: contact.Email, Name: "Daily", Subject: "Statement", Answers: asked.No}
		e.refused("why", answer)
		e.refused("person", contact.Draft{Side: contact.Media, Step: contact.Coaching, Subject: "x", Text: "y", Person: "pia"})
		e.assign("spokesperson", "pia")
		e.record(contact.Draft{Side: contact.Media, Step: contact.Coaching, Subject: "What we say", Text: "Stay with the statement.", Person: "pia"})
		answer.Person, answer.Statement = "pia", "6"
		e.refused("why", answer) // not approved
		answer.Statement = "7"
		if got := e.record(answer); len(got.Breaches) != 0 {
			t.Errorf("breaches: %v", got.Breaches)
		}
		asked, err := e.log.Get(t.Context(), mia, e.st.Ref, asked.No)
		e.must(err)
		if asked.Open() || asked.AnsweredBy != 3 {
			t.Errorf("not answered: %+v", asked)
		}
		e.refused("answers", answer) // twice
	})
}

// What an authority wants by a date is kept as a fact, from which the duty is derived.
func TestAsked(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		in := contact.Draft{Side: contact.Authority, Step: contact.Incoming, Channel: contact.Letter, Party: "dsb", Subject: "Ten questions", Number: "D-124"}
		in.DueAt = start.Add(-time.Hour)
		e.refused("due_at", in)
		in.DueAt = start.Add(48 * time.Hour)
		c := e.record(in)
		want := fact.Ask{No: 1, Side: "authority", Party: "dsb", Name: "Datenschutzbehörde", AskedAt: start, DueAt: in.DueAt}
		asks := func() []fact.Ask {
			st, err := e.inc.GetTx(db, e.st.ID)
			e.must(err)
			f, _ := st.Fact(fact.OfAsked, "")
			return f.Value.Asked
		}
		if diff := cmp.Diff([]fact.Ask{want}, asks()); diff != "" {
			t.Error(diff)
		}
		e.must(e.clk.Advance(50 * time.Hour))
		out := contact.Draft{Side: contact.Authority, Step: contact.Outgoing, Channel: contact.Email, Party: "dsb", Subject: "Answers", Answers: c.No}
		e.refused("why", out)
		out.Why = "The forensic report came late"
		if got := e.record(out); cmp.Diff([]contact.Breach{contact.AnsweredLate}, got.Breaches) != "" {
			t.Errorf("breaches: %v", got.Breaches)
		}
		want.AnsweredAt = e.clk.Now()
		if diff := cmp.Diff([]fact.Ask{want}, asks()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhoReads(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		for _, by := range []who.Identity{{}, as("ana", who.Analyst), as("rae", who.Reporter)} {
			_, err := e.log.List(t.Context(), by, e.st.Ref, contact.Filter{})
			_, err2 := e.log.Get(t.Context(), by, e.st.Ref, 1)
			_, err3 := e.log.Record(t.Context(), by, e.st.Ref, contact.Draft{})
			for _, err := range []error{err, err2, err3} {
				if k := fault.KindOf(err); k != fault.Denied && (by.Actor != "" || k != fault.Unauthenticated) {
					t.Errorf("%v: %v", by.Roles, err)
				}
			}
		}
	})
}

// Erasing takes the words away; the table is what replay makes.
func TestErase(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		c := e.record(contact.Draft{Side: contact.Other, Step: contact.Incoming, Channel: contact.Email, Name: "Somebody", People: "Jo Doe", Subject: "Secret"})
		e.record(contact.Draft{Side: contact.Other, Step: contact.Outgoing, Channel: contact.Email, Name: "Somebody", Subject: "Thanks", Answers: c.No})
		_, err := db.Write(t.Context(), store.Op{Name: "test.erase", Actor: "mia"}, func(tx *store.Tx) error {
			return e.led.Erase(tx, "mia", []string{c.ID}, "asked for it")
		})
		e.must(err)
		got, err := e.log.Get(t.Context(), mia, e.st.Ref, c.No)
		e.must(err)
		if !got.Erased || got.Subject+got.People+got.Name != "" || got.AnsweredBy != 2 {
			t.Errorf("after the erasure: %+v", got)
		}
		_, err = record.RebuildCheck(t.Context(), db, []record.Projector{new(contact.Service)})
		e.must(err)
	})
}

func TestTell(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		e.record(contact.Draft{
			Side: contact.Police, Step: contact.Outgoing, Channel: contact.Phone, Name: "Police of Vienna", Subject: "Reported it", Why: "urgent",
		})
		entries, err := e.led.Subject(t.Context(), db, e.st.ID, 0, 0)
		e.must(err)
		text := contact.Tell(entries[len(entries)-1], strings.ToUpper)
		const want = "We to Police of Vienna (phone, MIA): Reported it. Against the plan: who spoke with the police is neither the incident manager nor the delegate for law enforcement. Against the plan: legal had given no direction before"
		if text != want {
			t.Errorf("got %q", text)
		}
	})
}
