package incident_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/whotest"
	"github.com/wakebell/wakebell/internal/decide/incident"
)

func TestDenyEmpty(t *testing.T) {
	t.Parallel()
	whotest.DenyEmpty(t, &incident.Service{})
}

func TestLife(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		berlin := time.FixedZone("CET", 3600)
		st := e.declare(t, incident.Declare{Service: "web-shop", DiscoveredAt: start.Add(-10 * time.Minute).In(berlin)})
		if st.Ref != "INC-2026-0001" || st.Team != "shop" || st.PlanVersion != 1 || st.Kind != incident.Real ||
			st.Status != incident.Suspected || st.Version != 1 || !st.DiscoveredAt.Equal(start.Add(-10*time.Minute)) {
			t.Fatalf("declared: %s", text(st))
		}
		if second := e.declare(t, incident.Declare{Kind: incident.Drill}); second.Ref != "INC-2026-0002" {
			t.Errorf("second reference %s", second.Ref)
		}
		e.signal(t, "s1", false)
		e.signal(t, "s2", true)
		e.do(t, st.Ref, &incident.Confirm{})
		e.do(t, "inc-2026-0001", fact(incident.FactIndicators, "", `{"total_outage":"yes","data_lost":"no","core_function_broken":"yes"}`))
		st = e.do(t, st.ID, &incident.Grade{Severity: ptr(1), BIL: ptr(2)})
		if *st.Severity != 1 || *st.BIL != 2 || !st.ClassifiedAt.Equal(start) {
			t.Errorf("graded: %s", text(st))
		}
		st = e.do(t, st.ID, fact(incident.FactScope, "", `{"services":["web-shop"],"customers":["north"],"entities":["acme-de"],"persons":[{"country":"DE","min":1,"estimate":10,"max":100}]}`))
		st = e.do(t, st.ID, fact(incident.FactPersonalData, "acme-de", `"yes"`))
		if st.PersonalData != incident.Yes {
			t.Errorf("yes for one entity gives %s", st.PersonalData)
		}
		e.do(t, st.ID, &incident.Assign{Function: incident.FnManager, Person: "bob"})
		st = e.do(t, st.ID, &incident.AddTask{Text: "block the port", Owner: "cyd", Due: start.Add(time.Hour)})
		e.do(t, st.ID, &incident.FinishTask{Task: st.Tasks[0].ID})
		e.do(t, st.ID, &incident.LinkSignals{Signals: []string{"s1"}})
		if _, err := e.inc.Execute(t.Context(), as(who.Legal), st.ID, &incident.MakeDecision{
			Decision: incident.OutsideHelp, Answer: incident.No, Reason: "we can do it ourselves", DecidedBy: "bob",
		}, 0); err != nil {
			t.Fatal(err)
		}
		e.do(t, st.ID, &incident.EnterPhase{Phase: incident.Contain})
		st = e.do(t, st.ID, &incident.SendSitrep{Text: "Port closed"})
		if st.Sitreps != 1 || !st.LastSitrepAt.Equal(start) || st.Tasks[0].DoneBy != "ann" {
			t.Errorf("worked: %s", text(st))
		}
		st = e.do(t, st.ID, &incident.Close{Reason: "done"})
		if st.ClosedAt.IsZero() || st.Open() || st.Status != incident.Confirmed {
			t.Errorf("closed: %s", text(st))
		}
		for _, c := range []struct {
			cmd   incident.Command
			kind  fault.Kind
			field string
		}{
			{&incident.Grade{Severity: ptr(1), BIL: ptr(1), Reason: "x"}, fault.Conflict, ""},
			{&incident.Close{Reason: "again"}, fault.Conflict, ""},
			{&incident.Assign{Function: "manager", Person: "nobody"}, fault.Invalid, "person"},
			{fact(incident.FactScope, "", `{"customers":["north","west"]}`), fault.Invalid, "value.customers[1]"},
			{fact(incident.FactPersonalData, "moon", `"yes"`), fault.Invalid, "entity"},
			{fact(incident.FactHarm, "", `null`), fault.Invalid, "value"},
			{fact(incident.Occurred, "", `"2026-11-21T14:25:00"`), fault.Invalid, "value"},
			{fact(incident.Occurred, "", `"2027-11-21T14:25:00Z"`), fault.Invalid, "value"},
			{fact("weather", "", `"rain"`), fault.Invalid, "fact"},
			{&incident.LinkSignals{Signals: []string{"nothing"}}, fault.Invalid, "signals[0]"},
			{&incident.LinkSignals{Signals: []string{"s2"}}, fault.Conflict, ""},
			{&incident.Merge{Into: "INC-2026-0002", Reason: "same"}, fault.Conflict, ""},
			{&incident.Merge{Into: "INC-2026-0009", Reason: "same"}, fault.Invalid, "into"},
			{&incident.Note{Text: "a\x00b"}, fault.Invalid, "text"},
			{&incident.Note{Text: "a", Base: incident.Base{At: start.Add(time.Hour)}}, fault.Invalid, "at"},
			{&incident.Declare{}, fault.Invalid, "type"},
		} {
			_, err := e.inc.Execute(t.Context(), manager, st.Ref, c.cmd, 0)
			got := ""
			if f := fault.FieldsOf(err); len(f) > 0 {
				got = f[0].Field
			}
			if err == nil || fault.KindOf(err) != c.kind || got != c.field {
				t.Errorf("%s: want %v on %q, got %v on %q (%v)", c.cmd.Type(), c.kind, c.field, fault.KindOf(err), got, err)
			}
		}
		now, err := e.inc.Get(t.Context(), manager, st.Ref, time.Time{})
		if err != nil || cmp.Diff(now, st) != "" {
			t.Errorf("nothing must have changed: %v %s", err, cmp.Diff(now, st))
		}
	})
}

