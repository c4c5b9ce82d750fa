// Package duty holds what is owed to whom by when: duties with running clocks,
// derived from an incident's facts, the plan and the contracts, never typed.
//
// It carries out the timing sentences of the policies: 20 minutes to the product
// team, SIRT within 60, a situation report every second hour (policy 003), customers
// within 24 h (policy 000), 48 h or the contract (policy 003), authorities under the
// law. Derive is pure; Service records its differences as one ledger entry per
// derivation, so that a new plan or rule never rewrites history. It must not import
// respond, notify or a face; they observe it through app/wiring.go.
package duty

import (
	"time"

	"github.com/wakebell/wakebell/internal/decide/duty/alarm"
	"github.com/wakebell/wakebell/internal/decide/duty/pick"
	"github.com/wakebell/wakebell/internal/decide/duty/policy"
	"github.com/wakebell/wakebell/internal/decide/duty/waiver"
	"github.com/wakebell/wakebell/internal/rule/deadline"
	"github.com/wakebell/wakebell/internal/rule/regime"
)

// State is where a duty stands. Missed is computed when read, never stored.
type State = pick.State

// The states.
const (
	Open      State = "open"
	Met       State = "met"
	Missed    State = "missed"
	Waived    State = "waived"
	Withdrawn State = "withdrawn"
)

// The rules that other rooms name; see package policy.
const (
	RuleProductTeam = policy.ProductTeam
	RuleClassify    = policy.Classify
	RuleSIRT        = policy.SIRT
	RuleSitrep      = policy.Sitrep
	RuleBoard       = policy.Board
	RuleAuthority   = policy.Authority
	RuleController  = policy.Controller
)

// Ref names a holder or recipient: a team, a person, a party of the directory, or a function.
type Ref struct {
	Kind string `json:"kind"` // team|person|function|customer|partner|employee_group|authority|controller|board
	ID   string `json:"id,omitempty"`
	Name string `json:"name"`
}

// Basis says why a duty exists.
type Basis struct {
	Text   string `json:"text"`           // the sentence, in our words
	Source string `json:"source"`         // policy, contract clause or article
	Sure   string `json:"sure,omitempty"` // for law: read|partly|remembered
	Law    string `json:"law,omitempty"`  // id of the rule of the law
	Pack   string `json:"pack,omitempty"` // rule pack and its version
	Own    bool   `json:"own,omitempty"`  // the operator's own rule stands in place of a shipped one
	Plan   int    `json:"plan"`           // plan version it was derived with
	Why    string `json:"why"`            // what in this incident triggered it
}

// Unverified says that it is owed under a rule of the law that nobody has checked against its text.
func (b Basis) Unverified() bool { return b.Sure == string(regime.Remembered) }

// Duty is one thing owed in one incident. Times are UTC; zero means none.
type Duty struct {
	ID         string               `json:"id"`
	Incident   string               `json:"incident"` // incident id
	Ref        string               `json:"ref"`      // incident reference
	Drill      bool                 `json:"drill,omitempty"`
	Key        string               `json:"key"` // rule:recipient[@entity]:ordinal, unique in the incident
	Rule       string               `json:"rule"`
	Ordinal    int                  `json:"ordinal"`
	Entity     string               `json:"entity,omitempty"`
	Recipient  Ref                  `json:"recipient"`
	Holder     Ref                  `json:"holder"`
	Taken      bool                 `json:"taken,omitempty"` // a person took it or was assigned
	Title      string               `json:"title"`
	Outward    bool                 `json:"outward"`
	Statutory  bool                 `json:"statutory"` // owed under law or contract
	Filing     bool                 `json:"filing,omitempty"`
	Calls      string               `json:"calls,omitempty"`   // team id that is called at once
	NeedsAck   bool                 `json:"needs_ack"`         // met only by acknowledgement
	MetBy      []string             `json:"met_by"`            // what meets it, in words of evidence
	Manager    string               `json:"manager,omitempty"` // incident manager, called when missed
	Basis      Basis                `json:"basis"`
	Candidates []deadline.Candidate `json:"candidates"`
	Start      string               `json:"start"`
	StartAt    time.Time            `json:"start_at"`
	DueAt      time.Time            `json:"due_at"`
	DerivedAt  time.Time            `json:"derived_at"`
	AlarmAt    time.Time            `json:"alarm_at,omitzero"` // next reminder or alarm
	State      State                `json:"state"`             // stored: open, met, waived, withdrawn
	MetAt      time.Time            `json:"met_at,omitzero"`
	MetWith    string               `json:"met_with,omitempty"` // evidence: acknowledgement|grade|report|notice|filing|record
	MetRef     string               `json:"met_ref,omitempty"`  // id of the evidence, where it has one
	MetActor   string               `json:"met_actor,omitempty"`
	Remark     string               `json:"remark,omitempty"` // of meeting, waiving, withdrawing or undoing
	LateReason string               `json:"late_reason,omitempty"`
	Ground     string               `json:"ground,omitempty"` // of a waiver
	WaivedBy   []Consent            `json:"waived_by,omitempty"`
	Alarms     []Alarm              `json:"alarms,omitempty"` // raised; stays when the due time moves
	Version    int64                `json:"version"`
}

// Consent is one yes to a waiver.
type Consent = waiver.Consent

// Alarm is one reminder or alarm that was raised.
type Alarm = alarm.Alarm

// At returns the state at a moment: an open duty past its due time is missed.
func (d Duty) At(now time.Time) State {
	if d.State == Open && !d.DueAt.IsZero() && d.DueAt.Before(now) {
		return Missed
	}
	return d.State
}

// Late reports whether a met duty was met after its due time.
func (d Duty) Late() bool { return d.State == Met && d.MetAt.After(d.DueAt) }
