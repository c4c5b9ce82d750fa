package regime

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/wakebell/wakebell/internal/rule/deadline/holiday"
)

// words is a small vocabulary for tests.
const words = `
pack: words
groups: {EU: [AT, DE]}
kinds:
  controller: {words: controller, question: "controller?"}
  bank: {words: a bank, question: "bank?"}
moments:
  occurred: {words: it happened, question: "When did it happen?"}
  aware: {words: became aware, question: "When aware?", after: [occurred]}
  classified: {words: classified, question: "When classified?"}
  contained: {words: contained, question: "When contained?", after: [occurred]}
facts:
  personal_data: {type: yes_no, question: "Personal data?"}
  risk: {type: choice, values: [unlikely, high], question: "Which risk?"}
  encrypted: {type: yes_no, question: "Encrypted?"}
  records: {type: number, question: "How many records?"}
  kinds_of_data: {type: list, values: [health, card], question: "Which data?"}
content: {nature: what happened}
conditions:
  breach: {if: personal_data, holds: data are affected, fails: no data are affected}
`

// rules puts rules behind a head.
func rules(text string) string {
	return "pack: test\njurisdiction: EU\nreach: anywhere\ninstrument: Law\nsource: the text\nsure: read\nzone: Europe/Vienna\nrules:\n" + text
}

func load(files ...string) (*Book, error) {
	m := fstest.MapFS{"0.yaml": {Data: []byte(words)}}
	for i, f := range files {
		m[fmt.Sprintf("%d.yaml", i+1)] = &fstest.MapFile{Data: []byte(f)}
	}
	return Load(holiday.Shipped(), Source{FS: m})
}

