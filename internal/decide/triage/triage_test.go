package triage_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/whotest"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/triage"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

var (
	start   = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	machine = who.Identity{Actor: "tok-1", Roles: []who.Role{who.Reporter}}
	analyst = who.Identity{Actor: "ann", Person: "ann", Roles: []who.Role{who.Analyst}}
	reason  = "looked at it"
)

type house struct {
	*triage.Service
	t   *testing.T
	db  *store.DB
	in  *intake.Service
	inc *incident.Service
	dir *directory.Service
}

func build(t *testing.T, db *store.DB) *house {
	t.Helper()
	clk := clock.NewTest(start)
	tmp := t.TempDir()
	kinds := slices.Concat(who.Kinds(), plan.Kinds(), directory.Kinds(), intake.Kinds(), incident.Kinds())
	led, err := record.New(t.Context(), db, clk, record.Config{KeyFile: filepath.Join(tmp, "key"), CheckpointDir: tmp}, kinds)
	if err != nil {
		t.Fatal(err)
	}
	plans, people := plan.New(db, led, clk), who.New(db, led, clk)
	dir := directory.New(db, led, people, plans, clk)
	in := intake.New(db, led, clk, plans, dir)
	inc := incident.New(db, led, clk, plans, dir, people)
	s := triage.New(db, in, inc)
	inc.Observe(s.Follow)
	return &house{s, t, db, in, inc, dir}
}

func (h *house) write(fn func(tx *store.Tx) error) {
	h.t.Helper()
	if _, err := h.db.Write(h.t.Context(), store.Op{Name: "test", Actor: "test"}, fn); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) signal(finger string, drill bool) (sig intake.Signal) {
	h.t.Helper()
	h.write(func(tx *store.Tx) (err error) {
		sig, _, err = h.in.Receive(tx, machine, intake.Input{
			Kind: intake.Alert, Source: "alertmanager", Fingerprint: finger, Title: "Signal " + finger, DiscoveredAt: start.Add(-7 * time.Minute),
			Services: []string{"checkout"}, Drill: drill,
		})
		return err
	})
	return sig
}

func (h *house) decide(id string, in triage.Input) triage.Outcome {
	h.t.Helper()
	in.Reason = reason
	out, err := h.Decide(h.t.Context(), analyst, id, in)
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

func (h *house) fails(want fault.Kind, id string, in triage.Input) {
	h.t.Helper()
	if in.Reason == "" {
		in.Reason = reason
	}
	if _, err := h.Decide(h.t.Context(), analyst, id, in); fault.KindOf(err) != want {
		h.t.Errorf("%+v: want %v, got %v", in, want, err)
	}
}

func (h *house) state(id string) incident.State {
	h.t.Helper()
	st, err := h.inc.Get(h.t.Context(), analyst, id, time.Time{})
	if err != nil {
		h.t.Fatal(err)
	}
	return st
}

func (h *house) get(id string) intake.Signal {
	h.t.Helper()
	sig, err := h.in.Get(h.t.Context(), analyst, id)
	if err != nil {
		h.t.Fatal(err)
	}
	return sig
}

func (h *house) rebuilt() {
	h.t.Helper()
	if _, err := record.RebuildCheck(h.t.Context(), h.db, []record.Projector{h.in, h.inc}); err != nil {
		h.t.Error(err)
	}
}

func TestDenied(t *testing.T) {
	t.Parallel()
	whotest.DenyEmpty(t, (*triage.Service)(nil))
}

// Policy 003: the minutes run from discovery; declaring late changes none of them.
func TestDeclareKeepsTheSignal(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		ctx := t.Context()
		if _, err := h.dir.PutTeam(ctx, who.Engine("t"), directory.Team{ID: "payments", Name: "Payments", Kind: directory.TeamProduct}, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := h.dir.PutITService(ctx, who.Engine("t"), directory.ITService{ID: "checkout", Name: "Checkout", Team: "payments"}, 0); err != nil {
			t.Fatal(err)
		}
		sig := h.signal("a", false)
		h.write(func(tx *store.Tx) error {
			_, err := h.in.Acknowledge(tx, analyst, []string{sig.ID}, start.Add(-time.Minute))
			return err
		})
		out := h.decide(sig.ID, triage.Input{Verdict: intake.Incident})
		st := out.Incident
		if st == nil || out.Signal.State != intake.Decided || out.Signal.Incident != st.ID || out.Signal.Reason != reason {
			t.Fatalf("%+v", out)
		}
		if !st.DiscoveredAt.Equal(sig.DiscoveredAt) || st.Kind != incident.Real || st.Nature != incident.Security || st.Service != "checkout" || st.Team != "payments" ||
			!st.TeamToldAt.Equal(start.Add(-time.Minute)) || st.Title != sig.Title || !slices.Equal(st.Signals, []string{sig.ID}) || st.Status != incident.Suspected {
			t.Errorf("%+v", st)
		}
		h.fails(fault.Conflict, sig.ID, triage.Input{Verdict: intake.Incident})
		h.fails(fault.Conflict, sig.ID, triage.Input{Verdict: intake.Incident, Incident: st.Ref})

		drill := h.signal("b", true)
		out = h.decide(drill.ID, triage.Input{Verdict: intake.Incident, Title: "Exercise", Nature: incident.Operational})
		if out.Incident.Kind != incident.Drill || out.Incident.Title != "Exercise" || out.Incident.Nature != incident.Operational {
			t.Errorf("%+v", out.Incident)
		}
		h.rebuilt()
	})
}

