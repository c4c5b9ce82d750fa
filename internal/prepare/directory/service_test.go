package directory_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/directory/exchange"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

var (
	noon   = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	engine = who.Engine("test")
)

type room struct {
	*directory.Service
	files  *exchange.Service
	led    *record.Ledger
	people *who.Service
	plans  *plan.Service
}

func setup(t *testing.T, db *store.DB) room {
	t.Helper()
	clk := clock.NewTest(noon)
	led, err := record.New(t.Context(), db, clk, record.Config{}, slices.Concat(who.Kinds(), plan.Kinds(), directory.Kinds()))
	if err != nil {
		t.Fatal(err)
	}
	people, plans := who.New(db, led, clk), plan.New(db, led, clk)
	dir := directory.New(db, led, people, plans, clk)
	return room{dir, exchange.New(db, dir, people), led, people, plans}
}

func demo(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "examples", "demo", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// load imports the demo company as its README says.
func load(t *testing.T, s room) {
	t.Helper()
	for _, f := range []struct {
		name   string
		format exchange.Format
	}{{"directory.yaml", exchange.FormatYAML}, {"customers.csv", exchange.FormatCSV}, {"services.yaml", exchange.FormatYAML}} {
		res, err := s.files.Import(t.Context(), engine, f.format, demo(t, f.name))
		if err != nil {
			t.Fatalf("%s: %v %v", f.name, err, res.Errors)
		}
		if n := res.Count(directory.Created); n == 0 || n != len(res.Changes) {
			t.Fatalf("%s created %d of %d", f.name, n, len(res.Changes))
		}
	}
}

func TestDenyEmpty(t *testing.T) {
	t.Parallel()
	whotest.DenyEmpty(t, &directory.Service{})
	whotest.DenyEmpty(t, &exchange.Service{})
}

func TestItems(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s, ctx := setup(t, db), t.Context()
		by := who.Identity{Actor: "irm", Person: "irm", Roles: []who.Role{who.Manager}}
		told := 0
		s.Observe(func(context.Context, *store.Tx, who.Identity) error { told++; return nil })
		in := directory.Party{ID: "acme", Name: " Acme ", Kind: directory.PartyCustomer, Country: "DE", Contract: &directory.Contract{Hours: 12}}
		p, err := s.PutParty(ctx, by, in, 0)
		if err != nil || p.Version != 1 || p.Name != "Acme" || p.Contract.Start != directory.FromDiscovered {
			t.Fatalf("%+v, %v", p, err)
		}
		if _, err := s.PutParty(ctx, by, in, 0); fault.KindOf(err) != fault.Conflict {
			t.Errorf("again: %v", err)
		}
		if same, err := s.PutParty(ctx, by, p, 1); err != nil || same.Version != 1 || told != 1 {
			t.Errorf("unchanged: %d, told %d, %v", same.Version, told, err)
		}
		p.Contract.Hours = 24
		if p, err = s.PutParty(ctx, by, p, 1); err != nil || p.Version != 2 {
			t.Fatalf("%+v, %v", p, err)
		}
		if _, err := s.PutParty(ctx, by, in, 1); fault.KindOf(err) != fault.Precondition {
			t.Errorf("stale: %v", err)
		}
		if _, err := s.PutTeam(ctx, by, directory.Team{ID: "t1", Name: "T", Kind: "product", Members: []directory.Member{{Person: "ghost"}}}, 0); fault.KindOf(err) != fault.Invalid || fault.FieldsOf(err)[0].Field != "members[0].person" {
			t.Errorf("ghost: %v", err)
		}
		if _, err := s.Party(ctx, by, "nobody"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("nobody: %v", err)
		}
		if _, err := s.PutParty(ctx, who.Identity{Actor: "a", Roles: []who.Role{who.Auditor}}, in, 0); fault.KindOf(err) != fault.Denied {
			t.Errorf("auditor: %v", err)
		}
		entries, err := s.led.Subject(ctx, db, "party:acme", 0, 10)
		if err != nil || len(entries) != 2 {
			t.Fatalf("%v, %v", entries, err)
		}
		var e directory.Entry
		if err := entries[1].Decode(&e); err != nil {
			t.Fatal(err)
		}
		if e.Version != 2 || e.Kind != directory.KindParty || !strings.Contains(string(e.Before), `"hours":12`) || !strings.Contains(string(e.After), `"hours":24`) {
			t.Errorf("entry %+v", e)
		}
		if strings.Contains(string(entries[1].Facts), "Acme") {
			t.Errorf("a name in the facts: %s", entries[1].Facts)
		}
	})
}

