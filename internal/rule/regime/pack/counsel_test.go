package pack_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/rule/regime/factfile"
)

// TestCounsel asks what a careful lawyer would ask, in the form of facts files: rows
// that say another thing than the law if a number, a place or a date is misread.
func TestCounsel(t *testing.T) {
	t.Parallel()
	const (
		breach = "known: {personal_data: true, risk: risk, acquired: true, harm_unlikely: false, data_categories: [social_security], unsecured_phi: true, hipaa_low_probability: false, unsecured_phr: true}\n"
		clinic = "entities: [{id: a, country: US, is: {controller: true, hipaa_covered_entity: true, phr_vendor: true}}]\n"
		found  = "moments: {discovered: 2026-03-02, determined: 2026-03-02, aware: 2026-03-02}\n"
	)
	for name, c := range map[string]struct {
		facts string
		want  map[string]string // status, or the day
	}{
		"500 in the country cannot be more than 500 in one state": {
			breach + clinic + found + "persons: {US: 500}",
			map[string]string{"us-hipaa-media": "not_required", "us-hipaa-hhs-500": "2026-05-01", "us-ftc-hbnr-media": "needs_facts"},
		},
		"501 in the country may be": {breach + clinic + found + "persons: {US: 501}", map[string]string{"us-hipaa-media": "needs_facts"}},
		"501 for certain in one state, another is open": {
			breach + clinic + found + "persons: {US-NY: 501, US-NJ: {min: 0, max: 900}}", map[string]string{"us-hipaa-media": "2026-05-01"},
		},
		"nobody, or 600": {
			breach + clinic + found + "persons: {US: {min: 0, max: 600}}", map[string]string{"us-ca-individuals": "needs_facts"},
		},
		"some persons whose country nobody knows": {
			breach + clinic + found + "persons: {US-NY: 10, unknown: 5000}",
			map[string]string{"us-ca-individuals": "needs_facts", "us-ny-individuals": "2026-04-01", "eu-gdpr-33-1": "needs_facts", "us-hipaa-hhs-500": "2026-05-01", "us-hipaa-media": "needs_facts"},
		},
		"fewer than 500 health records go into the yearly log": {
			breach + clinic + found + "persons: {US-NY: 499}",
			map[string]string{"us-ftc-hbnr-ftc": "not_required", "us-ftc-hbnr-ftc-lt500": "2027-03-01", "us-ftc-hbnr-media": "not_required"},
		},
		"500 of one state are told through the media by one rule, not by the other": {
			breach + clinic + found + "persons: {US-NY: 500}",
			map[string]string{"us-ftc-hbnr-ftc": "2026-05-01", "us-ftc-hbnr-ftc-lt500": "not_required", "us-ftc-hbnr-media": "2026-05-01", "us-hipaa-media": "not_required"},
		},
		"a date is that day, in California as well": {
			breach + clinic + "moments: {discovered: 2026-01-02}\nsent: {us-ca-individuals: 2026-01-20}\npersons: {US-CA: 501}",
			map[string]string{"us-ca-individuals": "2026-02-01", "us-ca-regulator": "2026-02-04"},
		},
		"the first day of the new statute, whatever zone the file names": {
			"zone: Europe/Berlin\n" + breach + clinic + "moments: {discovered: 2026-01-01}\npersons: {US-CA: 501}",
			map[string]string{"us-ca-individuals": "2026-01-31"},
		},
		"the last day of the old one": {
			"zone: Asia/Tokyo\n" + breach + clinic + "moments: {discovered: 2025-12-31}\npersons: {US-CA: 501}",
			map[string]string{"us-ca-individuals": "none"},
		},
		"the tail after a release that is a date": {
			"zone: America/New_York\n" + breach + clinic + found + "persons: {US-SD: 300, US-MD: 3}\nhold: {since: 2026-03-05, released: 2026-06-01}",
			map[string]string{"us-sd-individuals": "2026-07-01", "us-md-individuals": "2026-06-08"},
		},
		"an entity in a part of a country is in the country": {
			breach + found + "entities: [{id: a, country: DE-BY, zone: Europe/Berlin, is: {controller: true}}]",
			map[string]string{"eu-gdpr-33-1": "2026-03-05"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := asked(t, c.facts)
			for id, want := range c.want {
				o := got[id]
				text := string(o.Status)
				if o.Status == regime.Required {
					text = "none"
					if o.Due.Day != "" {
						text = o.Due.Day
					} else if !o.Due.At.IsZero() {
						text = o.Due.At.In(time.FixedZone("CET", 3600)).Format("2006-01-02")
					}
				}
				if text != want {
					t.Errorf("%s: %s, want %s. %s", id, text, want, o.Reason())
				}
			}
		})
	}
}

func asked(t *testing.T, facts string) map[string]*regime.Outcome {
	t.Helper()
	b := book(t)
	file, err := factfile.Read([]byte(facts))
	if err != nil {
		t.Fatal(err)
	}
	f, err := file.Facts()
	if err != nil {
		t.Fatal(err)
	}
	if errs := b.Check(f); len(errs) > 0 {
		t.Fatal(errs)
	}
	return outcomes(t, b, f)
}

