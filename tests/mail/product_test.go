package mail

import (
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/app"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

var (
	engine  = who.Engine("test")
	manager = who.Identity{Actor: "ann", Person: "ann", Roles: []who.Role{who.Manager}}
	comms   = who.Identity{Actor: "cora", Person: "cora", Roles: []who.Role{who.Communications}}
)

// story is the whole product with a company in it, and the mail server outside.
type story struct {
	*app.App
	clk *clock.Clock
}

func begin(t *testing.T, s *outside) story {
	t.Helper()
	ctx := t.Context()
	clk := clock.NewTest(time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC))
	a, err := app.New(ctx, app.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0", TestClock: true, Clock: clk, Mail: s.out(t), Bounce: s.back(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(clock.Background()); err != nil {
			t.Error(err)
		}
	})
	for id, role := range map[string]who.Role{"ann": who.Manager, "cora": who.Communications} {
		p := who.Person{ID: id, Name: "Person " + id, Email: id + "@bell.example", Roles: []who.Role{role}, Active: true}
		if _, err := a.People.CreatePerson(ctx, engine, p); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []directory.Party{
		{ID: "north", Name: "North Ltd", Kind: directory.PartyCustomer, Country: "DE", Contacts: []directory.Contact{
			{Name: "Nobody North", Email: "gone@customer.example"}, {Name: "Ben North", Email: "ben@customer.example"},
		}},
		{ID: "south", Name: "South Inc", Kind: directory.PartyCustomer, Country: "US", Contacts: []directory.Contact{{Name: "Anna South", Email: "anna@customer.example"}}},
	} {
		if _, err := a.Directory.PutParty(ctx, engine, p, 0); err != nil {
			t.Fatal(err)
		}
	}
	return story{a, clk}
}

func (y story) write(t *testing.T, fn func(tx *store.Tx) error) {
	t.Helper()
	if _, err := y.DB.Write(t.Context(), store.Op{Name: "test", Actor: "test"}, fn); err != nil {
		t.Fatal(err)
	}
}

// told returns the recipients by customer, after some time has passed and what came back was read.
func (y story) told(t *testing.T, list string) map[string]dispatch.Recipient {
	t.Helper()
	if err := y.clk.Advance(15 * time.Second); err != nil {
		t.Fatal(err)
	}
	if err := y.Jobs.Drain(t.Context(), y.clk.Now()); err != nil {
		t.Fatal(err)
	}
	page, _, err := y.Dispatch.Recipients(t.Context(), comms, list, dispatch.Filter{}, "", 50)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]dispatch.Recipient{}
	for _, r := range page {
		out[r.Party] = r
	}
	return out
}

// A notice goes to two customers by a true mail server. One address is dead: its bounce comes back
// an instant later, the recipient's record says so, and the second contact is written to. The other
// customer answers, and the answer stands at their record.
func TestBounceAndSecondWay(t *testing.T) {
	t.Parallel()
	s := server(t)
	y := begin(t, s)
	ctx := t.Context()
	st, err := y.Incidents.Declare(ctx, manager, incident.Declare{Title: "Orders read", Kind: incident.Real, DiscoveredAt: y.clk.Now()})
	if err != nil {
		t.Fatal(err)
	}
	var l dispatch.List
	y.write(t, func(tx *store.Tx) (err error) {
		l, err = y.Dispatch.CreateTx(tx, comms, dispatch.ListSpec{Notice: "n1", Incident: st.ID})
		return err
	})
	if _, err := y.Dispatch.AddQuery(ctx, comms, l.ID, dispatch.Query{Parties: []string{"north", "south"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := y.Dispatch.SignOff(ctx, comms, l.ID); err != nil {
		t.Fatal(err)
	}
	run := dispatch.Run{
		ID: "r1", Notice: "n1", List: l.ID, Purpose: "first", Contact: "privacy@bell.example", NeedsAck: true,
		Texts: []text.Source{{
			Lang: "en", Subject: "Incident {{incident.reference}}", Body: "Hello {{recipient.contact}},\n\nsomebody read your orders. See [your page]({{recipient.link}}).\n",
		}},
		Common: text.Values{"incident.reference": text.Known(st.Ref, "")},
	}
	y.write(t, func(tx *store.Tx) error { return y.Dispatch.StartTx(ctx, tx, comms, run) })

	var north dispatch.Recipient
	wait(t, "that the dead address is known and the second contact was written to", func() bool {
		north = y.told(t, l.ID)["north"]
		return !north.BouncedAt.IsZero() && north.Stage == 1 && north.State != dispatch.Queued && north.State != dispatch.Sending
	})
	if north.Address != "ben@customer.example" || north.State != dispatch.Sent && north.State != dispatch.Delivered {
		t.Errorf("%+v", north)
	}
	south := y.told(t, l.ID)["south"]
	m := s.arrived(t, "anna@customer.example", south.MessageID)
	if m.Header.Get("Subject") != "Incident "+st.Ref || m.Header.Get("Auto-Submitted") != "auto-generated" {
		t.Error(m.Header)
	}
	body := parts(t, m.Header.Get("Content-Type"), m.Body)
	if !strings.Contains(body["text/plain"], "Hello Anna South") || !strings.Contains(body["text/html"], "/n/") {
		t.Errorf("%q", body)
	}
	replyTo := strings.Trim(m.Header.Get("Reply-To"), "<>")
	s.write(t, "anna@customer.example", replyTo, "From: Anna <anna@customer.example>\r\nTo: "+replyTo+"\r\nSubject: Re: Incident\r\nMessage-ID: <"+mark()+
		"@customer.example>\r\n\r\nWhich orders?\r\n") // no word of what it answers: the address tells
	answered, came := 0, 0
	wait(t, "that the answer stands at the recipient and the delivery was reported", func() bool {
		south = y.told(t, l.ID)["south"]
		d, err := y.Dispatch.Recipient(ctx, comms, south.ID)
		if err != nil {
			t.Fatal(err)
		}
		answered, came = 0, 0
		for _, h := range d.History {
			if h.What == "answered" && strings.Contains(h.Detail, "Which orders?") {
				answered++
			}
			if h.What == "delivered" {
				came++
			}
		}
		return answered > 0 && came > 0
	})
	if answered != 1 || south.State != dispatch.Delivered || south.DeliveredAt.IsZero() {
		t.Errorf("%d answers, %+v", answered, south)
	}
}
