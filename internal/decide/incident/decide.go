package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/decide/incident/decision"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/decide/incident/guard"
)

// Decide answers a command with the events that follow from it, or with a
// fault.Invalid naming the field, or a fault.Conflict when the state forbids it.
// It is pure: everything it needs lies in the state and the command.
func Decide(s State, c Command) ([]Event, error) {
	m := c.base().Meta
	if err := fault.Invalids(fact.CheckTimes(c.base().At, c.base().KnownAt, m.Now)...); err != nil {
		return nil, err
	}
	if d, ok := c.(*Declare); ok {
		return decideDeclare(s, d)
	}
	if s.ID == "" {
		return nil, fault.New(fault.NotFound, "there is no such incident")
	}
	switch c := c.(type) {
	case *Merge, *Close, *Confirm, *Dismiss, *Reopen, *SetNature:
		return decideLife(s, c)
	}
	if !s.Open() && c.Type() != "note" && c.Type() != "record_fact" && c.Type() != "decision" {
		word := "dismissed"
		if !s.ClosedAt.IsZero() {
			word = "closed"
		}
		return nil, fault.Newf(fault.Conflict, "%s is %s; reopen it first", s.Ref, word)
	}
	switch c := c.(type) {
	case *Grade:
		return decideGrade(c)
	case *RecordFact:
		return decideFact(c)
	case *MakeDecision:
		return decideDecision(s, c)
	case *AddTask, *FinishTask, *ReopenTask:
		return decideTask(s, c)
	}
	return decideWork(s, c)
}

func decideDeclare(s State, c *Declare) ([]Event, error) {
	if s.ID != "" {
		return nil, fault.Newf(fault.Conflict, "%s is declared already", s.Ref)
	}
	var f []fault.Field
	f = check.Text(f, "title", c.Title, check.Line, true)
	f = check.Text(f, "summary", c.Summary, check.Screen, false)
	f = check.Word(f, "service", c.Service)
	f = check.Word(f, "team", c.Team)
	f = check.OneOf(f, "kind", c.Kind, Real, Drill)
	f = check.OneOf(f, "nature", c.Nature, Security, Operational)
	if c.DiscoveredAt.IsZero() || c.DiscoveredAt.Before(fact.Earliest) {
		f = append(f, fault.Field{Field: "discovered_at", Message: "is needed, with zone, from 1970 on: every deadline runs from it"})
	} else if c.DiscoveredAt.After(c.Meta.Now.Add(fact.FutureSlack)) {
		f = append(f, fault.Field{Field: "discovered_at", Message: "lies in the future; give the time at which it was noticed"})
	}
	if err := fault.Invalids(f...); err != nil {
		return nil, err
	}
	return []Event{Declared{
		Ref: c.Ref, Incident: c.Kind, Nature: c.Nature, DiscoveredAt: micro(c.DiscoveredAt), PlanVersion: c.PlanVersion,
		Service: c.Service, Team: c.Team, TeamToldAt: micro(c.TeamToldAt), Signals: c.Signals,
		Title: strings.TrimSpace(c.Title), Summary: c.Summary,
	}}, nil
}

