package incident_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

var start = time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)

// env is a company with one service, two customers, a partner and three people.
type env struct {
	db     *store.DB
	clk    *clock.Clock
	led    *record.Ledger
	dirs   *directory.Service
	people *who.Service
	inc    *incident.Service
	eng    who.Identity
}

func newEnv(t testing.TB, db *store.DB) *env {
	t.Helper()
	e := &env{db: db, clk: clock.NewTest(start), eng: who.Engine("test")}
	kinds := append(who.Kinds(), incident.Kinds()...)
	kinds = append(append(kinds, plan.Kinds()...), directory.Kinds()...)
	var err error
	if e.led, err = record.New(t.Context(), db, e.clk, record.Config{}, kinds); err != nil {
		t.Fatal(err)
	}
	e.people = who.New(db, e.led, e.clk)
	plans := plan.New(db, e.led, e.clk)
	e.dirs = directory.New(db, e.led, e.people, plans, e.clk)
	e.inc = incident.New(db, e.led, e.clk, plans, e.dirs, e.people)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"ann", "bob", "cyd"} {
		_, err := e.people.CreatePerson(t.Context(), e.eng, who.Person{
			ID: id, Name: "Person " + id, Email: id + "@example.com", Roles: []who.Role{who.Responder}, Active: true,
		})
		must(err)
	}
	_, err = e.dirs.PutTeam(t.Context(), e.eng, directory.Team{ID: "shop", Name: "Shop", Kind: directory.TeamProduct, Members: []directory.Member{{Person: "ann", Lead: true}}}, 0)
	must(err)
	for _, id := range []string{"acme-de", "acme-us"} {
		_, err = e.dirs.PutEntity(t.Context(), e.eng, directory.Entity{ID: id, Name: id, Country: "DE", Processings: []directory.Processing{{Name: "orders", Role: directory.RoleController}}}, 0)
		must(err)
	}
	for id, kind := range map[string]directory.PartyKind{"north": directory.PartyCustomer, "south": directory.PartyCustomer, "west": directory.PartyPartner} {
		_, err = e.dirs.PutParty(t.Context(), e.eng, directory.Party{ID: id, Name: id, Kind: kind, Country: "DE"}, 0)
		must(err)
	}
	_, err = e.dirs.PutITService(t.Context(), e.eng, directory.ITService{ID: "web-shop", Name: "Web shop", Team: "shop", Entity: "acme-de"}, 0)
	must(err)
	return e
}

// as is a person with a role.
func as(role who.Role) who.Identity {
	return who.Identity{Actor: "ann", Person: "ann", Name: "Person ann", Roles: []who.Role{role}}
}

var manager = as(who.Manager)

func (e *env) declare(t testing.TB, cmd incident.Declare) incident.State {
	t.Helper()
	if cmd.Title == "" {
		cmd.Title = "Database reachable from outside"
	}
	if cmd.DiscoveredAt.IsZero() {
		cmd.DiscoveredAt = e.clk.Now()
	}
	st, err := e.inc.Declare(t.Context(), manager, cmd)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func (e *env) do(t testing.TB, ref string, cmd incident.Command) incident.State {
	t.Helper()
	st, err := e.inc.Execute(t.Context(), manager, ref, cmd, 0)
	if err != nil {
		t.Fatalf("%s: %v", cmd.Type(), err)
	}
	return st
}

// signal puts a row where intake would put one.
func (e *env) signal(t testing.TB, id string, drill bool) {
	t.Helper()
	_, err := e.db.Write(t.Context(), store.Op{Name: "test", Actor: "test"}, func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO signal (id, kind, state, title, summary, contact, source, fingerprint, live_until, discovered_at,
			received_at, next_at, call_due_at, triage_due_at, classify_due_at, called_at, triage_alarm_at, classify_alarm_at,
			acknowledged_at, acknowledged_by, resolved_at, service, team, drill, malformed, warning, reported_by, verdict, reason,
			incident, decided_at, decided_by, raw_id, raw_sha256)
			VALUES (?, 'alert', 'open', '', '', '', '', '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', 0, '', '', ?, 0, '', '', '', '', '', 0, '', '', '')`, id, drill)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func long() bool { return os.Getenv("WAKEBELL_LONG") == "1" }

func ptr[T any](v T) *T { return &v }

func fact(name incident.FactName, entity string, value string) *incident.RecordFact {
	return &incident.RecordFact{Fact: name, Entity: entity, Value: []byte(value)}
}

func text(v any) string { return fmt.Sprintf("%+v", v) }
