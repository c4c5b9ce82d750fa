package assessment_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/rule/grading"
)

// entered is what a careful assessor enters into the wizard: facts by name in their
// wire form.
type entered map[fact.Name]string

// cases are the cases of EDPB Guidelines 01/2021 as a careful assessor would enter
// them. Only what the guidelines tell is entered; nothing is left for the outcome.
var cases = map[string]entered{
	"01": { // ransomware, encrypted at rest, key safe, restored in hours
		assessment.Confidentiality: `"intact"`, assessment.Integrity: `"lost"`, assessment.Availability: `"lost_for_a_time"`, assessment.Encryption: `"all"`, assessment.Key: `"safe"`,
		assessment.Malicious: `true`, assessment.DataCategories: `["contact","employment","identity"]`, fact.OfScope: persons(20, 36, 60),
		fact.OfConsequences: `{"effect":"none","likelihood":"unlikely","severity":"limited"}`,
	},
	"03": { // hospital, restored in two days, surgeries postponed
		assessment.Confidentiality: `"intact"`, assessment.Integrity: `"lost"`, assessment.Availability: `"lost_for_a_time"`, assessment.Encryption: `"none"`,
		assessment.Malicious: `true`, assessment.DataCategories: `["health","identity"]`, fact.OfScope: persons(2000, 5000, 9000),
		fact.OfConsequences: `{"effect":"serious","likelihood":"likely","severity":"significant"}`,
	},
	"05": { // job applications taken by malicious code for a month
		assessment.Confidentiality: `"lost"`, assessment.Integrity: `"intact"`, assessment.Availability: `"intact"`, assessment.Encryption: `"none"`,
		assessment.Malicious: `true`, assessment.DataCategories: `["contact","employment","identity"]`, fact.OfScope: persons(0, 213, 213),
		fact.OfConsequences: `{"recipient":"unknown","likelihood":"likely","severity":"significant"}`,
	},
	"07": { // credential stuffing at a bank
		assessment.Confidentiality: `"lost"`, assessment.Integrity: `"intact"`, assessment.Availability: `"intact"`, assessment.Encryption: `"none"`,
		assessment.Malicious: `true`, assessment.DataCategories: `["credentials","financial","government_id","identity"]`, fact.OfScope: persons(2000, 100000, 100000),
		fact.OfConsequences: `{"recipient":"unknown","likelihood":"likely","severity":"significant"}`,
	},
	"09": { // two dozen customers shown to an insurance agent, who deleted them
		assessment.Confidentiality: `"lost"`, assessment.Integrity: `"intact"`, assessment.Availability: `"intact"`, assessment.Encryption: `"none"`,
		assessment.Malicious: `false`, assessment.DataCategories: `["contact","financial","identity"]`, fact.OfScope: persons(24, 24, 24),
		fact.OfConsequences: `{"recipient":"trusted","likelihood":"unlikely","severity":"limited"}`,
	},
	"11": { // a stolen notebook, readable
		assessment.Confidentiality: `"lost"`, assessment.Integrity: `"intact"`, assessment.Availability: `"intact"`, assessment.Encryption: `"none"`,
		assessment.Malicious: `true`, assessment.DataCategories: `["contact","identity"]`, fact.OfScope: persons(100000, 100000, 120000),
		fact.OfConsequences: `{"recipient":"unknown","likelihood":"possible","severity":"significant"}`,
	},
	"13": { // two parcels swapped
		assessment.Confidentiality: `"lost"`, assessment.Integrity: `"intact"`, assessment.Availability: `"intact"`, assessment.Encryption: `"none"`,
		assessment.Malicious: `false`, assessment.DataCategories: `["contact","identity","other"]`, fact.OfScope: persons(2, 2, 2),
		fact.OfConsequences: `{"recipient":"known","likelihood":"unlikely","severity":"limited"}`,
	},
	"15": { // a list of participants, two with an intolerance, to 15 former participants
		assessment.Confidentiality: `"lost"`, assessment.Integrity: `"intact"`, assessment.Availability: `"intact"`, assessment.Encryption: `"none"`,
		assessment.Malicious: `false`, assessment.DataCategories: `["contact","health","identity"]`, fact.OfScope: persons(15, 15, 15),
		fact.OfConsequences: `{"recipient":"known","likelihood":"unlikely","severity":"limited"}`,
	},
	"17": { // a caller has the bills of one customer sent to himself
		assessment.Confidentiality: `"lost"`, assessment.Integrity: `"lost"`, assessment.Availability: `"intact"`, assessment.Encryption: `"none"`,
		assessment.Malicious: `true`, assessment.DataCategories: `["communications","contact","financial"]`, fact.OfScope: persons(1, 1, 1),
		fact.OfConsequences: `{"recipient":"unknown","effect":"some","likelihood":"likely","severity":"significant"}`,
	},
}

