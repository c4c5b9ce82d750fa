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
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/duty/doc"
	"github.com/wakebell/wakebell/internal/decide/duty/head"
)

// The kinds of ledger entries of duties. Their subject is the incident.
const (
	kindRederived = "duties.rederived"
	kindRepacked  = "duties.repacked"
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

// repacked is the derivation by which an open incident takes new rule packs. It is recorded also when it
// changes nothing: which packs an incident is judged by must not be a matter of guessing.
type repacked struct {
	Packs assessment.Taking `json:"packs"`
	rederived
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
		{Name: kindRepacked, Version: 1},
		{Name: kindMet, Version: 1},
		{Name: kindUndone, Version: 1},
		{Name: kindConsent, Version: 1},
		{Name: kindAssigned, Version: 1},
		{Name: kindAlarmed, Version: 1},
	}
}

// duties holds one row per duty. Package head keeps one per incident, by which lists sort.
var duties = row.NewTable("duty", 1, "id", "incident_id", "key", "rule", "state", "due_at", "alarm_at", "met_at", "drill", "outward",
	"recipient_kind", "recipient_id", "holder_id", "entity", "doc").GroupBy("incident_id").Octets("doc")

var heads = head.New()

// at is where a head finds what it is made of.
var at = head.Columns{Incident: dutyIncident, State: dutyState, DueAt: dutyDueAt}

// The columns of duties that a head is made of, and that of all there is to know.
const (
	dutyIncident = 1

	dutyState = 4
	dutyDueAt = 5
	dutyDoc   = 14
)

// Tables are the projections of this room.
func (s *Service) Tables() []*row.Table { return []*row.Table{duties, heads.Table} }

// Project brings the duty tables up to an entry. It reads nothing but the entry and
// the tables themselves, so that replay gives the same rows.
func (s *Service) Project(x row.Rows, e record.Entry) error {
	_, err := project(x, e)
	return err
}

// change is one duty before and after an entry; the zero Duty means "not there".
type change struct{ before, after Duty }

func project(x row.Rows, e record.Entry) ([]change, error) {
	if e.Kind == kindRederived || e.Kind == kindRepacked {
		return projectAll(x, e)
	}
	return projectOne(x, e)
}

// projectAll brings the duties of an incident up to a derivation.
func projectAll(x row.Rows, e record.Entry) ([]change, error) {
	rows, err := x.Group(duties, e.Subject)
	if err != nil {
		return nil, err
	}
	var b rederived
	if err := e.Decode(&b); err != nil {
		return nil, err
	}
	existing, place := make([]Duty, len(rows)), make(map[string]int, len(rows))
	for i, r := range rows {
		place[r.Text(0)] = i
		if existing[i], err = dutyOf(r); err != nil {
			return nil, err
		}
	}
	changes := b.changes(existing)
	for _, c := range changes { // in the order of the derivation: keys are unique in an incident
		w := row.Change{}
		if w.After, err = rowOf(c.after); err != nil {
			return nil, err
		}
		if i, had := place[c.after.ID]; had {
			w.Before, rows[i] = rows[i], w.After
		} else {
			rows = append(rows, w.After)
		}
		if err := x.Put(duties, w); err != nil {
			return nil, err
		}
	}
	return changes, heads.All(x, at, e.Subject, rows)
}

// projectOne brings one duty up to an entry, and the head of its incident. An incident may
// owe thousands, and a notice meets them one by one: so the others are not read.
func projectOne(x row.Rows, e record.Entry) ([]change, error) {
	id, apply, err := changeOf(e)
	if err != nil {
		return nil, err
	}
	was, err := x.Row(duties, id)
	if err != nil {
		return nil, err
	}
	if was == nil || was.Text(dutyIncident) != e.Subject {
		return nil, doc.ErrNone
	}
	before, err := dutyOf(was)
	if err != nil {
		return nil, err
	}
	return turn(x, was, before, apply)
}

// turn changes a duty that was read from its row.
func turn(x row.Rows, was row.Row, before Duty, apply func(*Duty)) ([]change, error) {
	after := before
	apply(&after)
	after.Version++
	now, err := rowOf(after)
	if err != nil {
		return nil, err
	}
	if err := x.Put(duties, row.Change{Before: was, After: now}); err != nil {
		return nil, err
	}
	return []change{{before, after}}, heads.One(x, duties, at, was, now)
}

// changeOf reads which duty an entry changes, and how.
func changeOf(e record.Entry) (id string, apply func(*Duty), err error) {
	switch e.Kind {
	case kindMet:
		var b met
		err = e.Decode(&b)
		id, apply = b.Duty, func(d *Duty) {
			d.State, d.MetAt, d.MetWith, d.MetRef, d.MetActor = Met, e.At, b.With, b.Ref, e.Actor
			d.Remark, d.LateReason, d.AlarmAt = b.Remark, b.LateReason, time.Time{}
		}
	case kindUndone:
		var b undone
		err = e.Decode(&b)
		id, apply = b.Duty, func(d *Duty) {
			d.State, d.MetAt, d.MetWith, d.MetRef, d.MetActor = Open, time.Time{}, "", "", ""
			d.Remark, d.LateReason, d.Ground, d.WaivedBy, d.AlarmAt = b.Reason, "", "", nil, b.AlarmAt
		}
	case kindConsent:
		var b consented
		err = e.Decode(&b)
		id, apply = b.Duty, func(d *Duty) {
			d.WaivedBy = append(d.WaivedBy, Consent{Person: e.Actor, As: b.As, At: e.At})
			d.Ground = b.Ground
			if b.Complete {
				d.State, d.AlarmAt = Waived, time.Time{}
			}
		}
	case kindAssigned:
		var b assigned
		err = e.Decode(&b)
		id, apply = b.Duty, func(d *Duty) { d.Holder, d.Taken = b.Holder, b.Person != "" }
	case kindAlarmed:
		var b alarmed
		err = e.Decode(&b)
		id, apply = b.Duty, func(d *Duty) {
			d.Alarms = append(d.Alarms, Alarm{Kind: b.Alarm, At: e.At, Due: b.DueAt})
			d.AlarmAt = b.Next
		}
	default:
		return "", nil, fmt.Errorf("duty: cannot project %s", e.Kind)
	}
	return id, apply, err
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

func dutyOf(r row.Row) (d Duty, err error) { return d, record.Decode(r.Bytes(dutyDoc), nil, &d) }

func rowOf(d Duty) (row.Row, error) {
	doc, err := json.Marshal(d)
	return row.Row{
		d.ID, d.Incident, d.Key, d.Rule, string(d.State), clock.Micros(d.DueAt), clock.Micros(d.AlarmAt), clock.Micros(d.MetAt),
		d.Drill, d.Outward, d.Recipient.Kind, d.Recipient.ID, d.Holder.ID, d.Entity, doc,
	}, err
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
		if err := s.Project(row.Live(tx), e); err != nil {
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
