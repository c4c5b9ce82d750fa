// Package pick narrows lists of duties ("oversees and prioritizes actions", policy 003). It is
// pure: it makes the words of a statement, and must not import its room.
package pick

import (
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
)

// State is where a duty stands: open, met, waived or withdrawn, or missed when it is open
// and past its due time.
type State string

// Filter narrows a list of duties; empty fields do not.
type Filter struct {
	State     State  `json:"state,omitempty"` // missed: open and past its due time
	Incident  string `json:"incident,omitempty"`
	Rule      string `json:"rule,omitempty"`   // id of a rule of the policies or of the law
	Holder    string `json:"holder,omitempty"` // id of a person or team
	Recipient string `json:"recipient,omitempty"`
	Outward   bool   `json:"outward,omitempty"` // only those owed to the outside
	Drill     *bool  `json:"drill,omitempty"`
	Pending   bool   `json:"pending,omitempty"` // open or missed: nobody has done it yet
	Unowned   bool   `json:"unowned,omitempty"` // held by a team or nobody, not by a person
}

// SQL are the conditions of a statement on the table of duties, and its arguments.
func (f Filter) SQL(now time.Time) (where []string, args []any, err error) {
	where = []string{"1 = 1"}
	add := func(cond string, a ...any) { where, args = append(where, cond), append(args, a...) }
	state, due := "state", "due_at"
	if f.Incident != "" || f.Holder != "" { // they lead to fewer rows; SQLite guesses otherwise
		state, due = "state || ''", "due_at + 0"
	}
	switch f.State {
	case "":
	case "open":
		add(state+" = 'open' AND "+due+" >= ?", clock.Micros(now))
	case "missed":
		add(state+" = 'open' AND "+due+" < ?", clock.Micros(now))
	case "met", "waived", "withdrawn":
		add(state+" = ?", string(f.State))
	default:
		return nil, nil, fault.InvalidField("state", "must be open, missed, met, waived or withdrawn")
	}
	if f.Pending {
		add(state + " = 'open'")
	}
	if f.Unowned {
		add("NOT EXISTS (SELECT 1 FROM person WHERE person.id = duty.holder_id)")
	}
	if f.Incident != "" {
		add("incident_id = ?", f.Incident)
	}
	if f.Rule != "" {
		add("rule = ?", f.Rule)
	}
	if f.Holder != "" {
		add("holder_id = ?", f.Holder)
	}
	if f.Recipient != "" {
		add("recipient_id = ?", f.Recipient)
	}
	if f.Outward {
		add("outward = 1")
	}
	if f.Drill != nil {
		add("drill = ?", *f.Drill)
	}
	return where, args, nil
}
