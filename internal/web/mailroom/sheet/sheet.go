// Package sheet is one notice from its start to its release: the list of an incident's
// notices, the sheet with its text, approvals and gates, the pages where it is written and
// set, and what waits for the viewer's yes. It carries out policy 003 (approval by legal and
// executive; the spokesperson) for a browser. Every rule stands in notify/notice. It must
// not import another screen.
package sheet

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record/phrase"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/web/page"
)

// Deps are the rooms these screens read and command.
type Deps struct {
	Notices   *notice.Service
	Incidents *incident.Service
	Duties    *duty.Service
	Files     *file.Service
	Directory *directory.Service
	DB        *store.DB
}

type screen struct {
	Deps
	web *page.Web
}

// Mount registers the pages.
func Mount(w *page.Web, d Deps) {
	s := screen{d, w}
	const list = "/incidents/{ref}/notices"
	const one = list + "/{no}"
	w.Show("/notices", s.showMine)
	w.Show(list, s.showList)
	w.Post("/incidents/{ref}/hold", s.hold, s.showList)
	w.Show(list+"/new", s.showNew)
	w.Post(list+"/new", s.start, s.showNew)
	w.Show(one, s.show)
	w.Post(one+"/submit", s.submit, s.show)
	w.Post(one+"/approve", s.approve, s.show)
	w.Post(one+"/emergency", s.emergency, s.show)
	w.Post(one+"/return", s.giveBack, s.show)
	w.Post(one+"/release", s.release, s.show)
	w.Post(one+"/withdraw", s.withdraw, s.show)
	w.Show(one+"/settings", s.showSettings)
	w.Post(one+"/settings", s.set, s.showSettings)
	w.Post(one+"/files", s.attach, s.showSettings)
	w.Post(one+"/files/remove", s.detach, s.showSettings)
}

// room is one incident as one viewer sees its notices.
type room struct {
	Inc incident.State
	R   *page.Request
	Dir directory.Snapshot
}

func (s screen) enter(r *page.Request) (room, error) {
	m := room{R: r}
	if err := who.Check(r.By, who.PermNoticeRead); err != nil {
		return m, err
	}
	var err error
	if m.Inc, err = s.Incidents.GetTx(s.DB, r.PathValue("ref")); err != nil {
		return m, err
	}
	m.Dir, err = s.Directory.Snapshot(s.DB)
	return m, err
}

func (m room) drill() bool { return m.Inc.Kind == incident.Drill }

func (m room) path(below ...string) string {
	out := "/incidents/" + url.PathEscape(m.Inc.Ref) + "/notices"
	for _, b := range below {
		out += "/" + url.PathEscape(b)
	}
	return out
}

// person gives the name of a person or of what acted by itself.
func (m room) person(id string) string {
	return m.Dir.ActorName(id)
}

func (m room) people(ids []string) string {
	var names []string
	for _, id := range ids {
		names = append(names, m.person(id))
	}
	const most = 6
	if n := len(names) - most; n > 0 {
		names = append(names[:most], strconv.Itoa(n)+" more")
	}
	return strings.Join(names, ", ")
}

// page is a page below the incident, with the way back.
func (m room) page(p page.Page, crumbs ...page.Crumb) page.Page {
	p.Nav, p.Drill = "/notices", m.drill()
	p.Crumbs = append([]page.Crumb{
		{Label: "Now", Href: "/"}, {Label: m.Inc.Ref, Href: "/incidents/" + url.PathEscape(m.Inc.Ref)},
	}, crumbs...)
	return p
}

// held says whether law enforcement's request to delay runs.
func (m room) held() bool {
	for _, f := range m.Inc.Facts {
		if f.Name == fact.HoldSince && m.Inc.Moment(fact.HoldReleased, f.Entity).Before(f.Value.At) {
			return true
		}
	}
	return false
}

// owed are the open duties of one audience that no notice serves yet.
type owed struct {
	Audience notice.Audience
	Duties   []duty.Duty
	First    page.Clock
}

// whom counts those who are owed word, and what they are owed.
func (o owed) whom() string {
	var ids []string
	for _, d := range o.Duties {
		ids = append(ids, d.Recipient.ID)
	}
	slices.Sort(ids)
	n, k := len(slices.Compact(ids)), len(o.Duties)
	if n == k {
		return phrase.Count(k, "duty", "duties")
	}
	return phrase.Count(k, "duty", "duties") + " to " + strconv.Itoa(n)
}

