// Package now is the first screen. Question: what falls due next, and whose is it? It lists the open incidents by
// their next due duty, missed ones first, and drills apart (policy 003: "oversees and prioritizes actions"). It must
// not import another screen.
package now

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty/next"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/web/page"
)

// Deps are the rooms this screen reads.
type Deps struct {
	Views     *view.Service
	Plans     *plan.Service
	Directory *directory.Service
	Notices   *notice.Service
	DB        *store.DB
}

type screen struct {
	Deps
	web *page.Web
}

// Mount registers the screen.
func Mount(w *page.Web, d Deps) {
	s := screen{d, w}
	w.Show("/", s.show)
}

// perPage keeps the first answer small; the rest comes by scrolling.
const perPage = 25

// tab is one of the lists.
type tab string

const (
	tabOpen   tab = ""
	tabClosed tab = "closed"
	tabDrills tab = "drills"
)

// row is one incident with what it owes next.
type row struct {
	view.Item
	Next  page.Clock // zero DueAt: nothing is running
	Whose string
	Taken bool   // a person has it; false: it lies with a team
	Into  string // reference of the incident it became part of
}

// board is what the screen shows.
type board struct {
	Tab      tab
	Q        string
	Severity string
	Phase    string
	Rows     []row
	More     string           // address of the next page, "" on the last
	Yours    []notice.Waiting // notices that wait for the viewer's yes
	Missed   int              // incidents of this page that missed a duty
	Quiet    quiet
}

// filtered says whether anything narrows the list beyond the tab.
func (b board) filtered() bool { return b.Q != "" || b.Severity != "" || b.Phase != "" }

// quiet is what is worth knowing when nothing is open.
type quiet struct {
	LastDrill time.Time
	ReviewDue time.Time
	Overdue   bool
}

func (s screen) show(r *page.Request) (page.Page, error) {
	if !r.By.Has(who.PermIncidentRead) {
		return s.elsewhere(r)
	}
	b, err := s.read(r)
	if err != nil {
		return page.Page{}, err
	}
	if b.Tab == tabOpen && r.By.Has(who.PermNoticeRead) && r.Wants("yours") {
		if b.Yours, err = s.Notices.Waiting(r.Context(), r.By); err != nil {
			return page.Page{}, err
		}
	}
	yours := page.Region{Name: "yours", On: page.On("notice"), Body: yours(b)}
	stale := page.Any(page.On("incident"), page.On("duty"), page.On("directory"), page.On("person"))
	glance := page.Region{Name: "glance", On: stale, Body: glance(b)}
	list := page.Region{Name: "list", On: stale, Body: list(r, b)}
	return page.Page{
		Title: "Now", Lead: glance.Place(), Nav: "/", Drill: b.Tab == tabDrills,
		Regions: []page.Region{glance, yours, list}, Body: body(r, b, yours, list),
	}, nil
}

// elsewhere sends people who see no incidents to what they came for.
func (s screen) elsewhere(r *page.Request) (page.Page, error) {
	for path, may := range map[string]bool{"/reports": r.By.Has(who.PermReportCreate), "/settings": r.By.Has(who.PermSystemRead)} {
		if may && s.web.Has(path) && (path == "/reports") != r.By.Has(who.PermSystemRead) {
			return page.Page{}, page.Elsewhere(path)
		}
	}
	return page.Page{Title: "Welcome", Nav: "/", Narrow: true, Body: welcome(r, s.web.Has("/report"))}, nil
}

