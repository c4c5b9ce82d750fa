package duty

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/document"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/duty/alarm"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

// Observer is told of every duty that changed, in the same transaction. A zero
// before means the duty is new.
type Observer func(ctx context.Context, tx *store.Tx, by who.Identity, before, after Duty) error

// Service derives, lists and changes duties.
type Service struct {
	db        *store.DB
	led       *record.Ledger
	clk       *clock.Clock
	plans     *plan.Service
	dirs      *directory.Service
	incidents *incident.Service
	jobs      *job.Runner
	law       *assessment.Law // the packs in force
	observers []Observer
}

// New makes the service and registers its job kind and sweep with the runner.
func New(db *store.DB, led *record.Ledger, clk *clock.Clock, plans *plan.Service, dirs *directory.Service, incidents *incident.Service, jobs *job.Runner, law *assessment.Law) *Service {
	s := &Service{db: db, led: led, clk: clk, plans: plans, dirs: dirs, incidents: incidents, jobs: jobs, law: law}
	jobs.Register(jobRederive, s.runRederive)
	jobs.AddSweep(job.Sweep{Name: "duty.alarm", Next: s.nextAlarmAt, Run: s.raiseAlarms})
	return s
}

// Observe adds an observer; only wiring calls it, before the start.
func (s *Service) Observe(o Observer) { s.observers = append(s.observers, o) }

// OnIncident re-derives the duties of an incident after one of its events. It is
// an incident.Observer.
func (s *Service) OnIncident(ctx context.Context, tx *store.Tx, by who.Identity, _, after incident.State) error {
	return s.rederive(ctx, tx, by, after, "incident")
}

func (s *Service) rederive(ctx context.Context, tx *store.Tx, by who.Identity, st incident.State, cause string) error {
	diff, err := s.differs(ctx, tx, st)
	if err != nil || diff.Empty() {
		return err
	}
	return s.record(ctx, tx, by, record.Draft{Kind: kindRederived, Subject: st.ID, Body: rederived{Cause: cause, Difference: diff}})
}

// differs derives the duties of an incident and says what is other than it stands.
func (s *Service) differs(ctx context.Context, tx *store.Tx, st incident.State) (Difference, error) {
	p, err := s.plans.At(tx, st.PlanVersion)
	if err != nil {
		return Difference{}, fmt.Errorf("derive duties of %s: %w", st.Ref, err)
	}
	dir, err := s.dirs.Snapshot(tx)
	if err != nil {
		return Difference{}, fmt.Errorf("derive duties of %s: %w", st.Ref, err)
	}
	existing, err := standing(ctx, tx, st.ID)
	if err != nil {
		return Difference{}, err
	}
	now := s.clk.Now()
	diff, err := Derive(Input{
		Now: now, Incident: st, Plan: p, Dir: dir, Existing: existing, Law: s.law.Book(),
		NewID: func() string { return ident.New(now) },
	})
	if err != nil {
		return Difference{}, fmt.Errorf("derive duties of %s: %w", st.Ref, err)
	}
	return diff.withoutWords(), nil
}

// record appends an entry, projects it and tells the observers.
func (s *Service) record(ctx context.Context, tx *store.Tx, by who.Identity, d record.Draft) error {
	return s.append(ctx, tx, by, d, func(e record.Entry) ([]change, error) { return project(row.Live(tx), e) })
}

func (s *Service) append(ctx context.Context, tx *store.Tx, by who.Identity, d record.Draft, project func(record.Entry) ([]change, error)) error {
	d.Actor = by.Actor
	e, err := s.led.Append(tx, d)
	if err != nil {
		return err
	}
	changes, err := project(e)
	if err != nil {
		return err
	}
	for _, c := range changes {
		for _, o := range s.observers {
			if err := o(ctx, tx, by, c.before, c.after); err != nil {
				return err
			}
		}
	}
	return nil
}

const jobRederive = "duty.rederive"

type rederiveJob struct {
	Incident string             `json:"incident"`
	Packs    *assessment.Taking `json:"packs,omitempty"` // that came in; nil: the directory changed
}

// RederiveOpen enqueues one derivation per incident that is not closed or still owes
// something: the directory changed (a contract, a team, an entity). A directory.Observer.
func (s *Service) RederiveOpen(ctx context.Context, tx *store.Tx, _ who.Identity) error {
	return s.enqueue(ctx, tx, nil)
}

// TakePacks enqueues one derivation per such incident: new rule packs came in. Its plan stays the version it
// began with.
func (s *Service) TakePacks(ctx context.Context, tx *store.Tx, _ who.Identity, t assessment.Taking) error {
	return s.enqueue(ctx, tx, &t)
}

