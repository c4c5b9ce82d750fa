package incident

import (
	"fmt"
	"time"

	"github.com/wakebell/wakebell/internal/base/record"
)

// Event is one thing that happened to an incident. Its fields tagged private hold
// names and free text and can be erased; the others are facts without personal data.
type Event interface {
	// Kind is the ledger kind without its version, e.g. "incident.graded".
	Kind() string
}

type (
	// Declared is the birth of an incident.
	Declared struct {
		Ref          string    `json:"ref"`
		Incident     Kind      `json:"incident_kind"`
		Nature       Nature    `json:"nature"`
		DiscoveredAt time.Time `json:"discovered_at"`
		PlanVersion  int       `json:"plan_version"`
		Service      string    `json:"service,omitempty"`
		Team         string    `json:"team,omitempty"`
		TeamToldAt   time.Time `json:"team_told_at,omitzero"`
		Signals      []string  `json:"signals,omitempty"`
		Title        string    `json:"title" private:"true"`
		Summary      string    `json:"summary" private:"true"`
	}
	// Edited changes the title or summary.
	Edited struct {
		Title   string `json:"title" private:"true"`
		Summary string `json:"summary" private:"true"`
	}
	// StatusChanged confirms or dismisses.
	StatusChanged struct {
		Status Status `json:"status"`
		Reason string `json:"reason" private:"true"`
	}
	// NatureChanged finds an operational incident to be security, or the reverse.
	NatureChanged struct {
		Nature Nature `json:"nature"`
		Reason string `json:"reason" private:"true"`
	}
	// Graded sets severity and BIL. Suggested values are kept beside what was decided.
	Graded struct {
		Severity          int    `json:"severity"`
		BIL               int    `json:"bil"`
		SuggestedSeverity *int   `json:"suggested_severity,omitempty"`
		SuggestedBIL      *int   `json:"suggested_bil,omitempty"`
		SuggestionReason  string `json:"suggestion_reason,omitempty"`
		Reason            string `json:"reason" private:"true"`
	}
	// FactRecorded records one typed fact.
	FactRecorded struct {
		ID     string   `json:"id"`
		Name   FactName `json:"name"`
		Entity string   `json:"entity,omitempty"`
		Value  Value    `json:"value"`
		Text   string   `json:"text,omitempty" private:"true"`
		SaidBy string   `json:"said_by,omitempty" private:"true"`
	}
	// Assigned gives or ends a person's function in this incident.
	Assigned struct {
		Function Function `json:"function"`
		Person   string   `json:"person"`
		Ended    bool     `json:"ended,omitempty"`
	}
	// Noted is a free entry of the timeline.
	Noted struct {
		Text string `json:"text" private:"true"`
	}
	// DecisionMade records a decision.
	DecisionMade struct {
		ID        string       `json:"id"`
		Decision  DecisionKind `json:"decision"`
		Answer    Answer       `json:"answer,omitempty"`
		DecidedBy string       `json:"decided_by"`
		Rule      string       `json:"rule,omitempty"`
		Entity    string       `json:"entity,omitempty"`
		About     string       `json:"about,omitempty"`
		As        []string     `json:"as,omitempty"`
		Covers    []string     `json:"covers,omitempty"`
		Text      string       `json:"text,omitempty" private:"true"`
		Reason    string       `json:"reason" private:"true"`
		Counsel   string       `json:"counsel,omitempty" private:"true"`
	}
	// TaskAdded adds a task.
	TaskAdded struct {
		ID    string    `json:"id"`
		Owner string    `json:"owner,omitempty"`
		Due   time.Time `json:"due,omitzero"`
		Text  string    `json:"text" private:"true"`
	}
	// TaskMarked marks a task done or open again.
	TaskMarked struct {
		ID     string `json:"id"`
		Done   bool   `json:"done"`
		Reason string `json:"reason,omitempty" private:"true"`
	}
	// PhaseEntered moves the incident to a phase.
	PhaseEntered struct {
		Phase  Phase  `json:"phase"`
		Reason string `json:"reason,omitempty" private:"true"`
	}
	// SitrepSent is one situation report (policy 003: every second hour).
	SitrepSent struct {
		Number int    `json:"number"`
		Text   string `json:"text" private:"true"`
	}
	// SignalsLinked and SignalsUnlinked tie signals to the incident.
	SignalsLinked struct {
		Signals []string `json:"signals"`
	}
	// SignalsUnlinked removes the tie, with a reason.
	SignalsUnlinked struct {
		Signals []string `json:"signals"`
		Reason  string   `json:"reason" private:"true"`
	}
	// Merged ends the incident because it is part of another.
	Merged struct {
		Into   string `json:"into"`
		Reason string `json:"reason" private:"true"`
	}
	// Closed ends the work; FilingsPending leaves dated filings running.
	Closed struct {
		FilingsPending bool   `json:"filings_pending,omitempty"`
		Reason         string `json:"reason" private:"true"`
	}
	// Reopened undoes a close, a dismissal or a merge.
	Reopened struct {
		Reason string `json:"reason" private:"true"`
	}
)

