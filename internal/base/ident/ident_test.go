package ident

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestNewIsAnOrderedUUIDv7(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 10, 24, 20, 0, 0, 123456000, time.UTC)
	last := ""
	for i := range 10_000 {
		id := New(at.Add(time.Duration(i/100) * time.Microsecond))
		u, err := uuid.Parse(id)
		if err != nil || u.Version() != 7 || u.Variant() != uuid.RFC4122 {
			t.Fatalf("%s: %v version %v", id, err, u.Version())
		}
		if id <= last {
			t.Fatalf("%s after %s", id, last)
		}
		last = id
	}
	u := uuid.MustParse(last)
	sec, ns := u.Time().UnixTime()
	if got := time.Unix(sec, ns).UTC(); got.Sub(at).Abs() > 2*time.Millisecond {
		t.Fatalf("time %v", got)
	}
}

func TestOldTimesDoNotPanic(t *testing.T) {
	t.Parallel()
	if _, err := uuid.Parse(New(time.Time{})); err != nil {
		t.Fatal(err)
	}
}