func persons(least, estimate, most int) string {
	raw, _ := json.Marshal(fact.Scope{Persons: []fact.Persons{{Country: "DE", Min: least, Estimate: estimate, Max: most}}})
	return string(raw)
}

// state is an incident with these facts, each through the door every fact comes by.
func state(t *testing.T, in entered) incident.State {
	t.Helper()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	st := incident.State{Facts: map[string]incident.Fact{}}
	for name, raw := range in {
		v, _, err := fact.ParseValue(name, json.RawMessage(raw))
		if err != nil {
			t.Fatal(name, err)
		}
		if wrong := v.Check(name, now); len(wrong) > 0 {
			t.Fatal(name, wrong)
		}
		st.Facts[string(name)] = fact.Fact{Name: name, Value: v}
	}
	return st
}

// TestPublishedCases holds the suggestion against the outcomes the EDPB published:
// it agrees, or it says which judgement is needed; it never says the opposite with
// confidence. The outcomes are read from the shared data where they are there.
func TestPublishedCases(t *testing.T) {
	t.Parallel()
	var data struct {
		Cases []struct {
			Case     string
			Title    string
			Expected struct {
				NotifySA       bool `yaml:"notify_sa"`
				NotifySubjects bool `yaml:"notify_data_subjects"`
			}
		}
	}
	dir := os.Getenv("WAKEBELL_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared")
	}
	text, err := os.ReadFile(filepath.Join(dir, "data", "law", "edpb_cases.yaml"))
	if err != nil {
		t.Skipf("set WAKEBELL_SHARED to the folder of the shared data set to run this: %v", err)
	}
	if err := yaml.Unmarshal(text, &data); err != nil {
		t.Fatal(err)
	}
	if len(data.Cases) != len(cases) {
		t.Errorf("%d published cases, %d are entered here", len(data.Cases), len(cases))
	}
	settled := 0
	for _, c := range data.Cases {
		in, ok := cases[c.Case]
		if !ok {
			t.Errorf("case %s is not entered", c.Case)
			continue
		}
		want := grading.RiskUnlikely
		switch {
		case c.Expected.NotifySubjects:
			want = grading.RiskHigh
		case c.Expected.NotifySA:
			want = grading.RiskGiven
		}
		got := grading.SuggestRisk(assessment.Breach(state(t, in)))
		t.Logf("case %s, %s: published %v; %s %s", c.Case, c.Title, want, got.Words(), strings.Join(got.Judgements, "; "))
		switch {
		case got.Least > want:
			t.Errorf("case %s: the suggestion is higher (%v, %q) than the outcome (%v)", c.Case, got.Least, got.Reasons, want)
		case got.Settled() && got.Least != want:
			t.Errorf("case %s: the suggestion is confident of %v, the outcome is %v", c.Case, got.Least, want)
		case got.Settled():
			settled++
		}
		hesitant(t, c.Case, in, want)
	}
	if settled < len(cases)/2 {
		t.Errorf("only %d of %d cases are settled: the suggestion helps nobody", settled, len(cases))
	}
}

