package dispatch_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/roll"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
	"github.com/wakebell/wakebell/internal/notify/notice/whom"
)

// Whoever is added goes by the notice's channels; what was wished for one recipient stays.
// When the channels change, the whole list follows and its sign-off is void.
func TestChannelsOfTheNotice(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db, 0)
		how := roll.Ways{Channels: []dispatch.Channel{dispatch.Phone, dispatch.Email}}
		e.By(func(context.Context, store.Reader, string) (roll.Ways, error) { return how, nil })
		st := e.declare(t, incident.Real)
		const lines = 1100 // more than one page of rerouting
		var csv strings.Builder
		csv.WriteString("name,email,phone,channel\nWished,w@x.example,+49 1111,letter\nLetter only,,,handed_over\n")
		for n := range lines {
			csv.WriteString("C" + time.Duration(n).String() + ",c" + time.Duration(n).String() + "@x.example,+49 30 " + time.Duration(1000 + n).String()[:4] + ",\n")
		}
		l := e.list(t, st.ID, "n1", strings.ReplaceAll(csv.String(), "µs", "0"))
		if _, err := e.AddQuery(t.Context(), comms, l.ID, dispatch.Query{Parties: []string{"north"}, Label: "key"}); err != nil {
			t.Fatal(err)
		}
		if _, err := e.AddQuery(t.Context(), comms, l.ID, dispatch.Query{Parties: []string{"south"}, Channel: dispatch.Email}); err != nil {
			t.Fatal(err)
		}
		got := byParty(e.all(t, l.ID))
		if n := got["north"]; n.Channel != dispatch.Phone || n.Own.Row["label"] != "key" || n.Own.Kind != "customer" || got["south"].Channel != dispatch.Email {
			t.Fatalf("%+v %+v", got["north"], got["south"])
		}
		signed, err := e.SignOff(t.Context(), comms, l.ID)
		if err != nil {
			t.Fatal(err)
		}
		how.Channels = []dispatch.Channel{dispatch.Email}
		if err := e.write(t, func(tx *store.Tx) error { return e.RerouteTx(t.Context(), tx, liaison, "n1") }); fault.KindOf(err) != fault.Denied {
			t.Errorf("a liaison chose the channels: %v", err)
		}
		if err := e.write(t, func(tx *store.Tx) error { return e.RerouteTx(t.Context(), tx, comms, "n1") }); err != nil {
			t.Fatal(err)
		}
		e.drain(t)
		after, err := e.List(t.Context(), comms, l.ID)
		if err != nil || after.State != dispatch.ListOpen || after.Hash == signed.Hash || after.Count != signed.Count {
			t.Fatalf("%+v %v", after, err)
		}
		for _, r := range e.all(t, l.ID) {
			want := dispatch.Email
			switch r.Name {
			case "Letter only":
				want = dispatch.HandedOver
			case "Wished":
				want = dispatch.Email // no postal address is known
			}
			if r.Channel != want {
				t.Fatalf("%s goes by %s", r.Name, r.Channel)
			}
		}
		// A follow-up of another notice asks about its own; a notice without a list changes nothing.
		if err := e.write(t, func(tx *store.Tx) error { return e.RerouteTx(t.Context(), tx, comms, "none") }); err != nil {
			t.Error(err)
		}
	})
}

// The rates of the server hold for every run; a run that brings its own keeps them.
func TestRatesOfTheServer(t *testing.T) {
	t.Parallel()
	s := newSink(t, nil)
	e := newEnv(t, storetest.Open(t, store.SQLite), s.port, func(c *dispatch.Config) { c.PerSecond, c.PerDomain = 40, 20 })
	st := e.declare(t, incident.Real)
	l := e.list(t, st.ID, "n1", many(12))
	r := e.run(t, st, l)
	began := e.clk.Real()
	e.drain(t)
	if took := e.clk.Real().Sub(began); took < 500*time.Millisecond || s.messages() != 12 {
		t.Errorf("12 copies to one domain at 20 a second took %s, %d messages", took, s.messages())
	}
	if p := e.progress(t, r.ID); p.Run.PerSecond != 40 || p.Run.PerDomain != 20 {
		t.Errorf("%+v", p.Run)
	}
	_, err := dispatch.New(nil, nil, nil, nil, nil, nil, nil, nil, dispatch.Config{PerSecond: -1, PerDomain: -1})
	if f := fault.FieldsOf(err); len(f) != 2 || f[0].Field != "mail_rate" || f[1].Field != "mail_domain_rate" {
		t.Errorf("%v", err)
	}
}

// The second channel is the one that was named, not the next address.
func TestNamedSecondChannel(t *testing.T) {
	t.Parallel()
	s := newSink(t, nil)
	e := newEnv(t, storetest.Open(t, store.SQLite), s.port)
	st := e.declare(t, incident.Real)
	l := e.affectedList(t, st, "n1")
	e.run(t, st, l, func(r *dispatch.Run) {
		r.NeedsAck, r.SecondAfter, r.Second = true, 6*time.Hour, dispatch.Phone
		r.Variants = []dispatch.Variant{{Name: "calls", For: whom.For{Channels: []string{"phone"}}, Texts: []text.Source{{Lang: "en", Subject: "Call", Body: "Hello, this is Acme. Ask for {{recipient.contact}}."}}}}
	})
	e.drain(t)
	e.forward(t, 7*time.Hour)
	north := byParty(e.all(t, l.ID))["north"]
	if north.Channel != dispatch.Phone || north.Stage != 1 || s.count("second@north.example") != 0 {
		t.Fatalf("%+v", north)
	}
	// Who calls reads the text that was approved for calls.
	mine, _, err := e.Mine(t.Context(), liaison, "", 0)
	if err != nil || len(mine) != 1 || !strings.Contains(mine[0].Script, "this is Acme. Ask for Nora North.") {
		t.Errorf("%+v %v", mine, err)
	}
	d, err := e.Recipient(t.Context(), comms, byParty(e.all(t, l.ID))["south"].ID)
	if err != nil || !strings.Contains(d.Script, "Sam South") {
		t.Errorf("%q %v", d.Script, err)
	}
}
