// Package carry sends the copies of one run over a few connections: it takes whose turn it
// is, writes down "sending" before a server hears a word, and "sent" with the claim of the
// next in one write after its answer. It carries out policy 003 ("must take place in a
// timely manner") under the worst conditions: killed at any moment, at most one copy per
// connection may have gone twice, and its row says so.
//
// It knows nothing of permissions, notices or faces, and must not import its own room.
package carry

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/pace"
)

// Carrier is what a slice works with. Try brings one copy to its recipient: it is called
// from many goroutines, outside any transaction, after the claim is durable. Flush records
// a batch of outcomes; upto is the number of the last of them.
type Carrier struct {
	DB          *store.DB
	Clk         *clock.Clock
	Connections int
	Try         func(ctx context.Context, r item.Recipient, token string) item.Result
	Flush       func(tx *store.Tx, changed []item.Recipient, upto int64) error
}

// Report is what a slice came to.
type Report struct {
	Accepted int
	Setback  string // what a server said that would meet every copy alike, "" for nothing
}

// ErrLost says that another process carries the run on; nothing more may be written here.
var ErrLost = errors.New("carry: another process carries this run")

// grace is how long a conversation may go on after the process is asked to stop: breaking
// it off would make a possible double.
const grace = 8 * time.Second

// slice is one turn at a run.
type slice struct {
	Carrier
	run    item.Run
	holder string
	until  time.Time // real time
	book   *book

	mu      sync.Mutex
	queue   []item.Recipient
	pace    *pace.Pace
	left    int // of the first few, while the run is a canary
	ended   bool
	failure error

	accepted atomic.Int64
	setback  atomic.Pointer[string]
}

// Slice carries a run on until nobody's turn is left, the run is paused, every connection
// met a setback, ctx ends, or length (real time) is over. holder is this process's claim on
// the run, mark the number of the last recorded outcome.
func (c Carrier) Slice(ctx context.Context, run item.Run, holder string, mark int64, length time.Duration) (Report, error) {
	s := &slice{
		Carrier: c, run: run, holder: holder, until: c.Clk.Real().Add(length), book: newBook(mark),
		pace: pace.New(run.PerSecond, run.PerDomain), left: run.CanaryLeft,
	}
	talk, hang := context.WithCancel(context.WithoutCancel(ctx))
	defer hang()
	stop := context.AfterFunc(ctx, func() {
		if c.Clk.Sleep(talk, grace) == nil {
			hang()
		}
	})
	defer stop()
	flushing, quiet := context.WithCancel(talk)
	var flusher, lines sync.WaitGroup
	flusher.Go(func() { s.flushNowAndThen(flushing) })
	for range max(1, c.Connections) {
		lines.Go(func() { s.line(ctx, talk) })
	}
	lines.Wait()
	quiet()
	flusher.Wait()
	s.fail(s.flush(1))
	rep := Report{Accepted: int(s.accepted.Load())}
	if p := s.setback.Load(); p != nil {
		rep.Setback = *p
	}
	return rep, s.failure
}

// fail keeps the first error and lets all lines end.
func (s *slice) fail(err error) {
	if err == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if s.failure == nil {
		s.failure = err
	}
}

// done is what became of a copy that was claimed.
type done struct {
	claimed item.Recipient // as it stood in the table while it was sent
	after   item.Recipient
	word    string
}

// line is one connection's work: claim, send, and with the next claim write down the
// outcome of the last.
func (s *slice) line(ctx, talk context.Context) {
	var last *done
	for {
		r, wait, ok := s.take(ctx)
		if !ok || wait > 0 {
			if _, live := s.step(talk, last, nil, nil); !live || !ok {
				return
			}
			last = nil
			if s.Clk.Sleep(ctx, min(wait, time.Second)) != nil {
				return
			}
			continue
		}
		token, hash := item.NewLink(r.ID)
		claimed, live := s.step(talk, last, &r, hash)
		if last = nil; !live {
			return
		}
		if !claimed {
			continue
		}
		res := s.Try(talk, r, token)
		last = s.judge(r, res)
		if res.Server {
			s.setback.Store(&res.Answer)
			s.step(talk, last, nil, nil)
			return
		}
	}
}

// judge says what an attempt means: also that another way is tried.
func (s *slice) judge(r item.Recipient, res item.Result) *done {
	now := s.Clk.Now()
	d := &done{claimed: r}
	d.after, d.word = item.After(r, res, now, s.run.SecondAfter)
	switch d.after.State {
	case item.Sent:
		s.accepted.Add(1)
		d.after.Mark = s.book.next()
	case item.Failed:
		d.after.Mark = s.book.next()
		d.after = Onward(s.run, d.after)
	}
	return d
}

// Onward moves a recipient whose copy did not arrive to the next way, if there is one.
func Onward(run item.Run, r item.Recipient) item.Recipient {
	next, ok := item.Next(r, run.Order(r))
	if !ok {
		r.Gap = "No other way to reach them is known"
		return r
	}
	if !next.Channel.ByHand() {
		next.NextAt = time.UnixMicro(item.Always)
	}
	return next
}

