// Package check recomputes a whole ledger from one snapshot and compares it with
// what is stored and with signed checkpoints. It carries out "evidence must not
// be altered": it finds what was. It only reads; it must not import record,
// which offers it to others.
package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/wakebell/wakebell/internal/base/record/tree"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/sweep"
	"github.com/wakebell/wakebell/ledger"
)

// Report says what was found to be right.
type Report struct {
	Checkpoint ledger.Checkpoint   `json:"checkpoint"`        // the state that was recomputed; not signed here
	Key        string              `json:"verifier_key"`      // verifier key in force
	Entries    int64               `json:"entries"`           // entries read and recomputed
	Erased     int64               `json:"erased"`            // entries whose private body was destroyed
	Epochs     int64               `json:"epochs"`            // epochs started by a restore
	Against    []ledger.Checkpoint `json:"against,omitempty"` // checkpoints the ledger continues
}

// Verify reads one snapshot and recomputes everything: every commitment and
// leaf hash, the stored tree hashes, the head; that positions have no gap, ids
// are unique, recorded_at never falls, every hole is named by an erasure, and
// keys and epochs follow one another. With signed checkpoints (usually the file
// left beside the database) it also proves that the ledger continues them. A
// finding is a *ledger.Wrong that names the first wrong entry; any other error
// means that it could not be read.
func Verify(ctx context.Context, db *store.DB, against ...[]byte) (Report, error) {
	var rep Report
	err := db.View(ctx, func(v *store.View) error {
		var err error
		rep, err = Snapshot(ctx, v, nil, against...)
		return err
	})
	return rep, err
}

// Entry is what visit gets to see of a row. The bytes hold until it returns.
type Entry struct {
	*ledger.Header
	Facts, Private []byte
	ErasedBy       string // id of the erasure, or ""
}

// Snapshot is Verify over one snapshot. It shows each entry that was found to be right
// to visit, in the order of the ledger.
func Snapshot(ctx context.Context, v *store.View, visit func(e Entry), against ...[]byte) (Report, error) {
	h, err := tree.Read(ctx, v)
	if err != nil {
		return Report{}, err
	}
	c := &scan{visit: visit, hash: ledger.NewHasher(), holes: map[string]hole{}, named: map[string]naming{}}
	if err := c.read(ctx, v); err != nil {
		return Report{}, err
	}
	rep := Report{Checkpoint: h.Checkpoint(), Key: h.Key, Entries: c.tree.Size, Erased: int64(len(c.holes)), Epochs: int64(len(c.epochs))}
	if err := c.compareHead(h); err != nil {
		return rep, err
	}
	if err := c.noLoose(ctx, v); err != nil {
		return rep, err
	}
	if err := c.erasures(); err != nil {
		return rep, err
	}
	keys, err := c.chain(h)
	if err != nil {
		return rep, err
	}
	hashes := tree.NewHashes(ctx, v) // sound by now: each row was recomputed
	for _, text := range against {
		if len(text) == 0 {
			continue
		}
		cp, err := c.continues(text, h, keys, hashes)
		if err != nil {
			return rep, err
		}
		rep.Against = append(rep.Against, cp)
	}
	return rep, nil
}

type hole struct {
	wrong *ledger.Wrong
	by    string // id of the erasure
}

type naming struct {
	seq int64 // of the erasure
	id  string
}

type epoch struct {
	seq   int64
	start ledger.EpochStart
}

type rotation struct {
	seq  int64
	body ledger.KeyRotation
}

// scan is what reading all entries gathers.
type scan struct {
	visit   func(e Entry) // may be nil
	hash    *ledger.Hasher
	tree    tree.Head // recomputed
	scratch []byte

	ids known // every one of an entry

	holes     map[string]hole   // erased entries by id
	named     map[string]naming // ids named by erasures
	epochs    []epoch
	rotations []rotation
}

const selectAll = "SELECT e.seq, e.at, e.known_at, e.recorded_at, e.id, e.kind, e.subject, e.actor, e.erased_by, " +
	"e.facts, e.facts_salt, e.private, e.private_salt, e.private_commit, h.hashes " +
	"FROM ledger_entry e LEFT JOIN ledger_hash h ON h.seq = e.seq ORDER BY e.seq"

// stored is one row of selectAll. Its bytes hold until the next row.
type stored struct {
	ledger.Header
	facts, factsSalt            []byte
	private, salt, commit, hash []byte // nil: NULL
	erasedBy                    string

	words map[string]string // texts that come again and again
}

// maxWords bounds the texts that are kept; kinds are few, actors as many as people.
const maxWords = 10_000

// read takes the columns of a row. It reports whether they have the types they should.
func (s *stored) read(cols []store.Value) bool {
	for i, to := range [...]*int64{&s.Seq, &s.At, &s.KnownAt, &s.RecordedAt} {
		if *to = cols[i].Int; cols[i].Kind != sweep.Int {
			return false
		}
	}
	for _, c := range cols[4:9] {
		if c.Kind != sweep.Bytes {
			return false
		}
	}
	s.ID, s.Kind = string(cols[4].Bytes), s.word(cols[5].Bytes)
	s.Subject = s.ID
	if string(cols[6].Bytes) != s.ID {
		s.Subject = string(cols[6].Bytes)
	}
	s.Actor, s.erasedBy = s.word(cols[7].Bytes), string(cols[8].Bytes)
	for i, to := range [...]*[]byte{&s.facts, &s.factsSalt, &s.private, &s.salt, &s.commit, &s.hash} {
		if *to = cols[9+i].Bytes; cols[9+i].Kind != sweep.Bytes && cols[9+i].Kind != sweep.Null {
			return false
		}
	}
	return true
}