func TestLinkToKnownIncident(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		a, b, d := h.signal("a", false), h.signal("b", false), h.signal("d", true)
		st := *h.decide(a.ID, triage.Input{Verdict: intake.Incident}).Incident
		exercise := *h.decide(d.ID, triage.Input{Verdict: intake.Incident}).Incident
		out := h.decide(b.ID, triage.Input{Verdict: intake.Incident, Incident: st.Ref})
		if out.Incident.ID != st.ID || !slices.Equal(out.Incident.Signals, []string{a.ID, b.ID}) || out.Signal.Incident != st.ID {
			t.Errorf("%+v", out)
		}
		c := h.signal("c", false)
		h.fails(fault.Conflict, c.ID, triage.Input{Verdict: intake.Incident, Incident: exercise.Ref})
		h.fails(fault.Conflict, h.signal("e", true).ID, triage.Input{Verdict: intake.Incident, Incident: st.Ref})
		h.fails(fault.Invalid, c.ID, triage.Input{Verdict: intake.Incident, Incident: "INC-1999-0001"})
		h.fails(fault.Invalid, c.ID, triage.Input{Verdict: "perhaps"})
		h.fails(fault.Invalid, c.ID, triage.Input{Verdict: intake.Event, Reason: " "})
		h.fails(fault.Invalid, c.ID, triage.Input{Verdict: intake.Event, Incident: st.Ref})
		h.fails(fault.Invalid, c.ID, triage.Input{Verdict: intake.Event, Title: "x"})
		h.fails(fault.Invalid, c.ID, triage.Input{Verdict: intake.Incident, Incident: st.Ref, Nature: incident.Security})
		h.fails(fault.NotFound, "nothing", triage.Input{Verdict: intake.Event})
		if _, err := h.Decide(t.Context(), machine, c.ID, triage.Input{Verdict: intake.Event, Reason: reason}); fault.KindOf(err) != fault.Denied {
			t.Error(err)
		}
		if got := h.get(c.ID); got.State != intake.Open {
			t.Errorf("a refused verdict changed something: %+v", got)
		}
		h.rebuilt()
	})
}

func TestDecideAnewUnties(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		a, b := h.signal("a", false), h.signal("b", false)
		first := *h.decide(a.ID, triage.Input{Verdict: intake.Incident}).Incident
		other := *h.decide(b.ID, triage.Input{Verdict: intake.Incident}).Incident
		h.decide(a.ID, triage.Input{Verdict: intake.Incident, Incident: other.ID})
		if got := h.state(first.ID).Signals; len(got) != 0 {
			t.Errorf("still tied: %v", got)
		}
		if out := h.decide(a.ID, triage.Input{Verdict: intake.FalsePositive}); out.Incident != nil || out.Signal.Incident != "" {
			t.Errorf("%+v", out)
		}
		if got := h.state(other.ID).Signals; !slices.Equal(got, []string{b.ID}) {
			t.Errorf("%v", got)
		}
		out, err := h.Undo(t.Context(), analyst, b.ID, "wrong signal")
		if err != nil || out.Signal.State != intake.Open || out.Incident != nil || len(h.state(other.ID).Signals) != 0 {
			t.Errorf("%v %+v", err, out)
		}
		if _, err := h.Undo(t.Context(), analyst, b.ID, "again"); fault.KindOf(err) != fault.Conflict {
			t.Error(err)
		}
		h.rebuilt()
	})
}

func TestCommandsOfTheIncidentAreFollowed(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		ctx := t.Context()
		a, b := h.signal("a", false), h.signal("b", false)
		st := *h.decide(a.ID, triage.Input{Verdict: intake.Incident}).Incident
		if _, err := h.inc.Execute(ctx, analyst, st.Ref, &incident.LinkSignals{Signals: []string{b.ID}}, 0); err != nil {
			t.Fatal(err)
		}
		if got := h.get(b.ID); got.Verdict != intake.Incident || got.Incident != st.ID {
			t.Errorf("%+v", got)
		}
		if _, err := h.inc.Execute(ctx, analyst, st.Ref, &incident.UnlinkSignals{Signals: []string{b.ID}, Reason: "other cause"}, 0); err != nil {
			t.Fatal(err)
		}
		if got := h.get(b.ID); got.State != intake.Open || got.Incident != "" {
			t.Errorf("%+v", got)
		}
		other := *h.decide(b.ID, triage.Input{Verdict: intake.Incident}).Incident
		if _, err := h.inc.Execute(ctx, analyst, other.Ref, &incident.LinkSignals{Signals: []string{a.ID}}, 0); fault.KindOf(err) != fault.Conflict {
			t.Error("a signal belongs to one incident:", err)
		}
		h.rebuilt()
	})
}

func TestOneKeyOneIncident(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		sig := h.signal("a", false)
		ctx := store.WithKey(t.Context(), "k", [32]byte{3})
		in := triage.Input{Verdict: intake.Incident, Reason: reason}
		first, err := h.Decide(ctx, analyst, sig.ID, in)
		if err != nil {
			t.Fatal(err)
		}
		again, err := h.Decide(ctx, analyst, sig.ID, in)
		if err != nil || again.Incident == nil || again.Incident.ID != first.Incident.ID {
			t.Errorf("%v %+v", err, again)
		}
	})
}
