package outbound_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// A call that was recorded and not made has told nobody: the duty it met is open again, and
// is met anew by the call that is made. A mail that stands keeps its duty met.
func TestUndoneReopensTheDuty(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx, cora := t.Context(), h.as["cora"]
	for _, p := range []directory.Party{
		{ID: "north", Name: "North", Kind: directory.PartyCustomer, Country: "DE", Contacts: []directory.Contact{{Name: "Nora", Phone: "+49 30 1"}}},
		{ID: "south", Name: "South", Kind: directory.PartyCustomer, Country: "DE", Contacts: []directory.Contact{{Name: "Sam", Email: "s@south.example"}}},
	} {
		_, err := h.Directory.PutParty(ctx, who.Engine("test"), p, 0)
		h.must(err)
	}
	st, err := h.Incidents.Declare(ctx, h.as["mia"], incident.Declare{Title: "Leak", Kind: incident.Real, DiscoveredAt: h.Clock.Now()})
	h.must(err)
	st, err = h.Incidents.Execute(ctx, h.as["mia"], st.Ref, &incident.Confirm{}, 0)
	h.must(err)
	st, err = h.Incidents.Execute(ctx, h.as["mia"], st.Ref, &incident.RecordFact{Fact: incident.FactScope, Value: json.RawMessage(`{"customers":["north","south"]}`)}, 0)
	h.must(err)
	n, err := h.Notices.Start(ctx, cora, st.Ref, notice.Start{Audience: notice.Customer, Subject: "Leak", Body: "We found a leak."})
	h.must(err)
	_, err = h.Notices.Set(ctx, cora, st.Ref, n.No, notice.Settings{Channels: []string{"email", "phone"}}, 0)
	h.must(err)
	l, err := h.Dispatch.Create(ctx, cora, dispatch.ListSpec{Notice: n.ID, Incident: st.ID})
	h.must(err)
	_, err = h.Dispatch.AddQuery(ctx, cora, l.ID, dispatch.Query{Affected: true})
	h.must(err)
	_, err = h.Dispatch.SignOff(ctx, cora, l.ID)
	h.must(err)
	n, err = h.Notices.Submit(ctx, cora, st.Ref, n.No, 0)
	h.must(err)
	n = h.yes(st, n, "lena", "ewan")
	n, err = h.Notices.Release(ctx, cora, st.Ref, n.No, notice.Go{Bound: n.Round().Bound})
	h.must(err)
	h.drain(time.Minute)

	owed := func(party string) duty.Duty {
		t.Helper()
		page, err := h.Duties.List(ctx, h.as["mia"], duty.Filter{Incident: st.ID}, "", 50)
		h.must(err)
		for _, d := range page.Items {
			if d.Recipient.ID == party {
				return d
			}
		}
		t.Fatalf("nothing is owed to %s", party)
		return duty.Duty{}
	}
	id := map[string]string{}
	list, _, err := h.Dispatch.Recipients(ctx, cora, l.ID, dispatch.Filter{}, "", 5)
	h.must(err)
	for _, r := range list {
		id[r.Party] = r.ID
	}
	byMail := owed("south").MetAt
	if owed("north").State != duty.Open || byMail.IsZero() {
		t.Fatalf("before: %s, %s", owed("north").State, owed("south").State)
	}
	called := func() {
		t.Helper()
		_, err := h.Dispatch.Record(ctx, cora, id["north"], dispatch.By{Reached: true})
		h.must(err)
		if d := owed("north"); d.State != duty.Met || !d.MetAt.Equal(h.Clock.Now()) {
			t.Fatalf("called: %s at %s", d.State, d.MetAt)
		}
	}
	called()
	h.must(h.Clock.Advance(time.Hour))
	_, err = h.Dispatch.Undo(ctx, cora, id["north"], "another line was meant")
	h.must(err)
	if d := owed("north"); d.State != duty.Open || d.AlarmAt.IsZero() || d.Remark == "" {
		t.Fatalf("undone: %s, alarm %s, %q", d.State, d.AlarmAt, d.Remark)
	}
	called()

	// South was called by mistake; the mail it got before meets the duty, at the mail's time.
	_, err = h.Dispatch.Record(ctx, cora, id["south"], dispatch.By{Channel: dispatch.Phone, Reached: true, Acknowledged: true})
	h.must(err)
	_, err = h.Dispatch.Undo(ctx, cora, id["south"], "another customer was called")
	h.must(err)
	if d := owed("south"); d.State != duty.Met || !d.MetAt.Equal(byMail) {
		t.Errorf("the mail stands: %s at %s", d.State, d.MetAt)
	}
	entries, err := h.Ledger.Subject(ctx, h.DB, st.ID, 0, 0)
	h.must(err)
	reopened := 0
	for _, e := range entries {
		if e.Kind == "duty.undone" {
			reopened++
		}
	}
	if reopened != 1 {
		t.Errorf("%d duties were opened again, want that of North", reopened)
	}
}
