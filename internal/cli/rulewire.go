package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/rule/regime/wording"
)

// ruleWire is a rule in one version, as JSON and for printing.
type ruleWire struct {
	ID           string          `json:"id"`
	Basis        string          `json:"basis"`
	Instrument   string          `json:"instrument"`
	Article      string          `json:"article,omitempty"`
	Jurisdiction string          `json:"jurisdiction"`
	Owes         []string        `json:"owes"`
	OwesWords    string          `json:"owes_words"`
	Reach        regime.Reach    `json:"reach"`
	ReachWords   string          `json:"reach_words"`
	To           string          `json:"to"`
	ToName       string          `json:"to_name,omitempty"`
	Select       string          `json:"select,omitempty"`
	Follows      string          `json:"follows,omitempty"`
	When         []conditionWire `json:"when"`
	Unless       []conditionWire `json:"unless"`
	Exemptions   []string        `json:"exemptions,omitempty"`
	Threshold    string          `json:"threshold,omitempty"`
	Start        string          `json:"start"`
	StartWords   string          `json:"start_words"`
	Deadline     string          `json:"deadline"`
	Zone         string          `json:"zone"`
	Stage        string          `json:"stage"`
	Content      []namedWire     `json:"content"`
	Channel      string          `json:"channel,omitempty"`
	Record       string          `json:"record,omitempty"`
	Hold         string          `json:"hold,omitempty"`
	Status       string          `json:"status"`
	StatusWords  string          `json:"status_words"`
	From         string          `json:"valid_from,omitempty"`
	Until        string          `json:"valid_until,omitempty"`
	Source       string          `json:"source"`
	Certainty    string          `json:"certainty"`
	SureWords    string          `json:"certainty_words"`
	Unverified   bool            `json:"unverified"`
	Note         string          `json:"note,omitempty"`
	Review       string          `json:"review,omitempty"`
	Pack         string          `json:"pack"`
	PackVersion  string          `json:"pack_version"`
	File         string          `json:"file"`
	Line         int             `json:"line"`
	Override     bool            `json:"override"`
}

// conditionWire is a condition in words and in CEL.
type conditionWire struct {
	Name  string `json:"name,omitempty"`
	Holds string `json:"holds"`
	Fails string `json:"fails"`
	CEL   string `json:"cel"`
}

type namedWire struct {
	Name  string `json:"name"`
	Words string `json:"words"`
}

func wireOf(b *regime.Book, r *regime.Rule) ruleWire {
	tests := func(list []regime.Test) []conditionWire {
		out := make([]conditionWire, len(list))
		for i, t := range list {
			out[i] = conditionWire{t.Name, t.Holds, t.Fails, strings.Join(strings.Fields(t.If), " ")}
		}
		return out
	}
	w := ruleWire{
		ID: r.ID, Basis: r.Basis(), Instrument: r.Instrument, Article: r.Article, Jurisdiction: r.Jurisdiction, Owes: r.Owes,
		OwesWords: wording.Owes(b, r), Reach: r.Reach, ReachWords: wording.Reach(r), To: string(r.To), ToName: r.ToName, Select: r.Select,
		Follows: r.Follows, When: tests(r.When), Unless: tests(r.Unless), Exemptions: r.Exemptions, Threshold: wording.Threshold(r),
		Start: r.Start, StartWords: wording.Start(b, r.Start), Deadline: wording.Deadline(b, r), Zone: r.Zone(), Stage: r.Stage,
		Content: []namedWire{}, Channel: r.Channel, Record: r.Record, Hold: wording.Hold(r), Status: string(r.Status),
		StatusWords: wording.Status(r), From: r.Valid.From, Until: r.Valid.Until, Source: r.Source, Certainty: string(r.Sure),
		SureWords: wording.Sure(r), Unverified: r.Unverified(), Note: r.Note, Review: r.Review, Pack: r.Pack, PackVersion: r.PackVersion,
		File: r.File, Line: r.Line, Override: r.Override,
	}
	for _, name := range r.Content {
		w.Content = append(w.Content, namedWire{name, b.Content[name]})
	}
	return w
}

