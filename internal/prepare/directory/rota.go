package directory

import (
	"slices"
	"time"
)

// Turn is a stretch of time in which one person is called first, or nobody: Person is "". A zero Until has no end.
type Turn struct {
	Person string    `json:"person"`
	From   time.Time `json:"from"`
	Until  time.Time `json:"until,omitzero"`
	Shift  int       `json:"shift"` // index in OnCall; -1: nobody
}

// Gap tells that nobody has the turn.
func (t Turn) Gap() bool { return t.Person == "" }

// Rota lists the turns of a team that begin before until, in order and without holes: the first holds at from, and a
// time that no shift of an active person covers is a turn of nobody. Each turn has its true end, also behind until.
func (sn Snapshot) Rota(team string, from, until time.Time) []Turn {
	t := sn.Teams[team]
	// Whatever changes, changes where a shift begins or ends.
	marks := []time.Time{from}
	for _, s := range t.OnCall {
		for _, m := range []time.Time{s.From, s.Until} {
			if m.After(from) {
				marks = append(marks, m)
			}
		}
	}
	slices.SortFunc(marks, time.Time.Compare)
	var out []Turn
	for _, m := range slices.CompactFunc(marks, time.Time.Equal) {
		turn := Turn{From: m, Shift: -1}
		for n, s := range t.OnCall {
			if s.Covers(m) && sn.People[s.Person].Active {
				turn.Person, turn.Shift = s.Person, n
				break
			}
		}
		n := len(out)
		if n > 0 && out[n-1].Person == turn.Person {
			continue
		}
		if n > 0 {
			out[n-1].Until = m
		}
		if !m.Before(until) {
			break
		}
		out = append(out, turn)
	}
	return out
}

// TakeOver puts a person first from one moment until another: the earlier shift in the list is called first, so
// everything else stays and counts again afterwards. Shifts that are over are dropped, so that the list stays short.
func (t Team) TakeOver(person string, from, until time.Time) Team {
	kept := slices.DeleteFunc(slices.Clone(t.OnCall), func(s Shift) bool { return !s.Until.IsZero() && !s.Until.After(from) })
	t.OnCall = append([]Shift{{Person: person, From: from, Until: until}}, kept...)
	return t
}
