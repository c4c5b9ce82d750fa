// Package deadline is the arithmetic of due times: a start, a period, and
// which of several due times is the earliest, with the reason in words.
//
// It carries out policy 003: affected customers and partners are told "within
// 48 hours, based on Service Level Agreements, based on legal or regularity
// compliance, whichever is shorter", and the 20 minutes, 60 minutes and "every
// second hour" of its escalation procedure.
//
// Periods are elapsed time counted in UTC: a night in which the clocks change
// neither gives nor takes an hour.
//
// Pure: it must not import a clock, a context, SQL, network or file access,
// nor any other room of this program.
package deadline

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Unit is what a Period counts.
type Unit string

// The units known now. Calendar and business days need calendars and are a
// matter of their own.
const (
	UnitMinutes Unit = "minutes"
	UnitHours   Unit = "hours"
)

// maxPeriod is the longest period that counts as real: ten years. It also keeps
// the arithmetic far from the end of time.Duration.
const maxPeriod = 10 * 366 * 24 * time.Hour

// Period is an amount of elapsed time. The zero Period means "no fixed time is
// named", as in "without undue delay"; zero of a named unit means "at once".
type Period struct {
	Value int
	Unit  Unit
}

// Minutes is a period of n minutes.
func Minutes(n int) Period { return Period{Value: n, Unit: UnitMinutes} }

// Hours is a period of n elapsed hours.
func Hours(n int) Period { return Period{Value: n, Unit: UnitHours} }

// Fixed says whether p names a time that can be counted: a known unit and a
// value from zero to ten years.
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

// String is "24 h" or "20 min", and "" for the zero Period.
func (p Period) String() string {
	switch p.Unit {
	case UnitMinutes:
		return strconv.Itoa(p.Value) + " min"
	case UnitHours:
		return strconv.Itoa(p.Value) + " h"
	case "":
		return ""
	}
	return fmt.Sprintf("%d %s", p.Value, p.Unit)
}

// Parse reads what String writes: "24 h", "20 min" (the space may be missing),
// and "" for the zero Period. The error names the accepted shapes.
func Parse(s string) (Period, error) {
	text := strings.TrimSpace(s)
	if text == "" {
		return Period{}, nil
	}
	for _, u := range []struct {
		suffix string
		unit   Unit
	}{{"min", UnitMinutes}, {"h", UnitHours}} {
		number, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.Atoi(strings.TrimSpace(number))
		p := Period{Value: n, Unit: u.unit}
		if err != nil || !p.Fixed() {
			break
		}
		return p, nil
	}
	return Period{}, fmt.Errorf(`a period reads "24 h" or "20 min", from 0 to ten years`)
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

// Next is the due time of the next of a recurring series: one period after the
// last one. The zero time when last is zero or every is not longer than zero,
// so that a series never falls due endlessly at the same instant.
func Next(last time.Time, every Period) time.Time {
	if every.Value <= 0 {
		return time.Time{}
	}
	return Due(last, every)
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