// TestContradictions: what cannot be is refused, and the field is named.
func TestContradictions(t *testing.T) {
	t.Parallel()
	for facts, want := range map[string]string{
		"persons: {UK: 5}":                 "persons.UK: no jurisdiction of that name; the United Kingdom is GB",
		"persons: {EU: 500}":               "persons.EU: no jurisdiction of that name; name the member states",
		"persons: {US-ZZ: 5}":              "US has no part of that code",
		"persons: {PR: 5}":                 "write US-PR",
		"entities: [{id: a, country: UK}]": "entities.a.country: \"UK\" is no ISO 3166 code, like DE; the United Kingdom is GB",
		"known: {payment_made: false}\nmoments: {paid: 2026-11-20}":                            "moments.paid: a time is recorded, and known.payment_made says that it is not so",
		"moments: {occurred: 2026-11-20, contained: 2026-11-19}":                               "lies before",
		"moments: {occurred: \"2026-11-20T18:00:00Z\", contained: 2026-11-19}":                 "lies before",
		"moments: {occurred: \"2026-11-20T18:00:00Z\", contained: 2026-11-20}":                 "",
		"moments: {occurred: 2026-11-20, contained: \"2026-11-20T00:30:00+13:00\"}":            "",
		"entities: [{id: a, known: {payment_made: false}, moments: {paid: 2026-11-20T10:00}}]": "entities.a.moments.paid: a time is recorded",
		"persons: {unknown: 5}": "",
	} {
		file, err := factfile.Read([]byte(facts))
		if err != nil {
			t.Fatal(err)
		}
		f, err := file.Facts()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, err := range book(t).Check(f) {
			got = append(got, err.Error())
		}
		if want == "" && len(got) > 0 || !strings.Contains(strings.Join(got, "; "), want) {
			t.Errorf("%s: %q, want %q", facts, got, want)
		}
	}
}

// TestRollUnknown: a due time moves to the next working day; where nobody said whether
// the entity is one that it does not move for, both times are named.
func TestRollUnknown(t *testing.T) {
	t.Parallel()
	const facts = "zone: Europe/Vienna\nknown: {major_ict_incident: true}\nmoments: {aware: 2026-11-19T09:00, classified_major: 2026-11-21T10:00}\nentities: [{id: a, country: AT, zone: Europe/Vienna, is: {financial_entity: true"
	o := asked(t, facts+"}}]")["eu-dora-initial"]
	if got := o.Due.Reason(); !strings.Contains(got, "not recorded whether a is a credit institution, a central counterparty") || !strings.Contains(got, "then it is due at 2026-11-21T14:00:00+01:00") {
		t.Error(got)
	}
	o = asked(t, facts+", credit_institution: false, central_counterparty: false, trading_venue: false, essential_entity: false, important_entity: false}}]")["eu-dora-initial"]
	if got := o.Due.Reason(); strings.Contains(got, "not recorded") || !strings.Contains(got, "moves") && !strings.Contains(got, "noon of the next one") {
		t.Error(got)
	}
}

// TestFlat runs flat vectors of our own, and holds that one that is wrong is named.
func TestFlat(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/flat.yaml")
	if err != nil {
		t.Fatal(err)
	}
	ran, errs := factfile.Flat(book(t), "flat.yaml", text)
	for _, err := range errs {
		t.Error(err)
	}
	if ran < 34 {
		t.Errorf("%d vectors ran", ran)
	}
	for vector, want := range map[string]string{
		"{id: x, rule: eu-gdpr-33-1, aware: 2026-11-20T10:00, tz: Europe/Berlin, due: \"2026-11-23T10:01+01:00\"}": "v.yaml:1: x: due 2026-11-23T10:00:00+01:00, want 2026-11-23T10:01+01:00",
		"{id: x, rule: us-co-regulator, residents: 499}":                                                           "not_required, want required",
		"{id: x, rule: us-co-regulator, residents: many}":                                                          "residents: a whole number",
		"{id: x, rule: no-such-rule, due: 2026-11-23}":                                                             "is no rule of any pack",
		"{id: x, rule: eu-gdpr-33-1, weather: bad}":                                                                "weather: no fact, moment or kind of entity",
		"{id: x, rule: eu-gdpr-33-1, submitted: 2026-11-23}":                                                       "counts from no other notice",
		"{id: x, rule: contract-customer, aware: 2026-11-20T09:00, options_h: [5], due: 2026-11-20T15:00Z}":        "the shortest",
	} {
		if _, errs := factfile.Flat(book(t), "v.yaml", []byte("vectors: ["+vector+"]")); len(errs) != 1 || !strings.Contains(errs[0].Error(), want) {
			t.Errorf("%s: %v, want %q", vector, errs, want)
		}
	}
}

// TestWaits: what counts from a notice that is not given, and that the law gives no number, is not due now.
func TestWaits(t *testing.T) {
	t.Parallel()
	const facts = "known: {acquired: true, data_categories: [social_security]}\nmoments: {discovered: 2026-11-20}\npersons: {US-IA: 501, US-LA: 3}\nentities: [{id: a, country: US, is: {controller: true}}]\n"
	before := asked(t, facts)
	for id, waits := range map[string]bool{"us-ia-individuals": false, "us-ia-regulator": true, "us-la-regulator": false} {
		if o := before[id]; o.Status != regime.Required || o.Due.Waits() != waits {
			t.Errorf("%s: %s, waits %v", id, o.Reason(), o.Due.Waits())
		}
	}
	if o := asked(t, facts+"sent: {us-ia-individuals: 2026-11-20}")["us-ia-regulator"]; o.Due.Waits() || o.Due.Day != "2026-11-30" {
		t.Errorf("given: %+v", o.Due)
	}
}
