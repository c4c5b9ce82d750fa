package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
)

const (
	maxGroup = 48  // writes that share a transaction
	maxQueue = 256 // writes that wait before callers do
	maxTries = 4   // runs of a write the engine keeps aborting
)

// writer is the one goroutine that writes.
type writer struct {
	db      *DB
	ctx     context.Context // of the statements; never a caller's
	queue   chan *request
	stop    chan struct{}
	stopped chan struct{}
	conn    *sql.Conn // nil until needed and after a failure

	groups, writes, aborts, largest atomic.Uint64
	lastGood                        atomic.Int64 // real µs of the last commit
	lastBad                         atomic.Pointer[setback]
}

// setback is a write that was not taken; since then none was but probes.
type setback struct {
	at  time.Time // real
	err error
}

func newWriter(db *DB) *writer {
	return &writer{
		db: db, ctx: clock.Background(),
		queue: make(chan *request, maxQueue), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
}

func (w *writer) close() {
	close(w.stop)
	<-w.stopped
}

func (w *writer) run() {
	var g *group
	clean := false
	defer func() {
		if clean {
			return
		}
		// A member ended this goroutine (runtime.Goexit, as a test's Fatal
		// does). Its group is undone, and another goroutine goes on.
		if g != nil {
			g.fail(fault.New(fault.Internal, "A member of the group ended the writer"))
		}
		go w.run()
	}()
	for {
		select {
		case r := <-w.queue:
			if r.state.CompareAndSwap(waiting, begun) {
				g = &group{w: w}
				g.run(r)
				g = nil
			}
		case <-w.stop:
			clean = true
			w.dropConn()
			close(w.stopped)
			return
		}
	}
}

// next returns a request that already waits, or nil.
func (w *writer) next() *request {
	for {
		select {
		case r := <-w.queue:
			if r.state.CompareAndSwap(waiting, begun) {
				return r
			}
		default:
			return nil
		}
	}
}

// connection returns the pinned connection, and makes a new one after a loss.
func (w *writer) connection() (*sql.Conn, error) {
	if w.conn == nil {
		c, err := w.db.write.Conn(w.ctx)
		if err != nil {
			return nil, err
		}
		w.conn = c
	}
	return w.conn, nil
}

// dropConn gives up the connection for good: what state it is in is not known.
func (w *writer) dropConn() {
	if w.conn == nil {
		return
	}
	c := w.conn
	w.conn = nil
	discard(c)
}

// member is a request and what its last run left.
type member struct {
	r  *request
	tx *Tx
	ok bool
}

// group is one transaction shared by up to maxGroup members.
type group struct {
	w       *writer
	conn    *sql.Conn
	members []member
	last    *Tx // of the group's end
	memo    map[any]any
	solo    bool   // one member, no savepoint needed
	saved   bool   // PostgreSQL: a savepoint is open
	xid     string // PostgreSQL: to learn the fate of a lost commit
}

// errAborted says that the engine gave up the whole group.
type errAborted struct{ err error }

func (e errAborted) Error() string { return "group aborted: " + e.err.Error() }
func (e errAborted) Unwrap() error { return e.err }

// run runs the first member and whoever waits by then, commits, and answers.
// If the engine aborts the group, each member is run in its own transaction.
func (g *group) run(first *request) {
	g.solo = len(g.w.queue) == 0
	g.members = append(g.members, member{r: first})
	err := g.attempt(true)
	if err == nil {
		g.answer()
		return
	}
	if errors.Is(err, errUnknown) {
		g.fail(err)
		return
	}
	g.w.aborts.Add(1)
	g.w.db.log.Warn("write group aborted, running its members one by one", "members", len(g.members), "error", err)
	for _, m := range g.members {
		g.w.alone(m.r, err)
	}
}

// alone runs one request in a transaction of its own, again while the engine
// aborts it for a passing reason.
func (w *writer) alone(r *request, err error) {
	for try := range maxTries {
		if try > 0 {
			w.db.clk.Sleep(w.ctx, time.Duration(try)*20*time.Millisecond)
		}
		r.out, r.err = Outcome{}, nil
		g := &group{w: w, solo: true, members: []member{{r: r}}}
		if err = g.attempt(false); err == nil {
			g.answer()
			return
		}
		if !passing(err) {
			break
		}
	}
	if cause, ok := errors.AsType[errAborted](err); ok {
		err = cause.err
	}
	w.db.log.Error("write failed", "op", r.op.Name, "error", err)
	err = userFault(fmt.Errorf("%s: %w", r.op.Name, err))
	if fault.KindOf(err) == fault.Unavailable {
		w.lastBad.Store(&setback{w.db.clk.Real(), err})
	}
	r.answer(err)
}

// attempt runs the members and commits. An error means that nothing of the
// group is in the database (or errUnknown).
func (g *group) attempt(join bool) error {
	conn, err := g.w.connection()
	if err != nil {
		return errAborted{err}
	}
	g.conn = conn
	if err := g.begin(); err != nil {
		g.rollback()
		return errAborted{err}
	}
	good := 0
	for i := 0; i < len(g.members); i++ {
		if err := g.runMember(&g.members[i]); err != nil {
			g.rollback()
			return errAborted{err}
		}
		if g.members[i].ok {
			good++
		}
		if join && !g.solo && i == len(g.members)-1 && len(g.members) < maxGroup {
			if r := g.w.next(); r != nil {
				g.members = append(g.members, member{r: r})
			}
		}
	}
	if good == 0 {
		g.rollback()
		return nil
	}
	if err := g.finish(); err != nil {
		g.rollback()
		return errAborted{err}
	}
	if err := g.commit(); err != nil {
		if !errors.Is(err, errUnknown) {
			g.rollback()
			err = errAborted{err}
		}
		return err
	}
	g.w.lastGood.Store(g.w.db.clk.Real().UnixMicro())
	if g.members[0].r.op.Name != probe {
		g.w.lastBad.Store(nil)
	}
	g.w.groups.Add(1)
	g.w.writes.Add(uint64(good))
	g.w.largest.Store(max(g.w.largest.Load(), uint64(good)))
	return nil
}

// runMember runs one member in its savepoint. It returns an error only when
// the group as a whole is lost; the member's own error is kept in its request.
func (g *group) runMember(m *member) error {
	if err := g.savepoint(); err != nil {
		return err
	}
	tx := &Tx{g: g}
	m.tx, m.ok = tx, false
	m.r.out, m.r.err = Outcome{}, nil
	err := g.call(m.r, tx)
	tx.over = true
	if tx.fatal != nil {
		return tx.fatal
	}
	if err == nil {
		swallowed, e := g.keep()
		if e != nil {
			return e
		}
		if err = swallowed; err == nil {
			m.ok = true
			return nil
		}
	}
	m.r.err = userFault(err)
	for _, k := range tx.loaded {
		delete(g.memo, k)
	}
	return g.undo()
}

// call runs fn unless the idempotency key says it ran before.
func (g *group) call(r *request, tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			g.w.db.log.Error("panic in a write", "op", r.op.Name, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("%s: panic: %v", r.op.Name, p)
		}
	}()
	if r.key != nil {
		if known, err := tx.recall(r); known || err != nil {
			return err
		}
	}
	if err := r.fn(tx); err != nil {
		return err
	}
	r.out.ResultID = tx.result
	if r.key != nil {
		return tx.remember(r)
	}
	return nil
}

