package duty

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
)

// The kinds of ledger entries of duties. Their subject is the incident.
const (
	kindRederived = "duties.rederived"
	kindMet       = "duty.met"
	kindUndone    = "duty.undone"
	kindConsent   = "duty.waiver_consented"
	kindAssigned  = "duty.assigned"
	kindAlarmed   = "duty.alarmed"
)

// rederived is one derivation: what changed, and what caused it.
type rederived struct {
	Cause string `json:"cause"`
	Difference
}

// withoutWords leaves people's words out of the changed duties: a derivation is facts,
// which no erasure reaches, and never changes them. rederived.changes keeps those there are.
func (d Difference) withoutWords() Difference {
	d.Changed = slices.Clone(d.Changed)
	for i := range d.Changed {
		d.Changed[i] = d.Changed[i].withWordsOf(Duty{})
	}
	return d
}

// withWordsOf returns d with the free text of o.
func (d Duty) withWordsOf(o Duty) Duty {
	d.Remark, d.LateReason, d.Ground = o.Remark, o.LateReason, o.Ground
	return d
}

// met says by what and when a duty was met; its time is the entry's At.
type met struct {
	Duty string `json:"duty"`
	Key  string `json:"key"`
	With string `json:"with"`
	Ref  string `json:"evidence,omitempty"`
	// DueAt is when it was due, so that the entry alone says if it was met late.
	DueAt      time.Time `json:"due_at,omitzero"`
	Remark     string    `json:"remark,omitempty" private:"true"`
	LateReason string    `json:"late_reason,omitempty" private:"true"`
}

// undone opens a met or waived duty again.
type undone struct {
	Duty    string    `json:"duty"`
	Key     string    `json:"key"`
	AlarmAt time.Time `json:"alarm_at,omitzero"`
	Reason  string    `json:"reason" private:"true"`
}

// consented is one person's yes to a waiver; Complete when no other is needed.
type consented struct {
	Duty     string `json:"duty"`
	Key      string `json:"key"`
	As       string `json:"as"`
	Complete bool   `json:"complete"`
	Ground   string `json:"ground" private:"true"`
}

// assigned gives the duty to a person; an empty person gives it back to its team.
type assigned struct {
	Duty   string `json:"duty"`
	Key    string `json:"key"`
	Person string `json:"person"`
	Holder Ref    `json:"holder"`
}

// alarmed records a reminder or an alarm, and when the next one falls due.
type alarmed struct {
	Duty  string    `json:"duty"`
	Key   string    `json:"key"`
	Alarm string    `json:"alarm"`
	DueAt time.Time `json:"due_at"`
	Next  time.Time `json:"next,omitzero"`
}

// Kinds are the ledger entries of this room.
func (s *Service) Kinds() []record.Kind { return Kinds() }

// Kinds are the ledger entries of this room.
func Kinds() []record.Kind {
	return []record.Kind{
		{Name: kindRederived, Version: 1},
		{Name: kindMet, Version: 1},
		{Name: kindUndone, Version: 1},
		{Name: kindConsent, Version: 1},
		{Name: kindAssigned, Version: 1},
		{Name: kindAlarmed, Version: 1},
	}
}

// Tables are the projections of this room.
func (s *Service) Tables() []string { return []string{"duty", "duty_head"} }

// Project brings the duty tables up to an entry. It reads nothing but the entry and
// the tables themselves, so that replay gives the same rows.
func (s *Service) Project(tx *store.Tx, e record.Entry) error {
	_, err := project(tx, e)
	return err
}

// change is one duty before and after an entry; the zero Duty means "not there".
type change struct{ before, after Duty }

func project(tx *store.Tx, e record.Entry) ([]change, error) {
	if e.Kind == kindRederived {
		return projectRederived(tx, e)
	}
	id, apply, err := changeOf(e)
	if err != nil {
		return nil, err
	}
	before, err := byID(tx, id)
	if err != nil {
		return nil, err
	}
	after := before
	apply(&after)
	after.Version++
	if err := put(tx, after); err != nil {
		return nil, err
	}
	return []change{{before, after}}, head(tx, after.Incident)
}

