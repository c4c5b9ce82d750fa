package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"

	"golang.org/x/mod/sumdb/tlog"
)

// Kinds of entries that the ledger itself writes. Their facts are defined here,
// because a verifier has to read them.
const (
	KindErased       = "ledger.erased/1"        // facts: [Erasure]
	KindEpochStarted = "ledger.epoch_started/1" // facts: [EpochStart]
	KindKeyRotated   = "ledger.key_rotated/1"   // facts: [KeyRotation]
)

// SaltSize is the length of a body's salt in bytes.
const SaltSize = 32

// magic opens the leaf data of every entry of this format.
const magic = "WBE1"

// Hash is a SHA-256 value of the tree. Its text form is standard base64.
type Hash = tlog.Hash

// Header is the part of an entry that always stays readable.
// Times are microseconds since 1970 in UTC.
type Header struct {
	Seq        int64  `json:"seq"`         // position, from 1
	ID         string `json:"id"`          // UUIDv7
	Kind       string `json:"kind"`        // with its version: "incident.graded/1"
	Subject    string `json:"subject"`     // what it is about: an opaque id
	Actor      string `json:"actor"`       // who did it: an opaque id
	At         int64  `json:"at"`          // when it was true in the world
	KnownAt    int64  `json:"known_at"`    // when it was said to us
	RecordedAt int64  `json:"recorded_at"` // when it was written; never falls
}

// Erasure is the facts body of KindErased: the ids of the entries whose private
// bodies were destroyed.
type Erasure struct {
	Entries []string `json:"entries"`
}

// EpochStart is the facts body of KindEpochStarted. A new epoch begins when a
// copy was restored; entries of the old epoch after this position are lost.
type EpochStart struct {
	Epoch          int64  `json:"epoch"`           // the epoch that begins with this entry
	LastCheckpoint string `json:"last_checkpoint"` // signed note: the last one known of the old epoch; may be empty
	Key            string `json:"key"`             // verifier key in force from here
	PreviousKey    string `json:"previous_key,omitempty"`
}

// KeyRotation is the facts body of KindKeyRotated: two verifier keys and a note
// signed by the old one that names the new one, see [OpenRotation].
type KeyRotation struct {
	Old  string `json:"old"`
	New  string `json:"new"`
	Note string `json:"note"`
}

// Commit returns the commitment to a body: SHA-256(0x02 || salt || body).
// The salt must be 32 random bytes.
func Commit(salt [SaltSize]byte, body []byte) [32]byte {
	return NewHasher().Commit(salt[:], body)
}

// LeafHash returns the RFC 6962 leaf hash of an entry from its header and the
// commitments to its two bodies.
func LeafHash(h Header, facts, private [32]byte) Hash {
	return NewHasher().Leaf(&h, facts, private)
}

// AppendLeaf appends the leaf data (see the package comment) to dst.
func AppendLeaf(dst []byte, h *Header, facts, private [32]byte) []byte {
	dst = append(dst, magic...)
	dst = binary.BigEndian.AppendUint64(dst, uint64(h.Seq))
	dst = binary.BigEndian.AppendUint64(dst, uint64(h.At))
	dst = binary.BigEndian.AppendUint64(dst, uint64(h.KnownAt))
	dst = binary.BigEndian.AppendUint64(dst, uint64(h.RecordedAt))
	for _, s := range [...]string{h.ID, h.Kind, h.Subject, h.Actor} {
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(s)))
		dst = append(dst, s...)
	}
	dst = append(dst, facts[:]...)
	return append(dst, private[:]...)
}

// ParseLeaf is the inverse of AppendLeaf. It refuses anything that AppendLeaf
// would not have written.
func ParseLeaf(data []byte) (h Header, facts, private [32]byte, err error) {
	bad := func(what string) (Header, [32]byte, [32]byte, error) {
		return Header{}, [32]byte{}, [32]byte{}, fmt.Errorf("leaf data: %s", what)
	}
	if len(data) < len(magic)+4*8 || string(data[:len(magic)]) != magic {
		return bad("does not begin with " + magic)
	}
	data = data[len(magic):]
	for _, n := range [...]*int64{&h.Seq, &h.At, &h.KnownAt, &h.RecordedAt} {
		*n = int64(binary.BigEndian.Uint64(data))
		data = data[8:]
	}
	for _, s := range [...]*string{&h.ID, &h.Kind, &h.Subject, &h.Actor} {
		if len(data) < 4 {
			return bad("is cut short")
		}
		n := binary.BigEndian.Uint32(data)
		if uint64(len(data)-4) < uint64(n) {
			return bad("is cut short")
		}
		*s, data = string(data[4:4+n]), data[4+n:]
	}
	if len(data) != 64 {
		return bad("does not end with two commitments")
	}
	copy(facts[:], data[:32])
	copy(private[:], data[32:])
	return h, facts, private, nil
}

// Hasher computes commitments and leaf hashes without allocating. It is for
// one goroutine.
type Hasher struct {
	sum hash.Hash
	buf []byte
	out [32]byte
}

// NewHasher returns a Hasher.
func NewHasher() *Hasher { return &Hasher{sum: sha256.New(), buf: make([]byte, 0, 512)} }

// Commit is like the function Commit; salt must have 32 bytes.
func (x *Hasher) Commit(salt, body []byte) [32]byte {
	x.buf = append(append(append(x.buf[:0], 0x02), salt...), body...)
	return x.total()
}

// Leaf is like LeafHash.
func (x *Hasher) Leaf(h *Header, facts, private [32]byte) Hash {
	x.buf = AppendLeaf(append(x.buf[:0], 0x00), h, facts, private)
	return x.total()
}

func (x *Hasher) total() [32]byte {
	x.sum.Reset()
	x.sum.Write(x.buf)
	x.sum.Sum(x.out[:0])
	return x.out
}

// Wrong says which entry is the first one that does not hold, and why.
type Wrong struct {
	Seq   int64  // 0: not known or not about one entry
	ID    string // empty: not known
	Kind  string // empty: not known
	Index int    // place in the bundle, from 1; 0 outside bundles
	What  string // a sentence part: "its hash differs …"
}

// Error names the entry and what is wrong with it.
func (w *Wrong) Error() string {
	switch {
	case w.Seq == 0 && w.Index == 0:
		return w.What
	case w.Seq == 0:
		return fmt.Sprintf("entry number %d of the bundle: %s", w.Index, w.What)
	case w.ID == "":
		return fmt.Sprintf("entry %d: %s", w.Seq, w.What)
	}
	return fmt.Sprintf("entry %d (%s, id %s): %s", w.Seq, w.Kind, w.ID, w.What)
}
