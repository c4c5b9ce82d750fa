// Package job runs what is due later: jobs that a transaction left behind, and
// sweeps that ask "what is due at now?". It carries the clocks of the policies
// ("no later than 20 minutes after the incident is discovered", "every second
// hour", policy 003) across restarts: a job is a row committed together with
// the change that caused it, leased by one process at a time, tried again with
// a growing pause, and visible when it is given up. A watchdog beside the loop
// says when the loop itself has stopped.
//
// When a job runs (RunAt) is product time, so a test clock moves it. Leases,
// pauses between attempts and the watchdog use real time, so a jump of the test
// clock neither loses a lease nor burns the attempts.
//
// It must not import any chapter, any face, or another room of the ground floor
// than clock, fault, ident, record, store and who.
package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
)

// State is where a job stands. A finished job has no row.
type State string

// The states.
const (
	Ready  State = "ready"  // waits for RunAt or for the pause after a failed attempt
	Leased State = "leased" // some process runs it now
	Dead   State = "dead"   // given up; a person retries or discards it
)

// Job is one unit of work. Attempt is 1 in the first run. Its times are
// product time.
type Job struct {
	ID          string          `json:"id"`
	Kind        string          `json:"kind"`
	Payload     json.RawMessage `json:"payload"`
	State       State           `json:"state"`
	RunAt       time.Time       `json:"run_at"`
	Attempt     int             `json:"attempt"`
	MaxAttempts int             `json:"max_attempts"`
	LastError   string          `json:"last_error"`
	UniqueKey   string          `json:"unique_key"`
	CreatedAt   time.Time       `json:"created_at"`
	FailedAt    time.Time       `json:"failed_at"`
	// NextAt is when a ready job runs at the earliest: RunAt, or the end of the pause after a
	// failed attempt.
	NextAt time.Time `json:"next_at"`

	held *held
}

// held is this process's claim on a leased job.
type held struct {
	r     *Runner
	lease string
	done  atomic.Bool
}

// Draft asks for a job. RunAt zero means now. Unique, when set, keeps at most
// one waiting job of this kind and key: asking again while one waits keeps the
// first payload and may bring RunAt forward. A job that already runs does not count,
// because it may have read what the new one is about; the two never run at the
// same time. MaxAttempts 0 takes the runner's.
type Draft struct {
	Kind        string
	Payload     any // encodes to JSON
	RunAt       time.Time
	Unique      string
	MaxAttempts int
}

// Handler does the work of one job, outside any transaction. It must come to
// the same end when it is run again. Its effect in the database and the end of
// the job belong together: return j.Done(ctx, func(tx) error { … }). A handler
// that returns nil without Done has its job ended after it. An error means
// another attempt; Permanent(err) means none.
type Handler func(ctx context.Context, j Job) error

// ErrLeaseLost says that another process has taken the job over; nothing of
// this attempt was written.
var ErrLeaseLost = errors.New("job: the lease was lost to another process")

type permanentError struct{ error }

func (e permanentError) Unwrap() error { return e.error }

// Permanent marks an error that another attempt cannot cure: the job is dead at
// once.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return permanentError{err}
}

// Config tunes a Runner. The zero value works.
type Config struct {
	Workers     int           // handlers at the same time, default 8
	Lease       time.Duration // real time, default 30 s; a handler gets five sixths of it
	MaxAttempts int           // default 20, about an hour and a quarter
	PauseFirst  time.Duration // real time after the first failure, default 1 s, doubled each time
	PauseMost   time.Duration // default 5 min
	Poll        time.Duration // the loop turns at least this often, default 2 s
	StopWait    time.Duration // how long Stop waits for handlers, default 10 s

	// Ledger takes the entry of a discarded job. Without one nothing can be discarded.
	Ledger *record.Ledger
	// Moved is told of each step by which Forward moves the test clock, before what falls
	// due there is done: a process that dies on the way goes on from there. nil is fine.
	Moved func(ctx context.Context) error
}

func (c Config) withDefaults() Config {
	or := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	if c.Workers <= 0 {
		c.Workers = 8
	}
	if c.MaxAttempts <= 0 {
		c.MaxAttempts = 20
	}
	or(&c.Lease, 30*time.Second)
	or(&c.PauseFirst, time.Second)
	or(&c.PauseMost, 5*time.Minute)
	or(&c.Poll, 2*time.Second)
	or(&c.StopWait, 10*time.Second)
	return c
}

// Runner enqueues and runs jobs and sweeps. Register and AddSweep come before
// Start.
type Runner struct {
	db  *store.DB
	clk *clock.Clock
	log *slog.Logger
	cfg Config

	mu       sync.Mutex
	handlers map[string]Handler
	long     map[string]bool // kinds whose lease is renewed while they run
	kinds    []any           // names of handlers, sorted, as SQL arguments
	sweeps   []*sweep
	running  int
	changed  chan struct{} // closed and renewed when a handler ends
	stop     context.CancelFunc
	ended    chan struct{}

	turnMu  sync.Mutex // one turn at a time, of the loop or of Drain
	wake    chan struct{}
	planned atomic.Int64 // product µs of the loop's next turn; everything earlier wakes it
	beat    atomic.Int64 // real µs of the last turn that could take work
}

