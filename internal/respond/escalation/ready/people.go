package ready

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/respond/escalation/call"
)

// Ahead is how far the rosters must be filled.
const Ahead = 14 * 24 * time.Hour

// named is how many names one text holds.
const named = 5

// span is a time in which nobody of the roster is on call.
type span struct{ from, until time.Time }

func (g span) String() string { return "from " + stamp(g.from) + " until " + stamp(g.until) }

// rosters gives a check for each team that has a hole, or one that all are filled.
func rosters(dir directory.Snapshot, now time.Time) []Check {
	var out []Check
	filled, teams := 0, 0
	for _, id := range slices.Sorted(maps.Keys(dir.Teams)) {
		t := dir.Teams[id]
		if t.Retired {
			continue
		}
		c := Check{Key: "on_call", Title: "On call in " + t.Name, Remedy: "Name people who are active, in the directory."}
		onCall := t.Kind == directory.TeamProduct || t.Kind == directory.TeamSIRT || len(t.OnCall) > 0
		if onCall {
			teams++
		}
		nobody, holes := silent(dir, t.ID, now), gaps(dir, t, now)
		switch {
		case nobody != nil:
			c.State, c.Text = Bad, "Nobody of the team can be called "+nobody.String()+"."
		case !onCall:
			continue
		case len(t.OnCall) == 0:
			c.State, c.Text = Warn, "The team has no roster; its lead is called first, at any hour."
			c.Remedy = "Add shifts for the next 14 days."
		case len(holes) > 0:
			c.State, c.Text = Warn, "Nobody of the roster is on call "+holes[0].String()+"; the lead is called then."
			if len(holes) > 1 {
				c.Text = strings.TrimSuffix(c.Text, ".") + fmt.Sprintf(" There are %d such gaps in 14 days.", len(holes))
			}
			c.Remedy = "Fill the shifts of the next 14 days."
		default:
			filled++
			continue
		}
		out = append(out, c)
	}
	switch {
	case teams == 0:
		out = append(out, Check{
			Key: "on_call", Title: "On call", State: Bad, Text: "There is no product team and no SIRT: nobody is called about a signal.",
			Remedy: "Add teams with members and shifts, in the directory.",
		})
	case filled > 0:
		text := fmt.Sprintf("%d of %d rosters are filled until %s.", filled, teams, stamp(now.Add(Ahead)))
		if filled == teams {
			text = fmt.Sprintf("All %d rosters are filled until %s.", teams, stamp(now.Add(Ahead)))
		}
		out = append(out, Check{Key: "on_call", Title: "On call", State: Good, Text: text})
	}
	return out
}

