package fact_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
)

var now = time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)

func TestValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  fact.Name
		wire  string
		field string // of the fault; "" = accepted
	}{
		{fact.Occurred, `"2026-11-21T14:25:00+01:00"`, ""},
		{fact.Occurred, `"2026-11-21T14:05:00Z"`, ""}, // another clock may be ahead a little
		{fact.Occurred, `"2026-11-21T14:05:01Z"`, "value"},
		{fact.Occurred, `"2026-11-21T14:25:00"`, "value"},
		{fact.Occurred, `"0000-01-01T00:00:00+01:00"`, "value"},
		{fact.Occurred, `null`, "value"},
		{fact.OfPersonalData, `"yes"`, ""},
		{fact.OfPersonalData, `"maybe"`, "value"},
		{fact.OfPersonalData, `true`, "value"},
		{fact.OfRisk, `"high"`, ""},
		{fact.OfConsequences, `{"recipient":"known","severity":"limited"}`, ""},
		{fact.OfConsequences, `{"recipient":"somebody"}`, "value.recipient"},
		{fact.OfConsequences, `{"mood":"bad"}`, "value"},
		{fact.OfENISA, `{"categories":[{"category":"simple"}],"identifiability":0.5}`, ""},
		{fact.OfENISA, `{"categories":[{"category":"simple"}],"identifiability":0.6}`, "value.identifiability"},
		{fact.OfENISA, `{"categories":[{"category":"simple","score":3}],"identifiability":0.5}`, "value.categories.0.reason"},
		{fact.OfENISA, `{"categories":[]}`, "value.categories"},
		{fact.OfENISA, `null`, "value"},
		{fact.OfRisk, `"yes"`, "value"},
		{fact.OfCause, `"a lock"`, ""},
		{fact.OfCause, `"  "`, "value"},
		{fact.OfAccount, `"Somebody opened a door."`, ""},
		{fact.OfMeasures, `["a"]`, "value"},
		{fact.OfPersonKinds, `"customers\nchildren"`, ""},
		{fact.OfRecords, `12000`, ""},
		{fact.OfRecords, `"12,000"`, ""},
		{fact.OfRecords, `-1`, "value"},
		{fact.OfRecords, `"about ten"`, "value"},
		{fact.OfHarm, `[]`, ""},
		{fact.OfHarm, `[{"property":"integrity","asset":"our_data","timing":"impending"}]`, ""},
		{fact.OfHarm, `[{"property":"integrity","asset":"our_data","timing":"past"}]`, "value[0].timing"},
		{fact.OfHarm, `[{"what":"x"}]`, "value"},
		{fact.OfScope, `{"persons":[{"country":"DE","min":1,"estimate":2,"max":3}],"confidence":"guessed"}`, ""},
		{fact.OfScope, `{"persons":[{"country":"de","min":1,"estimate":2,"max":3}]}`, "value.persons[0].country"},
		{fact.OfScope, `{"persons":[{"country":"12","min":1,"estimate":2,"max":3}]}`, "value.persons[0].country"},
		{fact.OfScope, `{"persons":[{"min":3,"estimate":2,"max":3}]}`, "value.persons[0]"},
		{fact.OfScope, `{"persons":[{"min":-3,"estimate":2,"max":3}]}`, "value.persons[0]"},
		{fact.OfScope, `{"confidence":"sure"}`, "value.confidence"},
		{fact.OfScope, `{"data_kinds":["a\u0000b"]}`, "value.data_kinds[0]"},
		{fact.OfScope, `{"customer":["a"]}`, "value"},
		{fact.OfProtected, `["trade_secret"]`, ""},
		{fact.OfProtected, `["secret"]`, "value[0]"},
		{fact.OfIndicators, `{"total_outage":"yes","customers_affected":3}`, ""},
		{fact.OfIndicators, `{"customers_affected":-3}`, "value"},
		{"weather", `"rain"`, "fact"},
	} {
		v, _, err := fact.ParseValue(c.name, json.RawMessage(c.wire))
		if err == nil {
			err = fault.Invalids(v.Check(c.name, now)...)
		}
		got := ""
		if f := fault.FieldsOf(err); len(f) > 0 {
			got = f[0].Field
		}
		if got != c.field || (err == nil) != (c.field == "") {
			t.Errorf("%s %s: want a fault on %q, got %v", c.name, c.wire, c.field, err)
		}
	}
}

// FuzzValue: what is accepted survives the way out and in again; nothing panics.
func FuzzValue(f *testing.F) {
	for _, s := range []string{`"yes"`, `"2026-11-21T14:25:00+01:00"`, `[]`, `{}`, `{"customers":["a"]}`, `["trade_secret"]`, `null`, `[{"property":"integrity"}]`} {
		f.Add(0, s)
		f.Add(9, s)
		f.Add(13, s)
	}
	names := fact.Names()
	f.Fuzz(func(t *testing.T, n int, wire string) {
		name := names[uint(n)%uint(len(names))]
		v, text, err := fact.ParseValue(name, json.RawMessage(wire))
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("%v is no fault", err)
			}
			return
		}
		if len(v.Check(name, now)) > 0 {
			return
		}
		doc, err := json.Marshal(fact.WireValue(fact.Fact{Name: name, Value: v, Text: text}))
		if err != nil {
			t.Fatal(err)
		}
		if string(doc) == "null" {
			return // an empty list
		}
		again, text2, err := fact.ParseValue(name, doc)
		a, _ := json.Marshal(v)
		b, _ := json.Marshal(again)
		if err != nil || cmp.Diff(string(a)+text, string(b)+text2) != "" {
			t.Fatalf("%s: %v %s %s", doc, err, a, b)
		}
	})
}
