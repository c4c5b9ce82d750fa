package regime

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/wakebell/wakebell/internal/rule/deadline"
)

var aware = time.Date(2026, time.October, 24, 18, 0, 0, 0, time.UTC) // 20:00 in Berlin

func entity(id string, at time.Time, roles ...Role) Entity {
	e := Entity{ID: id, Name: strings.ToUpper(id), Roles: roles}
	if !at.IsZero() {
		e.Moments = map[string]time.Time{"aware": at}
	}
	return e
}

func rule(t *testing.T, id string) Rule {
	t.Helper()
	for _, r := range GDPR() {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("no rule %s", id)
	return Rule{}
}

func TestGDPR(t *testing.T) {
	t.Parallel()
	if err := Check(GDPR()); err != nil {
		t.Fatal(err)
	}
	type want struct {
		status  Status
		missing []string
		words   string
	}
	no := func(words string) want { return want{NotRequired, []string{}, words} }
	yes := func(words string) want { return want{Required, []string{}, words} }
	open := func(words string, missing ...string) want { return want{NeedsFacts, missing, words} }
	for name, c := range map[string]struct {
		facts                           Facts
		authority, controller, register want
	}{
		"controller, risk found": {
			Facts{PersonalData: Yes, Risk: RiskSome, Entities: []Entity{entity("acme", aware, Controller)}},
			yes("a risk to the persons concerned was found"), no("ACME does not act as processor"), yes("personal data are affected"),
		},
		"controller, nobody looked at the risk": {
			Facts{PersonalData: Yes, Entities: []Entity{entity("acme", aware, Controller)}},
			yes("so it is not excluded"), no("not act as processor"), yes("whatever the risk"),
		},
		"controller, risk excluded: the register stays": {
			Facts{PersonalData: Yes, Risk: RiskNone, Entities: []Entity{entity("acme", aware, Controller)}},
			no("found to be unlikely"), no("not act as processor"), yes("ACME acts as controller"),
		},
		"an entity's own finding goes before": {
			Facts{PersonalData: Yes, Risk: RiskNone, Entities: []Entity{{ID: "acme", Roles: []Role{Controller}, Risk: RiskHigh, Moments: map[string]time.Time{"aware": aware}}}},
			yes("a high risk"), no("acme does not act as processor"), yes("acme acts as controller"),
		},
		"processor: the risk does not matter": {
			Facts{PersonalData: Yes, Risk: RiskNone, Entities: []Entity{entity("acme", aware, Processor)}},
			no("not act as controller"), yes("names no hours"), no("not act as controller"),
		},
		"both roles": {
			Facts{PersonalData: Yes, Risk: RiskHigh, Entities: []Entity{entity("acme", aware, Processor, Controller)}},
			yes("72 h after"), yes("without undue delay"), yes("always"),
		},
		"no personal data": {
			Facts{PersonalData: No, Entities: []Entity{entity("acme", aware, Controller, Processor)}},
			no("no personal data"), no("no personal data"), no("no personal data"),
		},
		"personal data open": {
			Facts{Entities: []Entity{entity("acme", aware, Controller, Processor)}},
			open("not known whether personal data", "personal_data"), open("", "personal_data"), open("", "personal_data"),
		},
		"not aware yet": {
			Facts{PersonalData: Yes, Entities: []Entity{entity("acme", time.Time{}, Controller, Processor)}},
			open(`no time is recorded for "aware" of ACME`, "aware"), open("", "aware"), open("", "aware"),
		},
		"a time of the incident serves every entity": {
			Facts{PersonalData: Yes, Moments: map[string]time.Time{"aware": aware}, Entities: []Entity{entity("acme", time.Time{}, Controller)}},
			yes(""), no(""), yes(""),
		},
		"role open, nothing else known": {
			Facts{Entities: []Entity{entity("acme", time.Time{})}},
			open("controller or processor", "role", "personal_data", "aware"),
			open("", "role", "personal_data", "aware"), open("", "role", "personal_data", "aware"),
		},
		"role open, but no personal data": {
			Facts{PersonalData: No, Entities: []Entity{entity("acme", aware)}}, no(""), no(""), no(""),
		},
		"no entity known": {
			Facts{PersonalData: Yes}, open("which of our legal entities", "entity"), open("", "entity"), open("", "entity"),
		},
		"no entity known, no personal data": {Facts{PersonalData: No}, no(""), no(""), no("")},
		"before the law applied": {
			Facts{PersonalData: Yes, Entities: []Entity{entity("acme", time.Date(2018, 5, 24, 23, 59, 0, 0, time.UTC), Controller, Processor)}},
			no("applies from 25 May 2018"), no("24 May 2018"), no(""),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Evaluate(GDPR(), c.facts)
			wants := []want{c.authority, c.controller, c.register}
			if len(got) != len(wants) {
				t.Fatalf("%d outcomes", len(got))
			}
			for i, w := range wants {
				o := got[i]
				if o.Status != w.status || cmp.Diff(w.missing, o.Missing) != "" || !strings.Contains(o.Reason, w.words) {
					t.Errorf("%s: %s, missing %q, %q; want %s, %q, words %q", o.Rule.ID, o.Status, o.Missing, o.Reason, w.status, w.missing, w.words)
				}
				if !strings.Contains(o.Reason, "Art. 33(") || !strings.Contains(o.Reason, "EUR-Lex") || !strings.Contains(o.Reason, "text read") {
					t.Errorf("%s: the reason does not say basis, source and how sure: %q", o.Rule.ID, o.Reason)
				}
				if (o.Candidate != nil) != (o.Status == Required) {
					t.Errorf("%s: %s with candidate %v", o.Rule.ID, o.Status, o.Candidate)
				}
			}
		})
	}
}

