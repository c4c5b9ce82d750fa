// Package live tells open pages that something changed: it follows the ledger and gives each listener the names of
// the topics it may read about, never facts ("All information concerning an incident is to be considered
// confidential", policy 003). It must not import a screen or the pages.
package live

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

// Hub reads the ledger on from its last position and tells every listener the topics of the new entries that
// the listener may read. It learns of a commit on this node at once, of another node's within pollEvery.
type Hub struct {
	db  *store.DB
	led *record.Ledger
	clk *clock.Clock
	log *slog.Logger

	wake chan struct{}
	stop chan struct{}
	done chan struct{}

	ending sync.Once

	owners Owners // nil: nobody has an own signal

	mu        sync.Mutex
	listeners map[*Listener]bool
	position  int64 // of the ledger, told so far; -1 while nobody listens
	stopped   bool
}

const (
	pollEvery = time.Second
	quietFor  = 50 * time.Millisecond // bursts are told together
	headBatch = 500
	queueSize = 16 // messages a slow reader may be behind before it is dropped
)

// Listener is one open stream.
type Listener struct {
	Messages <-chan string // ready to be sent
	Gone     <-chan struct{}

	by   who.Identity
	ch   chan string
	gone chan struct{}
}

// New returns a hub that is not running yet.
func New(db *store.DB, led *record.Ledger, clk *clock.Clock, log *slog.Logger) *Hub {
	return &Hub{
		db: db, led: led, clk: clk, log: log, position: -1, listeners: map[*Listener]bool{},
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
}

// Owners says which reports the entries after a position, up to another, are about, by the
// person who sent each.
type Owners func(ctx context.Context, r store.Reader, after, upTo int64) (map[string][]string, error)

// Own lets reporters learn that their own reports changed, and nothing else. Only at wiring.
func (l *Hub) Own(o Owners) { l.owners = o }

// Wake says that the ledger grew. It never blocks: the ledger's writer calls it.
func (l *Hub) Wake() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Stir tells those with a permission that something changed which is not in the ledger, such as work in the
// background.
func (l *Hub) Stir(topic string, need who.Permission) {
	l.tell(func(by who.Identity) string {
		if !by.Has(need) {
			return ""
		}
		return Message("dirty", topic)
	})
}

// Start runs the hub until Stop or the end of ctx.
func (l *Hub) Start(ctx context.Context) { go l.run(ctx) }

// Stop ends the hub and every stream, after Start. More calls do nothing.
func (l *Hub) Stop() {
	l.ending.Do(func() { close(l.stop) })
	<-l.done
}

func (l *Hub) run(ctx context.Context) {
	defer close(l.done)
	defer l.dropAll()
	moved := l.clk.Moved()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.stop:
			return
		case <-moved:
			moved = l.clk.Moved()
			l.tell(func(who.Identity) string { return Message("now", Millis(l.clk.Now())) })
		case <-l.wake:
			l.read(ctx)
			if l.clk.Sleep(ctx, quietFor) != nil {
				return
			}
		case <-l.clk.After(pollEvery):
			l.read(ctx)
		}
	}
}

// Message is one message of the stream.
func Message(event, data string) string { return "event: " + event + "\ndata: " + data + "\n\n" }

// read tells what was appended since the last time.
func (l *Hub) read(ctx context.Context) {
	l.mu.Lock()
	position, listening := l.position, len(l.listeners) > 0
	l.mu.Unlock()
	if !listening || position < 0 {
		return
	}
	var stirred topics
	from := position
	for {
		heads, err := l.led.Heads(ctx, l.db, position, headBatch)
		if err != nil {
			if ctx.Err() == nil {
				l.log.Warn("read the ledger for live updates", "error", err)
			}
			return
		}
		for _, h := range heads {
			stirred.add(h)
			position = h.Seq
		}
		if len(heads) < headBatch {
			break
		}
	}
	l.mu.Lock()
	if l.position >= 0 {
		l.position = position
	}
	l.mu.Unlock()
	if len(stirred) == 0 {
		return
	}
	own := l.ownOf(ctx, stirred, from, position)
	l.tell(func(by who.Identity) string {
		if names := append(stirred.visible(by), own.visible(by)...); len(names) > 0 {
			return Message("dirty", strings.Join(names, ","))
		}
		return ""
	})
}

// tell sends to each listener what make makes for it; one that is too far behind is dropped and comes
// back by itself.
func (l *Hub) tell(make func(by who.Identity) string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.listeners {
		m := make(c.by)
		if m == "" {
			continue
		}
		select {
		case c.ch <- m:
		default:
			l.dropLocked(c)
		}
	}
}

