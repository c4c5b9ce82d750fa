// Package weigh is the assessment of a breach of personal data, step by step: what happened
// to the data, which and whose, how they were protected, what may follow, the ENISA score,
// and the assessor's verdict with its reason. It carries out policy 000 ("determines the
// risk to the individuals"). Every answer is a fact of the incident, with every version
// kept; what the facts point to advises and never decides. Every rule stands in
// decide/assessment and rule/grading. It must not import another screen.
package weigh

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/decide/incident/verdict"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/rule/grading"
	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/room/head"
	"github.com/wakebell/wakebell/internal/web/room/known"
)

// Screen is the assessment.
type Screen struct{ head.Deps }

// Mount registers the page.
func Mount(w *page.Web, d head.Deps) {
	s := Screen{d}
	const path = "/incidents/{ref}/assess"
	w.Show(path, s.show)
	w.Post(path, s.record, s.show)
	w.Post(path+"/second", s.second, s.show)
}

// step is one page of the assessment.
type step struct{ Name, Title string }

var steps = []step{
	{"what", "What happened"}, {"data", "Data and persons"}, {"protection", "Protection"}, {"consequences", "Consequences"}, {"score", "ENISA score"}, {"verdict", "Verdict"},
}

type one struct {
	head.Room
	At       int // the step
	Book     *regime.Book
	Breach   grading.Breach
	Suggests grading.RiskSuggestion
	ENISA    *grading.ENISA
	Score    *grading.ENISAScore
	History  []view.Version // of the verdict, newest first
	Panel    verdict.Panel  // what was said about it, and whom the plan asks
}

func (v one) step() step { return steps[v.At] }

func (v one) to(name string) string { return v.Path("assess") + "?step=" + name }

func (s Screen) read(r *page.Request) (one, error) {
	m, err := s.Enter(r)
	if err != nil {
		return one{}, err
	}
	v := one{Room: m, Book: s.Assessment.Book(), Breach: assessment.Breach(m.State)}
	v.At = max(0, slices.IndexFunc(steps, func(x step) bool { return x.Name == r.Query("step") }))
	if v.Panel, err = s.Assessment.Panel(s.DB, m.State); err != nil {
		return one{}, err
	}
	v.Suggests = grading.SuggestRisk(v.Breach)
	if v.ENISA = m.Facts[string(fact.OfENISA)].Value.ENISA; v.ENISA != nil {
		if score, err := v.ENISA.Score(); err == nil {
			v.Score = &score
		}
	}
	return v, nil
}

func (s Screen) show(r *page.Request) (page.Page, error) {
	v, err := s.read(r)
	if err != nil {
		return page.Page{}, err
	}
	if err := who.Check(r.By, who.PermDutyRead); err != nil {
		return page.Page{}, err
	}
	if v.step().Name == "verdict" {
		if err := s.history(r, &v); err != nil {
			return page.Page{}, err
		}
	}
	advice := page.Region{Name: "advice", On: v.On("incident"), Body: suggested(v)}
	return v.Sub(page.Page{
		Title: "Assess the breach", Lead: page.Text("What could it do to the people concerned?"), Regions: []page.Region{advice}, Body: body(v, advice),
	}), nil
}

// history reads every verdict there was, of the company and of each entity.
func (s Screen) history(r *page.Request, v *one) error {
	for key, f := range v.Facts {
		if f.Name != fact.OfRisk {
			continue
		}
		list, err := s.Views.FactHistory(r.Context(), r.By, v.Ref, key)
		if err != nil {
			return err
		}
		v.History = append(v.History, list...)
	}
	v.History = slices.DeleteFunc(v.History, func(x view.Version) bool { return v.Past() && x.RecordedAt.After(v.AsOf) })
	slices.SortFunc(v.History, func(a, b view.Version) int { return int(b.Seq - a.Seq) })
	return nil
}

// form collects the facts of one step and what leads its errors back to the fields.
type form struct {
	r     *page.Request
	v     one
	facts []*incident.RecordFact
	pairs []string
	err   error
}

// put adds a fact; nil is not known, and is left out where nothing stands.
func (f *form) put(name fact.Name, value any, pairs ...string) {
	if _, stands := f.v.Facts[string(name)]; value == nil && !stands {
		return
	}
	raw, err := json.Marshal(value)
	if err != nil {
		f.err = err
		return
	}
	f.facts = append(f.facts, &incident.RecordFact{Fact: name, Value: raw, SaidBy: f.r.Text("said_by")})
	f.pairs = append(append(f.pairs, pairs...), string(name)+".value", strings.TrimPrefix(string(name), fact.LawFact))
}

// word adds a fact of one word; "" is not known.
func (f *form) word(name fact.Name) {
	if w := f.r.Text(strings.TrimPrefix(string(name), fact.LawFact)); w != "" {
		f.put(name, w)
	} else {
		f.put(name, nil)
	}
}