// turns are the instants within the next two weeks at which a roster changes.
func turns(t directory.Team, now time.Time) []time.Time {
	end := now.Add(Ahead)
	out := []time.Time{now}
	for _, s := range t.OnCall {
		for _, at := range []time.Time{s.From, s.Until} {
			if at.After(now) && at.Before(end) {
				out = append(out, at)
			}
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return append(slices.CompactFunc(out, time.Time.Equal), end)
}

// without gives the times of the next two weeks in which covered does not hold, joined.
func without(t directory.Team, now time.Time, covered func(at time.Time) bool) (out []span) {
	at := turns(t, now)
	for i := range len(at) - 1 {
		switch n := len(out); {
		case covered(at[i]):
		case n > 0 && out[n-1].until.Equal(at[i]):
			out[n-1].until = at[i+1]
		default:
			out = append(out, span{at[i], at[i+1]})
		}
	}
	return out
}

func gaps(dir directory.Snapshot, t directory.Team, now time.Time) []span {
	return without(t, now, func(at time.Time) bool {
		return slices.ContainsFunc(t.OnCall, func(s directory.Shift) bool { return s.Covers(at) && reachable(dir, s.Person) })
	})
}

// silent is the first time in which a call of the team reaches nobody at all.
func silent(dir directory.Snapshot, team string, now time.Time) *span {
	holes := without(dir.Teams[team], now, func(at time.Time) bool {
		return slices.ContainsFunc(dir.OnCall(team, at), func(p string) bool { return reachable(dir, p) })
	})
	if len(holes) == 0 {
		return nil
	}
	return &holes[0]
}

func reachable(dir directory.Snapshot, person string) bool {
	_, why := call.Reachable(dir.People[person])
	return why == ""
}

// alarms says whether anybody is called when a team does not answer.
func alarms(dir directory.Snapshot) Check {
	c := Check{Key: "alarm", Title: "When a team does not answer", State: Good}
	count := func(r who.Role) int {
		n := 0
		for _, p := range dir.WithRole(r) {
			if reachable(dir, p) {
				n++
			}
		}
		return n
	}
	managers, executives := count(who.Manager), count(who.Executive)
	c.Text = fmt.Sprintf("%s and %s are there to be called.", number(managers, "incident manager"), number(executives, "executive"))
	switch {
	case managers+executives == 0:
		c.State, c.Text, c.Remedy = Bad, "There is no incident manager and no executive to be called.", "Give people these roles."
	case managers == 0:
		c.State, c.Remedy = Warn, "Give somebody the role of incident response manager."
	case executives == 0:
		c.State, c.Remedy = Warn, "Give somebody the role of executive."
	}
	return c
}

func number(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// callable lists, by id, the active people a call may go to: the members, shifts and deputies of
// all teams, managers, executives and admins.
func callable(dir directory.Snapshot) []string {
	var out []string
	for _, t := range dir.Teams {
		if t.Retired {
			continue
		}
		for _, m := range t.Members {
			out = append(out, m.Person, dir.People[m.Person].Deputy)
		}
		for _, s := range t.OnCall {
			out = append(out, s.Person, dir.People[s.Person].Deputy)
		}
	}
	for _, r := range []who.Role{who.Manager, who.Executive, who.Admin} {
		out = append(out, dir.WithRole(r)...)
	}
	out = slices.DeleteFunc(out, func(p string) bool { return !dir.People[p].Active })
	slices.Sort(out)
	return slices.Compact(out)
}

// ways says how the people who may be called are reached. Without a mail server only a webhook
// reaches anybody.
func ways(dir directory.Snapshot, people []string, mailed bool) Check {
	c := Check{Key: "people", Title: "Ways to people", State: Good}
	var none []string
	single := 0
	for _, id := range people {
		p := dir.People[id]
		switch {
		case p.Webhook == "" && (!mailed || p.Email == ""):
			none = append(none, p.Name)
		case p.Webhook == "":
			single++
		}
	}
	slices.Sort(none)
	switch {
	case len(none) == len(people):
		c.State, c.Text = Bad, fmt.Sprintf("None of the %d people who may be called can be reached.", len(people))
	case len(none) > 0:
		c.State, c.Text = Bad, fmt.Sprintf("%d of %d people cannot be reached: %s.", len(none), len(people), list(none))
	case single > 0:
		c.Text = fmt.Sprintf("All %d people who may be called have a way; %d have e-mail alone.", len(people), single)
		return c
	default:
		c.Text = fmt.Sprintf("All %d people who may be called have e-mail and a webhook.", len(people))
		return c
	}
	c.Remedy = "Give them a webhook, such as the address of a pager service."
	if !mailed {
		c.Remedy = "Set a mail server, or give each of them a webhook."
	}
	return c
}

func tried(people, proven int) Check {
	c := Check{Key: "tried", Title: "Test calls", State: Good, Text: fmt.Sprintf("In the last 90 days a test call reached %d of the %d people who may be called.", proven, people)}
	if proven < people {
		c.State, c.Remedy = Warn, "Ask each of them to press “Wake me” once."
	}
	return c
}

func list(names []string) string {
	if len(names) > named {
		return strings.Join(names[:named], ", ") + fmt.Sprintf(" and %d more", len(names)-named)
	}
	return strings.Join(names, ", ")
}
