// Package approval says whose yes a notice needs and whether it has them. It carries out
// policy 003 ("nothing is discussed outside without approval of executive management and
// legal counsel"): from each group of the plan one person, no person twice, nobody who
// wrote what is approved, and a stand-in says for whom.
//
// It is pure: values in, values out. It must not import a store, a clock or a face.
package approval

import (
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

// Needs is what the plan asks for one act: from each group of roles one person.
type Needs struct {
	What  string     `json:"what"`
	Title string     `json:"title"`
	By    [][]string `json:"by"`
}

// Of is what a plan asks for an act. A plan that was written before the act was known
// has no line for it; then our own default holds, never nothing.
func Of(p plan.Plan, what string) Needs {
	for _, list := range [][]plan.Approval{p.Approvals, plan.Default().Approvals} {
		for _, a := range list {
			if a.What == what {
				return Needs{What: what, Title: a.Title, By: a.By}
			}
		}
	}
	return Needs{What: what, Title: what, By: [][]string{{string(who.Legal)}, {string(who.Executive)}}}
}

// Yes is one person's approval of exactly these bytes.
type Yes struct {
	Person    string    `json:"person"`
	For       string    `json:"for,omitempty"` // the person whose stand-in approved
	Roles     []string  `json:"roles"`         // that the yes can count as
	Emergency bool      `json:"emergency,omitempty"`
	At        time.Time `json:"at"`
}

// principal is the person whose yes it is.
func (y Yes) principal() string {
	if y.For != "" {
		return y.For
	}
	return y.Person
}

// Missing lists the groups that no yes fills yet. Each yes fills one group; somebody with
// two roles is counted where the fewest groups stay open.
func Missing(groups [][]string, given []Yes) [][]string {
	filled := make([]int, len(groups)) // index of the yes plus one
	for i := range given {
		try(groups, given, filled, i, make([]bool, len(groups)))
	}
	out := [][]string{}
	for i, g := range groups {
		if filled[i] == 0 {
			out = append(out, g)
		}
	}
	return out
}

// try finds a group for one yes and moves others on when it must (Kuhn's matching).
func try(groups [][]string, given []Yes, filled []int, yes int, seen []bool) bool {
	for i, g := range groups {
		if seen[i] || !meets(g, given[yes].Roles) {
			continue
		}
		seen[i] = true
		if filled[i] == 0 || try(groups, given, filled, filled[i]-1, seen) {
			filled[i] = yes + 1
			return true
		}
	}
	return false
}

func meets(group, roles []string) bool {
	return slices.ContainsFunc(roles, func(r string) bool { return slices.Contains(group, r) })
}

// Case is what a decision about one yes looks at.
type Case struct {
	Groups  [][]string
	Given   []Yes
	Authors []string // who wrote any part of what is frozen
	Dir     directory.Snapshot
	Plan    plan.Plan
}

// Counts says as what a person's yes would count, or why it would not. With standIn set the
// person approves for somebody who named them as deputy; without it the own roles go first.
func (c Case) Counts(by who.Identity, standIn string, emergency bool) (Yes, error) {
	if by.Person == "" {
		return Yes{}, fault.New(fault.Denied, "An approval is a named person's yes; a machine's token cannot give it")
	}
	if slices.Contains(c.Authors, by.Person) {
		return Yes{}, fault.New(fault.Denied, "You wrote a part of this notice; nobody approves what they wrote. Ask another person")
	}
	y := Yes{Person: by.Person, For: standIn, Emergency: emergency}
	whole := Whole(c.Dir, by)
	switch {
	case (emergency || standIn != "") && !whole:
		return Yes{}, fault.New(fault.Denied, "A token with a part of your roles cannot stand in for anybody; sign in yourself")
	case emergency:
		y.For, y.Roles = "", Deputy(c.Plan, by.Person)
		if len(y.Roles) == 0 {
			return Yes{}, fault.New(fault.Denied, "Only the plan's named deputies of legal and executive approve in an emergency")
		}
	case standIn != "":
		if p := c.Dir.People[standIn]; !p.Active || p.Deputy != by.Person {
			if !by.Has(who.PermNoticeApprove) {
				return Yes{}, fault.New(fault.Denied, "You stand in for nobody whose yes is asked here")
			}
			return Yes{}, fault.InvalidField("for", "has not named you as deputy")
		}
		y.Roles = c.asked(c.Dir.People[standIn].Roles)
	default:
		if by.Has(who.PermNoticeApprove) {
			y.Roles = c.asked(by.Roles)
		}
		if len(y.Roles) == 0 && whole {
			if others := c.StandsFor(by.Person); len(others) > 0 {
				y.For = others[0]
				y.Roles = c.asked(c.Dir.People[y.For].Roles)
			}
		}
	}
	return y, c.fits(y)
}

// Whole says whether somebody acts with all their roles. Who names a deputy or a spokesperson
// means the person, not a token that was made for less.
func Whole(dir directory.Snapshot, by who.Identity) bool {
	return !slices.ContainsFunc(dir.People[by.Person].Roles, func(r who.Role) bool { return !by.Is(r) })
}

// fits refuses a yes that would fill no group, or count somebody twice.
func (c Case) fits(y Yes) error {
	if y.For != "" && slices.Contains(c.Authors, y.For) {
		return fault.New(fault.Denied, "The person you stand in for wrote a part of this notice; nobody approves what they wrote")
	}
	for _, g := range c.Given {
		if g.Person == y.Person || g.principal() == y.principal() || g.Person == y.For || g.For == y.Person {
			return fault.New(fault.Conflict, "This person's yes is given already; no person counts twice")
		}
	}
	missing := Missing(c.Groups, c.Given)
	switch {
	case len(missing) == 0:
		return fault.New(fault.Conflict, "All approvals are given already")
	case len(y.Roles) == 0:
		return fault.Newf(fault.Denied, "This needs the yes of %s; your role is not asked", Words(missing))
	case len(Missing(c.Groups, append(slices.Clone(c.Given), y))) == len(missing):
		return fault.Newf(fault.Conflict, "Your role's yes is given already; still needed is %s", Words(missing))
	}
	return nil
}

// asked are the roles among some that a group names.
func (c Case) asked(roles []who.Role) []string {
	var out []string
	for _, r := range roles {
		if slices.ContainsFunc(c.Groups, func(g []string) bool { return slices.Contains(g, string(r)) }) {
			out = append(out, string(r))
		}
	}
	return out
}

// StandsFor lists whose deputy a person is, where that one's yes is asked.
func (c Case) StandsFor(person string) []string {
	var out []string
	for id, p := range c.Dir.People {
		if p.Active && p.Deputy == person && id != person && len(c.asked(p.Roles)) > 0 && !slices.Contains(c.Authors, id) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// Deputy names the roles for which the plan names a person as deputy in an emergency.
func Deputy(p plan.Plan, person string) []string {
	var out []string
	for _, d := range p.EmergencyDeputies {
		if slices.Contains(d.Persons, person) {
			out = append(out, d.Of)
		}
	}
	return out
}

// Asked lists the active people whose yes could fill a group that is still open, with
// those whom they named as deputies.
func (c Case) Asked() []string {
	var out []string
	add := func(id string) {
		if p := c.Dir.People[id]; p.Active && !slices.Contains(c.Authors, id) && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for _, g := range Missing(c.Groups, c.Given) {
		for _, role := range g {
			for _, id := range c.Dir.WithRole(who.Role(role)) {
				add(id)
				add(c.Dir.People[id].Deputy)
			}
		}
	}
	return slices.DeleteFunc(out, func(id string) bool {
		return slices.ContainsFunc(c.Given, func(y Yes) bool { return y.Person == id || y.For == id })
	})
}

// Words tells groups for people: "legal and executive", "legal or privacy officer".
func Words(groups [][]string) string {
	var parts []string
	for _, g := range groups {
		parts = append(parts, strings.ReplaceAll(strings.Join(g, " or "), "_", " "))
	}
	if n := len(parts); n > 1 {
		return strings.Join(parts[:n-1], ", ") + " and " + parts[n-1]
	}
	return strings.Join(parts, "")
}
