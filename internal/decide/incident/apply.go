package incident

import (
	"maps"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/decide/incident/verdict"
)

// Stamp is what the ledger entry says about an event beside its body.
type Stamp struct {
	Subject    string // incident id
	Actor      string
	At         time.Time
	KnownAt    time.Time
	RecordedAt time.Time
}

// Apply returns the state after the event. It is pure and never fails: what is in
// the ledger has happened. The given state is not changed.
func Apply(s State, e Event, st Stamp) State {
	s.Version++
	s.UpdatedAt = st.RecordedAt
	switch e := e.(type) {
	case Declared:
		s = applyDeclared(s, e, st)
	case Edited:
		s.Title, s.Summary = e.Title, e.Summary
	case StatusChanged:
		s.Status = e.Status
		if e.Status == Confirmed {
			s.ConfirmedAt, s.DismissedAt, s.DismissReason = st.At, time.Time{}, ""
		} else {
			s.DismissedAt, s.DismissReason = st.At, e.Reason
		}
	case NatureChanged:
		s.Nature = e.Nature
	case Graded:
		s.Severity, s.BIL, s.GradeReason = &e.Severity, &e.BIL, e.Reason
		if s.ClassifiedAt.IsZero() {
			s.ClassifiedAt = st.At
		}
	case FactRecorded:
		s = applyFact(s, e, st)
	case Assigned:
		s.Assignments = maps.Clone(s.Assignments)
		list := slices.DeleteFunc(slices.Clone(s.Assignments[e.Function]), func(p string) bool { return p == e.Person })
		if !e.Ended {
			list = append(list, e.Person)
		}
		if len(list) == 0 {
			delete(s.Assignments, e.Function)
		} else {
			s.Assignments[e.Function] = list
		}
	case DecisionMade:
		s.Decisions = append(slices.Clip(s.Decisions), Decision{
			ID: e.ID, Kind: e.Decision, Answer: e.Answer, Text: e.Text, Reason: e.Reason,
			DecidedBy: e.DecidedBy, Counsel: e.Counsel, Rule: e.Rule, Entity: e.Entity, About: e.About, As: e.As, Covers: e.Covers, At: st.At,
		})
	case TaskAdded:
		s.Tasks = append(slices.Clip(s.Tasks), Task{ID: e.ID, Text: e.Text, Owner: e.Owner, Due: e.Due})
	case TaskMarked:
		s.Tasks = slices.Clone(s.Tasks)
		for i := range s.Tasks {
			if s.Tasks[i].ID == e.ID {
				s.Tasks[i].DoneAt, s.Tasks[i].DoneBy = time.Time{}, ""
				if e.Done {
					s.Tasks[i].DoneAt, s.Tasks[i].DoneBy = st.At, st.Actor
				}
			}
		}
	case PhaseEntered:
		s.Phase = e.Phase
		s.Phases = append(slices.Clip(s.Phases), PhaseStep{Phase: e.Phase, At: st.At, By: st.Actor, Reason: e.Reason})
	case SitrepSent:
		s.Sitreps, s.LastSitrepAt = e.Number, st.At
	case SignalsLinked:
		s.Signals = append(slices.Clip(s.Signals), e.Signals...)
	case SignalsUnlinked:
		s.Signals = slices.DeleteFunc(slices.Clone(s.Signals), func(id string) bool { return slices.Contains(e.Signals, id) })
	case Merged:
		s.MergedInto, s.ClosedAt, s.CloseReason = e.Into, st.At, e.Reason
	case Closed:
		s.ClosedAt, s.CloseReason, s.FilingsPending = st.At, e.Reason, e.FilingsPending
	case Reopened:
		s.ClosedAt, s.CloseReason, s.FilingsPending, s.MergedInto = time.Time{}, "", false, ""
		if s.Status == Dismissed {
			s.Status, s.DismissedAt, s.DismissReason = Suspected, time.Time{}, ""
		}
	}
	return s
}

func applyDeclared(s State, e Declared, st Stamp) State {
	s.ID, s.Ref, s.Title, s.Summary = st.Subject, e.Ref, e.Title, e.Summary
	s.Kind, s.Nature, s.Status, s.Phase, s.PersonalData = e.Incident, e.Nature, Suspected, Detect, Unknown
	s.DiscoveredAt, s.DeclaredAt, s.DeclaredBy = e.DiscoveredAt, st.At, st.Actor
	s.PlanVersion, s.Service, s.Team, s.TeamToldAt = e.PlanVersion, e.Service, e.Team, e.TeamToldAt
	s.Signals = append([]string{}, e.Signals...)
	s.Tasks, s.Decisions = []Task{}, []Decision{}
	s.Assignments = map[Function][]string{}
	s.Phases = []PhaseStep{{Phase: Detect, At: st.At, By: st.Actor}}
	s.Facts = map[string]Fact{
		string(Discovered): {Name: Discovered, Value: Value{At: e.DiscoveredAt}, KnownAt: st.KnownAt, By: st.Actor},
	}
	return s
}

func applyFact(s State, e FactRecorded, st Stamp) State {
	f := Fact{ID: e.ID, Name: e.Name, Entity: e.Entity, Value: e.Value, Text: e.Text, SaidBy: e.SaidBy, KnownAt: st.KnownAt, By: st.Actor}
	s.Facts = maps.Clone(s.Facts)
	if s.Facts == nil {
		s.Facts = map[string]Fact{}
	}
	s.Facts[f.Key()] = f
	if e.Name == FactRisk {
		s.Verdicts = append(slices.Clip(s.Verdicts), verdict.Verdict{ID: e.ID, Entity: e.Entity, Risk: e.Value.Risk, Reason: e.Text, SaidBy: e.SaidBy, By: st.Actor, At: st.At})
	}
	if e.Entity == "" {
		switch e.Name {
		case Discovered:
			s.DiscoveredAt = e.Value.At
		case Classified:
			s.ClassifiedAt = e.Value.At
		}
	}
	s.PersonalData = s.personalData()
	return s
}

// personalData is the overall answer: yes as soon as it is yes for one legal entity;
// no when it was said in general, or for every entity in scope, and nobody has it open.
func (s State) personalData() Answer {
	general, said := s.Facts[string(FactPersonalData)]
	answer := Unknown
	if said {
		answer = general.Value.Answer
	} else if in := s.ScopeNow().Entities; len(in) > 0 && !slices.ContainsFunc(in, func(entity string) bool {
		return s.Facts[fact.Key(FactPersonalData, entity)].Value.Answer != No
	}) {
		answer = No
	}
	for _, f := range s.Facts {
		switch {
		case f.Name == FactPersonalData && f.Value.Answer == Yes:
			return Yes
		case f.Name == FactPersonalData && f.Value.Answer == Unknown:
			answer = Unknown
		}
	}
	return answer
}
