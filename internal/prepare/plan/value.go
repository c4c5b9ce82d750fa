package plan

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"go.yaml.in/yaml/v3"
)

// Section is a part of the plan that is read and edited together.
type Section string

// The sections, in the order of the plan.
const (
	SectionInside  Section = "inside"  // who is told inside, and by when
	SectionOutside Section = "outside" // who is told outside, and by when
	SectionCalling Section = "calling" // how people are called
	SectionLevels  Section = "levels"  // severities and impact
	SectionRoles   Section = "roles"   // who does what, who approves what
	SectionCircle  Section = "circle"  // the yearly review and test
)

// Value names one field of the plan for people.
type Value struct {
	Field   string // JSON name
	Label   string
	Unit    string // minutes, hours, seconds, months; "" for what has none
	Section Section
	Whole   bool // a whole number
}

// Values lists every field of the plan but the version, in its order.
func Values() []Value {
	n := func(field, label, unit string, s Section) Value { return Value{field, label, unit, s, true} }
	w := func(field, label string, s Section) Value { return Value{field, label, "", s, false} }
	return []Value{
		n("product_team_minutes", "Reach the product team", "minutes", SectionInside),
		n("classify_minutes", "Verify and classify", "minutes", SectionInside),
		n("sirt_minutes", "Call the SIRT", "minutes", SectionInside),
		n("leadership_minutes", "Tell senior leadership", "minutes", SectionInside),
		n("siht_minutes", "Tell the SIHT of customer data", "minutes", SectionInside),
		n("legal_minutes", "Tell legal counsel", "minutes", SectionInside),
		n("sitrep_hours", "Situation report to the SIHT, every", "hours", SectionInside),
		n("board_first_minutes", "First report to the board", "minutes", SectionInside),
		n("board_every_hours", "Further reports to the board, every", "hours", SectionInside),
		w("board_bils", "Impact levels the board is told of", SectionInside),
		w("sirt_bils", "Impact levels the SIRT takes", SectionInside),
		n("customer_personal_hours", "Tell customers whose personal data may be involved", "hours", SectionOutside),
		n("customer_hours", "Tell affected customers and partners", "hours", SectionOutside),
		w("customer_start", "Customers' hours run from", SectionOutside),
		n("authority_hours", "Notify the authority", "hours", SectionOutside),
		n("controller_hours", "As a processor, tell the controller", "hours", SectionOutside),
		n("personnel_hours", "Tell our own personnel of a grave incident", "hours", SectionOutside),
		n("notice_canary", "Send a notice first to so many, then wait", "", SectionOutside),
		n("escalate_minutes", "Pass over who does not answer after", "minutes", SectionCalling),
		w("reminder_fractions", "Remind when this part of the time is gone", SectionCalling),
		n("batch_seconds", "Gather signals of one team for", "seconds", SectionCalling),
		n("quiet_hours", "A decided signal is new again after", "hours", SectionCalling),
		w("default_team", "Team that takes what belongs to no service", SectionCalling),
		w("severities", "Severity levels", SectionLevels),
		w("indicators", "What makes an incident severe", SectionLevels),
		w("bil_criteria", "What decides the business impact level", SectionLevels),
		{"bil_otherwise", "Business impact level when nothing holds", "", SectionLevels, true},
		w("assignments", "Functions in an incident", SectionRoles),
		w("approvals", "Who approves what", SectionRoles),
		w("functions", "Whom the policies ask for", SectionRoles),
		w("emergency_deputies", "Who releases a notice in an emergency", SectionRoles),
		n("review_months", "Review the plan every", "months", SectionCircle),
		n("test_months", "Test the plan every", "months", SectionCircle),
		w("reviewed_at", "Last review", SectionCircle),
		w("tested_at", "Last test", SectionCircle),
	}
}

// YAML writes the plan as ParseYAML reads it. It is the same text for the same plan.
func (p Plan) YAML() ([]byte, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(p); err != nil {
		return nil, fmt.Errorf("write the plan as YAML: %w", err)
	}
	return b.Bytes(), enc.Close()
}

// Preview checks a plan as Change does and gives it as it would be stored, without storing it. It needs plan.edit.
func (s *Service) Preview(by who.Identity, next Plan) (Plan, error) {
	if err := who.Check(by, who.PermPlanEdit); err != nil {
		return Plan{}, err
	}
	next = next.normal()
	return next, s.validate(next)
}

// LastChanged names for each field that was ever changed the newest revision that changed it. It needs plan.read.
func (s *Service) LastChanged(ctx context.Context, by who.Identity) (map[string]Revision, error) {
	if err := who.Check(by, who.PermPlanRead); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `SELECT version, changed_at, changed_by, reason, fields FROM plan_version ORDER BY version`)
	if err != nil {
		return nil, fmt.Errorf("read who changed the plan: %w", err)
	}
	defer rows.Close()
	out := map[string]Revision{}
	for rows.Next() {
		var r Revision
		var at int64
		var fields string
		if err := rows.Scan(&r.Version, &at, &r.ChangedBy, &r.Reason, &fields); err != nil {
			return nil, fmt.Errorf("read who changed the plan: %w", err)
		}
		r.ChangedAt = clock.FromMicros(at)
		if err := json.Unmarshal([]byte(fields), &r.Fields); err != nil {
			return nil, fmt.Errorf("decode who changed the plan: %w", err)
		}
		for _, f := range r.Fields {
			out[f] = r
		}
	}
	return out, rows.Err()
}

// Revision reads the head of one version. It needs plan.read; an unknown version is a fault of kind NotFound.
func (s *Service) Revision(ctx context.Context, by who.Identity, version int) (Revision, error) {
	list, _, err := s.History(ctx, by, version+1, 1)
	if err != nil {
		return Revision{}, err
	}
	if len(list) == 0 || list[0].Version != version {
		return Revision{}, fault.Newf(fault.NotFound, "there is no version %d of the plan", version)
	}
	return list[0], nil
}
