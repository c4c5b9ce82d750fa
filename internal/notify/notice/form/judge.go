package form

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/rule/regime/term"
)

// Answer is one answer: Text, or List where the type is a list.
type Answer struct {
	Text   string   `json:"text,omitempty"`
	List   []string `json:"list,omitempty"`
	Source string   `json:"source,omitempty"` // fact of the record it came from, unchanged; "" = a person wrote it
	From   string   `json:"from,omitempty"`   // where the record has it, in words
}

// Empty says whether nothing was answered.
func (a Answer) Empty() bool { return strings.TrimSpace(a.Text) == "" && len(a.List) == 0 }

// Same says whether two answers say the same, wherever they came from.
func (a Answer) Same(b Answer) bool { return a.Text == b.Text && slices.Equal(a.List, b.List) }

// Answers are the answers by the id of the field.
type Answers map[string]Answer

// Asked is one field as a stage and the answers so far have it.
type Asked struct {
	Field
	Answer  Answer
	Shown   bool // part of this stage, and its condition holds
	Needed  bool // has to be answered
	Offered []Option
}

// Missing says whether the field has to be answered and is not.
func (a Asked) Missing() bool { return a.Shown && a.Needed && a.Answer.Empty() }

// Judge says which fields a stage asks, in the order of the form. late says that the time
// to file has passed.
func (f *Form) Judge(stage Stage, answers Answers, late bool) []Asked {
	known := map[string]any{nameStage: stage.ID, nameLate: late}
	for _, d := range f.Fields {
		known[nameHas+Name(d.ID)] = !answers[d.ID].Empty()
		if v := value(d.Type, answers[d.ID]); v != nil {
			known[Name(d.ID)] = v
		}
	}
	out := make([]Asked, len(f.Fields))
	scope, err := term.NewScope(f.facts, known)
	holds := func(c *term.Condition) bool { return c == nil || err == nil && c.Judge(scope).State > 0 }
	for i, d := range f.Fields {
		must := f.Demand(d, stage)
		a := Asked{Field: d, Answer: answers[d.ID], Shown: must != NotAsked && holds(d.when)}
		a.Needed = a.Shown && (must == Always || must == Conditional && (d.needed != nil || d.when != nil) && holds(d.needed))
		for _, o := range d.Options {
			if holds(o.when) {
				a.Offered = append(a.Offered, o)
			}
		}
		out[i] = a
	}
	return out
}

// value is an answer as conditions see it; nil where it is not known.
func value(t Type, a Answer) any {
	switch t {
	case YesNo:
		switch a.Text {
		case "yes", "no":
			return a.Text == "yes"
		}
		return nil
	case Number:
		n, err := strconv.ParseInt(a.Text, 10, 64)
		if err != nil {
			return nil
		}
		return n
	case Choices, Countries:
		return append([]string{}, a.List...)
	}
	return a.Text
}

// Check judges the answers: what has to be answered and is not, and what has another form
// than its type. complete asks for everything a filing needs; without it a draft is judged,
// in which anything may still be missing.
func (f *Form) Check(stage Stage, answers Answers, late, complete bool) []fault.Field {
	var out []fault.Field
	for _, a := range f.Judge(stage, answers, late) {
		switch {
		case complete && a.Missing():
			out = append(out, fault.Field{Field: a.ID, Message: "is needed: " + remedy(a)})
		case a.Shown && !a.Answer.Empty():
			if want := wrong(a); want != "" {
				out = append(out, fault.Field{Field: a.ID, Message: "takes " + want})
			}
		}
	}
	return out
}

// Title is what a field is called: its number, where it has one, and its label.
func (d Field) Title() string {
	if d.Ours || d.ID == "" || d.ID[0] < '0' || d.ID[0] > '9' {
		return d.Label
	}
	return d.ID + " " + d.Label
}

func remedy(a Asked) string {
	if a.Type == Choice || a.Type == Choices {
		return "choose what holds"
	}
	if a.Fill != "" {
		return "record it in the incident and fill the form in again, or answer here"
	}
	return "answer it"
}

// maxAnswer bounds one answer, in bytes; maxItems a list.
const (
	maxAnswer = 64 << 10
	maxLine   = 2000
	maxItems  = 300
)

