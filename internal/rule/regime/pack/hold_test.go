package pack_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/rule/regime"
)

// american are facts of a breach of social security numbers in one state, discovered
// and determined at the start of 10 February 2026 in New York.
func american(where string) regime.Facts {
	start := at("2026-02-10T05:00:00Z")
	f := regime.Facts{
		At: start, Moments: map[string]time.Time{}, Known: map[string]any{
			"acquired": true, "data_categories": []string{"social_security"}, "harm_unlikely": false, "unsecured_phi": true, "hipaa_low_probability": false,
			"sec_material_incident": true, "encryption": "none", "personal_data": true, "risk": "high", "za_accessed": true, "unsecured_phr": true,
		},
		Persons: map[string]regime.Persons{where: regime.Exactly(12_000)},
		Entities: []regime.Entity{{ID: "acme", Country: "US", Is: map[string]bool{
			"controller": true, "hipaa_covered_entity": true, "us_domestic_registrant": true, "phr_vendor": true,
		}}},
	}
	for _, m := range []string{"occurred", "discovered", "determined", "detected", "aware", "material_determined"} {
		f.Moments[m] = start
	}
	return f
}

func outcomes(t *testing.T, b *regime.Book, f regime.Facts) map[string]*regime.Outcome {
	t.Helper()
	if errs := b.Check(f); len(errs) > 0 {
		t.Fatal(errs)
	}
	e, err := b.Evaluate(f)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*regime.Outcome{}
	for i := range e.Outcomes {
		out[e.Outcomes[i].Rule.ID] = &e.Outcomes[i]
	}
	return out
}

// TestHold: a request of law enforcement stops the notices whose statute says so, and
// what counts from them or stands beside them; everything else runs on.
func TestHold(t *testing.T) {
	t.Parallel()
	b := book(t)
	since := at("2026-02-15T05:00:00Z")
	for _, c := range []struct {
		rule, where string
		held        bool
		due         string // after the release on 1 May 2026, 10:00 in New York
	}{
		{"us-md-individuals", "US-MD", true, "2026-05-08"},
		{"us-md-regulator", "US-MD", true, "2026-05-08"}, // before the residents
		{"us-md-cra", "US-MD", false, ""},                // after them, and no number
		{"us-sd-individuals", "US-SD", true, "2026-05-31"},
		{"us-sd-regulator", "US-SD", true, "2026-05-31"},
		{"us-tx-individuals", "US-TX", true, "2026-05-01T14:00:00Z"},
		{"us-tx-regulator", "US-TX", false, "2026-03-11"}, // a number of its own
		{"us-wa-regulator", "US-WA", false, "2026-03-11"},
		{"us-pr-regulator", "US-PR", false, "2026-02-20"},
		{"us-ca-individuals", "US-CA", true, "2026-05-01T14:00:00Z"},
		{"us-ca-regulator", "US-CA", true, "2026-05-16"}, // 15 days after residents are told
		{"us-ia-regulator", "US-IA", true, ""},           // five business days after residents, who have no number
		{"us-de-regulator", "US-DE", true, "2026-05-01T14:00:00Z"},
		{"us-pa-regulator", "US-PA", true, ""},
		{"us-hipaa-individuals", "US-NY", true, "2026-05-01T14:00:00Z"},
		{"us-hipaa-hhs-500", "US-NY", true, "2026-05-01T14:00:00Z"},
		{"us-hipaa-media", "US-NY", true, "2026-05-01T14:00:00Z"},
		{"us-ftc-hbnr-ftc", "US-NY", true, "2026-05-01T14:00:00Z"},
		{"us-sec-8k-105", "US-NY", false, "2026-02-17"},
		{"za-popia-22", "ZA", false, ""},
		{"za-popia-22-subjects", "ZA", true, ""},
		{"eu-gdpr-33-1", "DE", false, "2026-02-13T05:00:00Z"},
		{"eu-gdpr-34", "DE", false, ""},
	} {
		f := american(c.where)
		f.Hold = &regime.HoldFact{Since: since}
		o := outcomes(t, b, f)[c.rule]
		if o.Status != regime.Required || o.Due.Held != c.held {
			t.Errorf("%s while it is held: %s, held %v, want %v. %s", c.rule, o.Status, o.Due != nil && o.Due.Held, c.held, o.Reason())
			continue
		}
		f.Hold = &regime.HoldFact{Since: since, Released: at("2026-05-01T14:00:00Z")}
		o = outcomes(t, b, f)[c.rule]
		got := o.Due.Day
		if got == "" && !o.Due.At.IsZero() {
			got = o.Due.At.Format(time.RFC3339)
		}
		if got != c.due || o.Due.Held {
			t.Errorf("%s after the release: %q, want %q (%s)", c.rule, got, c.due, o.Due.Reason())
		}
	}
	// What was due before law enforcement asked stays due then.
	f := american("US-TX")
	f.Hold = &regime.HoldFact{Since: at("2026-06-01T00:00:00Z")}
	if o := outcomes(t, b, f)["us-tx-individuals"]; o.Due.Held || o.Due.Day != "2026-04-10" { // it is still the 9th in Texas
		t.Errorf("held after it was due: %+v", o.Due)
	}
	// Without a number, the law's words count from the release.
	f = american("US-IA")
	f.Hold = &regime.HoldFact{Since: since, Released: at("2026-05-01T14:00:00Z")}
	if o := outcomes(t, b, f)["us-ia-individuals"]; !o.Due.StartAt.Equal(f.Hold.Released) || !o.Due.At.IsZero() {
		t.Errorf("%+v", o.Due)
	}
}

