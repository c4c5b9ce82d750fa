package deadline

import (
	"testing"
	"time"

	"pgregory.net/rapid"
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

// An hour that the clocks repeat is read as the first of the two.
func TestFirst(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, local, want string }{
		{"Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30Z"},
		{"Europe/Berlin", "2026-10-25T01:59", "2026-10-24T23:59Z"},
		{"Europe/Berlin", "2026-10-25T03:00", "2026-10-25T02:00Z"},
		{"America/New_York", "2026-11-01T01:30", "2026-11-01T05:30Z"},
		{"Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45Z"},
		{"UTC", "2026-11-01T01:30", "2026-11-01T01:30Z"},
		{"Asia/Kathmandu", "2026-11-01T01:30", "2026-10-31T19:45Z"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.ParseInLocation("2006-01-02T15:04", c.local, zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := First(at); !got.Equal(instant(t, c.want)) {
			t.Errorf("%s in %s: %s, want %s", c.local, c.zone, got.UTC(), c.want)
		}
	}
}

// The vectors are worked by hand from Regulation (EEC, Euratom) 1182/71, Art. 3.
func TestLatest1182(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	c := Counting{Zone: zone, Calendar: calendar(2016, 2036)} // closed on 1 January, 25 and 26 December
	for _, v := range []struct {
		start string
		p     Period
		want  string // the end of the last hour; of days, the instant the next day begins
	}{
		{"2026-11-20T13:25Z", Hours(72), "2026-11-23T14:00Z"},
		{"2026-11-20T13:00Z", Hours(72), "2026-11-23T14:00Z"}, // the hour that begins with it is not counted
		{"2026-03-27T19:20Z", Hours(72), "2026-03-30T20:00Z"}, // elapsed hours over the change of clocks
		{"2026-11-19T10:00Z", Days(3), "2026-11-23T23:00Z"},   // the 22nd is a Sunday
		{"2026-11-20T10:00Z", Days(3), "2026-11-24T23:00Z"},   // Saturday, Sunday, Monday: a second working day is due
		{"2026-11-20T10:00Z", Days(1), "2026-11-23T23:00Z"},   // a Saturday; one day needs no two working days
		{"2026-12-23T10:00Z", Days(2), "2026-12-28T23:00Z"},   // the 24th, then holidays and a weekend
		{"2026-12-31T10:00Z", Months(1), "2027-02-01T23:00Z"}, // the 31st of January is a Sunday
		{"2028-01-31T10:00Z", Months(1), "2028-02-29T23:00Z"},
	} {
		got := Latest1182(instant(t, v.start), v.p, c)
		if v.p.Unit != UnitHours {
			got = got.Add(time.Microsecond)
		}
		if !got.Equal(instant(t, v.want)) {
			t.Errorf("%s after %s: %s, want %s", v.p, v.start, got.UTC(), v.want)
		}
	}
	for name, got := range map[string]time.Time{
		"no calendar":   Latest1182(instant(t, "2026-11-20T13:25Z"), Days(3), Counting{}),
		"outside":       Latest1182(instant(t, "2036-12-30T13:25Z"), Days(3), c),
		"business days": Latest1182(instant(t, "2026-11-20T13:25Z"), BusinessDays(3), c),
		"no start":      Latest1182(time.Time{}, Hours(72), c),
	} {
		if !got.IsZero() {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// The later reading is never earlier than the careful one, and of hours at most one
// hour later.
func TestLatest1182IsLater(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawCounting(t)
		c.YearEnd = false
		start := drawStart(t, c.Zone, "start")
		p := rapid.OneOf(rapid.Map(rapid.IntRange(0, 200), Hours), rapid.Map(rapid.IntRange(0, 60), Days), rapid.Map(rapid.IntRange(1, 12), Months)).Draw(t, "period")
		careful, latest := counted(t, start, p, c).At, Latest1182(start, p, c)
		if latest.Before(careful) || p.Unit == UnitHours && latest.Sub(careful) > time.Hour {
			t.Fatalf("%s after %s: %s, and %s by the regulation", p, start, careful, latest)
		}
	})
}
