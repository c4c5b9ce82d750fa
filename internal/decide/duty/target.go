package duty

import (
	"cmp"
	"fmt"
	"time"

	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/duty/policy"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/rule/deadline"
	"github.com/wakebell/wakebell/internal/rule/regime"
)

// target is one recipient a rule applies to.
type target struct {
	to       Ref
	entity   string              // our legal entity that owes it
	contract *directory.Contract // where its condition holds now
	bound    bool                // there is a contract, whether its condition holds yet or not
	statute  *deadline.Candidate // from the law engine
	why      string              // replaces the trigger's reason
	rule     *regime.Rule        // of the law, nil for policies
	due      *regime.Due         // of a law other than those the policies name
	ask      *fact.Ask           // the answer that is owed
}

func (d *deriver) targets(r policy.Rule) []target {
	switch r.Recipient {
	case "customer", "partner", "employee_group":
		return d.parties(directory.PartyKind(r.Recipient))
	case "controller":
		return d.controllers()
	case "authority":
		return d.authorities()
	case policy.Asked:
		return d.asked()
	case policy.Personnel:
		return []target{{to: Ref{Kind: policy.Personnel, Name: "our own personnel"}}}
	}
	return []target{{to: d.team(r.Recipient)}}
}

// team resolves "product", "manager" or a team kind to whom it is in this incident.
func (d *deriver) team(kind string) Ref {
	switch kind {
	case "manager":
		if m := d.Incident.Assignments[incident.FnManager]; len(m) > 0 {
			return Ref{Kind: "person", ID: m[0], Name: "incident manager"}
		}
		return Ref{Kind: "function", Name: "incident manager"}
	case "product":
		for _, id := range []string{d.Incident.Team, d.Dir.ITServices[d.Incident.Service].Team, d.Plan.DefaultTeam} {
			if t, ok := d.Dir.Teams[id]; ok {
				return Ref{Kind: "team", ID: t.ID, Name: t.Name}
			}
		}
	default:
		if ts := d.Dir.TeamsOf(directory.TeamKind(kind)); len(ts) > 0 {
			return Ref{Kind: "team", ID: ts[0].ID, Name: ts[0].Name}
		}
	}
	return Ref{Kind: "team", Name: kind + " team (none in the directory)"}
}

func (d *deriver) holder(r policy.Rule) Ref {
	h := r.Holder
	if r.ID == RuleSitrep && d.Incident.BIL != nil && *d.Incident.BIL == 3 {
		h = "product"
	}
	return d.team(h)
}

func (d *deriver) parties(kind directory.PartyKind) []target {
	ids, why := policy.Affected(d.Incident, d.Dir, kind)
	var out []target
	for _, id := range ids {
		t := target{to: Ref{Kind: string(kind), ID: id, Name: id}, why: why}
		if p, ok := d.Dir.Parties[id]; ok {
			t.to.Name = p.Name
			t.contract, t.bound = d.applies(p.Contract), promises(p.Contract)
		}
		out = append(out, t)
	}
	return out
}

// promises says whether a contract names a time at all. One whose condition does not
// hold yet counts for who may waive: the duty becomes the contract's when it does, and
// a waiver given before is never touched again.
// asked lists the answers that somebody outside wants by a date.
func (d *deriver) asked() []target {
	var out []target
	for _, a := range policy.Asks(d.Incident) {
		why := fmt.Sprintf("contact no. %d asks for an answer by a date", a.No)
		out = append(out, target{to: Ref{Kind: a.Side, ID: a.Party, Name: a.Name}, bound: a.Side != "media", ask: &a, why: why})
	}
	return out
}

func promises(c *directory.Contract) bool { return c != nil && c.Hours > 0 }

// applies returns the contract when its condition holds in this incident.
func (d *deriver) applies(c *directory.Contract) *directory.Contract {
	if !promises(c) {
		return nil
	}
	switch c.Condition {
	case directory.WhenPersonalData:
		if d.Incident.PersonalData == incident.No {
			return nil
		}
	case directory.WhenConfirmed:
		if d.Incident.Status != incident.Confirmed {
			return nil
		}
	}
	return c
}

// roleNote says where a role is taken for granted, and where a verdict waits.
func (d *deriver) roleNote(e directory.Entity) string {
	note := assessment.VerdictNote(d.Incident, d.Plan, e.ID)
	if len(e.Processings) > 0 {
		return note
	}
	return note + " No processing of " + cmp.Or(e.Name, e.ID) + " is in the directory: it is taken for a controller until one is."
}

// law calls use for each entity one rule of the packs is required of.
func (d *deriver) law(ruleID string, use func(e directory.Entity, o *regime.Outcome)) {
	for i := range d.outcomes {
		o := &d.outcomes[i]
		if o.Rule.ID == ruleID && o.Status == regime.Required {
			use(d.entities[o.Entity], o)
		}
	}
}

func (d *deriver) authorities() []target {
	var out []target
	d.law(assessment.Authority33, func(e directory.Entity, o *regime.Outcome) {
		to := Ref{Kind: "authority", Name: "the supervisory authority of " + cmp.Or(e.Country, e.Name)}
		if p, ok := d.Dir.Parties[e.Authority]; ok {
			to.ID, to.Name = p.ID, p.Name
		}
		t := target{to: to, entity: e.ID, why: o.Reason() + d.roleNote(e), rule: o.Rule}
		// The packs of the operator may name several limits, days, or none: then it is counted as any
		// other law.
		if t.due = o.Due; len(t.due.Candidates) == 1 && t.due.Candidates[0].DueAt.Equal(t.due.At) && t.due.Candidates[0].Period.Fixed() && !t.due.Held {
			c := t.due.Candidates[0]
			c.Name, t.due = o.Rule.Basis(), nil
			_, c.Reason = d.moment("aware", e.ID)
			t.statute = &c
		}
		out = append(out, t)
	})
	return out
}

