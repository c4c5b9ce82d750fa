// Package prefill fills forms in from the record of an incident: each answer keeps the fact
// it came from, and what the record does not know stays empty and is asked.
//
// It serves policy 000 (forms of competent authorities; "documents the incident in an
// internal registry with facts about the violation, its effects and remediation measures"):
// what is filed says what the record says. It reads values only; it must not import a
// store or a face.
package prefill

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/notify/notice/form"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// Record is what there is to fill in from.
type Record struct {
	Incident  incident.State
	Dir       directory.Snapshot
	Entity    string // id of our legal entity that files
	Recipient string // name of the authority
	Reporter  who.Person
	Reference string // given by the authority for what was filed before
}

// Fact is one name a field may be filled from.
type Fact struct {
	Name  string
	Words string // what it is, and where the record has it
	of    func(r Record) form.Answer
}

// Facts lists all names, in the order they are documented.
func Facts() []Fact {
	return slices.Concat(incidentFacts(), momentFacts(), breachFacts(), peopleFacts())
}

// Names lists the names alone, for form.Load.
func Names() []string {
	var out []string
	for _, f := range Facts() {
		out = append(out, f.Name)
	}
	return out
}

// Fill answers what the record knows of a form at a stage. Answers that follow from the
// stage are among them.
func Fill(f *form.Form, stage form.Stage, r Record) form.Answers {
	facts := map[string]Fact{}
	for _, x := range Facts() {
		facts[x.Name] = x
	}
	out := form.Answers{}
	for _, d := range f.Fields {
		if text, ok := stage.Sets[d.ID]; ok {
			out[d.ID] = form.Answer{Text: text, Source: "stage", From: "what is filed"}
			continue
		}
		x, ok := facts[d.Fill]
		if !ok {
			continue
		}
		a := fit(d, x.of(r))
		if !a.Empty() {
			a.Source, a.From = x.Name, x.Words
			out[d.ID] = a
		}
	}
	return out
}

// fit puts a fact into the shape of the field; what does not fit is not answered.
func fit(d form.Field, a form.Answer) form.Answer {
	if d.Map != nil {
		words := a.List
		if a.Text != "" {
			words = []string{a.Text}
		}
		a = form.Answer{}
		for _, w := range words {
			if to := d.Map[w]; to != "" && !slices.Contains(a.List, to) {
				a.List = append(a.List, to)
			}
		}
		slices.Sort(a.List)
	}
	switch {
	case d.Type.Listed():
		if a.Text != "" {
			return form.Answer{List: []string{a.Text}}
		}
		return a
	case len(a.List) == 1:
		return form.Answer{Text: a.List[0]}
	case len(a.List) > 1 && d.Type == form.Choice:
		return form.Answer{}
	case len(a.List) > 1:
		return form.Answer{Text: strings.Join(a.List, ", ")}
	case d.Type == form.Text:
		return form.Answer{Text: strings.Join(strings.Fields(a.Text), " ")}
	case d.Type == form.Date && len(a.Text) >= 10:
		return form.Answer{Text: a.Text[:10]}
	}
	return a
}

func text(s string) form.Answer { return form.Answer{Text: strings.TrimSpace(s)} }

