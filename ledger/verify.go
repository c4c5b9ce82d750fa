package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Report says what a bundle holds that was found to be right.
type Report struct {
	Checkpoint Checkpoint `json:"checkpoint"`   // the signed state all entries were proven against
	Key        string     `json:"verifier_key"` // verifier key that signed it
	Entries    int        `json:"entries"`      // number of entries in the bundle
	First      int64      `json:"first"`        // seq of the first and the last entry; 0: none
	Last       int64      `json:"last"`
	Erased     int        `json:"erased"`   // entries whose private body was destroyed
	Withheld   int        `json:"withheld"` // entries with a body that is not shown
}

// VerifyBundle reads a bundle and checks everything in it with only the public
// key of the log: the signature, the form and hash of every entry, its proof,
// the order of the entries, and that every erased body is named by an erasure.
// The key may be an older one, if the bundle holds the rotations that lead on.
// The error is a [*Wrong] when an entry does not hold; it names the first one.
// Memory use does not grow with the number of entries that are not erased.
func VerifyBundle(r io.Reader, verifierKey string) (Report, error) {
	v := &bundleCheck{
		dec: json.NewDecoder(r), hash: NewHasher(), trusted: strings.TrimSpace(verifierKey),
		named: map[string]bool{},
	}
	if v.trusted == "" {
		return Report{}, errors.New("bundle: needs the verifier key of the log")
	}
	if err := v.run(); err != nil {
		return v.report, err
	}
	return v.report, nil
}

type bundleCheck struct {
	dec     *json.Decoder
	hash    *Hasher
	trusted string
	report  Report

	head  Bundle
	lastR int64 // recorded_at of the entry before
	holes []*Wrong
	named map[string]bool // ids named by erasures
	raw   json.RawMessage
	tight bytes.Buffer
	again bytes.Buffer
}

func (v *bundleCheck) run() error {
	if err := v.delim('{'); err != nil {
		return err
	}
	for _, name := range [...]string{"format", "verifier_key", "rotations", "checkpoint", "entries"} {
		if err := v.member(name); err != nil {
			return err
		}
	}
	if err := v.delim('}'); err != nil {
		return err
	}
	if _, err := v.dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("bundle: something follows its end")
	}
	for _, w := range v.holes {
		if !v.named[w.ID] {
			return w
		}
	}
	return nil
}

// member reads one member; they stand in a fixed order, so that the checkpoint
// is known before the first entry. "rotations" may be left out.
func (v *bundleCheck) member(name string) error {
	if name == "checkpoint" && v.head.Rotations == nil && v.head.Checkpoint != "" {
		return nil // read in place of the rotations
	}
	t, err := v.dec.Token()
	if err != nil {
		return fmt.Errorf("bundle: is not readable JSON: %w", err)
	}
	if name == "rotations" && t == "checkpoint" {
		name = "checkpoint"
	}
	if t != name {
		return fmt.Errorf("bundle: member %q is expected, found %v", name, t)
	}
	switch name {
	case "format":
		if err := v.value(name, &v.head.Format); err != nil {
			return err
		}
		if v.head.Format != Format {
			return fmt.Errorf("bundle: its format is %q, not %q", v.head.Format, Format)
		}
		return nil
	case "verifier_key":
		return v.value(name, &v.head.VerifierKey)
	case "rotations":
		return v.value(name, &v.head.Rotations)
	case "checkpoint":
		if err := v.value(name, &v.head.Checkpoint); err != nil {
			return err
		}
		return v.signature()
	}
	return v.entries()
}

func (v *bundleCheck) value(name string, into any) error {
	if err := v.dec.Decode(into); err != nil {
		return fmt.Errorf("bundle: %s: %w", name, err)
	}
	return nil
}

func (v *bundleCheck) delim(want json.Delim) error {
	t, err := v.dec.Token()
	if err != nil {
		return fmt.Errorf("bundle: is not readable JSON: %w", err)
	}
	if t != want {
		return fmt.Errorf("bundle: %q is expected, found %v", want, t)
	}
	return nil
}