func (s *Service) enqueue(ctx context.Context, tx *store.Tx, packs *assessment.Taking) error {
	var ids []string
	err := document.Each(ctx, tx, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT id FROM incident WHERE closed_at = 0 UNION SELECT incident_id FROM duty_head WHERE open_count > 0`)
	if err != nil {
		return err
	}
	for _, id := range ids {
		unique := jobRederive + ":" + id
		if packs != nil {
			unique += ":" + packs.Version
		}
		if err := s.jobs.Enqueue(tx, job.Draft{Kind: jobRederive, Payload: rederiveJob{id, packs}, Unique: unique}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) runRederive(ctx context.Context, j job.Job) error {
	var p rederiveJob
	if err := json.Unmarshal(j.Payload, &p); err != nil {
		return job.Permanent(err)
	}
	return j.Done(ctx, func(tx *store.Tx) error {
		st, err := s.incidents.GetTx(tx, p.Incident)
		if err != nil {
			return err
		}
		if p.Packs == nil {
			return s.rederive(ctx, tx, who.Engine("duty"), st, "directory")
		}
		diff, err := s.differs(ctx, tx, st)
		// What is over takes no note of packs that change nothing, nor does anybody of the first that were looked at.
		over := st.Status == incident.Dismissed || !st.ClosedAt.IsZero() || p.Packs.Was == ""
		if err != nil || over && diff.Empty() {
			return err
		}
		body := repacked{*p.Packs, rederived{"packs", diff}}
		return s.record(ctx, tx, who.Engine("duty"), record.Draft{Kind: kindRepacked, Subject: st.ID, Body: body})
	})
}

// Repacked says by which rule packs an incident was last derived anew, and what that changed.
type Repacked struct {
	At    time.Time
	Entry int64 // of the ledger
	Packs assessment.Taking
	Difference
}

// LastPacks returns the last taking of new rule packs of an incident, recorded until asOf (zero: now). A zero
// Repacked means that there was none. Permission duty.read.
func (s *Service) LastPacks(ctx context.Context, by who.Identity, incident string, asOf time.Time) (Repacked, error) {
	if err := who.Check(by, who.PermDutyRead); err != nil {
		return Repacked{}, err
	}
	e, found, err := s.led.LastOf(ctx, s.db, incident, kindRepacked, asOf)
	if err != nil || !found {
		return Repacked{}, err
	}
	var b repacked
	if err := e.Decode(&b); err != nil {
		return Repacked{}, fmt.Errorf("read entry %d: %w", e.Seq, err)
	}
	return Repacked{At: e.At, Entry: e.Seq, Packs: b.Packs, Difference: b.Difference}, nil
}

// nextAlarmAt is the earliest reminder or alarm of any open duty.
func (s *Service) nextAlarmAt(ctx context.Context, r store.Reader) (time.Time, bool, error) {
	var us int64
	err := r.QueryRow(ctx, `SELECT COALESCE(MIN(alarm_at), 0) FROM duty WHERE alarm_at > 0`).Scan(&us)
	return clock.FromMicros(us), us > 0, err
}

// alarmBatch bounds one transaction of the alarm sweep.
const alarmBatch = 100

// raiseAlarms records every reminder and alarm that is due at now, once each; the
// observers call people. Safe to run on several nodes: each duty is read again
// inside the write.
func (s *Service) raiseAlarms(ctx context.Context, now time.Time) error {
	for {
		var n int
		_, err := s.db.Write(ctx, store.Op{Name: "duty.alarm", Actor: who.Engine("duty").Actor}, func(tx *store.Tx) error {
			due, err := document.List[Duty](ctx, tx, `SELECT doc FROM duty WHERE alarm_at > 0 AND alarm_at <= ? ORDER BY alarm_at, id LIMIT ?`, clock.Micros(now), alarmBatch)
			if err != nil {
				return err
			}
			n = len(due)
			for _, d := range due {
				if err := s.raise(ctx, tx, d, now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || n < alarmBatch {
			return err
		}
	}
}

func (s *Service) raise(ctx context.Context, tx *store.Tx, d Duty, now time.Time) error {
	kind := "reminder"
	if !d.AlarmAt.Before(d.DueAt) {
		kind = "missed"
	}
	p, err := s.planOf(tx, d)
	if err != nil {
		return err
	}
	after := d
	after.Alarms = append(after.Alarms, Alarm{Kind: kind, At: now, Due: d.DueAt})
	at := now
	if d.AlarmAt.After(now) {
		at = d.AlarmAt
	}
	return s.record(ctx, tx, who.Engine("duty"), record.Draft{
		Kind: kindAlarmed, Subject: d.Incident, At: now,
		Body: alarmed{Duty: d.ID, Key: d.Key, Alarm: kind, DueAt: d.DueAt, Next: alarm.Next(after.Alarms, after.StartAt, after.DueAt, p.ReminderFractions, at)},
	})
}

func (s *Service) planOf(r store.Reader, d Duty) (plan.Plan, error) {
	return s.plans.At(r, d.Basis.Plan)
}
