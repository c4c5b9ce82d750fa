package directory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

// Problem says what is missing.
type Problem string

// The problems.
const (
	Nobody    Problem = "nobody"     // nobody has the function
	NoDeputy  Problem = "no_deputy"  // one person has it and nobody stands in
	NoOnCall  Problem = "no_on_call" // nobody is on call now
	NoContact Problem = "no_contact" // nobody can be reached there
	NotSet    Problem = "not_set"    // a value is missing
	Overdue   Problem = "overdue"    // the yearly circle is broken
	Looser    Problem = "looser"     // the plan gives more time than the policy
)

// Gap is one thing the policies ask for that is not there.
type Gap struct {
	Function string      `json:"function"` // e.g. sirt_lead, architect, plan_review
	Title    string      `json:"title"`
	About    string      `json:"about,omitempty"` // id of the team, service, entity or party
	Problem  Problem     `json:"problem"`
	Remedy   string      `json:"remedy"`
	Source   plan.Source `json:"source"`
}

// Readiness names every function the policies ask for that has nobody or no deputy, and what else is missing before
// an incident. An empty list is the good answer. It needs directory.read.
func (s *Service) Readiness(ctx context.Context, by who.Identity) ([]Gap, error) {
	if err := who.Check(by, who.PermDirectoryRead); err != nil {
		return nil, err
	}
	sn, err := s.snapshot(ctx, s.db)
	if err != nil {
		return nil, err
	}
	p, err := s.plans.CurrentTx(s.db)
	if err != nil {
		return nil, err
	}
	return gaps(sn, p, s.clk.Now()), nil
}

// check gathers the gaps of one reading.
type check struct {
	sn  Snapshot
	p   plan.Plan
	now time.Time
	out []Gap
}

func gaps(sn Snapshot, p plan.Plan, now time.Time) []Gap {
	c := &check{sn: sn, p: p, now: now, out: []Gap{}}
	for _, f := range p.Functions {
		c.function(f)
	}
	c.teams()
	c.services()
	c.parties()
	c.plan()
	return c.out
}

func (c *check) add(function, title, about string, problem Problem, src plan.Source, remedy string, args ...any) {
	c.out = append(c.out, Gap{function, title, about, problem, fmt.Sprintf(remedy, args...), src})
}

func (c *check) function(f plan.Function) {
	var parties []Party
	var people []string
	onlyParties := true
	for _, m := range f.Match {
		if m.Party != "" {
			parties = append(parties, c.sn.PartiesOf(PartyKind(m.Party))...)
			continue
		}
		onlyParties = false
		people = append(people, c.sn.holders(m)...)
	}
	if slices.ContainsFunc(parties, Party.Reachable) {
		return
	}
	if onlyParties {
		if len(parties) == 0 {
			c.add(f.Key, f.Title, "", Nobody, f.Source, "Add a party: %s.", wants(f))
		} else {
			c.add(f.Key, f.Title, parties[0].ID, NoContact, f.Source, "Add a contact with an address or a number to one of these parties.")
		}
		return
	}
	c.staffed(f.Key, f.Title, "", f.Source, people, wants(f))
}

// staffed wants somebody, and somebody else to stand in: a second holder, or a deputy who is active.
func (c *check) staffed(key, title, about string, src plan.Source, people []string, remedy string) {
	slices.Sort(people)
	people = slices.Compact(people)
	switch {
	case len(people) == 0:
		c.add(key, title, about, Nobody, src, "Name somebody: %s.", remedy)
	case len(people) == 1 && !c.sn.People[c.sn.People[people[0]].Deputy].Active:
		c.add(key, title, about, NoDeputy, src, "Give %s an active deputy, or name a second person: %s.", c.sn.PersonName(people[0]), remedy)
	}
}

// holders lists the active people a match describes.
func (sn Snapshot) holders(m plan.Match) []string {
	var out []string
	for id, p := range sn.People {
		if p.Active && sn.matches(m, p) {
			out = append(out, id)
		}
	}
	return out
}

func (sn Snapshot) matches(m plan.Match, p who.Person) bool {
	if m.Role != "" && !slices.Contains(p.Roles, who.Role(m.Role)) ||
		m.Department != "" && words(p.Department) != words(m.Department) ||
		m.Function != "" && words(p.Function) != words(m.Function) {
		return false
	}
	if m.Team == "" {
		return true
	}
	for _, t := range sn.Teams {
		if t.Retired || t.Kind != TeamKind(m.Team) {
			continue
		}
		if slices.ContainsFunc(t.Members, func(x Member) bool { return x.Person == p.ID && (x.Lead || !m.Lead) }) {
			return true
		}
	}
	return false
}

// words makes "Risk Management & Quality" and "risk management and quality" equal.
func words(s string) string {
	s = strings.ReplaceAll(strings.ToLower(s), "&", " and ")
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}

