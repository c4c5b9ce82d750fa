package desk

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/web/page"
)

// The ways to list duties.
const (
	byDue       = ""
	byRecipient = "recipient"
	byHolder    = "holder"
)

// board is the list of duties.
type board struct {
	View, State, Owner, Drill, Out string // as they stand in the address
	Holder, Recipient              string // ids
	Duties                         []duty.Duty
	Groups                         []group
	More                           string
	Cut                            bool // there are more than were grouped
	Missed, Unowned                int
	Dir                            directory.Snapshot
}

// group holds the duties of one recipient or holder.
type group struct {
	Kind, ID, Name string
	Duties         []duty.Duty
	Missed         int
}

func (b board) filtered() bool {
	return b.State != "" || b.Owner != "" || b.Out != "" || b.Holder != "" || b.Recipient != ""
}

// deadlines lists all duties of all incidents: which has no owner?
func (s screen) deadlines(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermDutyRead); err != nil {
		return page.Page{}, err
	}
	b, err := s.board(r)
	if err != nil {
		return page.Page{}, err
	}
	on := page.Any(page.On("duty"), page.On("incident"), page.On("directory"), page.On("person"))
	glance := page.Region{Name: "glance", On: on, Body: boardGlance(r, b)}
	list := page.Region{Name: "duties", On: on, Body: boardList(r, b)}
	return page.Page{
		Title: "Deadlines", Nav: deadlinesPath, Lead: glance.Place(), Drill: b.Drill == "yes",
		Regions: []page.Region{glance, list}, Body: boardPage(r, b, list),
	}, nil
}

func (s screen) board(r *page.Request) (board, error) {
	b := board{
		View: r.Query("view"), State: r.Query("state"), Owner: r.Query("owner"), Drill: cmp.Or(r.Query("drill"), "no"), Out: r.Query("outward"),
		Holder: r.Query("holder"), Recipient: r.Query("recipient"),
	}
	dir, err := s.Directory.Snapshot(s.DB)
	if err != nil {
		return b, err
	}
	b.Dir = dir
	f := duty.Filter{
		State: duty.State(b.State), Pending: b.State == "", Holder: b.Holder, Recipient: b.Recipient, Outward: b.Out != "",
		Drill: yesNo(b.Drill), Unowned: b.Owner == "none",
	}
	if b.Owner == "me" {
		if f.Holder = r.By.Person; f.Holder == "" {
			return b, fault.New(fault.Invalid, "A token that belongs to no person holds no duties.")
		}
	}
	switch b.View {
	case byDue:
		p, err := s.Duties.List(r.Context(), r.By, f, r.Query("after"), perPage)
		if err != nil {
			return b, err
		}
		b.Duties = p.Items
		if p.Next != "" {
			b.More = r.Path("after", p.Next)
		}
	case byRecipient, byHolder:
		if err := s.grouped(r, &b, f); err != nil {
			return b, err
		}
	default:
		return b, fault.New(fault.NotFound, "There is no such list.")
	}
	for _, d := range b.Duties {
		if d.At(r.Now) == duty.Missed {
			b.Missed++
		}
		if d.State == duty.Open && unowned(d, dir) {
			b.Unowned++
		}
	}
	return b, nil
}

// mostGrouped is how many duties are put into groups, earliest due first; each group leads to the whole list of it.
const mostGrouped = 1000

func (s screen) grouped(r *page.Request, b *board, f duty.Filter) error {
	cursor := ""
	for len(b.Duties) < mostGrouped {
		p, err := s.Duties.List(r.Context(), r.By, f, cursor, 200)
		if err != nil {
			return err
		}
		b.Duties = append(b.Duties, p.Items...)
		if cursor = p.Next; cursor == "" {
			break
		}
	}
	b.Cut = cursor != ""
	at := map[duty.Ref]int{}
	for _, d := range b.Duties {
		ref := d.Recipient
		if b.View == byHolder {
			ref = d.Holder
		}
		i, ok := at[ref]
		if !ok {
			i = len(b.Groups)
			at[ref] = i
			b.Groups = append(b.Groups, group{Kind: ref.Kind, ID: ref.ID, Name: refName(ref, b.Dir)})
		}
		b.Groups[i].Duties = append(b.Groups[i].Duties, d)
		if d.At(r.Now) == duty.Missed {
			b.Groups[i].Missed++
		}
	}
	return nil
}

// mostShown is how many duties of a group are shown before the link to all of them.
const mostShown = 8

func (g group) shown() []duty.Duty { return g.Duties[:min(len(g.Duties), mostShown)] }

func (g group) note() string {
	n := strconv.Itoa(len(g.Duties)) + plural(len(g.Duties) == 1, " duty", " duties")
	if g.Missed > 0 {
		n += ", " + strconv.Itoa(g.Missed) + " missed"
	}
	return n
}

// unowned says that no person holds a duty.
func unowned(d duty.Duty, dir directory.Snapshot) bool {
	_, held := dir.People[d.Holder.ID]
	return !held
}

func refName(r duty.Ref, dir directory.Snapshot) string {
	if p, ok := dir.People[r.ID]; ok {
		return p.Name
	}
	return cmp.Or(r.Name, "nobody yet")
}

// clockOf is the display of a duty with the holder's name as it is now.
func clockOf(d duty.Duty, dir directory.Snapshot) page.Clock {
	c := page.ClockOf(d)
	c.Whose = refName(d.Holder, dir)
	return c
}

// owed is one duty on its page.
type owed struct {
	duty.Duty
	Dir   directory.Snapshot
	State duty.State // at the moment of the page
	Here  string     // what in the incident meets it; "" when a person says so
	As    string     // as what the viewer may agree to a waiver; "" may not
	Last  bool       // that yes would be the last one needed
}

