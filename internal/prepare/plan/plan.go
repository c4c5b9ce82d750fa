// Package plan holds the response plan: one versioned object with every number, word and rule the four policies
// state, and our own defaults where they state none. It carries out policy 003 ("review the plan and procedures at
// least annually", "initiate tests of the plan at least annually") and policy 000 ("formalized and tested our internal
// incident management procedures"). An incident keeps the version it began with. Version 1 is the default plan and
// needs no row, so an empty database already has a plan.
//
// It must not import any other capability than rule/grading, whose thresholds and criteria it carries.
package plan

import (
	"time"

	"github.com/wakebell/wakebell/internal/rule/grading"
)

// Plan is one version of the response plan. Durations are whole numbers with the unit in the name. The source of each
// field is in Sources, under the field's JSON name. It holds no personal data; who changed it is in Revision.
type Plan struct {
	// Version counts from 1. It is set by the service, never by a caller.
	Version int `json:"version" yaml:"version"`

	// Inward clocks, all from discovery unless said otherwise.
	ProductTeamMinutes int `json:"product_team_minutes" yaml:"product_team_minutes"`
	ClassifyMinutes    int `json:"classify_minutes" yaml:"classify_minutes"`
	SIRTMinutes        int `json:"sirt_minutes" yaml:"sirt_minutes"`
	// LeadershipMinutes runs from discovery, as does the SIRT call: by default both are due together.
	LeadershipMinutes int `json:"leadership_minutes" yaml:"leadership_minutes"`
	// SIHTMinutes runs from the moment customer data may be involved.
	SIHTMinutes int `json:"siht_minutes" yaml:"siht_minutes"`
	// LegalMinutes runs from the moment personal data is unknown or yes, or law enforcement is considered.
	LegalMinutes int `json:"legal_minutes" yaml:"legal_minutes"`
	SitrepHours  int `json:"sitrep_hours" yaml:"sitrep_hours"`
	// BoardFirstMinutes runs from the grading that makes the board a recipient; BoardEveryHours from the last report.
	BoardFirstMinutes int   `json:"board_first_minutes" yaml:"board_first_minutes"`
	BoardEveryHours   int   `json:"board_every_hours" yaml:"board_every_hours"`
	BoardBILs         []int `json:"board_bils" yaml:"board_bils,flow"`
	SIRTBILs          []int `json:"sirt_bils" yaml:"sirt_bils,flow"`

	// Outward clocks. A contract or a law that is shorter wins.
	CustomerPersonalHours int   `json:"customer_personal_hours" yaml:"customer_personal_hours"`
	CustomerHours         int   `json:"customer_hours" yaml:"customer_hours"`
	CustomerStart         Start `json:"customer_start" yaml:"customer_start"`
	// AuthorityHours is the law's number (GDPR Art. 33(1)), elapsed hours from aware. It is shown, and can only be made shorter.
	AuthorityHours  int `json:"authority_hours" yaml:"authority_hours"`
	ControllerHours int `json:"controller_hours" yaml:"controller_hours"`
	// PersonnelHours runs from the moment an incident is confirmed with a severity of 0 or 1.
	PersonnelHours int `json:"personnel_hours" yaml:"personnel_hours"`
	// NoticeCanary is how many recipients of a new notice are told first, until a person goes on; 0: all at once.
	NoticeCanary int `json:"notice_canary,omitempty" yaml:"notice_canary,omitempty"`

	// Calling people.
	EscalateMinutes   int       `json:"escalate_minutes" yaml:"escalate_minutes"`
	ReminderFractions []float64 `json:"reminder_fractions" yaml:"reminder_fractions,flow"`
	// BatchSeconds gathers signals of one team into one call.
	BatchSeconds int `json:"batch_seconds" yaml:"batch_seconds"`
	// QuietHours is how long a decided signal may be silent before the same fingerprint opens a new one.
	QuietHours int `json:"quiet_hours" yaml:"quiet_hours"`
	// DefaultTeam is the directory id of the product team that gets what belongs to no known service; "" = none yet.
	DefaultTeam string `json:"default_team" yaml:"default_team"`

	// Words and rules.
	Severities []Severity `json:"severities" yaml:"severities"`
	// Indicators are the thresholds behind the suggested severity; a service of the directory may replace rows.
	Indicators  grading.Override `json:"indicators" yaml:"indicators"`
	BILCriteria []BILCriterion   `json:"bil_criteria" yaml:"bil_criteria"`
	// BILOtherwise applies when no criterion holds.
	BILOtherwise int          `json:"bil_otherwise" yaml:"bil_otherwise"`
	Assignments  []Assignment `json:"assignments" yaml:"assignments"`
	Approvals    []Approval   `json:"approvals" yaml:"approvals"`
	Functions    []Function   `json:"functions" yaml:"functions"`
	// EmergencyDeputies may approve and release a notice in an emergency, marked for ever. Empty: nobody may.
	EmergencyDeputies []EmergencyDeputy `json:"emergency_deputies" yaml:"emergency_deputies"`

	// The yearly circle. Zero times mean: never yet.
	ReviewMonths int       `json:"review_months" yaml:"review_months"`
	TestMonths   int       `json:"test_months" yaml:"test_months"`
	ReviewedAt   time.Time `json:"reviewed_at,omitzero" yaml:"reviewed_at,omitempty"`
	TestedAt     time.Time `json:"tested_at,omitzero" yaml:"tested_at,omitempty"`
}