// New returns a runner that is not started. log nil is silent.
func New(db *store.DB, clk *clock.Clock, log *slog.Logger, cfg Config) *Runner {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	r := &Runner{
		db: db, clk: clk, log: log, cfg: cfg.withDefaults(), handlers: map[string]Handler{}, long: map[string]bool{},
		changed: make(chan struct{}), wake: make(chan struct{}, 1),
	}
	r.planned.Store(always)
	return r
}

// Register names the handler of a kind. A process leases only kinds it has a
// handler for. Registering a kind twice is a defect and panics.
func (r *Runner) Register(kind string, h Handler) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.handlers[kind]; ok || kind == "" || h == nil {
		panic("job: kind " + kind + " is registered twice or empty")
	}
	r.handlers[kind] = h
	names := make([]string, 0, len(r.handlers))
	for k := range r.handlers {
		names = append(names, k)
	}
	slices.Sort(names)
	r.kinds = make([]any, len(names))
	for n, k := range names {
		r.kinds[n] = k
	}
}

// RegisterLong is Register for work that may take longer than a lease, such as a
// conversation with a slow server that must not be broken off: the lease is renewed while
// the handler runs, and its context ends only with Stop or when the lease is lost. A
// handler of this kind holds one of the workers, so it ends by itself before long.
func (r *Runner) RegisterLong(kind string, h Handler) {
	r.Register(kind, h)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.long[kind] = true
}

// Enqueue leaves a job behind in tx; it exists when tx commits.
func (r *Runner) Enqueue(tx *store.Tx, d Draft) error {
	if d.Kind == "" {
		return errors.New("job: a draft without a kind")
	}
	payload, err := json.Marshal(d.Payload)
	if err != nil {
		return fmt.Errorf("encode payload of job %s: %w", d.Kind, err)
	}
	now := r.clk.Now()
	if d.RunAt.IsZero() {
		d.RunAt = now
	}
	if d.MaxAttempts <= 0 {
		d.MaxAttempts = r.cfg.MaxAttempts
	}
	_, err = tx.Exec(`INSERT INTO job (id, kind, payload, state, run_at, wait_until, lease_until, lease, attempt,
		max_attempts, last_error, unique_key, created_at, failed_at)
		VALUES (?,?,?,'ready',?,0,0,'',0,?,'',?,?,0)
		ON CONFLICT (kind, unique_key) WHERE state = 'ready' AND unique_key <> ''
		DO UPDATE SET run_at = CASE WHEN excluded.run_at < job.run_at THEN excluded.run_at ELSE job.run_at END`,
		ident.New(now), d.Kind, payload, clock.Micros(d.RunAt), d.MaxAttempts, d.Unique, clock.Micros(now))
	if err != nil {
		return fmt.Errorf("enqueue job %s: %w", d.Kind, err)
	}
	at := clock.Micros(d.RunAt)
	tx.AfterCommit(func() {
		if at < r.planned.Load() {
			r.nudge()
		}
	})
	return nil
}

// Done ends the job and runs fn in one transaction: both happen or neither, and
// once, also after a crash. fn may be nil. It returns ErrLeaseLost, with
// nothing written, when another process has taken the job over. ctx does not
// cut it short: its outcome must be known.
func (j Job) Done(_ context.Context, fn func(tx *store.Tx) error) error {
	if j.held == nil {
		return errors.New("job: Done on a job that is not leased")
	}
	err := j.held.r.write("job.done", func(tx *store.Tx) error {
		if err := j.held.mine(tx, `DELETE FROM job WHERE id=? AND state='leased' AND lease=?`, j.ID, j.held.lease); err != nil {
			return err
		}
		if fn == nil {
			return nil
		}
		return fn(tx)
	})
	if err != nil {
		return fmt.Errorf("end job %s %s: %w", j.Kind, j.ID, err)
	}
	j.held.done.Store(true)
	return nil
}

// Exclusive runs fn in a transaction of its own, only while this process still
// holds the job; for a handler that must write something durable before it acts
// outward. ErrLeaseLost otherwise.
func (j Job) Exclusive(_ context.Context, fn func(tx *store.Tx) error) error {
	if j.held == nil {
		return errors.New("job: Exclusive on a job that is not leased")
	}
	err := j.held.r.write("job.step", func(tx *store.Tx) error {
		// The lease is renewed: what follows gets its full time.
		until := clock.Micros(j.held.r.clk.Real().Add(j.held.r.cfg.Lease))
		err := j.held.mine(tx, `UPDATE job SET lease_until=? WHERE id=? AND state='leased' AND lease=?`, until, j.ID, j.held.lease)
		if err != nil {
			return err
		}
		return fn(tx)
	})
	if err != nil {
		return fmt.Errorf("step of job %s %s: %w", j.Kind, j.ID, err)
	}
	return nil
}

// mine runs a statement that must hit exactly the leased row.
func (h *held) mine(tx *store.Tx, q string, args ...any) error {
	res, err := tx.Exec(q, args...)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		err = ErrLeaseLost
	}
	return err
}

// write is a transaction of the runner itself. It does not take a caller's
// context, which may carry an idempotency key or be over.
func (r *Runner) write(op string, fn func(tx *store.Tx) error) error {
	_, err := r.db.Write(clock.Background(), store.Op{Name: op, Actor: "engine:job"}, fn)
	return err
}

func (r *Runner) nudge() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}
