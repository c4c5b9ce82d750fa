package intake_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/whotest"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

var (
	start   = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	machine = who.Identity{Actor: "tok-1", Roles: []who.Role{who.Reporter}}
	analyst = who.Identity{Actor: "ann", Person: "ann", Roles: []who.Role{who.Analyst}}
	rita    = who.Identity{Actor: "rita", Person: "rita", Roles: []who.Role{who.Reporter}}
	rob     = who.Identity{Actor: "rob", Person: "rob", Roles: []who.Role{who.Reporter}}
	engine  = who.Engine("test")
)

type house struct {
	*intake.Service
	t   *testing.T
	db  *store.DB
	led *record.Ledger
	clk *clock.Clock
	dir *directory.Service
}

func build(t *testing.T, db *store.DB) *house {
	t.Helper()
	clk := clock.NewTest(start)
	tmp := t.TempDir()
	kinds := append(append(append(who.Kinds(), plan.Kinds()...), directory.Kinds()...), intake.Kinds()...)
	led, err := record.New(t.Context(), db, clk, record.Config{KeyFile: filepath.Join(tmp, "key"), CheckpointDir: tmp}, kinds)
	if err != nil {
		t.Fatal(err)
	}
	plans := plan.New(db, led, clk)
	dir := directory.New(db, led, who.New(db, led, clk), plans, clk)
	return &house{intake.New(db, led, clk, plans, dir), t, db, led, clk, dir}
}

func (h *house) write(fn func(tx *store.Tx) error) {
	h.t.Helper()
	if _, err := h.db.Write(h.t.Context(), store.Op{Name: "test", Actor: "test"}, fn); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) receive(in intake.Input) (sig intake.Signal, fresh bool) {
	h.t.Helper()
	h.write(func(tx *store.Tx) (err error) {
		sig, fresh, err = h.Receive(tx, machine, in)
		return err
	})
	return sig, fresh
}

func (h *house) resolve(finger string) (sig intake.Signal, found bool) {
	h.t.Helper()
	h.write(func(tx *store.Tx) (err error) {
		sig, found, err = h.Resolve(tx, machine, "alertmanager", finger, time.Time{})
		return err
	})
	return sig, found
}

func (h *house) decide(id string, v intake.Verdict, inc string) (sig intake.Signal) {
	h.t.Helper()
	h.write(func(tx *store.Tx) (err error) {
		sig, err = h.Decide(tx, analyst, id, v, "looked at it", inc)
		return err
	})
	return sig
}

func (h *house) entries(subject string) []record.Entry {
	h.t.Helper()
	list, err := h.led.Subject(h.t.Context(), h.db, subject, 0, 0)
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

func (h *house) get(id string) intake.Signal {
	h.t.Helper()
	sig, err := h.Get(h.t.Context(), analyst, id)
	if err != nil {
		h.t.Fatal(err)
	}
	return sig
}

func (h *house) rebuilt() {
	h.t.Helper()
	if _, err := record.RebuildCheck(h.t.Context(), h.db, []record.Projector{h.Service}); err != nil {
		h.t.Error(err)
	}
}

func alert(finger string) intake.Input {
	return intake.Input{Kind: intake.Alert, Source: "alertmanager", Fingerprint: finger, Title: "SSHBruteForce", DiscoveredAt: start.Add(-time.Minute)}
}

func TestDenied(t *testing.T) {
	t.Parallel()
	whotest.DenyEmpty(t, (*intake.Service)(nil))
}

// Policy 003: the product team is alerted no later than 20 minutes after the
// discovery; the minutes run before anybody declared anything.
func TestReceiveAndRepeat(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		raw := h.NewRaw("application/json", []byte("{\"bytes\":\xff}"))
		in := alert("0f5d")
		in.Raw = &raw
		sig, fresh := h.receive(in)
		want := intake.Signal{
			ID: sig.ID, Kind: intake.Alert, State: intake.Open, Title: "SSHBruteForce", Source: "alertmanager", Fingerprint: "0f5d", Count: 1,
			FirstSeen: start, LastSeen: start, DiscoveredAt: start.Add(-time.Minute), ReceivedAt: start, CallDueAt: start.Add(30 * time.Second),
			TriageDueAt: start.Add(19 * time.Minute), ClassifyDueAt: start.Add(59 * time.Minute), Team: sig.Team, RawID: raw.ID, RawSHA256: raw.SHA256,
		}
		if diff := cmp.Diff(want, sig); !fresh || diff != "" {
			t.Error(fresh, diff)
		}
		if diff := cmp.Diff(sig, h.get(sig.ID)); diff != "" {
			t.Error("stored differs from returned:", diff)
		}
		if err := h.clk.Advance(time.Hour); err != nil {
			t.Fatal(err)
		}
		again, fresh := h.receive(in)
		if fresh || again.ID != sig.ID || again.Count != 2 || !again.LastSeen.Equal(start.Add(time.Hour)) {
			t.Errorf("repeat: %v %+v", fresh, again)
		}
		if diff := cmp.Diff(again, h.get(sig.ID)); diff != "" {
			t.Error(diff)
		}
		if n := len(h.entries(sig.ID)); n != 1 {
			t.Errorf("%d entries: a repeat writes none", n)
		}
		body, ct, err := h.Raw(t.Context(), analyst, sig.ID)
		if err != nil || string(body) != "{\"bytes\":\xff}" || ct != "application/json" {
			t.Errorf("raw %q %s %v", body, ct, err)
		}
		h.rebuilt()
	})
}