func must(t *testing.T, files ...string) *Book {
	t.Helper()
	b, err := load(files...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func evaluate(t *testing.T, b *Book, f Facts) map[string]*Outcome {
	t.Helper()
	if errs := b.Check(f); len(errs) > 0 {
		t.Fatal(errs)
	}
	e, err := b.Evaluate(f)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*Outcome{}
	for i := range e.Outcomes {
		o := &e.Outcomes[i]
		out[strings.TrimSuffix(o.Rule.ID+"/"+o.Entity, "/acme")] = o
	}
	return out
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func acme(is ...string) []Entity {
	e := Entity{ID: "acme", Country: "AT", Is: map[string]bool{"controller": false, "bank": false}}
	for _, k := range is {
		e.Is[k] = true
	}
	return []Entity{e}
}

func TestBadPacks(t *testing.T) {
	t.Parallel()
	rule := func(more string) string {
		return rules("  - {id: a, owes: [controller], to: authority, start: aware, deadline: 72 h" + more + "}\n")
	}
	for name, c := range map[string]struct{ file, want string }{
		"cycle": {rules(`
  - {id: a, owes: [controller], to: authority, start: "sent:b", deadline: 72 h}
  - {id: b, owes: [controller], to: authority, start: aware, deadline: {not_later_than: c}}
  - {id: c, owes: [controller], to: authority, start: aware, follows: a, deadline: 72 h}
`), "1.yaml:"},
		"cycle in words":      {rules("  - {id: a, owes: [controller], to: authority, start: \"sent:a\", deadline: 72 h}\n"), "a: depends on itself: a → a"},
		"unknown fact":        {rule(`, when: [{if: 'weather == "bad"', holds: x, fails: y}]`), `1.yaml:9: a: if: column 1: "weather" is no documented fact`},
		"type":                {rule(`, when: [{if: 'risk == 3', holds: x, fails: y}]`), "no matching overload"},
		"not a condition":     {rule(`, when: [{if: 'records', holds: x, fails: y}]`), "gives int, not true or false"},
		"loop":                {rule(`, when: [{if: 'kinds_of_data.all(k, k == "health")', holds: x, fails: y}]`), "1.yaml:9: a: if:"},
		"constant":            {rule(`, when: [{if: 'true', holds: x, fails: y}]`), "reads no fact"},
		"no words":            {rule(`, when: [{if: personal_data}]`), "needs words"},
		"unknown condition":   {rule(", when: [nothing]"), `"nothing" is no condition of any pack`},
		"overlap":             {rule(", valid: {until: 2026-01-02}") + "  - {id: a, owes: [controller], to: authority, start: aware, deadline: 30 h, valid: {from: 2026-01-01}}\n", "1.yaml:10: a: valid at the same time as the rule of this id in line 9"},
		"duplicate":           {rule("") + "  - {id: a, owes: [controller], to: authority, start: aware, deadline: 30 h}\n", "valid at the same time"},
		"no unit":             {rules("  - {id: a, owes: [controller], to: authority, start: aware, deadline: 72}\n"), "1.yaml:9: deadline: a period reads"},
		"no deadline":         {rules("  - {id: a, owes: [controller], to: authority, start: aware}\n"), "a: deadline: missing"},
		"no calendar":         {rules("  - {id: a, owes: [controller], to: authority, start: aware, deadline: 3 business days}\n"), "business days need a calendar"},
		"unknown calendar":    {rules("  - {id: a, owes: [controller], to: authority, start: aware, deadline: {within: 3 business days, calendar: mars}}\n"), `calendar: "mars" is not known`},
		"unknown word":        {rules("  - {id: a, owes: [controller], to: authority, start: aware, deadline: {words: soonish}}\n"), "is no word for a deadline"},
		"unknown field":       {rule(", colour: red"), `1.yaml:9: "colour" is no field here`},
		"unknown deep field":  {rules("  - {id: a, owes: [controller], to: authority, start: aware, deadline: {within: 3 h, zone: x}}\n"), `"zone" is no field here`},
		"unknown kind":        {rules("  - {id: a, owes: [wizard], to: authority, start: aware, deadline: 3 h}\n"), `owes: "wizard" is defined in no pack`},
		"unknown moment":      {rules("  - {id: a, owes: [controller], to: authority, start: later, deadline: 3 h}\n"), `start: "later" is no moment`},
		"unknown recipient":   {rules("  - {id: a, owes: [controller], to: pope, start: aware, deadline: 3 h}\n"), `to: "pope" is no recipient`},
		"unknown content":     {rule(", content: [colour]"), `content: "colour" is defined in no pack`},
		"unknown rule":        {rule(", follows: z"), `depends on "z", which no pack has`},
		"bad date":            {rule(", valid: {from: yesterday}"), "is no date"},
		"empty time":          {rule(", valid: {from: 2026-01-02, until: 2026-01-02}"), "until must lie after from"},
		"future without from": {rule(", status: not_yet_applicable"), "valid.from: needed"},
		"threshold":           {rule(", threshold: {more_than: 3, at_least: 4}"), "threshold: one of"},
		"yaml":                {"pack: [", "1.yaml"},
		"word twice":          {"pack: x\nfacts:\n  risk: {type: yes_no, question: x}\n", `1.yaml:3: facts: "risk" is defined twice`},
		"large":               {"pack: x\n#" + strings.Repeat("x", 10<<20), "larger than"},
		"no pack":             {"title: x\n", "the name of the pack is missing"},
		"no pack, a list":     {"- a\n- b\n", "1.yaml"},
		"second document":     {rule("") + "---\npack: y\n", "1.yaml:10: a pack is one document"},
		"alias":               {rule("") + "title: &t [a]\nsource: *t\n", "1.yaml:10: anchors and aliases are not read"},
		"alias of itself":     {"pack: x\nrules: &a [*a]\n", "anchors and aliases are not read"},
		"bomb":                {bomb(), "1.yaml:2: anchors and aliases are not read"},
		"merge key":           {"pack: x\nrules: [{<<: {id: a}}]\n", `1.yaml:2: "<<" is no field here`},
		"Latin-1":             {rule("") + "# caf\xe9\n", "1.yaml:10: the text is not UTF-8"},
		"UTF-16":              {"\xff\xfep\x00a\x00c\x00k\x00:\x00", "1.yaml:1: the text is not UTF-8"},
		"NUL":                 {"pack: x\x00\n", "1.yaml"},
		"deep":                {"pack: x\nrules: " + strings.Repeat("[", 20_000), "1.yaml"},
		"negative bound":      {rule(", threshold: {more_than: -5}"), "threshold: one of"},
		"negative other":      {rule(", threshold: {more_than: 500, at_least: -1}"), "threshold: one of"},
		"huge bound":          {rule(", threshold: {more_than: 99999999999999999999}"), "1.yaml:9: cannot unmarshal"},
		"negative deadline":   {rules("  - {id: a, owes: [controller], to: authority, start: aware, deadline: -3 h}\n"), "1.yaml:9: deadline: a period reads"},
		"huge deadline":       {rules("  - {id: a, owes: [controller], to: authority, start: aware, deadline: 999999999999 days}\n"), "1.yaml:9: deadline: a period reads"},
		"fraction":            {rules("  - {id: a, owes: [controller], to: authority, start: aware, deadline: 1.5 h}\n"), "1.yaml:9: deadline: a period reads"},
		"negative tail":       {rule(", hold: {tail: -1 days}"), "1.yaml:9: a: hold.tail"},
		"counting":            {rule(", counting: moon"), "1.yaml:9: a: counting"},
		"gives way":           {rule(", gives_way_to: z"), `1.yaml:9: a: depends on "z"`},
		"gives way to itself": {rule(", gives_way_to: a"), "1.yaml:9: a: depends on itself"},
		"cycle of limits": {rules(`
  - {id: a, owes: [controller], to: authority, start: aware, deadline: {earliest: [{within: 3 h, from: "sent:b"}]}}
  - {id: b, owes: [controller], to: authority, start: aware, deadline: {within: 3 h, cases: [{name: breach, then: {within: 5 h, from: "sent:a"}}]}}
`), "depends on itself: a → b → a"},
		"fact without type":  {"pack: x\nfacts:\n  colour: {question: x}\n", "1.yaml:3: fact colour: needs a type"},
		"fact's name":        {"pack: x\nfacts:\n  a-b: {type: yes_no, question: x}\n", "1.yaml:3: fact a-b: a name has"},
		"fact's word":        {"pack: x\nfacts:\n  in: {type: yes_no, question: x}\n", "1.yaml:3: fact in: this word"},
		"after nothing":      {"pack: x\nmoments:\n  now: {words: x, question: x, after: [never]}\n", `1.yaml:3: moment now: after: "never" is no moment`},
		"comprehension":      {rule(`, when: [{if: 'kinds_of_data.map(k, k).size() > 0', holds: x, fails: y}]`), "1.yaml:9: a: if:"},
		"exists":             {rule(`, when: [{if: 'kinds_of_data.exists(k, k == "card")', holds: x, fails: y}]`), "1.yaml:9: a: if:"},
		"long expression":    {rule(`, when: [{if: 'personal_data` + strings.Repeat(" || personal_data", 200) + `', holds: x, fails: y}]`), "longer than 2000 bytes"},
		"deep expression":    {rule(`, when: [{if: '` + strings.Repeat("(", 900) + "personal_data" + strings.Repeat(")", 900) + `', holds: x, fails: y}]`), "1.yaml:9: a: if:"},
		"vocabulary in rule": {rule(", facts: {x: {type: yes_no, question: x}}"), `1.yaml:9: "facts" is no field here`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := load(c.file); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "1.yaml") {
				t.Errorf("%v\nwant %q", err, c.want)
			}
		})
	}
}

// bomb is a billion words in a few lines.
func bomb() string {
	var b strings.Builder
	b.WriteString("pack: x\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	return b.String()
}

// What is no plain file is refused by name, and the other sources stay whole.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file *fstest.MapFile
		want string
	}{
		"own.yml":    {&fstest.MapFile{Data: []byte("pack: x")}, "own.yml: a pack is a file whose name ends in .yaml"},
		"dir.yaml":   {&fstest.MapFile{Mode: fs.ModeDir | 0o700}, "dir.yaml: this is no file"},
		"pipe.yaml":  {&fstest.MapFile{Mode: fs.ModeNamedPipe | 0o600}, "pipe.yaml: this is no file"},
		"large.yaml": {&fstest.MapFile{Data: make([]byte, 1<<20+1)}, "large.yaml: the file is larger than 1024 KB"},
	} {
		m := fstest.MapFS{"0.yaml": {Data: []byte(words)}, name: c.file}
		if _, err := Load(holiday.Shipped(), Source{FS: m}); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	many := fstest.MapFS{}
	for i := range 20 {
		many[fmt.Sprintf("%02d.yaml", i)] = &fstest.MapFile{Data: []byte("#" + strings.Repeat("x", 1<<20-2))}
	}
	if _, err := Load(holiday.Shipped(), Source{FS: many}); err == nil || !strings.Contains(err.Error(), "larger than 16 MB together") {
		t.Error(err)
	}
}

func TestThreeValues(t *testing.T) {
	t.Parallel()
	b := must(t, rules(`
  - {id: a, owes: [controller], to: authority, start: aware, deadline: 72 h, when: [breach], unless: [{if: encrypted, holds: they are encrypted, fails: they are not}]}
  - {id: b, owes: [controller, bank], to: authority, start: aware, deadline: promptly, when: [{if: 'risk == "high" || "health" in kinds_of_data', holds: it is grave, fails: it is not grave}]}
`))
	yes, aware := map[string]any{"personal_data": true}, map[string]time.Time{"aware": at("2026-11-20T14:25:00Z")}
	for name, c := range map[string]struct {
		facts   Facts
		rule    string
		status  Status
		missing []string
		words   string
	}{
		"owed":                       {Facts{Known: yes, Moments: aware, Entities: acme("controller")}, "a", Required, nil, "It would fall away if they are encrypted, which is not known"},
		"exempt":                     {Facts{Known: map[string]any{"personal_data": true, "encrypted": true}, Moments: aware, Entities: acme("controller")}, "a", NotRequired, nil, "exempt: they are encrypted"},
		"no breach":                  {Facts{Known: map[string]any{"personal_data": false}, Entities: acme("controller")}, "a", NotRequired, nil, "no data are affected"},
		"other kind":                 {Facts{Known: yes, Moments: aware, Entities: acme("bank")}, "a", NotRequired, nil, "acme is not controller"},
		"kind open":                  {Facts{Known: yes, Moments: aware, Entities: []Entity{{ID: "acme"}}}, "a", NeedsFacts, []string{"is.controller"}, "whether acme is controller"},
		"breach open":                {Facts{Moments: aware, Entities: acme("controller")}, "a", NeedsFacts, []string{"personal_data"}, "Personal data?"},
		"not aware":                  {Facts{Known: yes, Entities: acme("controller")}, "a", NeedsFacts, []string{"moments.aware"}, "When aware?"},
		"nobody":                     {Facts{Known: yes, Moments: aware}, "a/", NeedsFacts, []string{"entity"}, "which of our legal entities"},
		"nobody, no breach":          {Facts{Known: map[string]any{"personal_data": false}}, "a/", NotRequired, nil, "no data"},
		"one of two settles":         {Facts{Known: map[string]any{"kinds_of_data": []string{"health"}}, Moments: aware, Entities: acme("bank")}, "b", Required, nil, "it is grave"},
		"neither settles":            {Facts{Known: map[string]any{"kinds_of_data": []string{"card"}}, Moments: aware, Entities: acme("bank")}, "b", NeedsFacts, []string{"risk"}, "Which risk?"},
		"both no":                    {Facts{Known: map[string]any{"kinds_of_data": []string{"card"}, "risk": "unlikely"}, Moments: aware, Entities: acme("bank")}, "b", NotRequired, nil, "it is not grave"},
		"all open asks for both":     {Facts{Moments: aware, Entities: acme("bank")}, "b", NeedsFacts, []string{"kinds_of_data", "risk"}, ""},
		"an entity's own goes first": {Facts{Known: map[string]any{"risk": "unlikely", "kinds_of_data": []string{}}, Moments: aware, Entities: []Entity{{ID: "acme", Is: map[string]bool{"bank": true}, Known: map[string]any{"risk": "high"}}}}, "b", Required, nil, "grave"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := evaluate(t, b, c.facts)[c.rule]
			if o.Status != c.status || !slices.Equal(o.Missing, c.missing) || !strings.Contains(o.Reason(), c.words) {
				t.Errorf("%s, missing %q: %s", o.Status, o.Missing, o.Reason())
			}
			if (o.Due != nil) != (c.status == Required) {
				t.Errorf("due %+v", o.Due)
			}
			if !strings.Contains(o.Reason(), "source: the text (text read)") {
				t.Errorf("the reason does not say its source: %s", o.Reason())
			}
		})
	}
}

