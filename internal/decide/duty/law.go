package duty

import (
	"cmp"
	"time"

	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/duty/policy"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/rule/deadline"
	"github.com/wakebell/wakebell/internal/rule/regime"
)

// evaluate asks the rule packs. Without any fact a rule could hang on nothing is
// owed under a law, and they are not asked.
func (d *deriver) evaluate() error {
	d.entities = map[string]directory.Entity{}
	for _, e := range assessment.Entities(d.Incident, d.Dir) {
		d.entities[e.ID] = e
	}
	facts, ok := assessment.Facts(d.Incident, d.Plan, d.Dir, SentOf(d.Existing), d.Now)
	if d.Law == nil || !ok {
		return nil
	}
	e, err := d.Law.Evaluate(facts)
	d.outcomes = e.Outcomes
	return err
}

// SentOf says when the notices of duties were in fact given, by entity and rule of
// the law: of several recipients the first.
func SentOf(duties []Duty) assessment.Sent {
	sent := assessment.Sent{}
	for _, e := range duties {
		if e.State != Met || e.Basis.Law == "" {
			continue
		}
		if sent[e.Entity] == nil {
			sent[e.Entity] = map[string]time.Time{}
		}
		if at := sent[e.Entity][e.Basis.Law]; at.IsZero() || e.MetAt.Before(at) {
			sent[e.Entity][e.Basis.Law] = e.MetAt
		}
	}
	return sent
}

// statutes owes what the law asks for beside the two rules the policies name. What
// is the entity's own record is the breach register's; a contract's hours stand with
// the party; what is voluntary is shown, never owed.
func (d *deriver) statutes() {
	if d.Incident.Status == "dismissed" {
		return
	}
	// Where the GDPR has a processor tell its controllers, that notice is also the one
	// that other laws ask for without naming a time.
	controllers := map[string]bool{}
	d.law(assessment.Controller33, func(e directory.Entity, _ *regime.Outcome) { controllers[e.ID] = true })
	for i := range d.outcomes {
		o := &d.outcomes[i]
		if o.Status != regime.Required || !assessment.Owed(o.Rule) || o.Rule.To == regime.ToController && o.Due.At.IsZero() && controllers[o.Entity] {
			continue
		}
		r := policy.Rule{
			ID: o.Rule.ID, Title: assessment.Title(o.Rule), Trigger: policy.ByLaw, Start: "law", Holder: "siht", Recipient: string(o.Rule.To),
			Period:  func(plan.Plan) deadline.Period { return deadline.Period{} },
			Outward: true, Filing: o.Rule.To == regime.ToAuthority || o.Rule.To == regime.ToRegulator || o.Rule.To == regime.ToCSIRT,
			MetBy: []string{"notice", "filing", "acknowledgement"}, Source: o.Rule.Basis(), Text: cmp.Or(o.Rule.Note, o.Rule.Basis()),
		}
		e := d.entities[o.Entity]
		to := Ref{Kind: string(o.Rule.To), Name: assessment.Recipient(o.Rule)}
		d.owe(r, target{to: to, entity: o.Entity, why: o.Reason() + d.roleNote(e), rule: o.Rule, due: o.Due}, "")
	}
}

// lawCandidates are the due times a law names. Where it names no number, the plan's
// number for "without undue delay" stands in; while law enforcement has asked for
// delay the clock rests, and none is due.
func (d *deriver) lawCandidates(t target) []deadline.Candidate {
	if t.due == nil {
		return []deadline.Candidate{*t.statute}
	}
	due, basis := t.due, t.rule.Basis()
	c := deadline.Candidate{Name: basis, Kind: deadline.Statute, Start: due.Start, StartAt: due.StartAt, DueAt: due.At, Reason: due.Reason()}
	switch {
	case due.Held:
		c.StartAt, c.DueAt = time.Time{}, time.Time{}
	case due.At.IsZero() && !due.StartAt.IsZero():
		c.Kind, c.Name = deadline.Policy, "plan: the law names no number ("+basis+")"
		c.Period = deadline.Hours(d.Plan.ControllerHours)
	case due.StartAt.IsZero() && !due.At.IsZero():
		c.StartAt = d.Incident.DiscoveredAt // for reminders; Reason says what it really counts from
	}
	return []deadline.Candidate{c}
}

// lawReason says why a duty under a law fell away; "" for other duties.
func (d *deriver) lawReason(e Duty) string {
	if e.Basis.Law == "" {
		return ""
	}
	for i := range d.outcomes {
		if o := &d.outcomes[i]; o.Rule.ID == e.Basis.Law && o.Entity == e.Entity && o.Status != regime.Required {
			return o.Reason()
		}
	}
	return ""
}
