// Package lawful answers, for one incident: do we have to tell, whom, until when, and why?
// It shows what the rule packs say, asks what they need to know, and takes the answers as
// facts. It carries out policy 000 ("determines … whether notification of competent
// authorities or individuals is required under law"). Every rule stands in
// decide/assessment. It must not import another screen.
package lawful

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/numeral"
	"github.com/wakebell/wakebell/internal/web/room/head"
)

// Screen shows what the law asks for.
type Screen struct{ head.Deps }

// Mount registers the page.
func Mount(w *page.Web, d head.Deps) {
	s := Screen{d}
	const path = "/incidents/{ref}/law"
	w.Show(path, s.show)
	w.Post(path, s.answer, s.show)
}

// view is what the page shows.
type view struct {
	head.Room
	assessment.Result
	Book      *regime.Book
	Groups    []group
	Places    []place
	Asks      []ask
	Customers []customer
	Since     time.Time     // the packs are in force; zero: not noted
	Taken     duty.Repacked // the last new packs this incident took
	Whole     bool          // every outcome in the open, for paper
}

func (s Screen) show(r *page.Request) (page.Page, error) {
	m, err := s.Enter(r)
	if err != nil {
		return page.Page{}, err
	}
	res, err := s.Assessment.Of(r.Context(), r.By, m.Ref, m.AsOf)
	if err != nil {
		return page.Page{}, err
	}
	v := view{Room: m, Result: res, Book: s.Assessment.Book(), Whole: r.Query("whole") != ""}
	if v.Since, err = s.Assessment.TakenAt(r.Context()); err != nil {
		return page.Page{}, err
	}
	if v.Taken, err = s.Duties.LastPacks(r.Context(), r.By, m.ID, m.AsOf); err != nil {
		return page.Page{}, err
	}
	owed, err := s.owed(r, m)
	if err != nil {
		return page.Page{}, err
	}
	v.Groups, v.Places, v.Asks, v.Customers = groups(v), places(v), asks(v), customers(owed)
	said := page.Region{Name: "outcomes", On: page.Any(m.On("incident", "duty"), page.On("directory")), Body: outcomes(v)}
	open := page.Region{Name: "questions", On: page.Any(m.On("incident"), page.On("directory")), Body: questions(v)}
	return m.Sub(page.Page{
		Title: "Whom to tell", Lead: page.Text("Do we have to tell, whom, until when, and why?"),
		Regions: []page.Region{said, open}, Body: body(v, said, open),
	}), nil
}

// owed are the duties of the incident, for who may read them.
func (s Screen) owed(r *page.Request, m head.Room) ([]duty.Duty, error) {
	if err := who.Check(r.By, who.PermDutyRead); err != nil {
		return nil, err
	}
	if !m.Past() {
		return s.Duties.ForIncident(r.Context(), s.DB, m.ID)
	}
	return s.Duties.AsOf(r.Context(), s.DB, m.ID, m.AsOf)
}

// answer takes one answer as a fact of the incident.
func (s Screen) answer(r *page.Request) (page.Done, error) {
	if err := who.Check(r.By, who.PermIncidentWork); err != nil {
		return page.Done{}, err
	}
	m, err := s.Enter(r)
	if err != nil {
		return page.Done{}, err
	}
	a := assessment.AnswerOf(regime.Question{Name: r.Text("question")}, s.Assessment.Book())
	if a.Fact == "" {
		return page.Done{}, fault.New(fault.Invalid, "The directory holds the answer to this question; open the legal entity there.")
	}
	value, err := valueOf(r, m, a)
	if err != nil {
		return page.Done{}, err
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return page.Done{}, err
	}
	entity := ""
	if a.Fact == string(incident.Aware) {
		entity = r.Text("entity")
	}
	cmd := &incident.RecordFact{Fact: incident.FactName(a.Fact), Entity: entity, Value: raw, SaidBy: r.Text("said_by")}
	n, err := s.Assessment.Record(r.Context(), r.By, m.Ref, []*incident.RecordFact{cmd})
	if err != nil {
		return page.Done{}, toField(err, a.Fact)
	}
	if n == 0 {
		return page.Done{Say: "That was known already."}, nil
	}
	return page.Done{Say: "Recorded. What the law asks for is judged anew."}, nil
}

// toField brings the fields of an error to the one field of the form.
func toField(err error, name string) error {
	var pairs []string
	for _, f := range fault.FieldsOf(err) {
		if strings.HasPrefix(f.Field, name+".") {
			pairs = append(pairs, f.Field, "value")
		}
	}
	return page.Rename(err, pairs...)
}

// valueOf makes the wire form of an answer.
func valueOf(r *page.Request, m head.Room, a assessment.Answer) (any, error) {
	text := r.Text("value")
	missing := fault.InvalidField("value", "is needed")
	switch a.Type {
	case "moment":
		at, err := r.Moment("value")
		if err == nil && at.IsZero() {
			err = missing
		}
		return at.Format(time.RFC3339Nano), err
	case "persons":
		return withPersons(r, m)
	case "list":
		list := append([]string{}, r.All("value")...)
		slices.Sort(list)
		if len(list) == 0 && !r.Ticked("none") {
			return nil, fault.InvalidField("value", "must be chosen; tick “None of these” when there is none")
		}
		return list, nil
	}
	if text == "" {
		return nil, missing
	}
	switch {
	case a.Fact == string(incident.FactPersonalData):
		return text, nil
	case a.Type == "yes_no":
		return map[string]any{"yes": true, "no": false}[text], nil
	case a.Type == "number":
		n, err := numeral.Read(text)
		if err != nil {
			return nil, fault.InvalidField("value", "must be a whole number")
		}
		return n, nil
	}
	return text, nil
}

// withPersons adds the persons of one country to the scope.
func withPersons(r *page.Request, m head.Room) (any, error) {
	sc := m.ScopeNow()
	sc.Persons = slices.Clone(sc.Persons)
	p := incident.Persons{Country: strings.ToUpper(r.Text("country"))}
	var wrong []fault.Field
	number := func(name string, otherwise int) int {
		if r.Text(name) == "" {
			return otherwise
		}
		n, err := numeral.Read(r.Text(name))
		if err != nil {
			wrong = append(wrong, fault.Field{Field: name, Message: "must be a whole number"})
		}
		return n
	}
	if r.Text("estimate") == "" {
		wrong = append(wrong, fault.Field{Field: "estimate", Message: "is needed"})
	}
	p.Estimate = number("estimate", 0)
	p.Min, p.Max = number("min", p.Estimate), number("max", p.Estimate)
	switch {
	case len(wrong) > 0:
	case p.Country == "":
		wrong = append(wrong, fault.Field{Field: "country", Message: "is needed: an ISO 3166 code such as DE or US-CA"})
	case p.Min > p.Estimate:
		wrong = append(wrong, fault.Field{Field: "min", Message: "is more than the estimate"})
	case p.Max < p.Estimate:
		wrong = append(wrong, fault.Field{Field: "max", Message: "is less than the estimate"})
	}
	if err := fault.Invalids(wrong...); err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(sc.Persons, func(x incident.Persons) bool { return x.Country == p.Country }); i >= 0 {
		sc.Persons[i] = p
	} else {
		sc.Persons = append(sc.Persons, p)
	}
	return sc, nil
}