func decideLife(s State, c Command) ([]Event, error) {
	closed := !s.ClosedAt.IsZero()
	if closed && c.Type() != "reopen" {
		return nil, fault.Newf(fault.Conflict, "%s is closed; reopen it first", s.Ref)
	}
	switch c := c.(type) {
	case *Confirm:
		if s.Status == Confirmed {
			return nil, fault.Newf(fault.Conflict, "%s is confirmed already", s.Ref)
		}
		if s.Status == Dismissed && strings.TrimSpace(c.Reason) == "" {
			return nil, fault.InvalidField("reason", "is needed to confirm what was dismissed")
		}
		return one(StatusChanged{Status: Confirmed, Reason: c.Reason}, c.Reason, false)
	case *Dismiss:
		if s.Status == Dismissed {
			return nil, fault.Newf(fault.Conflict, "%s is dismissed already", s.Ref)
		}
		bound := func(d OpenDuty) bool { return d.Outward && d.Binding }
		if s.Status == Confirmed && slices.ContainsFunc(c.Open, bound) {
			return nil, guard.Refuse(s.Ref, "dismissed", c.Open, bound, "correct the facts if nobody is affected, meet it, or waive it with a ground")
		}
		return one(StatusChanged{Status: Dismissed, Reason: c.Reason}, c.Reason, true)
	case *SetNature:
		if err := fault.Invalids(check.OneOf(nil, "nature", c.Nature, Security, Operational)...); err != nil {
			return nil, err
		}
		if c.Nature == s.Nature {
			return nil, fault.Newf(fault.Conflict, "%s is %s already", s.Ref, s.Nature)
		}
		return one(NatureChanged{Nature: c.Nature, Reason: c.Reason}, c.Reason, true)
	case *Merge:
		if c.Into == "" || c.Into == s.ID {
			return nil, fault.InvalidField("into", "name another incident")
		}
		return one(Merged{Into: c.Into, Reason: c.Reason}, c.Reason, true)
	case *Close:
		return decideClose(s, c)
	case *Reopen:
		if !closed && s.Status != Dismissed {
			return nil, fault.Newf(fault.Conflict, "%s is open", s.Ref)
		}
		return one(Reopened{Reason: c.Reason}, c.Reason, true)
	}
	return nil, fmt.Errorf("incident: no decision for command %q", c.Type())
}

// decideClose refuses while something outward is owed. A close with filings
// pending may leave dated filings open, but nothing that is missed.
func decideClose(s State, c *Close) ([]Event, error) {
	owed := func(d OpenDuty) bool { return d.Outward && !(c.FilingsPending && d.Filing && !d.Missed) }
	if slices.ContainsFunc(c.Open, owed) {
		return nil, guard.Refuse(s.Ref, "closed", c.Open, owed, "meet it, or waive it with a ground")
	}
	if s.Status == Suspected {
		return nil, fault.Newf(fault.Conflict, "%s is only suspected; confirm or dismiss it first", s.Ref)
	}
	return one(Closed{FilingsPending: c.FilingsPending, Reason: c.Reason}, c.Reason, true)
}

func decideGrade(c *Grade) ([]Event, error) {
	var f []fault.Field
	if c.Severity == nil || *c.Severity < 0 || *c.Severity > 3 {
		f = append(f, fault.Field{Field: "severity", Message: "must be 0 (crisis), 1 (critical), 2 (major) or 3 (minor)"})
	}
	if c.BIL == nil || *c.BIL < 1 || *c.BIL > 3 {
		f = append(f, fault.Field{Field: "bil", Message: "must be 1, 2 or 3"})
	}
	f = check.Text(f, "reason", c.Reason, check.Screen, false)
	if err := fault.Invalids(f...); err != nil {
		return nil, err
	}
	g := Graded{Severity: *c.Severity, BIL: *c.BIL, Reason: c.Reason}
	same := false
	if c.Suggestion != nil {
		g.SuggestedSeverity, g.SuggestedBIL, g.SuggestionReason = c.Suggestion.Severity, c.Suggestion.BIL, c.Suggestion.Reason
		same = equal(g.SuggestedSeverity, *c.Severity) && equal(g.SuggestedBIL, *c.BIL)
	}
	if !same && strings.TrimSpace(c.Reason) == "" {
		return nil, fault.InvalidField("reason", "is needed: the grade differs from what the indicators suggest, or none were recorded")
	}
	return []Event{g}, nil
}

func equal(p *int, v int) bool { return p != nil && *p == v }

func decideFact(c *RecordFact) ([]Event, error) {
	v, txt, err := ParseValue(c.Fact, c.Value)
	if err != nil {
		return nil, err
	}
	f := v.Check(c.Fact, c.Meta.Now)
	f = check.Word(f, "entity", c.Entity)
	f = check.Text(f, "remark", c.Remark, check.Screen, false)
	f = check.Text(f, "value", txt, check.Screen, false)
	f = check.Text(f, "said_by", c.SaidBy, check.Line, false)
	if err := fault.Invalids(f...); err != nil {
		return nil, err
	}
	if c.Fact == FactRisk && v.Risk == "none" && strings.TrimSpace(c.Remark) == "" {
		return nil, fault.InvalidField("remark", "is needed: say why a risk is unlikely; the register keeps it (GDPR Art. 33(5))")
	}
	if txt == "" {
		txt = c.Remark
	}
	return []Event{FactRecorded{ID: c.Meta.NewID, Name: c.Fact, Entity: c.Entity, Value: v, Text: txt, SaidBy: c.SaidBy}}, nil
}

