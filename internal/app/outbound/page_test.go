package outbound_test

import (
	"encoding/json"
	"path"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// A page that nobody has opened has told nobody: where it is the only way, the duty is met
// when it is opened, at that moment.
func TestPageTellsWhenOpened(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx, cora := t.Context(), h.as["cora"]
	_, err := h.Directory.PutParty(ctx, who.Engine("test"), directory.Party{
		ID: "north", Name: "North", Kind: directory.PartyCustomer, Country: "DE", Contacts: []directory.Contact{{Name: "Nora", Email: "n@north.example"}},
	}, 0)
	h.must(err)
	st, err := h.Incidents.Declare(ctx, h.as["mia"], incident.Declare{Title: "Leak", Kind: incident.Real, DiscoveredAt: h.Clock.Now()})
	h.must(err)
	st, err = h.Incidents.Execute(ctx, h.as["mia"], st.Ref, &incident.Confirm{}, 0)
	h.must(err)
	st, err = h.Incidents.Execute(ctx, h.as["mia"], st.Ref, &incident.RecordFact{Fact: incident.FactScope, Value: json.RawMessage(`{"customers":["north"]}`)}, 0)
	h.must(err)
	n, err := h.Notices.Start(ctx, cora, st.Ref, notice.Start{Audience: notice.Customer, Subject: "Leak", Body: "See [here]({{recipient.link}})."})
	h.must(err)
	_, err = h.Notices.Set(ctx, cora, st.Ref, n.No, notice.Settings{Channels: []string{"page"}}, 0)
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
	_, err = h.Notices.Release(ctx, cora, st.Ref, n.No, notice.Go{Bound: n.Round().Bound})
	h.must(err)
	h.drain(time.Minute)

	owed := func() duty.Duty {
		t.Helper()
		page, err := h.Duties.List(ctx, h.as["mia"], duty.Filter{Incident: st.ID}, "", 50)
		h.must(err)
		for _, d := range page.Items {
			if d.Recipient.ID == "north" {
				return d
			}
		}
		t.Fatal("nothing is owed to the customer")
		return duty.Duty{}
	}
	if d := owed(); d.State != duty.Open {
		t.Fatalf("met by a page nobody opened: %+v", d)
	}
	list, _, err := h.Dispatch.Recipients(ctx, cora, l.ID, dispatch.Filter{}, "", 5)
	h.must(err)
	link, err := h.Dispatch.NewLink(ctx, cora, list[0].ID)
	h.must(err)
	h.must(h.Clock.Advance(time.Hour))
	_, err = h.Dispatch.Page(ctx, path.Base(link))
	h.must(err)
	if d := owed(); d.State != duty.Met || !d.MetAt.Equal(h.Clock.Now()) {
		t.Errorf("after the page was opened: %+v", d)
	}
}
