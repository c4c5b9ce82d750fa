package incident

import (
	"encoding/json"
	"time"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident/guard"
)

// Meta is what the service knows when a command arrives: it is stamped on the
// command so that Decide stays pure.
type Meta struct {
	Now   time.Time // product time
	By    string    // actor id
	Roles []string  // they hold, when they are a person
	NewID string    // id for a task, decision or fact the command creates
}

// Command is a wish to change one incident. At says when it happened in the world
// (zero: now); KnownAt when we learnt it (zero: now).
type Command interface {
	// Type is the wire name, e.g. "grade".
	Type() string
	base() *Base
}

// Base carries what every command may say.
type Base struct {
	At      time.Time `json:"at,omitzero" doc:"when it happened; default now"`
	KnownAt time.Time `json:"known_at,omitzero" doc:"when we learnt it; default now"`
	Meta    Meta      `json:"-"`
}

func (b *Base) base() *Base { return b }

// OpenDuty is what a guard read; see package guard.
type OpenDuty = guard.Open

type (
	// Declare starts an incident. Signals that led to it may be given; the earliest
	// discovery among them is the incident's.
	Declare struct {
		Base
		ID           string    `json:"-"` // set by the service
		Ref          string    `json:"-"`
		PlanVersion  int       `json:"-"`
		Title        string    `json:"title"`
		Summary      string    `json:"summary,omitempty"`
		Kind         Kind      `json:"kind,omitempty"`         // default real
		Nature       Nature    `json:"nature,omitempty"`       // default security
		DiscoveredAt time.Time `json:"discovered_at,omitzero"` // default now
		Service      string    `json:"service,omitempty"`
		Team         string    `json:"team,omitempty"`
		Signals      []string  `json:"-"` // set by triage
		TeamToldAt   time.Time `json:"-"` // set by triage: the product team acknowledged the signal
	}
	// Edit changes title or summary; empty fields stay.
	Edit struct {
		Base
		Title   string `json:"title,omitempty"`
		Summary string `json:"summary,omitempty"`
	}
	// Confirm says the incident is one.
	Confirm struct {
		Base
		Reason string `json:"reason,omitempty"`
	}
	// Dismiss says it is none; needs a reason. The service fills Open from the guards.
	Dismiss struct {
		Base
		Reason string     `json:"reason"`
		Open   []OpenDuty `json:"-"`
	}
	// SetNature says security or operational; needs a reason.
	SetNature struct {
		Base
		Nature Nature `json:"nature"`
		Reason string `json:"reason"`
	}
	// Grade sets severity and BIL. A decision that differs from the suggestion
	// (or is made where none can be given) needs a reason.
	Grade struct {
		Base
		Severity   *int        `json:"severity"`
		BIL        *int        `json:"bil"`
		Reason     string      `json:"reason,omitempty"`
		Suggestion *Suggestion `json:"-"` // read by the service
	}
	// RecordFact records one typed fact.
	RecordFact struct {
		Base
		Fact   FactName        `json:"fact"`
		Entity string          `json:"entity,omitempty"`
		Value  json.RawMessage `json:"value"`
		Remark string          `json:"remark,omitempty"`
		SaidBy string          `json:"said_by,omitempty"`
	}
	// Assign gives a person a function in this incident.
	Assign struct {
		Base
		Function Function `json:"function"`
		Person   string   `json:"person"`
	}
	// Unassign ends it.
	Unassign struct {
		Base
		Function Function `json:"function"`
		Person   string   `json:"person"`
	}
	// Note adds free text to the timeline.
	Note struct {
		Base
		Text string `json:"text"`
	}
	// MakeDecision records a decision; see DecisionKind.
	MakeDecision struct {
		Base
		Decision  DecisionKind `json:"decision"`
		Answer    Answer       `json:"answer,omitempty"`
		Text      string       `json:"text,omitempty"`
		Reason    string       `json:"reason"`
		DecidedBy string       `json:"decided_by,omitempty"` // default the caller
		Counsel   string       `json:"counsel,omitempty"`    // outside counsel who decided, of disclosure and retention
		Rule      string       `json:"rule,omitempty"`
		Entity    string       `json:"entity,omitempty"`
		About     string       `json:"about,omitempty"` // id of the verdict a second person speaks of
		Roles     []string     `json:"-"`               // of who decided; read by the service
		Groups    [][]string   `json:"-"`               // whom the plan asks about a verdict; read by the service
	}
	// AddTask adds a task.
	AddTask struct {
		Base
		Text  string    `json:"text"`
		Owner string    `json:"owner,omitempty"`
		Due   time.Time `json:"due,omitzero"`
	}
	// FinishTask marks a task done.
	FinishTask struct {
		Base
		Task string `json:"task"`
	}
	// ReopenTask marks a done task open again.
	ReopenTask struct {
		Base
		Task   string `json:"task"`
		Reason string `json:"reason,omitempty"`
	}
	// EnterPhase moves to a phase; going back needs a reason.
	EnterPhase struct {
		Base
		Phase  Phase  `json:"phase"`
		Reason string `json:"reason,omitempty"`
	}
	// SendSitrep records and sends a situation report.
	SendSitrep struct {
		Base
		Text string `json:"text"`
	}
	// LinkSignals ties signals to the incident.
	LinkSignals struct {
		Base
		Signals []string `json:"signals"`
	}
	// UnlinkSignals removes the tie.
	UnlinkSignals struct {
		Base
		Signals []string `json:"signals"`
		Reason  string   `json:"reason"`
	}
	// Merge ends this incident as part of another.
	Merge struct {
		Base
		Into   string `json:"into"` // reference or id; the service resolves it
		Reason string `json:"reason"`
	}
	// Close ends the work. The service fills Open from the guards.
	Close struct {
		Base
		Reason         string     `json:"reason"`
		FilingsPending bool       `json:"filings_pending,omitempty"`
		Open           []OpenDuty `json:"-"`
	}
	// Reopen undoes a close, dismissal or merge.
	Reopen struct {
		Base
		Reason string `json:"reason"`
	}
)