func decideDecision(s State, c *MakeDecision) ([]Event, error) {
	d := Decision{
		ID: c.Meta.NewID, Kind: c.Decision, Answer: c.Answer, Text: c.Text, Reason: c.Reason, DecidedBy: cmp.Or(c.DecidedBy, c.Meta.By),
		Counsel: strings.TrimSpace(c.Counsel), Rule: c.Rule, Entity: c.Entity, About: c.About,
	}
	if err := fault.Invalids(d.Check()...); err != nil {
		return nil, err
	}
	switch {
	case d.Kind == Second:
		d.As = c.Roles
		if d.DecidedBy != c.Meta.By {
			return nil, fault.InvalidField("decided_by", "must be left out: everybody gives their own second opinion")
		}
		if err := s.Panel(c.Groups).May(d, len(c.Meta.Roles) > 0); err != nil {
			return nil, err
		}
	case slices.Contains(decision.ByCounsel[:], d.Kind):
		if d.Counsel == "" && !slices.Contains(c.Roles, string(who.Legal)) {
			return nil, fault.InvalidField("decided_by", "must be somebody with the role legal; or name the outside counsel")
		}
		for _, k := range fact.SensitiveIn(s.Facts) {
			d.Covers = append(d.Covers, string(k))
		}
	}
	return []Event{DecisionMade{
		ID: d.ID, Decision: d.Kind, Answer: d.Answer, DecidedBy: d.DecidedBy, Rule: d.Rule, Entity: d.Entity, About: d.About, As: d.As, Covers: d.Covers,
		Text: d.Text, Reason: d.Reason, Counsel: d.Counsel,
	}}, nil
}

func decideTask(s State, c Command) ([]Event, error) {
	find := func(id string) (Task, error) {
		i := slices.IndexFunc(s.Tasks, func(t Task) bool { return t.ID == id })
		if i < 0 {
			return Task{}, fault.InvalidField("task", "there is no such task in this incident")
		}
		return s.Tasks[i], nil
	}
	switch c := c.(type) {
	case *AddTask:
		f := check.Text(nil, "text", c.Text, check.Screen, true)
		if due := c.Due.UTC(); !due.IsZero() && (due.Before(fact.Earliest) || due.Year() > 9999) {
			f = append(f, fault.Field{Field: "due", Message: "must be a time from 1970 to 9999"})
		}
		if err := fault.Invalids(f...); err != nil {
			return nil, err
		}
		return []Event{TaskAdded{ID: c.Meta.NewID, Text: c.Text, Owner: c.Owner, Due: micro(c.Due)}}, nil
	case *FinishTask:
		t, err := find(c.Task)
		if err != nil {
			return nil, err
		}
		if !t.DoneAt.IsZero() {
			return nil, fault.New(fault.Conflict, "the task is done already")
		}
		return []Event{TaskMarked{ID: c.Task, Done: true}}, nil
	case *ReopenTask:
		t, err := find(c.Task)
		if err != nil {
			return nil, err
		}
		if t.DoneAt.IsZero() {
			return nil, fault.New(fault.Conflict, "the task is open")
		}
		return one(TaskMarked{ID: c.Task, Reason: c.Reason}, c.Reason, false)
	}
	return nil, fmt.Errorf("incident: no decision for command %q", c.Type())
}

func decideWork(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case *Edit:
		return decideEdit(s, c)
	case *Note:
		return one(Noted{Text: c.Text}, c.Text, true, "text")
	case *SendSitrep:
		return one(SitrepSent{Number: s.Sitreps + 1, Text: c.Text}, c.Text, true, "text")
	case *Assign, *Unassign:
		return decideAssign(s, c)
	case *EnterPhase:
		return decidePhase(s, c)
	case *LinkSignals, *UnlinkSignals:
		return decideSignals(s, c)
	}
	return nil, fmt.Errorf("incident: no decision for command %q", c.Type())
}