func TestLiveFingerprints(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		a, _ := h.receive(alert("a"))
		if r, found := h.resolve("a"); !found || r.ResolvedAt.IsZero() || r.State != intake.Open {
			t.Errorf("resolved: %v %+v: a verdict is still owed", found, r)
		}
		if _, found := h.resolve("a"); found {
			t.Error("resolved twice")
		}
		b, fresh := h.receive(alert("a"))
		if !fresh || b.ID == a.ID {
			t.Error("after resolved a firing alert is a new signal")
		}
		h.decide(b.ID, intake.FalsePositive, "")
		if _, fresh := h.receive(alert("a")); fresh {
			t.Error("within the quiet hours a repeat counts")
		}
		if err := h.clk.Advance(24*time.Hour + time.Second); err != nil {
			t.Fatal(err)
		}
		c, fresh := h.receive(alert("a"))
		if !fresh {
			t.Error("after the quiet hours it is a new signal")
		}
		h.decide(c.ID, intake.Incident, "inc-1")
		if err := h.clk.Advance(1000 * time.Hour); err != nil {
			t.Fatal(err)
		}
		d, fresh := h.receive(alert("a"))
		if fresh || d.ID != c.ID || d.Incident != "inc-1" {
			t.Error("an incident's fingerprint stays live")
		}
		r, found := h.resolve("a")
		if !found || r.Verdict != intake.Incident || r.Incident != "inc-1" {
			t.Error("resolved ends the alert, not the incident")
		}
		var body struct {
			Count int64 `json:"count"`
		}
		list := h.entries(c.ID)
		if err := list[len(list)-1].Decode(&body); err != nil || body.Count != 2 || len(list) != 3 {
			t.Errorf("%v: the count stands in the ledger: %+v of %d entries", err, body, len(list))
		}
		h.rebuilt()
	})
}

func TestDecideAnewAndReopen(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		sig, _ := h.receive(alert("a"))
		got := h.decide(sig.ID, intake.Event, "")
		if got.State != intake.Decided || got.Verdict != intake.Event || got.DecidedBy != "ann" || got.Reason != "looked at it" || !got.DecidedAt.Equal(start) {
			t.Errorf("%+v", got)
		}
		bad := func(v intake.Verdict, reason, inc string, want fault.Kind) {
			t.Helper()
			_, err := db.Write(t.Context(), store.Op{Name: "t"}, func(tx *store.Tx) error {
				_, err := h.Decide(tx, analyst, sig.ID, v, reason, inc)
				return err
			})
			if fault.KindOf(err) != want {
				t.Errorf("%s %q %q: %v", v, reason, inc, err)
			}
		}
		bad(intake.Event, "again", "", fault.Conflict)
		bad(intake.Incident, "why", "", fault.Invalid)
		bad(intake.Event, "why", "inc", fault.Invalid)
		bad(intake.FalsePositive, " ", "", fault.Invalid)
		bad("maybe", "why", "", fault.Invalid)
		if got := h.decide(sig.ID, intake.Incident, "inc-1"); got.Incident != "inc-1" {
			t.Errorf("%+v", got)
		}
		of, err := h.Of(t.Context(), db, "inc-1", 10)
		if err != nil || len(of) != 1 {
			t.Error(of, err)
		}
		h.write(func(tx *store.Tx) error {
			s, err := h.Reopen(tx, analyst, sig.ID, "wrong host")
			if s.State != intake.Open || s.Verdict != "" || s.Incident != "" || s.Reason != "" {
				t.Errorf("%+v", s)
			}
			return err
		})
		if n := len(h.entries(sig.ID)); n != 4 {
			t.Errorf("%d entries, want received, decided, decided, reopened", n)
		}
		if _, fresh := h.receive(alert("a")); fresh {
			t.Error("a reopened signal is live")
		}
		h.rebuilt()
	})
}

