package regime_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"github.com/wakebell/wakebell/internal/rule/deadline/holiday"
	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/rule/regime/factfile"
	"github.com/wakebell/wakebell/internal/rule/regime/pack"
)

func shipped(tb testing.TB) *regime.Book {
	tb.Helper()
	b, err := regime.Load(holiday.Shipped(), regime.Source{FS: pack.Files})
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func names[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// drawFacts are facts of one entity, some of them not known.
func drawFacts(t *rapid.T, b *regime.Book) regime.Facts {
	start := time.Date(2026, 3, 27, 9, 0, 0, 0, time.UTC)
	f := regime.Facts{At: start, Known: map[string]any{}, Moments: map[string]time.Time{}, Persons: map[string]regime.Persons{}}
	for _, name := range names(b.Facts) {
		if rapid.Bool().Draw(t, name+" is known") {
			f.Known[name] = drawFact(t, b.Facts[name])
		}
	}
	for _, name := range names(b.Moments) {
		if rapid.Bool().Draw(t, name+" is known") {
			f.Moments[name] = start.Add(time.Hour)
		}
	}
	for _, where := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"DE", "US-CA", "US-NY", "US", "BR", "GB", "SG"}), 0, 4, rapid.ID).Draw(t, "where") {
		f.Persons[where] = regime.Exactly(rapid.Int64Range(0, 2000).Draw(t, "persons"))
	}
	e := regime.Entity{ID: "acme", Country: rapid.SampledFrom([]string{"", "DE", "US", "GB"}).Draw(t, "country"), Is: map[string]bool{}}
	for _, kind := range names(b.Kinds) {
		switch rapid.IntRange(0, 2).Draw(t, kind) {
		case 0:
			e.Is[kind] = true
		case 1:
			e.Is[kind] = false
		}
	}
	f.Entities = []regime.Entity{e}
	return f
}

func drawFact(t *rapid.T, f regime.Fact) any {
	switch f.Type {
	case "yes_no":
		return rapid.Bool().Draw(t, f.Name)
	case "number":
		return rapid.Int64Range(0, 100).Draw(t, f.Name)
	case "choice":
		return rapid.SampledFrom(f.Values).Draw(t, f.Name)
	}
	list := rapid.SliceOfNDistinct(rapid.SampledFrom(f.Values), 0, len(f.Values), rapid.ID).Draw(t, f.Name)
	slices.Sort(list)
	return list
}

func judged(t *rapid.T, b *regime.Book, f regime.Facts) map[string]*regime.Outcome {
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

// What is decided without a fact stays decided when the fact is learnt, save that an
// exemption may end a duty: nothing that is not required becomes required, and
// nothing decided becomes open, because more is known of the conditions.
func TestMoreFactsSettle(t *testing.T) {
	t.Parallel()
	b := shipped(t)
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t, b)
		var open []string
		for _, name := range names(b.Facts) {
			if _, known := f.Known[name]; !known {
				open = append(open, name)
			}
		}
		if len(open) == 0 {
			t.Skip("everything is known")
		}
		before := judged(t, b, f)
		f.Known = maps.Clone(f.Known)
		name := rapid.SampledFrom(open).Draw(t, "learnt")
		f.Known[name] = drawFact(t, b.Facts[name])
		after := judged(t, b, f)
		for id, was := range before {
			is := after[id]
			switch {
			case was.Status == regime.NotRequired && is.Status != regime.NotRequired:
				t.Fatalf("%s: not required, then %s after %s is known: %s", id, is.Status, name, is.Reason())
			case was.Status == regime.Required && is.Status == regime.NeedsFacts:
				t.Fatalf("%s: required, then open after %s is known: %s", id, name, is.Reason())
			case was.Status == regime.Required && is.Status == regime.NotRequired && len(was.Open()) == 0 && was.Rule.Follows == "" &&
				!strings.HasPrefix(was.Rule.Start, "sent:"):
				t.Fatalf("%s: required without an open exemption, then not required after %s is known: %s", id, name, is.Reason())
			case slices.Contains(is.Missing, name):
				t.Fatalf("%s still asks for %s", id, name)
			}
		}
	})
}

