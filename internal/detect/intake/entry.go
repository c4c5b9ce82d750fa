package intake

import (
	"math"

	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
)

// The kinds of entry of this room.
const (
	kindReceived     = "signal.received"
	kindResolved     = "signal.resolved"
	kindCalled       = "signal.called"
	kindAcknowledged = "signal.acknowledged"
	kindOverdue      = "signal.overdue"
	kindDecided      = "signal.decided"
	kindReopened     = "signal.reopened"
	kindQuieted      = "signal.quieted"
)

// forever is live_until of a signal whose fingerprint stays live.
const forever = int64(math.MaxInt64)

// Kinds lists the kinds of entry of this room.
func Kinds() []record.Kind {
	var out []record.Kind
	for _, n := range [...]string{kindReceived, kindResolved, kindCalled, kindAcknowledged, kindOverdue, kindDecided, kindReopened, kindQuieted} {
		out = append(out, record.Kind{Name: n, Version: 1})
	}
	return out
}

// Kinds lists the kinds of entry of this room.
func (s *Service) Kinds() []record.Kind { return Kinds() }

// Tables lists the projection of this room. Counters and raw bytes are
// operational and stay outside.
func (s *Service) Tables() []*row.Table { return []*row.Table{signals} }

// received is the body of signal.received/1, the first sight of a fingerprint or
// a report. Times are microseconds.
type received struct {
	Kind          Kind   `json:"kind"`
	Source        string `json:"source"`
	Fingerprint   string `json:"fingerprint,omitempty"`
	DiscoveredAt  int64  `json:"discovered_at"`
	ReceivedAt    int64  `json:"received_at"`
	CallDueAt     int64  `json:"call_due_at"`
	TriageDueAt   int64  `json:"triage_due_at"`
	ClassifyDueAt int64  `json:"classify_due_at"`
	Plan          int    `json:"plan"`
	Service       string `json:"service,omitempty"`
	Team          string `json:"team,omitempty"`
	Drill         bool   `json:"drill,omitempty"`
	Malformed     bool   `json:"malformed,omitempty"`
	Warning       string `json:"warning,omitempty"`
	ReportedBy    string `json:"reported_by,omitempty"`
	RawID         string `json:"raw_id,omitempty"`
	RawSHA256     string `json:"raw_sha256,omitempty"`
	Title         string `json:"title,omitempty" private:"true"`
	Summary       string `json:"summary,omitempty" private:"true"`
	Contact       string `json:"contact,omitempty" private:"true"`
}

// resolved is the body of signal.resolved/1.
type resolved struct {
	ResolvedAt int64 `json:"resolved_at"`
	Count      int64 `json:"count"`
}

// batch is the body of signal.called/1, signal.acknowledged/1, signal.overdue/1
// and signal.quieted/1: one thing that happened to several signals at once. The
// subject of the entry is the first of them. For quieted, At is the end of the
// time in which a repeat still counts onto them.
type batch struct {
	Team string   `json:"team,omitempty"`
	Step Step     `json:"step,omitempty"`
	At   int64    `json:"at"`
	IDs  []string `json:"ids"`
}

// decided is the body of signal.decided/1.
type decided struct {
	Verdict  Verdict `json:"verdict"`
	Incident string  `json:"incident,omitempty"`
	Count    int64   `json:"count"`
	// LiveUntil is until when a repeat counts onto the signal unless it is
	// resolved: for ever for an incident, for the plan's quiet hours otherwise.
	LiveUntil int64   `json:"live_until,omitempty"`
	Before    Verdict `json:"before,omitempty"` // the verdict it replaces
	Reason    string  `json:"reason" private:"true"`
}

// reopened is the body of signal.reopened/1: the verdict was taken back.
type reopened struct {
	Before   Verdict `json:"before"`
	Incident string  `json:"incident,omitempty"`
	Reason   string  `json:"reason" private:"true"`
}