// Start is the recorded moment from which a customer's hours run.
type Start string

// The moments a customer clock may start from.
const (
	StartDiscovered Start = "discovered"
	StartAware      Start = "aware"
	StartConfirmed  Start = "confirmed"
)

// Severity is one of the four words of policy 002. Level 0 is the worst.
type Severity struct {
	Level int    `json:"level" yaml:"level"`
	Name  string `json:"name" yaml:"name"`
	Text  string `json:"text" yaml:"text"`
}

// BILCriterion: when all that When names holds, the incident may have this BIL. The lowest BIL of all criteria that
// hold is suggested, BILOtherwise when none does.
type BILCriterion struct {
	BIL  int    `json:"bil" yaml:"bil"`
	When When   `json:"when" yaml:"when,flow"`
	Text string `json:"text" yaml:"text"`
	// Own is true for a default of this product: the policies name BIL 1 to 3 and define none of them.
	Own bool `json:"own" yaml:"own,omitempty"`
}

// When holds the conditions of a criterion; what is left empty is not asked. The meaning is rule/grading's.
type When struct {
	SeverityTo   *int               `json:"severity_to,omitempty" yaml:"severity_to,omitempty"`     // this severity or worse
	PersonalData []grading.Answer   `json:"personal_data,omitempty" yaml:"personal_data,omitempty"` // one of these answers
	Security     bool               `json:"security,omitempty" yaml:"security,omitempty"`           // not for operational incidents
	Properties   []grading.Property `json:"properties,omitempty" yaml:"properties,omitempty"`       // harm to one of these …
	Assets       []grading.Asset    `json:"assets,omitempty" yaml:"assets,omitempty"`               // … on one of these
	CustomersMin int                `json:"customers_min,omitempty" yaml:"customers_min,omitempty"` // so many customers or more
}

// Criteria is the plan's list in the form rule/grading works with.
func (p Plan) Criteria() grading.Criteria {
	out := grading.Criteria{Otherwise: grading.BIL(p.BILOtherwise), Source: grading.BILSource}
	for _, c := range p.BILCriteria {
		if !c.Own {
			out.Source = "The plan's own criteria. Policy 003 uses BIL 1 to 3 and defines no criteria."
		}
		w := c.When
		g := grading.Criterion{
			BIL: grading.BIL(c.BIL), Words: c.Text, PersonalData: w.PersonalData, Security: w.Security,
			Properties: w.Properties, Assets: w.Assets, CustomersMin: w.CustomersMin,
		}
		if w.SeverityTo != nil {
			to := grading.Severity(*w.SeverityTo)
			g.SeverityTo = &to
		}
		out.Items = append(out.Items, g)
	}
	return out
}

