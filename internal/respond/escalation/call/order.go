package call

import (
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// rounds is how often everybody of a team is called before it is said that nobody
// answers. The policies name no number. Three rounds of a team of four at five
// minutes each fill the 60 minutes in which an incident has to be classified.
const rounds = 3

// Lane is people of whom one at a time is called, in this order.
type Lane struct {
	As     Role
	People []string
}

// Pick is one person to be called, or skipped for a reason.
type Pick struct {
	Person string
	As     Role
	Round  int
	Skip   string
}

// Choose says who is called next: of each lane the first who was not called in the
// round yet, then the next round. Those who cannot be reached (reach gives the
// reason) are passed over once per round. more is false when nobody is left: after
// three rounds, or after the round last where that is later. It is pure: before is
// what the chain has done so far.
func Choose(lanes []Lane, before []Call, round, last int, reach func(person string) string) (picks []Pick, more bool) {
	for at := max(round, 1); at <= max(rounds, last); at++ {
		done := map[string]bool{}
		for _, c := range before {
			if c.Kind == KindCall && c.Round == at {
				done[c.Person] = true
			}
		}
		found := false
		for _, l := range lanes {
			for _, p := range l.People {
				if done[p] {
					continue
				}
				done[p] = true
				why := reach(p)
				picks = append(picks, Pick{p, l.As, at, why})
				if why == "" {
					found = true
					break
				}
			}
		}
		if found {
			return picks, true
		}
		if !slices.ContainsFunc(lanes, func(l Lane) bool {
			return slices.ContainsFunc(l.People, func(p string) bool { return reach(p) == "" })
		}) {
			return picks, false // nobody can be reached in any round
		}
	}
	return picks, false
}

// Again picks who is told again of a chain's alarms although it is not their turn: of
// each lane the first who can be reached, when an alarm was raised after the last
// message to that person, and that message is as old as the chain's minutes. So the
// incident manager and an executive hear of every alarm at once or within those
// minutes, and the others when their turn comes.
func Again(c Chain, lanes []Lane, before []Call, now time.Time, reach func(person string) string) (picks []Pick) {
	if len(c.Alarms) == 0 {
		return nil
	}
	newest := slices.MaxFunc(c.Alarms, func(a, b Alarm) int { return a.At.Compare(b.At) }).At
	for _, l := range lanes {
		i := slices.IndexFunc(l.People, func(p string) bool { return reach(p) == "" })
		if i < 0 {
			continue
		}
		p, told := l.People[i], time.Time{}
		for _, k := range before {
			if k.Person == p && k.State != Skipped && k.CalledAt.After(told) {
				told = k.CalledAt
			}
		}
		twice := slices.ContainsFunc(picks, func(q Pick) bool { return q.Person == p })
		if !twice && newest.After(told) && now.Sub(told) >= time.Duration(c.Minutes)*time.Minute {
			picks = append(picks, Pick{Person: p, As: l.As, Round: c.Round})
		}
	}
	return picks
}

// Leads tells who may answer for the lead of a team, in calling order: a lead, whoever
// is on call by the roster, the incident manager (the response manager leads the
// SIRT, policy 003), and the deputy of a lead. Of a team without a lead it is anybody.
func Leads(dir directory.Snapshot, team, manager string, now time.Time) []string {
	t := dir.Teams[team]
	heads := dir.Leads(team)
	if len(heads) == 0 {
		return dir.OnCall(team, now)
	}
	var ok []string
	for _, s := range t.OnCall {
		if s.Covers(now) {
			ok = append(ok, s.Person)
		}
	}
	ok = append(ok, heads...)
	ok = append(ok, manager)
	for _, h := range heads {
		ok = append(ok, dir.People[h].Deputy)
	}
	var out []string
	for _, p := range ok {
		if p != "" && dir.People[p].Active && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// CountsAsLead says whether an answer ends a chain that asks for the lead. A deputy
// counts once he was called himself: the calling order has asked the lead before.
func CountsAsLead(dir directory.Snapshot, c Chain, calls []Call, person string, now time.Time) bool {
	if person == "" || !slices.Contains(Leads(dir, c.Team, c.Manager, now), person) {
		return false
	}
	onCall := slices.ContainsFunc(dir.Teams[c.Team].OnCall, func(s directory.Shift) bool { return s.Person == person && s.Covers(now) })
	heads := dir.Leads(c.Team)
	if onCall || len(heads) == 0 || person == c.Manager || slices.Contains(heads, person) {
		return true
	}
	return slices.ContainsFunc(calls, func(k Call) bool { return k.Person == person && k.State != Skipped })
}

// managers lists who answers for an incident: its manager, else the lead of the
// SIRT, else anybody with the role.
func managers(dir directory.Snapshot, assigned string) []string {
	var out []string
	add := func(ids ...string) {
		for _, id := range ids {
			if id != "" && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	add(assigned)
	for _, t := range dir.TeamsOf(directory.TeamSIRT) {
		add(dir.Leads(t.ID)...)
	}
	add(dir.WithRole(who.Manager)...)
	return out
}

// executives lists the executive management, then senior leadership, then anybody
// with the role.
func executives(dir directory.Snapshot, now time.Time) []string {
	var out []string
	add := func(ids []string) {
		for _, id := range ids {
			if !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	for _, k := range []directory.TeamKind{directory.TeamExecutive, directory.TeamLeadership} {
		for _, t := range dir.TeamsOf(k) {
			add(dir.OnCall(t.ID, now))
		}
	}
	add(dir.WithRole(who.Executive))
	return out
}

// Lanes lists whom a chain calls. Who has answered it is not called again.
func Lanes(dir directory.Snapshot, c Chain, calls []Call, now time.Time) []Lane {
	answered := func(p string) bool {
		return slices.ContainsFunc(calls, func(k Call) bool { return k.Person == p && k.State == Acknowledged })
	}
	if c.Purpose == ForDuty || c.Purpose == ForSignals {
		order := dir.OnCall(c.Team, now)
		if c.Heard { // the team knows; what is missing is its lead
			ok := Leads(dir, c.Team, c.Manager, now)
			order = slices.DeleteFunc(order, func(p string) bool { return !slices.Contains(ok, p) })
		}
		return []Lane{{AsTeam, slices.DeleteFunc(order, answered)}}
	}
	m := slices.DeleteFunc(managers(dir, c.Manager), answered)
	x := slices.DeleteFunc(executives(dir, now), func(p string) bool {
		return answered(p) || (len(m) > 0 && m[0] == p)
	})
	return []Lane{{AsManager, m}, {AsExecutive, x}}
}

// Reachable returns the channels to a person, or why there are none.
func Reachable(p who.Person) (ways []Channel, why string) {
	switch {
	case p.ID == "":
		return nil, "not known in the directory"
	case !p.Active:
		return nil, "not active"
	}
	if p.Email != "" {
		ways = append(ways, Email)
	}
	if p.Webhook != "" {
		ways = append(ways, Webhook)
	}
	if len(ways) == 0 {
		return nil, "no address"
	}
	return ways, ""
}

// NeedsLead names the rules that only the lead of the called team meets (policy 003:
// the incident escalates to the SIRT, whose lead takes it).
func NeedsLead(rule string) bool { return rule == duty.RuleSIRT }

// Holder is the person to whom a reminder of a duty goes: who holds it, the person on
// call of the team that holds it, or the incident manager.
func Holder(dir directory.Snapshot, d duty.Duty, now time.Time) string {
	var order []string
	switch d.Holder.Kind {
	case "person":
		order = []string{d.Holder.ID}
	case "team":
		order = dir.OnCall(d.Holder.ID, now)
	default:
		order = managers(dir, d.Manager)
	}
	for _, p := range order {
		if _, why := Reachable(dir.People[p]); why == "" {
			return p
		}
	}
	return ""
}
