package mail

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/app"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

var (
	engine  = who.Engine("test")
	manager = who.Identity{Actor: "ann", Person: "ann", Roles: []who.Role{who.Manager}}
	comms   = who.Identity{Actor: "cora", Person: "cora", Roles: []who.Role{who.Communications}}
	legal   = who.Identity{Actor: "lena", Person: "lena", Roles: []who.Role{who.Legal}}
	head    = who.Identity{Actor: "ewan", Person: "ewan", Roles: []who.Role{who.Executive}}
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
	for _, x := range []who.Identity{manager, comms, legal, head} {
		p := who.Person{ID: x.Person, Name: "Person " + x.Person, Email: x.Person + "@bell.example", Roles: x.Roles, Active: true}
		if _, err := a.People.CreatePerson(ctx, engine, p); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []directory.Party{
		{ID: "north", Name: "North Ltd", Kind: directory.PartyCustomer, Country: "DE", Contacts: []directory.Contact{
			{Name: "Nobody North", Email: "gone@customer.example"}, {Name: "Ben North", Email: "ben@customer.example"},
		}},
		{
			ID: "south", Name: "South Inc", Kind: directory.PartyCustomer, Country: "US", Contract: &directory.Contract{Hours: 24, Acknowledge: true, Clause: "MSA 4"},
			Contacts: []directory.Contact{{Name: "Anna South", Email: "anna@customer.example"}},
		},
	} {
		if _, err := a.Directory.PutParty(ctx, engine, p, 0); err != nil {
			t.Fatal(err)
		}
	}
	return story{a, clk}
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

// released declares an incident of both customers, and their notice goes the whole way:
// written, its list signed off, submitted, approved by legal and executive, released.
func (y story) released(t *testing.T) (st incident.State, list string) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	st, err := y.Incidents.Declare(ctx, manager, incident.Declare{Title: "Orders read", Kind: incident.Real, DiscoveredAt: y.clk.Now()})
	must(err)
	_, err = y.Incidents.Execute(ctx, manager, st.ID, &incident.RecordFact{Fact: incident.FactScope, Value: []byte(`{"customers":["north","south"]}`)}, 0)
	must(err)
	n, err := y.Notices.Start(ctx, comms, st.Ref, notice.Start{
		Audience: notice.Customer, Subject: "Incident {{incident.reference}}",
		Body: "Hello {{recipient.contact}},\n\nsomebody read your orders. See [your page]({{recipient.link}}).\n",
	})
	must(err)
	l, err := y.Dispatch.Create(ctx, comms, dispatch.ListSpec{Notice: n.ID, Incident: st.ID})
	must(err)
	_, err = y.Dispatch.AddQuery(ctx, comms, l.ID, dispatch.Query{Parties: []string{"north", "south"}})
	must(err)
	_, err = y.Dispatch.SignOff(ctx, comms, l.ID)
	must(err)
	n, err = y.Notices.Submit(ctx, comms, st.Ref, n.No, 0)
	must(err)
	for _, by := range []who.Identity{legal, head} {
		n, err = y.Notices.Approve(ctx, by, st.Ref, n.No, notice.Approve{Bound: n.Round().Bound})
		must(err)
	}
	_, err = y.Notices.Release(ctx, comms, st.Ref, n.No, notice.Go{Bound: n.Round().Bound})
	must(err)
	return st, l.ID
}

// owed are the states of the duties to customers, by customer.
func (y story) owed(t *testing.T, incident string) map[string]duty.State {
	t.Helper()
	list, err := y.Duties.ForIncident(t.Context(), y.DB, incident)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]duty.State{}
	for _, d := range list {
		if d.Recipient.Kind == "customer" {
			out[d.Recipient.ID] = d.State
		}
	}
	return out
}

// A notice goes to two customers by a true mail server. One address is dead: its bounce comes back
// an instant later, the recipient's record says so, and the second contact is written to; the duty
// to them is met by that. The other customer answers, and the answer stands at their record; their
// contract asks for an acknowledgement, and an answer is none.
func TestBounceAndSecondWay(t *testing.T) {
	t.Parallel()
	s := server(t)
	y := begin(t, s)
	ctx := t.Context()
	st, list := y.released(t)
	var north dispatch.Recipient
	wait(t, "that the dead address is known and the second contact was written to", func() bool {
		north = y.told(t, list)["north"]
		return !north.BouncedAt.IsZero() && north.Stage == 1 && north.State != dispatch.Queued && north.State != dispatch.Sending
	})
	if north.Address != "ben@customer.example" || north.State != dispatch.Sent && north.State != dispatch.Delivered {
		t.Errorf("%+v", north)
	}
	south := y.told(t, list)["south"]
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
		south = y.told(t, list)["south"]
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
	if d := cmp.Diff(map[string]duty.State{"north": duty.Met, "south": duty.Open}, y.owed(t, st.ID)); d != "" {
		t.Error(d)
	}
	link := regexp.MustCompile(`/n/([A-Za-z0-9_-]+)`).FindStringSubmatch(body["text/plain"])
	if link == nil {
		t.Fatalf("no link in %q", body["text/plain"])
	}
	if err := y.Dispatch.Acknowledge(ctx, link[1]); err != nil {
		t.Fatal(err)
	}
	if got := y.owed(t, st.ID)["south"]; got != duty.Met {
		t.Errorf("acknowledged: the duty is %s", got)
	}
}