func TestStormIsOneCall(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		ctx := t.Context()
		if _, due, err := h.NextDue(ctx, db); due || err != nil {
			t.Error(due, err)
		}
		var ids []string
		for _, f := range []string{"a", "b", "c"} {
			s, _ := h.receive(alert(f))
			ids = append(ids, s.ID)
			if err := h.clk.Advance(10 * time.Second); err != nil {
				t.Fatal(err)
			}
		}
		drill := alert("d")
		drill.Drill = true
		d, _ := h.receive(drill)
		if at, due, err := h.NextDue(ctx, db); err != nil || !due || !at.Equal(start.Add(30*time.Second)) {
			t.Error(at, due, err)
		}
		uncalled := func(at time.Duration) []intake.Batch {
			t.Helper()
			b, err := h.Uncalled(ctx, db, start.Add(at), 100)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		if b := uncalled(29 * time.Second); len(b) != 0 {
			t.Errorf("too early: %+v", b)
		}
		b := uncalled(30 * time.Second)
		if len(b) != 1 || b[0].Count != 3 || !cmp.Equal(b[0].IDs, ids) || b[0].First.ID != ids[0] || b[0].Drill {
			t.Fatalf("one call holds all of the storm: %+v", b)
		}
		h.write(func(tx *store.Tx) error {
			got, err := h.MarkCalled(tx, engine, b[0].Team, b[0].IDs, time.Time{})
			if err == nil && !cmp.Equal(got, ids) {
				t.Errorf("marked %v", got)
			}
			if got, err := h.MarkCalled(tx, engine, b[0].Team, b[0].IDs, time.Time{}); len(got) != 0 || err != nil {
				t.Errorf("called twice: %v %v", got, err)
			}
			if _, err := h.MarkCalled(tx, analyst, "", ids, time.Time{}); fault.KindOf(err) != fault.Denied {
				t.Errorf("a person recorded a call: %v", err)
			}
			return err
		})
		if got := h.get(ids[2]); !got.CalledAt.Equal(start.Add(30 * time.Second)) {
			t.Errorf("called at %v", got.CalledAt)
		}
		if n := len(h.entries(ids[0])); n != 2 {
			t.Errorf("%d entries at the first signal, want received and called", n)
		}
		if b := uncalled(time.Minute); len(b) != 1 || !b[0].Drill || b[0].IDs[0] != d.ID {
			t.Errorf("drills are called apart: %+v", b)
		}
		h.rebuilt()
	})
}

// Policy 003: 20 minutes to tell the team, 60 to classify, from discovery. Each
// alarm is raised once; late classification alarms by itself.
func TestOverdue(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		a, _ := h.receive(alert("a")) // discovered one minute before the start
		b, _ := h.receive(alert("b"))
		h.write(func(tx *store.Tx) error {
			if _, err := h.MarkCalled(tx, engine, "", []string{a.ID, b.ID}, time.Time{}); err != nil {
				return err
			}
			got, err := h.Acknowledge(tx, analyst, []string{b.ID, b.ID, "unknown"}, time.Time{})
			if !cmp.Equal(got, []string{b.ID}) {
				t.Errorf("acknowledged %v", got)
			}
			return err
		})
		if got := h.get(b.ID); got.AcknowledgedBy != "ann" || !got.AcknowledgedAt.Equal(start) {
			t.Errorf("%+v", got)
		}
		over := func(fn func(context.Context, store.Reader, time.Time, int) ([]intake.Signal, error), at time.Duration) (ids []string) {
			t.Helper()
			list, err := fn(t.Context(), db, start.Add(at), 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range list {
				ids = append(ids, s.ID)
			}
			return ids
		}
		if at, _, err := h.NextDue(t.Context(), db); err != nil || !at.Equal(start.Add(19*time.Minute)) {
			t.Error(at, err)
		}
		if got := over(h.OverdueTriage, 19*time.Minute-time.Microsecond); got != nil {
			t.Error(got)
		}
		if got := over(h.OverdueTriage, 19*time.Minute); !cmp.Equal(got, []string{a.ID}) {
			t.Error(got)
		}
		mark := func(step intake.Step, ids ...string) (got []string) {
			h.write(func(tx *store.Tx) (err error) {
				got, err = h.MarkOverdue(tx, engine, step, ids, time.Time{})
				return err
			})
			return got
		}
		if got := mark(intake.StepTriage, a.ID, b.ID); !cmp.Equal(got, []string{a.ID}) {
			t.Error(got)
		}
		if got := append(mark(intake.StepTriage, a.ID), over(h.OverdueTriage, time.Hour)...); len(got) != 0 {
			t.Error("raised twice:", got)
		}
		if got := over(h.OverdueClassify, 59*time.Minute); !cmp.Equal(got, []string{a.ID, b.ID}) {
			t.Error(got)
		}
		h.decide(a.ID, intake.Event, "")
		if got := mark(intake.StepClassify, a.ID, b.ID); !cmp.Equal(got, []string{b.ID}) {
			t.Error(got)
		}
		if _, due, err := h.NextDue(t.Context(), db); due || err != nil {
			t.Error("nothing is left:", due, err)
		}
		h.rebuilt()
	})
}

