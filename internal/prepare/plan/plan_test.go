package plan

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/rule/grading"
	"go.yaml.in/yaml/v3"
)

func TestDefaultHoldsThePolicies(t *testing.T) {
	t.Parallel()
	p := Default()
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	got := []int{p.ProductTeamMinutes, p.SIRTMinutes, p.SitrepHours, p.CustomerPersonalHours, p.CustomerHours, p.AuthorityHours, p.ReviewMonths, p.TestMonths}
	if diff := cmp.Diff([]int{20, 60, 2, 24, 48, 72, 12, 12}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(grading.DefaultCriteria(), p.Criteria()); diff != "" {
		t.Errorf("criteria: %s", diff)
	}
	for i, c := range p.BILCriteria {
		if !c.Own {
			t.Errorf("criterion %d does not say that it is ours", i)
		}
	}
	if p.Thresholds(nil) != nil {
		t.Error("the default plan overrides thresholds")
	}
	if len(p.Looser()) != 0 {
		t.Errorf("the default is looser: %v", p.Looser())
	}
}

func TestEveryFieldHasASource(t *testing.T) {
	t.Parallel()
	src := Sources()
	typ := reflect.TypeFor[Plan]()
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		yml, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if yml != name {
			t.Errorf("%s: yaml %q, json %q", f.Name, yml, name)
		}
		if name == "version" {
			continue
		}
		s := src[name]
		if s.Sentence == "" || s.Origin == "" || s.Origin == OriginPolicy && s.Policy == "" {
			t.Errorf("%s has no source: %+v", name, s)
		}
		delete(src, name)
	}
	for name := range src {
		t.Errorf("source of %q, which is no field", name)
	}
}

func TestValidateNamesFields(t *testing.T) {
	t.Parallel()
	for field, change := range map[string]func(*Plan){
		"product_team_minutes":        func(p *Plan) { p.ProductTeamMinutes = 0 },
		"authority_hours":             func(p *Plan) { p.AuthorityHours = 73 },
		"customer_start":              func(p *Plan) { p.CustomerStart = "later" },
		"reminder_fractions[1]":       func(p *Plan) { p.ReminderFractions = []float64{0.5, 0.5} },
		"default_team":                func(p *Plan) { p.DefaultTeam = "Team A" },
		"board_bils[0]":               func(p *Plan) { p.BoardBILs = []int{4} },
		"severities[0].level":         func(p *Plan) { p.Severities[0].Level = 1 },
		"bil_criteria[0].when":        func(p *Plan) { p.BILCriteria[0].When = When{} },
		"bil_criteria[0].text":        func(p *Plan) { p.BILCriteria[0].Text = "" },
		"bil_otherwise":               func(p *Plan) { p.BILOtherwise = 0 },
		"indicators.many_customers":   func(p *Plan) { n := 0; p.Indicators.ManyCustomers = &n },
		"assignments[1].key":          func(p *Plan) { p.Assignments[1].Key = p.Assignments[0].Key },
		"approvals[0].by[0][0]":       func(p *Plan) { p.Approvals[0].By = [][]string{{"boss"}} },
		"functions[0].match[0].role":  func(p *Plan) { p.Functions[0].Match = []Match{{Role: "boss"}} },
		"functions[0].match[0]":       func(p *Plan) { p.Functions[0].Match = []Match{{Lead: true}} },
		"review_months":               func(p *Plan) { p.ReviewMonths = 13 },
		"bil_criteria[1].when.assets": func(p *Plan) { p.BILCriteria[1].When.Assets = []grading.Asset{"x"} },
	} {
		p := Default()
		change(&p)
		err := p.Validate()
		if fault.KindOf(err) != fault.Invalid || !slices.ContainsFunc(fault.FieldsOf(err), func(f fault.Field) bool { return f.Field == field }) {
			t.Errorf("%s: got %v", field, err)
		}
	}
}

func TestYearlyCircle(t *testing.T) {
	t.Parallel()
	p := Default()
	if !p.ReviewDue().Overdue(time.Unix(0, 0)) {
		t.Error("a plan never reviewed is due")
	}
	p.TestedAt = time.Date(2024, 2, 29, 8, 0, 0, 0, time.UTC)
	d := p.TestDue()
	if want := time.Date(2025, 2, 28, 8, 0, 0, 0, time.UTC); !d.DueAt.Equal(want) {
		t.Errorf("due %v, want %v", d.DueAt, want)
	}
	if d.Overdue(d.DueAt.Add(-1)) || !d.Overdue(d.DueAt) {
		t.Error("overdue at the wrong moment")
	}
}

func TestLooser(t *testing.T) {
	t.Parallel()
	p := Default()
	p.ProductTeamMinutes, p.CustomerHours, p.SIRTBILs = 30, 24, []int{1}
	if diff := cmp.Diff([]string{"product_team_minutes", "sirt_bils"}, p.Looser()); diff != "" {
		t.Error(diff)
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	p := Default()
	p.ReviewedAt = time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	p.BoardBILs = []int{}
	doc, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	back, err := decode(doc)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, back); diff != "" {
		t.Errorf("json: %s", diff)
	}
	text, err := yaml.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if back, err = ParseYAML(text); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, back); diff != "" {
		t.Errorf("yaml: %s", diff)
	}
}

func TestDecodeFillsNewFields(t *testing.T) {
	t.Parallel()
	p, err := decode([]byte(`{"sitrep_hours":1,"functions":[{"key":"a_b","title":"A","match":[{"role":"legal"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if p.SitrepHours != 1 || p.ProductTeamMinutes != 20 || len(p.Severities) != 4 {
		t.Errorf("%+v", p)
	}
	if diff := cmp.Diff([]Function{{Key: "a_b", Title: "A", Match: []Match{{Role: "legal"}}}}, p.Functions); diff != "" {
		t.Error(diff)
	}
}

func FuzzParseYAML(f *testing.F) {
	f.Add("default_team: platform\n")
	f.Add("product_team_minutes: secret-value\n")
	f.Add("bil_criteria: [{bil: 1, when: {severity_to: 0}, text: x}]\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParseYAML([]byte(text))
		if err == nil && p.Validate() != nil {
			t.Error("accepted an invalid plan")
		}
		if err != nil && fault.KindOf(err) != fault.Invalid {
			t.Errorf("kind %v", fault.KindOf(err))
		}
	})
}

func TestParseYAMLEchoesNothing(t *testing.T) {
	t.Parallel()
	_, err := ParseYAML([]byte("product_team_minutes: secret-value\n"))
	msg, ok := fault.MessageOf(err)
	if !ok || strings.Contains(msg, "secret") || !strings.Contains(msg, "line 1") {
		t.Errorf("message %q", msg)
	}
	if _, err := ParseYAML([]byte("sitrep_minutes: 5\n")); err == nil {
		t.Error("an unknown field was accepted")
	}
}
