// Package planbook shows and edits the response plan. Question: what did we agree, who says so, and who changed it last?
// It carries out "update Plan and procedures as needed" and "review the plan and procedures at least annually" (policy
// 003). What is valid is decided in prepare/plan. It must not import another screen.
package planbook

import (
	"net/http"
	"strconv"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/differ"
)

// Deps are the rooms this screen reads and writes.
type Deps struct {
	Plans     *plan.Service
	Directory *directory.Service
	Views     *view.Service
	DB        *store.DB
}

type screen struct{ Deps }

const nav = "/plan"

// Mount registers the screen.
func Mount(w *page.Web, d Deps) {
	s := screen{d}
	w.Show(nav, s.show)
	w.Show("/plan/history", s.history)
	w.Show("/plan/versions/{n}", s.version)
	w.Show("/plan/edit/{section}", s.edit)
	w.Post("/plan/edit/{section}", s.doEdit, s.edit)
	w.Show("/plan/text", s.text)
	w.Post("/plan/text", s.doText, s.text)
	w.Download("/plan/plan.yaml", s.export)
	w.Download("/plan/versions/{n}/plan.yaml", s.export)
}

// book is one version of the plan as it is shown.
type book struct {
	plan.Plan
	r       *page.Request
	dir     directory.Snapshot
	sources map[string]plan.Source
	last    map[string]plan.Revision
	rev     plan.Revision
	users   []view.Planned // open incidents with this version
	older   []view.Planned // open incidents that began with an older one
	old     bool           // not the newest version
}

func (s screen) book(r *page.Request, p plan.Plan) (book, error) {
	b := book{Plan: p, r: r, sources: plan.Sources()}
	var err error
	if b.dir, err = s.Directory.Snapshot(s.DB); err != nil {
		return b, err
	}
	if b.rev, err = s.Plans.Revision(r.Context(), r.By, p.Version); err != nil {
		return b, err
	}
	if !r.By.Has(who.PermIncidentRead) {
		return b, nil
	}
	open, err := s.Views.Planned(r.Context(), r.By)
	for _, it := range open {
		switch {
		case it.Version == p.Version:
			b.users = append(b.users, it)
		case it.Version < p.Version:
			b.older = append(b.older, it)
		}
	}
	return b, err
}

func (b book) name(id string) string {
	if id == "" {
		return "Wakebell"
	}
	return b.dir.ActorName(id)
}

func (s screen) show(r *page.Request) (page.Page, error) {
	p, err := s.Plans.Current(r.Context(), r.By)
	if err != nil {
		return page.Page{}, err
	}
	b, err := s.book(r, p)
	if err != nil {
		return page.Page{}, err
	}
	if b.last, err = s.Plans.LastChanged(r.Context(), r.By); err != nil {
		return page.Page{}, err
	}
	values := page.Region{Name: "plan", On: page.Any(page.On("plan"), page.On("incident")), Body: values(b)}
	return page.Page{
		Title: "Response plan", Nav: nav, Lead: lead(b), Regions: []page.Region{values}, Body: values.Place(),
		Actions: page.Links(actions(r)...),
	}, nil
}

func actions(r *page.Request) []page.Action {
	out := []page.Action{{Label: "History", Icon: page.IconHistory, Href: "/plan/history"}}
	if r.By.Has(who.PermPlanEdit) {
		out = append(out, page.Action{Label: "Edit as text", Icon: page.IconFileText, Href: "/plan/text"})
	}
	return append(out, page.Action{Label: "Export YAML", Icon: page.IconDownload, Href: "/plan/plan.yaml"})
}

// version shows one version as it was, and what it changed.
func (s screen) version(r *page.Request) (page.Page, error) {
	n, err := number(r)
	if err != nil {
		return page.Page{}, err
	}
	p, err := s.Plans.Version(r.Context(), r.By, n)
	if err != nil {
		return page.Page{}, err
	}
	b, err := s.book(r, p)
	if err != nil {
		return page.Page{}, err
	}
	newest, err := s.Plans.Current(r.Context(), r.By)
	if err != nil {
		return page.Page{}, err
	}
	b.old, b.older = newest.Version != n, nil
	var changes, since []differ.Change
	if n > 1 {
		before, err := s.Plans.Version(r.Context(), r.By, n-1)
		if err != nil {
			return page.Page{}, err
		}
		changes = differ.Compare(said(before, b.dir), said(p, b.dir))
	}
	if b.old {
		since = differ.Compare(said(p, b.dir), said(newest, b.dir))
	}
	return page.Page{
		Title: "Plan, version " + strconv.Itoa(n), Nav: nav,
		Crumbs:  []page.Crumb{{Label: "Response plan", Href: nav}, {Label: "History", Href: "/plan/history"}, {Label: "Version " + strconv.Itoa(n)}},
		Actions: page.Links(page.Action{Label: "Export YAML", Icon: page.IconDownload, Href: "/plan/versions/" + strconv.Itoa(n) + "/plan.yaml"}),
		Body:    versionPage(b, changes, since),
	}, nil
}