func decideEdit(s State, c *Edit) ([]Event, error) {
	e := Edited{Title: s.Title, Summary: s.Summary}
	if c.Title != "" {
		e.Title = strings.TrimSpace(c.Title)
	}
	if c.Summary != "" {
		e.Summary = c.Summary
	}
	f := check.Text(nil, "title", e.Title, check.Line, true)
	f = check.Text(f, "summary", e.Summary, check.Screen, false)
	if e.Title == s.Title && e.Summary == s.Summary {
		f = append(f, fault.Field{Field: "title", Message: "nothing to change: give another title or summary"})
	}
	if err := fault.Invalids(f...); err != nil {
		return nil, err
	}
	return []Event{e}, nil
}

func decideAssign(s State, c Command) ([]Event, error) {
	var fn Function
	var person string
	var ended bool
	switch c := c.(type) {
	case *Assign:
		fn, person = c.Function, c.Person
	case *Unassign:
		fn, person, ended = c.Function, c.Person, true
	}
	f := check.OneOf(nil, "function", fn, Functions[:]...)
	f = check.Word(check.Text(f, "person", person, check.Line, true), "person", person)
	if err := fault.Invalids(f...); err != nil {
		return nil, err
	}
	if has := slices.Contains(s.Assignments[fn], person); has != ended {
		if has {
			return nil, fault.Newf(fault.Conflict, "that person is %s already", fn)
		}
		return nil, fault.Newf(fault.Conflict, "that person is not %s", fn)
	}
	return []Event{Assigned{Function: fn, Person: person, Ended: ended}}, nil
}

func decidePhase(s State, c *EnterPhase) ([]Event, error) {
	if err := fault.Invalids(check.OneOf(nil, "phase", c.Phase, Phases[:]...)...); err != nil {
		return nil, err
	}
	if c.Phase == s.Phase {
		return nil, fault.Newf(fault.Conflict, "%s is in phase %s", s.Ref, s.Phase)
	}
	back := slices.Index(Phases[:], c.Phase) < slices.Index(Phases[:], s.Phase)
	return one(PhaseEntered{Phase: c.Phase, Reason: c.Reason}, c.Reason, back)
}

// maxSignals bounds one command; a storm is linked in several.
const maxSignals = 1000

func decideSignals(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case *LinkSignals:
		if len(c.Signals) > maxSignals {
			return nil, fault.InvalidField("signals", fmt.Sprintf("names more than %d signals; link them in several commands", maxSignals))
		}
		var fresh []string
		for _, id := range c.Signals {
			if !slices.Contains(s.Signals, id) && !slices.Contains(fresh, id) {
				fresh = append(fresh, id)
			}
		}
		if len(fresh) == 0 {
			return nil, fault.InvalidField("signals", "name at least one signal that is not linked yet")
		}
		return []Event{SignalsLinked{Signals: fresh}}, nil
	case *UnlinkSignals:
		for _, id := range c.Signals {
			if !slices.Contains(s.Signals, id) {
				return nil, fault.InvalidField("signals", "one of these signals is not linked to the incident")
			}
		}
		if len(c.Signals) == 0 {
			return nil, fault.InvalidField("signals", "name at least one signal")
		}
		return one(SignalsUnlinked{Signals: c.Signals, Reason: c.Reason}, c.Reason, true)
	}
	return nil, fmt.Errorf("incident: no decision for command %q", c.Type())
}

// one returns a single event after checking its text, which is the field "reason"
// unless named otherwise.
func one(e Event, txt string, needed bool, field ...string) ([]Event, error) {
	name := "reason"
	if len(field) > 0 {
		name = field[0]
	}
	if err := fault.Invalids(check.Text(nil, name, txt, check.Screen, needed)...); err != nil {
		return nil, err
	}
	return []Event{e}, nil
}

// micro is the form of times in storage: UTC, whole microseconds.
func micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond).Round(0) }
