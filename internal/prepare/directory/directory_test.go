package directory

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func people(list ...who.Person) map[string]who.Person {
	out := map[string]who.Person{}
	for _, p := range list {
		p.Active = p.Function != "gone"
		out[p.ID] = p
	}
	return out
}

func TestOnCallOrder(t *testing.T) {
	t.Parallel()
	sn := *emptySnapshot()
	sn.People = people(
		who.Person{ID: "lead", Deputy: "stand-in"}, who.Person{ID: "aa"}, who.Person{ID: "bb", Deputy: "aa"},
		who.Person{ID: "stand-in"}, who.Person{ID: "left", Function: "gone", Deputy: "heir"}, who.Person{ID: "heir"},
	)
	sn.Teams["t1"] = Team{
		ID: "t1", Kind: TeamProduct,
		Members: []Member{{Person: "aa"}, {Person: "lead", Lead: true}, {Person: "left"}, {Person: "bb"}},
		OnCall:  []Shift{{Person: "bb", From: noon, Until: noon.Add(time.Hour)}, {Person: "left"}},
	}
	for _, c := range []struct {
		at   time.Time
		want []string
	}{
		{noon.Add(-1), []string{"lead", "aa", "bb", "heir", "stand-in"}},
		{noon, []string{"bb", "lead", "aa", "heir", "stand-in"}},
		{noon.Add(time.Hour), []string{"lead", "aa", "bb", "heir", "stand-in"}},
	} {
		if diff := cmp.Diff(c.want, sn.OnCall("t1", c.at)); diff != "" {
			t.Errorf("%v: %s", c.at, diff)
		}
	}
	if got := sn.OnCall("nowhere", noon); got != nil {
		t.Errorf("unknown team: %v", got)
	}
	if diff := cmp.Diff([]string{"lead"}, sn.Leads("t1")); diff != "" {
		t.Error(diff)
	}
}

func TestFindService(t *testing.T) {
	t.Parallel()
	sn := *emptySnapshot()
	sn.ITServices["portal"] = ITService{ID: "portal", Name: "Customer portal", Aliases: []string{"web-1"}}
	sn.ITServices["old"] = ITService{ID: "old", Name: "Old", Retired: true}
	for word, want := range map[string]string{"portal": "portal", "PORTAL": "portal", "customer Portal": "portal", " Web-1 ": "portal", "old": "", "": "", "x": ""} {
		if got, ok := sn.FindService(word); got.ID != want || ok != (want != "") {
			t.Errorf("%q gives %q", word, got.ID)
		}
	}
}

func fields(err error) []string {
	var out []string
	for _, f := range fault.FieldsOf(err) {
		out = append(out, f.Field)
	}
	return out
}

func checked[T any, P item[T]](v T) []string {
	P(&v).normal()
	var ps problems
	P(&v).check(&ps)
	P(&v).refs(emptySnapshot(), &ps)
	return fields(fault.Invalids(ps...))
}

