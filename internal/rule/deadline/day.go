package deadline

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Day is a date without a time or zone.
type Day struct {
	Year  int
	Month time.Month
	Day   int
}

// DayOf is the date of an instant in a zone.
func DayOf(at time.Time, zone *time.Location) Day {
	y, m, d := at.In(zone).Date()
	return Day{y, m, d}
}

// Add is the date n days later; n may be negative.
func (d Day) Add(n int) Day { return DayOf(d.noon().AddDate(0, 0, n), time.UTC) }

// AddMonths is the same day n months later, or the last day of that month where it
// has no such day: Regulation (EEC, Euratom) 1182/71 Art. 3(2)(c).
func (d Day) AddMonths(n int) Day {
	first := time.Date(d.Year, d.Month+time.Month(n), 1, 12, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return Day{first.Year(), first.Month(), min(d.Day, last)}
}

// Weekday is the day of the week.
func (d Day) Weekday() time.Weekday { return d.noon().Weekday() }

// Before says whether d is earlier than o.
func (d Day) Before(o Day) bool { return d.noon().Before(o.noon()) }

func (d Day) compare(o Day) int { return d.noon().Compare(o.noon()) }

// String is the date as 2006-01-02.
func (d Day) String() string { return d.noon().Format(time.DateOnly) }

func (d Day) noon() time.Time { return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC) }

// at is a local time of the date in zone. A time that the clocks skip moves on to
// where they begin again; of one that comes twice it is the first.
func (d Day) at(hour int, zone *time.Location) time.Time {
	t := time.Date(d.Year, d.Month, d.Day, hour, 0, 0, 0, zone)
	if day := DayOf(t, zone); day.Before(d) || day == d && t.Hour() < hour {
		_, again := t.ZoneBounds() // t lies before the gap
		return again
	}
	return First(t)
}

// Begin is the first instant of the date in zone.
func (d Day) Begin(zone *time.Location) time.Time { return d.at(0, zone) }

// end is the last microsecond of the date in zone.
func (d Day) end(zone *time.Location) time.Time { return d.Add(1).Begin(zone).Add(-time.Microsecond) }

// First is the first of the two instants that a local time stands for in an hour that
// the clocks repeat; t itself at any other time. A clock that started in that hour is
// counted from the first, which is the careful reading.
func First(t time.Time) time.Time {
	since, _ := t.ZoneBounds()
	if since.IsZero() {
		return t
	}
	_, before := since.Add(-time.Nanosecond).Zone()
	_, now := t.Zone()
	if first := t.Add(-time.Duration(before-now) * time.Second); before > now && first.Before(since) {
		return first
	}
	return t
}

// Calendar names the holidays of one place. Saturdays and Sundays are no business
// days in any calendar, unless Weekend says otherwise.
type Calendar struct {
	ID       string // "us-federal"
	Name     string // "United States, federal holidays"
	First    int    // first year the holidays are known for
	Last     int    // last year the holidays are known for
	Holidays map[Day]string
	Weekend  []time.Weekday // nil: Saturday and Sunday
}

// ErrOutside is wrapped when a date lies outside the years a calendar knows.
var ErrOutside = errors.New("outside the years of the calendar")

// Business says whether d is a business day; if it is not, why names the holiday
// or the day of the week. A date outside the calendar's years is ErrOutside, never
// a guess.
func (c *Calendar) Business(d Day) (ok bool, why string, err error) {
	if c == nil {
		return false, "", errors.New("business days need a calendar")
	}
	if d.Year < c.First || d.Year > c.Last {
		return false, "", fmt.Errorf("%s is %w %s, which knows %d to %d", d, ErrOutside, c.ID, c.First, c.Last)
	}
	if name, holiday := c.Holidays[d]; holiday {
		return false, name, nil
	}
	weekend := c.Weekend
	if weekend == nil {
		weekend = []time.Weekday{time.Saturday, time.Sunday}
	}
	if slices.Contains(weekend, d.Weekday()) {
		return false, d.Weekday().String(), nil
	}
	return true, "", nil
}

// With returns a calendar with more holidays, for what an operator imports. It knows
// a year more for each imported year that joins the ones it knows: a single day far
// off does not make the years between known.
func (c *Calendar) With(days map[Day]string) *Calendar {
	out := *c
	out.Holidays = maps.Clone(c.Holidays)
	if out.Holidays == nil {
		out.Holidays = map[Day]string{}
	}
	for d, name := range days {
		out.Holidays[d] = name
	}
	for _, d := range slices.SortedFunc(maps.Keys(days), Day.compare) {
		if d.Year == out.Last+1 {
			out.Last++
		}
	}
	for _, d := range slices.Backward(slices.SortedFunc(maps.Keys(days), Day.compare)) {
		if d.Year == out.First-1 {
			out.First--
		}
	}
	return &out
}