// word is string(b), made once for texts that come again.
func (s *stored) word(b []byte) string {
	w, ok := s.words[string(b)]
	if !ok {
		w = string(b)
		if len(s.words) < maxWords {
			s.words[w] = w
		}
	}
	return w
}

func (s *stored) wrong(format string, args ...any) *ledger.Wrong {
	return &ledger.Wrong{Seq: s.Seq, ID: s.ID, Kind: s.Kind, What: fmt.Sprintf(format, args...)}
}

// Read shows every entry to visit as it is stored, in the order of the ledger, and
// checks nothing.
func Read(ctx context.Context, v *store.View, visit func(e Entry) error) error {
	return each(ctx, v, func(s *stored) error { return visit(s.entry()) })
}

func (s *stored) entry() Entry { return Entry{&s.Header, s.facts, s.private, s.erasedBy} }

func each(ctx context.Context, v *store.View, fn func(s *stored) error) error {
	s := stored{words: map[string]string{}}
	err := v.Each(ctx, selectAll, func(cols []store.Value) error {
		last := s.Seq
		if !s.read(cols) {
			return &ledger.Wrong{Seq: last + 1, What: "its columns do not hold what they should"}
		}
		return fn(&s)
	})
	if _, ok := errors.AsType[*ledger.Wrong](err); ok || err == nil {
		return err
	}
	return fmt.Errorf("verify: read the ledger after entry %d: %w", s.Seq, err)
}

func (c *scan) read(ctx context.Context, v *store.View) error {
	return each(ctx, v, func(s *stored) error {
		if w := c.entry(s); w != nil {
			return w
		}
		if c.visit != nil {
			c.visit(s.entry())
		}
		return nil
	})
}

// entry checks one row and adds it to the recomputed tree.
func (c *scan) entry(s *stored) *ledger.Wrong {
	switch {
	case s.Seq < c.tree.Size+1:
		return s.wrong("its position is wrong: entries start at 1")
	case s.Seq > c.tree.Size+1:
		return &ledger.Wrong{Seq: c.tree.Size + 1, What: fmt.Sprintf("is missing (the next one is %d, %s, id %s)", s.Seq, s.Kind, s.ID)}
	case s.hash == nil:
		return s.wrong("its stored hash is missing")
	case len(s.factsSalt) != ledger.SaltSize:
		return s.wrong("the salt of its facts is damaged")
	}
	private, w := c.private(s)
	if w != nil {
		return w
	}
	leaf := c.hash.Leaf(&s.Header, c.hash.Commit(s.factsSalt, s.facts), private)
	c.scratch = c.tree.Push(c.scratch[:0], leaf)
	if string(c.scratch) != string(s.hash) {
		return s.wrong("its content does not lead to its stored hash: one of them was changed")
	}
	if s.RecordedAt < c.tree.RecordedAt {
		return s.wrong("was recorded before the entry in front of it")
	}
	c.tree.RecordedAt = s.RecordedAt
	if !c.ids.add(s.ID) {
		return s.wrong("its id occurs twice")
	}
	if len(s.Kind) > 7 && s.Kind[:7] == "ledger." {
		return c.own(s)
	}
	return nil
}

// private returns the commitment to the private body, or to what it was.
func (c *scan) private(s *stored) ([32]byte, *ledger.Wrong) {
	if s.erasedBy == "" {
		if len(s.salt) != ledger.SaltSize {
			return [32]byte{}, s.wrong("its private body or its salt is gone, and no erasure says why")
		}
		return c.hash.Commit(s.salt, s.private), nil
	}
	if len(s.private) != 0 || len(s.salt) != 0 || len(s.commit) != tlog.HashSize {
		return [32]byte{}, s.wrong("is marked as erased, but its private body is not replaced by a commitment")
	}
	c.holes[s.ID] = hole{s.wrong("its private body is gone and no erasure names it"), s.erasedBy}
	return [32]byte(s.commit), nil
}

// own reads the entries that say something about the ledger itself.
func (c *scan) own(s *stored) *ledger.Wrong {
	var err error
	switch s.Kind {
	case ledger.KindErased:
		var body ledger.Erasure
		if err = json.Unmarshal(s.facts, &body); err == nil {
			for _, id := range body.Entries {
				if _, again := c.named[id]; !again {
					c.named[id] = naming{s.Seq, s.ID}
				}
			}
		}
	case ledger.KindEpochStarted:
		e := epoch{seq: s.Seq}
		err = json.Unmarshal(s.facts, &e.start)
		c.epochs = append(c.epochs, e)
	case ledger.KindKeyRotated:
		r := rotation{seq: s.Seq}
		err = json.Unmarshal(s.facts, &r.body)
		c.rotations = append(c.rotations, r)
	}
	if err != nil {
		return s.wrong("its facts cannot be read")
	}
	return nil
}
