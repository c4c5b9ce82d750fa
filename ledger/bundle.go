package ledger

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

// Format is the first member of a bundle and names its form.
const Format = "wakebell-bundle/1"

// Bundle is a part of a ledger that can be checked without the ledger: entries
// with what was hashed, the proof that each stands in the tree, and the signed
// checkpoint of that tree. All proofs are for the size of the checkpoint.
type Bundle struct {
	Format      string   `json:"format"`              // see [Format]
	VerifierKey string   `json:"verifier_key"`        // key that signed the checkpoint; check it with whoever runs the log
	Rotations   []string `json:"rotations,omitempty"` // rotation notes, oldest first, that lead from earlier keys to this one
	Checkpoint  string   `json:"checkpoint"`          // signed note
	Entries     []Entry  `json:"entries"`             // by seq, rising
}

// Entry is one entry of a bundle.
type Entry struct {
	Header
	Facts   Body   `json:"facts"`
	Private Body   `json:"private"`
	Proof   []Hash `json:"proof"` // RFC 6962 audit path, leaf to root
}

// Hole says why a body is not there.
type Hole string

// The reasons for a hole.
const (
	Erased   Hole = "erased"   // destroyed; an entry of KindErased in the bundle names this entry
	Withheld Hole = "withheld" // exists, but the reader may not see it
)

// Body is either open (text and salt) or a hole (commitment and reason).
type Body struct {
	Text   string `json:"text,omitempty"`   // the exact bytes that were hashed
	Salt   []byte `json:"salt,omitempty"`   // 32 bytes, base64
	Commit []byte `json:"commit,omitempty"` // 32 bytes, base64; only with a hole
	Hole   Hole   `json:"hole,omitempty"`
}

// commitment returns what goes into the leaf, or why the body is malformed.
func (b *Body) commitment(x *Hasher) (c [32]byte, problem string) {
	if b.Hole == "" {
		if len(b.Commit) != 0 || len(b.Salt) != SaltSize {
			return c, "needs a salt of 32 bytes and no commitment"
		}
		// Only the text changes type: append keeps it from being copied twice.
		x.buf = append(append(append(x.buf[:0], 0x02), b.Salt...), b.Text...)
		return x.total(), ""
	}
	if b.Hole != Erased && b.Hole != Withheld {
		return c, "has a hole for no known reason"
	}
	if len(b.Commit) != len(c) || len(b.Salt) != 0 || b.Text != "" {
		return c, "is a hole and needs a commitment of 32 bytes, no text and no salt"
	}
	copy(c[:], b.Commit)
	return c, ""
}

// LeafHash computes the entry's leaf hash from its header and bodies.
func (e *Entry) LeafHash() (Hash, error) {
	h, problem := e.leafHash(NewHasher())
	if problem != "" {
		return Hash{}, &Wrong{Seq: e.Seq, ID: e.ID, Kind: e.Kind, What: problem}
	}
	return h, nil
}

func (e *Entry) leafHash(x *Hasher) (Hash, string) {
	facts, problem := e.Facts.commitment(x)
	if problem != "" {
		return Hash{}, "its facts body " + problem
	}
	private, problem := e.Private.commitment(x)
	if problem != "" {
		return Hash{}, "its private body " + problem
	}
	return x.Leaf(&e.Header, facts, private), ""
}

// canonical writes the one form in which an entry stands in a bundle.
func canonical(dst *bytes.Buffer, v any) error {
	enc := json.NewEncoder(dst)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	dst.Truncate(dst.Len() - 1) // the newline of Encode
	return nil
}

// WriteTo writes the bundle file: JSON, one line per entry.
func (b Bundle) WriteTo(w io.Writer) (int64, error) {
	out, err := NewBundleWriter(w, b)
	if err != nil {
		return 0, err
	}
	for i := range b.Entries {
		if err := out.Add(&b.Entries[i]); err != nil {
			return out.n, err
		}
	}
	return out.n, out.Close()
}

// BundleWriter writes a bundle entry by entry, so that a big one is never held
// in memory. It is for one goroutine.
type BundleWriter struct {
	w    *bufio.Writer
	buf  bytes.Buffer
	n    int64
	some bool
}

// NewBundleWriter writes everything of head but its entries. Close must be called.
func NewBundleWriter(w io.Writer, head Bundle) (*BundleWriter, error) {
	head.Format, head.Entries = Format, []Entry{}
	out := &BundleWriter{w: bufio.NewWriterSize(w, 64<<10)}
	if err := canonical(&out.buf, head); err != nil {
		return nil, fmt.Errorf("write bundle: %w", err)
	}
	out.buf.Truncate(out.buf.Len() - len("]}"))
	return out, out.flush()
}

// Add writes one entry. Entries must come by rising seq.
func (b *BundleWriter) Add(e *Entry) error {
	for _, s := range [...]string{e.ID, e.Kind, e.Subject, e.Actor, e.Facts.Text, e.Private.Text} {
		if !utf8.ValidString(s) {
			return &Wrong{Seq: e.Seq, ID: e.ID, Kind: e.Kind, What: "is not valid UTF-8 and cannot stand in a bundle"}
		}
	}
	if b.some {
		b.buf.WriteByte(',')
	}
	b.buf.WriteByte('\n')
	b.some = true
	if err := canonical(&b.buf, e); err != nil {
		return fmt.Errorf("write bundle: entry %d: %w", e.Seq, err)
	}
	return b.flush()
}

// Close writes the end of the file. It does not close the writer below.
func (b *BundleWriter) Close() error {
	b.buf.WriteString("\n]}\n")
	if err := b.flush(); err != nil {
		return err
	}
	return b.w.Flush()
}

func (b *BundleWriter) flush() error {
	n, err := b.w.Write(b.buf.Bytes())
	b.n += int64(n)
	b.buf.Reset()
	return err
}