func number(r *page.Request) (int, error) {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 1 || n > 1<<30 {
		return 0, fault.New(fault.NotFound, "There is no such version of the plan.")
	}
	return n, nil
}

// past is one version in the history with what it changed.
type past struct {
	plan.Revision
	By      string
	Changes []differ.Change
	Users   int
}

const perPage = 20

func (s screen) history(r *page.Request) (page.Page, error) {
	before, _ := strconv.Atoi(r.Query("after")) // anything else starts at the newest
	list, next, err := s.Plans.History(r.Context(), r.By, before, perPage)
	if err != nil {
		return page.Page{}, err
	}
	dir, err := s.Directory.Snapshot(s.DB)
	if err != nil {
		return page.Page{}, err
	}
	users := map[int]int{}
	if r.By.Has(who.PermIncidentRead) {
		open, err := s.Views.Planned(r.Context(), r.By)
		if err != nil {
			return page.Page{}, err
		}
		for _, it := range open {
			users[it.Version]++
		}
	}
	out := make([]past, len(list))
	for i, rev := range list {
		out[i] = past{Revision: rev, By: book{dir: dir}.name(rev.ChangedBy), Users: users[rev.Version]}
		if rev.Version > 1 {
			if out[i].Changes, err = s.between(r, rev.Version-1, rev.Version, dir); err != nil {
				return page.Page{}, err
			}
		}
	}
	more := ""
	if next > 0 {
		more = r.Path("after", strconv.Itoa(next))
	}
	region := page.Region{Name: "versions", On: page.On("plan"), Body: versions(out, more)}
	return page.Page{
		Title: "History of the plan", Nav: nav, Narrow: true, Regions: []page.Region{region}, Body: region.Place(),
		Crumbs: []page.Crumb{{Label: "Response plan", Href: nav}, {Label: "History"}},
	}, nil
}

func (s screen) between(r *page.Request, a, b int, dir directory.Snapshot) ([]differ.Change, error) {
	before, err := s.Plans.Version(r.Context(), r.By, a)
	if err != nil {
		return nil, err
	}
	after, err := s.Plans.Version(r.Context(), r.By, b)
	if err != nil {
		return nil, err
	}
	return differ.Compare(said(before, dir), said(after, dir)), nil
}

func (s screen) export(out http.ResponseWriter, r *page.Request) error {
	read := func() (plan.Plan, error) { return s.Plans.Current(r.Context(), r.By) }
	if r.PathValue("n") != "" {
		n, err := number(r)
		if err != nil {
			return err
		}
		read = func() (plan.Plan, error) { return s.Plans.Version(r.Context(), r.By, n) }
	}
	p, err := read()
	if err != nil {
		return err
	}
	text, err := p.YAML()
	if err != nil {
		return err
	}
	out.Header().Set("Content-Type", "application/yaml; charset=utf-8")
	out.Header().Set("Content-Disposition", `attachment; filename="plan-`+strconv.Itoa(p.Version)+`.yaml"`)
	_, err = out.Write(text)
	return err
}

// circle is one half of the yearly circle.
type circle struct {
	plan.Due
	Title string
}

func circles(b book) []circle {
	return []circle{{b.ReviewDue(), "Review"}, {b.TestDue(), "Test"}}
}

func (c circle) tag(now time.Time) page.Tag {
	if c.Overdue(now) {
		return page.Tag{Text: "Overdue", Icon: page.IconClockAlert, Tone: page.Danger}
	}
	return page.Tag{Text: "In time", Icon: page.IconCircleCheck, Tone: page.Good}
}

func incidentsWith(n int) string {
	if n == 1 {
		return "1 open incident began with it"
	}
	return strconv.Itoa(n) + " open incidents began with it"
}