func TestThresholds(t *testing.T) {
	t.Parallel()
	b := must(t, strings.ReplaceAll(rules(`
  - {id: more, owes: [controller], to: authority, start: aware, deadline: 72 h, threshold: {more_than: 500}}
  - {id: least, owes: [controller], to: authority, start: aware, deadline: 72 h, threshold: {at_least: 500}}
  - {id: fewer, owes: [controller], to: authority, start: aware, deadline: 72 h, threshold: {fewer_than: 500}}
  - {id: state, owes: [controller], to: media, jurisdiction: US, start: aware, deadline: 72 h, threshold: {more_than: 500, of: any_state}}
  - {id: total, owes: [controller], to: media, start: aware, deadline: 72 h, threshold: {at_least: 1000, of: total}}
`), "jurisdiction: EU\n", "jurisdiction: US-CA\n"))
	f := func(p map[string]Persons) Facts {
		return Facts{Moments: map[string]time.Time{"aware": at("2026-11-20T14:25:00Z")}, Persons: p, Entities: acme("controller")}
	}
	statuses := func(p map[string]Persons) (s string) {
		out := evaluate(t, b, f(p))
		for _, id := range []string{"more", "least", "fewer", "state", "total"} {
			s += map[Status]string{Required: "R", NotRequired: "-", NeedsFacts: "?"}[out[id].Status]
		}
		return s
	}
	for want, p := range map[string]map[string]Persons{
		"-R---": {"US-CA": Exactly(500)},
		"RR-R-": {"US-CA": Exactly(501)},
		"--R--": {"US-CA": Exactly(499)},
		"?????": {},
		"--RR-": {"US-CA": Exactly(1), "US-TX": Exactly(501)},
		"--R-R": {"US-CA": Exactly(400), "US-TX": Exactly(300), "DE": Exactly(300)},
		"???RR": {"US-CA": {Min: 400, Estimate: -1, Max: 600}, "US-NY": Exactly(700)},
		"RR-RR": {"US-CA": {Min: 100, Estimate: 1200, Max: 5000}},
	} {
		if got := statuses(p); got != want {
			t.Errorf("%v: %s, want %s", p, got, want)
		}
	}
	out := evaluate(t, b, f(map[string]Persons{"US-CA": {Min: 300, Estimate: 501, Max: 900}}))
	if s := out["more"].Spread; s == nil || s.Min != NotRequired || s.Estimate != Required || s.Maximum != Required {
		t.Errorf("spread %+v", s)
	}
	if s := out["fewer"].Spread; s == nil || s.Min != Required || s.Estimate != NotRequired || s.Maximum != NotRequired {
		t.Errorf("spread %+v", s)
	}
}

