// Package breach is the breach register in the browser: the list, one entry, both on paper, and
// the exports. Question: is the record complete, and was everybody told who had to be? It
// carries out policy 000 ("documents the incident in an internal registry with facts about the
// violation, its effects and remediation measures taken") and GDPR Art. 33(5). It must not
// import another screen.
package breach

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/notify/register"
	"github.com/wakebell/wakebell/internal/notify/register/audit"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/web/book/send"
	"github.com/wakebell/wakebell/internal/web/page"
)

// Deps are the rooms these screens ask.
type Deps struct {
	Register  *register.Service
	Audit     *audit.Service
	Views     *view.Service
	Directory *directory.Service
	DB        *store.DB
}

type screen struct{ Deps }

const home = "/register"

// Mount registers the screens.
func Mount(w *page.Web, d Deps) {
	s := screen{d}
	w.Show(home, s.list)
	w.Show(home+"/print", s.paper)
	w.Download(home+"/export.csv", s.export("csv", "text/csv; charset=utf-8", d.Register.ExportCSV))
	w.Download(home+"/export.json", s.export("json", "application/json", d.Register.ExportJSON))
	w.Show(home+"/{ref}", s.entry)
	w.Download(home+"/{ref}/bundle", s.bundle)
}

const (
	perPage  = 50
	perPaper = 500 // entries on one print
)

// filters are what the address asks for, as it stands there.
type filters struct {
	Year, Data, Role, Entity, Severity, BIL, Told string
	Drills                                        bool
}

func (f filters) any() bool {
	f.Drills = false
	return f != filters{}
}

func filtersOf(r *page.Request) filters {
	return filters{
		Year: r.Query("year"), Data: r.Query("data"), Role: r.Query("role"), Entity: r.Query("entity"), Severity: r.Query("severity"),
		BIL: r.Query("bil"), Told: r.Query("told"), Drills: r.Query("show") == "drills",
	}
}

// filter reads them. Years are those of the viewer's zone.
func (f filters) filter(r *page.Request) (register.Filter, error) {
	out := register.Filter{
		Drills: f.Drills, PersonalData: incident.Answer(f.Data), Role: directory.DataRole(f.Role), Entity: f.Entity, Limit: perPage,
	}
	var wrong []fault.Field
	number := func(name, s string) *int {
		if s == "" {
			return nil
		}
		n, err := strconv.Atoi(s)
		if err != nil {
			wrong = append(wrong, fault.Field{Field: name, Message: "must be a number"})
		}
		return &n
	}
	if y := number("year", f.Year); y != nil && len(wrong) == 0 {
		if *y < 1970 || *y > 9999 {
			wrong = append(wrong, fault.Field{Field: "year", Message: "must be a year"})
		}
		out.From, out.Until = time.Date(*y, 1, 1, 0, 0, 0, 0, r.Zone).UTC(), time.Date(*y+1, 1, 1, 0, 0, 0, 0, r.Zone).UTC()
	}
	out.Severity, out.BIL = number("severity", f.Severity), number("bil", f.BIL)
	if f.Told != "" {
		yes := f.Told == "yes"
		out.Notified = &yes
	}
	return out, fault.Invalids(wrong...)
}

// book is the list.
type book struct {
	filters
	Rows  []register.Head
	More  string
	Cut   bool // of a print: there is more than fits
	Dir   directory.Snapshot
	Query string // of the address, for links that keep the filters
}

func (s screen) list(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermRegisterRead); err != nil {
		return page.Page{}, err
	}
	b := book{filters: filtersOf(r), Query: queryOf(r)}
	f, err := b.filter(r)
	if err != nil {
		return page.Page{}, err
	}
	if b.Dir, err = s.Directory.Snapshot(s.DB); err != nil {
		return page.Page{}, err
	}
	// A narrow filter may find nothing in a part that was looked at: look on a little before the viewer must.
	cursor := r.Query("after")
	for range 5 {
		rows, next, err := s.Register.List(r.Context(), r.By, f, cursor)
		if err != nil {
			return page.Page{}, err
		}
		b.Rows = append(b.Rows, rows...)
		if cursor = next; next == "" || len(b.Rows) >= perPage/2 {
			break
		}
	}
	if cursor != "" {
		b.More = r.Path("after", cursor)
	}
	on := page.Any(page.On("incident"), page.On("duty"), page.On("directory"))
	lead := page.Region{Name: "glance", On: on, Body: glance(b)}
	rows := page.Region{Name: "rows", On: on, Body: listRows(r, b)}
	return page.Page{
		Title: "Breach register", Nav: home, Lead: lead.Place(), Drill: b.Drills, Actions: listActions(r, b),
		Regions: []page.Region{lead, rows}, Body: listPage(r, b, rows),
	}, nil
}