// signature follows the rotations from the trusted key and opens the checkpoint.
func (v *bundleCheck) signature() error {
	for _, text := range v.head.Rotations {
		r, err := OpenRotation([]byte(text), v.trusted)
		if err != nil {
			continue // one that leads to the trusted key or comes before it
		}
		v.trusted = r.NewKey
	}
	if v.head.VerifierKey != v.trusted {
		return errors.New("bundle: was signed with another key than the one given")
	}
	c, err := Open([]byte(v.head.Checkpoint), v.trusted)
	if err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	v.report.Checkpoint, v.report.Key = c, v.trusted
	return nil
}

func (v *bundleCheck) entries() error {
	if err := v.delim('['); err != nil {
		return err
	}
	for i := 1; v.dec.More(); i++ {
		v.raw = v.raw[:0]
		if err := v.dec.Decode(&v.raw); err != nil {
			return &Wrong{Index: i, What: v.after() + "is not readable JSON: " + err.Error()}
		}
		if err := v.entry(i); err != nil {
			return err
		}
	}
	if t, err := v.dec.Token(); err != nil || t != json.Delim(']') {
		return &Wrong{Index: v.report.Entries + 1, What: v.after() + "the list of entries is broken off"}
	}
	return nil
}

// after says where a broken entry stands, when its own seq cannot be read.
func (v *bundleCheck) after() string {
	if v.report.Last == 0 {
		return ""
	}
	return fmt.Sprintf("(after entry %d) ", v.report.Last)
}

func (v *bundleCheck) entry(i int) error {
	var e Entry
	wrong := func(what string) error {
		return &Wrong{Seq: e.Seq, ID: e.ID, Kind: e.Kind, Index: i, What: what}
	}
	strict := json.NewDecoder(bytes.NewReader(v.raw))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&e); err != nil {
		return wrong(v.after() + "is malformed: " + err.Error())
	}
	v.tight.Reset()
	v.again.Reset()
	if json.Compact(&v.tight, v.raw) != nil || canonical(&v.again, &e) != nil || !bytes.Equal(v.tight.Bytes(), v.again.Bytes()) {
		return wrong("is not written in the canonical form")
	}
	c := v.report.Checkpoint
	switch {
	case e.Seq < 1 || e.Seq > c.Size:
		return wrong(fmt.Sprintf("its seq lies outside the checkpoint of %d entries", c.Size))
	case e.Seq <= v.report.Last:
		return wrong(fmt.Sprintf("stands after entry %d: out of order", v.report.Last))
	case e.RecordedAt < v.lastR:
		return wrong("was recorded before the entry in front of it")
	}
	leaf, problem := e.leafHash(v.hash)
	if problem != "" {
		return wrong(problem)
	}
	if err := tlog.CheckRecord(e.Proof, c.Size, c.Root, e.Seq-1, leaf); err != nil {
		return wrong("its content and its proof do not lead to the signed root: something in it was changed")
	}
	return v.accept(&e, i)
}

// accept counts an entry that is proven and notes what it says about erasures.
func (v *bundleCheck) accept(e *Entry, i int) error {
	if v.report.First == 0 {
		v.report.First = e.Seq
	}
	v.report.Entries, v.report.Last, v.lastR = i, e.Seq, e.RecordedAt
	switch {
	case e.Facts.Hole == Erased:
		return &Wrong{Seq: e.Seq, ID: e.ID, Kind: e.Kind, Index: i, What: "its facts cannot have been erased"}
	case e.Private.Hole == Erased:
		v.report.Erased++
		v.holes = append(v.holes, &Wrong{
			Seq: e.Seq, ID: e.ID, Kind: e.Kind, Index: i,
			What: "its private body is gone and no erasure in the bundle names it",
		})
	case e.Private.Hole != "" || e.Facts.Hole != "":
		v.report.Withheld++
	}
	if e.Kind == KindErased && e.Facts.Hole == "" {
		var gone Erasure
		if err := json.Unmarshal([]byte(e.Facts.Text), &gone); err != nil {
			return &Wrong{Seq: e.Seq, ID: e.ID, Kind: e.Kind, Index: i, What: "its facts are not those of an erasure"}
		}
		for _, id := range gone.Entries {
			v.named[id] = true
		}
	}
	return nil
}