func TestReach(t *testing.T) {
	t.Parallel()
	b := must(t, `
pack: reach
instrument: Law
source: the text
sure: read
rules:
  - {id: here, jurisdiction: DE, reach: established, owes: [controller], to: authority, start: aware, deadline: 1 h}
  - {id: persons, jurisdiction: US-CA, reach: persons, owes: [controller], to: authority, start: aware, deadline: 1 h}
  - {id: group, jurisdiction: EU, reach: either, owes: [controller], to: authority, start: aware, deadline: 1 h}
`)
	run := func(country string, p map[string]Persons) (s string) {
		out := evaluate(t, b, Facts{
			Moments: map[string]time.Time{"aware": at("2026-11-20T14:25:00Z")}, Persons: p,
			Entities: []Entity{{ID: "acme", Country: country, Is: map[string]bool{"controller": true}}},
		})
		for _, id := range []string{"here", "persons", "group"} {
			s += map[Status]string{Required: "R", NotRequired: "-", NeedsFacts: "?"}[out[id].Status]
		}
		return s
	}
	for _, c := range []struct {
		country string
		p       map[string]Persons
		want    string
	}{
		{"DE", nil, "R?R"},
		{"AT", map[string]Persons{"US-CA": Exactly(1)}, "-RR"},
		{"US", map[string]Persons{"US-CA": Exactly(1)}, "-R-"},
		{"US", map[string]Persons{"DE": Exactly(1)}, "--R"},
		{"", map[string]Persons{"FR": Exactly(1)}, "?-?"},
		{"US", nil, "-??"},
	} {
		if got := run(c.country, c.p); got != c.want {
			t.Errorf("%s %v: %s, want %s", c.country, c.p, got, c.want)
		}
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	b := must(t, strings.ReplaceAll(rules(`
  - {id: a, owes: [controller], to: authority, start: aware, deadline: 24 h, valid: {until: 2025-08-20}}
  - {id: a, owes: [controller], to: authority, start: aware, deadline: 72 h, valid: {from: 2025-08-20}}
  - {id: bill, owes: [controller], to: authority, start: aware, deadline: 72 h, status: pending}
  - {id: future, owes: [controller], to: authority, start: aware, deadline: 72 h, status: not_yet_applicable, valid: {from: 2027-01-01}}
`), "Europe/Vienna", "Europe/London"))
	run := func(aware string) map[string]*Outcome {
		return evaluate(t, b, Facts{At: at("2026-11-21T00:00:00Z"), Moments: map[string]time.Time{"aware": at(aware)}, Entities: acme("controller")})
	}
	for aware, hours := range map[string]int{"2025-08-19T22:59:59Z": 24, "2025-08-19T23:00:00Z": 72} { // midnight in London
		o := run(aware)["a"]
		if o.Status != Required || o.Due.At.Sub(at(aware)) != time.Duration(hours)*time.Hour {
			t.Errorf("aware %s: %s %+v", aware, o.Status, o.Due)
		}
	}
	if o := run("2026-11-20T00:00:00Z")["bill"]; o.Status != NotEvaluated || !strings.Contains(o.Reason(), "not law yet") {
		t.Errorf("%s: %s", o.Status, o.Reason())
	}
	for aware, want := range map[string]Status{"2026-12-31T23:59:59Z": NotRequired, "2027-01-01T00:00:00Z": Required} {
		if o := run(aware)["future"]; o.Status != want {
			t.Errorf("aware %s: %s: %s", aware, o.Status, o.Reason())
		}
	}
	// Without a start, the day of the evaluation decides.
	if o := evaluate(t, b, Facts{At: at("2026-11-21T00:00:00Z"), Entities: acme("controller")})["future"]; o.Status != NotRequired {
		t.Errorf("%s: %s", o.Status, o.Reason())
	}
}

func TestOverride(t *testing.T) {
	t.Parallel()
	shipped := fstest.MapFS{"0.yaml": {Data: []byte(words)}, "1.yaml": {Data: []byte(rules("  - {id: a, owes: [controller], to: authority, start: aware, deadline: 72 h}\n"))}}
	own := fstest.MapFS{"1.yaml": {Data: []byte(strings.Replace(rules("  - {id: a, owes: [controller], to: authority, start: aware, deadline: 24 h}\n"), "pack: test", "pack: counsel", 1))}}
	b, err := Load(holiday.Shipped(), Source{FS: shipped}, Source{FS: own, Operator: true})
	if err != nil {
		t.Fatal(err)
	}
	o := evaluate(t, b, Facts{Moments: map[string]time.Time{"aware": at("2026-11-20T00:00:00Z")}, Entities: acme("controller")})["a"]
	if len(b.Rules) != 1 || !o.Rule.Override || o.Rule.Pack != "counsel" || !o.Due.At.Equal(at("2026-11-21T00:00:00Z")) {
		t.Errorf("%+v, due %v", o.Rule, o.Due.At)
	}
	alone, err := Load(holiday.Shipped(), Source{FS: shipped})
	if err != nil || alone.Version == b.Version {
		t.Errorf("both books have version %s (%v)", b.Version, err)
	}
}

func TestContradictions(t *testing.T) {
	t.Parallel()
	b := must(t)
	for want, f := range map[string]Facts{
		"moments.contained: 2026-11-19":    {Moments: map[string]time.Time{"occurred": at("2026-11-20T00:00:00Z"), "contained": at("2026-11-19T00:00:00Z")}},
		"moments.dreamt: no moment":        {Moments: map[string]time.Time{"dreamt": at("2026-11-20T00:00:00Z")}},
		"known.risk: one of unlikely, hig": {Known: map[string]any{"risk": "medium"}},
		"known.personal_data: true or fal": {Known: map[string]any{"personal_data": "yes"}},
		"known.records: a whole number":    {Known: map[string]any{"records": int64(-1)}},
		"known.kinds_of_data: a list of":   {Known: map[string]any{"kinds_of_data": []string{"gossip"}}},
		"known.weather: no fact":           {Known: map[string]any{"weather": true}},
		"persons.DE: the least (5) is mor": {Persons: map[string]Persons{"DE": {Min: 5, Estimate: -1, Max: 4}}},
		"persons.DE: the estimate 9 does":  {Persons: map[string]Persons{"DE": {Min: 5, Estimate: 9, Max: 8}}},
		"persons.Germany: no jurisdiction": {Persons: map[string]Persons{"Germany": Exactly(1)}},
		"entities.x.is.wizard: no kind":    {Entities: []Entity{{ID: "x", Is: map[string]bool{"wizard": true}}}},
		"entities.x.moments.contained":     {Moments: map[string]time.Time{"occurred": at("2026-11-20T00:00:00Z")}, Entities: []Entity{{ID: "x", Moments: map[string]time.Time{"contained": at("2026-11-19T00:00:00Z")}}}},
		"hold.released: it is released be": {Hold: &HoldFact{Since: at("2026-11-20T00:00:00Z"), Released: at("2026-11-19T00:00:00Z")}},
	} {
		errs := b.Check(f)
		if len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), want) {
			t.Errorf("%v, want %q", errs, want)
		}
	}
}

