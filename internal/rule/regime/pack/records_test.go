package pack_test

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/rule/deadline"
	"github.com/wakebell/wakebell/internal/rule/regime"
)

// record is one duty of the shared collection.
type record struct {
	ID           string
	Jurisdiction string
	Holder       string `yaml:"duty_holder"`
	Recipient    struct{ Type, Name string }
	Clock        string `yaml:"clock_start"`
	Deadline     struct {
		Value     any
		Unit      string
		Qualifier string
		Relative  string `yaml:"relative_to"`
		Second    struct {
			Clock, Unit string
			Value       int
		}
	}
	Stage, Status, Evidence string
	From                    string `yaml:"effective_from"`
	Until                   string `yaml:"effective_until"`
	Threshold               any
	Exemptions              []string
}

func records(t *testing.T) []record {
	t.Helper()
	var data struct{ Duties []record }
	shared(t, "regimes.yaml", &data)
	if len(data.Duties) != 288 {
		t.Fatalf("%d duties", len(data.Duties))
	}
	return data.Duties
}

// differs names what a rule says otherwise than the collection, on purpose: each with
// its reason. Whatever is not here must agree.
var differs = map[string]string{ //nolint:gochecknoglobals // a table
	"br-lgpd-anpd/stage":          "the supplement is a rule of its own, so this one is the initial",
	"hk-pcpd/stage":               "voluntary, so that nobody reads it as owed",
	"eu-gdpr-33-1/stage":          "initial; its phases are rules of their own",
	"us-tx-individuals/from":      "the day is that of the limit for the Attorney General; individuals had 60 days before",
	"us-pa-individuals/from":      "the act of 2024 changed the bounds, not the notice to individuals",
	"us-nydfs-extortion/from":     "the day of the second amendment, as remembered",
	"us-nydfs-extortion-30/from":  "the day of the second amendment, as remembered",
	"us-regsp-sp/from":            "the day of the rule it belongs to",
	"uk-csrb-customers/start":     "a bill: it counts after the report, which counts from awareness",
	"au-ndb-oaic/start":           "belief is the determination that the breach is eligible",
	"au-ndb-individuals/start":    "the statement is the notice to the OAIC",
	"us-wi-individuals/start":     "learning of the acquisition is awareness",
	"eu-eidas-24-2-fb/start":      "the text counts from the incident itself",
	"za-popia-21/start":           "belief is the ground to suspect",
	"tw-pdpa/start":               "after the investigation is the assessment",
	"contract-customer/value":     "the hours stand with each contract",
	"contract-insurer/value":      "the policy names them",
	"us-az-regulator/sure":        "its bound is from memory",
	"eu-eprivacy-611-second/sure": "its list of contents is from memory",
	"eu-aiact-73-general/sure":    "the sources disagree about the deferral",
	"eu-aiact-73-infra/sure":      "the sources disagree about the deferral",
	"eu-aiact-73-death/sure":      "the sources disagree about the deferral",
}

// TestRecords compares every record with its rule: recipient, clock start, number and
// unit, stage, dates, status and certainty.
func TestRecords(t *testing.T) {
	t.Parallel()
	list, b := records(t), book(t)
	used := map[string]bool{}
	for i := range list {
		d := &list[i]
		versions := b.Versions(d.ID)
		if len(versions) == 0 {
			t.Errorf("%s: no rule", d.ID)
			continue
		}
		r := versions[len(versions)-1]
		for _, c := range []struct {
			what, got, want string
			ok              bool
		}{
			{"to", string(r.To), d.Recipient.Type, slices.Contains(recipients(d.Recipient.Type), r.To)},
			{"start", r.Start, d.Clock + " / " + d.Deadline.Relative, slices.Contains(starts(d), strings.Split(r.Start, ":")[0])},
			{"value", limits(r), fmt.Sprint(d.Deadline.Value, " ", d.Deadline.Unit), limits(r) == wanted(d)},
			{"stage", r.Stage, d.Stage, r.Stage == d.Stage},
			{"from", r.Valid.From, d.From, r.Valid.From == firstDay(d.From) || d.From == "" && implied(r, versions)},
			{"status", string(r.Status), d.Status, r.Status == status(d.Status)},
			{"sure", string(r.Sure), d.Evidence, r.Sure == sureness[d.Evidence]},
			{"no harm", fmt.Sprint(has(r, "harm_unlikely")), strings.Join(d.Exemptions, "; "), !state(r) || has(r, "harm_unlikely") == strings.Contains(strings.Join(d.Exemptions, ";"), "no reasonable likelihood of harm")},
			{"encrypted", fmt.Sprint(has(r, "encryption")), strings.Join(d.Exemptions, "; "), !state(r) || has(r, "encryption") == strings.Contains(strings.Join(d.Exemptions, ";"), "encrypted")},
		} {
			key := d.ID + "/" + c.what
			if c.ok {
				continue
			}
			if differs[key] == "" {
				t.Errorf("%s: %q, the collection says %q", key, c.got, c.want)
			}
			used[key] = true
		}
	}
	for key, why := range differs {
		if why != "" && !used[key] {
			t.Errorf("%s agrees; take it out of the table", key)
		}
	}
}

