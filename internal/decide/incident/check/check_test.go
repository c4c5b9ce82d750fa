package check_test

import (
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/rule/grading"
)

func TestTexts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text   string
		needed bool
		says   string
	}{
		{"fine", true, ""},
		{"", false, ""},
		{" ", true, "is needed"},
		{strings.Repeat("a", 301), false, "longer than 300"},
		{"a\x00", false, "NUL"},
		{"\xff", false, "UTF-8"},
	} {
		got := ""
		if f := check.Text(nil, "title", c.text, check.Line, c.needed); len(f) > 0 {
			got = f[0].Message
		}
		if !strings.Contains(got, c.says) || (got == "") != (c.says == "") {
			t.Errorf("%q: %q, want %q", c.text, got, c.says)
		}
	}
	for text, ok := range map[string]bool{"acme-gmbh": true, "authority_gdpr:x@y": true, "": true, "a b": false, "ä": false, "a\n": false} {
		if (len(check.Word(nil, "id", text)) == 0) != ok {
			t.Errorf("id %q: want ok %v", text, ok)
		}
	}
}

func TestScope(t *testing.T) {
	t.Parallel()
	dir := directory.Snapshot{
		Entities:   map[string]directory.Entity{"acme": {Processings: []directory.Processing{{Name: "orders", Role: directory.RoleController}}}},
		ITServices: map[string]directory.ITService{"shop": {}},
		Parties:    map[string]directory.Party{"north": {Kind: directory.PartyCustomer, Retired: true}, "west": {Kind: directory.PartyPartner}},
	}
	ok := fact.Scope{Services: []string{"shop"}, Customers: []string{"north"}, Partners: []string{"west"}, Entities: []string{"acme"}, Processings: []string{"orders"}, DataKinds: []string{"anything"}}
	if f := check.Scope(dir, ok); len(f) > 0 {
		t.Errorf("all is known: %v", f)
	}
	f := check.Scope(dir, fact.Scope{Customers: []string{"north", "west"}, Processings: []string{"pay"}, Services: []string{"acme"}})
	if len(f) != 3 || f[0].Field != "value.customers[1]" || f[1].Field != "value.processings[0]" || f[2].Field != "value.services[0]" {
		t.Errorf("unknown ids: %v", f)
	}
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	p := plan.Default()
	mild := grading.Minor
	yes := grading.Yes
	for name, c := range map[string]struct {
		own           *grading.Override
		in            check.Recorded
		severity, bil int
	}{
		"nothing known":   {nil, check.Recorded{PersonalData: fact.No}, 3, 3},
		"outage":          {nil, check.Recorded{Indicators: grading.Indicators{TotalOutage: yes}, PersonalData: fact.No}, 1, 2},
		"outage of a toy": {&grading.Override{TotalOutage: &mild}, check.Recorded{Indicators: grading.Indicators{TotalOutage: yes}, PersonalData: fact.No}, 3, 3},
		"outage of many":  {nil, check.Recorded{Indicators: grading.Indicators{TotalOutage: yes}, Customers: 500, PersonalData: fact.No}, 0, 1},
		"personal data":   {nil, check.Recorded{PersonalData: fact.Yes, Security: true}, 3, 2},
	} {
		severity, bil, why := check.Suggest(p, c.own, c.in)
		if severity != c.severity || bil != c.bil || !strings.Contains(why, "BIL") {
			t.Errorf("%s: severity %d, BIL %d (%s), want %d, %d", name, severity, bil, why, c.severity, c.bil)
		}
	}
}
