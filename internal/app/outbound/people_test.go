package outbound_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

// person changes one of the house's people.
func (h *house) person(id string, change func(p *who.Person)) {
	h.t.Helper()
	p, err := h.People.Person(h.t.Context(), who.Engine("test"), id)
	h.must(err)
	change(&p)
	p, err = h.People.UpdatePerson(h.t.Context(), who.Engine("test"), p, p.Version)
	h.must(err)
	h.as[id] = who.Identity{Actor: id, Person: id, Roles: p.Roles}
}

// A deputy is as bound as the one they stand in for: not who wrote a part, not for somebody
// who wrote a part, not for two people, and not once they are deputy no more.
func TestDeputiesAreBound(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx := t.Context()
	for _, id := range []string{"lena", "ewan"} {
		h.person(id, func(p *who.Person) { p.Deputy = "rob" })
	}
	st, n, _ := h.written(incident.Real, "cora", two, nil)
	yes := func(by, standIn string) error {
		_, err := h.Notices.Approve(ctx, h.as[by], st.Ref, n.No, notice.Approve{Bound: n.Round().Bound, For: standIn})
		return err
	}
	h.must(yes("rob", "lena"))
	h.fails(fault.Conflict, yes("rob", "ewan")) // one person gives both
	h.fails(fault.Conflict, yes("rob", ""))
	h.fails(fault.Conflict, yes("lena", "")) // hers is given

	// The deputy wrote a part: of the words, of how it is sent, of who is told.
	h.person("lena", func(p *who.Person) { p.Deputy = "cora" })
	st, n, _ = h.written(incident.Real, "cora", two, nil)
	h.fails(fault.Denied, yes("cora", "lena"))
	h.fails(fault.Denied, yes("cora", ""))
	h.person("lena", func(p *who.Person) { p.Deputy = "both" })
	st, n, _ = h.written(incident.Real, "both", two, nil)
	h.fails(fault.Denied, yes("both", "lena"))
	n, err := h.Notices.Set(ctx, h.as["both"], st.Ref, n.No, notice.Settings{Channels: []string{"email"}, ReplyTo: "evil@evil.example"}, 0)
	h.must(err)
	l, err := h.Dispatch.ListOf(ctx, h.as["cora"], n.ID)
	h.must(err)
	if l.SignedOffAt.IsZero() {
		l, err = h.Dispatch.SignOff(ctx, h.as["cora"], l.ID)
		h.must(err)
	}
	n, err = h.Notices.Submit(ctx, h.as["cora"], st.Ref, n.No, 0)
	h.must(err)
	h.fails(fault.Denied, yes("both", ""))     // set where answers go
	h.fails(fault.Denied, yes("both", "lena")) // and stands in for nobody here

	// The person stood in for wrote a part.
	h.person("lena", func(p *who.Person) { p.Deputy = "rob" })
	st, n, _ = h.written(incident.Real, "cora", two, nil)
	_, err = h.Notices.WriteText(ctx, h.as["lena"], st.Ref, n.No, notice.TextInput{Lang: "de", Subject: "An {{recipient.name}}", Body: "Siehe {{recipient.link}} und {{recipient.contact|Sie}}."})
	h.must(err)
	n, err = h.Notices.Submit(ctx, h.as["cora"], st.Ref, n.No, 0)
	h.must(err)
	h.fails(fault.Denied, yes("rob", "lena"))

	// No deputy any more, or of somebody who is not there any more.
	st, n, _ = h.written(incident.Real, "cora", two, nil)
	h.person("lena", func(p *who.Person) { p.Deputy = "" })
	h.fails(fault.Denied, yes("rob", "lena"))
	h.person("lena", func(p *who.Person) { p.Deputy = "rob"; p.Active = false })
	h.fails(fault.Denied, yes("rob", "lena"))
	h.must(yes("rob", "ewan"))

	// A token with a part of one's roles stands in for nobody.
	h.person("lena", func(p *who.Person) { p.Active = true; p.Deputy = "mia" })
	h.person("mia", func(p *who.Person) { p.Roles = []who.Role{who.Manager, who.Responder} })
	cut := h.token("mia", who.Responder)
	if res, got := h.asks(cut, http.MethodPost, "/api/v1/incidents/"+st.Ref+"/notices/1/approve", `{"bound":"`+n.Round().Bound+`"}`); res.StatusCode != http.StatusForbidden {
		t.Errorf("a reduced token stands in: %d %s", res.StatusCode, got)
	}
}

