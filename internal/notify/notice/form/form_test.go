package form_test

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"go.yaml.in/yaml/v3"

	"github.com/wakebell/wakebell/internal/notify/notice/form"
	"github.com/wakebell/wakebell/internal/notify/notice/form/pack"
	"github.com/wakebell/wakebell/internal/notify/notice/form/prefill"
	"github.com/wakebell/wakebell/internal/rule/deadline/holiday"
	"github.com/wakebell/wakebell/internal/rule/regime"
	rules "github.com/wakebell/wakebell/internal/rule/regime/pack"
)

func shipped(t testing.TB) *form.Book {
	t.Helper()
	b, err := form.Load(prefill.Names(), form.Source{FS: pack.Files})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// source reads a file of the collected law, which is never part of the repository.
func source(t *testing.T, name string, into any) {
	t.Helper()
	dir := cmp.Or(os.Getenv("WAKEBELL_SHARED"), filepath.Join("..", "..", "..", "..", "..", "shared"))
	text, err := os.ReadFile(filepath.Join(dir, "data", "law", name))
	if err != nil {
		t.Skipf("set WAKEBELL_SHARED to the folder of the shared data set to compare the form with its source: %v", err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

func squeeze(parts ...string) string {
	return strings.Join(strings.Fields(strings.Join(parts, "")), "")
}

func labels(d form.Field) (out []string) {
	for _, o := range d.Options {
		out = append(out, o.Label)
	}
	return out
}

func TestEDPBAgainstItsSource(t *testing.T) {
	t.Parallel()
	var src struct {
		Fields []struct {
			N         int
			Section   string
			Label     string
			Type      string
			Mandatory string
			VisibleIf string `yaml:"visible_if"`
			Options   []string
			GDPR      string
		}
	}
	source(t, "edpb_template_2026_fields.yaml", &src)
	f := shipped(t).Form("edpb-2026-draft")
	types := map[string][]form.Type{
		"text": {form.Text, form.Long}, "textarea": {form.Long}, "enum": {form.Choice}, "multi-select": {form.Choices}, "boolean": {form.YesNo},
		"date": {form.Date}, "datetime": {form.Moment}, "number": {form.Number},
	}
	if len(src.Fields) != 100 || len(f.Fields) != 101 { // and one question of ours
		t.Errorf("%d fields, %d of the source", len(f.Fields), len(src.Fields))
	}
	for _, s := range src.Fields {
		d, ok := f.Field(itoa(s.N))
		if !ok {
			t.Errorf("field %d is missing", s.N)
			continue
		}
		if squeeze(d.Label) != squeeze(s.Label) || d.Section != s.Section || string(d.Mandatory.All) != s.Mandatory || squeeze(d.GDPR) != squeeze(s.GDPR) {
			t.Errorf("field %d: %+v, the source has %+v", s.N, d, s)
		}
		if d.SourceType != s.Type && !slices.Contains(types[s.Type], d.Type) {
			t.Errorf("field %d is %s, the source has %s", s.N, d.Type, s.Type)
		}
		if !d.OptionsCut && squeeze(labels(d)...) != squeeze(s.Options...) {
			t.Errorf("field %d: options %q, the source has %q", s.N, labels(d), s.Options)
		}
		if s.VisibleIf != "" && squeeze(d.Condition) != squeeze(s.VisibleIf) {
			t.Errorf("field %d: condition %q, the source has %q", s.N, d.Condition, s.VisibleIf)
		}
	}
}

func TestDORAAgainstItsSource(t *testing.T) {
	t.Parallel()
	var src struct {
		Fields []struct {
			Field, Name, Initial, Intermediate, Final, Type string
			Choices                                         []string
		}
	}
	source(t, "dora_2025_302_fields.yaml", &src)
	f := shipped(t).Form("eu-dora-2025-302")
	types := map[string][]form.Type{
		"Choice": {form.Choice}, "Choice (multiple)": {form.Choices}, "Choice (multiselect)": {form.Choices}, "Alphanumeric": {form.Text, form.Long},
		"Boolean (Yes or No)": {form.YesNo}, "Numerical integer": {form.Number}, "Monetary": {form.Money}, "DD:HH:MM": {form.Duration},
	}
	begins := map[string]form.Type{"Unique 20": form.LEI, "ISO 8601": form.Moment, "Expressed as": form.Percent, "Choice populated": form.Currency, "Choice (multiple) populated": form.Countries}
	official := 0
	for _, d := range f.Fields {
		if !d.Ours {
			official++
		}
	}
	if len(src.Fields) != 76 || official != 76 {
		t.Errorf("%d fields, %d of the source", official, len(src.Fields))
	}
	for _, s := range src.Fields {
		d, ok := f.Field(s.Field)
		if !ok || d.Label != s.Name || squeeze(labels(d)...) != squeeze(s.Choices...) {
			t.Errorf("field %s: %+v, the source has %+v", s.Field, d, s)
			continue
		}
		right := slices.Contains(types[s.Type], d.Type)
		for prefix, typ := range begins {
			right = right || strings.HasPrefix(s.Type, prefix) && d.Type == typ
		}
		if !right {
			t.Errorf("field %s is %s, the source has %s", s.Field, d.Type, s.Type)
		}
		for stage, want := range map[string]string{"initial": s.Initial, "intermediate": s.Intermediate, "final": s.Final} {
			st, _ := f.Stage(stage)
			word, words, _ := strings.Cut(want, ":")
			if got := f.Demand(d, st); got != map[string]form.Must{"mandatory": form.Always, "conditional": form.Conditional, "not_required": form.NotAsked}[word] {
				t.Errorf("field %s is %s in %s, the source has %s", s.Field, got, stage, want)
			}
			if word == "conditional" && strings.TrimRight(squeeze(d.Condition), ".") != strings.TrimRight(squeeze(words), ".") && stage == "final" {
				t.Errorf("field %s: condition %q, the source has %q", s.Field, d.Condition, words)
			}
		}
	}
}

func itoa(n int) string {
	return strings.TrimLeft(string([]byte{'0' + byte(n/100), '0' + byte(n/10%10), '0' + byte(n%10)}), "0")
}

// What is wrong in a file is named with its line and the reason.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	const head = "form: x\ntitle: X\nversion: 1\nsource: us\nstages: [{id: a, title: A}]\nsections: [{id: s, title: S}]\nfields:\n"
	const ok = "  - {id: one, label: One, section: s, type: text}\n"
	for name, c := range map[string]struct{ text, says string }{
		"unknown type":    {head + ok + "  - {id: two, label: Two, section: s, type: colour}\n", `x.yaml:9: field two: "colour" is no type`},
		"duplicate id":    {head + ok + ok, `x.yaml:9: each field has an id of its own; "one"`},
		"same name":       {head + ok + "  - {id: a.b, label: A, section: s, type: text}\n  - {id: a-b, label: B, section: s, type: text}\n", "x.yaml:10: field a-b: conditions would call it a_b"},
		"unknown in when": {head + ok + "  - {id: two, label: Two, section: s, type: text, when: 'three == \"x\"'}\n", `x.yaml:9: field two: when: column 1: "three" is no field of this form`},
		"cycle":           {head + "  - {id: one, label: One, section: s, type: text, when: 'two == \"x\"'}\n  - {id: two, label: Two, section: s, type: text, when: 'has_one'}\n", "depends on itself"},
		"unknown key":     {head + ok + "  - {id: two, label: Two, section: s, type: text, colour: red}\n", `x.yaml:9: "colour" is no field here`},
		"unknown fact":    {head + "  - {id: one, label: One, section: s, type: text, fill: weather}\n", `there is no fact "weather"`},
		"unknown section": {head + "  - {id: one, label: One, section: t, type: text}\n", `there is no section "t"`},
		"unknown stage":   {head + "  - {id: one, label: One, section: s, type: text, mandatory: {b: yes}}\n", `mandatory names "b", which is no stage`},
		"no options":      {head + "  - {id: one, label: One, section: s, type: choice}\n", "need options"},
		"bad conditional": {head + "  - {id: one, label: One, section: s, type: text, mandatory: conditional}\n", "is conditional; say on what"},
		"map to nothing":  {head + "  - {id: one, label: One, section: s, type: choice, options: [a], map: {x: b}}\n", `map leads to "b"`},
		"alias":           {head + "  - &a {id: one, label: One, section: s, type: text}\n  - *a\n", "anchors and aliases are not taken"},
		"bomb":            {"a: &a [x,x]\nb: &b [*a,*a]\nform: *b\n", "anchors and aliases"},
		"large":           {head + strings.Repeat("#", form.MaxFile), "larger than 1 MB"},
		"ten megabytes":   {strings.Repeat("x", 10<<20), "larger than 1 MB"},
		"empty":           {"", "x.yaml"},
		"no YAML":         {"form: [", "x.yaml"},
		"no head":         {"form: x\n", "is missing"},
		"cost":            {head + ok + "  - {id: two, label: Two, section: s, type: text, when: '" + strings.Repeat("one == \"x\" || ", 300) + "one == \"y\"'}\n", "longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := form.Load(prefill.Names(), form.Source{FS: fstest.MapFS{"x.yaml": {Data: []byte(c.text)}}})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("want %q, got %v", c.says, err)
			}
		})
	}
}

// The operator's form with the id of a shipped one takes its place; other ids are added.
func TestOperatorsForms(t *testing.T) {
	t.Parallel()
	own := strings.ReplaceAll("form: ID\ntitle: Ours\nversion: 1\nsource: us\nstages: [{id: a, title: A}]\nsections: [{id: s, title: S}]\nfields: [{id: one, label: One, section: s, type: text}]\n", "ID", "edpb-2026-draft")
	b, err := form.Load(prefill.Names(), form.Source{FS: pack.Files}, form.Source{FS: fstest.MapFS{"a.yaml": {Data: []byte(own)}, "b.yml": {Data: []byte(strings.ReplaceAll(own, "edpb-2026-draft", "second"))}}, Operator: true})
	if err != nil {
		t.Fatal(err)
	}
	if f := b.Form("edpb-2026-draft"); f.Title != "Ours" || !f.Operator || len(b.Forms()) != 3 {
		t.Errorf("%+v, %d forms", f, len(b.Forms()))
	}
	_, err = form.Load(nil, form.Source{FS: fstest.MapFS{"a.yaml": {Data: []byte(own)}, "b.yaml": {Data: []byte(own)}}})
	if err == nil || !strings.Contains(err.Error(), "is defined in a.yaml already") {
		t.Errorf("a form twice: %v", err)
	}
}

// DORA: what is asked depends on the stage and on what was answered.
func TestJudge(t *testing.T) {
	t.Parallel()
	f := shipped(t).Form("eu-dora-2025-302")
	asked := func(stage string, a form.Answers) map[string]form.Asked {
		st, _ := f.Stage(stage)
		out := map[string]form.Asked{}
		for _, x := range f.Judge(st, a, false) {
			out[x.ID] = x
		}
		return out
	}
	got := asked("initial", form.Answers{})
	if !got["2.4"].Needed || got["3.2"].Shown || got["2.6"].Shown || got["1.13"].Shown || got["q_transactions"].Shown {
		t.Errorf("initial: %+v", got["2.6"])
	}
	got = asked("initial", form.Answers{"2.5": {List: []string{"geographical spread"}}, "q_group": {Text: "yes"}})
	if !got["2.6"].Missing() || !got["1.13"].Missing() {
		t.Error("the criterion does not ask for the countries, or the group for its parent")
	}
	got = asked("intermediate", form.Answers{"3.23": {List: []string{"Cybersecurity-related"}}, "3.16": {Text: "00:01:00"}, "q_downtime": {Text: "yes"}})
	if !got["3.25"].Needed || !got["3.3"].Needed || got["4.1"].Shown {
		t.Error("follow-up questions of the intermediate report")
	}
	got = asked("reclassified", form.Answers{"1.1": {Text: "major incident reclassified as non-major"}})
	if !got["2.10"].Needed || got["3.2"].Shown {
		t.Error("a reclassification gives its reasons in 2.10")
	}
	e := shipped(t).Form("edpb-2026-draft")
	st, _ := e.Stage("new")
	for _, x := range e.Judge(st, form.Answers{"3": {Text: "a"}, "4": {Text: "a"}}, true) {
		if x.ID == "49" && !x.Needed || x.ID == "61" && len(x.Offered) != 5 {
			t.Errorf("field %s: %+v", x.ID, x)
		}
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	f := shipped(t).Form("eu-dora-2025-302")
	st, _ := f.Stage("final")
	base := form.Answers{
		"2.5": {List: []string{"geographical spread", "economic impact"}}, "q_other_entity": {Text: "yes"}, "q_transactions": {Text: "yes"}, "q_downtime": {Text: "yes"},
	}
	for id, c := range map[string]struct{ right, wrong []string }{
		"1.6": {[]string{"5493001KJTIIGC8Y1R12"}, []string{"5493001KJTIIGC8Y1R13", "x", strings.Repeat("A", 20)}}, "1.15": {[]string{"EUR"}, []string{"eur", "EURO"}},
		"2.2": {[]string{"2026-11-21T14:25:00Z", "2026-11-21T14:25:00+01:00"}, []string{"yesterday", "2026-01-02"}}, "3.4": {[]string{"0", "12"}, []string{"-1", "1.5", "many", "9999999999999999"}},
		"3.5": {[]string{"2.4", "100"}, []string{"2,4", "2.45", "%"}}, "3.11": {[]string{"2.5", "-3"}, []string{"2 500", "EUR 3"}}, "3.15": {[]string{"02:05:30"}, []string{"2:5:30", "00:24:00", "00:00:60"}},
		"2.9": {[]string{"yes", "no"}, []string{"true", "maybe"}}, "2.7": {[]string{"staff"}, []string{"Staff", "x"}}, "1.2": {[]string{"Bank"}, []string{"a\nb", strings.Repeat("x", 3000)}},
		"2.4": {[]string{"a\nb"}, []string{strings.Repeat("x", 70<<10)}},
	} {
		for want, list := range map[bool][]string{true: c.right, false: c.wrong} {
			for _, v := range list {
				a := form.Answers{id: {Text: v}}
				for k, x := range base {
					a[k] = x
				}
				got := f.Check(st, a, false, false)
				if (len(got) == 0) != want {
					t.Errorf("%s = %.40q: %v", id, v, got)
				}
				for _, w := range got {
					if w.Field != id || len(v) > 3 && strings.Contains(w.Message, v) {
						t.Errorf("%s = %.40q: %v names another field or the value", id, v, got)
					}
				}
			}
		}
	}
	for _, list := range [][]string{{"DE", "DE"}, {"de"}, {"DEU"}} {
		if got := f.Check(st, form.Answers{"2.5": base["2.5"], "2.6": {List: list}}, false, false); len(got) != 1 {
			t.Errorf("countries %v: %v", list, got)
		}
	}
	if got := f.Check(st, form.Answers{}, false, true); len(got) < 40 || !strings.Contains(got[0].Message, "is needed") {
		t.Errorf("an empty final report lacks %d answers", len(got))
	}
}

// Every rule has a form of ours that asks for what it requires and can be filled in.
func TestGeneric(t *testing.T) {
	t.Parallel()
	b, err := regime.Load(holiday.Shipped(), regime.Source{FS: rules.Files})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range b.Rules {
		f := form.Generic(b, r)
		if f.Official || !strings.Contains(f.Note, "is ours") || f.Title == "" {
			t.Errorf("%s: %+v", r.ID, f)
		}
		for _, name := range r.Content {
			if _, ok := f.Field(name); !ok {
				t.Errorf("%s does not ask for %s", f.ID, name)
			}
		}
		for _, late := range []bool{false, true} {
			answers := form.Answers{}
			asked := 0
			for _, a := range f.Judge(f.Stages[0], answers, late) {
				if a.Fill != "" && !slices.Contains(prefill.Names(), a.Fill) {
					t.Errorf("%s: %s is filled from %q, which is no fact", f.ID, a.ID, a.Fill)
				}
				if a.Needed {
					asked++
					answers[a.ID] = form.Answer{Text: "said"}
				}
			}
			if got := f.Check(f.Stages[0], answers, late, true); len(got) > 0 || asked < 3+len(r.Content)-1 {
				t.Errorf("%s late %v: %d asked, %v", f.ID, late, asked, got)
			}
			if _, has := answers[form.LateField]; has != late && !slices.ContainsFunc(r.Content, func(c string) bool { return strings.Contains(c, "delay") }) {
				t.Errorf("%s late %v asks for the reasons: %v", f.ID, late, has)
			}
		}
	}
}

// The example of docs/forms.md is a form.
func TestDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../../docs/forms.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```yaml\n")
	example, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("docs/forms.md shows no form")
	}
	if _, errs := form.Parse("docs/forms.md", []byte(example), prefill.Names()); len(errs) > 0 {
		t.Error(errs)
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"eu-dora-2025-302.yaml", "edpb-2026-draft.yaml"} {
		text, err := pack.Files.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text[:4000])
	}
	f.Add([]byte("form: x\nstages: [{id: a}]\nfields: [{id: '', type: text, when: 'a'}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, errs := form.Parse("x.yaml", text, nil)
		if got == nil && len(errs) == 0 {
			t.Error("neither a form nor a reason")
		}
	})
}
