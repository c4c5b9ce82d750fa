// Package head is what all pages of an incident's room begin with: who comes in, which
// incident, as of when, what it is called and where it stands. It carries out policy 003
// ("all information concerning an incident is to be considered confidential"): nothing is
// read before the incident's own service has said that the viewer may. It must not import
// another screen.
package head

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/assessment/handover"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/notify/contact"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/respond/escalation"
	"github.com/wakebell/wakebell/internal/web/page"
)

// Deps are the rooms an incident's pages read and command.
type Deps struct {
	Incidents  *incident.Service
	Files      *file.Service
	Handover   *handover.Service
	Views      *view.Service
	Duties     *duty.Service
	Escalation *escalation.Service
	Intake     *intake.Service
	Directory  *directory.Service
	Assessment *assessment.Service
	Contacts   *contact.Service
	Notices    *notice.Service
	DB         *store.DB
}

// Room is one incident as one viewer sees it.
type Room struct {
	incident.State
	R    *page.Request
	AsOf time.Time // zero: now
	Dir  directory.Snapshot
}

// Enter reads the incident the address names, as of the time it asks for.
func (d Deps) Enter(r *page.Request) (Room, error) {
	m := Room{R: r}
	var err error
	if m.AsOf, err = asOf(r); err != nil {
		return m, err
	}
	if m.State, err = d.Incidents.Get(r.Context(), r.By, r.PathValue("ref"), m.AsOf); err != nil {
		return m, err
	}
	if !m.AsOf.IsZero() {
		r.Now = m.AsOf // what is late, and how long ago it was, is told as of then
	}
	m.Dir, err = d.Directory.Snapshot(d.DB)
	return m, err
}

// asOf reads the picker: wall time of the viewer's zone, or an instant with its zone.
func asOf(r *page.Request) (time.Time, error) {
	text := r.Query("as_of")
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t, err = time.ParseInLocation("2006-01-02T15:04", text, r.Zone)
		t = t.Add(time.Minute - time.Microsecond) // the whole minute counts
	}
	if err != nil {
		return time.Time{}, fault.InvalidField("as_of", "must be a date and a time, such as 2026-11-21T14:25")
	}
	if !t.Before(r.Now) {
		return time.Time{}, nil
	}
	return t.UTC(), nil
}

// Past says whether this is the record of an earlier time: nothing can be done there.
func (m Room) Past() bool { return !m.AsOf.IsZero() }

// May says whether the viewer may do something here.
func (m Room) May(p who.Permission) bool { return !m.Past() && m.R.By.Has(p) }

// MayOpen is May for what only an open incident takes.
func (m Room) MayOpen(p who.Permission) bool { return m.Open() && m.May(p) }

// Drill says whether the incident is an exercise.
func (m Room) Drill() bool { return m.Kind == incident.Drill }

// Path is the address of the room, or of a page in it.
func (m Room) Path(below ...string) string {
	out := "/incidents/" + url.PathEscape(m.Ref)
	for _, b := range below {
		out += "/" + url.PathEscape(b)
	}
	return out
}

// Here is Path with the time the room is seen as of.
func (m Room) Here(below ...string) string {
	if m.Past() {
		return m.Path(below...) + "?as_of=" + url.QueryEscape(m.AsOf.Format(time.RFC3339Nano))
	}
	return m.Path(below...)
}

// Person gives the name of a person or of what acted by itself.
func (m Room) Person(id string) string {
	return m.Dir.ActorName(id)
}

// On are the topics that make a part of the room stale. The record of an earlier time never
// changes.
func (m Room) On(topics ...string) []string {
	if m.Past() {
		return nil
	}
	var out []string
	for _, t := range topics {
		out = append(out, page.On(t, m.ID)...)
	}
	return out
}

// People lists the active people with a permission, by name.
func (m Room) People(p who.Permission) []page.Option {
	var out []page.Option
	for id, x := range m.Dir.People {
		if x.Active && (who.Identity{Actor: id, Person: id, Roles: x.Roles}).Has(p) {
			label := x.Name
			if x.Function != "" {
				label += ", " + x.Function
			}
			out = append(out, page.Option{Value: id, Label: label})
		}
	}
	slices.SortFunc(out, func(a, b page.Option) int { return strings.Compare(a.Label, b.Label) })
	return out
}

// Sub is a page below the room: its own heading, with the way back.
func (m Room) Sub(p page.Page) page.Page {
	p.Nav, p.Drill = "/", m.Drill()
	p.Crumbs = []page.Crumb{{Label: "Now", Href: "/"}, {Label: m.Ref, Href: m.Here()}, {Label: p.Title}}
	p.Head = under(m, p.Title, p.Lead)
	return p
}

// Spaced makes words of a wire name.
func Spaced(s string) string { return strings.ReplaceAll(s, "_", " ") }

// Upper begins with a capital letter.
func Upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