// Position is one of the ledger up to which a page that is drawn from now on knows everything; -1 where it
// cannot be read.
func (l *Hub) Position(ctx context.Context) int64 {
	l.mu.Lock()
	position := l.position
	l.mu.Unlock()
	if position >= 0 {
		return position // or a little later, which is told once more
	}
	size, err := l.led.Size(ctx, l.db)
	if err != nil {
		return -1
	}
	return size
}

// missed is what was written between the drawing of a page and its stream. A gap of more than a batch is none
// of a page that was just drawn: a stream that comes back later has its page drawn anew by the browser.
func (l *Hub) missed(ctx context.Context, by who.Identity, after, size int64) (string, error) {
	if after < 0 || after >= size || size-after > headBatch {
		return "", nil
	}
	heads, err := l.led.Heads(ctx, l.db, after, headBatch)
	if err != nil {
		return "", err
	}
	var stirred topics
	for _, h := range heads {
		stirred.add(h)
	}
	if names := stirred.visible(by); len(names) > 0 {
		return Message("dirty", strings.Join(names, ",")), nil
	}
	return "", nil
}

// Listen adds a listener, which hears first what was written after a position, -1 for nothing; nil when the
// hub has stopped. The hub's own position is read before: what is written from now on is told.
func (l *Hub) Listen(ctx context.Context, by who.Identity, after int64) (*Listener, error) {
	size, err := l.led.Size(ctx, l.db)
	if err != nil {
		return nil, err
	}
	missed, err := l.missed(ctx, by, after, size)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return nil, nil
	}
	if len(l.listeners) == 0 {
		l.position = size
	}
	c := &Listener{by: by, ch: make(chan string, queueSize), gone: make(chan struct{})}
	c.Messages, c.Gone = c.ch, c.gone
	if missed != "" {
		c.ch <- missed
	}
	l.listeners[c] = true
	return c, nil
}

// Leave ends a stream. More calls do nothing.
func (l *Hub) Leave(c *Listener) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dropLocked(c)
}

func (l *Hub) dropLocked(c *Listener) {
	if l.listeners[c] {
		delete(l.listeners, c)
		close(c.gone)
		if len(l.listeners) == 0 {
			l.position = -1
		}
	}
}

func (l *Hub) dropAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
	for c := range l.listeners {
		l.dropLocked(c)
	}
}

// Millis writes a time as the script reads it.
func Millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// topic is what entries of one kind are about, and who may learn that there are new ones.
type topic struct {
	name string
	perm who.Permission
}

// topicOf knows a kind of entry by its first word.
var topicOf = map[string]topic{
	"incident": {"incident", who.PermIncidentRead}, "duty": {"duty", who.PermDutyRead}, "duties": {"duty", who.PermDutyRead},
	"signal": {"signal", who.PermSignalRead}, "call": {"call", who.PermCallRead}, "notice": {"notice", who.PermNoticeRead},
	"dispatch": {"dispatch", who.PermNoticeRead}, "filing": {"filing", who.PermNoticeRead}, "contact": {"contact", who.PermContactRead},
	"person": {"person", who.PermDirectoryRead}, "directory": {"directory", who.PermDirectoryRead},
	"plan": {"plan", who.PermPlanRead}, "token": {"token", who.PermTokenManage}, "account": {"account", who.PermPersonManage},
	"session": {"account", who.PermPersonManage}, "ledger": {"ledger", who.PermLedgerRead},
	"job": {"job", who.PermJobRead}, "test_call": {"test_call", who.PermOwnRead},
}

// Known says whether a page may wait for a topic: one of the ledger, or one that is stirred.
func Known(name string) bool {
	for _, of := range topicOf {
		if of.name == name {
			return true
		}
	}
	return name == "verification"
}

// topics are the stirred topics of a batch, with the actors that stirred them.
type topics map[topic]map[string]bool // subject -> …; "" stands for the general name

func (t *topics) add(h record.Head) {
	if *t == nil {
		*t = topics{}
	}
	first, _, _ := strings.Cut(h.Kind, ".")
	if of, ok := topicOf[first]; ok {
		if (*t)[of] == nil {
			(*t)[of] = map[string]bool{}
		}
		(*t)[of][h.Subject] = true
	}
	(*t)[topic{"ledger", who.PermLedgerRead}] = map[string]bool{}
}

// visible lists the names a viewer may learn, in a fixed order. A batch with very many subjects tells the
// general names only; "*" then stands for every subject.
func (t topics) visible(by who.Identity) []string {
	const most = 60
	var out []string
	for of, subjects := range t {
		if !by.Has(of.perm) {
			continue
		}
		out = append(out, of.name)
		if len(subjects) > most {
			out = append(out, of.name+":*")
			continue
		}
		for s := range subjects {
			out = append(out, of.name+":"+s)
		}
	}
	slices.Sort(out)
	return out
}
