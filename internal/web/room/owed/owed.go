// Package owed shows what one incident owes: clocks in the order of what is late, and a page
// per duty that says why it is owed, which times were compared, and takes, assigns, meets,
// waives and undoes it. It carries out the timing sentences of policy 003 by making each
// visible with its source. Every rule stands in decide/duty. It must not import another
// screen.
package owed

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/duty/policy"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/room/head"
)

// Screen shows duties.
type Screen struct{ head.Deps }

// Mount registers the page of one duty.
func Mount(w *page.Web, d head.Deps) {
	s := Screen{d}
	const path = "/incidents/{ref}/duties/{id}"
	w.Show(path, s.show)
	w.Post(path+"/take", s.take, s.show)
	w.Post(path+"/assign", s.assign, s.show)
	w.Post(path+"/meet", s.meet, s.show)
	w.Post(path+"/waive", s.waive, s.show)
	w.Post(path+"/undo", s.undo, s.show)
}

// Board is what an incident owes, in the order people should look at it.
type Board struct {
	Open []duty.Duty // missed first, then by due time
	Done []duty.Duty // met, waived, withdrawn; the latest first
	Late int         // of Open: missed
}

// Read reads the duties of the room, as of its time.
func (s Screen) Read(m head.Room) (Board, error) {
	var b Board
	if !m.R.By.Has(who.PermDutyRead) {
		return b, nil
	}
	var list []duty.Duty
	var err error
	if m.Past() {
		list, err = s.Duties.AsOf(m.R.Context(), s.DB, m.ID, m.AsOf)
	} else {
		list, err = s.Duties.ForIncident(m.R.Context(), s.DB, m.ID)
	}
	if err != nil {
		return b, err
	}
	for _, d := range list {
		if d.State != duty.Open {
			b.Done = append(b.Done, d)
			continue
		}
		if b.Open = append(b.Open, d); d.At(m.R.Now) == duty.Missed {
			b.Late++
		}
	}
	slices.SortStableFunc(b.Done, func(x, y duty.Duty) int {
		return cmp.Or(cmp.Compare(rank(x), rank(y)), y.MetAt.Compare(x.MetAt))
	})
	return b, nil
}

// rank puts what was met before what fell away.
func rank(d duty.Duty) int {
	return map[duty.State]int{duty.Met: 0, duty.Waived: 1}[d.State] + map[bool]int{true: 2}[d.State == duty.Withdrawn]
}

// Clock is the display of a duty in the room, with the holder's name and the way to its page.
func Clock(m head.Room, d duty.Duty) page.Clock {
	c := page.ClockOf(d)
	c.Whose = Holder(m, d)
	if m.R.By.Has(who.PermDutyRead) && !m.Past() {
		c.Href = m.Path("duties", d.ID)
	}
	return c
}

// Holder names whose a duty is.
func Holder(m head.Room, d duty.Duty) string {
	if d.Holder.Kind == "person" && d.Holder.ID != "" {
		return m.Person(d.Holder.ID)
	}
	return page.HolderOf(d)
}

// untaken says whether only a team or a function has the duty.
func untaken(d duty.Duty) bool { return d.State == duty.Open && !d.Taken && d.Holder.Kind != "person" }

// shownBy is where the incident itself meets the duty: the page of the grade or of the situation
// report; "" when a person's word meets it.
func shownBy(m head.Room, d duty.Duty) (path, label string) {
	i := slices.IndexFunc(policy.Rules(), func(r policy.Rule) bool { return r.ID == d.Rule })
	switch {
	case d.Rule == duty.RuleClassify:
		return m.Path("grade"), "Grade it"
	case d.Rule == duty.RuleSitrep:
		return m.Path("sitrep"), "Write the report"
	case i >= 0 && policy.Rules()[i].Shown:
		return m.Path(), "Record it in the room"
	}
	return "", ""
}

