// Package ident makes the opaque ids used inside: UUIDv7 (RFC 9562) as text,
// so that ids sort by the time they were made. People see human references
// instead. It must not import any other package of this module and never reads
// the time itself.
package ident

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"sync/atomic"
	"time"
)

// counter orders ids of equal times within this process. It is the one piece
// of package state here: two counters could not order one process.
var counter = newCounter()

func newCounter() *atomic.Uint32 {
	var b [4]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	c := new(atomic.Uint32)
	c.Store(binary.BigEndian.Uint32(b[:]) >> 2) // room below the wrap
	return c
}

// New returns a UUIDv7 of the instant at, 36 characters of lower-case text.
// Ids of one process sort in the order they were made as long as at does not
// go back; equal instants (a test clock that stands still) are ordered too.
func New(at time.Time) string {
	us := at.UnixMicro()
	ms, part := us/1000, us%1000
	if us < 0 {
		ms, part = 0, 0
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[0:8], uint64(ms)<<16|0x7000|uint64(part*4096/1000))
	n := counter.Add(1)
	var r [4]byte
	rand.Read(r[:])
	low := binary.BigEndian.Uint32(r[:]) >> 2 // 30 random bits
	binary.BigEndian.PutUint64(b[8:16], 0x8000_0000_0000_0000|uint64(n)<<30|uint64(low))
	var out [36]byte
	hex.Encode(out[0:8], b[0:4])
	out[8] = '-'
	hex.Encode(out[9:13], b[4:6])
	out[13] = '-'
	hex.Encode(out[14:18], b[6:8])
	out[18] = '-'
	hex.Encode(out[19:23], b[8:10])
	out[23] = '-'
	hex.Encode(out[24:36], b[10:16])
	return string(out[:])
}
