package carry

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

// Reads bring this many of those whose turn it is; retries come before first attempts, so
// that a long list does not starve whom a server put off.
const (
	readMany  = 400
	readLater = 100
)

// take returns whose turn it is, or how long nobody's is. False: this slice is over.
func (s *slice) take(ctx context.Context) (r item.Recipient, wait time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Clk.Real()
	if s.ended || ctx.Err() != nil || now.After(s.until) {
		return r, 0, false
	}
	if len(s.queue) == 0 {
		if err := s.load(ctx); err != nil {
			s.ended = true
			if s.failure == nil && ctx.Err() == nil {
				s.failure = err
			}
			return r, 0, false
		}
	}
	if len(s.queue) == 0 {
		return r, 0, false
	}
	wait = time.Hour
	for n := range s.queue {
		w := s.pace.Take(now, domain(s.queue[n]))
		if w == 0 {
			r = s.queue[n]
			if n == 0 {
				s.queue = s.queue[1:]
			} else {
				s.queue = append(s.queue[:n], s.queue[n+1:]...)
			}
			return r, 0, true
		}
		wait = min(wait, w)
		if s.pace.ServerWait(now) > 0 {
			break // nobody's turn, whatever the domain
		}
	}
	return r, wait, true
}

func domain(r item.Recipient) string {
	if r.Channel == item.Page {
		return ""
	}
	_, d, _ := strings.Cut(r.Address, "@")
	return strings.ToLower(d)
}

// load reads whose turn it is (next_at>0 in plain text lets both engines use the index of
// those), and moves those who did not acknowledge in time to their
// next way.
func (s *slice) load(ctx context.Context) error {
	for {
		now := clock.Micros(s.Clk.Now())
		due, err := item.Query(ctx, s.DB, `WHERE list_id=? AND next_at>0 AND next_at>? AND next_at<=? ORDER BY next_at, seq LIMIT ?`,
			s.run.List, item.Always, now, readLater)
		if err != nil {
			return err
		}
		fresh, err := item.Query(ctx, s.DB, `WHERE list_id=? AND next_at>0 AND next_at=? ORDER BY seq LIMIT ?`, s.run.List, item.Always, readMany)
		if err != nil {
			return err
		}
		silent := []item.Recipient{}
		first := 0
		for _, r := range append(due, fresh...) {
			switch {
			case r.State != item.Queued:
				silent = append(silent, r)
			case s.run.State == item.Canary && r.Attempts == 0 && r.Stage == 0:
				if first < s.left {
					first++
					s.queue = append(s.queue, r)
				}
			default:
				s.queue = append(s.queue, r)
			}
		}
		s.left -= first
		if len(silent) == 0 {
			return nil
		}
		if err := s.second(silent); err != nil {
			return err
		}
	}
}

// second moves those who did not acknowledge to their next way.
func (s *slice) second(list []item.Recipient) error {
	_, err := s.DB.Write(clock.Background(), store.Op{Name: "dispatch.second", Actor: "engine:dispatch"}, func(tx *store.Tx) error {
		g, err := s.gate(tx)
		if err != nil {
			return err
		}
		if g.holder != s.holder {
			return ErrLost
		}
		var d item.Tally
		for _, r := range list {
			now, err := item.Find(clock.Background(), tx, r.ID)
			if err != nil {
				return err
			}
			after := now
			after.NextAt = time.Time{}
			word := "Not acknowledged in time, and no other way to reach them is known"
			if next, ok := item.Silent(now, s.run.Order(now), s.run.Second); ok && now.AcknowledgedAt.IsZero() && (now.State == item.Sent || now.State == item.Delivered) {
				after = next
				if !after.Channel.ByHand() {
					after.NextAt = time.UnixMicro(item.Always)
				}
				word = "Not acknowledged in time: the next way is tried, " + strings.ReplaceAll(string(after.Channel), "_", " ")
			}
			if err := item.Save(tx, after); err != nil {
				return err
			}
			if now.AcknowledgedAt.IsZero() {
				if err := item.Happened(tx, s.Clk, r.ID, "second", word, ""); err != nil {
					return err
				}
			}
			d.AddAll(item.Moved(now, after))
		}
		return item.Count(tx, s.run.List, d)
	})
	if err != nil {
		return fmt.Errorf("try the second way: %w", err)
	}
	return nil
}
