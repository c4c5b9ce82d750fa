package duty

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/decide/duty/alarm"
	"github.com/wakebell/wakebell/internal/decide/duty/policy"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/rule/regime"
)

// Input is all a derivation reads.
type Input struct {
	Now      time.Time
	Incident incident.State
	Plan     plan.Plan // the version the incident began with
	Dir      directory.Snapshot
	Existing []Duty
	Law      *regime.Book // nil: no law is evaluated
	NewID    func() string
}

// Difference is what a derivation changes. It is the body of one ledger entry.
type Difference struct {
	Added     []Duty       `json:"added,omitempty"`
	Changed   []Duty       `json:"changed,omitempty"` // whole duties after the change
	Withdrawn []Withdrawal `json:"withdrawn,omitempty"`
	Moved     []Move       `json:"moved,omitempty"` // of those changed: whose due time is another
	Again     []string     `json:"again,omitempty"` // of those changed: keys that were withdrawn and are owed again
}

// Move is a due time before and after.
type Move struct {
	Key string    `json:"key"`
	Was time.Time `json:"was,omitzero"`
	Due time.Time `json:"due,omitzero"`
}

// Withdrawal names a duty that fell away.
type Withdrawal struct {
	Key    string `json:"key"`
	Title  string `json:"title"`
	Reason string `json:"reason"`
}

// Empty reports whether nothing changes.
func (d Difference) Empty() bool { return len(d.Added)+len(d.Changed)+len(d.Withdrawn) == 0 }

// Derive compares what the facts, the plan and the contracts demand now with the
// duties there are. It is pure, never touches what is met or waived, and gives
// every change its reason.
func Derive(in Input) (Difference, error) {
	d := deriver{Input: in, have: map[string]Duty{}, want: map[string]bool{}}
	for _, e := range in.Existing {
		d.have[e.Key] = e
	}
	if err := d.evaluate(); err != nil {
		return Difference{}, err
	}
	for _, r := range policy.Rules() {
		why, holds := d.triggered(r)
		if !holds {
			continue
		}
		for _, t := range d.targets(r) {
			d.owe(r, t, why)
		}
	}
	d.statutes()
	d.withdraw()
	return d.diff, nil
}

type deriver struct {
	Input
	outcomes []regime.Outcome            // of the law, in the order of the packs
	entities map[string]directory.Entity // concerned, by id
	have     map[string]Duty
	want     map[string]bool
	diff     Difference
}

// triggered evaluates a rule's trigger and says in words why it holds.
func (d *deriver) triggered(r policy.Rule) (why string, holds bool) {
	s := d.Incident
	// A merge closes: what is owed outside runs on, for the other incident may owe it
	// later, to fewer, or not at all.
	if s.Status == incident.Dismissed || (!s.ClosedAt.IsZero() && !r.Outward) {
		return "", false
	}
	security := s.Nature == incident.Security
	switch r.Trigger {
	case policy.Always:
		return "the incident is declared", true
	case policy.SIRTActivated:
		return d.gradeWhy(), d.sirt()
	case policy.SitrepOwed:
		bil3 := security && s.BIL != nil && *s.BIL == 3
		return d.gradeWhy(), !policy.Recovered(s) && (d.sirt() || bil3)
	case policy.BoardOwed:
		return d.gradeWhy(), !policy.Recovered(s) && security && s.Status == incident.Confirmed && s.BIL != nil && slices.Contains(d.Plan.BoardBILs, *s.BIL)
	case policy.CustomerData:
		why := policy.CustomerDataWhy(s)
		return why, why != ""
	case policy.LegalAsked:
		why := policy.LegalWhy(s)
		return why, why != ""
	case policy.PartyAffected:
		return "", true
	case policy.AnswerAsked:
		return "", len(policy.Asks(s)) > 0
	case policy.GraveIncident:
		return d.gradeWhy(), policy.Grave(s)
	case policy.ControllerOwes, policy.ProcessorOwed:
		return "personal data: " + string(s.PersonalData), s.PersonalData == incident.Yes
	}
	return "", false
}

func (d *deriver) sirt() bool {
	s := d.Incident
	return s.Nature == incident.Security && s.Status == incident.Confirmed && s.BIL != nil && slices.Contains(d.Plan.SIRTBILs, *s.BIL)
}

func (d *deriver) gradeWhy() string {
	if d.Incident.BIL == nil {
		return "not graded"
	}
	return fmt.Sprintf("%s %s incident, BIL %d", d.Incident.Status, d.Incident.Nature, *d.Incident.BIL)
}

// owe adds, changes or meets the duty of one rule towards one target.
func (d *deriver) owe(r policy.Rule, t target, why string) {
	ordinal := 1
	switch {
	case t.ask != nil:
		ordinal = t.ask.No
	case r.Recurs:
		ordinal = d.ordinal(r, t)
	}
	key := keyOf(r.ID, t, ordinal)
	d.want[key] = true
	old, had := d.have[key]
	if had && (old.State == Met || old.State == Waived) {
		return
	}
	next := d.build(r, t, ordinal, why, old, had && old.State == Open)
	d.meetFromState(&next, t)
	switch {
	case !had:
		next.ID, next.Version = d.NewID(), 1
		d.diff.Added = append(d.diff.Added, next)
	case !same(old, next):
		next.Version = old.Version + 1
		d.diff.Changed = append(d.diff.Changed, next)
		switch {
		case old.State == Withdrawn:
			d.diff.Again = append(d.diff.Again, key)
		case !next.DueAt.Equal(old.DueAt):
			d.diff.Moved = append(d.diff.Moved, Move{Key: key, Was: old.DueAt, Due: next.DueAt})
		}
	}
}