// state says whether r is the notice of a state of the United States to its residents.
func state(r *regime.Rule) bool {
	return strings.HasPrefix(r.Jurisdiction, "US-") && strings.HasSuffix(r.ID, "-individuals")
}

// has says whether an exemption of r reads a fact.
func has(r *regime.Rule, fact string) bool {
	return slices.ContainsFunc(r.Unless, func(t regime.Test) bool { return strings.Contains(t.If, fact) })
}

var sureness = map[string]regime.Sureness{"READ": regime.Read, "READ_PART": regime.ReadPartly, "REMEMBERED": regime.Remembered} //nolint:gochecknoglobals // a table

func status(s string) regime.LegalStatus {
	switch {
	case s == "in_force":
		return regime.InForce
	case s == "not_yet_applicable":
		return regime.NotYetApplicable
	}
	return regime.Pending // bills, and statutes whose rule is not made
}

// recipients are the kinds of addressee a word of the collection may stand for.
func recipients(word string) []regime.Recipient {
	for _, w := range []struct {
		part string
		to   []regime.Recipient
	}{
		{"contracting_provider", []regime.Recipient{regime.ToPartner}},
		{"acquirer", []regime.Recipient{regime.ToPartner}},
		{"insurer", []regime.Recipient{regime.ToPartner}},
		{"internal_register", []regime.Recipient{regime.ToRegister}},
		{"internal", []regime.Recipient{regime.ToSelf}},
		{"can reduce harm", []regime.Recipient{regime.ToOthers}},
		{"consumer_reporting", []regime.Recipient{regime.ToCreditAgent}},
		{"law_enforcement", []regime.Recipient{regime.ToPolice}},
		{"market/public", []regime.Recipient{regime.ToMarket}},
		{"media", []regime.Recipient{regime.ToMedia}},
		{"csirt", []regime.Recipient{regime.ToCSIRT}},
		{"data_subjects + authority", []regime.Recipient{regime.ToAuthority, regime.ToPersons}},
		{"authority", []regime.Recipient{regime.ToAuthority, regime.ToRegulator, regime.ToCSIRT}},
		{"supervisory", []regime.Recipient{regime.ToAuthority}},
		{"regulator", []regime.Recipient{regime.ToRegulator}},
		{"financial_supervisor", []regime.Recipient{regime.ToRegulator}},
		{"subscribers_or", []regime.Recipient{regime.ToPersons}},
		{"data_subjects", []regime.Recipient{regime.ToPersons}},
		{"individuals", []regime.Recipient{regime.ToPersons}},
		{"customers", []regime.Recipient{regime.ToCustomers}},
		{"clients", []regime.Recipient{regime.ToCustomers}},
		{"users", []regime.Recipient{regime.ToCustomers}},
		{"controller", []regime.Recipient{regime.ToController}},
		{"covered_", []regime.Recipient{regime.ToController}},
		{"organisation", []regime.Recipient{regime.ToController}},
		{"responsible party", []regime.Recipient{regime.ToController}},
		{"data_owner", []regime.Recipient{regime.ToController}},
	} {
		if strings.Contains(word, w.part) {
			return w.to
		}
	}
	return nil
}

