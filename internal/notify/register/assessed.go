package register

import (
	"time"

	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/decide/incident/verdict"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

// VerdictIn is one verdict on the risk to persons: who gave it, why, and what second
// persons said of it.
type VerdictIn struct {
	Entity   string        `json:"entity,omitempty"` // name
	Risk     string        `json:"risk"`             // unknown, none, risk, high
	Reason   string        `json:"reason,omitempty"`
	SaidBy   string        `json:"said_by,omitempty"`
	By       string        `json:"by"` // name
	At       time.Time     `json:"at"`
	State    verdict.State `json:"state"` // alone, not_confirmed, confirmed, disputed
	Opinions []Opinion     `json:"opinions"`
}

// Opinion is what a second person said of a verdict.
type Opinion struct {
	By     string          `json:"by"` // name
	Answer incident.Answer `json:"answer"`
	Reason string          `json:"reason"`
	At     time.Time       `json:"at"`
}

// assessed adds what was found of the risk, and what counsel still owes.
func (e *Entry) assessed(st incident.State, p plan.Plan, dir directory.Snapshot) {
	e.Verdicts, e.CounselOwes, e.Effects.Sensitive = []VerdictIn{}, []string{}, []string{}
	panel := st.Panel(p.Approval(verdict.Approval))
	for _, v := range panel.Verdicts {
		in := VerdictIn{
			Entity: entityName(dir, v.Entity), Risk: v.Risk, Reason: v.Reason, SaidBy: v.SaidBy, By: dir.PersonName(v.By), At: v.At,
			State: panel.Of(v), Opinions: []Opinion{},
		}
		for _, d := range panel.Said(v) {
			in.Opinions = append(in.Opinions, Opinion{By: dir.PersonName(d.DecidedBy), Answer: d.Answer, Reason: d.Reason, At: d.At})
		}
		e.Verdicts = append(e.Verdicts, in)
	}
	for _, a := range assessment.CounselOwes(st) {
		e.CounselOwes = append(e.CounselOwes, a.Words())
	}
	for _, s := range fact.SensitiveIn(st.Facts) {
		e.Effects.Sensitive = append(e.Effects.Sensitive, string(s))
	}
}
