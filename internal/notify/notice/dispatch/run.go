package dispatch

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail/bulk"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/desk"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

// jobSlice carries a run on; there is one at a time for each run, in one process.
const jobSlice = "dispatch.carry"

// attempts: a run is never given up because processes died under it.
const attempts = 1_000_000

// linkLife is how long recipients' pages stay, where the run does not say.
const linkLife = 400 * 24 * time.Hour

type carrying struct {
	Run string `json:"run"`
}

var errDrill = item.ErrDrill

// StartTx starts to send a notice to its signed list; the notice room has checked the
// approvals and the gates in this transaction. Every run of a drill is refused, whatever
// channel its recipients have. Permission notice.release.
func (s *Service) StartTx(ctx context.Context, tx *store.Tx, by who.Identity, run Run) error {
	if err := who.Check(by, who.PermNoticeRelease); err != nil {
		return err
	}
	l, err := item.FindList(ctx, tx, run.List)
	if err != nil {
		return err
	}
	st, err := s.incidents.GetTx(tx, l.Incident)
	if err != nil {
		return err
	}
	if run.Drill || l.Drill || st.Kind == incident.Drill {
		return errDrill
	}
	if err := fits(run, l); err != nil {
		return err
	}
	d, err := desk.New(run)
	if err != nil {
		return err
	}
	if err := d.Ready(); err != nil {
		return err
	}
	run.Incident, run.Ref, run.StartedBy, run.StartedAt, run.ListHash = st.ID, st.Ref, by.Actor, s.clk.Now(), l.Hash
	if run.PerSecond == 0 {
		run.PerSecond = s.cfg.PerSecond
	}
	if run.PerDomain == 0 {
		run.PerDomain = s.cfg.PerDomain
	}
	if run.LinkUntil.IsZero() {
		run.LinkUntil = run.StartedAt.Add(linkLife)
	}
	state := item.Running
	if run.Canary > 0 && run.Canary < l.Count {
		state = item.Canary
	}
	doc, err := json.Marshal(run)
	if err != nil {
		return fmt.Errorf("start run %s: %w", run.ID, err)
	}
	_, err = tx.Exec(`INSERT INTO dispatch_run (id, list_id, notice, incident_id, drill, doc, state, reason, canary_left, holder, setbacks, wait_until, recorded,
		link_until, started_by, started_at, ended_at) VALUES (?,?,?,?,0,?,?,'',?,'',0,0,0,?,?,?,0)`,
		run.ID, run.List, run.Notice, run.Incident, doc, state, run.Canary, clock.Micros(run.LinkUntil), run.StartedBy, clock.Micros(run.StartedAt))
	if store.IsUnique(err) {
		return fault.New(fault.Conflict, "This notice is being sent already")
	}
	if err != nil {
		return fmt.Errorf("start run %s: %w", run.ID, err)
	}
	if _, err := tx.Exec(`UPDATE dispatch_list SET state=? WHERE id=?`, item.Used, l.ID); err != nil {
		return fmt.Errorf("start run %s: %w", run.ID, err)
	}
	began := item.Began{Run: run.ID, Notice: run.Notice, List: l.ID, Hash: l.Hash, Count: l.Count}
	if state == item.Canary {
		began.Canary = run.Canary
	}
	if err := s.append(tx, by, item.KindStarted, run.Incident, began); err != nil {
		return err
	}
	return s.enqueue(tx, run.ID, run.NotBefore)
}

func (s *Service) enqueue(tx *store.Tx, run string, at time.Time) error {
	return s.jobs.Enqueue(tx, job.Draft{Kind: jobSlice, Payload: carrying{run}, Unique: run, RunAt: at, MaxAttempts: attempts})
}

// fits refuses a run that does not belong to its list, or whose numbers make no sense.
func fits(run Run, l List) error {
	var wrong []fault.Field
	need := func(ok bool, field, msg string) {
		if !ok {
			wrong = append(wrong, fault.Field{Field: field, Message: msg})
		}
	}
	need(run.ID != "", "id", "is missing")
	need(run.Notice == l.Notice, "list", "is the list of another notice")
	need(l.State == item.Signed, "list", "is not signed off by communications")
	need(run.ListHash == "" || run.ListHash == l.Hash, "list", "is not the one that was approved")
	need(run.Canary >= 0, "canary", "must not be negative")
	need(run.PerSecond >= 0 && run.PerDomain >= 0, "per_second", "must not be negative")
	need(run.SecondAfter >= 0, "second_after", "must not be negative")
	need(run.From == "" || bulk.ValidAddress(run.From), "from", "must be an address like name@example.com")
	need(run.ReplyTo == "" || bulk.ValidAddress(run.ReplyTo), "reply_to", "must be an address like name@example.com")
	for _, a := range run.Attachments {
		need(blob.Valid(a.SHA256) && a.Name != "", "attachments", "need a name and the SHA-256 of a kept file")
	}
	return fault.Invalids(wrong...)
}

const runColumns = `id, doc, state, reason, canary_left, wait_until, ended_at FROM dispatch_run `

func scanRun(row interface{ Scan(dest ...any) error }) (Run, error) {
	var run Run
	var id, reason string
	var state RunState
	var left int
	var doc []byte
	var wait, ended int64
	if err := row.Scan(&id, &doc, &state, &reason, &left, &wait, &ended); err != nil {
		return run, err
	}
	if err := json.Unmarshal(doc, &run); err != nil {
		return run, fmt.Errorf("decode run %s: %w", id, err)
	}
	run.State, run.Reason, run.CanaryLeft = state, reason, left
	run.WaitUntil, run.EndedAt = clock.FromMicros(wait), clock.FromMicros(ended)
	return run, nil
}

