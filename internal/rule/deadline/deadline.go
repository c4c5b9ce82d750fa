// Package deadline is the arithmetic of due times: a start, a period, and
// which of several due times is the earliest, with the reason in words.
//
// It carries out policy 003: affected customers and partners are told "within
// 48 hours, based on Service Level Agreements, based on legal or regularity
// compliance, whichever is shorter", and the 20 minutes, 60 minutes and "every
// second hour" of its escalation procedure.
//
// Minutes and hours are elapsed time counted in UTC: a night in which the clocks
// change neither gives nor takes an hour. Days, business days and months are
// counted on the dates of one zone, in day.go.
//
// Pure: it must not import a clock, a context, SQL, network or file access,
// nor any other room of this program.
package deadline

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Unit is what a Period counts.
type Unit string

// The units. Minutes and hours are elapsed time; the others are counted on dates.
const (
	UnitMinutes      Unit = "minutes"
	UnitHours        Unit = "hours"
	UnitDays         Unit = "days"          // calendar days
	UnitBusinessDays Unit = "business_days" // days that are neither weekend nor holiday of a named calendar
	UnitMonths       Unit = "months"
)

// units are the spellings of the units, longest first where one ends in another.
var units = []struct {
	suffix string
	unit   Unit
	most   int // ten years
}{
	{"min", UnitMinutes, 10 * 366 * 24 * 60},
	{"business days", UnitBusinessDays, 10 * 366},
	{"business day", UnitBusinessDays, 10 * 366},
	{"days", UnitDays, 10 * 366},
	{"day", UnitDays, 10 * 366},
	{"months", UnitMonths, 120},
	{"month", UnitMonths, 120},
	{"h", UnitHours, 10 * 366 * 24},
}

// maxPeriod is the longest period that counts as real: ten years. It also keeps
// the arithmetic far from the end of time.Duration.
const maxPeriod = 10 * 366 * 24 * time.Hour

// Period is an amount of time to count. The zero Period means "no fixed time is
// named", as in "without undue delay"; zero of a named unit means "at once".
type Period struct {
	Value int
	Unit  Unit
}

// Minutes is a period of n minutes.
func Minutes(n int) Period { return Period{Value: n, Unit: UnitMinutes} }

// Hours is a period of n elapsed hours.
func Hours(n int) Period { return Period{Value: n, Unit: UnitHours} }

// Days is a period of n calendar days.
func Days(n int) Period { return Period{Value: n, Unit: UnitDays} }

// BusinessDays is a period of n business days.
func BusinessDays(n int) Period { return Period{Value: n, Unit: UnitBusinessDays} }

// Months is a period of n months.
func Months(n int) Period { return Period{Value: n, Unit: UnitMonths} }

// Countable says whether p names a time that can be counted at all: a known unit
// and a value from zero to ten years.
func (p Period) Countable() bool {
	for _, u := range units {
		if u.unit == p.Unit {
			return p.Value >= 0 && p.Value <= u.most
		}
	}
	return false
}

// Fixed says whether p is elapsed time: minutes or hours, from zero to ten years.
// Dates are counted by Count.
func (p Period) Fixed() bool {
	_, ok := p.Duration()
	return ok
}

// Duration is p as elapsed time; false when p is not Fixed.
func (p Period) Duration() (time.Duration, bool) {
	var unit time.Duration
	switch p.Unit {
	case UnitMinutes:
		unit = time.Minute
	case UnitHours:
		unit = time.Hour
	default:
		return 0, false
	}
	if p.Value < 0 || int64(p.Value) > int64(maxPeriod/unit) {
		return 0, false
	}
	return time.Duration(p.Value) * unit, true
}

// String is "24 h", "20 min", "30 days", "1 business day" or "2 months", and "" for
// the zero Period.
func (p Period) String() string {
	if p.Unit == "" {
		return ""
	}
	word := string(p.Unit)
	for _, u := range units {
		if u.unit == p.Unit {
			word = u.suffix
			if p.Value != 1 || !strings.HasSuffix(word, "s") {
				break
			}
		}
	}
	return strconv.Itoa(p.Value) + " " + word
}

// Parse reads what String writes: "24 h", "20 min", "30 days" (the space may be
// missing), and "" for the zero Period. The error names the accepted shapes.
func Parse(s string) (Period, error) {
	text := strings.TrimSpace(s)
	if text == "" {
		return Period{}, nil
	}
	for _, u := range units {
		number, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.Atoi(strings.TrimSpace(number))
		if err != nil || n < 0 || n > u.most {
			break
		}
		return Period{Value: n, Unit: u.unit}, nil
	}
	return Period{}, errors.New(`a period reads "24 h", "20 min", "30 days", "5 business days" or "1 month", from 0 to ten years`)
}

// MarshalText writes String.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what Parse reads.
func (p *Period) UnmarshalText(b []byte) error {
	q, err := Parse(string(b))
	if err != nil {
		return err
	}
	*p = q
	return nil
}

// Due is start plus p in elapsed time, in UTC. It is the zero time when there
// is no start or p names no fixed time: then no due time can be computed.
func Due(start time.Time, p Period) time.Time {
	d, ok := p.Duration()
	if start.IsZero() || !ok {
		return time.Time{}
	}
	// Round(0) drops the monotonic reading, which would hide from a comparison
	// that the wall clock was set.
	return start.Round(0).UTC().Add(d)
}

// Fractions are the instants for reminders: start + f × (due − start) for each
// f strictly between 0 and 1, in UTC, ascending, each instant once, whole
// microseconds rounded down. Other values of f are left out. Nil when start or
// due is zero or due is not after start.
func Fractions(start, due time.Time, f []float64) []time.Time {
	if start.IsZero() || due.IsZero() || !due.After(start) {
		return nil
	}
	span := float64(due.Sub(start) / time.Microsecond)
	var out []time.Time
	for _, share := range f {
		if math.IsNaN(share) || share <= 0 || share >= 1 {
			continue
		}
		step := time.Duration(math.Floor(share*span)) * time.Microsecond
		out = append(out, start.Round(0).UTC().Add(step))
	}
	slices.SortFunc(out, time.Time.Compare)
	return slices.CompactFunc(out, time.Time.Equal)
}
