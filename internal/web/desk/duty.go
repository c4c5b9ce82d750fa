package desk

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/web/page"
)

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

// clock is the display on the duty's own page, which says its name already.
func (v owed) clock() page.Clock {
	c := clockOf(v.Duty, v.Dir)
	c.Name = "Time left"
	if !v.pending() {
		c.Name = "Time"
	}
	return c
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

// evidence names what meets a duty when this viewer says so.
func evidence(by who.Identity, d duty.Duty) []page.Option {
	words := map[string]string{
		"acknowledgement": "They confirmed it", "notice": "The notice was sent", "filing": "It was filed with the authority",
		"report": "The report was given", "record": "They were told", "grade": "It was graded",
	}
	var out []page.Option
	for _, w := range d.MetBy {
		if d.NeedsAck && w != "acknowledgement" || d.MayMeet(by, w) != nil { // the contract asks for it, or it is not theirs to say
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