// starts are the moments a clock of the collection may be here; "sent" is the giving of
// another notice.
func starts(d *record) []string {
	clock, relative := d.Clock, d.Deadline.Relative
	switch {
	case relative == "notice to individuals sent", strings.HasPrefix(clock, "notice to individuals"), strings.HasPrefix(clock, "submission"), clock == "initial notification", clock == "communication":
		return []string{"sent"}
	case relative == "determination":
		return []string{"determined"}
	}
	for _, w := range []struct {
		part string
		is   []string
	}{
		{"availability of further", []string{"facts_available"}},
		{"availability of measure", []string{"measure_available"}},
		{"information determined", []string{"facts_available"}},
		{"significant incident", []string{"aware_significant"}},
		{"request of", []string{"requested"}},
		{"classification", []string{"classified_major"}},
		{"missed limit", []string{"limit_missed"}},
		{"decision", []string{"decided"}},
		{"conclusion of arrangement", []string{"contract_signed"}},
		{"conclusion", []string{"concluded"}},
		{"materiality", []string{"material_determined"}},
		{"home disclosure", []string{"disclosed_abroad"}},
		{"payment", []string{"paid"}},
		{"end of handling", []string{"handled"}},
		{"suspi", []string{"suspected"}},
		{"credible", []string{"suspected"}},
		{"grounds to suspect", []string{"suspected"}},
		{"day of assessment", []string{"assessed"}},
		{"at same time or after PDPC", []string{"assessed"}},
		{"contract", []string{"discovered"}},
		{"detection", []string{"detected"}},
		{"determination", []string{"determined"}},
		{"confirmation", []string{"determined"}},
		{"discovery", []string{"discovered"}},
		{"awareness", []string{"aware", "aware_significant"}},
		{"reasonable belief", []string{"aware"}},
		{"identification", []string{"aware"}},
		{"noticing", []string{"aware"}},
	} {
		if strings.Contains(clock, w.part) {
			return w.is
		}
	}
	return nil
}

// limits are the numbers of a rule, "4 hours", as the collection writes them.
func limits(r *regime.Rule) string {
	if len(r.Deadline.Limits) == 0 {
		return "none"
	}
	units := map[deadline.Unit]string{
		deadline.UnitHours: "hours", deadline.UnitDays: "calendar_days", deadline.UnitBusinessDays: "business_days", deadline.UnitMonths: "months",
	}
	var out []string
	for _, l := range r.Deadline.Limits {
		out = append(out, fmt.Sprint(l.Within.Value, " ", units[l.Within.Unit]))
	}
	return strings.Join(out, ", ")
}

func wanted(d *record) string {
	if d.Deadline.Value == nil {
		return "none"
	}
	out := fmt.Sprint(d.Deadline.Value, " ", d.Deadline.Unit)
	if s := d.Deadline.Second; s.Value > 0 {
		out += fmt.Sprint(", ", s.Value, " ", s.Unit)
	}
	return out
}

var date = regexp.MustCompile(`\d{4}-\d\d-\d\d`) //nolint:gochecknoglobals // a pattern

func firstDay(text string) string { return date.FindString(text) }

// implied says whether a first day the collection leaves out is that of the instrument
// in another record, or only bounds an earlier version.
func implied(r *regime.Rule, versions []*regime.Rule) bool {
	first := map[string]string{
		"eu-gdpr": "2018-05-25", "eu-eprivacy": "2013-08-25", "eu-nis2": "2024-10-18", "eu-dora": "2025-01-17", "us-federal": "2023-12-18",
		"br": "2024-04-26", "cn": "2025-11-01", "ch": "2023-09-01", "us-pa": "2024-09-26",
	}
	return r.Valid.From == first[r.Pack] || len(versions) > 1
}

// threshold is a bound on persons, in words of the collection.
var threshold = regexp.MustCompile(`(?i)^(more than |fewer than |>=? ?)?(\d[\d]*)(m)?(\+| or more)?`) //nolint:gochecknoglobals // a pattern

// bound reads a threshold of the collection: what it does at n.
func bound(v any) (n int64, at func(n int64) bool, ok bool) {
	var op string
	var count int64
	switch v := v.(type) {
	case map[string]any:
		op, _ = v["op"].(string)
		c, _ := v["count"].(int)
		count = int64(c)
		if op == "any" {
			return 1, func(n int64) bool { return n >= 1 }, true
		}
	case string:
		m := threshold.FindStringSubmatch(strings.TrimPrefix(strings.TrimPrefix(v, "PI "), "significant harm, or "))
		if m == nil {
			return 0, nil, false
		}
		count, _ = strconv.ParseInt(m[2], 10, 64)
		if m[3] != "" {
			count *= 1_000_000
		}
		op = cmp.Or(strings.TrimSpace(m[1]), strings.TrimSpace(m[4]))
	default:
		return 0, nil, false
	}
	switch op {
	case ">", "more than":
		return count, func(n int64) bool { return n > count }, true
	case ">=", "+", "or more":
		return count, func(n int64) bool { return n >= count }, true
	case "fewer than":
		return count, func(n int64) bool { return n < count }, true
	}
	return 0, nil, false
}

