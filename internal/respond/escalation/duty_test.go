package escalation_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/whotest"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/respond/escalation"
)

func TestDenyEmpty(t *testing.T) {
	t.Parallel()
	whotest.DenyEmpty(t, &escalation.Service{})
}

func (h *house) grade(st incident.State, bil int) {
	h.t.Helper()
	sev := 1
	_, err := h.incidents.Execute(h.t.Context(), as("mona"), st.ID, &incident.Confirm{Reason: "seen"}, 0)
	h.must(err)
	_, err = h.incidents.Execute(h.t.Context(), as("mona"), st.ID, &incident.Grade{Severity: &sev, BIL: &bil, Reason: "as seen"}, 0)
	h.must(err)
}

func (h *house) want(err error, k fault.Kind) {
	h.t.Helper()
	if fault.KindOf(err) != k {
		h.t.Errorf("error %v is of kind %v, want %v", err, fault.KindOf(err), k)
	}
}

func (h *house) whom(items []escalation.Item, want ...string) {
	h.t.Helper()
	var got []string
	for _, k := range items {
		got = append(got, k.Person)
	}
	if d := cmp.Diff(want, got); d != "" {
		h.t.Errorf("who was called: %s", d)
	}
}

// Policy 003: the product team is alerted as soon as possible, and somebody answers.
func TestProductTeam(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		st := h.declare(incident.Real)
		product := escalation.Filter{Incident: st.ID, Team: "core"}
		h.whom(h.calls(product), "otto")
		m := h.mails("otto")[0]
		if m.State != mail.Kept || m.About != st.Ref || !strings.Contains(m.Text, "acknowledge within 5 minutes") || !strings.Contains(m.Text, "11:20 CET (2026-11-20 10:20 UTC)") {
			t.Errorf("the message: %+v", m)
		}
		h.forward(5 * time.Minute)
		h.whom(h.calls(product), "otto", "petra")
		if got := h.calls(product)[0]; got.State != escalation.Expired || got.Deliveries[0].State != "kept" || got.Deliveries[0].Channel != escalation.Email {
			t.Errorf("otto's call after five minutes: %+v", got)
		}
		if _, err := h.Acknowledge(t.Context(), as("sam"), h.calls(product)[1].ID); fault.KindOf(err) != fault.Denied {
			t.Errorf("somebody of another team answers: %v", err)
		}
		late := h.link("otto")
		seen, err := h.ByToken(t.Context(), late)
		h.must(err)
		if seen.Person != "otto" || h.duty(st.ID, duty.RuleProductTeam).State != duty.Open {
			t.Error("looking at a link answers nothing")
		}
		if _, err = h.AcknowledgeByToken(t.Context(), late); err != nil {
			t.Fatalf("a late yes is better than none: %v", err)
		}
		d := h.duty(st.ID, duty.RuleProductTeam)
		if d.State != duty.Met || d.MetWith != "acknowledgement" || d.MetRef != seen.ID || d.MetActor != "otto" {
			t.Errorf("the duty after the answer: %+v", d)
		}
		got := h.calls(product)
		if got[0].State != escalation.Acknowledged || got[0].Via != escalation.ViaLink || got[0].AnsweredBy != "otto" || got[1].State != escalation.Withdrawn {
			t.Errorf("after the answer: %+v", got)
		}
		_, err = h.AcknowledgeByToken(t.Context(), late)
		h.must(err) // the same button twice
		_, err = h.AcknowledgeByToken(t.Context(), h.link("petra"))
		h.want(err, fault.Gone)
		_, err = h.Acknowledge(t.Context(), as("petra"), got[1].ID)
		h.want(err, fault.Conflict)
		_, err = h.AcknowledgeByToken(t.Context(), "guess")
		h.want(err, fault.NotFound)
		h.forward(time.Hour)
		h.whom(h.calls(escalation.Filter{Incident: st.ID, Team: "core"}), "otto", "petra")
		h.check()
	})
}

// Nothing confidential leaves: no title, summary, customer or name.
func TestMessagesHoldNothing(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		st := h.declare(incident.Real)
		h.grade(st, 1)
		h.forward(3 * time.Hour)
		ms := h.mails("")
		if len(ms) < 20 {
			t.Errorf("only %d messages in three hours of silence", len(ms))
		}
		for _, m := range ms {
			for _, word := range []string{"ACME", "patient", "secret", "OTTO", "PETRA", "jo@acme"} {
				if strings.Contains(m.Subject+m.Text, word) {
					t.Errorf("%q stands in %q %q", word, m.Subject, m.Text)
				}
			}
			if !strings.Contains(m.Text, st.Ref) {
				t.Errorf("no reference in %q", m.Text)
			}
		}
		h.check()
	})
}