func TestDue(t *testing.T) {
	t.Parallel()
	b := must(t, rules(`
  - {id: initial, owes: [controller], to: regulator, start: classified, deadline: {earliest: [{within: 4 h, from: classified}, {within: 24 h, from: aware}], late: {within: 4 h, from: classified}, roll: true, roll_unless: [bank]}}
  - {id: intermediate, owes: [controller], to: regulator, follows: initial, start: "sent:initial", deadline: {within: 72 h, roll: true, roll_unless: [bank]}}
  - {id: final, owes: [controller], to: regulator, follows: intermediate, start: "sent:intermediate", deadline: {within: 1 month, roll: true}}
  - {id: persons, owes: [controller], to: persons, start: aware, deadline: 45 days}
  - {id: before, owes: [controller], to: authority, start: aware, deadline: {before: persons}}
  - {id: capped, owes: [controller], to: authority, start: aware, deadline: {within: 30 days, not_later_than: persons}}
  - {id: log, owes: [controller], to: authority, start: aware, deadline: {within: 60 days, year_end: true}}
  - {id: held, owes: [controller], to: persons, start: aware, deadline: 10 days, hold: {tail: 30 days, words: The police may ask.}}
  - {id: cases, owes: [controller], to: persons, start: aware, deadline: {within: 30 days, cases: [{if: encrypted, holds: they are encrypted, fails: not, then: {within: 60 days}}]}}
  - {id: far, owes: [controller], to: persons, start: aware, deadline: {within: 5 business days, calendar: us-federal}}
`))
	moments := func(aware, classified string) map[string]time.Time {
		m := map[string]time.Time{"aware": at(aware)}
		if classified != "" {
			m["classified"] = at(classified)
		}
		return m
	}
	for _, c := range []struct {
		name  string
		facts Facts
		rule  string
		due   string // in UTC, or a day, or ""
		words string
	}{
		{"cap", Facts{Moments: moments("2026-11-23T08:00:00Z", "2026-11-24T07:00:00Z")}, "initial", "2026-11-24T08:00:00Z", "24 h after: became aware"},
		{"four hours", Facts{Moments: moments("2026-11-23T08:00:00Z", "2026-11-23T09:00:00Z")}, "initial", "2026-11-23T13:00:00Z", "4 h after: classified"},
		{"late", Facts{Moments: moments("2026-11-23T08:00:00Z", "2026-11-24T10:00:00Z")}, "initial", "2026-11-24T14:00:00Z", "4 h after: classified"},
		{"Christmas", Facts{Moments: moments("2026-12-24T09:00:00Z", "2026-12-25T07:00:00Z")}, "initial", "2026-12-28T11:00:00Z", ""},
		{"Christmas at a bank", Facts{Moments: moments("2026-12-24T09:00:00Z", "2026-12-25T07:00:00Z"), Entities: acme("controller", "bank")}, "initial", "2026-12-25T09:00:00Z", ""},
		{"Saturday", Facts{Moments: moments("2026-11-04T08:00:00Z", "2026-11-04T09:00:00Z"), Sent: map[string]time.Time{"initial": at("2026-11-04T17:30:00Z")}}, "intermediate", "2026-11-09T11:00:00Z", "72 h after: the notice initial was given"},
		{"not given yet", Facts{Moments: moments("2026-11-23T08:00:00Z", "2026-11-23T09:00:00Z")}, "intermediate", "2026-11-26T13:00:00Z", ""},
		{"final on a Sunday", Facts{Moments: moments("2026-12-28T08:00:00Z", "2026-12-28T09:00:00Z"), Sent: map[string]time.Time{"initial": at("2026-12-28T10:00:00Z"), "intermediate": at("2026-12-31T10:00:00Z")}, Entities: acme("controller", "bank")}, "final", "2027-02-01T11:00:00Z", "1 month after"},
		{"days", Facts{Moments: moments("2026-11-20T23:30:00Z", "")}, "persons", "2027-01-05", "45 days after"}, // the 21st in Vienna
		{"before, by its due time", Facts{Moments: moments("2026-11-20T08:00:00Z", "")}, "before", "2027-01-04T22:59:59Z", "before the notice persons"},
		{"before, as given", Facts{Moments: moments("2026-11-20T08:00:00Z", ""), Sent: map[string]time.Time{"persons": at("2026-11-25T08:00:00Z")}}, "before", "2026-11-25T08:00:00Z", "before the notice persons"},
		{"own limit is earlier", Facts{Moments: moments("2026-11-20T08:00:00Z", "")}, "capped", "2026-12-20", "30 days after"},
		{"the other is earlier", Facts{Moments: moments("2026-11-20T08:00:00Z", ""), Sent: map[string]time.Time{"persons": at("2026-11-25T08:00:00Z")}}, "capped", "2026-11-25T08:00:00Z", "not later than the notice persons"},
		{"year end, leap", Facts{Moments: moments("2027-05-01T08:00:00Z", "")}, "log", "2028-02-29", "60 days after the end of the calendar year"},
		{"released", Facts{Moments: moments("2026-11-01T08:00:00Z", ""), Hold: &HoldFact{at("2026-11-02T00:00:00Z"), at("2026-11-20T08:00:00Z")}}, "held", "2026-12-20T22:59:59Z", ""},
		{"cases", Facts{Moments: moments("2026-11-01T08:00:00Z", ""), Known: map[string]any{"encrypted": true}}, "cases", "2026-12-31", "60 days"},
		{"cases, open", Facts{Moments: moments("2026-11-01T08:00:00Z", "")}, "cases", "2026-12-01", "30 days"},
		{"Thanksgiving", Facts{Moments: moments("2026-11-20T12:00:00Z", "")}, "far", "2026-11-30", "5 business days"},
	} {
		if c.facts.Entities == nil {
			c.facts.Entities = acme("controller")
		}
		o := evaluate(t, b, c.facts)[c.rule]
		if o.Status != Required {
			t.Errorf("%s: %s: %s", c.name, o.Status, o.Reason())
			continue
		}
		got := o.Due.At.UTC().Truncate(time.Second).Format(time.RFC3339)
		if len(c.due) == len("2006-01-02") {
			got = o.Due.Day
		}
		if got != c.due || !strings.Contains(o.Due.Words, c.words) {
			t.Errorf("%s: due %s (%s), want %s (%s)", c.name, got, o.Due.Words, c.due, c.words)
		}
	}
	o := evaluate(t, b, Facts{Moments: moments("2026-11-01T08:00:00Z", ""), Entities: acme("controller"), Hold: &HoldFact{Since: at("2026-11-02T00:00:00Z")}})["held"]
	if !o.Due.Held {
		t.Errorf("the clock does not rest: %+v", o.Due)
	}
	if o := evaluate(t, b, Facts{Moments: moments("2040-01-03T08:00:00Z", ""), Entities: acme("controller")})["far"]; o.Status != NotEvaluated || !strings.Contains(o.Reason(), "outside the years") {
		t.Errorf("%s: %s", o.Status, o.Reason())
	}
	if o := evaluate(t, b, Facts{Moments: moments("2026-11-20T08:00:00Z", ""), Entities: acme("controller")})["intermediate"]; o.Status != NeedsFacts || !slices.Equal(o.Missing, []string{"moments.classified"}) {
		t.Errorf("follows an open rule: %s %q", o.Status, o.Missing)
	}
}
