// Package course leads one incident through its life: what is believed of it and how bad it is,
// the situation report, decisions, and the close. It carries out policy 002 (severity from
// indicators) and policy 003 (BIL, a report every second hour) for a browser. Every rule stands
// in decide/incident. It must not import another screen.
package course

import (
	"encoding/json"
	"strconv"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/rule/grading"
	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/numeral"
	"github.com/wakebell/wakebell/internal/web/room/head"
)

// Screen is the pages that steer an incident.
type Screen struct{ head.Deps }

// Mount registers the pages.
func Mount(w *page.Web, d head.Deps) {
	s := Screen{d}
	const room = "/incidents/{ref}"
	w.Show(room+"/grade", s.showGrade)
	w.Post(room+"/grade", s.grade, s.showGrade)
	w.Post(room+"/indicators", s.indicators, s.showGrade)
	w.Post(room+"/status", s.status, s.showGrade)
	w.Post(room+"/nature", s.nature, s.showGrade)
	w.Show(room+"/sitrep", s.showSitrep)
	w.Post(room+"/sitrep", s.sitrep, s.showSitrep)
	w.Show(room+"/close", s.showClose)
	w.Post(room+"/close", s.close, s.showClose)
	w.Post(room+"/reopen", s.reopen, s.showClose)
	w.Show(room+"/edit", s.showEdit)
	w.Post(room+"/edit", s.edit, s.showEdit)
	w.Show(room+"/decisions", s.showDecisions)
	w.Post(room+"/decisions", s.decide, s.showDecisions)
}

// now enters the room as it is now: what is changed here has no earlier time to look at.
func (s Screen) now(r *page.Request) (head.Room, error) {
	m, err := s.Enter(r)
	if err == nil && m.Past() {
		return m, page.Elsewhere(m.Here())
	}
	return m, err
}

// run carries out one command and says so.
func (s Screen) run(r *page.Request, cmd incident.Command, to func(m head.Room) string, say string) (page.Done, error) {
	st, err := s.Incidents.Execute(r.Context(), r.By, r.PathValue("ref"), cmd, 0)
	if err != nil {
		return page.Done{}, err
	}
	return page.Done{To: to(head.Room{State: st, R: r}), Say: say}, nil
}

func toRoom(m head.Room) string  { return m.Path() }
func toGrade(m head.Room) string { return m.Path("grade") }

// graded is the page of the grade.
type graded struct {
	head.Room
	Suggested *incident.Suggestion // nil: no indicators are recorded
	Doubts    []string             // what does not fit together
}

func (s Screen) showGrade(r *page.Request) (page.Page, error) {
	m, err := s.now(r)
	if err != nil {
		return page.Page{}, err
	}
	v := graded{Room: m}
	if v.Suggested, err = s.Incidents.Suggestion(r.Context(), r.By, m.Ref); err != nil {
		return page.Page{}, err
	}
	v.Doubts = doubts(m.State)
	forms := page.Region{Name: "grading", On: m.On("incident"), Body: gradeForms(v)}
	top := page.Region{Name: "status", On: m.On("incident"), Body: status(v)}
	turn := page.Region{Name: "turns", On: m.On("incident"), Body: turns(m)}
	return m.Sub(page.Page{
		Title: "Grade", Lead: page.Text("How bad is it, and whose is it? Say what you know; the plan suggests a grade, you decide."),
		Regions: []page.Region{forms, top, turn}, Body: gradeBody(forms, top, turn),
	}), nil
}

// doubts asks rule/grading what does not fit together in the state as it is.
func doubts(s incident.State) []string {
	g := grading.Grade{PersonalData: grading.Answer(s.PersonalData), Security: grading.No}
	if s.Nature == incident.Security {
		g.Security = grading.Yes
	}
	if s.Severity != nil {
		n := grading.Severity(*s.Severity)
		g.Severity = &n
	}
	if s.BIL != nil {
		g.BIL = grading.BIL(*s.BIL)
	}
	if f, ok := s.Facts[string(incident.FactHarm)]; ok {
		g.Harm = []grading.Harm{}
		for _, h := range f.Value.Harm {
			g.Harm = append(g.Harm, grading.Harm{Property: grading.Property(h.Property), Asset: grading.Asset(h.Asset)})
		}
	}
	if f, ok := s.Facts[string(incident.FactIndicators)]; ok && f.Value.Indicators != nil {
		g.Indicators = *f.Value.Indicators
	}
	return grading.Consistency(g)
}