func (s Screen) record(r *page.Request) (page.Done, error) {
	if err := who.Check(r.By, who.PermIncidentWork); err != nil {
		return page.Done{}, err
	}
	v, err := s.read(r)
	if err != nil {
		return page.Done{}, err
	}
	f := &form{r: r, v: v}
	switch v.step().Name {
	case "what":
		f.what()
	case "data":
		f.data()
	case "protection":
		f.word(assessment.Encryption)
		f.word(assessment.Key)
	case "consequences":
		f.outlook("likelihood", "severity")
	case "score":
		f.score()
	case "verdict":
		f.verdict()
	}
	if f.err != nil {
		return page.Done{}, f.err
	}
	n, err := s.Assessment.Record(r.Context(), r.By, v.Ref, f.facts)
	if err != nil {
		return page.Done{}, page.Rename(err, f.pairs...)
	}
	to := v.Path("law")
	if v.At+1 < len(steps) {
		to = v.to(steps[v.At+1].Name)
	}
	return page.Done{To: to, Say: map[bool]string{true: "Recorded.", false: "Nothing was new."}[n > 0]}, nil
}

func (f *form) what() {
	if a := f.r.Text("personal_data"); a != "" {
		f.put(fact.OfPersonalData, a)
	}
	f.word(assessment.Confidentiality)
	f.word(assessment.Integrity)
	f.word(assessment.Availability)
	switch f.r.Text("malicious") {
	case "yes":
		f.put(assessment.Malicious, true)
	case "no":
		f.put(assessment.Malicious, false)
	default:
		f.put(assessment.Malicious, nil)
	}
	f.outlook("recipient", "effect")
}

// outlook changes the named parts of the consequences and leaves the others.
func (f *form) outlook(parts ...string) {
	c := f.v.Breach.Consequences
	into := map[string]*string{"recipient": &c.Recipient, "effect": &c.Effect, "likelihood": &c.Likelihood, "severity": &c.Severity}
	var pairs []string
	for _, p := range parts {
		*into[p] = f.r.Text(p)
		pairs = append(pairs, string(fact.OfConsequences)+".value."+p, p)
	}
	if c == (grading.Consequences{}) && f.v.Breach.Consequences == c {
		return
	}
	f.put(fact.OfConsequences, c, pairs...)
}

func (f *form) data() {
	list := f.r.All("data_categories")
	slices.Sort(list)
	switch {
	case len(list) > 0 || f.r.Ticked("none"):
		f.put(assessment.DataCategories, append([]string{}, list...))
	default:
		f.put(assessment.DataCategories, nil)
	}
	sc := f.v.ScopeNow()
	if f.r.Text("seen") != f.v.Facts[string(fact.OfScope)].ID {
		f.err = fault.New(fault.Conflict, "Somebody recorded the scope anew while you were writing. Your numbers are still here: compare them with the scope, then save again.")
		return
	}
	persons, wrong := known.PersonsOf(f.r)
	if err := fault.Invalids(wrong...); err != nil {
		f.err = err
		return
	}
	if slices.Equal(persons, sc.Persons) {
		return
	}
	sc.Persons = persons
	f.put(fact.OfScope, sc, known.RenamePersons(string(fact.OfScope)+".value", persons)...)
}

func (f *form) score() {
	var e grading.ENISA
	var pairs []string
	at := string(fact.OfENISA) + ".value."
	for _, c := range grading.DataCategories {
		text := f.r.Text("score." + string(c))
		if text == "" {
			continue
		}
		n, _ := strconv.Atoi(text)
		i := strconv.Itoa(len(e.Categories))
		e.Categories = append(e.Categories, grading.CategoryScore{Category: c, Score: n, Reason: f.r.Text("why." + string(c))})
		pairs = append(pairs, at+"categories."+i+".reason", "why."+string(c), at+"categories."+i+".score", "score."+string(c))
	}
	for name, into := range map[string]*float64{
		"identifiability": &e.Identifiability, "confidentiality": &e.Confidentiality, "integrity": &e.Integrity, "availability": &e.Availability,
	} {
		*into, _ = strconv.ParseFloat(f.r.Text(name), 64)
		pairs = append(pairs, at+name, name)
	}
	e.Malicious, e.MoreThan100, e.Unintelligible = f.r.Ticked("malicious"), f.r.Ticked("more_than_100"), f.r.Ticked("unintelligible")
	if len(e.Categories) == 0 && f.r.Text("identifiability") == "" && f.v.ENISA == nil {
		return // the score is no duty: the step is passed over
	}
	f.put(fact.OfENISA, e, append(pairs, at+"categories", "score.simple")...)
}

func (f *form) verdict() {
	var wrong []fault.Field
	if f.r.Text("risk") == "" {
		wrong = append(wrong, fault.Field{Field: "risk", Message: "must be chosen"})
	}
	if f.r.Text("reason") == "" {
		wrong = append(wrong, fault.Field{Field: "reason", Message: "is needed: the register keeps it"})
	}
	if f.err = fault.Invalids(wrong...); f.err != nil {
		return
	}
	raw, err := json.Marshal(f.r.Text("risk"))
	if err != nil {
		f.err = err
		return
	}
	f.facts = append(f.facts, &incident.RecordFact{Fact: fact.OfRisk, Entity: f.r.Text("entity"), Value: raw, Remark: f.r.Text("reason"), SaidBy: f.r.Text("said_by")})
	f.pairs = append(f.pairs, string(fact.OfRisk)+".value", "risk", string(fact.OfRisk)+".entity", "entity", string(fact.OfRisk)+".remark", "reason")
}
