package deadline

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// countZones change their clocks at midnight (São Paulo until 2019, Havana, Beirut,
// Asunción), by half an hour (Lord Howe), skip a whole day (Apia, 2011), or count
// far from UTC.
var countZones = []string{ //nolint:gochecknoglobals // a table
	"UTC", "Europe/Vienna", "Europe/London", "America/New_York", "America/Los_Angeles", "America/Sao_Paulo", "America/Havana", "Asia/Beirut",
	"America/Asuncion", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "Africa/Cairo",
	"Atlantic/Azores", "America/Santiago", "Asia/Amman",
}

// calendar is closed on weekends and on three days of every year.
func calendar(first, last int) *Calendar {
	c := &Calendar{ID: "test", First: first, Last: last, Holidays: map[Day]string{}}
	for y := c.First; y <= c.Last; y++ {
		c.Holidays[Day{y, time.January, 1}] = "New Year"
		c.Holidays[Day{y, time.December, 25}] = "Christmas"
		c.Holidays[Day{y, time.December, 26}] = "Second day of Christmas"
	}
	return c
}

// drawStart is an instant between 2010 and 2035; every fourth lies near a midnight, and
// every fourth near a change of the clocks.
func drawStart(t *rapid.T, zone *time.Location, label string) time.Time {
	from, to := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2035, 1, 1, 0, 0, 0, 0, time.UTC)
	at := time.UnixMicro(rapid.Int64Range(from.UnixMicro(), to.UnixMicro()).Draw(t, label))
	switch rapid.IntRange(0, 3).Draw(t, label+" kind") {
	case 1:
		if _, change := at.In(zone).ZoneBounds(); !change.IsZero() && change.Before(to) {
			at = change.Add(time.Duration(rapid.Int64Range(-90, 90).Draw(t, label+" minutes from the change")) * time.Minute)
		}
	case 0:
		at = DayOf(at, zone).at(0, zone).Add(time.Duration(rapid.Int64Range(-3, 3).Draw(t, label+" near midnight")) * time.Microsecond)
	}
	return at
}

func drawCountable(t *rapid.T) Period {
	return rapid.OneOf(
		rapid.Map(rapid.IntRange(0, 5000), Minutes), rapid.Map(rapid.IntRange(0, 1000), Hours), rapid.Map(rapid.IntRange(0, 400), Days),
		rapid.Map(rapid.IntRange(0, 24), Months), rapid.Map(rapid.IntRange(0, 60), BusinessDays),
	).Draw(t, "period")
}

func drawCounting(t *rapid.T) Counting {
	return Counting{Zone: zone(t, rapid.SampledFrom(countZones).Draw(t, "zone")), Calendar: calendar(2009, 2050), YearEnd: rapid.Bool().Draw(t, "year end")}
}

func counted(t *rapid.T, start time.Time, p Period, c Counting) Point {
	pt, err := Count(start, p, c)
	if err != nil {
		t.Fatal(err)
	}
	return pt
}

func TestCountNeverBeforeTheStart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawCounting(t)
		c.Roll = rapid.Bool().Draw(t, "roll")
		start, p := drawStart(t, c.Zone, "start"), drawCountable(t)
		if pt := counted(t, start, p, c); pt.At.Before(start) {
			t.Fatalf("%s after %s is due %s", p, start, pt.At)
		}
	})
}

// Rolling keeps the order only to the day: what falls on a Saturday evening moves to
// noon of Monday, and so does what falls on Sunday morning.
func TestCountIsMonotone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawCounting(t)
		a, b, p := drawStart(t, c.Zone, "a"), drawStart(t, c.Zone, "b"), drawCountable(t)
		if b.Before(a) {
			a, b = b, a
		}
		first, second := counted(t, a, p, c), counted(t, b, p, c)
		if second.At.Before(first.At) {
			t.Fatalf("%s after %s is due %s, after the later %s already %s", p, a, first.At, b, second.At)
		}
		c.Roll = true
		if first, second := counted(t, a, p, c), counted(t, b, p, c); second.Day.Before(first.Day) {
			t.Fatalf("rolled: %s and %s", first.Day, second.Day)
		}
	})
}

func TestCountLongerIsLater(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawCounting(t)
		start, p := drawStart(t, c.Zone, "start"), drawCountable(t)
		longer := Period{p.Value + rapid.IntRange(0, 30).Draw(t, "more"), p.Unit}
		if counted(t, start, longer, c).At.Before(counted(t, start, p, c).At) {
			t.Fatalf("%s is due before %s", longer, p)
		}
	})
}

func TestCountWhateverZoneItIsWrittenIn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawCounting(t)
		c.Roll = rapid.Bool().Draw(t, "roll")
		start, p := drawStart(t, c.Zone, "start"), drawCountable(t)
		here := counted(t, start.UTC(), p, c)
		there := counted(t, start.In(zone(t, rapid.SampledFrom(countZones).Draw(t, "written in"))), p, c)
		if here != there {
			t.Fatalf("%+v and %+v", here, there)
		}
	})
}

// A whole day ends with its last microsecond on the clocks of the zone, also where
// midnight does not exist.
func TestCountEndsWithTheDay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawCounting(t)
		pt := counted(t, drawStart(t, c.Zone, "start"), rapid.SampledFrom([]Period{Days(0), Days(1), Days(30), Months(1)}).Draw(t, "period"), c)
		day, after := DayOf(pt.At, c.Zone), DayOf(pt.At.Add(time.Microsecond), c.Zone)
		skipped := c.Zone.String() == "Pacific/Apia" && pt.Day == Day{2011, time.December, 30}
		if (day != pt.Day && !skipped) || !pt.Day.Before(after) || !pt.WholeDay {
			t.Fatalf("%s in %s ends at %s, which is on %s; a microsecond later is on %s", pt.Day, c.Zone, pt.At, day, after)
		}
	})
}