// finish runs what the surviving members left for the end of the group and
// hands their entries to the journal.
func (g *group) finish() (err error) {
	tx := &Tx{g: g}
	defer func() {
		tx.over = true
		if p := recover(); p != nil {
			g.w.db.log.Error("panic at the end of a group", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("end of a group: panic: %v", p)
		}
	}()
	var entries []any
	for _, m := range g.members {
		if !m.ok {
			continue
		}
		for _, fn := range m.tx.ends {
			if err := fn(tx); err != nil {
				return err
			}
		}
		entries = append(entries, m.tx.entries...)
	}
	if len(entries) > 0 {
		j := g.w.db.journal.Load()
		if j == nil {
			return errors.New("store: entries were buffered but no journal is set")
		}
		if err := (*j).Seal(tx, entries); err != nil {
			return fmt.Errorf("seal: %w", err)
		}
	}
	g.last = tx
	return tx.fatal
}

// answer runs the hooks of the surviving members and answers everybody.
func (g *group) answer() {
	for _, m := range g.members {
		if m.ok {
			for _, fn := range m.tx.hooks {
				g.w.hook(fn)
			}
		}
	}
	if g.last != nil {
		for _, fn := range g.last.hooks {
			g.w.hook(fn)
		}
	}
	for _, m := range g.members {
		m.r.answer(m.r.err)
	}
}

// fail answers everybody with err and gives up the connection.
func (g *group) fail(err error) {
	g.rollback()
	g.w.dropConn()
	for _, m := range g.members {
		m.r.answer(err)
	}
}

func (w *writer) hook(fn func()) {
	defer func() {
		if p := recover(); p != nil {
			w.db.log.Error("panic after a commit", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	fn()
}
