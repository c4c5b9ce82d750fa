package duty

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/document"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty/alarm"
	"github.com/wakebell/wakebell/internal/decide/duty/doc"
	"github.com/wakebell/wakebell/internal/decide/duty/policy"
	"github.com/wakebell/wakebell/internal/decide/duty/waiver"
)

// Evidence says what met a duty.
type Evidence = doc.Evidence

// Meet records that a duty was done. Met late, a statutory duty asks for the reason.
func (s *Service) Meet(ctx context.Context, by who.Identity, id string, ev Evidence) (Duty, error) {
	if err := who.Check(by, who.PermDutyWork); err != nil {
		return Duty{}, err
	}
	return s.write(ctx, by, "duty.meet", id, func(tx *store.Tx, d Duty) error {
		st, err := s.incidents.GetTx(tx, d.Incident)
		if err != nil {
			return err
		}
		if !ev.At.IsZero() && ev.At.Before(st.DiscoveredAt.Add(-futureSlack)) {
			return fault.InvalidField("at", "lies before the incident was discovered")
		}
		if err := d.MayMeet(by, cmp.Or(ev.With, d.MetBy[0])); err != nil {
			return err
		}
		draft, err := s.meets(d, ev)
		if err != nil {
			return err
		}
		if err := s.record(ctx, tx, by, draft); err != nil {
			return err
		}
		return s.again(ctx, tx, by, d, "met")
	})
}

// MeetTx is Meet inside another room's transaction, by id; it does nothing when the duty
// is no longer open (the acknowledgement came after something else met it).
func (s *Service) MeetTx(ctx context.Context, tx *store.Tx, by who.Identity, id string, ev Evidence) error {
	return s.MeetAllTx(ctx, tx, by, []string{id}, func(Duty) (Evidence, bool) { return ev, true })
}

// MeetAllTx is MeetTx for those of some duties of one incident for which there is evidence.
// Each is read once, and the incident derived again once, not for each: a notice meets hundreds.
func (s *Service) MeetAllTx(ctx context.Context, tx *store.Tx, by who.Identity, ids []string, evidence func(Duty) (Evidence, bool)) error {
	if by.IsZero() {
		return fault.New(fault.Denied, "nobody asks")
	}
	x := row.Live(tx)
	list, err := x.Many(duties, ids)
	if err != nil || len(list) < len(ids) {
		return cmp.Or(err, doc.ErrNone)
	}
	var last Duty
	first := map[[2]string]time.Time{} // the earliest of each rule and entity that was asked about
	for _, was := range list {
		d, err := dutyOf(was)
		if err != nil {
			return err
		}
		ev, there := evidence(d)
		if d.State != Open || !there {
			continue
		}
		at, of := cmp.Or(ev.At, s.clk.Now()), [2]string{d.Rule, d.Entity}
		if was, asked := first[of]; !asked || at.Before(was) {
			first[of] = at
			if leads, err := s.leads(ctx, tx, d, at); err != nil {
				return err
			} else if leads {
				last = d
			}
		}
		draft, err := s.meets(d, ev)
		if err != nil {
			return err
		}
		err = s.append(ctx, tx, by, draft, func(e record.Entry) ([]change, error) {
			_, apply, err := changeOf(e)
			if err != nil {
				return nil, err
			}
			return turn(x, was, d, apply)
		})
		if err != nil {
			return err
		}
	}
	if last.ID == "" {
		return nil
	}
	return s.again(ctx, tx, by, last, "met")
}

// leads says whether meeting an open duty may lead to others: the next one of a series, or
// what a law asks once its notice was given, which is when the first of several was told
// (SentOf). All others change nothing, and the incident is not derived again for each.
func (*Service) leads(ctx context.Context, tx *store.Tx, d Duty, at time.Time) (bool, error) {
	if policy.Recurs(d.Rule) {
		return true, nil
	}
	if d.Basis.Law == "" {
		return false, nil
	}
	var n int
	err := tx.QueryRow(ctx, `SELECT 1 FROM duty WHERE incident_id = ? AND rule = ? AND entity = ? AND state = 'met' AND met_at <= ? LIMIT 1`,
		d.Incident, d.Rule, d.Entity, clock.Micros(at)).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	return false, err
}

