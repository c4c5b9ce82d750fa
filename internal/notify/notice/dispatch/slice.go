package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail/bulk"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/carry"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/desk"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

const (
	sliceLength = 30 * time.Second // real time; then other work may have the place
	mostSlices  = 2                // runs at the same time: calls to people never wait for a mass notice
	elsewhere   = 5 * time.Second  // until a run that found no place asks again
	stopAtOnce  = 2000             // recipients one write stops
	firstPause  = 15 * time.Second // after a setback of the server, doubled each time
	mostPause   = 10 * time.Minute
)

func engine() who.Identity { return who.Engine("dispatch") }

// slice carries a run on for a while. It leaves the next slice behind as a job.
func (s *Service) slice(ctx context.Context, j job.Job) error {
	var c carrying
	if err := json.Unmarshal(j.Payload, &c); err != nil {
		return job.Permanent(fmt.Errorf("read payload: %w", err))
	}
	if s.slices.Add(1) > mostSlices {
		s.slices.Add(-1)
		return j.Done(ctx, func(tx *store.Tx) error { return s.enqueue(tx, c.Run, s.clk.Now().Add(elsewhere)) })
	}
	defer s.slices.Add(-1)
	holder := ident.New(s.clk.Real())
	var run Run
	var mark int64
	err := j.Exclusive(ctx, func(tx *store.Tx) (err error) {
		run, mark, err = s.takeOver(ctx, tx, c.Run, holder)
		return err
	})
	if fault.KindOf(err) == fault.NotFound {
		return job.Permanent(err)
	}
	if err != nil {
		return err
	}
	switch run.State {
	case item.Halted:
		return s.stopRest(ctx, j, run)
	case item.Paused, item.Waiting, item.Refused:
		return j.Done(ctx, nil)
	}
	if now := s.clk.Now(); now.Before(run.NotBefore) {
		return j.Done(ctx, func(tx *store.Tx) error { return s.enqueue(tx, run.ID, run.NotBefore) })
	}
	files, err := s.files(run)
	if errors.Is(err, os.ErrNotExist) {
		return j.Done(ctx, func(tx *store.Tx) error { return s.lacks(ctx, tx, run.ID) })
	}
	if err != nil {
		return err
	}
	rep, err := s.carry(ctx, run, files, holder, mark)
	if errors.Is(err, carry.ErrLost) {
		return nil
	}
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return j.Done(ctx, func(tx *store.Tx) error { return s.settle(ctx, tx, run.ID, rep) })
}

// takeOver makes this process the one that carries the run. What another process left as
// "sending" may have gone out: it is sent again, and named. What it did not record any more
// is recorded now.
func (s *Service) takeOver(ctx context.Context, tx *store.Tx, id, holder string) (Run, int64, error) {
	run, err := findRun(ctx, tx, id)
	if err != nil {
		return run, 0, err
	}
	st, err := s.incidents.GetTx(tx, run.Incident)
	if err != nil {
		return run, 0, err
	}
	l, err := item.FindList(ctx, tx, run.List)
	if err != nil {
		return run, 0, err
	}
	if run.Drill || l.Drill || st.Kind == incident.Drill { // it cannot have begun; look again all the same
		run.State = item.Refused
		return run, 0, s.turnTx(tx, engine(), run, item.Refused, item.KindRefused, "")
	}
	if run, err = s.hold(ctx, tx, run); err != nil {
		return run, 0, err
	}
	var last string
	var mark int64
	if err := tx.QueryRow(ctx, `SELECT holder, recorded FROM dispatch_run WHERE id=?`, id).Scan(&last, &mark); err != nil {
		return run, 0, fmt.Errorf("read run %s: %w", id, err)
	}
	if _, err := tx.Exec(`UPDATE dispatch_run SET holder=? WHERE id=?`, holder, id); err != nil {
		return run, 0, fmt.Errorf("take run %s over: %w", id, err)
	}
	if last == "" { // the slice before came to its end
		return run, mark, nil
	}
	left, err := item.Query(ctx, tx, `WHERE list_id=? AND state='sending' ORDER BY seq`, run.List)
	if err != nil {
		return run, 0, err
	}
	var d Tally
	for _, before := range left {
		after := before
		after.State, after.MaybeTwice, after.NextAt = Queued, true, time.UnixMicro(item.Always)
		if err := item.Save(tx, after); err != nil {
			return run, 0, err
		}
		d.AddAll(item.Moved(before, after))
		if err := item.Happened(tx, s.clk, after.ID, "attempt", "The server ended while this copy was being sent: it may arrive twice, with the same Message-ID", ""); err != nil {
			return run, 0, err
		}
	}
	if err := item.Count(tx, run.List, d); err != nil {
		return run, 0, err
	}
	mark, err = s.recover(ctx, tx, run, mark)
	return run, mark, err
}

