// Package handed is the page of a hand-over: what a controller we process for needs for
// its own notification within 72 hours, what is not known yet, what changed since the last
// version, and the versions that were taken, to print or to download. It carries out GDPR
// Art. 33(2) and policy 000; every rule stands in decide/assessment/handover. It must not
// import another screen.
package handed

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/decide/assessment/handover"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/room/head"
)

// Screen is the hand-over.
type Screen struct{ head.Deps }

// Mount registers the pages.
func Mount(w *page.Web, d head.Deps) {
	s := Screen{d}
	const list = "/incidents/{ref}/handover"
	w.Show(list, s.showAll)
	w.Show(list+"/{customer}", s.show)
	w.Post(list+"/{customer}", s.take, s.show)
	w.Show(list+"/{customer}/{number}", s.showVersion)
	w.Download(list+"/{customer}/{number}/document", s.download)
}

// all is the list of controllers.
type all struct {
	head.Room
	List []handover.Who
	Last map[string]handover.Version
}

func (s Screen) showAll(r *page.Request) (page.Page, error) {
	m, err := s.Enter(r)
	if err != nil {
		return page.Page{}, err
	}
	v := all{Room: m}
	if v.List, v.Last, err = s.Handover.List(r.Context(), r.By, m.Ref); err != nil {
		return page.Page{}, err
	}
	return m.Sub(page.Page{
		Title: "Hand-over to controllers", Lead: page.Text("What the customers we process for need for their own 72 hours."), Body: allBody(v),
	}), nil
}

// one is the package of one customer.
type one struct {
	head.Room
	D handover.Draft
}

func (s Screen) read(r *page.Request) (one, error) {
	m, err := s.Enter(r)
	if err != nil {
		return one{}, err
	}
	v := one{Room: m}
	v.D, err = s.Handover.Draft(r.Context(), r.By, m.Ref, r.PathValue("customer"))
	return v, err
}

func (s Screen) show(r *page.Request) (page.Page, error) {
	v, err := s.read(r)
	if err != nil {
		return page.Page{}, err
	}
	return v.Sub(page.Page{
		Title: "For " + v.D.Controller.Name, Lead: page.Text("As it would be handed over now. Every part says where it comes from; no other customer is named."), Body: oneBody(v),
	}), nil
}

func (s Screen) take(r *page.Request) (page.Done, error) {
	expected, err := r.Moment("expected_at")
	if err != nil {
		return page.Done{}, err
	}
	got, err := s.Handover.Take(r.Context(), r.By, r.PathValue("ref"), r.PathValue("customer"), handover.Words{
		Nature: r.Text("nature"), Persons: r.Text("persons"), Records: r.Text("records"), Consequences: r.Text("consequences"), Measures: r.Text("measures"), ExpectedAt: expected,
	})
	if err != nil {
		return page.Done{}, err
	}
	return page.Done{To: r.URL.Path + "/" + strconv.Itoa(got.Number), Say: "Version " + strconv.Itoa(got.Number) + " is recorded. Print or download it."}, nil
}

// version is a package as it was taken, on paper.
type version struct {
	head.Room
	V handover.Version
	P handover.Package
}

func (s Screen) version(r *page.Request) (version, error) {
	m, err := s.Enter(r)
	if err != nil {
		return version{}, err
	}
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil {
		return version{}, fault.New(fault.NotFound, "There is no such version of the package")
	}
	v := version{Room: m}
	if v.V, err = s.Handover.Version(r.Context(), r.By, m.Ref, r.PathValue("customer"), number); err != nil {
		return v, err
	}
	v.P, err = v.V.Package()
	return v, err
}

func (s Screen) showVersion(r *page.Request) (page.Page, error) {
	v, err := s.version(r)
	if err != nil {
		return page.Page{}, err
	}
	title := "Version " + strconv.Itoa(v.V.Number) + " for " + v.P.Controller.Name
	return page.Page{ // without the incident's own title: what is printed here leaves the house
		Title: title, Nav: "/", Drill: v.Drill(), Crumbs: []page.Crumb{
			{Label: "Now", Href: "/"}, {Label: v.Ref, Href: v.Path()}, {Label: v.P.Controller.Name, Href: v.Path("handover", v.P.Controller.ID)}, {Label: title},
		}, Body: versionBody(v),
	}, nil
}

func (s Screen) download(out http.ResponseWriter, r *page.Request) error {
	v, err := s.version(r)
	if err != nil {
		return err
	}
	out.Header().Set("Content-Type", "application/json")
	out.Header().Set("Content-Disposition", `attachment; filename="`+handover.Name(v.P, v.V.Number)+`"`)
	_, err = out.Write(v.V.Document)
	return err
}

// instant reads a text that is a time; zero when it is none.
func instant(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return t
}

// from says in words where a part comes from.
func from(x handover.Source) string {
	if x.Words != "" {
		return head.Upper(x.Words)
	}
	return "Fact " + head.Spaced(strings.TrimPrefix(x.Fact, fact.LawFact)) + ", known"
}

// open is a part that is not known yet. The heading says so; what else is known about it follows.
func open(x handover.Part) string {
	if x.Open == "" || x.Open == "not known yet" {
		return x.Title
	}
	return x.Title + ": " + x.Open
}