// Kind of each event; see Event.
func (Declared) Kind() string        { return "incident.declared" }
func (Edited) Kind() string          { return "incident.edited" }
func (StatusChanged) Kind() string   { return "incident.status_changed" }
func (NatureChanged) Kind() string   { return "incident.nature_changed" }
func (Graded) Kind() string          { return "incident.graded" }
func (FactRecorded) Kind() string    { return "incident.fact_recorded" }
func (Assigned) Kind() string        { return "incident.assigned" }
func (Noted) Kind() string           { return "incident.noted" }
func (DecisionMade) Kind() string    { return "incident.decision_made" }
func (TaskAdded) Kind() string       { return "incident.task_added" }
func (TaskMarked) Kind() string      { return "incident.task_marked" }
func (PhaseEntered) Kind() string    { return "incident.phase_entered" }
func (SitrepSent) Kind() string      { return "incident.sitrep_sent" }
func (SignalsLinked) Kind() string   { return "incident.signals_linked" }
func (SignalsUnlinked) Kind() string { return "incident.signals_unlinked" }
func (Merged) Kind() string          { return "incident.merged" }
func (Closed) Kind() string          { return "incident.closed" }
func (Reopened) Kind() string        { return "incident.reopened" }

// decoders maps each ledger kind to a reader of its body; the one list of event kinds.
var decoders = map[string]func(record.Entry) (Event, error){
	"incident.declared":         decode[Declared],
	"incident.edited":           decode[Edited],
	"incident.status_changed":   decode[StatusChanged],
	"incident.nature_changed":   decode[NatureChanged],
	"incident.graded":           decode[Graded],
	"incident.fact_recorded":    decode[FactRecorded],
	"incident.assigned":         decode[Assigned],
	"incident.noted":            decode[Noted],
	"incident.decision_made":    decode[DecisionMade],
	"incident.task_added":       decode[TaskAdded],
	"incident.task_marked":      decode[TaskMarked],
	"incident.phase_entered":    decode[PhaseEntered],
	"incident.sitrep_sent":      decode[SitrepSent],
	"incident.signals_linked":   decode[SignalsLinked],
	"incident.signals_unlinked": decode[SignalsUnlinked],
	"incident.merged":           decode[Merged],
	"incident.closed":           decode[Closed],
	"incident.reopened":         decode[Reopened],
}

func decode[E Event](e record.Entry) (Event, error) {
	var v E
	err := e.Decode(&v)
	return v, err
}

// DecodeEvent reads the event in a ledger entry; false when the entry is of
// another room. An erased entry gives the event without its private fields.
func DecodeEvent(e record.Entry) (Event, bool, error) {
	read, ok := decoders[e.Kind]
	if !ok {
		return nil, false, nil
	}
	v, err := read(e)
	if err != nil {
		return nil, true, fmt.Errorf("read ledger entry %d (%s): %w", e.Seq, e.Kind, err)
	}
	return v, true, nil
}

// Fold applies the incident entries among the given ones, in their order, to a state.
func Fold(s State, entries []record.Entry) (State, error) {
	for _, e := range entries {
		event, ok, err := DecodeEvent(e)
		if err != nil {
			return State{}, err
		}
		if ok {
			s = Apply(s, event, stampOf(e))
		}
	}
	return s, nil
}

func stampOf(e record.Entry) Stamp {
	return Stamp{Subject: e.Subject, Actor: e.Actor, At: e.At, KnownAt: e.KnownAt, RecordedAt: e.RecordedAt}
}
