// Package triage decides what a signal is: a false positive, an event, or an
// incident, new or known.
//
// It carries out policy 000 ("after evaluating the information detected and
// reported on, Winmore determines whether the particular event rises to the level
// of an incident") and policy 003 ("the product team shall verify and classify the
// incident"). A verdict is one transaction over the rooms of signals and of
// incidents. It writes no table of its own and must not import respond, notify,
// learn or a face.
package triage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/detect/intake"
)

// Input is a verdict on a signal.
type Input struct {
	Verdict  intake.Verdict
	Incident string          // verdict incident: reference or id of a known one; empty declares a new one
	Nature   incident.Nature // of a new incident; empty means security
	Title    string          // of a new incident; empty means the signal's
	Reason   string          // required
}

// Outcome is the signal after the verdict, and its incident if it has one.
type Outcome struct {
	Signal   intake.Signal
	Incident *incident.State
}

// Service decides on signals.
type Service struct {
	db  *store.DB
	in  *intake.Service
	inc *incident.Service
}

// New returns the service.
func New(db *store.DB, in *intake.Service, inc *incident.Service) *Service {
	return &Service{db: db, in: in, inc: inc}
}

// Decide records a verdict. As an incident, the signal is tied to the one named,
// or a new one is declared that keeps the signal's discovery time, service, team,
// drill mark and the acknowledgement of the product team. A signal that was
// decided before is untied from its former incident; the first verdict stays in
// the ledger. It needs signal.triage, and incident.declare or incident.work.
// Errors: NotFound, Invalid with the field, Conflict when the signal already has
// the verdict or a drill would meet a real incident.
func (s *Service) Decide(ctx context.Context, by who.Identity, signal string, in Input) (Outcome, error) {
	if err := who.Check(by, who.PermSignalTriage); err != nil {
		return Outcome{}, err
	}
	if err := in.check(); err != nil {
		return Outcome{}, err
	}
	if in.Verdict == intake.Incident && in.Incident == "" {
		if err := who.Check(by, who.PermIncidentDeclare); err != nil {
			return Outcome{}, err
		}
	}
	return s.write(ctx, by, "signal.triage", signal, func(tx *store.Tx, sig intake.Signal) error {
		if in.Verdict == intake.Incident && in.Incident == "" {
			return s.declare(tx, by, sig, in)
		}
		return s.settle(tx, by, sig, in)
	})
}

// Undo takes a verdict back, with a reason: the signal is open again and untied
// from its incident, which stays. It needs signal.triage, and incident.work when
// there is an incident.
func (s *Service) Undo(ctx context.Context, by who.Identity, signal, reason string) (Outcome, error) {
	if err := who.Check(by, who.PermSignalTriage); err != nil {
		return Outcome{}, err
	}
	return s.write(ctx, by, "signal.undo", signal, func(tx *store.Tx, sig intake.Signal) error {
		if _, err := s.in.Reopen(tx, by, sig.ID, reason); err != nil {
			return err
		}
		return s.untie(tx, by, sig, "", reason)
	})
}

func (s *Service) write(ctx context.Context, by who.Identity, op, signal string, fn func(*store.Tx, intake.Signal) error) (Outcome, error) {
	var out Outcome
	done, err := s.db.Write(ctx, store.Op{Name: op, Actor: by.Actor}, func(tx *store.Tx) error {
		sig, err := s.in.GetTx(tx, signal)
		if err != nil {
			return err
		}
		if err := fn(tx, sig); err != nil {
			return err
		}
		tx.SetResult(signal)
		out, err = s.outcome(tx, signal)
		return err
	})
	if err == nil && done.Replayed {
		out, err = s.outcome(s.db, done.ResultID)
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("triage signal: %w", err)
	}
	return out, nil
}

func (s *Service) outcome(r store.Reader, signal string) (Outcome, error) {
	sig, err := s.in.GetTx(r, signal)
	if err != nil || sig.Incident == "" {
		return Outcome{Signal: sig}, err
	}
	st, err := s.inc.GetTx(r, sig.Incident)
	if err != nil {
		return Outcome{}, err
	}
	return Outcome{Signal: sig, Incident: &st}, nil
}

func (in Input) check() error {
	var f []fault.Field
	if !in.Verdict.Valid() {
		f = append(f, fault.Field{Field: "verdict", Message: "must be one of false_positive, event, incident"})
	}
	if strings.TrimSpace(in.Reason) == "" {
		f = append(f, fault.Field{Field: "reason", Message: "is required"})
	}
	if in.Verdict != intake.Incident && in.Incident != "" {
		f = append(f, fault.Field{Field: "incident", Message: "belongs to the verdict incident only; leave it out"})
	}
	if in.Nature != "" && in.Nature != incident.Security && in.Nature != incident.Operational {
		f = append(f, fault.Field{Field: "nature", Message: "must be security or operational"})
	}
	fresh := in.Verdict == intake.Incident && in.Incident == ""
	if in.Nature != "" && !fresh {
		f = append(f, fault.Field{Field: "nature", Message: "belongs to a new incident only; leave it out"})
	}
	if in.Title != "" && !fresh {
		f = append(f, fault.Field{Field: "title", Message: "belongs to a new incident only; leave it out"})
	}
	return fault.Invalids(f...)
}