// Counting is what the counting of dates needs besides start and period.
type Counting struct {
	Zone     *time.Location // whose dates are counted; nil = UTC
	Calendar *Calendar      // for business days and for rolling; nil where neither is asked
	YearEnd  bool           // count from the end of the calendar year of the start
	// Roll moves a due time that falls on a weekend or holiday to noon of the next
	// business day: RTS (EU) 2025/301 Art. 5(4).
	Roll bool
}

// Point is when something falls due.
type Point struct {
	At       time.Time // the instant, UTC; for a whole day its last microsecond in the zone
	Day      Day       // the date in the zone
	WholeDay bool      // the law names a day, not an hour
	Rolled   string    // why the due time was moved, in words; "" = it was not
}

// Count is the due time of a period after start. Elapsed time is counted in UTC.
// Days are counted on the dates of the zone; the day of the start is day 0, and
// the due time is the end of the last day. The same instant gives the same due
// time, whatever zone it is written in.
//
// It fails where there is no start, the period is not Countable, business days
// have no calendar, or a date lies outside the calendar's years.
func Count(start time.Time, p Period, c Counting) (Point, error) {
	zone := c.Zone
	if zone == nil {
		zone = time.UTC
	}
	switch {
	case start.IsZero():
		return Point{}, errors.New("no start to count from")
	case !p.Countable():
		return Point{}, fmt.Errorf("%q cannot be counted", p)
	}
	pt, err := count(start, p, c, zone)
	if err != nil || !c.Roll {
		return pt, err
	}
	return roll(pt, c.Calendar, zone)
}

func count(start time.Time, p Period, c Counting, zone *time.Location) (Point, error) {
	day := DayOf(start, zone)
	if c.YearEnd {
		day = Day{day.Year, time.December, 31}
		start = day.end(zone)
	}
	if p.Fixed() {
		at := Due(start, p)
		return Point{At: at, Day: DayOf(at, zone)}, nil
	}
	switch p.Unit {
	case UnitDays:
		day = day.Add(p.Value)
	case UnitMonths:
		day = day.AddMonths(p.Value)
	case UnitBusinessDays:
		for left := p.Value; left > 0; {
			day = day.Add(1)
			ok, _, err := c.Calendar.Business(day)
			if err != nil {
				return Point{}, err
			}
			if ok {
				left--
			}
		}
	}
	return Point{At: day.end(zone).UTC(), Day: day, WholeDay: true}, nil
}

// roll moves a point on a weekend or holiday to noon of the next business day.
func roll(pt Point, cal *Calendar, zone *time.Location) (Point, error) {
	ok, first, err := cal.Business(pt.Day)
	if err != nil || ok {
		return pt, err
	}
	day := pt.Day
	for !ok {
		day = day.Add(1)
		if ok, _, err = cal.Business(day); err != nil {
			return Point{}, err
		}
	}
	return Point{
		At: day.at(12, zone).UTC(), Day: day,
		Rolled: fmt.Sprintf("%s is no working day (%s), so it is due at noon of the next one, %s", pt.Day, first, day),
	}, nil
}

// Latest1182 is the latest end of a period in the reading of Regulation (EEC, Euratom)
// 1182/71. Of hours, the one in which the event falls is not counted, so they run from
// the next full hour; they end on whatever day they end (Art. 3(1), 3(4)). Days and
// months end with the next working day where their last is none, and of two days or
// more two are working days (Art. 3(4), 3(5)). For information: the careful reading
// counts from the event. Zero where it cannot be said.
func Latest1182(start time.Time, p Period, c Counting) time.Time {
	zone := c.Zone
	if zone == nil {
		zone = time.UTC
	}
	switch {
	case start.IsZero() || !p.Countable():
		return time.Time{}
	case p.Unit == UnitHours:
		local := start.In(zone)
		into := time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
		return Due(local.Add(time.Hour-into), p)
	case p.Unit != UnitDays && p.Unit != UnitMonths:
		return time.Time{}
	}
	pt, err := count(start, p, c, zone)
	if err != nil {
		return time.Time{}
	}
	working := 0
	for day := DayOf(start, zone).Add(1); ; day = day.Add(1) {
		ok, _, err := c.Calendar.Business(day)
		if err != nil {
			return time.Time{}
		}
		if ok {
			working++
		}
		enough := working >= 2 || p.Unit == UnitDays && p.Value < 2
		if ok && enough && !day.Before(pt.Day) {
			return day.end(zone).UTC()
		}
	}
}