func incidentFacts() []Fact {
	return []Fact{
		{"incident.ref", "the incident's reference", func(r Record) form.Answer { return text(r.Incident.Ref) }},
		{"incident.title", "the incident's title", func(r Record) form.Answer { return text(r.Incident.Title) }},
		{"incident.summary", "the incident's summary", func(r Record) form.Answer { return text(r.Incident.Summary) }},
		{"incident.cause", "the cause, as recorded", func(r Record) form.Answer { return text(r.Incident.Facts[string(incident.FactCause)].Text) }},
		{"incident.place", "the place, as recorded", func(r Record) form.Answer { return text(r.Incident.Facts[string(incident.FactPlace)].Text) }},
		{"breach.story", "summary and cause of the incident", func(r Record) form.Answer {
			return text(join("\n", cmp.Or(r.Incident.Summary, r.Incident.Title), r.Incident.Facts[string(incident.FactCause)].Text))
		}},
		{"measures.done", "the tasks that are done", func(r Record) form.Answer {
			var out []string
			for _, t := range r.Incident.Tasks {
				if !t.DoneAt.IsZero() {
					out = append(out, t.Text)
				}
			}
			return text(strings.Join(out, "\n"))
		}},
		{"services.words", "the services in scope", func(r Record) form.Answer {
			return text(strings.Join(services(r), ", "))
		}},
		{"severity.words", "severity and impact level, with the reason", func(r Record) form.Answer {
			if r.Incident.Severity == nil {
				return form.Answer{}
			}
			return text(join(". ", fmt.Sprintf("Severity %d of 0 (crisis) to 3 (minor)", *r.Incident.Severity), r.Incident.GradeReason))
		}},
		{"customers.count", "the number of customers in scope", func(r Record) form.Answer {
			if n := len(r.Incident.ScopeNow().Customers); n > 0 {
				return text(strconv.Itoa(n))
			}
			return form.Answer{}
		}},
		{"law_enforcement", "whether law enforcement is informed, yes or no", func(r Record) form.Answer {
			if a := r.Incident.Facts[string(incident.FactLaw)].Value.Answer; a == incident.Yes || a == incident.No {
				return text(string(a))
			}
			return form.Answer{}
		}},
		{"authority.name", "the authority that is told", func(r Record) form.Answer { return text(r.Recipient) }},
		{"receipt.reference", "the reference the authority gave to what was filed before", func(r Record) form.Answer { return text(r.Reference) }},
	}
}

func join(sep string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return strings.TrimSpace(s) == "" }), sep)
}

func services(r Record) []string {
	var out []string
	for _, id := range append(slices.Clone(r.Incident.ScopeNow().Services), r.Incident.Service) {
		if name := cmp.Or(r.Dir.ITServices[id].Name, id); name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func momentFacts() []Fact {
	var out []Fact
	for _, m := range []struct {
		name  string
		of    incident.FactName
		words string
	}{
		{"moment.occurred", incident.Occurred, "when it occurred"},
		{"moment.aware", incident.Aware, "when the entity became aware"},
		{"moment.classified", incident.Classified, "when it was classified"},
		{"moment.classified_major", fact.LawMoment + "classified_major", "when it was classified as major under DORA"},
		{"moment.contained", incident.Contained, "when it was contained"},
		{"moment.recovered", incident.Recovered, "when services were recovered"},
		{"moment.resolved", incident.Resolved, "when it was resolved"},
	} {
		out = append(out, Fact{m.name, m.words, func(r Record) form.Answer { return at(r.Incident.Moment(m.of, r.Entity)) }})
	}
	return append(
		out,
		Fact{"moment.discovered", "when it was discovered", func(r Record) form.Answer { return at(r.Incident.DiscoveredAt) }},
		Fact{"duration.incident", "from occurrence to recovery, DD:HH:MM", func(r Record) form.Answer {
			from, to := r.Incident.Moment(incident.Occurred, r.Entity), r.Incident.Moment(incident.Recovered, r.Entity)
			if from.IsZero() || to.Before(from) {
				return form.Answer{}
			}
			d := to.Sub(from)
			return text(fmt.Sprintf("%02d:%02d:%02d", int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60))
		}},
		Fact{"dates.words", "when it occurred and was discovered", func(r Record) form.Answer {
			out := "Discovered " + r.Incident.DiscoveredAt.UTC().Format("2 January 2006 15:04 UTC")
			if t := r.Incident.Moment(incident.Occurred, r.Entity); !t.IsZero() {
				out = "Occurred " + t.UTC().Format("2 January 2006 15:04 UTC") + ". " + out
			}
			return text(out)
		}},
	)
}

func at(t time.Time) form.Answer {
	if t.IsZero() {
		return form.Answer{}
	}
	return form.Answer{Text: t.UTC().Truncate(time.Second).Format(time.RFC3339)}
}

func lawWord(r Record, name fact.Name) string {
	if f, ok := r.Incident.Facts[fact.Key(name, r.Entity)]; ok {
		s, _ := assessment.Value(f.Value.Law).(string)
		return s
	}
	s, _ := assessment.Value(r.Incident.Facts[string(name)].Value.Law).(string)
	return s
}