func TestDueTimes(t *testing.T) {
	t.Parallel()
	f := Facts{PersonalData: Yes, Entities: []Entity{entity("acme", aware, Controller, Processor), entity("other", aware.Add(time.Hour), Controller)}}
	got := Evaluate(GDPR(), f)
	if len(got) != 6 || got[1].Entity != "other" || got[2].Rule.ID != GDPRController {
		t.Fatalf("order: %+v", got)
	}
	// 2026-10-24 20:00 in Berlin + 72 h = 2026-10-27 19:00 in Berlin, where the clocks went back.
	want := time.Date(2026, time.October, 27, 19, 0, 0, 0, time.FixedZone("", 3600))
	if c := got[0].Candidate; !c.DueAt.Equal(want) || c.Kind != deadline.Statute || c.Start != "aware" || c.Name != "GDPR (EU) 2016/679 Art. 33(1)" {
		t.Errorf("authority: %+v", c)
	}
	if c := got[1].Candidate; !c.DueAt.Equal(want.Add(time.Hour)) {
		t.Errorf("the other entity was aware an hour later: %+v", c)
	}
	// The law names no hours for the processor: the plan's or contract's wins.
	cands, win := deadline.Shortest([]deadline.Candidate{
		*got[2].Candidate,
		deadline.NewCandidate(deadline.Policy, "plan: 24 h", "aware", aware, deadline.Hours(24)),
	})
	if win != 1 || !cands[0].DueAt.IsZero() || !strings.Contains(cands[0].Reason, "no fixed period") {
		t.Errorf("winner %d of %+v", win, cands)
	}
}