// recover records outcomes that were written and not recorded when a process died.
func (s *Service) recover(ctx context.Context, tx *store.Tx, run Run, mark int64) (int64, error) {
	list, err := item.Query(ctx, tx, `WHERE list_id=? AND mark>? ORDER BY mark`, run.List, mark)
	if err != nil || len(list) == 0 {
		return mark, err
	}
	mark = list[len(list)-1].Mark
	return mark, s.flush(run)(tx, list, mark)
}

// flush records a batch of outcomes and tells the other rooms.
func (s *Service) flush(run Run) func(tx *store.Tx, changed []Recipient, upto int64) error {
	return func(tx *store.Tx, changed []Recipient, upto int64) error {
		b := item.Outcomes{Run: run.ID, Notice: run.Notice, Outcomes: make([]item.Outcome, 0, len(changed))}
		for _, r := range changed {
			b.Outcomes = append(b.Outcomes, outcomeOf(r))
		}
		if err := s.append(tx, engine(), item.KindOutcomes, run.Incident, b); err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE dispatch_run SET recorded=? WHERE id=?`, upto, run.ID); err != nil {
			return fmt.Errorf("record outcomes of run %s: %w", run.ID, err)
		}
		now, err := item.Afresh(clock.Background(), tx, changed)
		if err != nil {
			return err
		}
		return s.tellTx(clock.Background(), tx, run, now...)
	}
}

// outcomeOf is a recipient's outcome in a batch. One that was moved on to another way
// failed on the way before.
func outcomeOf(r Recipient) item.Outcome {
	o := item.Outcome{Recipient: r.ID, State: r.State, Code: r.Code, Stage: r.Stage, Twice: r.MaybeTwice}
	switch {
	case r.State == Queued && r.Stage > 0:
		o.State, o.Stage, o.At = Failed, r.Stage-1, clock.Micros(r.FailedAt)
	case r.State == Failed:
		o.At = clock.Micros(r.FailedAt)
	default:
		o.At = clock.Micros(r.SentAt)
	}
	return o
}

// carry works on the run's copies.
func (s *Service) carry(ctx context.Context, run Run, files []bulk.Attachment, holder string, mark int64) (carry.Report, error) {
	d, err := desk.New(run)
	if err != nil {
		return carry.Report{}, job.Permanent(err)
	}
	c := carry.Carrier{
		DB: s.db, Clk: s.clk, Connections: s.cfg.Connections, Flush: s.flush(run),
		Try: func(ctx context.Context, r Recipient, token string) item.Result {
			return s.try(ctx, run, d, files, r, token)
		},
	}
	return c.Slice(ctx, run, holder, mark, sliceLength)
}

// files reads the attachments once for all copies.
func (s *Service) files(run Run) ([]bulk.Attachment, error) {
	var out []bulk.Attachment
	for _, a := range run.Attachments {
		f, err := s.blobs.Open(a.SHA256)
		if err != nil {
			return nil, fmt.Errorf("open attachment %s: %w", a.SHA256, err)
		}
		data, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("read attachment %s: %w", a.SHA256, err)
		}
		out = append(out, bulk.Attachment{Name: a.Name, Media: a.Media, Data: data})
	}
	return out, nil
}

// lacks pauses a run whose attachment is not there any more: a copy without it is not what
// was approved.
func (s *Service) lacks(ctx context.Context, tx *store.Tx, id string) error {
	run, err := findRun(ctx, tx, id)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE dispatch_run SET holder='' WHERE id=?`, id); err != nil {
		return fmt.Errorf("pause run %s: %w", id, err)
	}
	if run.State != item.Running && run.State != item.Canary && run.State != item.Done {
		return nil
	}
	return s.turnTx(tx, engine(), run, item.Paused, item.KindPaused,
		"An attachment was erased or its content is missing. Stop this sending and write another notice, or bring the content back and go on")
}

