// Package intake receives signals: alerts of machines and reports of people. It
// keeps them in the triage queue until somebody decides what they are.
//
// It carries out policy 003 ("in the case of a suspected security incident the
// product team shall be alerted as soon as possible and no later than 20 minutes
// after the incident is discovered; the product team shall verify and classify"),
// policy 000 ("monitoring systems to detect current threats ... analyse them on a
// case-by-case basis") and policy 001 (anybody can report): the minutes run from
// the first sight of a signal, before anybody has declared an incident. It must
// not import decide, respond, notify, learn or a face.
package intake

import (
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

// Kind says who raised a signal.
type Kind string

// The kinds of signal.
const (
	Alert  Kind = "alert"  // a machine
	Report Kind = "report" // a person
)

// State says whether a verdict stands.
type State string

// The states of a signal.
const (
	Open    State = "open"
	Decided State = "decided"
)

// Verdict is what triage found a signal to be.
type Verdict string

// The verdicts.
const (
	FalsePositive Verdict = "false_positive"
	Event         Verdict = "event"
	Incident      Verdict = "incident"
)

// Valid reports whether v is one of the verdicts.
func (v Verdict) Valid() bool { return v == FalsePositive || v == Event || v == Incident }

// Signal is one thing that may point to trouble. Times are UTC; the zero time
// means "not (yet)".
type Signal struct {
	ID             string
	Kind           Kind
	State          State
	Title          string // one line, safe for display; empty after erasure
	Summary        string
	Contact        string // how to reach the reporter; reports only
	Source         string // format of the sender, e.g. "alertmanager"; "person" for reports
	Fingerprint    string // the sender's identity of the alert; empty for reports
	Count          int64  // how often it was seen
	FirstSeen      time.Time
	LastSeen       time.Time
	DiscoveredAt   time.Time // true in the world; every deadline starts here
	ReceivedAt     time.Time
	CallDueAt      time.Time // when the team is called: received + the plan's batch seconds
	TriageDueAt    time.Time // discovered + 20 min (policy 003, plan)
	ClassifyDueAt  time.Time // discovered + 60 min (policy 003, plan)
	CalledAt       time.Time
	AcknowledgedAt time.Time // the product team said: we have it
	AcknowledgedBy string
	ResolvedAt     time.Time // the sender said it is over; a verdict is still owed
	Service        string    // directory id, may be empty
	Team           string    // directory id, may be empty when no default team is set
	Drill          bool
	Malformed      bool   // the body could not be read; the raw bytes are kept
	Warning        string // what was odd about it, in words
	ReportedBy     string // person id, or token id when the token has no person
	Verdict        Verdict
	Reason         string
	Incident       string // incident id
	DecidedAt      time.Time
	DecidedBy      string
	RawID          string // id of the delivery it came in; empty for reports
	RawSHA256      string // hex digest of the delivery
}

// Service owns the tables signal, signal_counter and signal_raw.
type Service struct {
	db   *store.DB
	led  *record.Ledger
	clk  *clock.Clock
	plan *plan.Service
	dir  *directory.Service
}

// New returns the service.
func New(db *store.DB, led *record.Ledger, clk *clock.Clock, pl *plan.Service, dir *directory.Service) *Service {
	return &Service{db: db, led: led, clk: clk, plan: pl, dir: dir}
}

// rules is what a receipt needs from the rooms of preparation. It is read once
// per group of writes.
type rules struct {
	plan  plan.Plan
	dir   *directory.Snapshot // nil until a label asks for it
	named map[string]string   // words that were looked up: service id, or ""
}

type rulesKey struct{}

func (s *Service) rules(tx *store.Tx) (*rules, error) {
	v, err := tx.Memo(rulesKey{}, func() (any, error) {
		p, err := s.plan.CurrentTx(tx)
		return &rules{plan: p, named: map[string]string{}}, err
	})
	if err != nil {
		return nil, err
	}
	return v.(*rules), nil
}

func (s *Service) directory(tx *store.Tx, r *rules) error {
	if r.dir != nil {
		return nil
	}
	d, err := s.dir.Snapshot(tx)
	if err == nil {
		r.dir = &d
	}
	return err
}

// place finds service and team: labels that name one of the directory, else the
// service's team, else the plan's default team.
func (s *Service) place(tx *store.Tx, r *rules, services []string, team string) (service, owner string, err error) {
	owner = r.plan.DefaultTeam
	for _, word := range services {
		if word == "" || service != "" {
			continue
		}
		if err := s.directory(tx, r); err != nil {
			return "", "", err
		}
		id, known := r.named[word]
		if !known {
			if it, ok := r.dir.FindService(word); ok {
				id = it.ID
			}
			r.named[word] = id
		}
		if service = id; service != "" {
			if t := r.dir.ITServices[service].Team; t != "" {
				owner = t
			}
		}
	}
	if team != "" {
		if err := s.directory(tx, r); err != nil {
			return "", "", err
		}
		if t, ok := r.dir.Teams[slug(team)]; ok && !t.Retired {
			owner = t.ID
		}
	}
	return service, owner, nil
}