// Two groups want two people, also where somebody belongs to both.
func TestBothGroupsWantTwoPeople(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx := t.Context()
	h.person("both", func(p *who.Person) { p.Roles = []who.Role{who.Legal, who.Executive} })
	st, n, _ := h.written(incident.Real, "cora", two, nil)
	n = h.yes(st, n, "both")
	_, err := h.Notices.Approve(ctx, h.as["both"], st.Ref, n.No, notice.Approve{Bound: n.Round().Bound})
	h.fails(fault.Conflict, err)
	_, err = h.Notices.Release(ctx, h.as["cora"], st.Ref, n.No, notice.Go{Bound: n.Round().Bound})
	h.fails(fault.Conflict, err)
	// A yes is what somebody was when they gave it: it stays when they are something else, and
	// gives them no second one.
	h.person("both", func(p *who.Person) { p.Roles = []who.Role{who.Executive} })
	_, err = h.Notices.Approve(ctx, h.as["both"], st.Ref, n.No, notice.Approve{Bound: n.Round().Bound})
	h.fails(fault.Conflict, err)
	n = h.yes(st, n, "lena")
	// Who released before and does not any more, does not.
	h.person("cora", func(p *who.Person) { p.Roles = []who.Role{who.Responder} })
	_, err = h.Notices.Release(ctx, h.as["cora"], st.Ref, n.No, notice.Go{Bound: n.Round().Bound})
	h.fails(fault.Denied, err)
	_, err = h.Notices.Release(ctx, h.as["mia"], st.Ref, n.No, notice.Go{Bound: n.Round().Bound})
	h.must(err)
}

// In an emergency the plan's named deputies approve and release, they alone and they
// themselves: no token made for less, and no plan that was changed after the incident began.
func TestEmergencyIsOfTheNamed(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx := t.Context()
	h.person("rob", func(p *who.Person) { p.Roles = []who.Role{who.Responder, who.Reporter} })
	name := func(legal, executive string) {
		p, err := h.Plans.Current(ctx, who.Engine("test"))
		h.must(err)
		p.EmergencyDeputies = []plan.EmergencyDeputy{{Of: "legal", Persons: []string{legal}}, {Of: "executive", Persons: []string{executive}}}
		_, err = h.Plans.Change(ctx, who.Engine("test"), p, p.Version, "deputies named")
		h.must(err)
	}
	name("rob", "ana")
	st, n, _ := h.written(incident.Real, "cora", two, nil)
	name("mia", "lena") // too late for this incident
	at := "/api/v1/incidents/" + st.Ref + "/notices/1/"
	do := func(secret, verb string, want int) {
		t.Helper()
		body := `{"bound":"` + n.Round().Bound + `"}`
		if verb == "approve" {
			body = `{"bound":"` + n.Round().Bound + `","emergency":true,"reason":"nobody answers"}`
		}
		if res, got := h.asks(secret, http.MethodPost, at+verb, body); res.StatusCode != want {
			t.Errorf("%s: %d, want %d: %.200s", verb, res.StatusCode, want, got)
		}
	}
	whole, cut := h.token("rob"), h.token("rob", who.Responder)
	for _, id := range []string{"mia", "lena", "ewan", "cora", "ada", "adam", "liz"} {
		do(h.token(id), "approve", http.StatusForbidden)
	}
	do(cut, "approve", http.StatusForbidden)
	do(whole, "approve", http.StatusOK)
	do(whole, "release", http.StatusConflict) // not everybody has said yes
	do(h.token("ana"), "approve", http.StatusOK)
	for _, id := range []string{"mia", "lena", "ewan", "cora", "ada", "adam", "liz"} {
		do(h.token(id), "release", http.StatusForbidden)
	}
	do(cut, "release", http.StatusForbidden)
	if list, _, _ := h.box.letters(); len(list) != 0 {
		t.Error("it left")
	}
	do(whole, "release", http.StatusOK)
	v, err := h.Notices.Get(ctx, h.as["ada"], st.Ref, 1)
	h.must(err)
	if v.Release == nil || !v.Release.Emergency || v.Release.By != "rob" {
		t.Errorf("released %+v", v.Release)
	}
	h.drain(time.Second)
	if list, _, _ := h.box.letters(); len(list) != 2 {
		t.Errorf("%d copies", len(list))
	}
}