// meets is the entry by which evidence meets a duty, if it may.
func (s *Service) meets(d Duty, ev Evidence) (out record.Draft, err error) {
	if d.State != Open {
		return out, fault.Newf(fault.Conflict, "this duty is %s already", d.State)
	}
	if how := policy.Shown(d.Rule); how != "" {
		return out, fault.Newf(fault.Conflict, "this duty is met by the %s itself, not by saying so: record it in the incident", how)
	}
	now := s.clk.Now()
	at := cmp.Or(ev.At, now)
	with := cmp.Or(ev.With, d.MetBy[0])
	var f []fault.Field
	if !slices.Contains(d.MetBy, with) {
		f = append(f, fault.Field{Field: "with", Message: "must be one of " + strings.Join(d.MetBy, ", ")})
	}
	if d.NeedsAck && with != "acknowledgement" {
		f = append(f, fault.Field{Field: "with", Message: "the contract asks for the recipient's acknowledgement: meet it with \"acknowledgement\""})
	}
	if at.After(now.Add(futureSlack)) {
		f = append(f, fault.Field{Field: "at", Message: "lies in the future"})
	}
	if d.Statutory && at.After(d.DueAt) && strings.TrimSpace(ev.LateReason) == "" {
		f = append(f, fault.Field{Field: "late_reason", Message: "is needed: this was due at " + d.DueAt.Format(time.RFC3339)})
	}
	if err := fault.Invalids(f...); err != nil {
		return out, err
	}
	return record.Draft{
		Kind: kindMet, Subject: d.Incident, At: at,
		Body: met{Duty: d.ID, Key: d.Key, With: with, Ref: ev.Ref, DueAt: d.DueAt, Remark: ev.Remark, LateReason: ev.LateReason},
	}, nil
}

// futureSlack is how far ahead of our clock another clock may be.
const futureSlack = 5 * time.Minute

// Undo opens a met or waived duty again; needs a reason.
func (s *Service) Undo(ctx context.Context, by who.Identity, id, reason string) (Duty, error) {
	if err := who.Check(by, who.PermDutyWork); err != nil {
		return Duty{}, err
	}
	return s.write(ctx, by, "duty.undo", id, func(tx *store.Tx, d Duty) error {
		if strings.TrimSpace(reason) == "" {
			return fault.InvalidField("reason", "is needed")
		}
		if d.State != Met && d.State != Waived && len(d.WaivedBy) == 0 {
			return fault.Newf(fault.Conflict, "this duty is %s; there is nothing to undo", d.State)
		}
		if d.State == Met && d.MetActor == "" {
			return fault.New(fault.Conflict, "this duty was met by what the incident shows, not by a person's word; correct it there")
		}
		if err := s.undo(ctx, tx, by, d, reason); err != nil {
			return err
		}
		return s.again(ctx, tx, by, d, "undone") // facts may have moved its time meanwhile
	})
}

// ReopenTx opens duties of one incident again, read in the same transaction, that were met by
// evidence which proved wrong: a copy that came back has told nobody. For rooms that keep the
// evidence, in their own transaction.
func (s *Service) ReopenTx(ctx context.Context, tx *store.Tx, by who.Identity, list []Duty, reason string) error {
	if by.IsZero() {
		return fault.New(fault.Denied, "nobody asks")
	}
	for _, d := range list {
		if err := s.undo(ctx, tx, by, d, reason); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		return nil
	}
	return s.again(ctx, tx, by, list[0], "undone")
}

func (s *Service) undo(ctx context.Context, tx *store.Tx, by who.Identity, d Duty, reason string) error {
	p, err := s.planOf(tx, d)
	if err != nil {
		return err
	}
	return s.record(ctx, tx, by, record.Draft{
		Kind: kindUndone, Subject: d.Incident,
		Body: undone{Duty: d.ID, Key: d.Key, Reason: reason, AlarmAt: alarm.Next(d.Alarms, d.StartAt, d.DueAt, p.ReminderFractions, s.clk.Now())},
	})
}

// again re-derives the incident of a duty that changed.
func (s *Service) again(ctx context.Context, tx *store.Tx, by who.Identity, d Duty, cause string) error {
	st, err := s.incidents.GetTx(tx, d.Incident)
	if err != nil {
		return err
	}
	return s.rederive(ctx, tx, by, st, cause+" "+d.Key)
}

