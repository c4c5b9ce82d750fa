package view_test

import (
	"fmt"
	"slices"
	"strings"
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
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

var (
	start = time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)
	ann   = who.Identity{Actor: "ann", Person: "ann", Roles: []who.Role{who.Manager}}
	bob   = who.Identity{Actor: "bob", Person: "bob", Roles: []who.Role{who.Manager}}
)

type env struct {
	db  *store.DB
	clk *clock.Clock
	led *record.Ledger
	inc *incident.Service
	*view.Service
}

func newEnv(t testing.TB, db *store.DB) *env {
	t.Helper()
	e := &env{db: db, clk: clock.NewTest(start)}
	kinds := append(append(who.Kinds(), incident.Kinds()...), record.Kind{Name: "duty.met", Version: 1})
	var err error
	if e.led, err = record.New(t.Context(), db, e.clk, record.Config{}, append(append(kinds, plan.Kinds()...), directory.Kinds()...)); err != nil {
		t.Fatal(err)
	}
	people := who.New(db, e.led, e.clk)
	plans := plan.New(db, e.led, e.clk)
	e.inc = incident.New(db, e.led, e.clk, plans, directory.New(db, e.led, people, plans, e.clk), people)
	e.Service = view.New(db, e.led, e.clk, e.inc, people)
	if _, err := people.CreatePerson(t.Context(), who.Engine("test"), who.Person{
		ID: "ann", Name: "Ann Arbor", Email: "ann@example.com", Roles: []who.Role{who.Manager}, Active: true,
	}); err != nil {
		t.Fatal(err)
	}
	return e
}

// fill declares n incidents, a second apart, of which every third is a drill, every
// fourth confirmed and every fifth graded.
func (e *env) fill(t testing.TB, n int) []incident.State {
	t.Helper()
	var list []incident.State
	for i := range n {
		if err := e.clk.Advance(time.Second); err != nil {
			t.Fatal(err)
		}
		kind := incident.Real
		if i%3 == 0 {
			kind = incident.Drill
		}
		st, err := e.inc.Declare(t.Context(), ann, incident.Declare{Title: fmt.Sprintf("trouble number%d", i), Kind: kind, DiscoveredAt: e.clk.Now()})
		if err == nil && i%4 == 0 {
			st, err = e.inc.Execute(t.Context(), ann, st.ID, &incident.Confirm{}, 0)
		}
		if err == nil && i%5 == 0 {
			sev, bil := i%4, 1+i%3
			st, err = e.inc.Execute(t.Context(), ann, st.ID, &incident.Grade{Severity: &sev, BIL: &bil, Reason: "r"}, 0)
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, st)
	}
	return list
}