// A statement to the press is released by the designated spokesperson, not by a token that
// was made for less.
func TestSpokespersonReleasesInPerson(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx := t.Context()
	h.person("rob", func(p *who.Person) { p.Roles = []who.Role{who.Responder, who.Reporter} })
	st, err := h.Incidents.Declare(ctx, h.as["mia"], incident.Declare{Title: "Leak", Kind: incident.Real, DiscoveredAt: h.Clock.Now()})
	h.must(err)
	_, err = h.Incidents.Execute(ctx, h.as["mia"], st.Ref, &incident.Assign{Function: "spokesperson", Person: "rob"}, 0)
	h.must(err)
	n, err := h.Notices.Start(ctx, h.as["cora"], st.Ref, notice.Start{Audience: notice.Press, Subject: "A statement", Body: "We found a leak.", Voluntary: true})
	h.must(err)
	n, err = h.Notices.Submit(ctx, h.as["cora"], st.Ref, n.No, 0)
	h.must(err)
	n = h.yes(st, n, "lena", "ewan")
	at := "/api/v1/incidents/" + st.Ref + "/notices/1/release"
	body := `{"bound":"` + n.Round().Bound + `"}`
	for name, secret := range map[string]string{"mia": h.token("mia"), "cora": h.token("cora"), "cut": h.token("rob", who.Responder)} {
		if res, got := h.asks(secret, http.MethodPost, at, body); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, res.StatusCode, got)
		}
	}
	if res, got := h.asks(h.token("rob"), http.MethodPost, at, body); res.StatusCode != http.StatusOK {
		t.Errorf("%d %s", res.StatusCode, got)
	}
}

// A list that was signed off is what is sent to, or the sign-off and every approval are void:
// by whatever way somebody changes it. What changes in the directory changes nothing on it.
func TestSignedListStays(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx := t.Context()
	for name, change := range map[string]func(l dispatch.List, one dispatch.Recipient, secret string) (*http.Response, string){
		"a contact": func(_ dispatch.List, one dispatch.Recipient, secret string) (*http.Response, string) {
			return h.asks(secret, http.MethodPost, "/api/v1/recipients/"+one.ID+"/contact", `{"contact":{"email":"evil@evil.example"}}`)
		},
		"a label": func(_ dispatch.List, one dispatch.Recipient, secret string) (*http.Response, string) {
			return h.asks(secret, http.MethodPost, "/api/v1/recipients/"+one.ID+"/contact", `{"contact":{},"label":"other"}`)
		},
		"left out": func(_ dispatch.List, one dispatch.Recipient, secret string) (*http.Response, string) {
			return h.asks(secret, http.MethodPost, "/api/v1/recipients/"+one.ID+"/leave-out", `{"reason":"no"}`)
		},
		"import": func(l dispatch.List, _ dispatch.Recipient, secret string) (*http.Response, string) {
			return h.asks(secret, http.MethodPost, "/api/v1/incidents/"+l.Incident+"/notices/1/recipients/import", "name,email\nEvil,evil@evil.example\n", "Content-Type", "text/csv")
		},
	} {
		st, n, l := h.written(incident.Real, "cora", two, nil)
		n = h.yes(st, n, "lena", "ewan")
		bound := n.Round().Bound
		list, _, err := h.Dispatch.Recipients(ctx, h.as["cora"], l.ID, dispatch.Filter{}, "", 10)
		h.must(err)
		l.Incident = st.Ref
		for _, id := range []string{"rob", "liz", "ewan", "ada", "mia"} { // none of them may change a list
			if res, _ := change(l, list[0], h.token(id)); res.StatusCode != http.StatusForbidden {
				t.Errorf("%s by %s: %d", name, id, res.StatusCode)
			}
		}
		v, err := h.Notices.Get(ctx, h.as["cora"], st.Ref, n.No)
		h.must(err)
		if v.State != notice.Approved || v.Bound != bound {
			t.Fatalf("%s: what was refused voids it: %s", name, v.State)
		}
		if res, body := change(l, list[0], h.token("cora")); res.StatusCode >= 300 {
			t.Fatalf("%s: %d %s", name, res.StatusCode, body)
		}
		v, err = h.Notices.Get(ctx, h.as["cora"], st.Ref, n.No)
		h.must(err)
		if v.State != notice.Draft || v.List.SignedOff() {
			t.Errorf("%s: %s, signed off %v", name, v.State, v.List.SignedOff())
		}
		_, err = h.Notices.Release(ctx, h.as["cora"], st.Ref, n.No, notice.Go{Bound: bound})
		h.fails(fault.Conflict, err)
	}
	if list, _, _ := h.box.letters(); len(list) > 0 {
		t.Error("something left")
	}
}