func (s Screen) indicators(r *page.Request) (page.Done, error) {
	i := grading.Indicators{
		TotalOutage: grading.Answer(r.Text("total_outage")), CoreFunctionBroken: grading.Answer(r.Text("core_function_broken")), DataLost: grading.Answer(r.Text("data_lost")),
	}
	if text := r.Text("customers_affected"); text != "" {
		n, err := numeral.Read(text)
		if err != nil {
			return page.Done{}, fault.InvalidField("customers_affected", "must be a whole number, or nothing when it is not known")
		}
		i.CustomersAffected = &n
	}
	raw, err := json.Marshal(i)
	if err != nil {
		return page.Done{}, err
	}
	return s.run(r, &incident.RecordFact{Fact: incident.FactIndicators, Value: raw, Remark: r.Text("remark")}, toGrade, "Recorded. The suggestion follows from it.")
}

func (s Screen) grade(r *page.Request) (page.Done, error) {
	c := &incident.Grade{Reason: r.Text("reason")}
	for name, into := range map[string]**int{"severity": &c.Severity, "bil": &c.BIL} {
		if n, err := strconv.Atoi(r.Text(name)); err == nil {
			*into = &n
		}
	}
	return s.run(r, c, toRoom, "Graded. The deadlines follow from it.")
}

func (s Screen) status(r *page.Request) (page.Done, error) {
	switch r.Text("status") {
	case "confirm":
		return s.run(r, &incident.Confirm{Reason: r.Text("reason")}, toGrade, "Confirmed.")
	case "dismiss":
		return s.run(r, &incident.Dismiss{Reason: r.Text("reason")}, toRoom, "Dismissed. It can be reopened.")
	}
	if !r.By.Has(who.PermIncidentManage) {
		return page.Done{}, who.Check(r.By, who.PermIncidentManage)
	}
	return page.Done{}, fault.InvalidField("status", "choose one")
}

func (s Screen) nature(r *page.Request) (page.Done, error) {
	return s.run(r, &incident.SetNature{Nature: incident.Nature(r.Text("nature")), Reason: r.Text("reason")}, toGrade, "Recorded. The duties follow from it.")
}

// decisions is the page of decisions.
type decisions struct {
	head.Room
	Kind incident.DecisionKind
	Rule *regime.Rule // of the law, which the address names; nil: none
}

func (s Screen) showDecisions(r *page.Request) (page.Page, error) {
	m, err := s.Enter(r)
	if err != nil {
		return page.Page{}, err
	}
	v := decisions{Room: m, Kind: incident.DecisionKind(r.Query("kind"))}
	if v.Kind == "" {
		v.Kind = incident.OutsideHelp
	}
	if list, err := s.Assessment.Rule(r.By, r.Query("rule")); err == nil {
		v.Rule = list[len(list)-1]
	}
	list := page.Region{Name: "decisions", On: m.On("incident"), Body: decisionList(m, m.Decisions)}
	return m.Sub(page.Page{Title: "Decisions", Lead: page.Text("Who decided what, and why. A decision is never changed; a later one stands beside it."), Regions: []page.Region{list}, Body: decisionBody(v, list)}), nil
}

func (s Screen) decide(r *page.Request) (page.Done, error) {
	at, err := r.Moment("at")
	if err != nil {
		return page.Done{}, err
	}
	return s.run(r, &incident.MakeDecision{
		Base: incident.Base{At: at}, Decision: incident.DecisionKind(r.Text("decision")), Answer: incident.Answer(r.Text("answer")), Text: r.Text("text"),
		Reason: r.Text("reason"), DecidedBy: r.Text("decided_by"), Counsel: r.Text("counsel"), Rule: r.Text("rule"), Entity: r.Text("entity"),
	}, func(m head.Room) string { return m.Path("decisions") }, "The decision is recorded.")
}
