// Package verdict says which verdict on the risk to persons holds: every one that was
// given, what second persons said of it, and what duties may build on until they did.
//
// It carries out policy 000 ("determines the risk to the individuals") with the second
// pair of eyes of the plan's approval "risk_verdict". A verdict that asks for more holds
// at once; one that would take duties away holds when it is confirmed. It is pure: it
// must not import a clock, a store, or another room than base/fault.
package verdict

import (
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/decide/incident/decision"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
)

// Approval names the entry of the plan's approvals that asks for a second person.
const Approval = "risk_verdict"

// Verdict is one verdict on the risk, of the company or of one legal entity. Its id is
// that of the fact that recorded it.
type Verdict struct {
	ID     string    `json:"id"`
	Entity string    `json:"entity,omitempty"`
	Risk   string    `json:"risk"` // unknown|none|risk|high
	Reason string    `json:"reason,omitempty"`
	SaidBy string    `json:"said_by,omitempty"`
	By     string    `json:"by"` // the assessor: who recorded it
	At     time.Time `json:"at"`
}

// State is what became of a verdict.
type State string

// The states. Alone: the plan asks for no second person.
const (
	Alone     State = "alone"
	Waiting   State = "not_confirmed"
	Confirmed State = "confirmed"
	Disputed  State = "disputed"
)

// Panel is all that was said about the risk in one incident, and whom the plan asks:
// one person of each group, none of them the assessor. Without groups nobody is asked.
type Panel struct {
	Verdicts  []Verdict // oldest first
	Decisions []decision.Decision
	Groups    [][]string
}

// Of says what became of a verdict.
func (p Panel) Of(v Verdict) State {
	if len(p.Groups) == 0 || v.Risk == "unknown" {
		return Alone
	}
	words := p.Said(v)
	if slices.ContainsFunc(words, func(d decision.Decision) bool { return d.Answer == fact.No }) {
		return Disputed
	}
	if filled(p.Groups, words) {
		return Confirmed
	}
	return Waiting
}

// Said is the last word of each person about a verdict.
func (p Panel) Said(v Verdict) (out []decision.Decision) {
	for _, d := range p.Decisions {
		if d.Kind != decision.RiskVerdict || d.About != v.ID {
			continue
		}
		out = slices.DeleteFunc(out, func(o decision.Decision) bool { return o.DecidedBy == d.DecidedBy })
		out = append(out, d)
	}
	return out
}

// filled says whether each group finds a person of its own among those who agree.
func filled(groups [][]string, words []decision.Decision) bool {
	if len(groups) == 0 {
		return true
	}
	for i, d := range words {
		if overlap(groups[0], d.As) && filled(groups[1:], slices.Delete(slices.Clone(words), i, i+1)) {
			return true
		}
	}
	return false
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool { return slices.Contains(b, x) })
}

// order is from the verdict that asks for least to the one that asks for most. While
// nothing is known, an exemption is not settled and duties stand.
var order = []string{"none", "unknown", "risk", "high"}

func higher(a, b string) string {
	if slices.Index(order, a) < slices.Index(order, b) {
		return b
	}
	return a
}

// Holds is what duties build on: the verdict of the company ("" for entity) or the one of
// an entity; "" where none was given for it.
func (p Panel) Holds(entity string) string {
	company, own, has := "unknown", "", entity == ""
	said := false
	next := func(was string, v Verdict) string {
		if s := p.Of(v); s == Alone && len(p.Groups) == 0 || s == Confirmed {
			return v.Risk
		}
		return higher(was, v.Risk)
	}
	for _, v := range p.Verdicts {
		switch {
		case v.Entity == "":
			company = next(company, v)
			said = said || entity == ""
		case v.Entity == entity:
			if !has { // until then the company's was its own
				own, has = company, true
			}
			own, said = next(own, v), true
		}
	}
	switch {
	case !said:
		return ""
	case entity == "":
		return company
	}
	return own
}

// Latest is the verdict that stands for the company or an entity.
func (p Panel) Latest(entity string) (Verdict, bool) {
	for _, v := range slices.Backward(p.Verdicts) {
		if v.Entity == entity {
			return v, true
		}
	}
	return Verdict{}, false
}

// Wait lists the verdicts that stand and are not confirmed.
func (p Panel) Wait() (out []Verdict) {
	seen := map[string]bool{}
	for _, v := range slices.Backward(p.Verdicts) {
		if s := p.Of(v); !seen[v.Entity] && (s == Waiting || s == Disputed) {
			out = append(out, v)
		}
		seen[v.Entity] = true
	}
	slices.Reverse(out)
	return out
}

// May says whether a person may give a word on a verdict; d carries the roles they hold.
func (p Panel) May(d decision.Decision, person bool) error {
	i := slices.IndexFunc(p.Verdicts, func(v Verdict) bool { return v.ID == d.About })
	if i < 0 {
		return fault.InvalidField("about", "is not the id of a verdict on the risk in this incident")
	}
	v := p.Verdicts[i]
	switch latest, _ := p.Latest(v.Entity); {
	case len(p.Groups) == 0:
		return fault.New(fault.Conflict, "the plan of this incident asks for no second person about the risk")
	case latest.ID != v.ID:
		return fault.New(fault.Conflict, "a newer verdict was recorded meanwhile; read it first")
	case v.Risk == "unknown":
		return fault.New(fault.Conflict, "there is no verdict to confirm: the risk is said to be unknown")
	case !person:
		return fault.New(fault.Denied, "a second opinion names a person; a machine's token cannot give one")
	case d.DecidedBy == v.By:
		return fault.New(fault.Denied, "nobody confirms their own verdict; another person's yes is needed")
	case !slices.ContainsFunc(p.Groups, func(g []string) bool { return overlap(g, d.As) }):
		return fault.New(fault.Denied, "the plan asks other roles for the second opinion about the risk")
	case slices.ContainsFunc(p.Said(v), func(o decision.Decision) bool { return o.DecidedBy == d.DecidedBy && o.Answer == d.Answer }):
		return fault.New(fault.Conflict, "you have said so already")
	}
	return nil
}
