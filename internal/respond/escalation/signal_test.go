package escalation_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/triage"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/respond/escalation"
)

// Policy 003: the team is alerted before anybody has declared anything; many signals
// are one call.
func TestSignalsAreOneCall(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		a, b, c := h.signal("a", false), h.signal("b", false), h.signal("c", false)
		h.whom(h.calls(escalation.Filter{}))
		h.forward(30 * time.Second)
		ks := h.calls(escalation.Filter{Signal: b.ID})
		h.whom(ks, "otto")
		if ks[0].Signals != 3 || ks[0].Purpose != escalation.ForSignals || !strings.Contains(h.mails("otto")[0].Text, "3 signals wait for triage.") {
			t.Errorf("%+v", ks[0])
		}
		h.forward(time.Minute)
		d := h.signal("d", false)
		h.forward(time.Minute)
		h.whom(h.calls(escalation.Filter{Signal: d.ID}), "otto") // joins the call that waits
		h.forward(4 * time.Minute)
		h.whom(h.calls(escalation.Filter{Signal: a.ID}), "otto", "petra")
		if k := h.calls(escalation.Filter{Signal: a.ID})[1]; k.Signals != 4 {
			t.Errorf("the next person hears of all that wait: %d", k.Signals)
		}
		// pia may answer by her link although her role may do nothing else.
		h.forward(5 * time.Minute)
		_, err := h.AcknowledgeByToken(t.Context(), h.link("pia"))
		h.must(err)
		for _, sig := range []intake.Signal{a, b, c, d} {
			got, err := h.in.GetTx(db, sig.ID)
			h.must(err)
			if got.AcknowledgedBy != "pia" || got.AcknowledgedAt.IsZero() {
				t.Errorf("%+v", got)
			}
		}
		h.forward(20 * time.Minute)
		h.whom(h.calls(escalation.Filter{Signal: a.ID}), "otto", "petra", "pia")
		// Nobody decides: the 60 minutes alarm.
		h.forward(31 * time.Minute)
		ks = h.calls(escalation.Filter{Signal: a.ID})[3:]
		h.whom(ks[:2], "sam", "eva")
		if ks[0].Purpose != escalation.ForClassify {
			t.Errorf("%+v", ks[0])
		}
		h.check()
	})
}

func TestSignalsOverdue(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		a := h.signal("a", false)
		drill := h.signal("b", true)
		h.forward(20 * time.Minute)
		var alarm []escalation.Item
		for _, k := range h.calls(escalation.Filter{Signal: a.ID}) {
			if k.Purpose == escalation.ForTriage {
				alarm = append(alarm, k)
			}
			if k.Drill {
				t.Errorf("a drill and a real signal in one call: %+v", k)
			}
		}
		h.whom(alarm, "sam", "eva")
		if !strings.Contains(h.mails("eva")[0].Text, "1 signal was not taken by the team in time.") {
			t.Error(h.mails("eva")[0].Text)
		}
		_, err := h.Acknowledge(t.Context(), as("eva"), alarm[1].ID)
		h.must(err)
		if got, _ := h.in.GetTx(db, a.ID); !got.AcknowledgedAt.IsZero() {
			t.Error("an executive's answer is not the team's")
		}
		for _, k := range h.calls(escalation.Filter{Signal: drill.ID}) {
			if !k.Drill {
				t.Errorf("%+v", k)
			}
		}
		h.check()
	})
}