func (s Screen) read(r *page.Request) (head.Room, duty.Duty, error) {
	m, err := s.Enter(r)
	if err != nil {
		return m, duty.Duty{}, err
	}
	d, err := s.Duties.Get(r.Context(), r.By, r.PathValue("id"))
	if err == nil && d.Incident != m.ID {
		err = fault.New(fault.NotFound, "There is no such duty in this incident")
	}
	return m, d, err
}

func (s Screen) show(r *page.Request) (page.Page, error) {
	m, d, err := s.read(r)
	if err != nil {
		return page.Page{}, err
	}
	if m.Past() {
		return page.Page{}, page.Elsewhere(m.Here())
	}
	now := page.Region{Name: "duty", On: page.Any(m.On("duty"), m.On("incident")), Body: body(m, d)}
	return m.Sub(page.Page{Title: d.Title, Regions: []page.Region{now}, Body: now.Place()}), nil
}

// change runs one act on the duty of the address and goes back to where the viewer was.
func (s Screen) change(r *page.Request, say string, act func(d duty.Duty) (duty.Duty, error)) (page.Done, error) {
	_, d, err := s.read(r)
	if err != nil {
		return page.Done{}, err
	}
	if _, err = act(d); err != nil {
		return page.Done{}, err
	}
	return page.Done{Say: say}, nil
}

func (s Screen) take(r *page.Request) (page.Done, error) {
	return s.change(r, "It is yours.", func(d duty.Duty) (duty.Duty, error) {
		if r.By.Person == "" {
			return d, fault.New(fault.Denied, "A duty is taken by a person, not by a machine's token")
		}
		return s.Duties.Assign(r.Context(), r.By, d.ID, r.By.Person)
	})
}

func (s Screen) assign(r *page.Request) (page.Done, error) {
	return s.change(r, "Assigned.", func(d duty.Duty) (duty.Duty, error) {
		return s.Duties.Assign(r.Context(), r.By, d.ID, r.Text("person"))
	})
}

func (s Screen) meet(r *page.Request) (page.Done, error) {
	return s.change(r, "Recorded as done.", func(d duty.Duty) (duty.Duty, error) {
		at, err := r.Moment("at")
		if err != nil {
			return d, err
		}
		return s.Duties.Meet(r.Context(), r.By, d.ID, duty.Evidence{
			With: r.Text("with"), Ref: r.Text("evidence"), At: at, Remark: r.Text("remark"), LateReason: r.Text("late_reason"),
		})
	})
}

func (s Screen) waive(r *page.Request) (page.Done, error) {
	var after duty.Duty
	done, err := s.change(r, "It is waived. The ground stands in the record.", func(d duty.Duty) (_ duty.Duty, err error) {
		after, err = s.Duties.Waive(r.Context(), r.By, d.ID, r.Text("ground"))
		return after, err
	})
	if err == nil && after.State != duty.Waived {
		done.Say = "Your yes is recorded. " + lacking(after) + " must agree too."
	}
	return done, err
}

// lacking says whose yes a waiver still needs.
func lacking(d duty.Duty) string {
	if !d.Outward {
		return "A manager or an executive who does not hold it"
	}
	given := func(as string) bool {
		return slices.ContainsFunc(d.WaivedBy, func(c duty.Consent) bool { return c.As == as })
	}
	switch {
	case !d.Statutory:
		return "Legal or an executive"
	case given("legal"):
		return "An executive"
	case given("executive"):
		return "Legal"
	}
	return "Legal and an executive, two persons,"
}

// agree is what the viewer's yes to a waiver is called.
func agree(m head.Room, d duty.Duty) string {
	as, last, err := d.WaiverBy(m.R.By)
	if err != nil || last {
		return "Waive it"
	}
	return "Agree as " + as
}

func (s Screen) undo(r *page.Request) (page.Done, error) {
	return s.change(r, "It is open again.", func(d duty.Duty) (duty.Duty, error) {
		return s.Duties.Undo(r.Context(), r.By, d.ID, r.Text("reason"))
	})
}

