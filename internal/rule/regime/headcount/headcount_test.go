package headcount

import (
	"strings"
	"testing"
)

func TestPlace(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"DE", "GB", "US-CA", "US-PR", "CA-QC", "DE-BY", "IS-1", "XK"} {
		if !Place(name) {
			t.Errorf("%s: %s", name, Remedy(name))
		}
	}
	for name, remedy := range map[string]string{
		"UK": "GB", "EL": "GR", "EU": "member states", "EEA": "member states", "PR": "US-PR", "VI": "US-VI", "XX": "ISO 3166", "de": "ISO 3166",
		"US-ZZ": "no part", "US-": "no part", "CA-XX": "no part", "DE-": "ISO 3166", "DE-BAYERN": "ISO 3166", "": "ISO 3166",
	} {
		if got := Remedy(name); !strings.Contains(got, remedy) {
			t.Errorf("%q: %q, want %q", name, got, remedy)
		}
	}
	if n := len(strings.Fields(countries)); n != 250 { // 249 of ISO 3166-1, and XK
		t.Errorf("%d countries", n)
	}
}

// Where nobody has placed a person, the person may be in any part.
func TestUnplaced(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   map[string]Persons
		want int64
	}{
		"none placed":                     {map[string]Persons{"US": Exactly(600)}, 600},
		"all placed":                      {map[string]Persons{"US": Exactly(600), "US-TX": Exactly(600)}, 0},
		"between none and 600":            {map[string]Persons{"US": {0, -1, 600}}, 600},
		"between none and 600, about 300": {map[string]Persons{"US": {0, 300, 600}}, 300},
		"the same estimate in one state":  {map[string]Persons{"US": {500, 600, 700}, "US-TX": {500, 600, 700}}, 0},
		"no estimate in the state":        {map[string]Persons{"US": {500, 600, 700}, "US-TX": {500, -1, 650}}, 50},
		"more in the state than in all":   {map[string]Persons{"US": Exactly(5), "US-TX": {0, 9, 9}}, 0},
	} {
		if got := Unplaced(c.in)["US"]; got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// The state with most persons may be another one for the least, the estimate and the most.
func TestAnyPart(t *testing.T) {
	t.Parallel()
	over := Bound{MoreThan: 500}
	for name, c := range map[string]struct {
		in   map[string]Persons
		want Persons
	}{
		"one":                            {map[string]Persons{"US-NY": Exactly(501)}, Exactly(501)},
		"a certain one and an open one":  {map[string]Persons{"US-NY": Exactly(501), "US-NJ": {0, -1, 900}}, Persons{501, 501, 900}},
		"an estimate that is enough":     {map[string]Persons{"US-NY": {400, 600, 700}, "US-NJ": {0, -1, 900}}, Persons{400, 600, 900}},
		"an estimate that is not enough": {map[string]Persons{"US-NY": {400, 450, 700}, "US-NJ": {0, -1, 900}}, Persons{400, -1, 900}},
		"nobody can be over":             {map[string]Persons{"US-NY": {10, 20, 30}, "US-NJ": {0, -1, 500}}, Persons{10, 20, 500}},
		"no estimates":                   {map[string]Persons{"US-NY": {10, -1, 600}, "US-NJ": {300, -1, 500}}, Persons{300, -1, 600}},
	} {
		if got, _ := AnyPart(c.in, "US", over); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