// print writes the rule for people: a line per question, empty ones left out.
func (w *ruleWire) print(e *env) error {
	lines := [][2]string{
		{"", w.ID + "   " + w.Basis},
		{"Status", w.StatusWords},
		{"Certainty", w.SureWords},
		{"Source", w.Source},
		{"Who", w.OwesWords + "; " + w.ReachWords},
		{"To", strings.TrimSpace(w.To + "  " + w.ToName)},
		{"Which one", w.Select},
		{"Only with", w.Follows},
	}
	for _, c := range w.When {
		lines = append(lines, [2]string{"When", c.Holds}, [2]string{"", "  " + c.CEL})
	}
	lines = append(lines, [2]string{"Threshold", w.Threshold})
	for _, c := range w.Unless {
		lines = append(lines, [2]string{"Unless", c.Holds}, [2]string{"", "  " + c.CEL})
	}
	for _, text := range w.Exemptions {
		lines = append(lines, [2]string{"Unless", text + " (for a person to judge)"})
	}
	lines = append(lines, [2]string{"Clock starts", w.StartWords}, [2]string{"Deadline", w.Deadline}, [2]string{"Dates in", w.Zone},
		[2]string{"Stage", w.Stage})
	for _, c := range w.Content {
		lines = append(lines, [2]string{"Content", c.Words})
	}
	where := fmt.Sprintf("%s %s, %s:%d", w.Pack, w.PackVersion, w.File, w.Line)
	if w.Override {
		where += "; yours, in place of the shipped rule"
	}
	lines = append(lines, [2]string{"Channel", w.Channel}, [2]string{"Record", w.Record}, [2]string{"Police", w.Hold}, [2]string{"Note", w.Note},
		[2]string{"Review", w.Review}, [2]string{"Pack", where})
	last := "-"
	for i, l := range lines {
		if l[1] == "" || l[1] == "  " {
			continue
		}
		label := l[0]
		if label == last {
			label = ""
		}
		if l[0] != "" {
			last = l[0]
		}
		text := pad(label, 14) + clean(l[1])
		if i == 0 {
			text = clean(l[1])
		}
		if _, err := fmt.Fprintln(e.Out, strings.TrimRight(text, " ")); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(e.Out)
	return err
}

// vocabularyWire is what conditions and facts files may name.
type vocabularyWire struct {
	Facts   []wordWire `json:"facts"`
	Kinds   []wordWire `json:"kinds"`
	Moments []wordWire `json:"moments"`
}

type wordWire struct {
	Name     string   `json:"name"`
	Words    string   `json:"words,omitempty"`
	Question string   `json:"question"`
	Help     string   `json:"help,omitempty"`
	Type     string   `json:"type,omitempty"`
	Values   []string `json:"values,omitempty"`
	After    []string `json:"not_before,omitempty"`
}

func vocabulary(b *regime.Book) (v vocabularyWire) {
	for _, n := range slices.Sorted(maps.Keys(b.Facts)) {
		f := b.Facts[n]
		v.Facts = append(v.Facts, wordWire{Name: n, Question: f.Question, Help: f.Help, Type: string(f.Type), Values: f.Values})
	}
	for _, n := range slices.Sorted(maps.Keys(b.Kinds)) {
		v.Kinds = append(v.Kinds, wordWire{Name: n, Words: b.Kinds[n].Words, Question: b.Kinds[n].Question})
	}
	for _, n := range slices.Sorted(maps.Keys(b.Moments)) {
		v.Moments = append(v.Moments, wordWire{Name: n, Words: b.Moments[n].Words, Question: b.Moments[n].Question, After: b.Moments[n].After})
	}
	return v
}
