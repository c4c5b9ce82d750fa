package record

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/record/tree"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/ledger"
)

// Draft is an entry before it is recorded.
type Draft struct {
	Kind    string    // name without version; its newest version is written
	Subject string    // opaque id of what it is about
	Actor   string    // opaque id of who did it
	At      time.Time // when it was true in the world; zero = now
	KnownAt time.Time // when it was said to us; zero = now
	Body    any       // one struct, see Encode
}

// Entry is a recorded entry, its bodies in the newest version of their kind.
type Entry struct {
	Seq        int64 // from 1; 0 until the group of writes is sealed, and in replay
	ID         string
	Kind       string // name without version
	Version    int
	Subject    string
	Actor      string
	At         time.Time
	KnownAt    time.Time
	RecordedAt time.Time // never before that of the entry in front of it
	Facts      json.RawMessage
	Private    json.RawMessage // nil when empty or erased
	Erased     bool            // the private body was destroyed
}

// Decode reads the bodies into one struct, see Decode.
func (e Entry) Decode(v any) error { return Decode(e.Facts, e.Private, v) }

// pending is an entry between Append and Seal.
type pending struct {
	ledger.Header
	facts, private []byte
	salts          [2 * ledger.SaltSize]byte
	atSeal         func(h *tree.Head) // what it changes in the head; nil for most
}

// group is what the entries of one group of writes share. It is read from the
// database once per transaction and thrown away with it.
type group struct {
	head tree.Head
	last int64 // recorded_at of the newest entry, kept or not
}

type groupKey struct{}

func (l *Ledger) group(tx *store.Tx) (*group, error) {
	g, err := tx.Memo(groupKey{}, func() (any, error) {
		h, err := tree.Read(clock.Background(), tx)
		if err != nil {
			return nil, err
		}
		if h.Schema > l.db.SchemaVersion() {
			return nil, fault.New(fault.Unavailable, "The database was migrated by a newer program: stop this one")
		}
		return &group{head: h, last: h.RecordedAt}, nil
	})
	if err != nil {
		return nil, err
	}
	return g.(*group), nil
}

// Append records an entry with the change that is being written. It gets its
// seq when the group of writes is sealed, at the end of the transaction; until
// then reads do not see it. Its RecordedAt is final.
func (l *Ledger) Append(tx *store.Tx, d Draft) (Entry, error) { return l.append(tx, d, nil) }

func (l *Ledger) append(tx *store.Tx, d Draft, atSeal func(h *tree.Head)) (Entry, error) {
	k, ok := l.kinds[d.Kind]
	if !ok {
		return Entry{}, fmt.Errorf("append %q: the kind is not registered", d.Kind)
	}
	facts, private, err := l.bodies.Encode(d.Body)
	if err != nil {
		return Entry{}, fmt.Errorf("append %s: %w", d.Kind, err)
	}
	g, err := l.group(tx)
	if err != nil {
		return Entry{}, fmt.Errorf("append %s: %w", d.Kind, err)
	}
	now := clock.Micros(l.clk.Now())
	g.last = max(g.last, now)
	p := &pending{facts: facts, private: private, atSeal: atSeal, Header: ledger.Header{
		ID: ident.New(clock.FromMicros(g.last)), Kind: k.full(), Subject: d.Subject, Actor: d.Actor,
		At: orNow(d.At, now), KnownAt: orNow(d.KnownAt, now), RecordedAt: g.last,
	}}
	if !utf8.ValidString(d.Subject) || !utf8.ValidString(d.Actor) || strings.ContainsAny(d.Subject+d.Actor, "\x00\x1f") {
		return Entry{}, fmt.Errorf("append %s: subject and actor must be plain text", d.Kind)
	}
	rand.Read(p.salts[:])
	tx.Buffer(p)
	r := stored{Header: p.Header, facts: facts, private: private}
	e := r.entry()
	e.Kind, e.Version = k.Name, k.Version
	return e, nil
}

func orNow(t time.Time, now int64) int64 {
	if t.IsZero() {
		return now
	}
	return clock.Micros(t)
}