// Thresholds is the override for grading.SuggestSeverity: the service's rows over the plan's. It is nil when both
// leave the product's defaults. service may be nil.
func (p Plan) Thresholds(service *grading.Override) *grading.Override {
	o := p.Indicators
	if service != nil {
		o.TotalOutage = first(service.TotalOutage, o.TotalOutage)
		o.CoreFunctionBroken = first(service.CoreFunctionBroken, o.CoreFunctionBroken)
		o.DataLost = first(service.DataLost, o.DataLost)
		o.MajorCustomers = first(service.MajorCustomers, o.MajorCustomers)
		o.ManyCustomers = first(service.ManyCustomers, o.ManyCustomers)
	}
	d := grading.DefaultThresholds()
	if d.With(o) == d {
		return nil
	}
	return &o
}

func first[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

// Assignment is a function a person can have in one incident (not a permission role).
type Assignment struct {
	Key   string `json:"key" yaml:"key"`
	Title string `json:"title" yaml:"title"`
	Text  string `json:"text" yaml:"text"`
	// Required assignments are asked for as soon as an incident is confirmed.
	Required bool   `json:"required" yaml:"required"`
	Source   Source `json:"source" yaml:"source"`
}

// Approval says whose yes an act needs. Data for the rooms that ask; each inner list is "one of these roles".
type Approval struct {
	// What is the act: customer_notice, media_statement, waive_outward …
	What  string `json:"what" yaml:"what"`
	Title string `json:"title" yaml:"title"`
	// By holds groups of permission roles; from every group one person must approve, and no person counts twice.
	By     [][]string `json:"by" yaml:"by,flow"`
	Source Source     `json:"source" yaml:"source"`
}

// EmergencyDeputy names who stands in for legal or executive when a notice cannot wait for them. Persons are ids of
// the directory.
type EmergencyDeputy struct {
	Of      string   `json:"of" yaml:"of"` // legal or executive
	Persons []string `json:"persons" yaml:"persons,flow"`
}

// Approval returns whom an act needs; nil when the plan does not ask.
func (p Plan) Approval(what string) [][]string {
	for _, a := range p.Approvals {
		if a.What == what {
			return a.By
		}
	}
	return nil
}

// Function is something the policies want somebody to be. Any of Match makes a person (or party) its holder.
type Function struct {
	Key    string  `json:"key" yaml:"key"`
	Title  string  `json:"title" yaml:"title"`
	Match  []Match `json:"match" yaml:"match"`
	Source Source  `json:"source" yaml:"source"`
}

// Match describes holders of a function. All set fields must hold. Party alone asks for an outside party of that kind;
// the others ask for an active person. Department and Function compare words, ignoring case and punctuation.
type Match struct {
	Team       string `json:"team,omitempty" yaml:"team,omitempty"` // team kind the person is a member of
	Lead       bool   `json:"lead,omitempty" yaml:"lead,omitempty"` // and its lead
	Role       string `json:"role,omitempty" yaml:"role,omitempty"` // permission role
	Department string `json:"department,omitempty" yaml:"department,omitempty"`
	Function   string `json:"function,omitempty" yaml:"function,omitempty"`
	Party      string `json:"party,omitempty" yaml:"party,omitempty"` // party kind with a contact that can be reached
}

// Due is when the yearly review or test falls due.
type Due struct {
	What   string    `json:"what"` // review or test
	LastAt time.Time `json:"last_at,omitzero"`
	// DueAt is LastAt plus the plan's months; zero when it was never done, which is due at once.
	DueAt  time.Time `json:"due_at,omitzero"`
	Source Source    `json:"source"`
}

// Overdue tells whether it is due at t.
func (d Due) Overdue(t time.Time) bool { return d.LastAt.IsZero() || !t.Before(d.DueAt) }

// ReviewDue is the yearly review of the plan (policy 003).
func (p Plan) ReviewDue() Due {
	return due("review", p.ReviewedAt, p.ReviewMonths, sources["review_months"])
}

// TestDue is the yearly test of the plan (policy 003).
func (p Plan) TestDue() Due {
	return due("test", p.TestedAt, p.TestMonths, sources["test_months"])
}

func due(what string, last time.Time, months int, src Source) Due {
	d := Due{What: what, LastAt: last, Source: src}
	if !last.IsZero() {
		d.DueAt = addMonths(last, months)
	}
	return d
}

// addMonths keeps to the end of a shorter month: 29 February plus twelve months is 28 February.
func addMonths(t time.Time, n int) time.Time {
	day := t.Day()
	first := time.Date(t.Year(), t.Month(), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location()).AddDate(0, n, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(day, last)-1)
}
