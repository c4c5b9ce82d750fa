package escalation_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/respond/escalation"
)

// counsel makes hans lead both the SIHT and the legal team.
func (h *house) counsel() {
	h.t.Helper()
	_, err := h.dirs.PutTeam(h.t.Context(), engine, directory.Team{
		ID: "legal", Name: "legal", Kind: directory.TeamLegal, Members: []directory.Member{{Person: "hans", Lead: true}, {Person: "lea"}},
	}, 1)
	h.must(err)
}

// calm fails when a person got two messages about the same incident in one moment.
func (h *house) calm() {
	h.t.Helper()
	seen := map[string]string{}
	for _, m := range h.mails("") {
		key := m.To[0] + m.CreatedAt.String() + m.About
		if before, twice := seen[key]; twice {
			h.t.Errorf("%s was sent two messages at %s: %q and %q", m.To[0], m.CreatedAt, before, m.Text)
		}
		seen[key] = m.Text
	}
}

// Two teams call the same person at once: one message, one link, both answered by it,
// and each duty's call is acknowledged on its own record.
func TestOneMessageForOneMoment(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		h.counsel()
		st := h.declare(incident.Real)
		ks := h.calls(escalation.Filter{Incident: st.ID, Person: "hans"})
		h.whom(ks, "hans", "hans")
		if ks[0].With != "" || ks[1].With != ks[0].ID || len(ks[1].Deliveries) != 1 || ks[1].Deliveries[0].Mail != ks[0].Deliveries[0].Mail {
			t.Errorf("the second call shares the message of the first: %+v", ks)
		}
		ms := h.mails("hans")
		if len(ms) != 1 || ms[0].Subject != st.Ref+": 2 things wait for your answer" ||
			!strings.Contains(ms[0].Text, "2 things wait for your answer: acknowledge within 5 minutes.\n1. You are called. Due: 2026-11-20 12:00 CET (2026-11-20 11:00 UTC)\n2. You are called.") {
			t.Fatalf("%+v", ms)
		}
		link := h.link("hans")
		seen, err := h.ByToken(t.Context(), link)
		h.must(err)
		if len(seen.Asked) != 2 {
			t.Errorf("the link stands for %d calls", len(seen.Asked))
		}
		got, err := h.AcknowledgeByToken(t.Context(), link)
		h.must(err)
		if len(got.Asked) != 2 {
			t.Errorf("%d calls were answered", len(got.Asked))
		}
		for _, rule := range []string{"siht", "legal"} {
			if d := h.duty(st.ID, rule); d.State != duty.Met || d.MetActor != "hans" {
				t.Errorf("%+v", d)
			}
		}
		for _, k := range h.calls(escalation.Filter{Incident: st.ID, Person: "hans"}) {
			if k.State != escalation.Acknowledged || k.Via != escalation.ViaLink {
				t.Errorf("%+v", k)
			}
		}
		_, err = h.AcknowledgeByToken(t.Context(), link)
		h.must(err) // the same button twice
		h.check()
	})
}

// API and command line still answer each call; the link then answers what is left.
func TestEachCallByItself(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		h.counsel()
		st := h.declare(incident.Real)
		ks := h.calls(escalation.Filter{Incident: st.ID, Person: "hans"})
		_, err := h.Acknowledge(t.Context(), as("hans"), ks[0].ID)
		h.must(err)
		if h.duty(st.ID, "siht").State != duty.Met || h.duty(st.ID, "legal").State != duty.Open {
			t.Error("one answer is not the other")
		}
		// The same link answers what is left.
		got, err := h.AcknowledgeByToken(t.Context(), h.link("hans"))
		h.must(err)
		if h.duty(st.ID, "legal").State != duty.Met || len(got.Asked) != 2 {
			t.Errorf("%+v", got.Asked)
		}
		h.check()
	})
}

// What another has answered does not keep the rest of a message from being answered;
// when all is over the link says so.
func TestLinkOfWhatIsOver(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		h.counsel()
		st := h.declare(incident.Real)
		link := h.link("hans")
		h.forward(5 * time.Minute)
		legal := h.calls(escalation.Filter{Incident: st.ID, Team: "legal", Person: "lea"})
		_, err := h.Acknowledge(t.Context(), as("lea"), legal[0].ID)
		h.must(err)
		got, err := h.AcknowledgeByToken(t.Context(), link)
		h.must(err)
		if len(got.Asked) != 1 || got.Team != "siht" || h.duty(st.ID, "siht").MetActor != "hans" || h.duty(st.ID, "legal").MetActor != "lea" {
			t.Errorf("%+v", got)
		}
		other := h.declare(incident.Real)
		link = h.link("hans")
		_, err = h.incidents.Execute(t.Context(), as("mona"), other.ID, &incident.Dismiss{Reason: "a false alarm"}, 0)
		h.must(err)
		_, err = h.AcknowledgeByToken(t.Context(), link)
		h.want(err, fault.Gone)
		h.check()
	})
}

