package handover_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment/handover"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

var start = time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)

func as(id string, role who.Role) who.Identity {
	return who.Identity{Actor: id, Person: id, Name: id, Roles: []who.Role{role}}
}

type env struct {
	t   *testing.T
	db  *store.DB
	led *record.Ledger
	inc *incident.Service
	*handover.Service
	st incident.State
}

// newEnv is a processor with a sub-processor, two customers and one incident of both.
func newEnv(t *testing.T, db *store.DB) *env {
	t.Helper()
	e := &env{t: t, db: db}
	clk, eng := clock.NewTest(start), who.Engine("test")
	kinds := append(append(append(append(who.Kinds(), incident.Kinds()...), plan.Kinds()...), directory.Kinds()...), handover.Kinds()...)
	var err error
	e.led, err = record.New(t.Context(), db, clk, record.Config{}, kinds)
	e.must(err)
	people, plans := who.New(db, e.led, clk), plan.New(db, e.led, clk)
	dirs := directory.New(db, e.led, people, plans, clk)
	e.inc = incident.New(db, e.led, clk, plans, dirs, people)
	e.Service = handover.New(db, e.led, clk, e.inc, dirs)
	e.led.OnErase(func(_ context.Context, tx *store.Tx, entries []record.Entry) error { return e.OnErase(tx, entries) })
	_, err = people.CreatePerson(t.Context(), eng, who.Person{ID: "dpo", Name: "Dora Officer", Email: "dpo@example.com", Active: true})
	e.must(err)
	_, err = dirs.PutTeam(t.Context(), eng, directory.Team{ID: "team", Name: "Team", Kind: directory.TeamProduct, Members: []directory.Member{{Person: "dpo", Lead: true}}}, 0)
	e.must(err)
	_, err = dirs.PutEntity(t.Context(), eng, directory.Entity{ID: "we", Name: "We GmbH", Country: "DE", PrivacyOfficer: "dpo", Processings: []directory.Processing{{Name: "hosting", Role: directory.RoleProcessor}}}, 0)
	e.must(err)
	for _, p := range []directory.Party{
		{ID: "north", Name: "North Wind AG", Kind: directory.PartyCustomer, Country: "DE", Contract: &directory.Contract{Hours: 12, Clause: "DPA 7", Contact: "privacy", Format: "portal"}, Contacts: []directory.Contact{{Email: "first@north.example"}, {Role: "privacy", Email: "privacy@north.example"}}},
		{ID: "south", Name: "South Sea Ltd", Kind: directory.PartyCustomer, Country: "IE"},
		{ID: "away", Name: "Away Inc", Kind: directory.PartyCustomer, Country: "US"},
		{ID: "cloud", Name: "Cloudworks", Kind: directory.PartyProcessor, Country: "NL"},
	} {
		_, err = dirs.PutParty(t.Context(), eng, p, 0)
		e.must(err)
	}
	_, err = dirs.PutITService(t.Context(), eng, directory.ITService{ID: "host", Name: "Hosting", Team: "team", Entity: "we", Processing: "hosting", Customers: []string{"north", "south"}, Providers: []string{"cloud"}}, 0)
	e.must(err)
	e.st, err = e.inc.Declare(t.Context(), as("mia", who.Manager), incident.Declare{Title: "Leak", DiscoveredAt: start, Service: "host"})
	e.must(err)
	e.fact("scope", `{"services":["host"],"data_kinds":["name"],"persons":[{"country":"DE","min":1,"estimate":2,"max":3}]}`)
	return e
}

func (e *env) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

func (e *env) fact(name incident.FactName, value string) {
	e.t.Helper()
	_, err := e.inc.Execute(e.t.Context(), as("mia", who.Manager), e.st.ID, &incident.RecordFact{Fact: name, Value: []byte(value)}, 0)
	e.must(err)
}

func text(p handover.Package, key string) (text, open string) {
	for _, x := range p.Parts {
		if x.Key == key {
			return strings.Join(x.Text, "; "), x.Open
		}
	}
	return "", "none"
}