func (v owed) holder() string { return refName(v.Duty.Holder, v.Dir) }

// pending says that it can still be worked on.
func (v owed) pending() bool { return v.Duty.State == duty.Open }

// undoable says that there is something to take back that a person said.
func (v owed) undoable() bool {
	return v.Duty.State == duty.Met && v.MetActor != "" || v.Duty.State == duty.Waived || len(v.WaivedBy) > 0
}

func (s screen) duty(r *page.Request) (page.Page, error) {
	d, err := s.Duties.Get(r.Context(), r.By, r.PathValue("id"))
	if err != nil {
		return page.Page{}, err
	}
	dir, err := s.Directory.Snapshot(s.DB)
	if err != nil {
		return page.Page{}, err
	}
	v := owed{Duty: d, Dir: dir, State: d.At(r.Now), Here: d.MetHere()}
	if d.State == duty.Open && r.By.Has(who.PermDutyWaive) {
		if as, last, err := d.WaiverBy(r.By); err == nil {
			v.As, v.Last = as, last
		}
	}
	on := page.Any(page.On("duty", d.Incident), page.On("directory"), page.On("person"))
	lead := page.Region{Name: "glance", On: on, Body: dutyGlance(v)}
	acts := page.Region{Name: "acts", On: on, Body: dutyActs(r, v)}
	state := page.Region{Name: "duty", On: on, Body: dutyState(r, v)}
	basis := page.Region{Name: "basis", On: on, Body: dutyBasis(v)}
	return page.Page{
		Title: d.Title, Nav: deadlinesPath, Lead: lead.Place(), Actions: acts.Place(), Drill: d.Drill,
		Crumbs:  []page.Crumb{{Label: "Deadlines", Href: deadlinesPath}, {Label: d.Ref, Href: incidentPath + d.Ref}},
		Regions: []page.Region{lead, acts, state, basis}, Body: dutyPage(state, basis),
	}, nil
}

// dutyOrList draws the page the form stands on: taking a duty works from the list too.
func (s screen) dutyOrList(r *page.Request) (page.Page, error) {
	if r.URL.Path == deadlinesPath {
		return s.deadlines(r)
	}
	return s.duty(r)
}

func (s screen) doAssign(r *page.Request) (page.Done, error) {
	d, err := s.Duties.Assign(r.Context(), r.By, r.PathValue("id"), r.Text("person"))
	if err != nil {
		return page.Done{}, err
	}
	switch d.Holder.ID {
	case "":
		return page.Done{Say: "Nobody holds it now."}, nil
	case r.By.Person:
		return page.Done{Say: "It is yours: " + d.Title + "."}, nil
	}
	dir, err := s.Directory.Snapshot(s.DB)
	return page.Done{Say: "It lies with " + refName(d.Holder, dir) + " now."}, err
}

func (s screen) doMeet(r *page.Request) (page.Done, error) {
	at, err := r.Moment("at")
	if err != nil {
		return page.Done{}, err
	}
	d, err := s.Duties.Meet(r.Context(), r.By, r.PathValue("id"), duty.Evidence{
		With: r.Text("with"), Ref: r.Text("ref"), At: at, Remark: r.Text("remark"), LateReason: r.Text("late_reason"),
	})
	if err != nil {
		return page.Done{}, err
	}
	if d.Late() {
		return page.Done{Say: "Recorded as done, late."}, nil
	}
	return page.Done{Say: "Recorded as done, in time."}, nil
}

func (s screen) doWaive(r *page.Request) (page.Done, error) {
	d, err := s.Duties.Waive(r.Context(), r.By, r.PathValue("id"), r.Text("ground"))
	if err != nil {
		return page.Done{}, err
	}
	if d.State == duty.Waived {
		return page.Done{Say: "It is waived. The ground stands in the record."}, nil
	}
	return page.Done{Say: "Your yes is recorded. " + lacking(d) + " must agree too."}, nil
}

func (s screen) doUndoDuty(r *page.Request) (page.Done, error) {
	if _, err := s.Duties.Undo(r.Context(), r.By, r.PathValue("id"), r.Text("reason")); err != nil {
		return page.Done{}, err
	}
	return page.Done{Say: "Taken back. The duty is open again."}, nil
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

// evidence names what meets a duty.
func evidence(d duty.Duty) []page.Option {
	words := map[string]string{
		"acknowledgement": "They confirmed it", "notice": "The notice was sent", "filing": "It was filed with the authority",
		"report": "The report was given", "record": "They were told", "grade": "It was graded",
	}
	var out []page.Option
	for _, w := range d.MetBy {
		if d.NeedsAck && w != "acknowledgement" { // the contract asks for it
			continue
		}
		out = append(out, page.Option{Value: w, Label: cmp.Or(words[w], strings.ReplaceAll(w, "_", " "))})
	}
	return out
}

// workers are the people a duty can be given to.
func workers(d duty.Duty, dir directory.Snapshot) []page.Option {
	var list []page.Option
	for id, p := range dir.People {
		if p.Active && id != d.Holder.ID && (who.Identity{Actor: id, Person: id, Roles: p.Roles}).Has(who.PermDutyWork) {
			list = append(list, page.Option{Value: id, Label: p.Name + optional(", ", p.Function)})
		}
	}
	none := []page.Option{{Value: "", Label: "Choose"}}
	if !unowned(d, dir) {
		none[0].Label = "Back to its team"
	}
	return append(none, byLabel(list)...)
}

func optional(before, s string) string {
	if s == "" {
		return ""
	}
	return before + s
}

// late says that it would be met after its time, so that a reason is asked for.
func late(v owed, now time.Time) bool { return v.DueAt.Before(now) }