// hesitant takes back one fact after the other, and what the assessor thinks of the
// consequences: what is not known never makes the suggestion sure of less.
func hesitant(t *testing.T, name string, in entered, want grading.RiskLevel) {
	t.Helper()
	for gone := range in {
		less := entered{}
		for n, v := range in {
			if n != gone {
				less[n] = v
			}
		}
		if got := grading.SuggestRisk(assessment.Breach(state(t, less))); got.Settled() && got.Least < want {
			t.Errorf("case %s without %s: the suggestion is confident of %v, the outcome is %v", name, gone, got.Least, want)
		}
	}
	mild := state(t, in)
	c := *mild.Facts[string(fact.OfConsequences)].Value.Outlook
	c.Likelihood, c.Severity = "unlikely", "limited"
	mild.Facts[string(fact.OfConsequences)] = fact.Fact{Name: fact.OfConsequences, Value: fact.Value{Outlook: &c}}
	if got := grading.SuggestRisk(assessment.Breach(mild)); got.Settled() && got.Least < want {
		t.Errorf("case %s, played down: the suggestion is confident of %v, the outcome is %v", name, got.Least, want)
	}
}

// others are cases of the same guidelines, and of Annex B of Guidelines 9/2022, as they
// are remembered: neighbours of the published ones that end differently.
var others = map[string]struct {
	want grading.RiskLevel
	in   entered
}{
	"02: ransomware without a backup, nothing taken": {grading.RiskGiven, entered{
		assessment.Confidentiality: `"intact"`, assessment.Integrity: `"lost"`, assessment.Availability: `"lost_for_a_time"`, assessment.Encryption: `"none"`,
		assessment.Malicious: `true`, assessment.DataCategories: `["contact","employment","identity"]`, fact.OfScope: persons(20, 36, 60),
		fact.OfConsequences: `{"effect":"some","likelihood":"possible","severity":"limited"}`,
	}},
	"04: ransomware without a backup, data of a transport company taken": {grading.RiskHigh, entered{
		assessment.Confidentiality: `"lost"`, assessment.Integrity: `"lost"`, assessment.Availability: `"lost"`, assessment.Encryption: `"none"`,
		assessment.Malicious: `true`, assessment.DataCategories: `["financial","government_id","identity"]`, fact.OfScope: persons(2000, 5000, 9000),
		fact.OfConsequences: `{"recipient":"unknown","effect":"some","likelihood":"likely","severity":"significant"}`,
	}},
	"06: salted hashes of passwords taken": {grading.RiskUnlikely, entered{
		assessment.Confidentiality: `"lost"`, assessment.Integrity: `"intact"`, assessment.Availability: `"intact"`, assessment.Encryption: `"all"`, assessment.Key: `"safe"`,
		assessment.Malicious: `true`, assessment.DataCategories: `["credentials"]`, fact.OfScope: persons(1200, 1200, 1200),
		fact.OfConsequences: `{"recipient":"unknown","likelihood":"unlikely","severity":"limited"}`,
	}},
	"08: a former employee takes contacts of customers": {grading.RiskGiven, entered{
		assessment.Confidentiality: `"lost"`, assessment.Integrity: `"intact"`, assessment.Availability: `"intact"`, assessment.Encryption: `"none"`,
		assessment.Malicious: `true`, assessment.DataCategories: `["contact","identity"]`, fact.OfScope: persons(100, 500, 900),
		fact.OfConsequences: `{"recipient":"known","likelihood":"possible","severity":"limited"}`,
	}},
	"10: encrypted tablets stolen, a backup exists": {grading.RiskUnlikely, entered{
		assessment.Confidentiality: `"lost"`, assessment.Integrity: `"intact"`, assessment.Availability: `"intact"`, assessment.Encryption: `"all"`, assessment.Key: `"safe"`,
		assessment.Malicious: `true`, assessment.DataCategories: `["children","identity"]`, fact.OfScope: persons(20, 30, 40),
		fact.OfConsequences: `{"recipient":"unknown","likelihood":"unlikely","severity":"limited"}`,
	}},
	"12: a paper book of an addiction clinic stolen": {grading.RiskHigh, entered{
		assessment.Confidentiality: `"lost"`, assessment.Integrity: `"intact"`, assessment.Availability: `"lost"`, assessment.Encryption: `"none"`,
		assessment.Malicious: `true`, assessment.DataCategories: `["health","identity"]`, fact.OfScope: persons(10, 100, 300),
		fact.OfConsequences: `{"recipient":"unknown","effect":"some","likelihood":"likely","severity":"significant"}`,
	}},
	"14: social security numbers of job seekers mailed by mistake": {grading.RiskHigh, entered{
		assessment.Confidentiality: `"lost"`, assessment.Integrity: `"intact"`, assessment.Availability: `"intact"`, assessment.Encryption: `"none"`,
		assessment.Malicious: `false`, assessment.DataCategories: `["contact","identity","social_security"]`, fact.OfScope: persons(60000, 60000, 60000),
		fact.OfConsequences: `{"recipient":"unknown","likelihood":"likely","severity":"significant"}`,
	}},
	"16: an insurance letter with another's data": {grading.RiskGiven, entered{
		assessment.Confidentiality: `"lost"`, assessment.Integrity: `"intact"`, assessment.Availability: `"intact"`, assessment.Encryption: `"none"`,
		assessment.Malicious: `false`, assessment.DataCategories: `["contact","financial","identity"]`, fact.OfScope: persons(2, 2, 2),
		fact.OfConsequences: `{"recipient":"known","likelihood":"possible","severity":"limited"}`,
	}},
	"18: mail of a hypermarket forwarded for three months": {grading.RiskHigh, entered{
		assessment.Confidentiality: `"lost"`, assessment.Integrity: `"intact"`, assessment.Availability: `"intact"`, assessment.Encryption: `"none"`,
		assessment.Malicious: `true`, assessment.DataCategories: `["employment","financial","identity"]`, fact.OfScope: persons(99, 99, 99),
		fact.OfConsequences: `{"recipient":"unknown","likelihood":"likely","severity":"significant"}`,
	}},
	"9/2022 iii: no power in a call centre for minutes": {grading.RiskUnlikely, entered{
		assessment.Confidentiality: `"intact"`, assessment.Integrity: `"intact"`, assessment.Availability: `"lost_for_a_time"`, assessment.Encryption: `"none"`,
		assessment.Malicious: `false`, assessment.DataCategories: `["contact","identity"]`, fact.OfScope: persons(1000, 5000, 9000),
		fact.OfConsequences: `{"effect":"none","likelihood":"unlikely","severity":"limited"}`,
	}},
	"9/2022 vi: user names, passwords and orders published": {grading.RiskHigh, entered{
		assessment.Confidentiality: `"lost"`, assessment.Integrity: `"intact"`, assessment.Availability: `"intact"`, assessment.Encryption: `"none"`,
		assessment.Malicious: `true`, assessment.DataCategories: `["contact","credentials","other"]`, fact.OfScope: persons(10000, 50000, 90000),
		fact.OfConsequences: `{"recipient":"unknown","likelihood":"likely","severity":"significant"}`,
	}},
	"9/2022 viii: a hospital's records out of reach for 30 hours": {grading.RiskHigh, entered{
		assessment.Confidentiality: `"intact"`, assessment.Integrity: `"intact"`, assessment.Availability: `"lost_for_a_time"`, assessment.Encryption: `"none"`,
		assessment.Malicious: `true`, assessment.DataCategories: `["health","identity"]`, fact.OfScope: persons(1000, 5000, 9000),
		fact.OfConsequences: `{"effect":"serious","likelihood":"likely","severity":"significant"}`,
	}},
}

// TestOtherCases holds the suggestion against neighbours: it is never confident of
// another outcome, and what is not known or played down never makes it sure of less.
func TestOtherCases(t *testing.T) {
	t.Parallel()
	for name, c := range others {
		got := grading.SuggestRisk(assessment.Breach(state(t, c.in)))
		t.Logf("%s: published %v; %s %s", name, c.want, got.Words(), strings.Join(got.Judgements, "; "))
		if got.Least > c.want {
			t.Errorf("%s: the suggestion is higher (%v, %q) than the outcome (%v)", name, got.Least, got.Reasons, c.want)
		}
		if got.Settled() && got.Least != c.want {
			t.Errorf("%s: the suggestion is confident of %v, the outcome is %v", name, got.Least, c.want)
		}
		hesitant(t, name, c.in, c.want)
	}
}
