package pack_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/rule/regime/factfile"
)

// shared reads a file of the shared law data, or skips with a line that says where
// it is looked for: the data are no part of this repository.
func shared(t *testing.T, name string, into any) {
	t.Helper()
	dir := os.Getenv("WAKEBELL_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "..", "shared")
	}
	text, err := os.ReadFile(filepath.Join(dir, "data", "law", name))
	if err != nil {
		t.Skipf("set WAKEBELL_SHARED to the folder of the shared data set to run this: %v", err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// TestCarriedOver says that every duty of the collection is a rule here, with the
// same kind of recipient's certainty.
func TestCarriedOver(t *testing.T) {
	t.Parallel()
	var data struct {
		Duties []struct {
			ID       string
			Evidence string
			Status   string
		}
	}
	shared(t, "regimes.yaml", &data)
	b := book(t)
	sure := map[string]regime.Sureness{"READ": regime.Read, "READ_PART": regime.ReadPartly, "REMEMBERED": regime.Remembered}
	for _, d := range data.Duties {
		versions := b.Versions(d.ID)
		if len(versions) == 0 {
			t.Errorf("%s is not carried over", d.ID)
			continue
		}
		r := versions[len(versions)-1]
		rank := []regime.Sureness{regime.Remembered, regime.ReadPartly, regime.Read}
		if slices.Index(rank, r.Sure) > slices.Index(rank, sure[d.Evidence]) {
			t.Errorf("%s: surer (%s) than the collection (%s)", d.ID, r.Sure, d.Evidence)
		}
		if strings.Contains(d.Status, "bill") && r.Status != regime.Pending {
			t.Errorf("%s is a bill there and %s here", d.ID, r.Status)
		}
	}
	if len(data.Duties) != 288 {
		t.Errorf("%d duties", len(data.Duties))
	}
}

// TestSharedVectors runs every vector of the collection through the packs.
func TestSharedVectors(t *testing.T) {
	t.Parallel()
	var data struct{ Vectors []map[string]any }
	shared(t, "deadline_vectors.yaml", &data)
	b := book(t)
	yes := func(names ...string) map[string]any {
		out := map[string]any{}
		for _, n := range names {
			out[n] = true
		}
		return out
	}
	us := map[string]any{"acquired": true, "data_categories": []string{"social_security"}}
	known := map[string]map[string]any{
		"eu-gdpr-33-1": yes("personal_data"), "eu-dora-initial": yes("major_ict_incident"), "eu-dora-intermediate": yes("major_ict_incident"),
		"eu-dora-final": yes("major_ict_incident"), "eu-nis2-23-final_report": {"significant_incident": true, "ongoing": false},
		"eu-cra-vuln-early": yes("exploited_vulnerability"), "uk-pecr-5a": yes("personal_data"), "us-ia-regulator": us, "br-lgpd-anpd": yes("br_significant"),
		"sg-pdpc": yes("personal_data", "serious_harm"), "us-ca-individuals": us, "us-ca-regulator": us, "us-co-regulator": us,
		"us-hipaa-individuals": {"unsecured_phi": true, "hipaa_low_probability": false}, "us-hipaa-hhs-lt500": {"unsecured_phi": true, "hipaa_low_probability": false},
		"jp-appi-final": yes("personal_data", "jp_category", "malicious"),
	}
	base := map[string]string{ // whose sending the clock counts from
		"us-ia-regulator": "us-ia-individuals", "us-ca-regulator": "us-ca-individuals", "us-co-regulator": "us-co-individuals",
		"eu-dora-intermediate": "eu-dora-initial", "eu-dora-final": "eu-dora-intermediate", "eu-nis2-23-final_report": "eu-nis2-23-incident_notification",
	}
	ran := 0
	for _, v := range data.Vectors {
		id, _ := v["id"].(string)
		rule, _ := v["rule"].(string)
		if rule == "contract-customer" {
			continue // hours of contracts are compared in rule/deadline, where its test is
		}
		ran++
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			r := b.Versions(rule)
			if len(r) == 0 {
				t.Fatalf("no rule %s", rule)
			}
			country, state, _ := strings.Cut(r[0].Jurisdiction, "-")
			zone := "UTC"
			for _, c := range r {
				zone = c.Zone()
			}
			if tz, ok := v["tz"].(string); ok {
				zone = tz
			}
			if country == "EU" || country == "EEA" {
				country = "AT"
			}
			file := factfile.File{
				Zone: zone, Known: known[rule], Moments: map[string]string{}, Sent: map[string]string{}, Persons: map[string]factfile.Persons{},
				Entities: []factfile.Entity{{ID: "acme", Country: country, Zone: zone, Is: map[string]bool{}}},
			}
			for _, kind := range r[0].Owes {
				file.Entities[0].Is[kind] = true
			}
			text := func(key string) string {
				switch at := v[key].(type) {
				case string:
					return at
				case time.Time:
					return at.Format("2006-01-02T15:04")
				}
				return ""
			}
			start := "2025-01-20"
			for key, moment := range map[string]string{"aware": "aware", "discovered": "discovered", "assessed": "assessed", "classified": "classified_major"} {
				if at := text(key); at != "" {
					file.Moments[moment], start = at, at
				}
			}
			for _, key := range []string{"submitted", "consumers_notified", "residents_notified"} {
				if at := text(key); at != "" {
					file.Sent[base[rule]], start = at, at
				}
			}
			for _, m := range []string{"aware", "discovered", "determined", "aware_significant", "classified_major"} {
				if file.Moments[m] == "" {
					file.Moments[m] = start
				}
			}
			n, ok := v["residents"].(int)
			if !ok {
				n = 10
				if rule == "us-ia-regulator" {
					n = 501
				}
			}
			if rule != "jp-appi-final" || state == "" {
				count := int64(n)
				file.Persons[r[0].Jurisdiction] = factfile.Persons{Min: count, Max: count, Estimate: &count}
			}
			if strings.HasPrefix(r[0].Jurisdiction, "E") {
				file.Persons = nil
			}
			facts, err := file.Facts()
			if err != nil {
				t.Fatal(err)
			}
			if errs := b.Check(facts); len(errs) > 0 {
				t.Fatal(errs)
			}
			eval, err := b.Evaluate(facts)
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(eval.Outcomes, func(o regime.Outcome) bool { return o.Rule.ID == rule })
			o := &eval.Outcomes[i]
			if o.Status != regime.Required {
				t.Fatalf("%s: %s", o.Status, o.Reason())
			}
			want := text("due")
			switch {
			case want == "":
			case len(want) == len("2006-01-02"):
				got := o.Due.Day
				if got == "" {
					got = o.Due.At.In(facts.Entities[0].Zone).Format(time.DateOnly)
				}
				if got != want {
					t.Errorf("due %s (%s), want %s", got, o.Due.Words, want)
				}
			default:
				var at time.Time
				for _, layout := range []string{"2006-01-02T15:04Z07:00", "2006-01-02T15:04"} {
					if at, err = time.Parse(layout, want); err == nil {
						break
					}
				}
				if err != nil || !o.Due.At.Equal(at) && o.Due.At.In(facts.Entities[0].Zone).Format("2006-01-02T15:04") != want {
					t.Errorf("due %s (%s), want %s (%v)", o.Due.At, o.Due.Words, want, err)
				}
			}
		})
	}
	if ran < 18 {
		t.Errorf("%d vectors were run", ran)
	}
}
