package intake

import (
	"fmt"
	"slices"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/search"
	"github.com/wakebell/wakebell/internal/base/store"
)

// signals is the projection of this room.
var signals = row.NewTable("signal", 1, "id", "kind", "state", "title", "summary", "contact", "source", "fingerprint", "live_until", "discovered_at", "received_at", "next_at", "call_due_at", "triage_due_at", "classify_due_at", "called_at", "triage_alarm_at", "classify_alarm_at", "acknowledged_at", "acknowledged_by", "resolved_at", "service", "team", "drill", "malformed", "warning", "reported_by", "verdict", "reason", "incident", "decided_at", "decided_by", "raw_id", "raw_sha256")

// The columns of signals, in their order.
const (
	cID = iota
	cKind
	cState
	cTitle
	cSummary
	cContact
	cSource
	cFingerprint
	cLiveUntil
	cDiscoveredAt
	cReceivedAt
	cNextAt
	cCallDueAt
	cTriageDueAt
	cClassifyDueAt
	cCalledAt
	cTriageAlarmAt
	cClassifyAlarmAt
	cAcknowledgedAt
	cAcknowledgedBy
	cResolvedAt
	cService
	cTeam
	cDrill
	cMalformed
	cWarning
	cReportedBy
	cVerdict
	cReason
	cIncident
	cDecidedAt
	cDecidedBy
	cRawID
	cRawSHA256
)

// Project applies one entry to the table signal. Applying it again to a row that
// already shows it changes nothing but the private columns, so that an erased
// subject can be projected anew in place.
func (s *Service) Project(x row.Rows, e record.Entry) error {
	var err error
	switch e.Kind {
	case kindReceived:
		var b received
		if err = e.Decode(&b); err == nil {
			err = applyReceived(x, e, &b)
		}
		if tx := x.Tx(); err == nil && tx != nil && !e.Erased {
			err = index(tx, e.Subject, &b, e.KnownAt)
		}
	case kindResolved:
		var b resolved
		if err = e.Decode(&b); err == nil {
			err = applyResolved(x, e, b)
		}
	case kindCalled, kindAcknowledged, kindOverdue, kindQuieted:
		var b batch
		if err = e.Decode(&b); err == nil {
			err = applyBatch(x, e, b)
		}
	case kindDecided:
		var b decided
		if err = e.Decode(&b); err == nil {
			err = applyDecided(x, e, b)
		}
	case kindReopened:
		var b reopened
		if err = e.Decode(&b); err == nil {
			err = applyReopened(x, e)
		}
	}
	if err != nil {
		return fmt.Errorf("project %s of signal %s: %w", e.Kind, e.Subject, err)
	}
	return nil
}

// applyReceived makes the row. Nothing is looked up: the id of a signal is new.
func applyReceived(x row.Rows, e record.Entry, b *received) error {
	live := int64(0)
	if b.Fingerprint != "" {
		live = forever
	}
	return x.Put(signals, row.Change{After: row.Row{
		cID: e.Subject, cKind: string(b.Kind), cState: string(Open), cTitle: b.Title, cSummary: b.Summary, cContact: b.Contact,
		cSource: b.Source, cFingerprint: b.Fingerprint, cLiveUntil: live,
		cDiscoveredAt: b.DiscoveredAt, cReceivedAt: b.ReceivedAt, cNextAt: min(b.CallDueAt, b.TriageDueAt, b.ClassifyDueAt),
		cCallDueAt: b.CallDueAt, cTriageDueAt: b.TriageDueAt, cClassifyDueAt: b.ClassifyDueAt,
		cCalledAt: int64(0), cTriageAlarmAt: int64(0), cClassifyAlarmAt: int64(0), cAcknowledgedAt: int64(0), cAcknowledgedBy: "", cResolvedAt: int64(0),
		cService: b.Service, cTeam: b.Team, cDrill: b.Drill, cMalformed: b.Malformed, cWarning: b.Warning, cReportedBy: b.ReportedBy,
		cVerdict: "", cReason: "", cIncident: "", cDecidedAt: int64(0), cDecidedBy: "", cRawID: b.RawID, cRawSHA256: b.RawSHA256,
	}})
}