func TestVersionKeyAndRoles(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		keyed := store.WithKey(t.Context(), "k1", sha256.Sum256([]byte("a")))
		cmd := incident.Declare{Title: "once", DiscoveredAt: start}
		a, err := e.inc.Declare(keyed, manager, cmd)
		if err != nil {
			t.Fatal(err)
		}
		b, err := e.inc.Declare(keyed, manager, cmd)
		if err != nil || cmp.Diff(a, b) != "" {
			t.Errorf("a repetition gives another state: %v %s", err, cmp.Diff(a, b))
		}
		if _, err := e.inc.Execute(t.Context(), manager, a.Ref, &incident.Note{Text: "x"}, 7); fault.KindOf(err) != fault.Precondition {
			t.Errorf("wrong version: %v", err)
		}
		if st, err := e.inc.Execute(t.Context(), manager, a.Ref, &incident.Note{Text: "x"}, 1); err != nil || st.Version != 2 {
			t.Errorf("right version: %v", err)
		}
		for role, may := range map[who.Role]bool{who.Reporter: false, who.Admin: false, who.Auditor: true, who.Communications: true} {
			if _, err := e.inc.Get(t.Context(), as(role), a.Ref, time.Time{}); (err == nil) != may {
				t.Errorf("%s reads: %v", role, err)
			}
			if _, err := e.inc.Execute(t.Context(), as(role), a.Ref, &incident.Note{Text: "x"}, 0); fault.KindOf(err) != fault.Denied {
				t.Errorf("%s writes: %v", role, err)
			}
		}
		if _, err := e.inc.Get(t.Context(), manager, "INC-2026-9999", time.Time{}); fault.KindOf(err) != fault.NotFound {
			t.Errorf("unknown: %v", err)
		}
		if _, err := e.inc.Get(t.Context(), manager, "a\x00", time.Time{}); fault.KindOf(err) != fault.NotFound {
			t.Errorf("broken reference: %v", err)
		}
	})
}