// Policy 003: BIL 1 or 2 escalates to the SIRT; its lead takes it.
func TestSIRTNeedsItsLead(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		st := h.declare(incident.Real)
		h.grade(st, 2)
		sirt := escalation.Filter{Incident: st.ID, Team: "sirt"}
		h.whom(h.calls(sirt), "sam")
		h.forward(5 * time.Minute)
		h.whom(h.calls(sirt), "sam", "sue")
		k, err := h.Acknowledge(t.Context(), as("sue"), h.calls(sirt)[1].ID)
		h.must(err)
		if k.State != escalation.Acknowledged || h.duty(st.ID, duty.RuleSIRT).State != duty.Open {
			t.Error("a member's answer is recorded and does not meet the duty")
		}
		h.whom(h.calls(sirt), "sam", "sue", "dora") // the lead's deputy is asked at once
		h.forward(5 * time.Minute)
		h.whom(h.calls(sirt), "sam", "sue", "dora", "sam") // and the lead again, sue is not
		_, err = h.Acknowledge(t.Context(), as("dora"), h.calls(sirt)[2].ID)
		h.must(err)
		if d := h.duty(st.ID, duty.RuleSIRT); d.State != duty.Met || d.MetActor != "dora" {
			t.Errorf("the deputy who was called answers for the lead: %+v", d)
		}
		h.check()
	})
}

func TestManagerRecordsTheLeadsWord(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		st := h.declare(incident.Real)
		h.grade(st, 1)
		_, err := h.Acknowledge(t.Context(), as("mona"), h.calls(escalation.Filter{Incident: st.ID, Team: "sirt"})[0].ID)
		h.must(err)
		if d := h.duty(st.ID, duty.RuleSIRT); d.State != duty.Met || d.MetActor != "mona" {
			t.Errorf("%+v", d)
		}
		// Every duty that names a team has called it, at once.
		teams := map[string]bool{}
		for _, k := range h.calls(escalation.Filter{Incident: st.ID}) {
			teams[k.Team] = true
		}
		for _, want := range []string{"core", "sirt", "siht", "legal", "top"} {
			if !teams[want] {
				t.Errorf("team %s was not called: %v", want, teams)
			}
		}
	})
}

// The plan's fractions remind, the due time calls the incident manager and an executive.
func TestRemindersAndMissed(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		st := h.declare(incident.Real)
		h.forward(10 * time.Minute)
		reminded := func() (out []string) {
			for _, k := range h.calls(escalation.Filter{Incident: st.ID}) {
				if k.Kind == escalation.KindReminder && k.Rule == duty.RuleProductTeam {
					out = append(out, k.Person)
				}
			}
			return out
		}
		got := reminded()
		slices.Sort(got)
		if d := cmp.Diff([]string{"otto", "petra"}, slices.Compact(got)); d != "" {
			t.Errorf("reminded at half the time: %s", d)
		}
		_, err := h.ByToken(t.Context(), h.link("otto"))
		h.must(err) // a reminder carries a link to the call it repeats
		missed := func() (out []escalation.Item) {
			for _, k := range h.calls(escalation.Filter{Incident: st.ID}) {
				if k.Purpose == escalation.ForMissed && k.Rule == duty.RuleProductTeam {
					out = append(out, k)
				}
			}
			return out
		}
		h.forward(9 * time.Minute)
		h.whom(missed())
		h.forward(time.Minute)
		ks := missed()
		for _, want := range []string{"sam", "eva"} { // the lead of the SIRT stands in for an incident manager
			if !slices.ContainsFunc(ks, func(k escalation.Item) bool { return k.Person == want }) {
				t.Errorf("%s was not called", want)
			}
		}
		told := len(ks)
		eva := slices.IndexFunc(ks, func(k escalation.Item) bool { return k.Person == "eva" })
		if !slices.ContainsFunc(h.mails("eva"), func(m mail.Item) bool {
			return strings.Contains(m.Text, "A duty was missed. 2 teams have not answered.")
		}) {
			t.Error("the executive does not read that a duty was missed")
		}
		_, err = h.Acknowledge(t.Context(), as("eva"), ks[eva].ID)
		h.must(err)
		if d := h.duty(st.ID, duty.RuleProductTeam); d.At(h.clk.Now()) == duty.Met {
			t.Error("knowing of a missed duty does not meet it")
		}
		h.forward(10 * time.Minute)
		if n := len(missed()); n != told {
			t.Errorf("%d calls about the missed duty after an answer", n-told)
		}
		h.check()
	})
}