// listing is the list of an incident's notices.
type listing struct {
	room
	Notices []notice.Notice
	Owed    []owed
	Hold    *notice.Hold
	Legal   bool // the viewer may say whom a hold concerns
	Write   bool
}

func (s screen) showList(r *page.Request) (page.Page, error) {
	m, err := s.enter(r)
	if err != nil {
		return page.Page{}, err
	}
	v := listing{room: m, Write: r.By.Has(who.PermNoticeWrite), Legal: r.By.Is(who.Legal) && r.By.Person != ""}
	if v.Notices, err = s.Notices.List(r.Context(), r.By, m.Inc.Ref); err != nil {
		return page.Page{}, err
	}
	if v.Hold, err = s.Notices.HoldOf(r.Context(), r.By, m.Inc.Ref); err != nil {
		return page.Page{}, err
	}
	if r.By.Has(who.PermDutyRead) {
		if v.Owed, err = s.owed(r, v.Notices, m.Inc.ID); err != nil {
			return page.Page{}, err
		}
	}
	stale := page.Any(page.On("notice", m.Inc.ID), page.On("duty", m.Inc.ID), page.On("incident", m.Inc.ID))
	open := page.Region{Name: "owed", On: stale, Body: owedCard(v)}
	list := page.Region{Name: "notices", On: stale, Body: table(v)}
	hold := page.Region{Name: "hold", On: stale, Body: holdCard(v)}
	p := page.Page{
		Title: "Notices", Lead: page.Text(m.Inc.Title), Regions: []page.Region{open, list, hold}, Body: listBody(v, open, list, hold),
	}
	if v.Write {
		p.Actions = page.LinkButton(page.Action{Label: "Start a notice", Icon: page.IconPlus, Href: m.path("new"), Main: true, Key: "n"})
		p.Thumb = []page.Action{{Label: "Start a notice", Icon: page.IconPlus, Href: m.path("new"), Main: true}}
	}
	return m.page(p, page.Crumb{Label: "Notices"}), nil
}

// owed groups what is open by the audience it is owed to, without what a notice serves.
func (s screen) owed(r *page.Request, list []notice.Notice, incident string) ([]owed, error) {
	open, err := s.Duties.OpenDuties(r.Context(), s.DB, incident)
	if err != nil {
		return nil, err
	}
	var served []string
	for _, n := range list {
		if n.State != notice.Withdrawn {
			served = append(served, n.Duties...)
		}
	}
	var out []owed
	for _, a := range notice.Audiences() {
		o := owed{Audience: a}
		for _, d := range open {
			if d.Outward && a.Serves(d.Recipient.Kind) && !slices.Contains(served, d.Key) {
				o.Duties = append(o.Duties, d)
			}
		}
		if len(o.Duties) > 0 {
			o.First = page.ClockOf(o.Duties[0])
			o.First.Href = ""
			out = append(out, o)
		}
	}
	return out, nil
}

// hold records whom law enforcement's request concerns.
func (s screen) hold(r *page.Request) (page.Done, error) {
	in := notice.HoldInput{Text: r.Text("text")}
	for _, a := range r.All("audiences") {
		in.Audiences = append(in.Audiences, notice.Audience(a))
	}
	_, err := s.Notices.NameHold(r.Context(), r.By, r.PathValue("ref"), in)
	return page.Done{Say: "Recorded: legal was consulted."}, err
}

// mine is what waits for the viewer's yes, and what others work on.
type mine struct {
	Waiting []notice.Waiting
	Open    []notice.Listed
	Dir     directory.Snapshot
}

func (s screen) showMine(r *page.Request) (page.Page, error) {
	var v mine
	var err error
	if v.Waiting, err = s.Notices.Waiting(r.Context(), r.By); err != nil {
		return page.Page{}, err
	}
	if v.Open, err = s.Notices.InWork(r.Context(), r.By); err != nil {
		return page.Page{}, err
	}
	if v.Dir, err = s.Directory.Snapshot(s.DB); err != nil {
		return page.Page{}, err
	}
	list := page.Region{Name: "mine", On: page.Any(page.On("notice"), page.On("directory"), page.On("person")), Body: mineList(v)}
	return page.Page{
		Title: "Notices", Nav: "/notices", Lead: page.Text("What waits for your yes, and what is in work."),
		Regions: []page.Region{list}, Body: list.Place(),
	}, nil
}

func number(r *page.Request) (int, error) {
	no, err := strconv.Atoi(r.PathValue("no"))
	if err != nil || no < 1 {
		return 0, fault.New(fault.NotFound, "There is no such notice in this incident.")
	}
	return no, nil
}
