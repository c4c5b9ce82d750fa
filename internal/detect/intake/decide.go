package intake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

// Decide records what a signal is, with a reason. An incident verdict names the
// incident by id, the others name none. A decided signal may be decided anew, as
// something else; the first verdict stays in the ledger. It needs signal.triage.
// The entry keeps how often the signal had been seen.
func (s *Service) Decide(tx *store.Tx, by who.Identity, id string, verdict Verdict, reason, incident string) (Signal, error) {
	if err := who.Check(by, who.PermSignalTriage); err != nil {
		return Signal{}, err
	}
	f := checkText("reason", reason, maxReason, true)
	if !verdict.Valid() {
		f = append(f, fault.Field{Field: "verdict", Message: "must be one of false_positive, event, incident"})
	}
	if (verdict == Incident) != (incident != "") {
		f = append(f, fault.Field{Field: "incident", Message: "belongs to the verdict incident, and only to it"})
	}
	if err := fault.Invalids(f...); err != nil {
		return Signal{}, err
	}
	sig, err := s.GetTx(tx, id)
	if err != nil {
		return Signal{}, err
	}
	if sig.State == Decided && sig.Verdict == verdict && sig.Incident == incident {
		return Signal{}, fault.New(fault.Conflict, "The signal already has this verdict")
	}
	r, err := s.rules(tx)
	if err != nil {
		return Signal{}, err
	}
	now := s.clk.Now()
	b := decided{Verdict: verdict, Incident: incident, Count: sig.Count, LiveUntil: forever, Before: sig.Verdict, Reason: reason}
	if verdict != Incident {
		b.LiveUntil = clock.Micros(now.Add(time.Duration(r.plan.QuietHours) * time.Hour))
	}
	e, err := s.led.Append(tx, record.Draft{Kind: kindDecided, Subject: id, Actor: by.Actor, At: now, KnownAt: now, Body: b})
	if err != nil {
		return Signal{}, err
	}
	if err := applyDecided(row.Live(tx), e, b); err != nil {
		return Signal{}, err
	}
	return s.GetTx(tx, id)
}

// Reopen takes a verdict back, with a reason. The signal is open again, and its
// minutes are those it always had. It needs signal.triage.
func (s *Service) Reopen(tx *store.Tx, by who.Identity, id, reason string) (Signal, error) {
	if err := who.Check(by, who.PermSignalTriage); err != nil {
		return Signal{}, err
	}
	if err := fault.Invalids(checkText("reason", reason, maxReason, true)...); err != nil {
		return Signal{}, err
	}
	sig, err := s.GetTx(tx, id)
	if err != nil {
		return Signal{}, err
	}
	if sig.State == Open {
		return Signal{}, fault.New(fault.Conflict, "The signal is open")
	}
	now := s.clk.Now()
	b := reopened{Before: sig.Verdict, Incident: sig.Incident, Reason: reason}
	e, err := s.led.Append(tx, record.Draft{Kind: kindReopened, Subject: id, Actor: by.Actor, At: now, KnownAt: now, Body: b})
	if err != nil {
		return Signal{}, err
	}
	if err := applyReopened(row.Live(tx), e); err != nil {
		return Signal{}, err
	}
	return s.GetTx(tx, id)
}

// Acknowledge notes that the product team has the signals, since at (zero: now).
// Signals acknowledged before are left as they are; the ids that changed are
// returned, and without any nothing is recorded. It needs call.acknowledge or
// signal.triage.
func (s *Service) Acknowledge(tx *store.Tx, by who.Identity, ids []string, at time.Time) ([]string, error) {
	if err := who.CheckAny(by, who.PermCallAcknowledge, who.PermSignalTriage); err != nil {
		return nil, err
	}
	return s.mark(tx, by, kindAcknowledged, batch{IDs: ids}, at, ` acknowledged_at = 0`)
}

// MarkCalled notes that a team was called at (zero: now) about the signals, in
// one entry whose subject is the first of them. It returns the ids that had not
// been called, acknowledged or decided before; without any nothing is recorded,
// and nobody is to be called: another node was faster. Only the engine may.
func (s *Service) MarkCalled(tx *store.Tx, by who.Identity, team string, ids []string, at time.Time) ([]string, error) {
	if err := engineOnly(by); err != nil {
		return nil, err
	}
	return s.mark(tx, by, kindCalled, batch{Team: team, IDs: ids}, at, ` called_at = 0 AND acknowledged_at = 0 AND state = 'open'`)
}