// An outcome has what its kind promises, whatever the facts.
func TestOutcomesAreWhole(t *testing.T) {
	t.Parallel()
	b := shipped(t)
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t, b)
		for id, o := range judged(t, b, f) {
			switch {
			case (o.Due != nil) != (o.Status == regime.Required):
				t.Fatalf("%s: %s with due %v", id, o.Status, o.Due)
			case (len(o.Missing) > 0) != (o.Status == regime.NeedsFacts):
				t.Fatalf("%s: %s, missing %q", id, o.Status, o.Missing)
			case o.Because() == "" || !strings.Contains(o.Reason(), o.Rule.Source):
				t.Fatalf("%s: %s without a reason or source: %s", id, o.Status, o.Reason())
			case o.Status == regime.Required && o.Due.At.IsZero() && o.Due.Words == "":
				t.Fatalf("%s: required, and neither a due time nor words for it", id)
			case o.Status == regime.Required && !o.Due.At.IsZero() && !o.Due.StartAt.IsZero() && o.Due.At.Before(o.Due.StartAt):
				t.Fatalf("%s: due %s before its start %s", id, o.Due.At, o.Due.StartAt)
			case o.Rule.Status == regime.Pending && (o.Status == regime.Required || o.Status == regime.NeedsFacts):
				t.Fatalf("%s is pending and %s", id, o.Status)
			}
		}
	})
}

// Two entities of the same shape have the same outcomes, and each the same as alone.
func TestEntitiesDoNotTouch(t *testing.T) {
	t.Parallel()
	b := shipped(t)
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t, b)
		alone := judged(t, b, f)
		other := drawFacts(t, b).Entities[0]
		other.ID, other.Known = "other", map[string]any{"personal_data": rapid.Bool().Draw(t, "its own finding")}
		f.Entities = []regime.Entity{other, f.Entities[0]}
		e, err := b.Evaluate(f)
		if err != nil {
			t.Fatal(err)
		}
		for i := range e.Outcomes {
			if o := &e.Outcomes[i]; o.Entity == "acme" && (o.Status != alone[o.Rule.ID].Status || fmt.Sprint(o.Due) != fmt.Sprint(alone[o.Rule.ID].Due)) {
				t.Fatalf("%s: %s beside another entity, %s alone", o.Rule.ID, o.Status, alone[o.Rule.ID].Status)
			}
		}
	})
}

// FuzzLoad: whatever stands in a pack, loading ends with rules or with problems that
// name the file, and never panics; neither do the vectors of what loads.
func FuzzLoad(f *testing.F) {
	for _, name := range []string{"eu-dora.yaml", "us-ca.yaml", "sg.yaml", "hk.yaml", "common.yaml"} {
		text, err := pack.Files.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, text := range []string{
		"", "pack: [", "pack: x\nrules:\n  - {id: a}\n", "pack: x\nrules: &a [*a]\n", "a: &a [*a]\n", "pack: x\nconditions: {c: {if: '1/0 == 1', holds: x, fails: y}}\n",
		"pack: x\nrules:\n  - {id: a, deadline: {cases: [{if: personal_data, then: {within: 3 h}}]}}\n", "pack: x\nvectors: [{name: v, facts: {persons: {DE: {min: 1}}}}]\n",
		"pack: x\nzone: ../../etc/passwd\nrules: [{id: a}]\n", "pack: x\nrules:\n  - {id: a, start: 'sent:a', deadline: {before: a}}\n", "{pack: x, rules: [{<<: {id: a}}]}",
	} {
		f.Add([]byte(text))
	}
	common, err := pack.Files.ReadFile("common.yaml")
	if err != nil {
		f.Fatal(err)
	}
	calendars := holiday.Shipped()
	f.Fuzz(func(t *testing.T, text []byte) {
		files := fstest.MapFS{"common.yaml": {Data: common}, "own.yaml": {Data: text}}
		b, err := regime.Load(calendars, regime.Source{FS: files, Operator: true})
		if err != nil {
			if !strings.Contains(err.Error(), "own.yaml") && !strings.Contains(err.Error(), "fact ") {
				t.Fatalf("no file in %q", err)
			}
			return
		}
		_, _ = factfile.Test(b)
	})
}

// FuzzFacts: whatever stands in a facts file, reading and judging it never panics.
func FuzzFacts(f *testing.F) {
	for _, text := range []string{
		"", "[", "at: 2026-11-20\nentities: [{id: a, is: {controller: true}}]\n", "persons: {DE: 5, US-CA: {min: 1, estimate: 2, max: 3}}\n", "known: {personal_data: yes}\n",
		"zone: Mars/Olympus\n", "moments: {aware: 2026-11-20T14:25:00Z}\nhold: {since: 2026-11-20}\n", "a: &a [*a]\n", "known: {data_categories: [[health]]}\n",
		"persons: {DE: 99999999999999999999}\n", "known: {personal_data: 1e300}\n", "entities: [{id: a}, {id: a}]\n", "moments: {aware: 9999-12-31}\nentities: [{id: a, is: {controller: true}}]\n",
	} {
		f.Add([]byte(text))
	}
	b := shipped(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := factfile.Read(text)
		if err != nil {
			return
		}
		facts, err := file.Facts()
		if err != nil || len(b.Check(facts)) > 0 {
			return
		}
		if _, err := b.Evaluate(facts); err != nil {
			t.Fatal(err)
		}
	})
}
