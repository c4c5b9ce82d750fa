package value_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
	"github.com/wakebell/wakebell/internal/notify/notice/value"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

var at = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func company() directory.Snapshot {
	return directory.Snapshot{
		Entities: map[string]directory.Entity{
			"acme-de": {ID: "acme-de", Name: "Acme GmbH", Country: "DE", PrivacyOfficer: "dora", Authority: "bfdi"},
			"acme-us": {ID: "acme-us", Name: "Acme Inc.", Country: "US"},
		},
		ITServices: map[string]directory.ITService{
			"pay":  {ID: "pay", Name: "Payments", Entity: "acme-de", Customers: []string{"c1", "c2"}},
			"mail": {ID: "mail", Name: "Mail", Customers: []string{"c2", "c3"}},
		},
		Parties: map[string]directory.Party{"bfdi": {ID: "bfdi", Name: "The Federal Commissioner"}},
		People: map[string]who.Person{
			"dora": {ID: "dora", Name: "Dora Weiss", Email: "dpo@acme.example"},
			"carl": {ID: "carl", Name: "Carl Blue", Email: "carl@acme.example", Phone: "+49 30 1"},
		},
	}
}

func state(facts ...incident.Fact) incident.State {
	st := incident.State{
		Ref: "INC-2026-0142", Title: "Open server", Status: incident.Confirmed, Service: "pay", DiscoveredAt: at,
		Facts: map[string]incident.Fact{}, Assignments: map[incident.Function][]string{"communications": {"carl"}},
	}
	for _, f := range facts {
		st.Facts[f.Key()] = f
	}
	return st
}