// Round and round, then it is said that nobody answers.
func TestExhausted(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		st := h.declare(incident.Real)
		_, err := h.incidents.Execute(t.Context(), as("mona"), st.ID, &incident.Assign{Function: incident.FnManager, Person: "mona"}, 0)
		h.must(err)
		p, err := h.people.PersonTx(t.Context(), db, "pia")
		h.must(err)
		p.Active = false
		_, err = h.people.UpdatePerson(t.Context(), engine, p, p.Version)
		h.must(err)
		h.forward(50 * time.Minute)
		round := []string{"otto", "petra", "paul"}
		var called, about []escalation.Item
		for _, k := range h.calls(escalation.Filter{Incident: st.ID}) {
			switch {
			case k.Purpose == escalation.ForDuty && k.Kind == escalation.KindCall && k.Rule == duty.RuleProductTeam:
				called = append(called, k)
			case slices.Contains(k.Duties, h.duty(st.ID, duty.RuleProductTeam).ID):
				about = append(about, k)
			}
		}
		h.whom(called, slices.Concat(round, round, round)...)
		for _, want := range []string{"mona", "eva"} {
			if !slices.ContainsFunc(about, func(k escalation.Item) bool { return k.Person == want && k.Silent > 0 }) {
				t.Errorf("%s did not hear that nobody of the team answers", want)
			}
		}
		entries, err := h.led.Subject(t.Context(), db, st.ID, 0, 500)
		h.must(err)
		n := 0
		for _, e := range entries {
			if e.Kind == "call.exhausted" {
				n++
			}
		}
		if n == 0 {
			t.Error("the record does not say that nobody answered")
		}
		// The team may still answer.
		_, err = h.Acknowledge(t.Context(), as("petra"), called[1].ID)
		h.must(err)
		if h.duty(st.ID, duty.RuleProductTeam).State != duty.Met {
			t.Error("a late answer of the team meets the duty")
		}
		h.check()
	})
}

func TestDrill(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		st := h.declare(incident.Drill)
		h.grade(st, 1)
		h.signal("drill", true)
		h.forward(2 * time.Hour)
		for _, m := range h.mails("") {
			if !m.Drill || !strings.HasPrefix(m.Subject, "DRILL: ") || !strings.HasPrefix(m.Text, "DRILL: ") {
				t.Errorf("a drill's message: %+v", m)
			}
			if len(m.To) != 1 || !strings.HasSuffix(m.To[0], "@example.com") {
				t.Errorf("a drill left the company: %v", m.To)
			}
		}
		h.check()
	})
}

func TestWithdrawnWithTheDuty(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		st := h.declare(incident.Real)
		otto := h.link("otto")
		_, err := h.incidents.Execute(t.Context(), as("mona"), st.ID, &incident.Dismiss{Reason: "a false alarm"}, 0)
		h.must(err)
		for _, k := range h.calls(escalation.Filter{Incident: st.ID}) {
			if k.State != escalation.Withdrawn || k.Reason != "the duty is withdrawn" {
				t.Errorf("%+v", k)
			}
		}
		_, err = h.AcknowledgeByToken(t.Context(), otto)
		h.want(err, fault.Gone)
		_, err = h.incidents.Execute(t.Context(), as("mona"), st.ID, &incident.Reopen{Reason: "it was none"}, 0)
		h.must(err)
		h.whom(h.calls(escalation.Filter{Incident: st.ID, Team: "core"}), "otto", "otto")
		h.check()
	})
}

func TestLinkEnds(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		h.declare(incident.Real)
		token := h.link("otto")
		var n int
		h.must(db.QueryRow(t.Context(), `SELECT COUNT(*) FROM call_token WHERE hash = ?`, token).Scan(&n))
		if n != 0 || len(token) != 43 || url.PathEscape(token) != token {
			t.Error("the secret itself is stored, or is not 32 bytes for a path")
		}
		h.must(h.clk.Advance(7*24*time.Hour - time.Second))
		_, err := h.ByToken(t.Context(), token)
		h.must(err)
		h.must(h.clk.Advance(time.Second))
		_, err = h.AcknowledgeByToken(t.Context(), token)
		h.want(err, fault.Gone)
	})
}

func TestListPages(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		st := h.declare(incident.Real)
		h.forward(time.Hour)
		all := h.calls(escalation.Filter{Incident: st.ID})
		var got []string
		cursor := ""
		for {
			p, err := h.ForIncident(t.Context(), as("otto"), st.ID, cursor, 4)
			h.must(err)
			for _, k := range p.Items {
				got = append(got, k.ID)
			}
			if cursor = p.Next; cursor == "" {
				break
			}
		}
		slices.Reverse(got)
		var want []string
		for _, k := range all {
			want = append(want, k.ID)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		_, err := h.List(t.Context(), as("ada"), escalation.Filter{}, "", 0)
		h.want(err, fault.Denied)
		_, err = h.List(t.Context(), as("otto"), escalation.Filter{State: "ringing"}, "", 0)
		h.want(err, fault.Invalid)
		_, err = h.Get(t.Context(), as("otto"), all[0].ID)
		h.must(err)
		_, err = h.Acknowledge(t.Context(), who.Identity{Actor: "ada", Person: "ada", Roles: staff["ada"]}, all[0].ID)
		h.want(err, fault.Denied)
	})
}