func TestRetire(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s, ctx := setup(t, db), t.Context()
		load(t, s)
		if err := s.Retire(ctx, engine, directory.KindTeam, "portal", 1, "gone"); fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "customer-portal") {
			t.Errorf("used: %v", err)
		}
		if err := s.Retire(ctx, engine, directory.KindParty, "schutzbrief", 2, "gone"); fault.KindOf(err) != fault.Precondition {
			t.Errorf("stale: %v", err)
		}
		if err := s.Retire(ctx, engine, directory.KindParty, "schutzbrief", 1, "gone"); err != nil {
			t.Fatal(err)
		}
		sn, err := s.Snapshot(db)
		if err != nil || !sn.Parties["schutzbrief"].Retired || len(sn.PartiesOf(directory.PartyInsurer)) != 0 {
			t.Errorf("still there: %v", err)
		}
		p, err := s.Party(ctx, engine, "schutzbrief")
		if err != nil || !p.Retired || p.Version != 2 {
			t.Errorf("%+v, %v", p, err)
		}
		if p, err = s.PutParty(ctx, engine, p, 2); err != nil || p.Retired || p.Version != 3 {
			t.Errorf("back: %+v, %v", p, err)
		}
	})
}

func TestDemoCompany(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s, ctx := setup(t, db), t.Context()
		load(t, s)
		sn, err := s.Snapshot(db)
		if err != nil {
			t.Fatal(err)
		}
		if len(sn.People) < 20 || len(sn.ITServices) != 6 || len(sn.PartiesOf(directory.PartyCustomer)) != 12 || len(sn.Entities) != 2 {
			t.Errorf("%d people, %d services, %d customers", len(sn.People), len(sn.ITServices), len(sn.PartiesOf(directory.PartyCustomer)))
		}
		if got := sn.Parties["borealis-health"].Contract; got == nil || !got.Acknowledge || got.Hours != 24 {
			t.Errorf("%+v", got)
		}
		if n := len(sn.Parties["alpenwerk"].Contacts); n != 2 {
			t.Errorf("%d contacts", n)
		}
		if diff := cmp.Diff([]string{"portal-engineer", "portal-lead"}, sn.OnCall("portal", noon)); diff != "" {
			t.Error(diff)
		}
		if v, ok := sn.FindService("portal-2"); !ok || v.ID != "customer-portal" {
			t.Errorf("portal-2 is %q", v.ID)
		}
		p, err := plan.ParseYAML(demo(t, "plan.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		p.ReviewedAt = noon.Add(-time.Hour)
		if _, err := s.plans.Change(ctx, engine, p, 1, "the demo company"); err != nil {
			t.Fatal(err)
		}
		list, err := s.Readiness(ctx, engine)
		if err != nil || len(list) != 1 || list[0].Function != "plan_test" {
			t.Errorf("%+v, %v", list, err)
		}
		if err := s.Retire(ctx, engine, directory.KindTeam, "platform", 1, "x"); fault.KindOf(err) != fault.Conflict {
			t.Errorf("the default team: %v", err)
		}
	})
}

func TestExportImportRoundTrip(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s, ctx := setup(t, db), t.Context()
		load(t, s)
		text, err := s.files.Export(ctx, engine)
		if err != nil {
			t.Fatal(err)
		}
		res, err := s.files.Import(ctx, engine, exchange.FormatYAML, text)
		if err != nil || res.Count(directory.Unchanged) != len(res.Changes) || len(res.Changes) < 50 {
			t.Fatalf("%d of %d unchanged, %v", res.Count(directory.Unchanged), len(res.Changes), err)
		}
		other := setup(t, storetest.Open(t, db.Engine()))
		if _, err := other.files.Import(ctx, engine, exchange.FormatYAML, text); err != nil {
			t.Fatal(err)
		}
		again, err := other.files.Export(ctx, engine)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(text), string(again)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestImportAllOrNothing(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s, ctx := setup(t, db), t.Context()
		load(t, s)
		before, err := s.files.Export(ctx, engine)
		if err != nil {
			t.Fatal(err)
		}
		told := 0
		s.Observe(func(context.Context, *store.Tx, who.Identity) error { told++; return nil })
		text := []byte(`people:
  - {id: new-one, name: New One, email: broken}
  - {id: new-two, name: New Two, email: two@lumenhof.example, deputy: new-three}
  - {id: new-three, name: New Three, email: three@lumenhof.example, deputy: new-two}
teams:
  - id: portal
    name: Portal and more
    kind: product
    members: [{person: new-one}, {person: ghost}]
parties:
  - id: acme
    name: Acme
    kind: customer
    country: Germany
`)
		for _, f := range []func() (exchange.Result, error){
			func() (exchange.Result, error) { return s.files.Preview(ctx, engine, exchange.FormatYAML, text) },
			func() (exchange.Result, error) { return s.files.Import(ctx, engine, exchange.FormatYAML, text) },
		} {
			res, _ := f()
			var got []string
			for _, e := range res.Errors {
				got = append(got, fmt.Sprintf("%d %s", e.Line, e.Field))
			}
			want := []string{"2 people[0].email", "9 teams[0].members[1].person", "14 parties[0].country"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
		_, err = s.files.Import(ctx, engine, exchange.FormatYAML, text)
		if fault.KindOf(err) != fault.Invalid || len(fault.FieldsOf(err)) != 3 || fault.FieldsOf(err)[0].Field != "line 2: people[0].email" {
			t.Errorf("%v", err)
		}
		good := []byte(strings.NewReplacer("broken", "one@lumenhof.example", "ghost", "new-two", "Germany", "DE").Replace(string(text)))
		res, err := s.files.Preview(ctx, engine, exchange.FormatYAML, good)
		if err != nil || len(res.Errors) != 0 || res.Count(directory.Created) != 4 || res.Count(directory.Changed) != 1 {
			t.Errorf("preview %+v, %v", res, err)
		}
		if after, err := s.files.Export(ctx, engine); err != nil || string(after) != string(before) || told != 0 {
			t.Errorf("something changed: told %d, %v", told, err)
		}
		if diff := cmp.Diff([]string{"members", "name", "on_call"}, res.Changes[3].Fields); diff != "" {
			t.Errorf("%+v %s", res.Changes, diff)
		}
		if res, err = s.files.Import(ctx, engine, exchange.FormatYAML, good); err != nil || told == 0 {
			t.Errorf("import %+v, %v", res, err)
		}
		sn, err := s.Snapshot(db)
		if err != nil || sn.People["new-two"].Deputy != "new-three" || sn.People["new-three"].Deputy != "new-two" {
			t.Errorf("the circle of deputies is broken: %v", err)
		}
		_, err = s.files.Import(ctx, who.Identity{Actor: "irm", Roles: []who.Role{who.Manager}}, exchange.FormatYAML, good)
		if fault.KindOf(err) != fault.Denied {
			t.Errorf("people without person.manage: %v", err)
		}
	})
}

func TestImportOnce(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := setup(t, db)
		ctx := store.WithKey(t.Context(), "key-1", [32]byte{1})
		for range 2 {
			if _, err := s.files.Import(ctx, engine, exchange.FormatYAML, demo(t, "directory.yaml")); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := s.led.Subject(ctx, db, "team:portal", 0, 10); err != nil || len(n) != 1 {
			t.Errorf("%d entries, %v", len(n), err)
		}
	})
}

