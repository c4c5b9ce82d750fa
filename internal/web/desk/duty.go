package desk

import (
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

// dutyPath is the page of a duty, which stands in the room of its incident.
func dutyPath(d duty.Duty) string { return incidentPath + d.Ref + "/duties/" + d.ID }

// duty leads to the page of a duty by its id alone, as links in messages know it.
func (s screen) duty(r *page.Request) (page.Page, error) {
	d, err := s.Duties.Get(r.Context(), r.By, r.PathValue("id"))
	if err != nil {
		return page.Page{}, err
	}
	return page.Page{}, page.Elsewhere(dutyPath(d))
}

// takeable says that the viewer may take a duty and does not hold it.
func takeable(r *page.Request, d duty.Duty) bool {
	return r.By.Has(who.PermDutyWork) && r.By.Person != "" && d.Holder.ID != r.By.Person
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