func TestBusinessDaysAreBusinessDays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawCounting(t)
		p := BusinessDays(rapid.IntRange(1, 40).Draw(t, "days"))
		start := drawStart(t, c.Zone, "start")
		pt := counted(t, start, p, c)
		if ok, why, err := c.Calendar.Business(pt.Day); !ok || err != nil {
			t.Fatalf("due on %s: %s %v", pt.Day, why, err)
		}
		n, day := 0, DayOf(start, c.Zone)
		if c.YearEnd {
			day = Day{day.Year, time.December, 31}
		}
		for day.Before(pt.Day) {
			day = day.Add(1)
			if ok, _, _ := c.Calendar.Business(day); ok {
				n++
			}
		}
		if n != p.Value {
			t.Fatalf("%d business days up to %s, want %d", n, pt.Day, p.Value)
		}
	})
}

func TestRollLandsOnNoonOfABusinessDay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawCounting(t)
		start, p := drawStart(t, c.Zone, "start"), drawCountable(t)
		raw := counted(t, start, p, c)
		c.Roll = true
		pt := counted(t, start, p, c)
		if ok, _, err := c.Calendar.Business(pt.Day); !ok || err != nil {
			t.Fatalf("rolled to %s: %v", pt.Day, err)
		}
		switch local := pt.At.In(c.Zone); {
		case pt.Rolled == "" && pt != raw:
			t.Fatalf("moved from %s to %s without a word", raw.At, pt.At)
		case pt.Rolled != "" && (local.Hour() != 12 || local.Minute() != 0):
			t.Fatalf("rolled to %s, not to noon", local)
		case pt.At.Before(raw.At):
			t.Fatalf("rolled back from %s to %s", raw.At, pt.At)
		}
	})
}

func TestMonthsClamp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := DayOf(drawStart(t, time.UTC, "day"), time.UTC)
		n := rapid.IntRange(0, 48).Draw(t, "months")
		got := d.AddMonths(n)
		months := (got.Year-d.Year)*12 + int(got.Month-d.Month)
		last := got.Day != d.Day && got.Add(1).Day == 1 && got.Day < d.Day
		if months != n || (got.Day != d.Day && !last) {
			t.Fatalf("%s and %d months is %s", d, n, got)
		}
	})
	for from, want := range map[Day]Day{{2026, 1, 31}: {2026, 2, 28}, {2028, 1, 31}: {2028, 2, 29}, {2026, 8, 31}: {2026, 9, 30}, {2026, 12, 15}: {2027, 1, 15}} {
		if got := from.AddMonths(1); got != want {
			t.Errorf("a month after %s: %s, want %s", from, got, want)
		}
	}
}

func TestYearEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawCounting(t)
		c.YearEnd = true
		start := drawStart(t, c.Zone, "start")
		pt := counted(t, start, Days(60), c)
		year := DayOf(start, c.Zone).Year
		want := Day{year + 1, time.March, 1}
		if (year+1)%4 == 0 {
			want = Day{year + 1, time.February, 29}
		}
		if pt.Day != want {
			t.Fatalf("60 days after the end of %d: %s, want %s", year, pt.Day, want)
		}
	})
}

func TestOutsideTheCalendar(t *testing.T) {
	t.Parallel()
	cal := calendar(2016, 2036)
	for name, c := range map[string]struct {
		start string
		p     Period
		roll  bool
	}{
		"starts behind it":          {"2037-01-03T10:00Z", BusinessDays(1), false},
		"runs out of it":            {"2036-12-30T10:00Z", BusinessDays(3), false},
		"starts before it":          {"2015-06-01T10:00Z", BusinessDays(1), false},
		"falls behind it and rolls": {"2036-12-30T10:00Z", Days(30), true},
		"rolls out of it":           {"2036-12-27T10:00Z", Hours(96), true}, // the 31st is a Wednesday: no
	} {
		pt, err := Count(instant(t, c.start), c.p, Counting{Calendar: cal, Roll: c.roll})
		if name == "rolls out of it" {
			if err != nil || pt.Rolled != "" {
				t.Errorf("%s: %+v, %v", name, pt, err)
			}
			continue
		}
		if !errors.Is(err, ErrOutside) {
			t.Errorf("%s: %v, want ErrOutside", name, err)
		}
	}
	for name, c := range map[string]Counting{"no calendar": {}} {
		if _, err := Count(instant(t, "2026-11-20T10:00Z"), BusinessDays(1), c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := Count(time.Time{}, Days(1), Counting{}); err == nil {
		t.Error("no start: no error")
	}
	if _, err := Count(instant(t, "2026-11-20T10:00Z"), Period{}, Counting{}); err == nil {
		t.Error("no period: no error")
	}
}

// A day imported far outside does not make the years between known.
func TestWithKeepsItsYears(t *testing.T) {
	t.Parallel()
	c := calendar(2016, 2036).With(map[Day]string{{2037, 5, 1}: "x", {2040, 5, 1}: "y"})
	for year, known := range map[int]bool{2016: true, 2036: true, 2037: true, 2038: false, 2040: false} {
		if _, _, err := c.Business(Day{year, 5, 3}); (err == nil) != known {
			t.Errorf("%d: %v", year, err)
		}
	}
	if ok, why, _ := c.Business(Day{2037, 5, 1}); ok || why != "x" {
		t.Errorf("the imported day is a business day: %s", why)
	}
}
