// Package guard holds what stands in the way of ending an incident, and the refusal that
// names it.
//
// It carries out policy 000 and 003 (who must be told is told before the file is closed)
// and policy 001, point 1. It is pure: it must not import a clock, a store, or another
// room than base/fault.
package guard

import (
	"fmt"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// Open is what a guard read about one duty, or one decision, that stands in the way.
type Open struct {
	Key     string    `json:"key"`
	Title   string    `json:"title"`
	DueAt   time.Time `json:"due_at,omitzero"`
	Missed  bool      `json:"missed"`
	Outward bool      `json:"outward"`
	Binding bool      `json:"binding"` // under law or contract
	Filing  bool      `json:"filing"`  // a dated filing that may run on after the close
	// Remedy says what is to be done about a decision; Key is then the whole name of the field.
	Remedy string `json:"-"`
}

// Refuse names each thing that stands in the way of an end, and the remedy; remedy is
// that of a duty.
func Refuse(ref, end string, open []Open, in func(Open) bool, remedy string) error {
	var f []fault.Field
	what := "outward duties"
	for _, d := range open {
		if !in(d) {
			continue
		}
		if d.Remedy != "" {
			f = append(f, fault.Field{Field: d.Key, Message: d.Title + " is open: " + d.Remedy})
			what = "duties and decisions"
			continue
		}
		state := "is open"
		if d.Missed {
			state = "is missed"
		}
		f = append(f, fault.Field{Field: "duties/" + d.Key, Message: d.Title + " " + state + ": " + remedy})
	}
	return &fault.Error{Kind: fault.Conflict, Message: fmt.Sprintf("%s cannot be %s: %d %s are not done", ref, end, len(f), what), Fields: f}
}
