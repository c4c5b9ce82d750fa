package escalation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/document"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/respond/escalation/rows"
)

// signalBatch is how many signals one write takes. A storm is several writes and
// still one call: what follows joins the chain that runs.
const signalBatch = 1000

// callSignals calls the teams whose signals wait, and raises the alarms of the 20 and
// the 60 minutes (policy 003, Escalation Procedure).
func (s *Service) callSignals(ctx context.Context, now time.Time) error {
	return errors.Join(
		s.callWaiting(ctx, now),
		s.callOverdue(ctx, now, ForTriage, intake.StepTriage, s.in.OverdueTriage),
		s.callOverdue(ctx, now, ForClassify, intake.StepClassify, s.in.OverdueClassify),
	)
}

func (s *Service) callWaiting(ctx context.Context, now time.Time) error {
	for {
		batches, err := s.in.Uncalled(ctx, s.db, now, signalBatch)
		if err != nil || len(batches) == 0 {
			return err
		}
		marked := 0
		for _, b := range batches {
			n, err := s.group(ctx, ForSignals, b.Team, b.Drill, b.First.TriageDueAt, func(tx *store.Tx) ([]string, error) {
				return s.in.MarkCalled(tx, self(), b.Team, b.IDs, now)
			})
			if err != nil {
				return fmt.Errorf("call about signals: %w", err)
			}
			marked += n
		}
		if marked == 0 {
			return nil // another node was faster
		}
	}
}

type overdue func(ctx context.Context, r store.Reader, now time.Time, limit int) ([]intake.Signal, error)

func (s *Service) callOverdue(ctx context.Context, now time.Time, p Purpose, step intake.Step, read overdue) error {
	type key struct {
		team  string
		drill bool
	}
	for {
		late, err := read(ctx, s.db, now, signalBatch)
		if err != nil || len(late) == 0 {
			return err
		}
		var order []key
		ids, due := map[key][]string{}, map[key]time.Time{}
		for _, sig := range late {
			k := key{sig.Team, sig.Drill}
			if ids[k] == nil {
				order = append(order, k)
				if due[k] = sig.TriageDueAt; p == ForClassify {
					due[k] = sig.ClassifyDueAt
				}
			}
			ids[k] = append(ids[k], sig.ID)
		}
		marked := 0
		for _, k := range order {
			n, err := s.group(ctx, p, k.team, k.drill, due[k], func(tx *store.Tx) ([]string, error) {
				return s.in.MarkOverdue(tx, self(), step, ids[k], now)
			})
			if err != nil {
				return fmt.Errorf("alarm about signals: %w", err)
			}
			marked += n
		}
		if marked == 0 {
			return nil
		}
	}
}

// group marks signals and calls about them, unless a chain of the same purpose and
// team still waits for its first answer: then they join it. Only the signals this
// write has marked count; another node may have been faster.
func (s *Service) group(ctx context.Context, p Purpose, team string, drill bool, due time.Time, mark func(tx *store.Tx) ([]string, error)) (n int, err error) {
	_, err = s.db.Write(ctx, store.Op{Name: "call.signals", Actor: self().Actor}, func(tx *store.Tx) error {
		n = 0
		ids, err := mark(tx)
		if err != nil || len(ids) == 0 {
			return err
		}
		n = len(ids)
		running, err := document.List[Chain](ctx, tx, `SELECT doc FROM call_chain WHERE purpose = ? AND team = ? AND drill = ? AND state = 'running' ORDER BY id`,
			string(p), team, flag(drill))
		if err != nil {
			return err
		}
		if len(running) > 0 {
			c := running[0]
			return s.record(tx, self().Actor, kindExtended, c.Subject, body{Chain: &c, Signals: ids})
		}
		pl, err := s.plans.CurrentTx(tx)
		if err != nil {
			return err
		}
		return s.open(ctx, tx, Chain{
			Purpose: p, Subject: ids[0], Ref: ids[0], Team: team, Drill: drill, DueAt: due, Minutes: pl.EscalateMinutes,
		}, ids)
	})
	return n, err
}

// remaining lists the signals a chain is still about, without those in except. An
// alarm about undecided signals ends when they are decided, all others also when the
// team has acknowledged them.
func (s *Service) remaining(ctx context.Context, r store.Reader, c Chain, except []string) ([]string, error) {
	q := `SELECT s.id FROM call_signal cs JOIN signal s ON s.id = cs.signal_id WHERE cs.chain_id = ? AND s.state || '' = 'open'`
	if c.Purpose != ForClassify {
		q += ` AND s.acknowledged_at = 0`
	}
	ids, err := rows.Texts(ctx, r, q, c.ID)
	if err != nil {
		return nil, fmt.Errorf("signals of a call: %w", err)
	}
	if len(except) > 0 {
		ids = slices.DeleteFunc(ids, func(id string) bool { return slices.Contains(except, id) })
	}
	return ids, nil
}

// OnIncident is an incident.Observer: when signals become part of an incident, the
// calls about them end, because the duties of the incident call from here on.
func (s *Service) OnIncident(ctx context.Context, tx *store.Tx, by who.Identity, before, after incident.State) error {
	if by.IsZero() {
		return fault.New(fault.Denied, "nobody asks")
	}
	if slices.Equal(before.Signals, after.Signals) {
		return nil
	}
	return s.settle(ctx, tx, after.Signals, becauseIncident)
}

// settle ends the chains that are about nothing but these signals and such as are
// settled already.
func (s *Service) settle(ctx context.Context, tx *store.Tx, signals []string, why string) error {
	seen := map[string]bool{}
	for part := range slices.Chunk(signals, 400) {
		args := make([]any, len(part))
		for i, id := range part {
			args[i] = id
		}
		chains, err := document.List[Chain](ctx, tx, `SELECT c.doc FROM call_chain c WHERE c.state IN ('running', 'exhausted') AND c.id IN
			(SELECT chain_id FROM call_signal WHERE signal_id IN (`+store.Placeholders(len(part))+`)) ORDER BY c.id`, args...)
		if err != nil {
			return err
		}
		for _, c := range chains {
			if seen[c.ID] {
				continue
			}
			seen[c.ID] = true
			left, err := s.remaining(ctx, tx, c, signals)
			if err != nil {
				return err
			}
			if len(left) > 0 {
				continue
			}
			if err := s.withdraw(ctx, tx, c, why); err != nil {
				return err
			}
		}
	}
	return nil
}