// TestHeldRegulators: no rule to an authority may be held unless
// the list names it, so that a new pack cannot silence a regulator unseen.
func TestHeldRegulators(t *testing.T) {
	t.Parallel()
	var got []string
	for _, r := range book(t).Rules {
		if r.Hold != nil && r.To != regime.ToPersons && r.To != regime.ToCustomers && !slices.Contains(got, r.ID) {
			got = append(got, r.ID)
		}
	}
	slices.Sort(got)
	want := []string{"us-ftc-hbnr-ftc", "us-ftc-hbnr-ftc-lt500", "us-ftc-hbnr-media", "us-hipaa-ba", "us-hipaa-hhs-500", "us-hipaa-hhs-lt500", "us-hipaa-media", "us-sd-regulator"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestVersionByItsOwnStart: the Californian notice to the Attorney General counts, since
// 2026, from telling residents. A breach found in 2025 whose residents are told in 2026
// has the new one; told in 2025, the old.
func TestVersionByItsOwnStart(t *testing.T) {
	t.Parallel()
	b := book(t)
	for sent, want := range map[string]string{"2025-12-30T20:00:00Z": "", "2026-01-01T07:59:59Z": "", "2026-01-01T08:00:00Z": "2026-01-16", "2026-01-10T20:00:00Z": "2026-01-25"} {
		f := american("US-CA")
		for m := range f.Moments {
			f.Moments[m] = at("2025-12-20T18:00:00Z")
		}
		f.Sent = map[string]time.Time{"us-ca-individuals": at(sent)}
		if o := outcomes(t, b, f)["us-ca-regulator"]; o.Status != regime.Required || o.Due.Day != want {
			t.Errorf("residents told %s: %s, due %q, want %q", sent, o.Status, o.Due.Day, want)
		}
	}
}

// TestTrustServices: the 24 hours of trust service providers take the place of the 72
// for them alone, and their final report counts from their own notification.
func TestTrustServices(t *testing.T) {
	t.Parallel()
	b := book(t)
	aware := at("2026-11-20T08:00:00Z")
	f := regime.Facts{
		At: aware, Moments: map[string]time.Time{"aware_significant": aware}, Known: map[string]any{"significant_incident": true, "significant_trust_service": true, "ongoing": false},
		Entities: []regime.Entity{{ID: "acme", Country: "AT", Is: map[string]bool{"essential_entity": true, "trust_service_provider": true}}},
		Sent:     map[string]time.Time{"eu-nis2-23-tsp": at("2026-11-20T18:00:00Z")},
	}
	tsp := outcomes(t, b, f)
	if o := tsp["eu-nis2-23-incident_notification"]; o.Status != regime.NotRequired || !strings.Contains(o.Reason(), "eu-nis2-23-tsp is owed") {
		t.Errorf("%s: %s", o.Status, o.Reason())
	}
	if o := tsp["eu-nis2-23-final_report"]; o.Status != regime.Required || o.Due.Day != "2026-12-20" {
		t.Errorf("%s: %+v", o.Status, o.Due)
	}
	f.Entities[0].Is = map[string]bool{"essential_entity": true, "trust_service_provider": false, "qualified_trust_service_provider": false, "unqualified_trust_service_provider": false}
	f.Sent = nil
	other := outcomes(t, b, f)
	if o := other["eu-nis2-23-incident_notification"]; o.Status != regime.Required || !o.Due.At.Equal(aware.Add(72*time.Hour)) || len(o.Open()) > 0 {
		t.Errorf("%s: %s", o.Status, o.Reason())
	}
	if o := other["eu-nis2-23-final_report"]; o.Status != regime.Required || !o.Due.Expected || o.Due.Day != "2026-12-23" {
		t.Errorf("%s: %+v", o.Status, o.Due)
	}
}

// TestVendorsHere: the statutes of the states protect residents; a processor without
// any there owes nothing under them.
func TestVendorsHere(t *testing.T) {
	t.Parallel()
	b := book(t)
	f := american("DE")
	f.Entities[0].Country, f.Entities[0].Is = "DE", map[string]bool{"processor": true}
	if o := outcomes(t, b, f)["us-state-vendor"]; o.Status != regime.NotRequired {
		t.Errorf("%s: %s", o.Status, o.Reason())
	}
	f.Persons = maps.Clone(f.Persons)
	f.Persons["US-OR"] = regime.Exactly(1)
	if o := outcomes(t, b, f)["us-state-vendor"]; o.Status != regime.Required {
		t.Errorf("%s: %s", o.Status, o.Reason())
	}
}

// TestRegulation1182 notes the later reading of the Union's regulation beside the due
// time, and never moves it.
func TestRegulation1182(t *testing.T) {
	t.Parallel()
	b := book(t)
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	f := american("DE")
	f.Entities[0].Country, f.Entities[0].Zone = "DE", zone
	f.Moments["aware"] = at("2026-11-20T13:25:00Z")
	due := outcomes(t, b, f)["eu-gdpr-33-1"].Due
	if !due.At.Equal(at("2026-11-23T13:25:00Z")) || !strings.Contains(due.Reason(), "would end at 2026-11-23T15:00:00+01:00") {
		t.Errorf("%s: %s", due.At, due.Reason())
	}
	f.Persons = map[string]regime.Persons{"GB": regime.Exactly(5)}
	f.Entities[0].Country = "GB"
	if due := outcomes(t, b, f)["uk-gdpr-33"].Due; strings.Contains(due.Reason(), "1182/71") {
		t.Error(due.Reason())
	}
}
