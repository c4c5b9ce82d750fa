package grading_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/rule/grading"
)

func TestSuggestRisk(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	whole := grading.Breach{Confidentiality: "intact", Integrity: "intact", Availability: "intact", Persons: -1}
	mail := grading.Breach{
		Confidentiality: "lost", Integrity: "intact", Availability: "intact", Encryption: "none", Categories: []string{"contact"}, Persons: 15, Malicious: &no,
		Consequences: grading.Consequences{Recipient: "known", Likelihood: "unlikely"},
	}
	with := func(b grading.Breach, change func(*grading.Breach)) grading.Breach {
		change(&b)
		return b
	}
	for name, c := range map[string]struct {
		in    grading.Breach
		least grading.RiskLevel
		ask   string // "" = settled
	}{
		"nothing known":              {grading.Breach{Persons: -1}, grading.RiskUnlikely, "anybody saw"},
		"nothing happened":           {whole, grading.RiskUnlikely, ""},
		"encrypted, key safe":        {with(mail, func(b *grading.Breach) { b.Encryption, b.Key, b.Recipient = "all", "safe", "unknown" }), grading.RiskUnlikely, ""},
		"encrypted, key not known":   {with(mail, func(b *grading.Breach) { b.Encryption = "all" }), grading.RiskUnlikely, "key"},
		"few, plain, known":          {mail, grading.RiskUnlikely, ""},
		"few, plain, nothing said":   {with(mail, func(b *grading.Breach) { b.Likelihood = "" }), grading.RiskUnlikely, "likely to happen"},
		"few, plain, possible":       {with(mail, func(b *grading.Breach) { b.Likelihood = "possible" }), grading.RiskUnlikely, "likely to happen"},
		"a hundred and one":          {with(mail, func(b *grading.Breach) { b.Persons = 101 }), grading.RiskGiven, "number"},
		"health to known recipients": {with(mail, func(b *grading.Breach) { b.Categories = []string{"contact", "health"} }), grading.RiskUnlikely, "health"},
		"who has it is not known":    {with(mail, func(b *grading.Breach) { b.Recipient = "" }), grading.RiskUnlikely, "who has"},
		"stolen cards": {with(mail, func(b *grading.Breach) {
			b.Recipient, b.Categories, b.Malicious = "unknown", []string{"payment_card"}, &yes
		}), grading.RiskHigh, ""},
		"plain data with a thief":       {with(mail, func(b *grading.Breach) { b.Recipient, b.Malicious = "unknown", &yes }), grading.RiskGiven, "deceived"},
		"an attack by somebody we know": {with(mail, func(b *grading.Breach) { b.Malicious = &yes }), grading.RiskGiven, "that person"},
		"outage that hurts":             {with(whole, func(b *grading.Breach) { b.Availability, b.Effect = "lost_for_a_time", "serious" }), grading.RiskHigh, ""},
		"outage nobody asked about":     {with(whole, func(b *grading.Breach) { b.Availability = "lost_for_a_time" }), grading.RiskUnlikely, "did to the persons"},
		"outage without effect":         {with(whole, func(b *grading.Breach) { b.Availability, b.Effect = "lost_for_a_time", "none" }), grading.RiskUnlikely, ""},
		"changed data with effects":     {with(whole, func(b *grading.Breach) { b.Integrity, b.Effect = "suspected", "some" }), grading.RiskGiven, "effects"},
		"the assessor says severe":      {with(mail, func(b *grading.Breach) { b.Severity, b.Likelihood = "severe", "possible" }), grading.RiskHigh, ""},
		"the assessor says likely":      {with(mail, func(b *grading.Breach) { b.Severity, b.Likelihood = "limited", "likely" }), grading.RiskGiven, "make the risk high"},
	} {
		got := grading.SuggestRisk(c.in)
		if got.Least != c.least || got.Settled() != (c.ask == "") || c.ask != "" && !strings.Contains(strings.Join(got.Judgements, "\n"), c.ask) {
			t.Errorf("%s: %v, judgements %q, reasons %q; want %v and %q", name, got.Least, got.Judgements, got.Reasons, c.least, c.ask)
		}
	}
}

// More exposure, worse consequences and a word that is taken back never make the
// suggestion milder with confidence.
func TestSuggestRiskIsMonotone(t *testing.T) {
	t.Parallel()
	no, yes := false, true
	for _, conf := range []string{"", "intact", "suspected", "lost"} {
		for _, rec := range []string{"", "trusted", "known", "unknown", "public"} {
			for _, kinds := range [][]string{nil, {"contact"}, {"health"}, {"credentials", "contact"}} {
				for _, bad := range []*bool{nil, &no, &yes} {
					for _, sev := range []string{"", "limited", "significant"} {
						b := grading.Breach{
							Confidentiality: conf, Integrity: "intact", Availability: "intact", Encryption: "none", Categories: kinds, Persons: 5, Malicious: bad,
							Consequences: grading.Consequences{Recipient: rec, Severity: sev, Likelihood: "possible"},
						}
						got := grading.SuggestRisk(b)
						worse := b
						worse.Severity = "severe"
						if s := grading.SuggestRisk(worse); s.Least < got.Least || s.Least != grading.RiskHigh {
							t.Fatalf("%+v: worse consequences give %v after %v", b, s.Least, got.Least)
						}
						open := b
						open.Availability = ""
						if s := grading.SuggestRisk(open); s.Settled() && s.Least == grading.RiskUnlikely {
							t.Fatalf("%+v: settled as unlikely though it is not known whether data were lost", open)
						}
						if conf == "intact" && slices.Contains([]string{"", "limited"}, sev) && (!got.Settled() || got.Least != grading.RiskUnlikely) {
							t.Fatalf("%+v: nothing was exposed, yet %v %q", b, got.Least, got.Judgements)
						}
					}
				}
			}
		}
	}
}

func TestConsequences(t *testing.T) {
	t.Parallel()
	if err := (grading.Consequences{Recipient: "known", Effect: "none", Likelihood: "likely", Severity: "severe"}).Validate(); err != nil {
		t.Error(err)
	}
	for _, c := range []grading.Consequences{{Recipient: "x"}, {Effect: "x"}, {Likelihood: "x"}, {Severity: "x"}} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), ": one of ") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
