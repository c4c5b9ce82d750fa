package register_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/whotest"
	"github.com/wakebell/wakebell/internal/decide/assessment/lawtest"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/register"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/ledger"
)

var (
	start   = time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)
	manager = who.Identity{Actor: "ann", Person: "ann", Roles: []who.Role{who.Manager}}
	legal   = who.Identity{Actor: "lea", Person: "lea", Roles: []who.Role{who.Legal}}
)

type env struct {
	clk  *clock.Clock
	led  *record.Ledger
	inc  *incident.Service
	dirs *directory.Service
	*register.Service
}

func newEnv(t *testing.T, db *store.DB) *env {
	t.Helper()
	e := &env{clk: clock.NewTest(start)}
	var kinds []record.Kind
	for _, k := range [][]record.Kind{who.Kinds(), plan.Kinds(), directory.Kinds(), incident.Kinds(), duty.Kinds()} {
		kinds = append(kinds, k...)
	}
	var err error
	if e.led, err = record.New(t.Context(), db, e.clk, record.Config{}, kinds); err != nil {
		t.Fatal(err)
	}
	people, plans := who.New(db, e.led, e.clk), plan.New(db, e.led, e.clk)
	dirs := directory.New(db, e.led, people, plans, e.clk)
	e.dirs = dirs
	e.inc = incident.New(db, e.led, e.clk, plans, dirs, people)
	duties := duty.New(db, e.led, e.clk, plans, dirs, e.inc, job.New(db, e.clk, slog.New(slog.DiscardHandler), job.Config{}), lawtest.Shipped(t))
	e.inc.Observe(duties.OnIncident)
	e.Service = register.New(db, e.led, e.clk, e.inc, duties, dirs, plans)
	eng := who.Engine("test")
	for id, role := range map[string]who.Role{"ann": who.Manager, "lea": who.Legal} {
		if _, err := people.CreatePerson(t.Context(), eng, who.Person{ID: id, Name: "Person " + id, Email: id + "@example.com", Roles: []who.Role{role}, Active: true}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := dirs.PutEntity(t.Context(), eng, directory.Entity{ID: "acme", Name: "Acme GmbH", Country: "DE", Processings: []directory.Processing{{Name: "orders", Role: directory.RoleController}}}, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := dirs.PutParty(t.Context(), eng, directory.Party{ID: "north", Name: "North Ltd", Kind: directory.PartyCustomer, Country: "DE"}, 0); err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *env) declare(t *testing.T, title string, kind incident.Kind) incident.State {
	t.Helper()
	if err := e.clk.Advance(time.Second); err != nil {
		t.Fatal(err)
	}
	st, err := e.inc.Declare(t.Context(), manager, incident.Declare{Title: title, Kind: kind, DiscoveredAt: e.clk.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func (e *env) do(t *testing.T, by who.Identity, id string, cmds ...incident.Command) (st incident.State) {
	t.Helper()
	for _, c := range cmds {
		var err error
		if st, err = e.inc.Execute(t.Context(), by, id, c, 0); err != nil {
			t.Fatalf("%s: %v", c.Type(), err)
		}
	}
	return st
}

func fact(name incident.FactName, entity, value string) incident.Command {
	return &incident.RecordFact{Fact: name, Entity: entity, Value: []byte(value)}
}

func TestDenyEmpty(t *testing.T) {
	t.Parallel()
	whotest.DenyEmpty(t, &register.Service{})
}

func TestRegister(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		open := e.declare(t, "nobody knows yet", "")
		clean := e.declare(t, "a false alarm", "")
		e.do(t, manager, clean.ID, fact(incident.FactPersonalData, "", `"no"`))
		drill := e.declare(t, "exercise", incident.Drill)
		full := e.declare(t, "=cmd|' /C calc'!A0", "")
		e.do(t, manager, full.ID,
			&incident.Confirm{}, fact(incident.FactPersonalData, "", `"yes"`), fact(incident.FactCause, "", `"+a broken lock"`),
			fact(incident.FactHarm, "", `[{"property":"confidentiality","asset":"customer_data","timing":"existing"}]`),
			fact(incident.FactRisk, "acme", `"risk"`), fact(incident.Contained, "", `"2026-11-21T14:00:01Z"`),
			fact(incident.FactScope, "", `{"customers":["north"],"entities":["acme"],"persons":[{"country":"DE","min":1,"estimate":10,"max":100},{"country":"","min":0,"estimate":5,"max":5}]}`))
		st := e.do(t, manager, full.ID, &incident.AddTask{Text: "change the lock"})
		e.do(t, manager, full.ID, &incident.FinishTask{Task: st.Tasks[0].ID})
		e.do(t, legal, full.ID,
			&incident.MakeDecision{Decision: incident.DoNotNotify, Rule: "authority_gdpr", Entity: "acme", Reason: "no risk to anybody"},
			&incident.MakeDecision{Decision: incident.PressTeam, Answer: incident.No, Reason: "nobody asked"})

		var refs []string
		for cursor, more := "", true; more; more = cursor != "" {
			heads, next, err := e.List(t.Context(), manager, register.Filter{Limit: 1}, cursor)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range heads {
				refs = append(refs, h.Ref+" "+strings.Join(h.Why, "+"))
			}
			cursor = next
		}
		if diff := cmp.Diff([]string{full.Ref + " confirmed+personal_data", open.Ref + " personal_data"}, refs); diff != "" {
			t.Error(diff)
		}
		if heads, _, err := e.List(t.Context(), manager, register.Filter{Drills: true}, ""); err != nil || len(heads) != 1 || heads[0].Ref != drill.Ref {
			t.Errorf("drills: %v %+v", err, heads)
		}
		if _, err := e.Get(t.Context(), manager, clean.Ref); fault.KindOf(err) != fault.NotFound {
			t.Errorf("an incident that is not in the register: %v", err)
		}
		got, err := e.Get(t.Context(), legal, full.Ref)
		if err != nil {
			t.Fatal(err)
		}
		if got.Cause != "+a broken lock" || got.Persons != (register.Count{Min: 1, Estimate: 15, Max: 105, Known: true}) || got.Effects.Risk != "risk" ||
			got.Entities[0] != "Acme GmbH" || len(got.Effects.Harm) != 1 || len(got.Remedy.Done) != 1 || got.Remedy.Done[0].By != "Person ann" || len(got.Decisions) != 1 {
			t.Errorf("entry: %+v", got)
		}
		if len(got.NotNotify) != 1 || got.NotNotify[0].DecidedBy != "Person lea" || got.NotNotify[0].Entity != "Acme GmbH" || got.NotNotified != 1 {
			t.Errorf("decisions not to notify: %+v", got.NotNotify)
		}
		outward := 0
		for _, d := range got.DutyLines {
			if d.Outward {
				outward++
			}
		}
		if outward == 0 || got.Duties["open"]+got.Duties["withdrawn"] != outward {
			t.Errorf("duties: %d outward, %+v", outward, got.Duties)
		}
		e.exports(t, full.Ref)
	})
}

func (e *env) exports(t *testing.T, ref string) {
	t.Helper()
	var buf bytes.Buffer
	if err := e.ExportCSV(t.Context(), manager, register.Filter{}, &buf); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&buf).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("CSV: %v %v", err, rows)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Errorf("a spreadsheet would run %q", cell)
			}
		}
	}
	buf.Reset()
	if err := e.ExportJSON(t.Context(), manager, register.Filter{}, &buf); err != nil {
		t.Fatal(err)
	}
	var entries []register.Entry
	if err := json.Unmarshal(buf.Bytes(), &entries); err != nil || len(entries) != 2 || entries[0].Ref != ref {
		t.Errorf("JSON: %v %s", err, buf.Bytes())
	}
	buf.Reset()
	if err := e.ExportJSON(t.Context(), manager, register.Filter{From: start.Add(time.Hour)}, &buf); err != nil || json.Unmarshal(buf.Bytes(), &entries) != nil || len(entries) != 0 {
		t.Errorf("an empty export: %v %q", err, buf.Bytes())
	}
	liaison := who.Identity{Actor: "lia", Person: "lia", Roles: []who.Role{who.Liaison}}
	if err := e.ExportCSV(t.Context(), liaison, register.Filter{}, &buf); fault.KindOf(err) != fault.Denied {
		t.Errorf("a liaison exports: %v", err)
	}
	b, err := e.Bundle(t.Context(), manager, ref)
	if err != nil {
		t.Fatal(err)
	}
	buf.Reset()
	if _, err := b.WriteTo(&buf); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.VerifyBundle(bytes.NewReader(buf.Bytes()), e.led.VerifierKey()); err != nil {
		t.Errorf("the bundle does not verify: %v", err)
	}
	doc, err := json.Marshal(b)
	var both struct{ Ledger json.RawMessage }
	if err != nil || json.Unmarshal(doc, &both) != nil {
		t.Fatal(err)
	}
	if _, err := ledger.VerifyBundle(bytes.NewReader(both.Ledger), e.led.VerifierKey()); err != nil {
		t.Errorf("the ledger part of the JSON does not verify: %v", err)
	}
	broken := bytes.Replace(both.Ledger, []byte("broken lock"), []byte("broken clock"), 1)
	if _, err := ledger.VerifyBundle(bytes.NewReader(broken), e.led.VerifierKey()); err == nil {
		t.Error("a changed bundle verifies")
	}
}