// A webhook that has not gone out says all that is asked in its moment.
func TestWebhookSaysAll(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		h.counsel()
		r := newReceiver(t)
		h.webhook("hans", r.URL)
		st := h.declare(incident.Real)
		h.must(h.jobs.Drain(t.Context(), h.clk.Now()))
		got := r.posts()
		if len(got) != 1 || got[0]["text"] != st.Ref+": 2 things wait for your answer: acknowledge within 5 minutes." {
			t.Fatalf("%v", got)
		}
		link, _ := got[0]["link"].(string)
		done, err := h.AcknowledgeByToken(t.Context(), strings.TrimPrefix(link, "https://w.example/ack/"))
		h.must(err)
		if len(done.Asked) != 2 {
			t.Errorf("%+v", done)
		}
		// Once it has gone out, what comes next is a message of its own, if in the same moment.
		h.grade(st, 1)
		h.must(h.jobs.Drain(t.Context(), h.clk.Now()))
		h.check()
	})
}

// alarms lists the calls about missed duties and silent teams of an incident.
func (h *house) alarms(incident string) (out []escalation.Item) {
	h.t.Helper()
	for _, k := range h.calls(escalation.Filter{Incident: incident}) {
		if k.Purpose == escalation.ForMissed || k.Purpose == escalation.ForNobody {
			out = append(out, k)
		}
	}
	return out
}

func chains(items []escalation.Item) (out []string) {
	for _, k := range items {
		if !slices.Contains(out, k.Chain) {
			out = append(out, k.Chain)
		}
	}
	return out
}

// Every missed duty calls the incident manager and an executive; all of them in one
// chain as long as nobody has answered.
func TestAlarmsJoinOneChain(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		st := h.declare(incident.Real)
		h.forward(59 * time.Minute)
		before := len(h.mails("eva"))
		h.forward(2 * time.Minute)
		ks := h.alarms(st.ID)
		if n := len(chains(ks)); n != 1 {
			t.Errorf("%d chains call the same people", n)
		}
		last := ks[len(ks)-1]
		if last.Missed != 4 || len(last.Duties) != 4 {
			t.Errorf("the newest call says %d missed: %+v", last.Missed, last)
		}
		// Three duties were missed at once, 55 minutes after eva was told first.
		news := h.mails("eva")[before:]
		if len(news) != 1 || !strings.Contains(news[0].Text, "4 duties were missed. 3 teams have not answered.") {
			t.Errorf("eva: %+v", news)
		}
		h.calm()
		for _, d := range last.Duties {
			for _, person := range []string{"sam", "eva"} {
				if !slices.ContainsFunc(ks, func(k escalation.Item) bool { return k.Person == person && slices.Contains(k.Duties, d) }) {
					t.Errorf("%s never heard of %s", person, d)
				}
			}
		}
		// One answer ends it; a duty that is missed later starts anew.
		_, err := h.AcknowledgeByToken(t.Context(), h.link("eva"))
		h.must(err)
		told := len(h.alarms(st.ID))
		h.forward(30 * time.Minute)
		if n := len(h.alarms(st.ID)); n != told {
			t.Errorf("%d calls after the answer", n-told)
		}
		h.grade(st, 1)
		h.forward(30 * time.Minute)
		if n := len(chains(h.alarms(st.ID))); n != 2 {
			t.Errorf("%d chains: what is missed after the answer calls again", n)
		}
		h.calm()
		h.check()
	})
}

// Nobody is called twice within the plan's minutes because another duty is missed; who
// is told now hears of it then.
func TestAlarmWaitsItsMinutes(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		st := h.declare(incident.Real)
		h.forward(3 * time.Hour)
		last := map[string]time.Time{}
		for _, k := range h.alarms(st.ID) {
			if gap := k.CalledAt.Sub(last[k.Person]); gap < 5*time.Minute {
				t.Errorf("%s was called again after %s", k.Person, gap)
			}
			last[k.Person] = k.CalledAt
		}
		h.calm()
		h.check()
	})
}

// A chain that had nobody left to call starts again when another duty is missed.
func TestAlarmWakesAnExhaustedChain(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		st := h.declare(incident.Real)
		h.forward(4 * time.Hour)
		n := len(h.alarms(st.ID))
		h.forward(time.Hour)
		if got := len(h.alarms(st.ID)); got != n {
			t.Fatalf("%d calls after the last round", got-n)
		}
		h.grade(st, 3) // a situation report is owed
		h.forward(2*time.Hour + time.Minute)
		news := h.alarms(st.ID)[n:]
		for _, want := range []string{"sam", "eva"} {
			if !slices.ContainsFunc(news, func(k escalation.Item) bool { return k.Person == want && k.Missed > 0 }) {
				t.Errorf("%s does not hear that the report is missed", want)
			}
		}
		if c := chains(h.alarms(st.ID)); len(c) != 1 {
			t.Errorf("%d chains", len(c))
		}
		// All that was missed is settled: the calls end.
		_, err := h.incidents.Execute(t.Context(), as("mona"), st.ID, &incident.Dismiss{Reason: "a false alarm"}, 0)
		h.must(err)
		for _, k := range h.calls(escalation.Filter{Incident: st.ID, State: escalation.Waiting}) {
			t.Errorf("still waits: %+v", k)
		}
		h.forward(time.Hour)
		h.calm()
		h.check()
	})
}

// A drill's messages are shared like others and say DRILL.
func TestSharedDrill(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		h.counsel()
		h.declare(incident.Drill)
		h.forward(time.Hour)
		if !slices.ContainsFunc(h.mails("hans"), func(m mail.Item) bool {
			return strings.HasPrefix(m.Subject, "DRILL: INC") && strings.Contains(m.Subject, "2 things")
		}) {
			t.Errorf("%+v", h.mails("hans"))
		}
		h.calm()
	})
}