// wants says in words who would have the function.
func wants(f plan.Function) string {
	alternatives := make([]string, 0, len(f.Match))
	for _, m := range f.Match {
		var parts []string
		if m.Team != "" && m.Lead {
			parts = append(parts, "lead of a team of the kind "+m.Team)
		} else if m.Team != "" {
			parts = append(parts, "member of a team of the kind "+m.Team)
		}
		for _, w := range []struct{ text, v string }{
			{"permission role ", m.Role},
			{"department ", m.Department},
			{"function ", m.Function},
			{"party of the kind ", m.Party},
		} {
			if w.v != "" {
				parts = append(parts, w.text+w.v)
			}
		}
		alternatives = append(alternatives, strings.Join(parts, " with "))
	}
	return strings.Join(alternatives, ", or ")
}

func (c *check) teams() {
	products := c.sn.TeamsOf(TeamProduct)
	alerted := plan.Sources()["product_team_minutes"]
	if len(products) == 0 {
		c.add("product_team", "Product team", "", Nobody, alerted, "Add a team of the kind product.")
	}
	for _, t := range products {
		c.onCall(t, alerted)
	}
	for _, t := range c.sn.TeamsOf(TeamSIRT) {
		c.onCall(t, plan.Source{Origin: plan.OriginPolicy, Policy: "002", Sentence: "Qualified incident managers are on call."})
	}
	src := plan.Sources()["default_team"]
	t, ok := c.sn.Teams[c.p.DefaultTeam]
	switch {
	case c.p.DefaultTeam == "":
		c.add("default_team", "Default team", "", NotSet, src, "Set default_team in the plan.")
	case !ok || t.Retired:
		c.add("default_team", "Default team", c.p.DefaultTeam, Nobody, src, "Set default_team in the plan to a team that is in use.")
	}
}

func (c *check) onCall(t Team, src plan.Source) {
	title := "On call in " + t.Name
	order := c.sn.OnCall(t.ID, c.now)
	covered := slices.ContainsFunc(t.OnCall, func(s Shift) bool { return s.Covers(c.now) && c.sn.People[s.Person].Active })
	switch {
	case len(order) == 0:
		c.add("on_call", title, t.ID, Nobody, src, "Add members to the team.")
	case !covered:
		c.add("on_call", title, t.ID, NoOnCall, src, "Add a shift that covers now; until then the leads are called first.")
	case len(order) == 1:
		c.add("on_call", title, t.ID, NoDeputy, src, "Add a second member or a deputy, so that a call that is not answered can go on.")
	}
}

func (c *check) services() {
	src := plan.Source{Origin: plan.OriginPolicy, Policy: "003", Sentence: "The system architect of the affected product is involved."}
	owner := plan.Sources()["product_team_minutes"]
	for _, id := range slices.Sorted(maps.Keys(c.sn.ITServices)) {
		v := c.sn.ITServices[id]
		if v.Retired {
			continue
		}
		var architect []string
		if c.sn.People[v.Architect].Active {
			architect = []string{v.Architect}
		}
		c.staffed("architect", "System architect of "+v.Name, id, src, architect, "architect of the service")
		if len(c.sn.OnCall(v.Team, c.now)) == 0 {
			c.add("service_owner", "Owning team of "+v.Name, id, Nobody, owner, "Give the service a team that has active members.")
		}
	}
}

func (c *check) parties() {
	told := plan.Source{Origin: plan.OriginPolicy, Policy: "003", Sentence: "All affected customers are told, by contract, agreement or law."}
	key := plan.Source{Origin: plan.OriginPolicy, Policy: "001", Sentence: "Sales leads the key relationships."}
	for _, p := range c.sn.PartiesOf(PartyCustomer) {
		if !slices.ContainsFunc(p.Contacts, func(x Contact) bool { return x.Email != "" }) {
			c.add("customer_contact", "Contact of "+p.Name, p.ID, NoContact, told, "Add a contact with an e-mail address.")
		}
		if p.KeyAccount && !c.sn.People[p.Liaison].Active {
			c.add("key_account", "Liaison to "+p.Name, p.ID, Nobody, key, "Name an active person as liaison.")
		}
	}
	law := plan.Source{Origin: plan.OriginPolicy, Policy: "000", Sentence: "Competent authorities are notified, with the forms they provide."}
	for _, id := range slices.Sorted(maps.Keys(c.sn.Entities)) {
		e := c.sn.Entities[id]
		if !e.Retired && e.Is(RoleController) && e.Authority == "" {
			c.add("supervisory_authority", "Supervisory authority of "+e.Name, id, NotSet, law, "Name the authority this entity files with.")
		}
	}
}

func (c *check) plan() {
	for _, d := range []plan.Due{c.p.ReviewDue(), c.p.TestDue()} {
		if !d.Overdue(c.now) {
			continue
		}
		since := "It was never done"
		if !d.LastAt.IsZero() {
			since = "It was due on " + d.DueAt.Format(time.DateOnly)
		}
		c.add("plan_"+d.What, "Yearly "+d.What+" of the plan", "", Overdue, d.Source, "%s: do it, and record its date in the plan (%sed_at).", since, d.What)
	}
	for _, f := range c.p.Looser() {
		c.add("plan_value", "Plan value "+f, "", Looser, plan.Sources()[f], "Shorten it, or change the policy first.")
	}
}