func TestReport(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		ctx := t.Context()
		in := intake.ReportInput{Title: "Mail from the wrong bank", Summary: "I clicked it", DiscoveredAt: start.Add(-2 * time.Hour), Contact: "room 7"}
		sig, err := h.Report(ctx, rita, in)
		if err != nil || sig.Kind != intake.Report || sig.ReportedBy != "rita" || !sig.TriageDueAt.Equal(start.Add(-100*time.Minute)) {
			t.Fatalf("%v %+v", err, sig)
		}
		if again, err := h.Report(ctx, rita, in); err != nil || again.ID == sig.ID {
			t.Error("reports are never counted together:", err)
		}
		h.receive(alert("a"))
		mine, _, err := h.List(ctx, rita, intake.Filter{}, "")
		if err != nil || len(mine) != 2 {
			t.Errorf("own reports: %d %v", len(mine), err)
		}
		if theirs, _, err := h.List(ctx, rob, intake.Filter{}, ""); err != nil || len(theirs) != 0 {
			t.Errorf("another reporter sees %d %v", len(theirs), err)
		}
		if _, err := h.Get(ctx, rob, sig.ID); fault.KindOf(err) != fault.NotFound {
			t.Error("another's report:", err)
		}
		if _, err := h.Get(ctx, rita, sig.ID); err != nil {
			t.Error(err)
		}
		if _, _, err := h.Raw(ctx, rita, sig.ID); fault.KindOf(err) != fault.Denied {
			t.Error(err)
		}
		if _, _, err := h.Raw(ctx, analyst, sig.ID); fault.KindOf(err) != fault.NotFound {
			t.Error(err)
		}
		for field, change := range map[string]func(*intake.ReportInput){
			"title":         func(r *intake.ReportInput) { r.Title = " " },
			"summary":       func(r *intake.ReportInput) { r.Summary = "\xff" },
			"contact":       func(r *intake.ReportInput) { r.Contact = "a\x00b" },
			"service":       func(r *intake.ReportInput) { r.Service = "nothing-known" },
			"discovered_at": func(r *intake.ReportInput) { r.DiscoveredAt = start.Add(6 * time.Minute) },
		} {
			x := in
			change(&x)
			_, err := h.Report(ctx, rita, x)
			if f := fault.FieldsOf(err); fault.KindOf(err) != fault.Invalid || len(f) != 1 || f[0].Field != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		in.DiscoveredAt = time.Time{}
		if _, err := h.Report(ctx, rita, in); fault.KindOf(err) != fault.Invalid {
			t.Error("a report without discovery time:", err)
		}
		h.rebuilt()
	})
}

func TestReportTwiceWithOneKey(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		ctx := store.WithKey(t.Context(), "key-1", [32]byte{1})
		in := intake.ReportInput{Title: "Lost laptop", DiscoveredAt: start}
		a, err := h.Report(ctx, rita, in)
		if err != nil {
			t.Fatal(err)
		}
		b, err := h.Report(ctx, rita, in)
		if err != nil || !cmp.Equal(a, b) {
			t.Errorf("%v %s", err, cmp.Diff(a, b))
		}
	})
}

func TestImplausibleStart(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		for name, c := range map[string]struct {
			at   time.Time
			want time.Time
			warn bool
		}{
			"none":       {time.Time{}, start, false},
			"soon":       {start.Add(5 * time.Minute), start.Add(5 * time.Minute), false},
			"far":        {start.Add(5*time.Minute + time.Second), start, true},
			"unset":      {time.Unix(0, 0), start, true},
			"other zone": {start.Add(-time.Hour).In(time.FixedZone("x", 3600)), start.Add(-time.Hour), false},
		} {
			in := alert("finger " + name)
			in.DiscoveredAt = c.at
			sig, _ := h.receive(in)
			if !sig.DiscoveredAt.Equal(c.want) || (sig.Warning != "") != c.warn {
				t.Errorf("%s: discovered %v, warning %q", name, sig.DiscoveredAt, sig.Warning)
			}
		}
	})
}

