package job

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
)

// LastTurn returns the real time of the loop's last turn that could take work;
// zero before Start. A loop whose places are all held by handlers that do not
// end turns but cannot take work, and is as good as dead.
func (r *Runner) LastTurn() time.Time { return clock.FromMicros(r.beat.Load()) }

// Watchdog looks at a runner's loop from a goroutine of its own: a dead loop
// cannot report itself.
type Watchdog struct {
	r        *Runner
	clk      *clock.Clock
	most     time.Duration
	onSilent func(ctx context.Context, since time.Time)

	looked atomic.Int64 // real µs of the last look

	mu    sync.Mutex
	stop  context.CancelFunc
	ended chan struct{}
}

// Looked returns the real time at which the watchdog last looked at the loop, its start before the
// first look, zero before Start. It looks four times in each maxSilence.
func (w *Watchdog) Looked() time.Time { return clock.FromMicros(w.looked.Load()) }

// NewWatchdog returns a watchdog that calls onSilent once per silence longer
// than maxSilence (real time; more than Config.Lease, which a slow handler may
// take). since is the real time of the last turn, or of the watchdog's start
// when the loop was never started. onSilent gets the watchdog's context.
func NewWatchdog(r *Runner, clk *clock.Clock, maxSilence time.Duration, onSilent func(ctx context.Context, since time.Time)) *Watchdog {
	return &Watchdog{r: r, clk: clk, most: maxSilence, onSilent: onSilent}
}

// Start begins to watch, until ctx ends or Stop. Starting twice is a defect and
// panics.
func (w *Watchdog) Start(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stop != nil {
		panic("job: the watchdog is started already")
	}
	inner, stop := detach(ctx)
	w.stop, w.ended = stop, make(chan struct{})
	w.looked.Store(clock.Micros(w.clk.Real()))
	go w.watch(inner, w.ended)
}

// Stop ends the watch and waits for onSilent if it runs.
func (w *Watchdog) Stop() {
	w.mu.Lock()
	stop, ended := w.stop, w.ended
	w.stop = nil
	w.mu.Unlock()
	if stop != nil {
		stop()
		<-ended
	}
}

func (w *Watchdog) watch(ctx context.Context, ended chan struct{}) {
	defer close(ended)
	began := w.clk.Real()
	var told time.Time // the turn whose silence was told
	for w.clk.Sleep(ctx, max(w.most/4, time.Millisecond)) == nil {
		w.looked.Store(clock.Micros(w.clk.Real()))
		since := w.r.LastTurn()
		if since.IsZero() {
			since = began
		}
		if w.clk.Real().Sub(since) <= w.most || since.Equal(told) {
			continue
		}
		told = since
		w.r.log.Error("the job loop is silent", "since", since, "limit", w.most)
		w.onSilent(ctx, since)
	}
}