// wrong says what an answer of the type should be, "" when it is right.
func wrong(a Asked) string {
	text := a.Answer.Text
	if a.Type.Listed() {
		return wrongList(a)
	}
	switch a.Type {
	case Long:
		if len(text) > maxAnswer {
			return fmt.Sprintf("at most %d characters", maxAnswer)
		}
	case Text:
		if len(text) > maxLine || strings.ContainsAny(text, "\r\n") {
			return fmt.Sprintf("one line of at most %d characters", maxLine)
		}
	case Choice:
		if !offered(a, text) {
			return "one of its options"
		}
	case YesNo:
		if text != "yes" && text != "no" {
			return "yes or no"
		}
	case Date:
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return "a date such as 2026-11-21"
		}
	case Moment:
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			return "a time with zone such as 2026-11-21T14:25:00Z"
		}
	case Number:
		if !digits(text, 1, 15) {
			return "a whole number"
		}
	case Percent:
		whole, part, cut := strings.Cut(text, ".")
		if !digits(whole, 1, 4) || cut && !digits(part, 1, 1) {
			return "a percentage of up to 5 digits, one of them after the point, such as 2.4"
		}
	case Money:
		whole, part, cut := strings.Cut(strings.TrimPrefix(text, "-"), ".")
		if !digits(whole, 1, 15) || cut && !digits(part, 1, 3) {
			return "an amount such as 2.5, in the unit the form asks for"
		}
	case Duration:
		return wrongDuration(text)
	case LEI:
		if !validLEI(text) {
			return "a legal entity identifier of 20 characters (ISO 17442); its check digits do not fit"
		}
	case Currency:
		if len(text) != 3 || strings.Trim(text, capitals) != "" {
			return "a currency of ISO 4217, such as EUR"
		}
	}
	return ""
}

const capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

func wrongList(a Asked) string {
	seen := map[string]bool{}
	for _, v := range a.Answer.List {
		switch {
		case seen[v]:
			return "each value once"
		case a.Type == Countries && (len(v) != 2 || strings.Trim(v, capitals) != ""):
			return "countries as two letters each (ISO 3166-1), such as DE, FR"
		case a.Type == Choices && !offered(a, v):
			return "its own options only"
		}
		seen[v] = true
	}
	if len(a.Answer.List) > maxItems {
		return fmt.Sprintf("at most %d values", maxItems)
	}
	return ""
}

func offered(a Asked, id string) bool {
	return slices.ContainsFunc(a.Offered, func(o Option) bool { return o.ID == id })
}

func digits(s string, least, most int) bool {
	return len(s) >= least && len(s) <= most && strings.Trim(s, "0123456789") == ""
}

func wrongDuration(text string) string {
	const want = "a duration as DD:HH:MM, such as 02:05:30 for two days, five hours and thirty minutes"
	p := strings.Split(text, ":")
	if len(p) != 3 || !digits(p[0], 2, 4) || !digits(p[1], 2, 2) || !digits(p[2], 2, 2) || p[1] > "23" || p[2] > "59" {
		return want
	}
	return ""
}

// validLEI checks form and check digits (ISO 17442-1, ISO 7064 MOD 97-10).
func validLEI(s string) bool {
	if len(s) != 20 || strings.Trim(s, capitals+"0123456789") != "" {
		return false
	}
	mod := 0
	for _, c := range s {
		if c >= 'A' {
			mod = (mod*100 + int(c-'A') + 10) % 97
		} else {
			mod = (mod*10 + int(c-'0')) % 97
		}
	}
	return mod == 1
}

// Progress is how far a form is filled in.
type Progress struct {
	Needed, Answered int // fields that have to be answered, and those of them that are
	Missing          []Asked
}

// ProgressOf counts; a section "" counts all.
func ProgressOf(list []Asked, section string) (p Progress) {
	for _, a := range list {
		if !a.Needed || section != "" && a.Section != section {
			continue
		}
		p.Needed++
		if a.Answer.Empty() {
			p.Missing = append(p.Missing, a)
		} else {
			p.Answered++
		}
	}
	return p
}

// Differ lists the ids of the fields whose answer changed, in the order of the form.
func (f *Form) Differ(before, after Answers) (ids []string) {
	for _, d := range f.Fields {
		if !before[d.ID].Same(after[d.ID]) {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

// Words is an answer for people: labels of options, yes or no, a list with commas.
func (d Field) Words(a Answer) string {
	switch {
	case d.Type == Choice:
		return cmp.Or(d.label(a.Text), a.Text)
	case d.Type == Choices:
		out := make([]string, len(a.List))
		for i, id := range a.List {
			out[i] = cmp.Or(d.label(id), id)
		}
		return strings.Join(out, "\n")
	case d.Type == Countries:
		return strings.Join(a.List, ", ")
	case d.Type == YesNo && a.Text != "":
		return strings.ToUpper(a.Text[:1]) + a.Text[1:]
	}
	return a.Text
}

func (d Field) label(id string) string {
	for _, o := range d.Options {
		if o.ID == id {
			return o.Label
		}
	}
	return ""
}

// Canonical is the answers as bytes that are the same whenever they say the same: by the
// id of the field, with their sources, empty ones left out.
func Canonical(answers Answers) []byte {
	kept := Answers{}
	for id, a := range answers {
		if !a.Empty() {
			kept[id] = a
		}
	}
	b, _ := json.Marshal(kept) // maps are written by key; strings and lists cannot fail
	return b
}