// change applies fn to the rows there are of some signals.
func change(x row.Rows, ids []string, fn func(r row.Row)) error {
	list, err := x.Many(signals, ids)
	if err != nil {
		return err
	}
	changes := make([]row.Change, len(list))
	for i, r := range list {
		changes[i] = row.Change{Before: r, After: slices.Clone(r)}
		fn(changes[i].After)
	}
	return x.Put(signals, changes...)
}

func applyResolved(x row.Rows, e record.Entry, b resolved) error {
	return change(x, []string{e.Subject}, func(r row.Row) { r[cResolvedAt], r[cLiveUntil] = b.ResolvedAt, int64(0) })
}

func applyDecided(x row.Rows, e record.Entry, b decided) error {
	return change(x, []string{e.Subject}, func(r row.Row) {
		r[cState], r[cVerdict], r[cReason], r[cIncident] = string(Decided), string(b.Verdict), b.Reason, b.Incident
		r[cDecidedAt], r[cDecidedBy], r[cNextAt] = clock.Micros(e.At), e.Actor, int64(0)
		live(r, b.LiveUntil)
	})
}

func applyReopened(x row.Rows, e record.Entry) error {
	return change(x, []string{e.Subject}, func(r row.Row) {
		r[cState], r[cVerdict], r[cReason], r[cIncident] = string(Open), "", "", ""
		r[cDecidedAt], r[cDecidedBy] = int64(0), ""
		live(r, forever)
		setNext(r)
	})
}

// live says until when a repeat counts onto the signal, unless it is over or none can come.
func live(r row.Row, until int64) {
	if r.Int(cResolvedAt) > 0 || r.Text(cFingerprint) == "" {
		until = 0
	}
	r[cLiveUntil] = until
}

func applyBatch(x row.Rows, e record.Entry, b batch) error {
	once := func(r row.Row, column int) bool {
		if r.Int(column) != 0 {
			return false
		}
		r[column] = b.At
		return true
	}
	return change(x, b.IDs, func(r row.Row) {
		switch {
		case e.Kind == kindCalled:
			once(r, cCalledAt)
		case e.Kind == kindAcknowledged:
			if once(r, cAcknowledgedAt) {
				r[cAcknowledgedBy] = e.Actor
			}
		case e.Kind == kindQuieted:
			r[cLiveUntil] = min(r.Int(cLiveUntil), b.At)
		case b.Step == StepTriage:
			once(r, cTriageAlarmAt)
		default:
			once(r, cClassifyAlarmAt)
		}
		setNext(r)
	})
}

// setNext recomputes next_at: the earliest of the call, the alarm of the 20
// minutes and the alarm of the 60 minutes that is still pending; 0 when none is.
func setNext(r row.Row) {
	next := forever
	if r.Text(cState) == string(Open) {
		mine := r.Int(cAcknowledgedAt) == 0
		if mine && r.Int(cCalledAt) == 0 {
			next = min(next, r.Int(cCallDueAt))
		}
		if mine && r.Int(cTriageAlarmAt) == 0 {
			next = min(next, r.Int(cTriageDueAt))
		}
		if r.Int(cClassifyAlarmAt) == 0 {
			next = min(next, r.Int(cClassifyDueAt))
		}
	}
	if next == forever {
		next = 0
	}
	r[cNextAt] = next
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
		if e.Kind == kindReceived {
			err = reword(tx, e, sig)
		} else {
			err = s.Project(row.Live(tx), e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// reword gives a signal the words that its first sight still has.
func reword(tx *store.Tx, e record.Entry, sig Signal) error {
	var b received
	if err := e.Decode(&b); err != nil {
		return err
	}
	err := change(row.Live(tx), []string{e.Subject}, func(r row.Row) { r[cTitle], r[cSummary], r[cContact] = b.Title, b.Summary, b.Contact })
	if err != nil {
		return err
	}
	if !e.Erased {
		return index(tx, e.Subject, &b, e.KnownAt)
	}
	if err := search.Remove(tx, string(sig.Kind), sig.ID); err != nil {
		return err
	}
	_, err = tx.Exec(`DELETE FROM signal_raw WHERE id = ?`, sig.RawID)
	return err
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