// declare makes a new incident of a signal.
func (s *Service) declare(tx *store.Tx, by who.Identity, sig intake.Signal, in Input) error {
	if sig.Verdict == intake.Incident {
		return fault.New(fault.Conflict, "The signal already belongs to an incident; name another one, or take the verdict back first")
	}
	d := incident.Declare{
		Title: in.Title, Kind: incident.Real, Nature: in.Nature, DiscoveredAt: sig.DiscoveredAt,
		Service: sig.Service, Team: sig.Team, Signals: []string{sig.ID}, TeamToldAt: sig.AcknowledgedAt,
	}
	if d.Title == "" {
		d.Title = cut(sig.Title, 300)
	}
	if d.Nature == "" {
		d.Nature = incident.Security
	}
	if sig.Drill {
		d.Kind = incident.Drill
	}
	st, err := s.inc.DeclareTx(tx, by, d)
	if err != nil {
		return err
	}
	_, err = s.in.Decide(tx, by, sig.ID, intake.Incident, in.Reason, st.ID)
	return err
}

// settle records a verdict that needs no new incident. The signal is decided
// first, so that Follow finds nothing left to do.
func (s *Service) settle(tx *store.Tx, by who.Identity, sig intake.Signal, in Input) error {
	target := ""
	if in.Verdict == intake.Incident {
		st, err := s.inc.GetTx(tx, in.Incident)
		if fault.KindOf(err) == fault.NotFound {
			return fault.InvalidField("incident", "there is no such incident")
		}
		if err != nil {
			return err
		}
		if err := sameKind(sig, st); err != nil {
			return err
		}
		target = st.ID
	}
	if _, err := s.in.Decide(tx, by, sig.ID, in.Verdict, in.Reason, target); err != nil {
		return err
	}
	if err := s.untie(tx, by, sig, target, in.Reason); err != nil {
		return err
	}
	if target == "" {
		return nil
	}
	_, err := s.inc.ExecuteTx(tx, by, target, &incident.LinkSignals{Signals: []string{sig.ID}})
	return err
}

// untie removes a signal from the incident it belonged to before.
func (s *Service) untie(tx *store.Tx, by who.Identity, sig intake.Signal, next, reason string) error {
	if sig.Incident == "" || sig.Incident == next {
		return nil
	}
	_, err := s.inc.ExecuteTx(tx, by, sig.Incident, &incident.UnlinkSignals{Signals: []string{sig.ID}, Reason: reason})
	return err
}

// sameKind keeps exercises and real incidents apart: a drill calls nobody outside.
func sameKind(sig intake.Signal, st incident.State) error {
	switch {
	case sig.Drill && st.Kind != incident.Drill:
		return fault.Newf(fault.Conflict, "The signal is a drill and %s is real; choose a drill incident", st.Ref)
	case !sig.Drill && st.Kind == incident.Drill:
		return fault.Newf(fault.Conflict, "The signal is real and %s is a drill; choose a real incident", st.Ref)
	}
	return nil
}

// Follow is an observer of incidents: signals that are linked or unlinked by a
// command of the incident get their verdict in the same transaction, for which it
// needs signal.triage. What triage itself does is decided before it comes here.
// When the incident is over, its signals fall quiet: a source that never says
// "resolved" must not be swallowed for ever.
func (s *Service) Follow(_ context.Context, tx *store.Tx, by who.Identity, before, after incident.State) error {
	if by.IsZero() {
		return who.Check(by, who.PermSignalTriage)
	}
	if before.Open() && !after.Open() {
		if err := s.in.Quieten(tx, by, after.Signals); err != nil {
			return err
		}
	}
	if before.ID == "" || slices.Equal(before.Signals, after.Signals) {
		return nil
	}
	for _, id := range after.Signals {
		if slices.Contains(before.Signals, id) {
			continue
		}
		sig, err := s.in.GetTx(tx, id)
		if fault.KindOf(err) == fault.NotFound {
			return fault.InvalidField("signals", "one of them does not exist")
		}
		if err != nil {
			return err
		}
		if sig.Incident == after.ID {
			continue
		}
		if sig.Incident != "" {
			return fault.New(fault.Conflict, "One of the signals belongs to another incident; decide it anew in triage")
		}
		if err := sameKind(sig, after); err != nil {
			return err
		}
		if _, err := s.in.Decide(tx, by, id, intake.Incident, "Linked to "+after.Ref+".", after.ID); err != nil {
			return err
		}
	}
	for _, id := range before.Signals {
		if slices.Contains(after.Signals, id) {
			continue
		}
		sig, err := s.in.GetTx(tx, id)
		if err != nil {
			return err
		}
		if sig.Incident != after.ID {
			continue
		}
		if _, err := s.in.Reopen(tx, by, id, "Unlinked from "+after.Ref+"."); err != nil {
			return err
		}
	}
	return nil
}

// cut shortens text to a number of bytes without breaking a character.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