func TestGuardsAndObservers(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		var seen []string
		fail := false
		e.inc.Observe(func(_ context.Context, _ *store.Tx, _ who.Identity, before, after incident.State) error {
			if fail {
				return errors.New("observer fails")
			}
			seen = append(seen, fmt.Sprintf("%d-%d %s", before.Version, after.Version, after.Status))
			return nil
		})
		open := incident.CloseGuard{{Key: "authority", Title: "Tell the authority", Outward: true, Filing: true}, {Key: "sitrep", Title: "Report"}}
		e.inc.Guard(func(context.Context, store.Reader, incident.State) (incident.CloseGuard, error) { return open, nil })
		st := e.declare(t, incident.Declare{})
		e.do(t, st.ID, &incident.Confirm{})
		if diff := cmp.Diff(seen, []string{"0-1 suspected", "1-2 confirmed"}); diff != "" {
			t.Error(diff)
		}
		_, err := e.inc.Execute(t.Context(), manager, st.ID, &incident.Close{Reason: "r"}, 0)
		if f := fault.FieldsOf(err); fault.KindOf(err) != fault.Conflict || len(f) != 1 || f[0].Field != "duties/authority" {
			t.Errorf("close with an open duty: %v", err)
		}
		fail = true
		if _, err := e.inc.Execute(t.Context(), manager, st.ID, &incident.Note{Text: "lost"}, 0); err == nil {
			t.Error("an observer's error must undo the command")
		}
		fail = false
		if st = e.do(t, st.ID, &incident.Close{Reason: "r", FilingsPending: true}); st.Version != 3 || !st.FilingsPending {
			t.Errorf("closed with filings pending: %s", text(st))
		}
	})
}

func TestMergeReopenDismiss(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		a, b := e.declare(t, incident.Declare{}), e.declare(t, incident.Declare{})
		b = e.do(t, b.ID, &incident.Merge{Into: a.Ref, Reason: "the same"})
		if b.MergedInto != a.ID || b.Open() {
			t.Errorf("merged: %s", text(b))
		}
		b = e.do(t, b.ID, &incident.Reopen{Reason: "not the same"})
		b = e.do(t, b.ID, &incident.Dismiss{Reason: "a test"})
		if b.Status != incident.Dismissed || b.MergedInto != "" {
			t.Errorf("dismissed: %s", text(b))
		}
		if _, err := e.inc.Execute(t.Context(), manager, b.ID, &incident.SendSitrep{Text: "x"}, 0); fault.KindOf(err) != fault.Conflict {
			t.Errorf("work on a dismissed incident: %v", err)
		}
		if _, err := e.inc.Execute(t.Context(), manager, a.ID, &incident.Merge{Into: b.Ref, Reason: "r"}, 0); fault.KindOf(err) != fault.Conflict {
			t.Errorf("merge into a dismissed incident: %v", err)
		}
		if b = e.do(t, b.ID, &incident.Reopen{Reason: "after all"}); b.Status != incident.Suspected {
			t.Errorf("reopened: %s", text(b))
		}
	})
}

func TestPersonalDataPerEntity(t *testing.T) {
	t.Parallel()
	e := newEnv(t, storetest.Open(t, store.SQLite))
	st := e.declare(t, incident.Declare{})
	for _, step := range []struct {
		cmd  *incident.RecordFact
		want incident.Answer
	}{
		{fact(incident.FactPersonalData, "acme-de", `"no"`), incident.Unknown},
		{fact(incident.FactScope, "", `{"entities":["acme-de"]}`), incident.No},
		{fact(incident.FactScope, "", `{"entities":["acme-de","acme-us"]}`), incident.Unknown},
		{fact(incident.FactPersonalData, "", `"no"`), incident.No},
		{fact(incident.FactPersonalData, "acme-us", `"yes"`), incident.Yes},
		{fact(incident.FactPersonalData, "", `"no"`), incident.Yes},
		{fact(incident.FactPersonalData, "acme-us", `"unknown"`), incident.Unknown},
		{fact(incident.FactPersonalData, "acme-us", `"no"`), incident.No},
	} {
		if st = e.do(t, st.ID, step.cmd); st.PersonalData != step.want {
			t.Errorf("after %s@%s %s: %s, want %s", step.cmd.Fact, step.cmd.Entity, step.cmd.Value, st.PersonalData, step.want)
		}
	}
	var wire map[string]any
	doc, err := json.Marshal(st)
	if err == nil {
		err = json.Unmarshal(doc, &wire)
	}
	if err != nil || wire["severity"] != nil || wire["state"] != "suspected" || wire["tasks"] == nil {
		t.Errorf("wire form: %v %s", err, doc)
	}
}
