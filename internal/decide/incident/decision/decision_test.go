package decision_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/wakebell/wakebell/internal/decide/incident/decision"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
)

// What counsel owes follows from the kinds of data, and a kind that comes later asks anew.
func TestDue(t *testing.T) {
	t.Parallel()
	facts := map[string]fact.Fact{
		"law.data_categories@acme": {Name: "law.data_categories", Entity: "acme", Value: fact.Value{Law: json.RawMessage(`["contact","payment_card"]`)}},
	}
	var made []decision.Decision
	for _, step := range []struct {
		do   func()
		want string
	}{
		{func() {}, "[payment_card] [payment_card]"},
		{func() {
			made = append(made, decision.Decision{Kind: decision.Retention, Covers: []string{"payment_card"}})
		}, "[payment_card] []"},
		{func() {
			facts["protected"] = fact.Fact{Name: fact.OfProtected, Value: fact.Value{Kinds: []string{"company_information", "trade_secret"}}}
		}, "[payment_card trade_secret company_information] [trade_secret company_information]"},
		{func() {
			for _, k := range decision.ByCounsel {
				made = append(made, decision.Decision{Kind: k, Covers: []string{"payment_card", "trade_secret", "company_information"}})
			}
		}, "[] []"},
		{func() {
			facts["law.data_categories"] = fact.Fact{Name: "law.data_categories", Value: fact.Value{Law: json.RawMessage(`["health"]`)}}
		}, "[health] [health]"},
		{func() { facts["law.data_categories"] = fact.Fact{Name: "law.data_categories"} }, "[] []"},
	} {
		step.do()
		due := decision.Due(facts, made)
		if got := fmt.Sprintf("%v %v", due[decision.Disclosure], due[decision.Retention]); got != step.want {
			t.Errorf("due %s, want %s", got, step.want)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for field, d := range map[string]decision.Decision{
		"":         {Kind: decision.Retention, Text: "seven years", Reason: "tax law", Counsel: "Dr. Ada Berg, Berg & Partner"},
		"text":     {Kind: decision.Retention, Reason: "x"},
		"answer":   {Kind: decision.Disclosure, Reason: "x"},
		"about":    {Kind: decision.RiskVerdict, Answer: fact.Yes, Reason: "x"},
		"reason":   {Kind: decision.RiskVerdict, Answer: fact.Yes, About: "1"},
		"counsel":  {Kind: decision.PressTeam, Answer: fact.Yes, Reason: "x", Counsel: "Ada"},
		"decision": {Kind: "odd", Reason: "x"},
	} {
		f := d.Check()
		if field == "" && len(f) > 0 || field != "" && (len(f) != 1 || f[0].Field != field) {
			t.Errorf("%q: %v", field, f)
		}
	}
	for _, s := range fact.AllSensitive() {
		if s.Words() == "" {
			t.Errorf("%s has no words", s)
		}
	}
}
