package contactbook

import (
	"maps"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/differ"
)

// crowd is the list of people.
type crowd struct {
	dir    directory.Snapshot
	people []who.Person
	q      string
	all    bool // with those who left
	more   string
	manage bool // may edit accounts and roles
}

func (s screen) people(r *page.Request) (page.Page, error) {
	c := crowd{q: r.Query("q"), all: r.Query("all") != "", manage: s.manages(r)}
	var next string
	var err error
	if c.people, next, err = s.People.People(r.Context(), r.By, who.Filter{Q: c.q, ActiveOnly: !c.all}, r.Query("after"), perPage); err != nil {
		return page.Page{}, err
	}
	if c.dir, err = s.Directory.Snapshot(s.DB); err != nil {
		return page.Page{}, err
	}
	if next != "" {
		c.more = r.Path("after", next)
	}
	region := page.Region{Name: "list", On: page.Any(page.On("directory"), page.On("person")), Body: peopleRows(c)}
	var actions []page.Action
	if c.manage {
		actions = append(actions, page.Action{Label: "Add a person", Icon: page.IconUserPlus, Href: "/settings/people/new", Main: true})
	}
	return page.Page{
		Title: "People", Nav: nav, Crumbs: []page.Crumb{{Label: "Directory", Href: nav}, {Label: "People"}}, Actions: page.Links(actions...),
		Regions: []page.Region{region}, Body: peoplePage(c, region),
	}, nil
}

// manages says whether the viewer may go to the accounts in settings.
func (s screen) manages(r *page.Request) bool {
	return r.By.Has(who.PermPersonManage) && s.web.Has("/settings/people")
}

// human is one person on the screen.
type human struct {
	who.Person
	r         *page.Request
	dir       directory.Snapshot
	teams     []directory.Team
	turns     []turnOf
	services  []directory.ITService // whose architect this is
	parties   []directory.Party     // looked after
	standsFor []who.Person
	manage    bool
}

// turnOf is a turn of a person in a team.
type turnOf struct {
	Team directory.Team
	directory.Turn
}

func (s screen) person(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermDirectoryRead); err != nil {
		return page.Page{}, err
	}
	p, err := s.People.Person(r.Context(), r.By, r.PathValue("id"))
	if err != nil {
		return page.Page{}, err
	}
	h := human{Person: p, r: r, manage: s.manages(r)}
	if h.dir, err = s.Directory.Snapshot(s.DB); err != nil {
		return page.Page{}, err
	}
	h.teams = teamsOf(h.dir, p.ID)
	for _, d := range duties(h.dir, r.Now) {
		for _, t := range d.Turns {
			if t.Person == p.ID {
				h.turns = append(h.turns, turnOf{d.Team, t})
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(h.dir.ITServices)) {
		if v := h.dir.ITServices[id]; !v.Retired && v.Architect == p.ID {
			h.services = append(h.services, v)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(h.dir.Parties)) {
		if v := h.dir.Parties[id]; !v.Retired && v.Liaison == p.ID {
			h.parties = append(h.parties, v)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(h.dir.People)) {
		if v := h.dir.People[id]; v.Active && v.Deputy == p.ID {
			h.standsFor = append(h.standsFor, v)
		}
	}
	past := page.Region{Name: "past", On: page.On("person", p.ID)}
	if r.Wants("past") {
		if past.Body, err = s.personPast(r, p.ID, teller{h.dir, r.Zone}); err != nil {
			return page.Page{}, err
		}
	}
	main := page.Region{Name: "item", On: page.Any(page.On("directory"), page.On("person")), Body: personBody(h)}
	var actions []page.Action
	if h.manage {
		actions = append(actions, page.Action{Label: "Edit, account and roles", Icon: page.IconPencilLine, Href: "/settings/people/" + p.ID, Main: true})
	}
	return page.Page{
		Title: p.Name, Nav: nav, Actions: page.Links(actions...), Regions: []page.Region{main, past}, Body: twoRegions(main, past),
		Crumbs: []page.Crumb{{Label: "Directory", Href: nav}, {Label: "People", Href: nav + "/people"}, {Label: p.Name}},
	}, nil
}

func (s screen) personPast(r *page.Request, id string, t teller) (templ.Component, error) {
	before, _ := strconv.ParseInt(r.Query("after"), 10, 64)
	list, next, err := s.People.History(r.Context(), r.By, id, before, perHistory)
	if err != nil {
		return nil, err
	}
	out := make([]revision, len(list))
	for i, rev := range list {
		x := revision{Revision: directory.Revision{Seq: rev.Seq, At: rev.At, Version: rev.After.Version, Erased: rev.Erased}, By: actorName(t.dir, rev.Actor), What: "Changed"}
		if rev.Before == nil {
			x.What = "Added"
		} else if !rev.Erased {
			x.Changes = differ.Compare(t.said(*rev.Before), t.said(rev.After))
		}
		out[i] = x
	}
	more := ""
	if next > 0 {
		more = r.Path("after", strconv.FormatInt(next, 10))
	}
	return history(out, more), nil
}