func (e *env) exec(t testing.TB, q string, args ...any) {
	t.Helper()
	if _, err := e.db.Write(t.Context(), store.Op{Name: "test", Actor: "test"}, func(tx *store.Tx) error {
		_, err := tx.Exec(q, args...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// all walks every page.
func (e *env) all(t *testing.T, f view.Filter) []string {
	t.Helper()
	var refs []string
	cursor := ""
	for range 100 {
		items, next, err := e.List(t.Context(), ann, f, cursor)
		if err != nil {
			t.Fatalf("%+v: %v", f, err)
		}
		for _, it := range items {
			refs = append(refs, it.Ref)
		}
		if next == "" {
			return refs
		}
		cursor = next
	}
	t.Fatalf("%+v: the pages do not end", f)
	return nil
}

func TestDenyEmpty(t *testing.T) {
	t.Parallel()
	whotest.DenyEmpty(t, &view.Service{})
}

func TestList(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		list := e.fill(t, 40)
		yes, no, two, none := true, false, 2, -1
		for name, c := range map[string]struct {
			f    view.Filter
			want func(s incident.State) bool
		}{
			"all":             {view.Filter{}, func(incident.State) bool { return true }},
			"confirmed":       {view.Filter{State: incident.Confirmed}, func(s incident.State) bool { return s.Status == incident.Confirmed }},
			"drills":          {view.Filter{Kind: incident.Drill}, func(s incident.State) bool { return s.Kind == incident.Drill }},
			"bil and real":    {view.Filter{Kind: incident.Real, BIL: &two}, func(s incident.State) bool { return s.Kind == incident.Real && s.BIL != nil && *s.BIL == 2 }},
			"severity 2":      {view.Filter{Severity: &two}, func(s incident.State) bool { return s.Severity != nil && *s.Severity == 2 }},
			"not graded":      {view.Filter{Severity: &none, Open: &yes}, func(s incident.State) bool { return s.Severity == nil }},
			"closed":          {view.Filter{Open: &no}, func(incident.State) bool { return false }},
			"unknown service": {view.Filter{Service: "nothing"}, func(incident.State) bool { return false }},
			"word":            {view.Filter{Q: "trouble"}, func(incident.State) bool { return true }},
			"word and filter": {view.Filter{Q: "trouble", State: incident.Confirmed}, func(s incident.State) bool { return s.Status == incident.Confirmed }},
			"one word":        {view.Filter{Q: "number17"}, func(s incident.State) bool { return s.Title == "trouble number17" }},
			"reference":       {view.Filter{Q: "INC-2026-0009"}, func(s incident.State) bool { return s.Ref == "INC-2026-0009" }},
		} {
			var want []string
			for _, s := range slices.Backward(list) {
				if c.want(s) {
					want = append(want, s.Ref)
				}
			}
			for _, limit := range []int{3, 40, 0} {
				c.f.Limit = limit
				if diff := cmp.Diff(want, e.all(t, c.f)); diff != "" {
					t.Errorf("%s by %d: %s", name, limit, diff)
				}
			}
		}
	})
}

func TestNextDue(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		list := e.fill(t, 7)
		for i, minutes := range map[int]int{1: 30, 3: -5, 5: 10, 6: 0} {
			due := int64(0)
			if minutes != 0 {
				due = clock.Micros(e.clk.Now().Add(time.Duration(minutes) * time.Minute))
			}
			e.exec(t, "INSERT INTO duty_head (incident_id, open_count, next_due_at) VALUES (?, ?, ?)", list[i].ID, 2, due)
		}
		want := []string{list[3].Ref, list[5].Ref, list[1].Ref, list[6].Ref, list[4].Ref, list[2].Ref, list[0].Ref}
		for limit := 1; limit < 9; limit++ {
			if diff := cmp.Diff(want, e.all(t, view.Filter{Order: view.NextDue, Limit: limit})); diff != "" {
				t.Errorf("by %d: %s", limit, diff)
			}
		}
		items, _, err := e.List(t.Context(), ann, view.Filter{Order: view.NextDue}, "")
		if err != nil || !items[0].Missed || items[1].Missed || items[0].OpenDuties != 2 {
			t.Errorf("missed: %v %+v", err, items)
		}
		if diff := cmp.Diff([]string{list[3].Ref}, e.all(t, view.Filter{Order: view.NextDue, Kind: incident.Drill})[:1]); diff != "" {
			t.Error(diff)
		}
	})
}

func TestBadQuestions(t *testing.T) {
	t.Parallel()
	e := newEnv(t, storetest.Open(t, store.SQLite))
	e.fill(t, 3)
	_, next, err := e.List(t.Context(), ann, view.Filter{Limit: 1}, "")
	if err != nil || next == "" {
		t.Fatal(err)
	}
	nine := 9
	for field, ask := range map[string]func() error{
		"cursor": func() error {
			_, _, err := e.List(t.Context(), ann, view.Filter{State: incident.Suspected}, next)
			return err
		},
		"state": func() error {
			_, _, err := e.List(t.Context(), ann, view.Filter{State: "odd"}, "")
			return err
		},
		"severity": func() error {
			_, _, err := e.List(t.Context(), ann, view.Filter{Severity: &nine}, "")
			return err
		},
		"service": func() error {
			_, _, err := e.List(t.Context(), ann, view.Filter{Service: "a\x00"}, "")
			return err
		},
		"filter": func() error {
			_, _, err := e.Timeline(t.Context(), ann, "INC-2026-0001", "odd", "", 0)
			return err
		},
	} {
		if f := fault.FieldsOf(ask()); len(f) != 1 || f[0].Field != field {
			t.Errorf("want a fault on %s, got %v", field, f)
		}
	}
	if _, _, err := e.List(t.Context(), bob, view.Filter{Limit: 1}, next); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a cursor of somebody else: %v", err)
	}
}