// batch is how many rows one INSERT takes; a group of writes rarely has more.
const batch = 64

const (
	insertEntry = "INSERT INTO ledger_entry (seq, id, kind, subject, actor, at, known_at, recorded_at, facts, facts_salt, private, private_salt) VALUES "
	insertHash  = "INSERT INTO ledger_hash (seq, hashes) VALUES "
	updateHead  = "UPDATE ledger_head SET size = ?, recorded_at = ?, peaks = ?, epoch = ?, verifier_key = ? WHERE id = 1"
)

// manyRows builds an INSERT of n rows with cols columns each. Statements are
// kept, so that the engines see the same text again.
func (l *Ledger) manyRows(head string, cols, n int) string {
	key := statement{head, n}
	if q, ok := l.statements[key]; ok {
		return q
	}
	one := "(" + store.Placeholders(cols) + ")"
	q := head + strings.Repeat(one+",", n-1) + one
	l.statements[key] = q
	return q
}

type statement struct {
	head string
	n    int
}

// Seal numbers, hashes and inserts the surviving entries of a group of writes
// in one go, so that commit order is ledger order. Called by the store, by one
// goroutine at a time.
func (l *Ledger) Seal(tx *store.Tx, entries []any) error {
	if len(entries) == 0 {
		return nil
	}
	g, err := l.group(tx)
	if err != nil {
		return err
	}
	h := g.head.Clone()
	rows, hashes := make([]any, 0, 12*min(batch, len(entries))), make([]any, 0, 2*min(batch, len(entries)))
	var fresh []string
	for i, any := range entries {
		p, ok := any.(*pending)
		if !ok {
			return fmt.Errorf("seal ledger: %T is not an entry", any)
		}
		p.Seq = h.Size + 1
		leaf := l.hasher.Leaf(&p.Header,
			l.hasher.Commit(p.salts[:ledger.SaltSize], p.facts), l.hasher.Commit(p.salts[ledger.SaltSize:], p.private))
		hashes = append(hashes, p.Seq, h.Push(make([]byte, 0, 64), leaf))
		h.RecordedAt = p.RecordedAt
		if p.atSeal != nil {
			p.atSeal(&h)
		}
		if !l.isSeen(p.Kind) {
			fresh = append(fresh, p.Kind)
		}
		rows = append(rows, p.Seq, p.ID, p.Kind, p.Subject, p.Actor, p.At, p.KnownAt, p.RecordedAt,
			p.facts, p.salts[:ledger.SaltSize], p.private, p.salts[ledger.SaltSize:])
		if n := len(hashes) / 2; n == batch || i == len(entries)-1 {
			if _, err := tx.Exec(l.manyRows(insertEntry, 12, n), rows...); err != nil {
				return fmt.Errorf("insert ledger entries: %w", err)
			}
			if _, err := tx.Exec(l.manyRows(insertHash, 2, n), hashes...); err != nil {
				return fmt.Errorf("insert ledger hashes: %w", err)
			}
			rows, hashes = rows[:0], hashes[:0]
		}
	}
	if err := l.noteKinds(tx, fresh); err != nil {
		return err
	}
	if _, err := tx.Exec(updateHead, h.Size, h.RecordedAt, h.Peaks, h.Epoch, h.Key); err != nil {
		return fmt.Errorf("update ledger head: %w", err)
	}
	if l.onCommit != nil {
		tx.AfterCommit(l.onCommit)
	}
	return nil
}

// noteKinds keeps the list of kinds that occur. What was noted is remembered
// only after the commit.
func (l *Ledger) noteKinds(tx *store.Tx, kinds []string) error {
	for _, k := range kinds {
		if _, err := tx.Exec("INSERT INTO ledger_kind (kind) VALUES (?) ON CONFLICT (kind) DO NOTHING", k); err != nil {
			return fmt.Errorf("note ledger kind: %w", err)
		}
	}
	if len(kinds) > 0 {
		tx.AfterCommit(func() { l.markSeen(kinds) })
	}
	return nil
}