// gate is whether this process may still claim, read once per group of writes.
type gate struct {
	holder string
	state  item.RunState
}

type gateKey struct{ run string }

func (g gate) open() bool {
	return g.state == item.Running || g.state == item.Canary || g.state == item.Done
}

// step writes the outcome of the last copy and the claim of the next, together. It tries
// until the outcome is written: losing it would make a double of what is known. live is
// false when this line ends.
func (s *slice) step(ctx context.Context, last *done, r *item.Recipient, hash []byte) (claimed, live bool) {
	if last == nil && r == nil {
		return false, true
	}
	for {
		var before item.Recipient
		if r != nil {
			before = *r
		}
		_, err := s.DB.Write(clock.Background(), store.Op{Name: "dispatch.step", Actor: "engine:dispatch"}, func(tx *store.Tx) error {
			claimed, live = false, false
			if r != nil {
				*r = before
			}
			g, err := s.gate(tx)
			if err != nil {
				return err
			}
			if g.holder != s.holder {
				return ErrLost
			}
			return s.write(tx, g, last, r, hash, &claimed, &live)
		})
		if err == nil {
			if last != nil && last.after.Mark > last.claimed.Mark {
				s.book.done(last.after)
			}
			return claimed, live || r == nil
		}
		if errors.Is(err, ErrLost) || s.Clk.Sleep(ctx, time.Second) != nil {
			s.fail(err)
			return false, false
		}
	}
}

func (s *slice) gate(tx *store.Tx) (gate, error) {
	v, err := tx.Memo(gateKey{s.run.ID}, func() (any, error) {
		var g gate
		err := tx.QueryRow(clock.Background(), `SELECT holder, state FROM dispatch_run WHERE id=?`, s.run.ID).Scan(&g.holder, &g.state)
		return g, err
	})
	if err != nil {
		return gate{}, fmt.Errorf("read run %s: %w", s.run.ID, err)
	}
	return v.(gate), nil
}

func (s *slice) write(tx *store.Tx, g gate, last *done, r *item.Recipient, hash []byte, claimed, live *bool) error {
	var d item.Tally
	if last != nil {
		ok, err := outcome(tx, last)
		if err != nil {
			return err
		}
		if ok {
			d = item.Moved(last.claimed, last.after)
			if last.word != "" {
				if err := item.Happened(tx, s.Clk, last.after.ID, "attempt", last.word, ""); err != nil {
					return err
				}
			}
		}
	}
	if *live = g.open(); *live && r != nil {
		ok, err := s.claim(tx, r, hash)
		if err != nil {
			return err
		}
		if *claimed = ok; ok {
			d.Queued--
			d.Sending++
		}
	}
	return item.Count(tx, s.run.List, d)
}

// outcome writes what became of a copy, unless somebody else did in between: a report of
// failure that came before the answer was written.
func outcome(tx *store.Tx, d *done) (bool, error) {
	a := d.after
	res, err := tx.Exec(`UPDATE dispatch_recipient SET state=?, attempts=?, stage=?, channel=?, address=?, contact_no=?, maybe_twice=?, code=?, answer=?,
		mark=?, next_at=?, sent_at=?, failed_at=?, gap=? WHERE id=? AND state='sending' AND attempts=? AND stage=?`,
		a.State, a.Attempts, a.Stage, a.Channel, a.Address, a.ContactNo, a.MaybeTwice, a.Code, a.Answer,
		a.Mark, clock.Micros(a.NextAt), clock.Micros(a.SentAt), clock.Micros(a.FailedAt), a.Gap, a.ID, d.claimed.Attempts, d.claimed.Stage)
	if err != nil {
		return false, fmt.Errorf("write the outcome of recipient %s: %w", a.ID, err)
	}
	n, err := res.RowsAffected()
	if err != nil || n == 0 || a.Address == d.claimed.Address {
		return n > 0, err
	}
	_, err = tx.Exec(`UPDATE dispatch_recipient SET address_key=? WHERE id=?`, item.Key(a.Address), a.ID) // rare, so that each copy writes one index less
	return true, err
}

// claim marks a copy as being sent, if it still waits as it was read.
func (s *slice) claim(tx *store.Tx, r *item.Recipient, hash []byte) (bool, error) {
	now := s.Clk.Now()
	links := item.WithLink(r.Links, hash)
	res, err := tx.Exec(`UPDATE dispatch_recipient SET state='sending', attempts=?, sending_at=?, next_at=0, links=? WHERE id=? AND state='queued' AND attempts=? AND stage=?`,
		r.Attempts+1, clock.Micros(now), links, r.ID, r.Attempts, r.Stage)
	if err != nil {
		return false, fmt.Errorf("claim recipient %s: %w", r.ID, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	first := r.Attempts == 0 && r.Stage == 0
	r.State, r.Attempts, r.SendingAt, r.NextAt, r.Links = item.Sending, r.Attempts+1, now, time.Time{}, links
	if s.run.State == item.Canary && first {
		if _, err := tx.Exec(`UPDATE dispatch_run SET canary_left=canary_left-1 WHERE id=?`, s.run.ID); err != nil {
			return false, fmt.Errorf("count the first few: %w", err)
		}
	}
	return true, nil
}