// Triage turns the call about a signal into the duty's own.
func TestTriageTakesOver(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		a, b := h.signal("a", false), h.signal("b", false)
		h.forward(time.Minute)
		otto := h.link("otto")
		out, err := h.triage.Decide(t.Context(), as("petra"), a.ID, triage.Input{Verdict: intake.Incident, Reason: "real"})
		h.must(err)
		if ks := h.calls(escalation.Filter{Signal: b.ID}); ks[0].State != escalation.Waiting {
			t.Errorf("the other signal still waits: %+v", ks[0])
		}
		_, err = h.triage.Decide(t.Context(), as("petra"), b.ID, triage.Input{Verdict: intake.Incident, Incident: out.Incident.Ref, Reason: "the same"})
		h.must(err)
		if ks := h.calls(escalation.Filter{Signal: a.ID}); ks[0].State != escalation.Withdrawn {
			t.Errorf("%+v", ks[0])
		}
		h.whom(h.calls(escalation.Filter{Incident: out.Incident.ID, Team: "core"}), "otto")
		_, err = h.AcknowledgeByToken(t.Context(), otto)
		h.want(err, fault.Gone)

		// Acknowledged before: the duty is born met and nobody is called again.
		c := h.signal("c", false)
		h.forward(time.Minute)
		_, err = h.Acknowledge(t.Context(), as("otto"), h.calls(escalation.Filter{Signal: c.ID})[0].ID)
		h.must(err)
		out, err = h.triage.Decide(t.Context(), as("petra"), c.ID, triage.Input{Verdict: intake.Incident, Reason: "real"})
		h.must(err)
		if d := h.duty(out.Incident.ID, duty.RuleProductTeam); d.State != duty.Met {
			t.Errorf("%+v", d)
		}
		h.whom(h.calls(escalation.Filter{Incident: out.Incident.ID, Team: "core"}))

		// A false positive ends the calls at the latest when the next would go out.
		d := h.signal("d", false)
		h.forward(time.Minute)
		_, err = h.triage.Decide(t.Context(), as("petra"), d.ID, triage.Input{Verdict: intake.FalsePositive, Reason: "noise"})
		h.must(err)
		h.forward(10 * time.Minute)
		ks := h.calls(escalation.Filter{Signal: d.ID})
		h.whom(ks, "otto")
		if ks[0].State != escalation.Withdrawn {
			t.Errorf("%+v", ks[0])
		}
		h.check()
	})
}

// receiver is a webhook that answers with the given codes, then 204.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	codes []int
	got   []map[string]any
}

func newReceiver(t *testing.T, codes ...int) *receiver {
	r := &receiver{codes: codes}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		raw, _ := io.ReadAll(q.Body)
		var m map[string]any
		_ = json.Unmarshal(raw, &m)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got = append(r.got, m)
		if len(r.codes) > 0 {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(r.codes[0])
			r.codes = r.codes[1:]
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) posts() []map[string]any {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got
}

func (h *house) webhook(person, url string) {
	h.t.Helper()
	p, err := h.people.PersonTx(h.t.Context(), h.db, person)
	h.must(err)
	p.Webhook = url
	_, err = h.people.UpdatePerson(h.t.Context(), engine, p, p.Version)
	h.must(err)
}

func (h *house) delivery(f escalation.Filter) escalation.Delivery {
	h.t.Helper()
	for _, k := range h.calls(f) {
		for _, d := range k.Deliveries {
			if d.Channel == escalation.Webhook {
				return d
			}
		}
	}
	h.t.Fatal("there is no webhook delivery")
	return escalation.Delivery{}
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		r := newReceiver(t)
		h.webhook("otto", r.URL+"/hook?key=hidden")
		st := h.declare(incident.Real)
		h.must(h.jobs.Drain(t.Context(), h.clk.Now()))
		got := r.posts()
		if len(got) != 1 || got[0]["reference"] != st.Ref || got[0]["kind"] != "duty" || got[0]["drill"] != false || got[0]["due_at"] != "2026-11-20T10:20:00Z" || len(got[0]) != 6 {
			t.Fatalf("%v", got)
		}
		if d := h.delivery(escalation.Filter{Incident: st.ID}); d.State != "sent" || d.Attempts != 1 || d.MaybeTwice {
			t.Errorf("%+v", d)
		}
		link, _ := got[0]["link"].(string)
		k, err := h.AcknowledgeByToken(t.Context(), strings.TrimPrefix(link, "https://w.example/ack/"))
		h.must(err)
		if k.Person != "otto" || h.duty(st.ID, duty.RuleProductTeam).State != duty.Met {
			t.Errorf("%+v", k)
		}
		h.check()
	})
}

