// Package head keeps one row per incident that owes something: how many duties are open and
// when the next is due. Lists sort by it, so the most urgent stands first ("oversees and
// prioritizes actions", policy 003). It must not import its room, which writes the duties.
package head

import (
	"fmt"

	"github.com/wakebell/wakebell/internal/base/record/row"
)

// open is the state of duties that count.
const open = "open"

// Heads are the rows. The zero value is not usable; see New.
type Heads struct{ Table *row.Table }

// New names the table.
func New() Heads {
	return Heads{row.NewTable("duty_head", 1, "incident_id", "open_count", "next_due_at")}
}

// Columns say where in the row of a duty its incident, state and due time stand.
type Columns struct{ Incident, State, DueAt int }

// All makes the head of an incident from the rows of all its duties.
func (h Heads) All(x row.Rows, at Columns, incident string, duties []row.Row) error {
	count, next := int64(0), int64(0)
	for _, r := range duties {
		if due := r.Int(at.DueAt); r.Text(at.State) == open {
			if count++; count == 1 || due < next {
				next = due
			}
		}
	}
	before, err := x.Row(h.Table, incident)
	if err != nil {
		return err
	}
	return x.Put(h.Table, row.Change{Before: before, After: row.Row{incident, count, next}})
}

// One is All after a change of one duty, whose due time stays. The others are read only
// where it was the last one due then.
func (h Heads) One(x row.Rows, duties *row.Table, at Columns, was, now row.Row) error {
	if (was.Text(at.State) == open) == (now.Text(at.State) == open) {
		return nil
	}
	incident, due := now.Text(at.Incident), now.Int(at.DueAt)
	before, err := x.Row(h.Table, incident)
	if err != nil {
		return err
	}
	if before == nil {
		return fmt.Errorf("duty: incident %s has duties and no head", incident)
	}
	count, next := before.Int(1), before.Int(2)
	switch {
	case now.Text(at.State) == open:
		if count++; count == 1 || due < next {
			next = due
		}
	case count == 1:
		count, next = 0, 0
	default:
		count--
		if due != next {
			break
		}
		another, err := x.Another(duties, was, at.State, at.DueAt)
		if err != nil {
			return err
		}
		if !another {
			list, err := x.Group(duties, incident)
			if err != nil {
				return err
			}
			return h.All(x, at, incident, list)
		}
	}
	return x.Put(h.Table, row.Change{Before: before, After: row.Row{incident, count, next}})
}