// TestLittleIsKnown: right after the declaration nothing is made up.
func TestLittleIsKnown(t *testing.T) {
	t.Parallel()
	got := value.OfIncident(state(), company(), value.About{})
	want := text.Values{
		"incident.reference":  {Known: true, Text: "INC-2026-0142", Source: "incident"},
		"incident.title":      {Known: true, Text: "Open server", Source: "incident"},
		"incident.status":     {Known: true, Text: "confirmed", In: map[string]string{"de": "bestätigt"}, Source: "incident"},
		"incident.discovered": {Known: true, At: at, Source: "incident"},
		"incident.services":   {Known: true, List: []string{"Payments"}, Source: "incident"},
		"our.entity":          {Known: true, Text: "Acme GmbH", Source: "directory"},
		"our.country":         {Known: true, Text: "Germany", In: map[string]string{"de": "Deutschland"}, Source: "directory"},
		"privacy.name":        {Known: true, Text: "Dora Weiss", Source: "directory"},
		"privacy.mail":        {Known: true, Text: "dpo@acme.example", Source: "directory"},
		"authority.name":      {Known: true, Text: "The Federal Commissioner", Source: "directory"},
		"contact.name":        {Known: true, Text: "Carl Blue", Source: "assignments"},
		"contact.mail":        {Known: true, Text: "carl@acme.example", Source: "assignments"},
		"contact.phone":       {Known: true, Text: "+49 30 1", Source: "assignments"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

func TestMuchIsKnown(t *testing.T) {
	t.Parallel()
	st := state(
		incident.Fact{Name: incident.Discovered, Value: incident.Value{At: at.Add(-time.Hour)}},
		incident.Fact{Name: incident.Aware, Entity: "acme-us", Value: incident.Value{At: at.Add(time.Hour)}},
		incident.Fact{Name: incident.Aware, Value: incident.Value{At: at.Add(2 * time.Hour)}},
		incident.Fact{Name: fact.OfAccount, Text: "A server stood open."},
		incident.Fact{Name: fact.OfPersonKinds, Text: "Customers\n night porters \n"},
		incident.Fact{Name: fact.OfRecords, Text: "12000"},
		incident.Fact{Name: incident.FactScope, Value: incident.Value{Scope: &incident.Scope{
			Services: []string{"pay", "mail", "gone"}, Entities: []string{"acme-us"}, DataKinds: []string{"Health data", "shoe sizes"},
			Persons: []incident.Persons{{Country: "DE", Min: 10, Estimate: 100, Max: 1000}, {Country: "US-CA", Min: 1, Estimate: 2, Max: 3}, {Estimate: 5}},
		}}},
	)
	got := value.OfIncident(st, company(), value.About{Contact: value.Contact{Mail: "desk@acme.example"}})
	for name, want := range map[string]text.Value{
		"incident.discovered":    {Known: true, At: at.Add(-time.Hour), Source: "discovered"},
		"incident.aware":         {Known: true, At: at.Add(time.Hour), Source: "aware@acme-us"},
		"incident.what_happened": {Known: true, Text: "A server stood open.", Source: "what_happened"},
		"incident.person_kinds":  {Known: true, List: []string{"customers", "night porters"}, ListIn: map[string][]string{"de": {"Kundinnen und Kunden", "night porters"}}, Source: "person_kinds"},
		"incident.records":       {Known: true, Number: 12000, Source: "records"},
		"incident.services":      {Known: true, List: []string{"Payments", "Mail", "gone"}, Source: "scope"},
		"incident.data_kinds":    {Known: true, List: []string{"health data", "shoe sizes"}, ListIn: map[string][]string{"de": {"Gesundheitsdaten", "shoe sizes"}}, Source: "scope"},
		"incident.customers":     {Known: true, Number: 3, Source: "scope"},
		"incident.persons":       {Known: true, Number: 107, Source: "scope"},
		"incident.persons_min":   {Known: true, Number: 11, Source: "scope"},
		"incident.persons_max":   {Known: true, Number: 1003, Source: "scope"},
		"incident.countries":     {Known: true, List: []string{"Germany", "US-CA"}, ListIn: map[string][]string{"de": {"Deutschland", "US-CA"}}, Source: "scope"},
		"our.entity":             {Known: true, Text: "Acme Inc.", Source: "directory"},
		"contact.mail":           {Known: true, Text: "desk@acme.example", Source: "notice"},
		"contact.name":           {Known: true, Text: "Carl Blue", Source: "notice"},
		"privacy.name":           {},
		"incident.advice":        {},
		"incident.contained":     {},
	} {
		if diff := cmp.Diff(want, got[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := value.OfIncident(st, company(), value.About{Entity: "acme-de"}); got["incident.aware"].Source != "aware" || got["our.entity"].Text != "Acme GmbH" {
		t.Errorf("the entity asked for: %+v, %+v", got["incident.aware"], got["our.entity"])
	}
}

func TestOfNotice(t *testing.T) {
	t.Parallel()
	got := value.Both(value.OfIncident(state(), company(), value.About{}), value.OfNotice(value.Telling{Reference: "INC-2026-0142/2", Date: at, Earlier: at}))
	if !got["notice.reference"].Known || !got["notice.earlier"].Known || got["notice.next"].Known || !got["incident.reference"].Known {
		t.Errorf("values %+v", got)
	}
}

// TestProperty: whatever is recorded, each value belongs to a field there is, has a source,
// and is known only with something to say.
func TestProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		word := rapid.SampledFrom([]string{"", " ", "a", "\n;\n", "DE", "health data"})
		var persons []incident.Persons
		for range rapid.IntRange(0, 3).Draw(rt, "rows") {
			persons = append(persons, incident.Persons{Country: word.Draw(rt, "country"), Estimate: rapid.IntRange(0, 1<<40).Draw(rt, "n")})
		}
		st := state(
			incident.Fact{Name: fact.OfPersonKinds, Text: word.Draw(rt, "kinds")},
			incident.Fact{Name: fact.OfRecords, Text: word.Draw(rt, "records")},
			incident.Fact{Name: fact.OfAdvice, Text: word.Draw(rt, "advice")},
			incident.Fact{Name: incident.FactScope, Value: incident.Value{Scope: &incident.Scope{
				Services: []string{word.Draw(rt, "service")}, DataKinds: []string{word.Draw(rt, "data")}, Persons: persons,
			}}},
		)
		for name, v := range value.OfIncident(st, company(), value.About{Entity: word.Draw(rt, "entity")}) {
			if _, ok := text.FieldOf(name); !ok || !v.Known || v.Source == "" {
				rt.Fatalf("%s: %+v", name, v)
			}
			x, err := text.Parse(text.Source{Lang: "de", Subject: "s", Body: "{{" + name + "}}"})
			if err != nil {
				rt.Fatal(err)
			}
			if r, missing := x.Render("", nil, text.Values{name: v}, nil); len(missing) > 0 || strings.TrimSpace(r.Text) == "" {
				rt.Fatalf("%s says nothing: %+v", name, v)
			}
		}
	})
}