// controllers are the affected customers for whom an entity of ours processes data.
func (d *deriver) controllers() []target {
	var out []target
	d.law(assessment.Controller33, func(e directory.Entity, o *regime.Outcome) {
		ids, _ := policy.Affected(d.Incident, d.Dir, directory.PartyCustomer)
		found := false
		for _, id := range ids {
			p := d.Dir.Parties[id]
			if !assessment.Controls(p, e.ID) {
				continue
			}
			found = true
			out = append(out, target{
				to: Ref{Kind: "controller", ID: id, Name: cmp.Or(p.Name, id)}, entity: e.ID,
				contract: d.applies(p.Contract), bound: promises(p.Contract), why: o.Reason(), rule: o.Rule,
			})
		}
		if !found && len(ids) == 0 {
			out = append(out, target{
				to: Ref{Kind: "controller", Name: "whose data " + cmp.Or(e.Name, e.ID) + " processes (not identified yet)"}, entity: e.ID,
				why: o.Reason(), rule: o.Rule,
			})
		}
	})
	return out
}

// moment is the time a clock starts at, with a note when another one stands in for it.
func (d *deriver) moment(name, entity string) (time.Time, string) {
	s := d.Incident
	switch name {
	case "aware":
		if at := s.Moment(incident.Aware, entity); !at.IsZero() {
			return at, ""
		}
	case "confirmed":
		if !s.ConfirmedAt.IsZero() {
			return s.ConfirmedAt, ""
		}
	case "discovered":
		return s.DiscoveredAt, ""
	}
	return s.DiscoveredAt, fmt.Sprintf("no moment %q is recorded: counted from discovery until one is", name)
}

// candidates lists the due times that compete for one duty.
func (d *deriver) candidates(r policy.Rule, t target, ordinal int, triggered time.Time) []deadline.Candidate {
	p := r.Period(d.Plan)
	switch r.Start {
	case policy.Triggered:
		return []deadline.Candidate{deadline.NewCandidate(deadline.Policy, r.Source, policy.Triggered, triggered, p)}
	case policy.Last:
		return []deadline.Candidate{d.recurring(r, t, ordinal, triggered, p)}
	case policy.FromPlan:
		return d.partyCandidates(r, t)
	case policy.Asked:
		return []deadline.Candidate{{Name: "the date they named", Kind: deadline.Contract, Start: policy.Asked, StartAt: t.ask.AskedAt, DueAt: t.ask.DueAt}}
	}
	if t.due != nil || t.statute != nil {
		out := d.lawCandidates(t)
		if p.Fixed() && p != (deadline.Period{}) && p != out[0].Period && (t.due == nil || !t.due.Held) {
			out = append(out, d.candidate(deadline.Policy, "plan: earlier than the law asks", r.Start, t.entity, p))
		}
		return out
	}
	name := r.Source
	if r.ID == RuleController {
		name = "plan, for " + r.Source + " (the law names no hours)"
	}
	out := []deadline.Candidate{d.candidate(deadline.Policy, name, r.Start, t.entity, p)}
	return d.withContract(out, t)
}

func (d *deriver) recurring(r policy.Rule, t target, ordinal int, triggered time.Time, first deadline.Period) deadline.Candidate {
	if ordinal == 1 {
		return deadline.NewCandidate(deadline.Policy, r.Source, policy.Triggered, triggered, first)
	}
	every := first
	last := d.Incident.LastSitrepAt
	if r.ID == RuleBoard {
		every = deadline.Hours(d.Plan.BoardEveryHours)
		last = d.have[keyOf(r.ID, t, ordinal-1)].MetAt
	}
	before, had := d.have[keyOf(r.ID, t, ordinal-1)]
	if had && before.State == Waived && last.Before(before.DueAt) {
		last = before.DueAt // the one that was left out counts as given when it was due
	}
	if !had || last.IsZero() {
		return deadline.NewCandidate(deadline.Policy, r.Source, policy.Triggered, triggered, every)
	}
	return deadline.NewCandidate(deadline.Policy, r.Source, policy.Last, last, every)
}

func (d *deriver) partyCandidates(r policy.Rule, t target) []deadline.Candidate {
	start := string(d.Plan.CustomerStart)
	var out []deadline.Candidate
	if d.Incident.PersonalData != incident.No { // whatever its nature: "may involve" (policy 000)
		name := "policy 000: personal data may be involved"
		out = append(out, d.candidate(deadline.Policy, name, start, "", deadline.Hours(d.Plan.CustomerPersonalHours)))
	}
	out = append(out, d.candidate(deadline.Policy, "policy 003: affected by the incident", start, "", r.Period(d.Plan)))
	return d.withContract(out, t)
}

func (d *deriver) candidate(kind deadline.Kind, name, start, entity string, p deadline.Period) deadline.Candidate {
	at, note := d.moment(start, entity)
	c := deadline.NewCandidate(kind, name, start, at, p)
	c.Reason = note
	return c
}

// withContract adds the contract's time.
func (d *deriver) withContract(out []deadline.Candidate, t target) []deadline.Candidate {
	c := t.contract
	if c == nil {
		return out
	}
	start := cmp.Or(string(c.Start), "discovered")
	name := "contract " + cmp.Or(c.Clause, "with "+t.to.Name)
	return append(out, d.candidate(deadline.Contract, name, start, "", deadline.Hours(c.Hours)))
}