func TestVersionsAndStatus(t *testing.T) {
	t.Parallel()
	old := rule(t, GDPRAuthority)
	change := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	old.ValidUntil = change
	next := rule(t, GDPRAuthority)
	next.ValidFrom, next.Period, next.Status = change, deadline.Hours(96), NotYetApplicable
	if err := Check([]Rule{old, next}); err != nil {
		t.Fatal(err)
	}
	if err := Check(append(GDPR(), GDPR()...)); err == nil {
		t.Error("two versions at the same time are accepted")
	}
	for _, c := range []struct {
		at    time.Time
		hours int
	}{{change.Add(-time.Microsecond), 72}, {change, 96}} {
		var required []Outcome
		for _, o := range Evaluate([]Rule{old, next}, Facts{PersonalData: Yes, Entities: []Entity{entity("acme", c.at, Controller)}}) {
			if o.Status == Required {
				required = append(required, o)
			}
		}
		if len(required) != 1 || required[0].Candidate.Period != deadline.Hours(c.hours) {
			t.Errorf("at %s: %+v, want one duty of %d h", c.at, required, c.hours)
		}
	}
	bill, strange, incomplete := rule(t, GDPRAuthority), rule(t, GDPRAuthority), rule(t, GDPRAuthority)
	bill.Status = Bill
	strange.Conditions = append(strange.Conditions, "moon_is_full")
	incomplete.Source = ""
	facts := Facts{PersonalData: No, Entities: []Entity{entity("acme", aware, Processor)}}
	for i, o := range Evaluate([]Rule{bill, strange, incomplete}, facts) {
		words := []string{"a bill", `"moon_is_full"`, "source is empty"}[i]
		if o.Status != NotEvaluated || !strings.Contains(o.Reason, words) {
			t.Errorf("%d: %s, %q", i, o.Status, o.Reason)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[string]func(*Rule){
		"id":          func(r *Rule) { r.ID = " " },
		"start":       func(r *Rule) { r.Start = "" },
		"owes":        func(r *Rule) { r.Owes = "" },
		"recipient":   func(r *Rule) { r.Recipient = "press" },
		"period":      func(r *Rule) { r.Period = deadline.Period{Value: 3, Unit: "months"} },
		"qualifier":   func(r *Rule) { r.Period, r.Qualifier = deadline.Period{}, "" },
		"conditions":  func(r *Rule) { r.Conditions = nil },
		"status":      func(r *Rule) { r.Status = "" },
		"sure":        func(r *Rule) { r.Sure = "very" },
		"valid_until": func(r *Rule) { r.ValidUntil = r.ValidFrom },
		"valid_from":  func(r *Rule) { r.Status, r.ValidFrom = NotYetApplicable, time.Time{} },
	} {
		r := rule(t, GDPRAuthority)
		spoil(&r)
		if err := Check([]Rule{r}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error that names %s", err, want)
		}
	}
}

// A rule must survive the two formats packs can come in.
func TestRuleReadsBack(t *testing.T) {
	t.Parallel()
	rules := GDPR()
	j, err := json.Marshal(rules)
	if err != nil {
		t.Fatal(err)
	}
	y, err := yaml.Marshal(rules)
	if err != nil {
		t.Fatal(err)
	}
	var fromJSON, fromYAML []Rule
	if err := json.Unmarshal(j, &fromJSON); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(y, &fromYAML); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(rules, fromJSON); d != "" {
		t.Errorf("JSON (-want +got):\n%s", d)
	}
	if d := cmp.Diff(rules, fromYAML); d != "" {
		t.Errorf("YAML (-want +got):\n%s", d)
	}
}

// Properties: one outcome per rule and entity, each with a reason; needs_facts
// exactly when something is missing; never not_required while a fact that could
// make it owed is open and nothing excludes it; more facts never turn required
// into needs_facts; the zone of a time does not matter.
func TestEvaluateProperties(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		f := Facts{
			PersonalData: rapid.SampledFrom([]Answer{"", Unknown, No, Yes}).Draw(t, "personal"),
			Risk:         rapid.SampledFrom([]Risk{"", RiskUnknown, RiskNone, RiskSome, RiskHigh, "odd"}).Draw(t, "risk"),
		}
		for range rapid.IntRange(0, 3).Draw(t, "entities") {
			at := time.Time{}
			if rapid.Bool().Draw(t, "aware") {
				at = aware.Add(time.Duration(rapid.IntRange(-1e6, 1e6).Draw(t, "minutes")) * time.Minute)
			}
			f.Entities = append(f.Entities, entity("e", at,
				rapid.SampledFrom([][]Role{nil, {Controller}, {Processor}, {Controller, Processor}}).Draw(t, "roles")...))
		}
		got := Evaluate(GDPR(), f)
		if len(got) != 3*max(1, len(f.Entities)) {
			t.Fatalf("%d outcomes", len(got))
		}
		for i, o := range got {
			if o.Reason == "" || (o.Status == NeedsFacts) != (len(o.Missing) > 0) || o.Status == NotEvaluated {
				t.Fatalf("%+v", o)
			}
			if o.Status == Required && (f.PersonalData != Yes || f.Risk == RiskNone && o.Rule.ID == GDPRAuthority) {
				t.Fatalf("required in spite of the facts: %s", o.Reason)
			}
			if len(f.Entities) == 0 {
				continue
			}
			e := f.Entities[i%len(f.Entities)]
			excluded := f.PersonalData == No || f.Risk == RiskNone && o.Rule.ID == GDPRAuthority ||
				len(e.Roles) > 0 && !slices.Contains(e.Roles, o.Rule.Owes)
			before := !e.Moments["aware"].IsZero() && e.Moments["aware"].Before(o.Rule.ValidFrom)
			if o.Status == NotRequired && !excluded && !before {
				t.Fatalf("not required although nothing excludes it: %s", o.Reason)
			}
		}
		for i := range f.Entities {
			if at := f.Entities[i].Moments["aware"]; !at.IsZero() {
				f.Entities[i].Moments = map[string]time.Time{"aware": at.In(berlin)}
			}
		}
		if d := cmp.Diff(got, Evaluate(GDPR(), f)); d != "" {
			t.Fatalf("another zone, another outcome:\n%s", d)
		}
	})
}
