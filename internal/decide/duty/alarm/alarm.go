// Package alarm says when a duty reminds or alarms next. It carries out policy 003 ("oversees
// and prioritizes actions"): nobody has to watch a clock. It is pure and must not import its
// own room.
package alarm

import (
	"time"

	"github.com/wakebell/wakebell/internal/rule/deadline"
)

// Alarm is one reminder or alarm that was raised.
type Alarm struct {
	Kind string    `json:"kind"` // reminder|missed
	At   time.Time `json:"at"`
	Due  time.Time `json:"due"` // the due time it was raised for
}

// Next is the next reminder (a fraction of the time allowed, from the plan) or
// the due time itself; zero when the alarm for this due time was raised.
func Next(raised []Alarm, start, due time.Time, fractions []float64, now time.Time) time.Time {
	for _, a := range raised {
		if a.Kind == "missed" && a.Due.Equal(due) {
			return time.Time{}
		}
	}
	for _, t := range deadline.Fractions(start, due, fractions) {
		if t.After(now) && t.Before(due) {
			return t
		}
	}
	if due.Before(now) {
		return now
	}
	return due
}