// Suggestion is what rule/grading made of the indicators when a grade was decided.
type Suggestion struct {
	Severity *int   `json:"severity"`
	BIL      *int   `json:"bil"`
	Reason   string `json:"reason"`
}

// Type of each command; see Command.
func (*Declare) Type() string       { return "declare" }
func (*Edit) Type() string          { return "edit" }
func (*Confirm) Type() string       { return "confirm" }
func (*Dismiss) Type() string       { return "dismiss" }
func (*SetNature) Type() string     { return "set_nature" }
func (*Grade) Type() string         { return "grade" }
func (*RecordFact) Type() string    { return "record_fact" }
func (*Assign) Type() string        { return "assign" }
func (*Unassign) Type() string      { return "unassign" }
func (*Note) Type() string          { return "note" }
func (*MakeDecision) Type() string  { return "decision" }
func (*AddTask) Type() string       { return "add_task" }
func (*FinishTask) Type() string    { return "finish_task" }
func (*ReopenTask) Type() string    { return "reopen_task" }
func (*EnterPhase) Type() string    { return "enter_phase" }
func (*SendSitrep) Type() string    { return "sitrep" }
func (*LinkSignals) Type() string   { return "link_signals" }
func (*UnlinkSignals) Type() string { return "unlink_signals" }
func (*Merge) Type() string         { return "merge" }
func (*Close) Type() string         { return "close" }
func (*Reopen) Type() string        { return "reopen" }

// PermissionOf is what the caller needs for a command; one that is not listed is denied.
func PermissionOf(c Command) who.Permission {
	switch c := c.(type) {
	case *Declare:
		return who.PermIncidentDeclare
	case *Edit, *RecordFact, *Note, *AddTask, *FinishTask, *ReopenTask, *EnterPhase, *SendSitrep, *LinkSignals, *UnlinkSignals:
		return who.PermIncidentWork
	case *Confirm, *Dismiss, *SetNature, *Grade, *Assign, *Unassign, *Merge, *Close, *Reopen:
		return who.PermIncidentManage
	case *MakeDecision:
		if c.Decision == Second {
			return who.PermIncidentReview
		}
		return who.PermIncidentDecide
	}
	return ""
}
