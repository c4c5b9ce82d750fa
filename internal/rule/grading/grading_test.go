package grading

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func ptr[T any](v T) *T { return &v }

func all(out Answer, customers int, core, lost Answer) Indicators {
	return Indicators{TotalOutage: out, CustomersAffected: &customers, CoreFunctionBroken: core, DataLost: lost}
}

func TestSuggestSeverity(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in       Indicators
		override *Override
		want     Severity
		worst    Severity
		reason   string
		unknown  []string
	}{
		"nothing": {all(No, 0, No, No), nil, Minor, Minor, "severity 3 minor: no indicator points higher", []string{}},
		"outage":  {all(Yes, 1, Yes, No), nil, Critical, Critical, "severity 1 critical: total outage", []string{}},
		"outage for many": {
			all(Yes, 50, No, No), nil, Crisis, Crisis,
			"severity 0 crisis: total outage with 50 customers affected (50 or more count one level worse)",
			[]string{},
		},
		"outage and loss": {all(Yes, 1, No, Yes), nil, Crisis, Crisis, "severity 0 crisis: total outage and data lost together", []string{}},
		"loss":            {all(No, 0, No, Yes), nil, Critical, Critical, "severity 1 critical: data lost", []string{}},
		"core":            {all(No, 9, Yes, No), nil, Major, Major, "severity 2 major: core function broken", []string{}},
		"core for many": {
			all(No, 51, Yes, No), nil, Critical, Critical,
			"severity 1 critical: core function broken with 51 customers affected (50 or more count one level worse)",
			[]string{},
		},
		"customers alone":  {all(No, 10, No, No), nil, Major, Major, "severity 2 major: 10 customers affected (major from 10)", []string{}},
		"customers, fewer": {all(No, 9, No, No), nil, Minor, Minor, "severity 3 minor: no indicator points higher", []string{}},
		"unknown is not a no": {
			Indicators{CoreFunctionBroken: Yes},
			nil, Major, Crisis,
			"severity 2 major: core function broken; not known yet: total outage, customers affected, data lost, which could make it 0 crisis",
			[]string{"total_outage", "customers_affected", "data_lost"},
		},
		"unknown that changes nothing": {
			Indicators{TotalOutage: Yes, CustomersAffected: ptr(90), DataLost: Unknown, CoreFunctionBroken: No},
			nil, Crisis, Crisis,
			"severity 0 crisis: total outage with 90 customers affected (50 or more count one level worse); not known yet: data lost",
			[]string{"data_lost"},
		},
		"override: an outage that matters little": {
			all(Yes, 1, No, No), &Override{TotalOutage: ptr(Minor)}, Minor, Minor, "severity 3 minor: total outage", []string{},
		},
		"override: few customers are many": {
			all(Yes, 2, No, No), &Override{ManyCustomers: ptr(2), MajorCustomers: ptr(1)}, Crisis, Crisis,
			"severity 0 crisis: total outage with 2 customers affected (2 or more count one level worse)",
			[]string{},
		},
		"never below 0": {
			all(Yes, 100, Yes, Yes), &Override{TotalOutage: ptr(Crisis)}, Crisis, Crisis,
			"severity 0 crisis: total outage with 100 customers affected (50 or more count one level worse)",
			[]string{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := SuggestSeverity(c.in, c.override)
			if got.Source == "" || (c.override != nil) != strings.Contains(got.Source, "of its own") {
				t.Errorf("source %q", got.Source)
			}
			want := Suggestion{Severity: c.want, Worst: c.worst, Reason: c.reason, Unknown: c.unknown, Source: got.Source}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestSuggestBIL(t *testing.T) {
	t.Parallel()
	customerLeak := []Harm{{Confidentiality, CustomerData}}
	serviceDown := []Harm{{Availability, OurServices}}
	for name, c := range map[string]struct {
		in      BILInputs
		want    BIL
		worst   BIL
		reason  string
		unknown []string
	}{
		"minor, all known": {
			BILInputs{ptr(Minor), No, Yes, serviceDown, ptr(1)},
			BIL3, BIL3,
			"BIL 3: no criterion for a higher impact is met",
			[]string{},
		},
		"crisis":          {BILInputs{ptr(Crisis), No, No, serviceDown, ptr(1)}, BIL1, BIL1, "BIL 1: crisis: maximum impact", []string{}},
		"critical":        {BILInputs{ptr(Critical), No, No, serviceDown, ptr(1)}, BIL2, BIL2, "BIL 2: critical: very high impact", []string{}},
		"critical leak":   {BILInputs{ptr(Critical), No, Yes, customerLeak, ptr(1)}, BIL1, BIL1, "BIL 1: critical security incident that discloses or alters customers' data", []string{}},
		"personal data":   {BILInputs{ptr(Minor), Yes, Yes, customerLeak, ptr(1)}, BIL2, BIL2, "BIL 2: personal data are affected", []string{}},
		"personal, many":  {BILInputs{ptr(Minor), Yes, Yes, customerLeak, ptr(50)}, BIL1, BIL1, "BIL 1: personal data of many customers", []string{}},
		"minor leak":      {BILInputs{ptr(Minor), No, Yes, customerLeak, ptr(1)}, BIL2, BIL2, "BIL 2: security incident that harms customers' data", []string{}},
		"our data":        {BILInputs{ptr(Major), No, Yes, []Harm{{Integrity, OurData}}, ptr(1)}, BIL2, BIL2, "BIL 2: security incident that discloses or alters our own data", []string{}},
		"major, not said": {BILInputs{ptr(Major), "", Yes, serviceDown, ptr(1)}, BIL2, BIL2, "BIL 2: major security incident while personal data are not ruled out", []string{}},
		"operational":     {BILInputs{ptr(Major), No, No, serviceDown, ptr(50)}, BIL2, BIL2, "BIL 2: major incident for many customers", []string{}},
		"nothing known": {
			BILInputs{},
			BIL3, BIL1,
			"BIL 3: no criterion for a higher impact is met; not known yet: customers affected, harm, personal data, security, severity, which could make it BIL 1",
			[]string{"customers_affected", "harm", "personal_data", "security", "severity"},
		},
		"harm assessed, none": {
			BILInputs{ptr(Minor), No, Yes, []Harm{}, ptr(0)},
			BIL3, BIL3,
			"BIL 3: no criterion for a higher impact is met",
			[]string{},
		},
		"only customers open": {
			BILInputs{ptr(Minor), Yes, Yes, customerLeak, nil},
			BIL2, BIL1,
			"BIL 2: personal data are affected; not known yet: customers affected, which could make it BIL 1",
			[]string{"customers_affected"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := BILSuggestion{BIL: c.want, Worst: c.worst, Reason: c.reason, Unknown: c.unknown, Source: BILSource}
			if d := cmp.Diff(want, SuggestBIL(DefaultCriteria(), c.in)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestConsistency(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   Grade
		want []string // one fragment per warning
	}{
		"nothing graded":          {Grade{}, nil},
		"fits":                    {Grade{Severity: ptr(Critical), BIL: BIL1, PersonalData: Yes, Security: Yes, Harm: []Harm{{Confidentiality, CustomerData}}}, nil},
		"crisis at the bottom":    {Grade{Severity: ptr(Crisis), BIL: BIL3, PersonalData: No}, []string{"severity 0 crisis means maximum impact"}},
		"critical at the bottom":  {Grade{Severity: ptr(Critical), BIL: BIL3, PersonalData: No}, []string{"severity 1 critical means very high impact"}},
		"minor at the top":        {Grade{Severity: ptr(Minor), BIL: BIL1, Security: Yes}, []string{"BIL 1 is the highest"}},
		"personal data with BIL3": {Grade{BIL: BIL3, PersonalData: Yes, Security: Yes}, []string{"within 24 hours"}},
		"personal data open":      {Grade{BIL: BIL3, Security: Yes}, []string{"Nobody has said yet"}},
		"operational":             {Grade{BIL: BIL2, Security: No}, []string{"BIL 2 is given, but an operational"}},
		"minor with an outage and loss": {
			Grade{Severity: ptr(Minor), Indicators: Indicators{TotalOutage: Yes, DataLost: Yes}},
			[]string{"total outage is recorded", "lost data are recorded"},
		},
		"harm does not fit": {
			Grade{PersonalData: Yes, Harm: []Harm{}, Indicators: Indicators{TotalOutage: Yes, DataLost: Yes}},
			[]string{"no harm to customers' or our data", "no harm to the integrity", "availability of our services"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Consistency(c.in)
			if len(got) != len(c.want) {
				t.Fatalf("got %q, want %d warnings", got, len(c.want))
			}
			for i, w := range c.want {
				if !strings.Contains(got[i], w) {
					t.Errorf("warning %d: %q does not say %q", i, got[i], w)
				}
			}
		})
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	if err := DefaultCriteria().Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	for want, err := range map[string]error{
		"total_outage":       Indicators{TotalOutage: "maybe"}.Validate(),
		"customers_affected": Indicators{CustomersAffected: ptr(-1)}.Validate(),
		"data_lost":          Override{DataLost: ptr(Severity(4))}.Validate(),
		"many_customers":     Override{ManyCustomers: ptr(0)}.Validate(),
		"otherwise":          Criteria{}.Validate(),
		"bil":                Criteria{Otherwise: BIL3, Items: []Criterion{{}}}.Validate(),
		"words":              Criteria{Otherwise: BIL3, Items: []Criterion{{BIL: BIL1, Security: true}}}.Validate(),
		"no condition":       Criteria{Otherwise: BIL3, Items: []Criterion{{BIL: BIL1, Words: "x"}}}.Validate(),
		"personal_data":      Criteria{Otherwise: BIL3, Items: []Criterion{{BIL: BIL1, Words: "x", PersonalData: []Answer{"maybe"}}}}.Validate(),
		"properties":         Criteria{Otherwise: BIL3, Items: []Criterion{{BIL: BIL1, Words: "x", Properties: []Property{"x"}}}}.Validate(),
		"assets":             Criteria{Otherwise: BIL3, Items: []Criterion{{BIL: BIL1, Words: "x", Assets: []Asset{"x"}}}}.Validate(),
		"severity_to":        Criteria{Otherwise: BIL3, Items: []Criterion{{BIL: BIL1, Words: "x", SeverityTo: ptr(Severity(-1))}}}.Validate(),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error that names %s", err, want)
		}
	}
	if err := (Indicators{}).Validate(); err != nil {
		t.Errorf("all unknown: %v", err)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for s := Crisis; s <= Minor; s++ {
		if s.Description() == "" || s.Word() == "" || !strings.Contains(strings.ToLower(s.Description()), s.Word()) {
			t.Errorf("severity %d: %q, %q", int(s), s.Word(), s.Description())
		}
	}
	if Severity(4).Word() != "" || Severity(-1).Description() != "" || BIL(0).Handling() != "" {
		t.Error("an invalid level has words")
	}
	b, err := json.Marshal(Indicators{TotalOutage: Yes, CustomersAffected: ptr(0)})
	if want := `{"total_outage":"yes","customers_affected":0}`; err != nil || string(b) != want {
		t.Errorf("got %s, %v, want %s", b, err, want)
	}
	crit := DefaultCriteria()
	b, _ = json.Marshal(crit)
	var back Criteria
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(crit, back); d != "" {
		t.Errorf("criteria do not read back:\n%s", d)
	}
}

var answers = rapid.SampledFrom([]Answer{"", Unknown, No, Yes})

func drawIndicators(t *rapid.T) Indicators {
	in := Indicators{TotalOutage: answers.Draw(t, "out"), CoreFunctionBroken: answers.Draw(t, "core"), DataLost: answers.Draw(t, "lost")}
	if rapid.Bool().Draw(t, "counted") {
		in.CustomersAffected = ptr(rapid.IntRange(0, 200).Draw(t, "customers"))
	}
	return in
}

func drawOverride(t *rapid.T) *Override {
	if rapid.Bool().Draw(t, "no override") {
		return nil
	}
	level := func(label string) *Severity {
		if n := rapid.IntRange(-1, 3).Draw(t, label); n >= 0 {
			return ptr(Severity(n))
		}
		return nil
	}
	return &Override{
		TotalOutage: level("o.out"), CoreFunctionBroken: level("o.core"), DataLost: level("o.lost"),
		MajorCustomers: ptr(rapid.IntRange(1, 200).Draw(t, "o.major")), ManyCustomers: ptr(rapid.IntRange(1, 200).Draw(t, "o.many")),
	}
}

// Properties: always a valid level; Worst is never milder; more harm never gives
// a milder severity; answering the unknowns stays between the two.
func TestSeverityProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in, o := drawIndicators(t), drawOverride(t)
		got := SuggestSeverity(in, o)
		if !got.Severity.Valid() || !got.Worst.Valid() || got.Worst > got.Severity || got.Reason == "" {
			t.Fatalf("%+v", got)
		}
		answered := in
		if answered.CustomersAffected == nil {
			answered.CustomersAffected = ptr(rapid.IntRange(0, 500).Draw(t, "found"))
		}
		for _, a := range []*Answer{&answered.TotalOutage, &answered.CoreFunctionBroken, &answered.DataLost} {
			if !a.Known() {
				*a = rapid.SampledFrom([]Answer{No, Yes}).Draw(t, "answer")
			}
		}
		final := SuggestSeverity(answered, o)
		if final.Severity > got.Severity || final.Severity < got.Worst || len(final.Unknown) != 0 {
			t.Fatalf("answered %+v, before %+v", final, got)
		}
		worse := answered
		worse.CustomersAffected = ptr(*answered.CustomersAffected + rapid.IntRange(0, 100).Draw(t, "more"))
		worse.DataLost = Yes
		if w := SuggestSeverity(worse, o); w.Severity > final.Severity {
			t.Fatalf("more harm gave %s instead of %s", w.Severity, final.Severity)
		}
	})
}

// Properties: always a valid level; a worse severity never gives a milder BIL;
// what is unknown is named whenever it could matter.
func TestBILProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := BILInputs{PersonalData: answers.Draw(t, "personal"), Security: answers.Draw(t, "security")}
		if rapid.Bool().Draw(t, "graded") {
			in.Severity = ptr(Severity(rapid.IntRange(0, 3).Draw(t, "severity")))
		}
		if rapid.Bool().Draw(t, "counted") {
			in.CustomersAffected = ptr(rapid.IntRange(0, 200).Draw(t, "customers"))
		}
		if rapid.Bool().Draw(t, "assessed") {
			in.Harm = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Harm {
				return Harm{
					rapid.SampledFrom([]Property{Confidentiality, Integrity, Availability}).Draw(t, "property"),
					rapid.SampledFrom([]Asset{CustomerData, OurData, OurServices}).Draw(t, "asset"),
				}
			}), 0, 3).Draw(t, "harm")
		}
		got := SuggestBIL(DefaultCriteria(), in)
		if !got.BIL.Valid() || got.Worst > got.BIL || (got.Worst < got.BIL) != (len(got.Unknown) > 0) {
			t.Fatalf("%+v", got)
		}
		if !slices.IsSorted(got.Unknown) {
			t.Fatalf("unknown not in order: %q", got.Unknown)
		}
		if in.Severity != nil && *in.Severity > Crisis {
			worse := in
			worse.Severity = ptr(*in.Severity - 1)
			if w := SuggestBIL(DefaultCriteria(), worse); w.BIL > got.BIL {
				t.Fatalf("worse severity gave %s instead of %s", w.BIL, got.BIL)
			}
		}
		for _, w := range Consistency(Grade{Severity: in.Severity, BIL: got.BIL, PersonalData: in.PersonalData, Security: in.Security}) {
			if strings.Contains(w, "BIL 3 leaves") || strings.Contains(w, "Personal data are affected, but BIL 3") {
				t.Fatalf("our own suggestion is inconsistent: %s", w)
			}
		}
	})
}