func (s screen) read(r *page.Request) (board, error) {
	b := board{Tab: tab(r.Query("show")), Q: r.Query("q"), Severity: r.Query("severity"), Phase: r.Query("phase")}
	f, err := b.filter()
	if err != nil {
		return b, err
	}
	items, next, err := s.Views.List(r.Context(), r.By, f, r.Query("after"))
	if err != nil {
		return b, err
	}
	if next != "" {
		b.More = r.Path("after", next)
	}
	if b.Rows, err = s.rows(r.Context(), r.By, items); err != nil {
		return b, err
	}
	if b.Tab != tabOpen {
		into, err := s.Views.MergedInto(r.Context(), r.By, items)
		if err != nil {
			return b, err
		}
		for i, it := range b.Rows {
			b.Rows[i].Into = into[it.ID]
		}
	}
	for _, it := range b.Rows {
		if it.Missed {
			b.Missed++
		}
	}
	if len(b.Rows) == 0 && b.Tab == tabOpen && !b.filtered() {
		b.Quiet, err = s.quiet(r)
	}
	return b, err
}

func (b board) filter() (view.Filter, error) {
	f := view.Filter{Q: b.Q, Phase: incident.Phase(b.Phase), Kind: incident.Real, Order: view.NextDue, Limit: perPage}
	open := b.Tab != tabClosed
	switch b.Tab {
	case tabOpen:
		f.Open = &open
	case tabClosed:
		f.Open, f.Order = &open, view.Newest
	case tabDrills:
		f.Kind = incident.Drill
	default:
		return f, fault.New(fault.NotFound, "There is no such list.")
	}
	if b.Severity != "" {
		n, err := strconv.Atoi(b.Severity)
		if err != nil {
			return f, fault.InvalidField("severity", "must be 0 to 3, or -1 for not graded")
		}
		f.Severity = &n
	}
	return f, nil
}

// rows adds to each incident the duty that falls due first and who holds it.
func (s screen) rows(ctx context.Context, by who.Identity, items []view.Item) ([]row, error) {
	var ids []string
	for _, it := range items {
		if !it.NextDueAt.IsZero() {
			ids = append(ids, it.ID)
		}
	}
	first, err := next.Of(ctx, s.DB, by, ids)
	if err != nil {
		return nil, err
	}
	dir, err := s.Directory.Snapshot(s.DB)
	if err != nil {
		return nil, err
	}
	out := make([]row, len(items))
	for i, it := range items {
		out[i].Item = it
		d, ok := first[it.ID]
		if !ok {
			continue
		}
		out[i].Next = page.ClockOf(d)
		out[i].Whose, out[i].Taken = page.HolderOf(d), d.Taken || d.Holder.Kind == "person"
		if p, ok := dir.People[d.Holder.ID]; ok && d.Holder.Kind == "person" {
			out[i].Whose = p.Name
		}
	}
	return out, nil
}

// quiet reads what an empty list shows instead of nothing.
func (s screen) quiet(r *page.Request) (q quiet, err error) {
	drills, _, err := s.Views.List(r.Context(), r.By, view.Filter{Kind: incident.Drill, Limit: 1}, "")
	if err != nil {
		return q, err
	}
	if len(drills) > 0 {
		q.LastDrill = drills[0].DeclaredAt
	}
	if !r.By.Has(who.PermPlanRead) {
		return q, nil
	}
	p, err := s.Plans.Current(r.Context(), r.By)
	if err != nil {
		return q, err
	}
	due := p.ReviewDue()
	q.ReviewDue, q.Overdue = due.DueAt, due.Overdue(r.Now)
	return q, nil
}

func (b board) summary() string {
	n := len(b.Rows)
	count := strconv.Itoa(n)
	switch {
	case b.More != "":
		count = fmt.Sprintf("%d or more", n)
	case n == 1:
		count = "One"
	}
	noun, verb := "incidents", "are"
	if b.Tab == tabDrills {
		noun = "drills"
	}
	if n == 1 {
		noun, verb = noun[:len(noun)-1], "is"
	}
	switch {
	case b.filtered():
		return count + " " + noun + " " + map[bool]string{true: "matches.", false: "match."}[n == 1]
	case b.Tab == tabOpen:
		return count + " " + noun + " " + verb + " open."
	case b.Tab == tabClosed:
		return count + " closed " + noun + "."
	}
	return count + " " + noun + "."
}
