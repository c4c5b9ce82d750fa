package deadline

import (
	"testing"
	"time"
)

// A date ends with its last microsecond on the clocks of the zone: where midnight is
// skipped going west or east of Greenwich, where it comes twice, and where a whole
// date is left out.
func TestTheEndOfADate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, day, next string }{ // next: the instant the following date begins
		{"Europe/Berlin", "2026-03-28", "2026-03-28T23:00Z"},
		{"Europe/Berlin", "2026-03-29", "2026-03-29T22:00Z"}, // 23 hours
		{"Europe/Berlin", "2026-10-25", "2026-10-25T23:00Z"}, // 25 hours
		{"America/New_York", "2026-03-08", "2026-03-09T04:00Z"},
		{"America/New_York", "2026-11-01", "2026-11-02T05:00Z"},
		{"Australia/Lord_Howe", "2026-10-04", "2026-10-04T13:00Z"}, // half an hour
		{"Atlantic/Azores", "2026-03-28", "2026-03-29T01:00Z"},     // midnight is skipped
		{"Atlantic/Azores", "2026-10-24", "2026-10-25T00:00Z"},     // midnight comes twice
		{"America/Santiago", "2026-09-05", "2026-09-06T04:00Z"},    // skipped
		{"America/Santiago", "2026-04-04", "2026-04-05T04:00Z"},    // 23:00 comes twice
		{"America/Havana", "2026-03-07", "2026-03-08T05:00Z"},      // skipped
		{"America/Havana", "2026-10-31", "2026-11-01T04:00Z"},      // twice
		{"Asia/Beirut", "2026-03-28", "2026-03-28T22:00Z"},         // skipped
		{"Asia/Beirut", "2026-10-24", "2026-10-24T22:00Z"},         // 23:00 comes twice
		{"Africa/Cairo", "2026-04-23", "2026-04-23T22:00Z"},        // skipped
		{"Asia/Amman", "2021-10-28", "2021-10-28T21:00Z"},          // twice
		{"Pacific/Apia", "2011-12-29", "2011-12-30T10:00Z"},        // the 30th was left out
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.DateOnly, c.day)
		if err != nil {
			t.Fatal(err)
		}
		want := instant(t, c.next).Add(-time.Microsecond)
		if got := DayOf(at, time.UTC).end(zone); !got.Equal(want) {
			t.Errorf("%s in %s ends at %s, want %s", c.day, c.zone, got.UTC(), want.UTC())
		}
	}
}