// TestThresholds judges every bound of the collection one below, at, and one above it,
// and with estimates on both sides of it.
func TestThresholds(t *testing.T) {
	t.Parallel()
	list, b := records(t), book(t)
	tested := 0
	for i := range list {
		d := &list[i]
		if d.Threshold == nil {
			continue
		}
		n, met, ok := bound(d.Threshold)
		r := b.Versions(d.ID)[len(b.Versions(d.ID))-1]
		switch d.ID {
		case "us-ak-regulator", "us-id-regulator", "us-ma-cra", "us-mt-cra": // the number is no bound there
			continue
		case "us-fcc-cpni": // a fact says both, the number and the harm
			continue
		case "ph-npc-72": // about delay alone
			continue
		}
		if !ok {
			t.Errorf("%s: cannot read the threshold %v", d.ID, d.Threshold)
			continue
		}
		tested++
		where := r.Jurisdiction
		if r.Reach == regime.Anywhere || r.Threshold != nil && r.Threshold.Of != "" {
			where = "US-CA"
		}
		judge := func(p regime.Persons) *regime.Outcome { return owed(t, b, r, where, p) }
		want := func(n int64) regime.Status {
			if n > 0 && met(n) {
				return regime.Required
			}
			return regime.NotRequired
		}
		for _, at := range []int64{n - 1, n, n + 1} {
			if at == 0 {
				continue
			}
			if o := judge(regime.Exactly(at)); o.Status != want(at) {
				t.Errorf("%s with %d persons, bound %v: %s, want %s. %s", d.ID, at, d.Threshold, o.Status, want(at), o.Reason())
			}
		}
		if n < 3 {
			continue
		}
		for _, estimate := range []int64{n - 1, n, n + 1} {
			o := judge(regime.Persons{Min: n - 2, Estimate: estimate, Max: n + 2})
			s := o.Spread
			if o.Status != want(estimate) || s == nil || s.Min != want(n-2) || s.Estimate != want(estimate) || s.Maximum != want(n+2) {
				t.Errorf("%s, about %d: %s with %+v", d.ID, estimate, o.Status, s)
			}
		}
		o := judge(regime.Persons{Min: n - 2, Estimate: -1, Max: n + 2})
		if s := o.Spread; o.Status != regime.NeedsFacts || !slices.Equal(o.Missing, []string{regime.MissingPersons}) || s == nil || s.Min != want(n-2) || s.Maximum != want(n+2) {
			t.Errorf("%s without an estimate: %s, missing %q, %+v", d.ID, o.Status, o.Missing, s)
		}
	}
	if tested < 80 {
		t.Errorf("%d bounds were tested", tested)
	}
}

// owed judges a rule for an entity that is whatever it asks for, with every condition
// met, the exemptions not, and what would make the number irrelevant absent.
func owed(t *testing.T, b *regime.Book, r *regime.Rule, where string, p regime.Persons) *regime.Outcome {
	t.Helper()
	start := at("2027-12-10T12:00:00Z")
	f := regime.Facts{At: start, Moments: map[string]time.Time{}, Known: map[string]any{}, Persons: map[string]regime.Persons{where: p}, Sent: map[string]time.Time{}}
	for name := range b.Moments {
		f.Moments[name] = start
	}
	for name, fact := range b.Facts {
		if fact.Type == "yes_no" {
			f.Known[name] = !off[name]
		}
	}
	f.Known["data_categories"], f.Known["risk"], f.Known["encryption"], f.Known["key"] = []string{"social_security"}, "high", "none", "exposed"
	country, _, _ := strings.Cut(r.Jurisdiction, "-")
	e := regime.Entity{ID: "acme", Country: country, Is: map[string]bool{}}
	for kind := range b.Kinds {
		e.Is[kind] = true
	}
	f.Entities = []regime.Entity{e}
	for _, id := range b.IDs() {
		f.Sent[id] = start
	}
	e2, err := b.Evaluate(f)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(e2.Outcomes, func(o regime.Outcome) bool { return o.Rule.ID == r.ID })
	return &e2.Outcomes[i]
}

// off are the yes-or-no facts that end a duty, or make its number irrelevant.
var off = map[string]bool{ //nolint:gochecknoglobals // a table
	"harm_unlikely": true, "risk_removed": true, "hipaa_low_probability": true, "serious_harm": true, "jp_category": true, "kr_category": true, "cn_large": true,
	"insurance_home_state": true, "cpni_small_no_harm": true, "au_remedied": true, "ongoing": true,
}