func TestBuild(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		mia := as("mia", who.Manager)
		e.fact("cause", `"Files of South Sea lay open"`)
		e.fact("place", `"Data centre two"`)
		e.fact("occurred", `"2026-11-21T12:00:00Z"`)
		d, err := e.Draft(t.Context(), mia, e.st.Ref, "north")
		e.must(err)
		if strings.Contains(strings.ToLower(string(d.Text)), "south") {
			t.Errorf("another customer is named: %s", d.Text)
		}
		for key, want := range map[string]string{
			"categories": "name", "occurred": "2026-11-21T12:00:00Z", "sub_processors": "Cloudworks (NL)", "locations": "We GmbH: DE; Cloudworks: NL; Data centre two",
			"contact": "Dora Officer, data protection officer of We GmbH, dpo@example.com", "persons": "", "contained": "",
		} {
			if got, _ := text(d.Package, key); got != want {
				t.Errorf("%s: %q, want %q", key, got, want)
			}
		}
		if _, open := text(d.Package, "persons"); open != "the number of your persons is being counted" {
			t.Errorf("persons of two customers: %q", open)
		}
		if _, open := text(d.Package, "nature"); !strings.Contains(open, "put into words") {
			t.Errorf("a cause that names another customer: %q", open)
		}
		if d.To != "privacy, privacy@north.example" || d.Form != "in their portal" || d.Clause != "DPA 7" {
			t.Errorf("contract: %q %q %q", d.To, d.Form, d.Clause)
		}
		for _, x := range d.Parts {
			if len(x.Text) > 0 && len(x.Source) == 0 {
				t.Errorf("%s has no source", x.Key)
			}
		}
		e.fact("scope", `{"customers":["north"],"persons":[{"country":"DE","min":1,"estimate":2,"max":3}]}`)
		d, err = e.Draft(t.Context(), mia, e.st.Ref, "north")
		e.must(err)
		if got, _ := text(d.Package, "persons"); got != "DE: 2 (between 1 and 3)" {
			t.Errorf("persons of the only customer: %q", got)
		}
		for _, id := range []string{"south", "away", "cloud", "none"} {
			if _, err := e.Draft(t.Context(), mia, e.st.Ref, id); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s: %v", id, err)
			}
		}
	})
}

func TestTake(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		ctx, mia, eve := t.Context(), as("mia", who.Manager), as("eve", who.Auditor)
		if _, err := e.Take(ctx, eve, e.st.Ref, "north", handover.Words{}); fault.KindOf(err) != fault.Denied {
			t.Errorf("an auditor takes: %v", err)
		}
		if _, err := e.Draft(ctx, as("rob", who.Reporter), e.st.Ref, "north"); fault.KindOf(err) != fault.Denied {
			t.Errorf("a reporter reads: %v", err)
		}
		_, err := e.Take(ctx, mia, e.st.Ref, "north", handover.Words{Nature: "As at South Sea, too", ExpectedAt: start.Add(-time.Hour)})
		if f := fault.FieldsOf(err); len(f) != 2 || f[0].Field != "nature" || f[1].Field != "expected_at" {
			t.Errorf("bad words: %v", err)
		}
		one, err := e.Take(ctx, mia, e.st.Ref, "north", handover.Words{Persons: "12", ExpectedAt: start.Add(time.Hour)})
		e.must(err)
		sum := sha256.Sum256(one.Document)
		if one.Number != 1 || one.SHA256 != hex.EncodeToString(sum[:]) || one.TakenBy != "mia" || !one.TakenAt.Equal(start) {
			t.Errorf("taken: %+v", one)
		}
		d, err := e.Draft(ctx, eve, e.st.Ref, "north")
		if err != nil || len(d.Changes) != 0 || d.Words.Persons != "12" || len(d.Versions) != 1 {
			t.Errorf("after it: %+v %+v, %v", d.Changes, d.Words, err)
		}
		e.fact("contained", `"2026-11-21T13:00:00Z"`)
		d, err = e.Draft(ctx, eve, e.st.Ref, "north")
		if err != nil || len(d.Changes) != 1 || d.Changes[0].Key != "contained" || d.Changes[0].Was != "not known yet" {
			t.Errorf("changes: %+v, %v", d.Changes, err)
		}
		two, err := e.Take(ctx, mia, e.st.Ref, "north", handover.Words{})
		e.must(err)
		other, err := e.Take(ctx, mia, e.st.Ref, "south", handover.Words{})
		if err != nil || two.Number != 2 || other.Number != 1 {
			t.Errorf("numbers %d %d, %v", two.Number, other.Number, err)
		}
		list, last, err := e.List(ctx, eve, e.st.Ref)
		if err != nil || len(list) != 2 || list[0].ID != "north" || last["north"].Number != 2 || last["south"].Number != 1 {
			t.Errorf("list %+v %+v, %v", list, last, err)
		}
		back, err := e.Version(ctx, eve, e.st.Ref, "north", 1)
		if err != nil || string(back.Document) != string(one.Document) {
			t.Errorf("version 1: %v", err)
		}
		if _, err := e.Version(ctx, eve, e.st.Ref, "north", 3); fault.KindOf(err) != fault.NotFound {
			t.Errorf("version 3: %v", err)
		}
		_, err = record.RebuildCheck(ctx, db, []record.Projector{new(handover.Service)})
		e.must(err)
	})
}

// A name is found as a word, with and without its legal form; parts of words are not names.
func TestNames(t *testing.T) {
	t.Parallel()
	dir := directory.Snapshot{Parties: map[string]directory.Party{
		"north": {Name: "North Wind AG", Kind: directory.PartyCustomer}, "south": {Name: "South Sea Ltd", Kind: directory.PartyCustomer},
		"abc": {Name: "ABC", Kind: directory.PartyPartner}, "cloud": {Name: "Cloudworks", Kind: directory.PartyProcessor},
	}}
	for words, want := range map[string]bool{
		"Our files": false, "of North Wind AG": false, "SOUTH SEA LTD": true, "the South Sea files": true, "(abc)": true, "abcdef": false, "at Cloudworks": false, "": false,
	} {
		if got := handover.Names(words, dir, "north"); got != want {
			t.Errorf("%q: %v", words, got)
		}
	}
}