// settle decides what follows a slice.
func (s *Service) settle(ctx context.Context, tx *store.Tx, id string, rep carry.Report) error {
	run, err := findRun(ctx, tx, id)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE dispatch_run SET holder='' WHERE id=?`, id); err != nil {
		return fmt.Errorf("settle run %s: %w", id, err)
	}
	if run.State != item.Running && run.State != item.Canary && run.State != item.Done {
		if run.State == item.Halted {
			return s.enqueue(tx, id, time.Time{})
		}
		return nil
	}
	if rep.Setback != "" {
		return s.rest(tx, run, rep)
	}
	if run.State == item.Canary && run.CanaryLeft <= 0 {
		return s.turnTx(tx, engine(), run, item.Waiting, item.KindCanary, "")
	}
	if _, err := tx.Exec(`UPDATE dispatch_run SET setbacks=0, wait_until=0, reason='' WHERE id=? AND setbacks>0`, id); err != nil {
		return fmt.Errorf("settle run %s: %w", id, err)
	}
	if err := s.endTx(ctx, tx, run); err != nil {
		return err
	}
	next, err := s.nextTurn(ctx, tx, run)
	if err != nil || next == 0 {
		return err
	}
	return s.enqueue(tx, id, clock.FromMicros(max(next, clock.Micros(s.clk.Now()))))
}

// nextTurn is when somebody's turn comes next, 0 for never.
func (s *Service) nextTurn(ctx context.Context, r store.Reader, run Run) (int64, error) {
	var next int64
	err := r.QueryRow(ctx, `SELECT COALESCE(MIN(next_at), 0) FROM dispatch_recipient WHERE list_id=? AND next_at>0`, run.List).Scan(&next)
	if err != nil {
		return 0, fmt.Errorf("look for the next turn of run %s: %w", run.ID, err)
	}
	return next, nil
}

// rest lets the server be after a setback that would have met every copy: without a server
// the run is paused, else it goes on by itself.
func (s *Service) rest(tx *store.Tx, run Run, rep carry.Report) error {
	if !s.pool.Enabled() {
		return s.turnTx(tx, engine(), run, item.Paused, item.KindPaused, "No mail server is set; set one (smtp-host), then resume")
	}
	var setbacks int64
	if err := tx.QueryRow(clock.Background(), `SELECT setbacks FROM dispatch_run WHERE id=?`, run.ID).Scan(&setbacks); err != nil {
		return fmt.Errorf("read run %s: %w", run.ID, err)
	}
	if rep.Accepted > 0 {
		setbacks = 0
	}
	pause := min(firstPause<<min(setbacks, 10), mostPause)
	until := s.clk.Now().Add(pause)
	_, err := tx.Exec(`UPDATE dispatch_run SET setbacks=?, wait_until=?, reason=? WHERE id=?`, setbacks+1, clock.Micros(until), rep.Setback, run.ID)
	if err != nil {
		return fmt.Errorf("let run %s rest: %w", run.ID, err)
	}
	return s.enqueue(tx, run.ID, until)
}

// endTx ends a run once nobody waits: what then comes back, or is acknowledged, is added.
func (s *Service) endTx(ctx context.Context, tx *store.Tx, run Run) error {
	t, err := item.Tallied(ctx, tx, run.List)
	if err != nil || t.Queued+t.Sending > 0 || run.State != item.Running {
		return err
	}
	return s.turnTx(tx, engine(), run, item.Done, item.KindEnded, "")
}

// stopRest names everybody whom a stopped run did not reach, page by page.
func (s *Service) stopRest(ctx context.Context, j job.Job, run Run) error {
	return j.Done(ctx, func(tx *store.Tx) error {
		list, err := item.Query(ctx, tx, `WHERE list_id=? AND state='queued' ORDER BY seq LIMIT ?`, run.List, stopAtOnce)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			_, err := tx.Exec(`UPDATE dispatch_run SET holder='' WHERE id=?`, run.ID)
			return err
		}
		b := item.Outcomes{Run: run.ID, Notice: run.Notice}
		var d Tally
		for _, before := range list {
			after := before
			after.State, after.NextAt = Stopped, time.Time{}
			if err := item.Save(tx, after); err != nil {
				return err
			}
			d.AddAll(item.Moved(before, after))
			b.Outcomes = append(b.Outcomes, item.Outcome{Recipient: after.ID, State: Stopped, At: clock.Micros(s.clk.Now()), Stage: after.Stage})
		}
		if err := item.Count(tx, run.List, d); err != nil {
			return err
		}
		if err := s.append(tx, engine(), item.KindOutcomes, run.Incident, b); err != nil {
			return err
		}
		return s.enqueue(tx, run.ID, time.Time{})
	})
}