// Waive records one person's yes to leaving a duty undone, with the ground. A duty
// under law or contract is waived once legal and an executive, two persons, said so;
// an outward duty of our own policy by either; an inward one by a superior who does
// not hold it.
func (s *Service) Waive(ctx context.Context, by who.Identity, id, ground string) (Duty, error) {
	if err := who.Check(by, who.PermDutyWaive); err != nil {
		return Duty{}, err
	}
	return s.write(ctx, by, "duty.waive", id, func(tx *store.Tx, d Duty) error {
		if strings.TrimSpace(ground) == "" {
			return fault.InvalidField("ground", "is needed: say why this need not be done")
		}
		if d.State != Open {
			return fault.Newf(fault.Conflict, "this duty is %s already", d.State)
		}
		as, complete, err := d.WaiverBy(by)
		if err != nil {
			return err
		}
		if err := s.record(ctx, tx, by, record.Draft{
			Kind: kindConsent, Subject: d.Incident, Body: consented{Duty: d.ID, Key: d.Key, As: as, Complete: complete, Ground: ground},
		}); err != nil || !complete {
			return err
		}
		return s.again(ctx, tx, by, d, "waived") // a recurring duty goes on with its next one
	})
}

// Assign gives the duty to a person ("" gives it back to its team).
func (s *Service) Assign(ctx context.Context, by who.Identity, id, person string) (Duty, error) {
	if err := who.Check(by, who.PermDutyWork); err != nil {
		return Duty{}, err
	}
	return s.write(ctx, by, "duty.assign", id, func(tx *store.Tx, d Duty) error {
		if d.State != Open {
			return fault.Newf(fault.Conflict, "this duty is %s already", d.State)
		}
		holder := Ref{Kind: "person", ID: person}
		if person == "" {
			i := slices.IndexFunc(policy.Rules(), func(r policy.Rule) bool { return r.ID == d.Rule })
			if i < 0 {
				return fault.InvalidField("person", "is needed: the rule of this duty was retired")
			}
			def, err := s.defaultHolder(tx, d, policy.Rules()[i])
			if err != nil {
				return err
			}
			holder = def
		} else if err := s.checkPerson(tx, person); err != nil {
			return err
		}
		return s.record(ctx, tx, by, record.Draft{
			Kind: kindAssigned, Subject: d.Incident, Body: assigned{Duty: d.ID, Key: d.Key, Person: person, Holder: holder},
		})
	})
}

func (s *Service) checkPerson(tx *store.Tx, id string) error {
	dir, err := s.dirs.Snapshot(tx)
	if err != nil {
		return err
	}
	if p, ok := dir.People[id]; !ok || !p.Active {
		return fault.InvalidField("person", "is not the id of an active person in the directory")
	}
	return nil
}

func (s *Service) defaultHolder(tx *store.Tx, d Duty, r policy.Rule) (Ref, error) {
	st, err := s.incidents.GetTx(tx, d.Incident)
	if err != nil {
		return Ref{}, err
	}
	p, err := s.planOf(tx, d)
	if err != nil {
		return Ref{}, err
	}
	dir, err := s.dirs.Snapshot(tx)
	if err != nil {
		return Ref{}, err
	}
	in := deriver{Input: Input{Incident: st, Plan: p, Dir: dir}}
	return in.holder(r), nil
}

// write runs one change of one duty and returns the duty after it.
func (s *Service) write(ctx context.Context, by who.Identity, op, id string, fn func(tx *store.Tx, d Duty) error) (Duty, error) {
	var out Duty
	res, err := s.db.Write(ctx, store.Op{Name: op, Actor: by.Actor}, func(tx *store.Tx) error {
		d, err := byID(tx, id)
		if err != nil {
			return err
		}
		if err := fn(tx, d); err != nil {
			return err
		}
		tx.SetResult(id)
		out, err = byID(tx, id)
		return err
	})
	if err != nil {
		return Duty{}, fmt.Errorf("%s %s: %w", op, id, err)
	}
	if res.Replayed {
		return doc.One[Duty](s.db.QueryRow(ctx, `SELECT doc FROM duty WHERE id = ?`, res.ResultID))
	}
	return out, nil
}

// OpenDuties is the close guard's reading: every open duty of the incident. The state
// is hidden from SQLite, see head.
func (s *Service) OpenDuties(ctx context.Context, r store.Reader, incident string) ([]Duty, error) {
	return document.List[Duty](ctx, r, `SELECT doc FROM duty WHERE incident_id = ? AND state || '' = 'open' ORDER BY due_at, id`, incident)
}

// WaiverBy says as what by may agree to leaving the duty undone, and whether that yes is the last one
// needed. The error says why not. It does not check duty.waive.
func (d Duty) WaiverBy(by who.Identity) (as string, complete bool, err error) {
	return waiver.By(by, waiver.Duty{Outward: d.Outward, Statutory: d.Statutory, Holder: d.Holder.ID, Given: d.WaivedBy})
}

// MetHere names what in the incident itself meets the duty, such as "grade"; "" when a person may say
// that it was done.
func (d Duty) MetHere() string { return policy.Shown(d.Rule) }