func TestWebhookFails(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]string{http.StatusFound: "failed", http.StatusNotFound: "failed", http.StatusServiceUnavailable: "queued"} {
		t.Run(http.StatusText(code), func(t *testing.T) {
			t.Parallel()
			h := build(t, storetest.Open(t, store.SQLite))
			r := newReceiver(t, code)
			h.webhook("otto", r.URL+"/hook?key=hidden")
			st := h.declare(incident.Real)
			h.must(h.jobs.Drain(t.Context(), h.clk.Now()))
			d := h.delivery(escalation.Filter{Incident: st.ID})
			if d.State != want && (want != "queued" || d.State != "sent") || strings.Contains(d.LastError, "hidden") {
				t.Errorf("%+v, want %s", d, want)
			}
			if want == "failed" && len(r.posts()) != 1 {
				t.Errorf("%d posts: a redirect is not followed, a refusal not repeated", len(r.posts()))
			}
		})
	}
}

// What is over before it was sent is not sent.
func TestWebhookDropped(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		r := newReceiver(t)
		h.webhook("otto", r.URL)
		st := h.declare(incident.Real)
		_, err := h.AcknowledgeByToken(t.Context(), h.link("otto"))
		h.must(err)
		h.must(h.jobs.Drain(t.Context(), h.clk.Now()))
		if d := h.delivery(escalation.Filter{Incident: st.ID}); d.State != "dropped" || len(r.posts()) != 0 {
			t.Errorf("%+v, %d posts", d, len(r.posts()))
		}
	})
}

// A dead job loop cannot send: the webhooks are posted at once, without a job.
func TestWatchdog(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		r := newReceiver(t)
		h.webhook("mona", r.URL)
		h.OnJobLoopSilent(t.Context(), h.clk.Real())
		got := r.posts()
		if len(got) != 1 || got[0]["kind"] != "job_loop_silent" {
			t.Fatalf("%v", got)
		}
		ks := h.calls(escalation.Filter{})
		h.whom(ks, "mona", "ada")
		if d := h.delivery(escalation.Filter{Person: "mona"}); d.State != "sent" || len(h.mails("ada")) != 1 {
			t.Errorf("%+v", d)
		}
		entries, err := h.led.Subject(t.Context(), db, "system", 0, 10)
		h.must(err)
		if len(entries) != 1 || entries[0].Kind != "watchdog.raised" {
			t.Errorf("%v", entries)
		}
		link, _ := got[0]["link"].(string)
		_, err = h.AcknowledgeByToken(t.Context(), strings.TrimPrefix(link, "https://w.example/ack/"))
		h.must(err)
		h.check()
	})
}

// A receiver that dies after it has the message may have taken it: the next attempt
// is named a possible double.
func TestWebhookMaybeTwice(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		var posts atomic.Int32
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			_, _ = io.ReadAll(q.Body)
			if posts.Add(1) == 1 {
				panic(http.ErrAbortHandler)
			}
		}))
		t.Cleanup(srv.Close)
		h.webhook("otto", srv.URL)
		st := h.declare(incident.Real)
		var d escalation.Delivery
		for range 200 {
			h.must(h.jobs.Drain(t.Context(), h.clk.Now()))
			if d = h.delivery(escalation.Filter{Incident: st.ID}); d.State == "sent" {
				break
			}
			h.must(h.clk.Sleep(t.Context(), 10*time.Millisecond))
		}
		if d.State != "sent" || d.Attempts != 2 || !d.MaybeTwice || d.LastError != "" {
			t.Errorf("%+v", d)
		}
	})
}

// A signal nobody owns reaches somebody all the same.
func TestSignalWithoutTeam(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		var sig intake.Signal
		_, err := db.Write(t.Context(), store.Op{Name: "test", Actor: "test"}, func(tx *store.Tx) (err error) {
			sig, _, err = h.in.Receive(tx, machine, intake.Input{Kind: intake.Alert, Source: "test", Fingerprint: "x", Title: "x"})
			return err
		})
		h.must(err)
		h.forward(time.Minute)
		ks := h.calls(escalation.Filter{Signal: sig.ID})
		h.whom(ks, "sam", "eva")
		if ks[0].Purpose != escalation.ForNobody || ks[0].Signals != 1 {
			t.Errorf("%+v", ks[0])
		}
		h.check()
	})
}
