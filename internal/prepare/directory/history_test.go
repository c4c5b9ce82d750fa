package directory_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/directory/exchange"
)

func TestHistory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := setup(t, db)
		load(t, s)
		ctx, by := t.Context(), who.Identity{Actor: "incident-manager", Person: "incident-manager", Roles: []who.Role{who.Manager}}
		p, err := s.Party(ctx, by, "alpenwerk")
		if err != nil {
			t.Fatal(err)
		}
		p.Name = "Alpenwerk SE"
		if p, err = s.PutParty(ctx, by, p, 1); err != nil {
			t.Fatal(err)
		}
		if err := s.Retire(ctx, by, directory.KindTeam, "board", 1, "dissolved"); err != nil {
			t.Fatal(err)
		}
		list, next, err := s.History(ctx, by, directory.KindParty, "alpenwerk", 0, 1)
		if err != nil || len(list) != 1 || next == 0 || list[0].Actor != by.Actor || list[0].Version != 2 ||
			list[0].Before.(directory.Party).Name != "Alpenwerk AG" || list[0].After.(directory.Party).Name != "Alpenwerk SE" {
			t.Fatalf("%+v %d %v", list, next, err)
		}
		list, next, err = s.History(ctx, by, directory.KindParty, "alpenwerk", next, 1)
		if err != nil || len(list) != 1 || next != 0 || list[0].Before != nil {
			t.Fatalf("%+v %d %v", list, next, err)
		}
		list, _, err = s.History(ctx, by, directory.KindTeam, "board", 0, 0)
		if err != nil || len(list) != 2 || !list[0].Retired || list[0].Reason != "dissolved" {
			t.Fatalf("%+v %v", list, err)
		}
		people, _, err := s.people.History(ctx, by, "analyst", 0, 0)
		if err != nil || len(people) != 1 || people[0].Before != nil || people[0].After.Name != "Tomasz Wierzba" {
			t.Fatalf("%+v %v", people, err)
		}
		// Words are found in any case of letters, in contacts too, and only in what is in use.
		for q, want := range map[string]string{"ALPENWERK": "alpenwerk", "carla engel": "alpenwerk", "sécurité nothing": ""} {
			found, _, err := s.Parties(ctx, by, directory.Filter{Q: q, Kinds: []string{"customer", "partner"}}, "", 0)
			if err != nil || (want == "") != (len(found) == 0) || want != "" && found[0].ID != want {
				t.Errorf("%s: %+v %v", q, found, err)
			}
		}
		two, _, err := s.Parties(ctx, by, directory.Filter{Kinds: []string{"authority", "insurer"}}, "", 0)
		if err != nil || len(two) == 0 {
			t.Fatal(err)
		}
		for _, x := range two {
			if x.Kind != directory.PartyAuthority && x.Kind != directory.PartyInsurer {
				t.Errorf("%s is a %s", x.ID, x.Kind)
			}
		}
		for q, n := range map[string]int{"WIERZBA": 1, "general counsel": 1, "%": 0, "_": 0} {
			got, _, err := s.people.People(ctx, by, who.Filter{Q: q}, "", 0)
			if err != nil || len(got) != n {
				t.Errorf("%s: %d people, not %d: %v", q, len(got), n, err)
			}
		}
	})
}

// What carries a secret of a person's own is shown to those who keep the directory, and to the person.
func TestWebhookIsHidden(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := setup(t, db)
		load(t, s)
		p, err := s.people.Person(t.Context(), engine, "analyst")
		if err != nil {
			t.Fatal(err)
		}
		p.Webhook = "https://hook.example/secret"
		if _, err := s.people.UpdatePerson(t.Context(), engine, p, 0); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			person string
			role   who.Role
			shown  bool
		}{
			{"analyst", who.Analyst, true},
			{"risk-manager", who.Auditor, false},
			{"portal-lead", who.Responder, false},
			{"incident-manager", who.Manager, true},
			{"it-operation", who.Admin, true},
		} {
			by := who.Identity{Actor: c.person, Person: c.person, Roles: []who.Role{c.role}}
			one, err := s.people.Person(t.Context(), by, "analyst")
			if err != nil || (one.Webhook != "") != c.shown {
				t.Errorf("%s reads %q: %v", c.role, one.Webhook, err)
			}
			list, _, err := s.people.People(t.Context(), by, who.Filter{Q: "wierzba"}, "", 0)
			if err != nil || len(list) != 1 || (list[0].Webhook != "") != c.shown {
				t.Errorf("%s lists %+v: %v", c.role, list, err)
			}
			past, _, err := s.people.History(t.Context(), by, "analyst", 0, 1)
			if err != nil || (past[0].After.Webhook != "") != c.shown {
				t.Errorf("%s sees it in the history: %+v %v", c.role, past, err)
			}
			text, err := s.files.Export(t.Context(), by)
			if keeps := by.Has(who.PermDirectoryEdit); err != nil || strings.Contains(string(text), "secret") != keeps {
				t.Errorf("%s exports it: %v", c.role, err)
			}
		}
	})
}

func TestKeptFile(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := setup(t, db)
		load(t, s)
		ctx, by := t.Context(), who.Identity{Actor: "incident-manager", Person: "incident-manager", Roles: []who.Role{who.Manager}}
		other := who.Identity{Actor: "it-operation", Person: "it-operation", Roles: []who.Role{who.Admin}}
		id, err := s.files.Keep(ctx, by, "new\n.csv", exchange.FormatCSV, []byte("id,name,country\nnova,Nova,IE\n"), noon)
		if err != nil {
			t.Fatal(err)
		}
		k, res, err := s.files.Kept(ctx, by, id)
		if err != nil || k.Name != "new.csv" || res.Count(directory.Created) != 1 {
			t.Fatalf("%+v %+v %v", k, res, err)
		}
		if _, _, err := s.files.Kept(ctx, other, id); fault.KindOf(err) != fault.NotFound {
			t.Errorf("another person reads the file: %v", err)
		}
		if _, err := s.files.ImportKept(ctx, other, id, res.Digest(), noon); fault.KindOf(err) != fault.NotFound {
			t.Errorf("another person imports the file: %v", err)
		}
		if _, err := s.files.ImportKept(ctx, by, id, "something else", noon); fault.KindOf(err) != fault.Conflict {
			t.Errorf("imported what nobody saw: %v", err)
		}
		for range 2 { // the second time only says what the first did
			if sum, err := s.files.ImportKept(ctx, by, id, res.Digest(), noon); err != nil || sum.Created != 1 {
				t.Fatalf("%+v %v", sum, err)
			}
		}
		if p, err := s.Party(ctx, by, "nova"); err != nil || p.Version != 1 {
			t.Errorf("%+v %v", p, err)
		}
		// A day later the file is forgotten.
		if _, err := s.files.Keep(ctx, by, "b.csv", exchange.FormatCSV, []byte("id,name\n"), noon.Add(25*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.files.Kept(ctx, by, id); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%v", err)
		}
	})
}