// undoable says whether there is something a person did that can be undone.
func undoable(d duty.Duty) bool {
	return d.State == duty.Met && d.MetActor != "" || d.State == duty.Waived || len(d.WaivedBy) > 0
}

// waivers says whose yes ends a duty without its being done; the rule itself is decide/duty's.
func waivers(d duty.Duty) string {
	switch {
	case !d.Outward:
		return "An inward duty is waived by a manager or an executive who does not hold it."
	case d.Statutory:
		return "It is owed under law or contract: legal and an executive, two persons, must both agree."
	}
	return "Legal or an executive may agree to leave it undone."
}

// evidence are the ways in which the viewer may say that the duty was met; none where
// only the incident itself can show it.
func evidence(m head.Room, d duty.Duty) []page.Option {
	if d.MetHere() != "" {
		return nil
	}
	words := map[string][2]string{
		"acknowledgement": {"Acknowledged", "The recipient has confirmed"}, "grade": {"Graded", ""}, "report": {"Report", "A report was given"},
		"notice": {"Notice", "A message was sent"}, "filing": {"Filing", "The form was filed with the authority"},
		"record": {"Word of mouth", "They were told; write down who and how"},
	}
	var out []page.Option
	for _, w := range d.MetBy {
		if d.NeedsAck && w != "acknowledgement" || d.MayMeet(m.R.By, w) != nil {
			continue
		}
		o := page.Option{Value: w, Label: head.Upper(w)}
		if t, ok := words[w]; ok {
			o.Label, o.Hint = t[0], t[1]
		}
		out = append(out, o)
	}
	return out
}

func stateWords(d duty.Duty, now time.Time) string {
	switch d.At(now) {
	case duty.Missed:
		return "Missed"
	case duty.Met:
		if d.Late() {
			return "Met late"
		}
		return "Met"
	}
	return head.Upper(string(d.At(now)))
}

func recipient(d duty.Duty) string {
	name := cmp.Or(d.Recipient.Name, d.Recipient.ID)
	if d.Recipient.Kind == "" || strings.EqualFold(name, d.Recipient.Kind) {
		return name
	}
	return fmt.Sprintf("%s (%s)", name, head.Spaced(d.Recipient.Kind))
}

// startWord names the moment a duty counts from.
func startWord(start string) string {
	return cmp.Or(map[string]string{
		"last": "The report before", "triggered": "When it came to apply", "plan": "What the plan says",
	}[start], head.Upper(head.Spaced(start)))
}

// ruleOf is the rule of the law behind a duty, "" where there is none.
func ruleOf(d duty.Duty) string {
	switch {
	case d.Basis.Law != "":
		return d.Basis.Law
	case d.Rule == policy.Authority:
		return assessment.Authority33
	case d.Rule == policy.Controller:
		return assessment.Controller33
	}
	return ""
}

// agreed says whom the contract names for notices, and in which form; "" where there is
// no contract.
func agreed(m head.Room, d duty.Duty) string {
	p, ok := m.Dir.Parties[d.Recipient.ID]
	if !ok || p.Contract == nil {
		return ""
	}
	out := "The contract is for " + p.Contract.Condition.Words() + "."
	if c, ok := p.Agreed(); ok {
		out += " Notices go to " + cmp.Or(c.Name, c.Email, c.Phone)
		for _, more := range []string{c.Role, c.Email, c.Phone} {
			if more != "" {
				out += ", " + more
			}
		}
		out += "."
	}
	if said := p.Contract.FormatSaid(); said != "" {
		out += " Form: " + said + "."
	}
	return out
}

// handedTo is where the package for a controller is, or the list where none is named.
func handedTo(m head.Room, d duty.Duty) string {
	if d.Recipient.ID == "" {
		return m.Path("handover")
	}
	return m.Path("handover", d.Recipient.ID)
}