func TestListPages(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		ctx := t.Context()
		var ids []string
		for i, f := range []string{"a", "b", "c", "d", "e"} {
			in := alert(f)
			in.Title = "needle-" + f + " found on bastion-1"
			in.DiscoveredAt = start.Add(time.Duration(-i) * time.Minute)
			in.Drill = f == "e"
			s, _ := h.receive(in)
			ids = append(ids, s.ID)
		}
		h.decide(ids[0], intake.Event, "")
		walk := func(f intake.Filter) (got []string) {
			t.Helper()
			f.Limit = 2
			for cursor := ""; ; {
				items, next, err := h.List(ctx, analyst, f, cursor)
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range items {
					got = append(got, s.ID)
				}
				if cursor = next; next == "" {
					return got
				}
			}
		}
		yes := true
		for name, c := range map[string]struct {
			f    intake.Filter
			want []string
		}{
			"newest":  {intake.Filter{}, []string{ids[4], ids[3], ids[2], ids[1], ids[0]}},
			"due":     {intake.Filter{Order: intake.Due}, []string{ids[4], ids[3], ids[2], ids[1]}},
			"decided": {intake.Filter{State: intake.Decided}, []string{ids[0]}},
			"open":    {intake.Filter{State: intake.Open, Kind: intake.Alert}, []string{ids[4], ids[3], ids[2], ids[1]}},
			"reports": {intake.Filter{Kind: intake.Report}, nil},
			"drills":  {intake.Filter{Drill: &yes}, []string{ids[4]}},
			"team":    {intake.Filter{Team: "nobody"}, nil},
			"words":   {intake.Filter{Words: "bastion-1"}, []string{ids[4], ids[3], ids[2], ids[1], ids[0]}},
			"both":    {intake.Filter{Words: "bastion-1", State: intake.Open}, []string{ids[4], ids[3], ids[2], ids[1]}},
			"one":     {intake.Filter{Words: "needle-c"}, []string{ids[2]}},
		} {
			if diff := cmp.Diff(c.want, walk(c.f)); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		_, next, err := h.List(ctx, analyst, intake.Filter{Limit: 2}, "")
		if err != nil || next == "" {
			t.Fatal(err)
		}
		if _, _, err := h.List(ctx, analyst, intake.Filter{State: intake.Open, Limit: 2}, next); fault.KindOf(err) != fault.Invalid {
			t.Error("a cursor of another filter:", err)
		}
		if _, _, err := h.List(ctx, engine, intake.Filter{Limit: 2}, next); fault.KindOf(err) != fault.Invalid {
			t.Error("a cursor of another viewer:", err)
		}
		if _, _, err := h.List(ctx, analyst, intake.Filter{State: "x"}, ""); fault.KindOf(err) != fault.Invalid {
			t.Error(err)
		}
	})
}

// A reporter may learn that the own report changed, also when it changed with others.
func TestStirred(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		ctx := t.Context()
		report := func(by who.Identity) string {
			t.Helper()
			sig, err := h.Report(ctx, by, intake.ReportInput{Title: "Strange", DiscoveredAt: start})
			if err != nil {
				t.Fatal(err)
			}
			return sig.ID
		}
		stirred := func(after int64) (map[string][]string, int64) {
			t.Helper()
			size, err := h.led.Size(ctx, db)
			if err != nil {
				t.Fatal(err)
			}
			got, err := h.Stirred(ctx, db, after, size)
			if err != nil {
				t.Fatal(err)
			}
			return got, size
		}
		storm, _ := h.receive(alert("a"))
		ritas, robs := report(rita), report(rob)
		got, at := stirred(0)
		if want := map[string][]string{"rita": {ritas}, "rob": {robs}}; !cmp.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		h.write(func(tx *store.Tx) error {
			_, err := h.Acknowledge(tx, analyst, []string{storm.ID, robs}, time.Time{})
			return err
		})
		got, at = stirred(at)
		if want := map[string][]string{"rob": {robs}}; !cmp.Equal(got, want) {
			t.Errorf("after a batch: got %v, want %v", got, want)
		}
		if got, _ := stirred(at); len(got) != 0 {
			t.Errorf("nothing new: %v", got)
		}
	})
}
