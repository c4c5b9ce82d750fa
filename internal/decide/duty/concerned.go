package duty

import (
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// Concerned is one of our legal entities that an incident touches, with its roles under
// data protection law.
type Concerned struct {
	ID    string
	Roles []directory.DataRole
}

// ConcernedBy lists the entities an incident touches by the reading the duties take: those
// in scope, else those that run the services, else all of ours. An entity without a recorded
// processing counts as a controller.
func ConcernedBy(st incident.State, dir directory.Snapshot) []Concerned {
	d := &deriver{Input: Input{Incident: st, Dir: dir}}
	var out []Concerned
	for _, e := range d.entities() {
		c := Concerned{ID: e.ID}
		for _, r := range d.roles(e) {
			c.Roles = append(c.Roles, directory.DataRole(r))
		}
		out = append(out, c)
	}
	return out
}