// MarkOverdue notes that the alarm of a step was raised for the signals, so that
// it is raised once. It returns the ids for which it was not raised before;
// without any nothing is recorded. Only the engine may.
func (s *Service) MarkOverdue(tx *store.Tx, by who.Identity, step Step, ids []string, at time.Time) ([]string, error) {
	if err := engineOnly(by); err != nil {
		return nil, err
	}
	pending := ` triage_alarm_at = 0 AND acknowledged_at = 0 AND state = 'open'`
	if step == StepClassify {
		pending = ` classify_alarm_at = 0 AND state = 'open'`
	}
	return s.mark(tx, by, kindOverdue, batch{Step: step, IDs: ids}, at, pending)
}

// Quieten bounds the time in which a repeat counts onto signals whose incident is
// over by the plan's quiet hours: what fires after them is a new signal. It does
// nothing where no fingerprint is live.
func (s *Service) Quieten(tx *store.Tx, by who.Identity, ids []string) error {
	if by.IsZero() {
		return who.Check(by, who.PermSignalTriage)
	}
	live, err := matching(tx, ids, ` live_until = 9223372036854775807`)
	if err != nil || len(live) == 0 {
		return err
	}
	r, err := s.rules(tx)
	if err != nil {
		return err
	}
	b := batch{IDs: live, At: clock.Micros(s.clk.Now().Add(time.Duration(r.plan.QuietHours) * time.Hour))}
	e, err := s.led.Append(tx, record.Draft{Kind: kindQuieted, Subject: live[0], Actor: by.Actor, Body: b})
	if err != nil {
		return err
	}
	return applyBatch(row.Live(tx), e, b)
}

func engineOnly(by who.Identity) error {
	if err := who.Check(by, who.PermSignalTriage); err != nil {
		return err
	}
	if !by.IsEngine() {
		return fault.New(fault.Denied, "Only the system itself records calls and alarms")
	}
	return nil
}

func (s *Service) mark(tx *store.Tx, by who.Identity, kind string, b batch, at time.Time, pending string) ([]string, error) {
	now := s.clk.Now()
	if at.IsZero() {
		at = now
	}
	if at.After(now.Add(futureSlack)) {
		return nil, fault.InvalidField("at", "lies in the future; leave it out for now")
	}
	ids, err := matching(tx, b.IDs, pending)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	b.IDs, b.At = ids, clock.Micros(at)
	e, err := s.led.Append(tx, record.Draft{Kind: kind, Subject: ids[0], Actor: by.Actor, At: at, KnownAt: now, Body: b})
	if err != nil {
		return nil, err
	}
	return ids, applyBatch(row.Live(tx), e, b)
}

// matching keeps the ids for which the condition holds, in their order.
func matching(tx *store.Tx, ids []string, condition string) ([]string, error) {
	found := map[string]bool{}
	for part := range chunks(ids) {
		rows, err := tx.Query(clock.Background(), `SELECT id FROM signal WHERE`+condition+` AND id IN (`+store.Placeholders(len(part))+`)`, anys(part)...)
		if err != nil {
			return nil, err
		}
		if err := each(rows, func(id string) { found[id] = true }); err != nil {
			return nil, err
		}
	}
	var out []string
	for _, id := range ids {
		if found[id] {
			out = append(out, id)
			delete(found, id) // an id given twice counts once
		}
	}
	return out, nil
}

func each(rows *sql.Rows, fn func(id string)) error {
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		fn(id)
	}
	return rows.Err()
}

// GetTx returns one signal as r sees it, without a check of permission: for
// rooms that have checked. NotFound when there is none.
func (s *Service) GetTx(r store.Reader, id string) (Signal, error) {
	return one(clock.Background(), r, ` WHERE s.id = ?`, id)
}

func one(ctx context.Context, r store.Reader, where string, args ...any) (Signal, error) {
	sig, err := scan(r.QueryRow(ctx, selectSignal+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return Signal{}, fault.New(fault.NotFound, "There is no such signal")
	}
	if err != nil {
		return Signal{}, fmt.Errorf("read signal: %w", err)
	}
	return sig, nil
}