// changeOf reads which duty an entry changes, and how.
func changeOf(e record.Entry) (id string, apply func(*Duty), err error) {
	switch e.Kind {
	case kindMet:
		var b met
		if err := e.Decode(&b); err != nil {
			return "", nil, err
		}
		id, apply = b.Duty, func(d *Duty) {
			d.State, d.MetAt, d.MetWith, d.MetRef, d.MetActor = Met, e.At, b.With, b.Ref, e.Actor
			d.Remark, d.LateReason, d.AlarmAt = b.Remark, b.LateReason, time.Time{}
		}
	case kindUndone:
		var b undone
		if err := e.Decode(&b); err != nil {
			return "", nil, err
		}
		id, apply = b.Duty, func(d *Duty) {
			d.State, d.MetAt, d.MetWith, d.MetRef, d.MetActor = Open, time.Time{}, "", "", ""
			d.Remark, d.LateReason, d.Ground, d.WaivedBy, d.AlarmAt = b.Reason, "", "", nil, b.AlarmAt
		}
	case kindConsent:
		var b consented
		if err := e.Decode(&b); err != nil {
			return "", nil, err
		}
		id, apply = b.Duty, func(d *Duty) {
			d.WaivedBy = append(d.WaivedBy, Consent{Person: e.Actor, As: b.As, At: e.At})
			d.Ground = b.Ground
			if b.Complete {
				d.State, d.AlarmAt = Waived, time.Time{}
			}
		}
	case kindAssigned:
		var b assigned
		if err := e.Decode(&b); err != nil {
			return "", nil, err
		}
		id, apply = b.Duty, func(d *Duty) { d.Holder, d.Taken = b.Holder, b.Person != "" }
	case kindAlarmed:
		var b alarmed
		if err := e.Decode(&b); err != nil {
			return "", nil, err
		}
		id, apply = b.Duty, func(d *Duty) {
			d.Alarms = append(d.Alarms, Alarm{Kind: b.Alarm, At: e.At, Due: b.DueAt})
			d.AlarmAt = b.Next
		}
	default:
		return "", nil, fmt.Errorf("duty: cannot project %s", e.Kind)
	}
	return id, apply, nil
}

func projectRederived(tx *store.Tx, e record.Entry) ([]change, error) {
	var b rederived
	if err := e.Decode(&b); err != nil {
		return nil, err
	}
	existing, err := ofIncident(clock.Background(), tx, e.Subject)
	if err != nil {
		return nil, err
	}
	out := b.changes(existing)
	for _, c := range out {
		if err := put(tx, c.after); err != nil {
			return nil, err
		}
	}
	return out, head(tx, e.Subject)
}

// changes are what a derivation did to the duties there were.
func (b rederived) changes(existing []Duty) []change {
	old := map[string]Duty{}
	for _, d := range existing {
		old[d.Key] = d
	}
	var out []change
	for _, d := range b.Added {
		out = append(out, change{Duty{}, d})
	}
	for _, d := range b.Changed {
		if o := old[d.Key]; o.State == Open { // else it starts anew
			d = d.withWordsOf(o)
		}
		out = append(out, change{old[d.Key], d})
	}
	for _, w := range b.Withdrawn {
		d := old[w.Key]
		before := d
		d.State, d.Remark, d.AlarmAt = Withdrawn, w.Reason, time.Time{}
		d.Version++
		out = append(out, change{before, d})
	}
	return out
}

func put(tx *store.Tx, d Duty) error {
	doc, err := json.Marshal(d)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO duty (id, incident_id, key, rule, state, due_at, alarm_at, met_at, drill, outward,
		recipient_kind, recipient_id, holder_id, entity, doc) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, due_at = excluded.due_at, alarm_at = excluded.alarm_at,
		met_at = excluded.met_at, holder_id = excluded.holder_id, recipient_id = excluded.recipient_id, doc = excluded.doc`,
		d.ID, d.Incident, d.Key, d.Rule, string(d.State), clock.Micros(d.DueAt), clock.Micros(d.AlarmAt), clock.Micros(d.MetAt),
		flag(d.Drill), flag(d.Outward), d.Recipient.Kind, d.Recipient.ID, d.Holder.ID, d.Entity, doc)
	return err
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// head keeps the one row per incident that lists sort by. The state is not named as a
// condition: SQLite, which keeps no statistics, would read every open duty there is.
func head(tx *store.Tx, incident string) error {
	_, err := tx.Exec(`INSERT INTO duty_head (incident_id, open_count, next_due_at)
		SELECT CAST(? AS TEXT), COUNT(CASE WHEN state = 'open' THEN 1 END), COALESCE(MIN(CASE WHEN state = 'open' THEN due_at END), 0)
		FROM duty WHERE incident_id = ?
		ON CONFLICT (incident_id) DO UPDATE SET open_count = excluded.open_count, next_due_at = excluded.next_due_at`,
		incident, incident)
	return err
}

// Reproject makes the duties of an incident anew from the ledger, after an erasure. It
// is refused as fault.Conflict while another change of them has no number yet; try again.
func (s *Service) Reproject(ctx context.Context, tx *store.Tx, incident string) error {
	before, err := changesOf(ctx, tx, incident)
	if err != nil || before == 0 {
		return err
	}
	entries, err := s.led.Subject(ctx, tx, incident, 0, 0)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM duty WHERE incident_id = ?`, incident); err != nil {
		return err
	}
	for _, e := range entries {
		if !slices.ContainsFunc(Kinds(), func(k record.Kind) bool { return k.Name == e.Kind }) {
			continue
		}
		if err := s.Project(tx, e); err != nil {
			return fmt.Errorf("project duties of %s again: %w", incident, err)
		}
	}
	if after, err := changesOf(ctx, tx, incident); err != nil || after != before {
		return errors.Join(err, fault.New(fault.Conflict, "the duties of the incident are being changed; try again"))
	}
	return nil
}

// changesOf counts the changes that made the duties of an incident.
func changesOf(ctx context.Context, r store.Reader, incident string) (n int64, err error) {
	list, err := ofIncident(ctx, r, incident)
	for _, d := range list {
		n += d.Version
	}
	return n, err
}
