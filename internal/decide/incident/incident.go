// Package incident is the aggregate of the product: one security or operational
// incident from its declaration to its close, held as its events.
//
// It carries out policy 000 ("determines whether the event rises to the level of
// an incident", "documents the incident in an internal registry"), policy 002
// (severity 0-3, phases) and policy 003 (BIL, assignments, situation reports).
// Decide and Apply are pure; Service appends what Decide returns to the ledger
// and projects it in the same transaction. It must not import a face, respond,
// notify or learn: they observe it through app/wiring.go.
package incident

import (
	"time"

	"github.com/wakebell/wakebell/internal/decide/incident/decision"
	"github.com/wakebell/wakebell/internal/decide/incident/verdict"
)

// Kind says whether an incident is real or an exercise. Fixed at declaration.
type Kind string

// The kinds.
const (
	Real  Kind = "real"
	Drill Kind = "drill"
)

// Nature separates security incidents from plain operational ones, which owe no
// SIRT duties until they are found to be security (policy 003, escalation).
type Nature string

// The natures.
const (
	Security    Nature = "security"
	Operational Nature = "operational"
)

// Status is what is believed about the incident. It never hides what it was:
// closing and merging are separate fields.
type Status string

// The statuses.
const (
	Suspected Status = "suspected"
	Confirmed Status = "confirmed"
	Dismissed Status = "dismissed"
)

// Phase is the stage of handling (NIST SP 800-61, policy 002).
type Phase string

// The phases, in their usual order; going back is allowed with a reason.
const (
	Detect    Phase = "detect"
	Assess    Phase = "assess"
	Contain   Phase = "contain"
	Eradicate Phase = "eradicate"
	Recover   Phase = "recover"
	Notify    Phase = "notify"
	Review    Phase = "review"
)

// Phases lists all phases in order.
var Phases = [...]Phase{Detect, Assess, Contain, Eradicate, Recover, Notify, Review}

// Function is what a person does in one incident (an assignment, not a permission role).
type Function string

// Functions lists the assignable functions (policy 003, roles; policy 001, departments).
var Functions = [...]Function{
	"manager", "liaison", "spokesperson", "legal", "analyst", "communications",
	"privacy_officer", "recorder", "executive", "technical_lead", FnPolice,
}

// FnManager is the incident response manager of one incident, FnPolice the delegate who
// speaks with law enforcement in the manager's place.
const FnManager, FnPolice Function = "manager", "law_enforcement"

// State is what the events of one incident amount to. Times are UTC; a zero time
// means "not (yet)".
type State struct {
	ID             string                `json:"id"`
	Ref            string                `json:"ref"`
	Title          string                `json:"title"`
	Summary        string                `json:"summary"`
	Kind           Kind                  `json:"kind"`
	Nature         Nature                `json:"nature"`
	Status         Status                `json:"state"`
	Phase          Phase                 `json:"phase"`
	Severity       *int                  `json:"severity"`
	BIL            *int                  `json:"bil"`
	GradeReason    string                `json:"grade_reason,omitempty"`
	PersonalData   Answer                `json:"personal_data"`
	DiscoveredAt   time.Time             `json:"discovered_at"`
	DeclaredAt     time.Time             `json:"declared_at"`
	DeclaredBy     string                `json:"declared_by"`
	ConfirmedAt    time.Time             `json:"confirmed_at,omitzero"`
	ClassifiedAt   time.Time             `json:"classified_at,omitzero"` // first grade
	DismissedAt    time.Time             `json:"dismissed_at,omitzero"`
	DismissReason  string                `json:"dismiss_reason,omitempty"`
	ClosedAt       time.Time             `json:"closed_at,omitzero"`
	CloseReason    string                `json:"close_reason,omitempty"`
	FilingsPending bool                  `json:"filings_pending,omitempty"`
	MergedInto     string                `json:"merged_into,omitempty"` // id of the incident it became part of
	PlanVersion    int                   `json:"plan_version"`
	Service        string                `json:"service,omitempty"`
	Team           string                `json:"team,omitempty"` // product team that verifies it
	TeamToldAt     time.Time             `json:"team_told_at,omitzero"`
	Facts          map[string]Fact       `json:"facts"` // by Fact.Key: the values that hold now
	Assignments    map[Function][]string `json:"assignments"`
	Tasks          []Task                `json:"tasks"`
	Decisions      []Decision            `json:"decisions"`
	Verdicts       []verdict.Verdict     `json:"verdicts,omitempty"` // on the risk to persons, oldest first
	Signals        []string              `json:"signals"`
	Phases         []PhaseStep           `json:"phases"`
	Sitreps        int                   `json:"sitreps"`
	LastSitrepAt   time.Time             `json:"last_sitrep_at,omitzero"`
	Version        int64                 `json:"version"` // number of events; the ETag
	UpdatedAt      time.Time             `json:"updated_at"`
}

// Open reports whether work on the incident goes on.
func (s State) Open() bool { return s.ClosedAt.IsZero() && s.Status != Dismissed }

// PhaseStep is one entry into a phase.
type PhaseStep struct {
	Phase  Phase     `json:"phase"`
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Reason string    `json:"reason,omitempty"`
}

// Task is a unit of work added by hand or by a playbook run.
type Task struct {
	ID     string    `json:"id"`
	Text   string    `json:"text"`
	Owner  string    `json:"owner,omitempty"` // person id
	Due    time.Time `json:"due,omitzero"`
	DoneAt time.Time `json:"done_at,omitzero"`
	DoneBy string    `json:"done_by,omitempty"`
}

// The decisions; see package decision.
type (
	DecisionKind = decision.Kind
	Decision     = decision.Decision
)

// The kinds of decision.
const (
	OutsideHelp, PressTeam, LawEnforcement    = decision.OutsideHelp, decision.PressTeam, decision.LawEnforcement
	DoNotNotify, OtherDecision                = decision.DoNotNotify, decision.Other
	DecideDisclosure, DecideRetention, Second = decision.Disclosure, decision.Retention, decision.RiskVerdict
)