func TestLists(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s, ctx := setup(t, db), t.Context()
		load(t, s)
		f := directory.Filter{Kind: string(directory.PartyCustomer)}
		var names []string
		for cursor, pages := "", 0; ; pages++ {
			list, next, err := s.Parties(ctx, engine, f, cursor, 5)
			if err != nil || pages > 3 {
				t.Fatal(pages, err)
			}
			for _, p := range list {
				names = append(names, p.Name)
			}
			if cursor = next; next == "" {
				break
			}
		}
		if len(names) != 12 || !slices.IsSorted(names) {
			t.Errorf("%v", names)
		}
		_, next, err := s.Parties(ctx, engine, f, "", 5)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Parties(ctx, engine, directory.Filter{}, next, 5); fault.KindOf(err) != fault.Invalid {
			t.Errorf("a cursor of another filter: %v", err)
		}
		if list, _, err := s.Teams(ctx, engine, directory.Filter{Kind: "product"}, "", 0); err != nil || len(list) != 3 {
			t.Errorf("%d teams, %v", len(list), err)
		}
		if list, _, err := s.ITServices(ctx, engine, directory.Filter{}, "", 0); err != nil || len(list) != 6 {
			t.Errorf("%d services, %v", len(list), err)
		}
		if list, _, err := s.Entities(ctx, engine, directory.Filter{}, "", 0); err != nil || len(list) != 2 {
			t.Errorf("%d entities, %v", len(list), err)
		}
	})
}

// What a transaction saw and rolled back must not stay in memory, and a change must be seen at once.
func TestSnapshotFollowsTheDatabase(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s, ctx, fail := setup(t, db), t.Context(), true
		s.Observe(func(_ context.Context, tx *store.Tx, _ who.Identity) error {
			sn, err := s.Snapshot(tx)
			if err != nil {
				return err
			}
			if len(sn.Parties) != 1 {
				t.Errorf("the observer sees %d parties", len(sn.Parties))
			}
			if fail {
				return errors.New("observer refuses")
			}
			return nil
		})
		put := func(id string) error {
			_, err := s.PutParty(ctx, engine, directory.Party{ID: id, Name: id, Kind: directory.PartyVendor}, 0)
			return err
		}
		if put("first") == nil {
			t.Fatal("the observer was not heard")
		}
		fail = false
		if err := put("second"); err != nil {
			t.Fatal(err)
		}
		sn, err := s.Snapshot(db)
		if err != nil || len(sn.Parties) != 1 || sn.Parties["second"].Name != "second" {
			t.Errorf("%+v, %v", sn.Parties, err)
		}
		one, err := s.people.CreatePerson(ctx, engine, who.Person{ID: "p1", Name: "One", Email: "one@example.com", Active: true})
		if err != nil {
			t.Fatal(err)
		}
		if sn, err = s.Snapshot(db); err != nil || sn.PersonName("p1") != "One" {
			t.Errorf("%+v, %v", sn.People, err)
		}
		one.Name = "Won"
		if _, err := s.people.UpdatePerson(ctx, engine, one, 1); err != nil {
			t.Fatal(err)
		}
		if sn, err = s.Snapshot(db); err != nil || sn.PersonName("p1") != "Won" {
			t.Errorf("%+v, %v", sn.People, err)
		}
	})
}
