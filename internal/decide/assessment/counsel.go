package assessment

import (
	"context"
	"strings"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/decision"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/decide/incident/verdict"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

// Asked is a decision that counsel still owes: of which kind, and on which kinds of data.
type Asked struct {
	Kind decision.Kind    `json:"decision"`
	On   []fact.Sensitive `json:"on"`
}

// Words names what is asked for, as "what must be disclosed (health records, payment cards)".
func (a Asked) Words() string {
	var on []string
	for _, s := range a.On {
		on = append(on, s.Words())
	}
	return a.Kind.Words() + " (" + strings.Join(on, ", ") + ")"
}

// CounselOwes lists the decisions of legal or outside counsel that an incident waits for,
// because of the kinds of data that are recorded (policy 001, point 1).
func CounselOwes(st incident.State) (out []Asked) {
	due := decision.Due(st.Facts, st.Decisions)
	for _, k := range decision.ByCounsel {
		if len(due[k]) > 0 {
			out = append(out, Asked{Kind: k, On: due[k]})
		}
	}
	return out
}

// Guard refuses a close while counsel owes a decision: what is kept, and for how long,
// must be said before a file is closed. It is an incident.Guard.
func Guard(_ context.Context, _ store.Reader, st incident.State) ([]incident.OpenDuty, error) {
	var out []incident.OpenDuty
	for _, a := range CounselOwes(st) {
		out = append(out, incident.OpenDuty{
			Key: "decisions/" + string(a.Kind), Title: "The decision of counsel on " + a.Words(), Outward: true,
			Remedy: "have legal or outside counsel decide it, and record it under Decisions",
		})
	}
	return out, nil
}

// Panel is what was said about the risk to persons in an incident, and whom its plan asks
// for a second opinion. It asks no permission: who reads the incident may know.
func (s *Service) Panel(r store.Reader, st incident.State) (verdict.Panel, error) {
	p, err := s.plans.At(r, st.PlanVersion)
	return st.Panel(p.Approval(verdict.Approval)), err
}

// VerdictNote says that a verdict which would end duties waits for a second person; ""
// where none does.
func VerdictNote(st incident.State, p plan.Plan, entity string) string {
	panel := st.Panel(p.Approval(verdict.Approval))
	v, ok := panel.Latest(entity)
	if !ok {
		v, ok = panel.Latest("")
	}
	if !ok || v.Risk == panel.Holds(v.Entity) {
		return ""
	}
	if panel.Of(v) == verdict.Disputed {
		return " A verdict that asks for less is disputed; it does not count."
	}
	return " A verdict that asks for less is not confirmed by a second person yet; until it is, the careful reading stands."
}