func readRun(ctx context.Context, r store.Reader, where string, arg string) (Run, error) {
	run, err := scanRun(r.QueryRow(ctx, `SELECT `+runColumns+where, arg))
	if errors.Is(err, sql.ErrNoRows) {
		return run, fault.New(fault.NotFound, "This notice is not being sent")
	}
	if err != nil {
		return run, fmt.Errorf("read a run: %w", err)
	}
	return run, nil
}

func findRun(ctx context.Context, r store.Reader, id string) (Run, error) {
	return readRun(ctx, r, `WHERE id=?`, id)
}

// runOfList is the run that used a list.
func runOfList(ctx context.Context, r store.Reader, list string) (Run, error) {
	return readRun(ctx, r, `WHERE list_id=?`, list)
}

// RunOf returns the newest run of a notice. Permission notice.read.
func (s *Service) RunOf(ctx context.Context, by who.Identity, notice string) (Run, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return Run{}, err
	}
	return readRun(ctx, s.db, `WHERE notice=? ORDER BY id DESC LIMIT 1`, notice)
}

// Progress is how far a run is.
type Progress struct {
	Run   Run   `json:"run"`
	List  List  `json:"list"`
	Tally Tally `json:"tally"`
}

// Progress reads the counts of a run. Permission notice.read.
func (s *Service) Progress(ctx context.Context, by who.Identity, run string) (Progress, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return Progress{}, err
	}
	var p Progress
	err := s.db.View(ctx, func(v *store.View) (err error) {
		if p.Run, err = findRun(ctx, v, run); err != nil {
			return err
		}
		if p.List, err = item.FindList(ctx, v, p.Run.List); err != nil {
			return err
		}
		p.Tally, err = item.Tallied(ctx, v, p.Run.List)
		return err
	})
	return p, err
}

// Pause lets nobody else be written to until somebody resumes; what a server hears at this
// moment is finished. Permission notice.release.
func (s *Service) Pause(ctx context.Context, by who.Identity, run, reason string) error {
	if err := who.Check(by, who.PermNoticeRelease); err != nil {
		return err
	}
	if err := fault.Invalids(check.Text(nil, "reason", reason, check.Screen, false)...); err != nil {
		return err
	}
	return s.turn(ctx, by, run, item.Paused, item.KindPaused, reason, item.Running, item.Canary)
}

// Resume goes on with a paused run, and lets the rest go after the first few: the run waits
// for exactly this decision of a person. Permission notice.release.
func (s *Service) Resume(ctx context.Context, by who.Identity, run string) error {
	if err := who.Check(by, who.PermNoticeRelease); err != nil {
		return err
	}
	if by.Person == "" && !by.IsEngine() {
		return fault.New(fault.Denied, "A person decides that sending goes on, not a token without one")
	}
	return s.turn(ctx, by, run, item.Running, item.KindResumed, "", item.Paused, item.Waiting)
}

// Stop ends a run for good: who was not written to yet is not written to. Permission
// notice.release.
func (s *Service) Stop(ctx context.Context, by who.Identity, run, reason string) error {
	if err := who.Check(by, who.PermNoticeRelease); err != nil {
		return err
	}
	if err := fault.Invalids(check.Text(nil, "reason", reason, check.Screen, true)...); err != nil {
		return err
	}
	return s.turn(ctx, by, run, item.Halted, item.KindStopped, reason, item.Running, item.Canary, item.Waiting, item.Paused)
}

// turn changes the state of a run, if it stands in one of from.
func (s *Service) turn(ctx context.Context, by who.Identity, id string, to RunState, kind, reason string, from ...RunState) error {
	return s.write(ctx, by, kind, func(tx *store.Tx) error {
		run, err := findRun(ctx, tx, id)
		if err != nil {
			return err
		}
		if !slices.Contains(from, run.State) {
			return fault.Newf(fault.Conflict, "This is not possible now: the run is %s", run.State)
		}
		if to == item.Running {
			if err := s.goesOn(ctx, tx, run); err != nil {
				return err
			}
		}
		to := to // the function may run twice
		if to == item.Running && run.State == item.Paused && run.CanaryLeft > 0 && run.Canary > 0 {
			to = item.Canary // it was paused among the first few
		}
		if err := s.turnTx(tx, by, run, to, kind, reason); err != nil {
			return err
		}
		if to == item.Paused {
			return nil
		}
		return s.enqueue(tx, run.ID, time.Time{})
	})
}

// turnTx writes a change of state with the counts of the moment.
func (s *Service) turnTx(tx *store.Tx, by who.Identity, run Run, to RunState, kind, reason string) error {
	t, err := item.Tallied(clock.Background(), tx, run.List)
	if err != nil {
		return err
	}
	ended := int64(0)
	if to == item.Halted || to == item.Done || to == item.Refused {
		ended = clock.Micros(s.clk.Now())
	}
	left := run.CanaryLeft
	if to == item.Running {
		left = 0
	}
	_, err = tx.Exec(`UPDATE dispatch_run SET state=?, reason=?, canary_left=?, ended_at=?, setbacks=0, wait_until=0 WHERE id=?`, to, reason, left, ended, run.ID)
	if err != nil {
		return fmt.Errorf("run %s becomes %s: %w", run.ID, to, err)
	}
	if err := s.append(tx, by, kind, run.Incident, item.Turned{Run: run.ID, Notice: run.Notice, Tally: &t, Reason: reason}); err != nil {
		return err
	}
	if to != item.Done && to != item.Halted {
		return nil
	}
	var errs []error
	for _, e := range s.enders {
		errs = append(errs, e(clock.Background(), tx, by, run, to == item.Halted))
	}
	return errors.Join(errs...)
}