func queryOf(r *page.Request) string {
	q := r.URL.Query()
	q.Del("after")
	if enc := q.Encode(); enc != "" {
		return "?" + enc
	}
	return ""
}

// paper is the list as it is printed: all of it, what it was narrowed to, and how to check it.
func (s screen) paper(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermRegisterRead); err != nil {
		return page.Page{}, err
	}
	b := book{filters: filtersOf(r), Query: queryOf(r)}
	f, err := b.filter(r)
	if err != nil {
		return page.Page{}, err
	}
	if b.Dir, err = s.Directory.Snapshot(s.DB); err != nil {
		return page.Page{}, err
	}
	f.Limit = who.PageLimit
	for cursor := ""; len(b.Rows) < perPaper; {
		rows, next, err := s.Register.List(r.Context(), r.By, f, cursor)
		if err != nil {
			return page.Page{}, err
		}
		b.Rows = append(b.Rows, rows...)
		cursor = next
		if b.Cut = next != ""; next == "" {
			break
		}
	}
	stamp, err := s.Audit.Stamp(r.Context())
	if err != nil {
		return page.Page{}, err
	}
	return page.Page{
		Title: "Breach register", Nav: home, Crumbs: []page.Crumb{{Label: "Breach register", Href: home + b.Query}, {Label: "On paper"}},
		Lead: paperLead(b), Actions: printButton(), Drill: b.Drills, Body: paperList(r, b, stamp),
	}, nil
}

// export sends the register as it is read. What goes wrong after the first byte cuts the connection, so that half a
// register never looks like a whole one.
func (s screen) export(format, kind string, run func(context.Context, who.Identity, register.Filter, io.Writer) error) func(http.ResponseWriter, *page.Request) error {
	return func(out http.ResponseWriter, r *page.Request) error {
		f, err := filtersOf(r).filter(r)
		if err != nil {
			return err
		}
		return send.File(out, kind, "register."+format, func(w io.Writer) error { return run(r.Context(), r.By, f, w) })
	}
}

// sheet is one entry with what belongs to it.
type sheet struct {
	register.Entry
	Dir     directory.Snapshot
	History []view.Line
	Stamp   audit.Head
}

// ofHistory is how many lines of each kind the history shows; the room has all.
const ofHistory = 60

func (s screen) entry(r *page.Request) (page.Page, error) {
	e, err := s.Register.Get(r.Context(), r.By, r.PathValue("ref"))
	if err != nil {
		return page.Page{}, err
	}
	v := sheet{Entry: e}
	if v.Dir, err = s.Directory.Snapshot(s.DB); err != nil {
		return page.Page{}, err
	}
	if r.By.Has(who.PermIncidentRead) {
		if v.History, err = s.history(r, e.Ref); err != nil {
			return page.Page{}, err
		}
	}
	if v.Stamp, err = s.Audit.Stamp(r.Context()); err != nil {
		return page.Page{}, err
	}
	on := page.Any(page.On("incident", e.ID), page.On("duty", e.ID), page.On("directory"), page.On("person"))
	body := page.Region{Name: "entry", On: on, Body: entryBody(r, v)}
	lead := page.Region{Name: "glance", On: on, Body: entryGlance(v)}
	return page.Page{
		Title: e.Ref + " " + e.Title, Nav: home, Crumbs: []page.Crumb{{Label: "Breach register", Href: home}, {Label: e.Ref}},
		Lead: lead.Place(), Actions: entryActions(r, v), Drill: e.Kind == incident.Drill,
		Regions: []page.Region{lead, body}, Body: entryPage(r, v, body),
	}, nil
}

// history is what was decided and found out, newest first, each entry once.
func (s screen) history(r *page.Request, ref string) ([]view.Line, error) {
	var all []view.Line
	for _, show := range []view.Show{view.Decisions, view.Facts, view.Notices} {
		lines, _, err := s.Views.Latest(r.Context(), r.By, ref, show, time.Time{}, "", ofHistory)
		if err != nil {
			return nil, err
		}
		all = append(all, lines...)
	}
	return onceEach(all), nil
}

// bundle sends what the ledger holds of one incident, with its proofs.
func (s screen) bundle(out http.ResponseWriter, r *page.Request) error {
	b, err := s.Register.Bundle(r.Context(), r.By, r.PathValue("ref"))
	if err != nil {
		return err
	}
	return send.File(out, "application/json", "bundle-"+b.Register.Ref+".json", func(w io.Writer) error {
		_, err := b.WriteTo(w)
		return err
	})
}