func TestCheckNamesFields(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ got, want []string }{
		"team": {
			checked(Team{ID: "T", Kind: "x", Members: []Member{{Person: "a"}, {Person: "a"}}, OnCall: []Shift{{Person: "b", From: noon, Until: noon}}}),
			[]string{"id", "name", "kind", "members[1].person", "on_call[0].until", "members[0].person", "members[1].person", "on_call[0].person"},
		},
		"entity": {
			checked(Entity{ID: "e1", Name: "E", Country: "de", Processings: []Processing{{Name: "p", Role: "x"}}, Authority: "dpa"}),
			[]string{"country", "processings[0].role", "authority"},
		},
		"service": {
			checked(ITService{ID: "s1", Name: "S", Customers: []string{"c1", "c1"}, Processing: "p"}),
			[]string{"team", "customers[1]", "entity", "customers[0]", "customers[1]"},
		},
		"party": {
			checked(Party{ID: "p1", Name: "P", Kind: PartyCustomer, Country: "DE", Contract: &Contract{Start: "x", Unit: "days"}, Contacts: []Contact{{Email: "a b@example.com", Phone: "none"}, {}}}),
			[]string{"contract.hours", "contract.unit", "contract.start", "contacts[0].email", "contacts[0].phone", "contacts[1].email"},
		},
		"good": {checked(Party{ID: "p1", Name: "P", Kind: PartyInsurer, Contract: &Contract{Hours: 12}}), nil},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestContractDefaults(t *testing.T) {
	t.Parallel()
	p := Party{Contract: &Contract{Hours: 12}}
	p.normal()
	if diff := cmp.Diff(&Contract{Hours: 12, Unit: UnitHours, Start: FromDiscovered, Condition: WhenAny}, p.Contract); diff != "" {
		t.Error(diff)
	}
}

func gap(list []Gap, function, about string) Problem {
	for _, g := range list {
		if g.Function == function && g.About == about {
			return g.Problem
		}
	}
	return ""
}

func TestGapsOfNothing(t *testing.T) {
	t.Parallel()
	list := gaps(*emptySnapshot(), plan.Default(), noon)
	for _, f := range plan.Default().Functions {
		if got := gap(list, f.Key, ""); got != Nobody {
			t.Errorf("%s: %q", f.Key, got)
		}
	}
	for function, want := range map[string]Problem{"product_team": Nobody, "default_team": NotSet, "plan_review": Overdue, "plan_test": Overdue} {
		if got := gap(list, function, ""); got != want {
			t.Errorf("%s: %q", function, got)
		}
	}
	for _, g := range list {
		if g.Source.Sentence == "" || g.Remedy == "" || g.Title == "" {
			t.Errorf("%+v", g)
		}
	}
}

func TestGapsOfDeputies(t *testing.T) {
	t.Parallel()
	sn := *emptySnapshot()
	sn.People = people(
		who.Person{ID: "m1", Name: "M", Function: "Incident-Response Manager"},
		who.Person{ID: "r1", Department: "Risk Management & Quality", Deputy: "m1"},
		who.Person{ID: "x1", Roles: []who.Role{who.Executive}, Deputy: "x2"}, who.Person{ID: "x2", Function: "gone"},
	)
	sn.Teams["t1"] = Team{ID: "t1", Name: "T", Kind: TeamProduct, Members: []Member{{Person: "m1"}}}
	sn.ITServices["s1"] = ITService{ID: "s1", Name: "S", Team: "t1", Architect: "x2"}
	sn.Parties["c1"] = Party{ID: "c1", Name: "C", Kind: PartyCustomer, KeyAccount: true, Contacts: []Contact{{Phone: "+49 89 1"}}}
	sn.Parties["a1"] = Party{ID: "a1", Kind: PartyAuthority}
	sn.Entities["e1"] = Entity{ID: "e1", Processings: []Processing{{Name: "p", Role: RoleController}}}
	p := plan.Default()
	p.DefaultTeam, p.ReviewedAt, p.TestedAt, p.ProductTeamMinutes = "t9", noon.Add(-time.Hour), noon.AddDate(-1, 0, 0), 30
	list := gaps(sn, p, noon)
	for _, c := range []struct {
		function, about string
		want            Problem
	}{
		{"incident_response_manager", "", NoDeputy},
		{"risk_and_quality", "", ""},
		{"executive", "", NoDeputy},
		{"on_call", "t1", NoOnCall},
		{"architect", "s1", Nobody},
		{"service_owner", "s1", ""},
		{"customer_contact", "c1", NoContact},
		{"key_account", "c1", Nobody},
		{"authority", "a1", NoContact},
		{"supervisory_authority", "e1", NotSet},
		{"default_team", "t9", Nobody},
		{"plan_review", "", ""},
		{"plan_test", "", Overdue},
		{"plan_value", "", Looser},
	} {
		if got := gap(list, c.function, c.about); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.function, c.about, got, c.want)
		}
	}
}