// TestPlans: on SQLite every list is walked along an index, never sorted.
func TestPlans(t *testing.T) {
	t.Parallel()
	e := newEnv(t, storetest.Open(t, store.SQLite))
	yes, one := true, 1
	for _, f := range []view.Filter{
		{},
		{State: incident.Confirmed},
		{Kind: incident.Drill},
		{Kind: incident.Real},
		{Nature: incident.Security},
		{Phase: incident.Detect},
		{Severity: &one},
		{BIL: &one},
		{PersonalData: incident.Yes},
		{Open: &yes},
		{Service: "a"},
		{Team: "a"},
		{Order: view.NextDue},
		{Open: &yes, State: incident.Confirmed, BIL: &one},
		{Order: view.NextDue, Kind: incident.Real},
	} {
		for _, q := range view.Queries(f) {
			rows, err := e.db.Query(t.Context(), "EXPLAIN QUERY PLAN "+q.SQL, q.Args...)
			if err != nil {
				t.Fatal(err)
			}
			for rows.Next() {
				var id, parent, unused int
				var detail string
				if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
					t.Fatal(err)
				}
				if strings.Contains(detail, "TEMP B-TREE") || strings.HasPrefix(detail, "SCAN") && !strings.Contains(detail, "USING") {
					t.Errorf("%+v: %s", f, detail)
				}
			}
			if err := rows.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestTimeline(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		st := e.fill(t, 1)[0]
		do := func(cmd incident.Command) {
			t.Helper()
			if _, err := e.inc.Execute(t.Context(), ann, st.ID, cmd, 0); err != nil {
				t.Fatal(err)
			}
		}
		do(&incident.Note{Text: "a secret name"})
		do(&incident.RecordFact{Fact: incident.FactPersonalData, Value: []byte(`"no"`)})
		do(&incident.RecordFact{Fact: incident.FactPersonalData, Value: []byte(`"yes"`), SaidBy: "the owner"})
		do(&incident.Assign{Function: "manager", Person: "ann"})
		do(&incident.SendSitrep{Text: "all calm"})
		if _, err := db.Write(t.Context(), store.Op{Name: "test", Actor: "test"}, func(tx *store.Tx) error {
			_, err := e.led.Append(tx, record.Draft{Kind: "duty.met", Subject: st.ID, Actor: "engine:duty", Body: struct {
				Key string `json:"key"`
			}{"sirt"}})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		texts := func(show view.Show, limit int) (list []string) {
			t.Helper()
			for cursor, more := "", true; more; more = cursor != "" {
				lines, next, err := e.Timeline(t.Context(), ann, st.Ref, show, cursor, limit)
				if err != nil {
					t.Fatal(err)
				}
				for _, l := range lines {
					list = append(list, l.ActorName+"|"+l.Text)
				}
				cursor = next
			}
			return list
		}
		want := []string{
			"Ann Arbor|INC-2026-0001 declared as a DRILL: trouble number0 (discovered 2026-11-21 14:00 UTC)",
			"Ann Arbor|Confirmed", "Ann Arbor|Graded severity 0, BIL 1: r", "Ann Arbor|a secret name",
			"Ann Arbor|Fact: personal data: no", "Ann Arbor|Fact: personal data: yes, said by the owner",
			"Ann Arbor|Ann Arbor is now manager", "Ann Arbor|Situation report 1: all calm", "Wakebell (duty)|Duty met: sirt",
		}
		for _, limit := range []int{1, 4, 0} {
			if diff := cmp.Diff(want, texts(view.All, limit)); diff != "" {
				t.Errorf("by %d: %s", limit, diff)
			}
		}
		if diff := cmp.Diff([]string{want[3], want[7]}, texts(view.Reports, 1)); diff != "" {
			t.Error(diff)
		}
		history, err := e.FactHistory(t.Context(), ann, st.Ref, "personal_data")
		if err != nil || len(history) != 2 || history[1].Fact.SaidBy != "the owner" || history[1].ByName != "Ann Arbor" {
			t.Errorf("history: %v %+v", err, history)
		}
		e.erase(t, st, want)
	})
}

// erase takes the note and the title out of the ledger: the hole shows, rows and search
// documents follow, and a rebuild gives the same.
func (e *env) erase(t *testing.T, st incident.State, want []string) {
	t.Helper()
	if got := e.all(t, view.Filter{Q: "trouble"}); len(got) != 1 {
		t.Errorf("before the erasure: %v", got)
	}
	lines, _, err := e.Timeline(t.Context(), ann, st.ID, view.All, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.db.Write(t.Context(), store.Op{Name: "test", Actor: "test"}, func(tx *store.Tx) error {
		if err := e.led.Erase(tx, "ann", []string{lines[0].ID, lines[3].ID}, "asked for"); err != nil {
			return err
		}
		return e.inc.ReprojectSubject(tx, st.ID)
	}); err != nil {
		t.Fatal(err)
	}
	lines, _, err = e.Timeline(t.Context(), ann, st.ID, view.All, "", 0)
	if err != nil || !lines[3].Erased || strings.Contains(lines[3].Text+string(lines[3].Data), "secret") || lines[4].Text != want[4][len("Ann Arbor|"):] {
		t.Errorf("after the erasure: %v %+v", err, lines)
	}
	if got := e.all(t, view.Filter{Q: "trouble"}); len(got) != 0 {
		t.Errorf("search still finds what was erased: %v", got)
	}
	if now, err := e.inc.Get(t.Context(), ann, st.ID, time.Time{}); err != nil || now.Title != "" || now.Sitreps != 1 {
		t.Errorf("after the erasure: %v %+v", err, now)
	}
	if _, err := record.RebuildCheck(t.Context(), e.db, []record.Projector{e.inc}); err != nil {
		t.Error(err)
	}
}