// same compares what the ledger would hold.
func same(a, b Duty) bool {
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && bytes.Equal(x, y)
}

func keyOf(rule string, t target, ordinal int) string {
	k := rule
	if t.to.ID != "" {
		k += ":" + t.to.ID
	}
	if t.entity != "" {
		k += "@" + t.entity
	}
	return fmt.Sprintf("%s:%d", k, ordinal)
}

// ordinal is the number of the report that is due next. Of situation reports those that
// the incident has sent meet the first ones; of board reports those that were met count.
// One that was waived is passed over: leaving one report out does not end the series.
func (d *deriver) ordinal(r policy.Rule, t target) int {
	sent := 0
	for n := 1; ; n++ {
		e, ok := d.have[keyOf(r.ID, t, n)]
		switch byHand := e.State == Met && (r.ID != RuleSitrep || e.MetActor != ""); {
		case ok && (e.State == Waived || byHand):
			continue
		case r.ID != RuleSitrep || sent == d.Incident.Sitreps:
			return n
		}
		if sent++; ok && e.State == Open { // the one just sent meets it
			d.want[e.Key] = true
			e.State, e.MetAt, e.MetWith, e.AlarmAt = Met, d.Incident.LastSitrepAt, "report", time.Time{}
			e.Version++
			d.diff.Changed = append(d.diff.Changed, e)
		}
	}
}

// build makes the duty as it should stand now; live means old is open and keeps
// its identity, its trigger time and its holder if a person took it.
func (d *deriver) build(r policy.Rule, t target, ordinal int, why string, old Duty, live bool) Duty {
	s := d.Incident
	n := old
	if !live {
		n = Duty{ID: old.ID, Version: old.Version, Alarms: old.Alarms, DerivedAt: d.Now}
		if slices.ContainsFunc(old.Alarms, func(a Alarm) bool { return a.Kind == "missed" }) {
			n.DerivedAt = old.DerivedAt // what was missed is not wiped by a fact that came and went
		}
	}
	n.Incident, n.Ref, n.Drill = s.ID, s.Ref, s.Kind == incident.Drill
	n.Key, n.Rule, n.Ordinal, n.Entity = keyOf(r.ID, t, ordinal), r.ID, ordinal, t.entity
	n.Recipient, n.Outward, n.Filing, n.MetBy = t.to, r.Outward, r.Filing, r.MetBy
	n.Title = r.Name(t.to.Name, ordinal)
	n.NeedsAck = t.contract != nil && t.contract.Acknowledge
	n.Statutory = t.rule != nil || t.bound
	n.State = Open
	if !n.Taken {
		n.Holder = d.holder(r)
	}
	if n.Calls = ""; r.Calls {
		n.Calls = t.to.ID
	}
	if n.Manager = ""; len(s.Assignments[incident.FnManager]) > 0 {
		n.Manager = s.Assignments[incident.FnManager][0]
	}
	if t.why != "" {
		why = t.why
	}
	n.Basis = Basis{Text: r.Text, Source: r.Source, Plan: d.Plan.Version, Why: why}
	if t.rule != nil {
		n.Basis.Sure, n.Basis.Law, n.Basis.Pack, n.Basis.Own = string(t.rule.Sure), t.rule.ID, t.rule.Pack+" "+t.rule.PackVersion, t.rule.Override
	}
	cands := d.candidates(r, t, ordinal, n.DerivedAt)
	n.Candidates, n.Start, n.StartAt, n.DueAt = policy.Winner(r, cands, n.DerivedAt)
	if !live || !n.DueAt.Equal(old.DueAt) {
		n.AlarmAt = alarm.Next(n.Alarms, n.StartAt, n.DueAt, d.Plan.ReminderFractions, d.Now)
	}
	return n
}

// meetFromState meets what the incident itself shows as done.
func (d *deriver) meetFromState(n *Duty, t target) {
	s := d.Incident
	met := func(at time.Time, with string) {
		n.State, n.MetAt, n.MetWith, n.AlarmAt = Met, at, with, time.Time{}
	}
	switch {
	case n.Rule == RuleProductTeam && !s.TeamToldAt.IsZero():
		met(s.TeamToldAt, "acknowledgement")
	case n.Rule == RuleClassify && s.BIL != nil:
		met(s.ClassifiedAt, "grade")
	case t.ask != nil && !t.ask.AnsweredAt.IsZero():
		met(t.ask.AnsweredAt, "answer")
	}
}

// withdraw ends every open duty that is no longer demanded.
func (d *deriver) withdraw() {
	for _, e := range d.Existing {
		if e.State == Open && !d.want[e.Key] {
			d.diff.Withdrawn = append(d.diff.Withdrawn, Withdrawal{Key: e.Key, Title: e.Title, Reason: d.withdrawReason(e)})
		}
	}
}

func (d *deriver) withdrawReason(e Duty) string {
	switch s := d.Incident; {
	case s.MergedInto != "" && !e.Outward:
		return "the incident was merged into another"
	case s.Status == incident.Dismissed:
		return "the incident was dismissed"
	case !s.ClosedAt.IsZero() && !e.Outward:
		return "the incident is closed"
	}
	if why := d.lawReason(e); why != "" {
		return why
	}
	for _, r := range policy.Rules() {
		if r.ID == e.Rule {
			if _, holds := d.triggered(r); holds {
				if e.Recipient.ID == "" {
					return "no longer a recipient under the facts recorded"
				}
				return e.Recipient.Name + " is no longer a recipient under the facts recorded"
			}
			return "no longer the case: " + string(r.Trigger)
		}
	}
	return "the rule was retired"
}
