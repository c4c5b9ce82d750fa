package carry

import (
	"context"
	"sync"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

// Outcomes go to the ledger in batches: of batchSize, or what is there every so often.
const (
	batchSize  = 500
	batchEvery = 2 * time.Second
	batchLook  = 250 * time.Millisecond
)

// book numbers outcomes and hands out those that are written without a hole, so that one
// number says what the ledger holds: after a crash the rest is found by it.
type book struct {
	mu    sync.Mutex
	first int64 // number of list[0]
	last  int64
	list  []item.Recipient // ID "" = given out and not written yet
}

func newBook(mark int64) *book { return &book{first: mark + 1, last: mark} }

// next gives out a number.
func (b *book) next() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	b.list = append(b.list, item.Recipient{})
	return b.last
}

// done says that an outcome is written.
func (b *book) done(r item.Recipient) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := r.Mark - b.first; n >= 0 && n < int64(len(b.list)) {
		b.list[n] = r
	}
}

// ready returns up to most outcomes from the beginning that are all written.
func (b *book) ready(most int) []item.Recipient {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for n < len(b.list) && n < most && b.list[n].ID != "" {
		n++
	}
	return b.list[:n:n]
}

// forget drops n outcomes from the beginning: the ledger has them.
func (b *book) forget(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list = append([]item.Recipient(nil), b.list[n:]...)
	b.first += int64(n)
}

// flushNowAndThen records batches while the lines work.
func (s *slice) flushNowAndThen(ctx context.Context) {
	since := s.Clk.Real()
	for s.Clk.Sleep(ctx, batchLook) == nil {
		least := batchSize
		if now := s.Clk.Real(); now.Sub(since) >= batchEvery {
			least, since = 1, now
		}
		if err := s.flush(least); err != nil {
			s.fail(err)
			return
		}
	}
}

// flush records what is ready, if it is at least so much.
func (s *slice) flush(least int) error {
	for {
		list := s.book.ready(batchSize)
		if len(list) < least || len(list) == 0 {
			return nil
		}
		_, err := s.DB.Write(clock.Background(), store.Op{Name: "dispatch.flush", Actor: "engine:dispatch"}, func(tx *store.Tx) error {
			g, err := s.gate(tx)
			if err != nil {
				return err
			}
			if g.holder != s.holder {
				return ErrLost
			}
			return s.Flush(tx, list, list[len(list)-1].Mark)
		})
		if err != nil {
			return err
		}
		s.book.forget(len(list))
	}
}
