// Package bound gives the canonical bytes of a notice and their SHA-256: what an approval
// is bound to. It carries out policy 003 ("the message is consistent"): what was approved
// is what is sent, and an approval cannot be moved to other bytes.
//
// It is pure: values in, a hash out. It must not import a store, a clock or a face.
package bound

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
)

// head begins the bytes; another meaning of the fields gets another head. What says who
// gets a variant came with the second; without variants the bytes are as they ever were.
const (
	head         = "wakebell/notice/1"
	headVariants = "wakebell/notice/2"
)

// Text is one text in one language.
type Text struct{ Lang, Variant, Subject, Body string }

// File is an attachment by its content.
type File struct{ Name, Media, SHA256 string }

// Variant is who gets one instead of the master text.
type Variant struct {
	Name                               string
	Kinds, Countries, Labels, Channels []string
}

// Content is all that an approval covers. EmbargoAt is microseconds, 0 for none.
type Content struct {
	Notice, Audience, Purpose, Follows string
	Texts                              []Text
	Variants                           []Variant
	List                               string // hash of the recipients, "" where none are kept
	Files                              []File
	Channels                           []string // in the order of use
	EmbargoAt                          int64
	Canary                             int
	SecondAfterHours                   int
	Second                             string // the second channel
	ReplyTo                            string
}

// Bytes gives the canonical bytes: each part with its length in front, lists with their
// count, texts and files in one order whatever the order they came in.
func (c Content) Bytes() []byte {
	w := writer{}
	if len(c.Variants) > 0 {
		w.text(headVariants)
	} else {
		w.text(head)
	}
	w.text(c.Notice, c.Audience, c.Purpose, c.Follows)
	texts := slices.Clone(c.Texts)
	slices.SortFunc(texts, func(a, b Text) int { return strings.Compare(a.Lang+"\x00"+a.Variant, b.Lang+"\x00"+b.Variant) })
	w.number(int64(len(texts)))
	for _, t := range texts {
		w.text(t.Lang, t.Variant, t.Subject, t.Body)
	}
	w.text(c.List)
	files := slices.Clone(c.Files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name+"\x00"+a.SHA256, b.Name+"\x00"+b.SHA256) })
	w.number(int64(len(files)))
	for _, f := range files {
		w.text(f.Name, f.Media, f.SHA256)
	}
	w.number(int64(len(c.Channels)))
	w.text(c.Channels...)
	w.number(c.EmbargoAt)
	w.number(int64(c.Canary))
	w.number(int64(c.SecondAfterHours))
	w.text(c.Second, c.ReplyTo)
	variants := slices.Clone(c.Variants)
	slices.SortFunc(variants, func(a, b Variant) int { return strings.Compare(a.Name, b.Name) })
	for _, v := range variants {
		w.text(v.Name)
		for _, list := range [][]string{v.Kinds, v.Countries, v.Labels, v.Channels} {
			w.number(int64(len(list)))
			w.text(list...)
		}
	}
	return w.b
}

// Hash is the SHA-256 of the bytes in hexadecimal.
func (c Content) Hash() string {
	sum := sha256.Sum256(c.Bytes())
	return hex.EncodeToString(sum[:])
}

type writer struct{ b []byte }

func (w *writer) number(n int64) { w.b = binary.BigEndian.AppendUint64(w.b, uint64(n)) }

func (w *writer) text(parts ...string) {
	for _, s := range parts {
		w.number(int64(len(s)))
		w.b = append(w.b, s...)
	}
}
