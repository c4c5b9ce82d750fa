package intake

import (
	"fmt"
	"math"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/search"
	"github.com/wakebell/wakebell/internal/base/store"
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
func (s *Service) Tables() []string { return []string{"signal"} }

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

// Project applies one entry to the table signal. Applying it again to a row that
// already shows it changes nothing but the private columns, so that an erased
// subject can be projected anew in place.
func (s *Service) Project(tx *store.Tx, e record.Entry) error {
	var err error
	switch e.Kind {
	case kindReceived:
		var b received
		if err = e.Decode(&b); err == nil {
			err = applyReceived(tx, e, &b)
		}
		if err == nil && !e.Erased {
			err = index(tx, e.Subject, &b, e.KnownAt)
		}
	case kindResolved:
		var b resolved
		if err = e.Decode(&b); err == nil {
			err = applyResolved(tx, e, b)
		}
	case kindCalled, kindAcknowledged, kindOverdue, kindQuieted:
		var b batch
		if err = e.Decode(&b); err == nil {
			err = applyBatch(tx, e, b)
		}
	case kindDecided:
		var b decided
		if err = e.Decode(&b); err == nil {
			err = applyDecided(tx, e, b)
		}
	case kindReopened:
		var b reopened
		if err = e.Decode(&b); err == nil {
			err = applyReopened(tx, e)
		}
	}
	if err != nil {
		return fmt.Errorf("project %s of signal %s: %w", e.Kind, e.Subject, err)
	}
	return nil
}

const insertSignal = `INSERT INTO signal (id, kind, state, title, summary, contact, source, fingerprint, live_until,
 discovered_at, received_at, next_at, call_due_at, triage_due_at, classify_due_at,
 called_at, triage_alarm_at, classify_alarm_at, acknowledged_at, acknowledged_by, resolved_at,
 service, team, drill, malformed, warning, reported_by,
 verdict, reason, incident, decided_at, decided_by, raw_id, raw_sha256)
VALUES (?,?,'open',?,?,?,?,?,?,?,?,?,?,?,?,0,0,0,0,'',0,?,?,?,?,?,?,'','','',0,'',?,?)
ON CONFLICT (id) DO UPDATE SET title = excluded.title, summary = excluded.summary, contact = excluded.contact`

func applyReceived(tx *store.Tx, e record.Entry, b *received) error {
	live := int64(0)
	if b.Fingerprint != "" {
		live = forever
	}
	_, err := tx.Exec(insertSignal, e.Subject, string(b.Kind), b.Title, b.Summary, b.Contact, b.Source, b.Fingerprint, live,
		b.DiscoveredAt, b.ReceivedAt, min(b.CallDueAt, b.TriageDueAt, b.ClassifyDueAt), b.CallDueAt, b.TriageDueAt, b.ClassifyDueAt,
		b.Service, b.Team, flag(b.Drill), flag(b.Malformed), b.Warning, b.ReportedBy, b.RawID, b.RawSHA256)
	return err
}

// Reproject writes the row and the search document of a signal anew from the
// ledger, after entries of it were erased in the same transaction. When the first
// sight was erased, the delivery it came in is erased with it: its bytes hold the
// same. A subject of another room is passed over.
func (s *Service) Reproject(tx *store.Tx, id string) error {
	ctx := clock.Background()
	sig, err := s.GetTx(tx, id)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	entries, err := s.led.Subject(ctx, tx, id, 0, 0)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := s.Project(tx, e); err != nil {
			return err
		}
		if e.Kind != kindReceived || !e.Erased {
			continue
		}
		if err := search.Remove(tx, string(sig.Kind), id); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM signal_raw WHERE id = ?`, sig.RawID); err != nil {
			return err
		}
	}
	return nil
}

func applyResolved(tx *store.Tx, e record.Entry, b resolved) error {
	_, err := tx.Exec(`UPDATE signal SET resolved_at = ?, live_until = 0 WHERE id = ?`, b.ResolvedAt, e.Subject)
	return err
}

func applyDecided(tx *store.Tx, e record.Entry, b decided) error {
	_, err := tx.Exec(`UPDATE signal SET state = 'decided', next_at = 0, verdict = ?, reason = ?, incident = ?, decided_at = ?, decided_by = ?,
 live_until = CASE WHEN resolved_at > 0 OR fingerprint = '' THEN 0 ELSE CAST(? AS BIGINT) END WHERE id = ?`,
		string(b.Verdict), b.Reason, b.Incident, clock.Micros(e.At), e.Actor, b.LiveUntil, e.Subject)
	return err
}

func applyReopened(tx *store.Tx, e record.Entry) error {
	_, err := tx.Exec(`UPDATE signal SET state = 'open', verdict = '', reason = '', incident = '', decided_at = 0, decided_by = '',
 live_until = CASE WHEN resolved_at > 0 OR fingerprint = '' THEN 0 ELSE 9223372036854775807 END WHERE id = ?`, e.Subject)
	if err != nil {
		return err
	}
	return setNext(tx, []string{e.Subject})
}

func applyBatch(tx *store.Tx, e record.Entry, b batch) error {
	var set string
	args := []any{b.At}
	switch {
	case e.Kind == kindCalled:
		set = `UPDATE signal SET called_at = ? WHERE called_at = 0 AND id IN (`
	case e.Kind == kindAcknowledged:
		set = `UPDATE signal SET acknowledged_at = ?, acknowledged_by = ? WHERE acknowledged_at = 0 AND id IN (`
		args = append(args, e.Actor)
	case e.Kind == kindQuieted:
		set = `UPDATE signal SET live_until = ? WHERE live_until > ? AND id IN (`
		args = append(args, b.At)
	case b.Step == StepTriage:
		set = `UPDATE signal SET triage_alarm_at = ? WHERE triage_alarm_at = 0 AND id IN (`
	default:
		set = `UPDATE signal SET classify_alarm_at = ? WHERE classify_alarm_at = 0 AND id IN (`
	}
	for ids := range chunks(b.IDs) {
		if _, err := tx.Exec(set+store.Placeholders(len(ids))+`)`, append(args[:len(args):len(args)], anys(ids)...)...); err != nil {
			return err
		}
	}
	return setNext(tx, b.IDs)
}

// setNext recomputes next_at: the earliest of the call, the alarm of the 20
// minutes and the alarm of the 60 minutes that is still pending; 0 when none is.
func setNext(tx *store.Tx, ids []string) error {
	least := `MIN`
	if tx.Engine() == store.Postgres {
		least = `LEAST`
	}
	set := `UPDATE signal SET next_at = COALESCE(NULLIF(` + least + `(
 CASE WHEN state = 'open' AND called_at = 0 AND acknowledged_at = 0 THEN call_due_at ELSE 9223372036854775807 END,
 CASE WHEN state = 'open' AND triage_alarm_at = 0 AND acknowledged_at = 0 THEN triage_due_at ELSE 9223372036854775807 END,
 CASE WHEN state = 'open' AND classify_alarm_at = 0 THEN classify_due_at ELSE 9223372036854775807 END),
 9223372036854775807), 0) WHERE id IN (`
	for part := range chunks(ids) {
		if _, err := tx.Exec(set+store.Placeholders(len(part))+`)`, anys(part)...); err != nil {
			return err
		}
	}
	return nil
}

// chunks cuts ids so that one statement stays within the engines' bounds.
func chunks(ids []string) func(yield func([]string) bool) {
	const size = 400
	return func(yield func([]string) bool) {
		for len(ids) > 0 {
			n := min(size, len(ids))
			if !yield(ids[:n]) {
				return
			}
			ids = ids[n:]
		}
	}
}

func anys(ids []string) []any {
	out := make([]any, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
