// Package find is the search screen. Question: where did we see this before? It shows what
// decide/find found with the viewer's rights, the words marked, each with a link to its
// place, and it gives the command palette the open incidents (policy 002: analysts "can
// investigate quickly and thoroughly"). It must not import another screen.
package find

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/search"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/find"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/web/page"
)

// Deps are the rooms this screen reads.
type Deps struct {
	Find  *find.Service
	Views *view.Service
}

type screen struct {
	Deps
	web *page.Web
}

// Mount registers the screen.
func Mount(w *page.Web, d Deps) {
	s := screen{d, w}
	w.Show("/search", s.show)
}

const (
	perPage  = 20
	maxWords = 300 // letters of a query
	excerpt  = 260 // bytes of a text around the first word
)

// hits is what the screen shows.
type hits struct {
	Q     string
	Kind  find.Kind // "" for all
	Kinds []find.Kind
	Rows  []row
	More  string // address of the next page, "" on the last
}

// row is one hit.
type row struct {
	ID    string
	Kind  find.Kind
	Icon  page.IconName
	Href  string // "" where the viewer has no page for it
	Title []search.Piece
	Text  []search.Piece
	Where string // reference and title of the incident
	By    string
	Drill bool
	Tag   page.Tag
	find.Hit
}

// labels are the kinds as a viewer calls them, in the order of the tabs.
var labels = []struct {
	kind      find.Kind
	tab, word string
	icon      page.IconName
}{
	{find.Incident, "Incidents", "Incident", page.IconSiren},
	{find.Note, "Timelines", "Timeline", page.IconMessageSquareText},
	{find.Report, "Reports", "Report", page.IconMegaphone},
	{find.Alert, "Alerts", "Alert", page.IconRadar},
	{find.Person, "People", "Person", page.IconUserRound},
}

func (s screen) show(r *page.Request) (page.Page, error) {
	if r.Request.Header.Get("X-Regions") == paletteRegion {
		return s.palette(r)
	}
	h := hits{Q: r.Query("q"), Kind: find.Kind(r.Query("kind")), Kinds: find.Kinds(r.By)}
	if len(h.Kinds) == 0 {
		return page.Page{}, fault.New(fault.Denied, "Your role does not include reading what can be searched.")
	}
	if h.Kind != "" && !slices.Contains(h.Kinds, h.Kind) {
		return page.Page{}, fault.New(fault.NotFound, "There is no such list.")
	}
	if err := s.read(r, &h); err != nil {
		return page.Page{}, err
	}
	list := page.Region{Name: "hits", Body: list(r, h)}
	p := page.Page{Title: "Search", Lead: page.Text(lead(h)), Regions: []page.Region{list}, Body: body(r, h, list)}
	if h.Q != "" {
		p.Title = "Search: " + short(h.Q)
	}
	return p, nil
}

func (s screen) read(r *page.Request, h *hits) error {
	if !h.asked() {
		return nil
	}
	if len(h.Q) > maxWords {
		h.Q = strings.ToValidUTF8(h.Q[:maxWords], "")
	}
	q := find.Query{Words: h.Q, Limit: perPage}
	if h.Kind != "" {
		q.Kinds = []find.Kind{h.Kind}
	}
	found, next, err := s.Find.Find(r.Context(), r.By, q, r.Query("after"))
	if err != nil {
		return err
	}
	for _, f := range found {
		h.Rows = append(h.Rows, s.row(r, *h, f))
	}
	if next != "" {
		h.More = r.Path("after", next)
	}
	return nil
}

// asked says whether there is a word to look for.
func (h hits) asked() bool {
	return strings.ContainsFunc(h.Q, func(r rune) bool { return r > ' ' })
}

func (s screen) row(r *page.Request, h hits, f find.Hit) row {
	out := row{ID: "hit-" + string(f.Kind) + "-" + f.ID, Kind: f.Kind, Hit: f}
	title, text := f.Title(), f.Text()
	for _, l := range labels {
		if l.kind == f.Kind {
			out.Icon = l.icon
		}
	}
	if inc := f.Incident; inc != nil {
		out.Where, out.Drill = inc.Ref, inc.Kind == incident.Drill
	}
	switch f.Kind {
	case find.Incident:
		out.Href, out.Tag = "/incidents/"+f.Incident.Ref, state(*f.Incident)
	case find.Note:
		title = entryWord(f.Place.Kind)
		text = strings.TrimPrefix(text, title+": ")
		out.By, out.Where = f.Place.ActorName, f.Incident.Ref+" "+f.Incident.Title
		out.Href = "/incidents/" + f.Incident.Ref
		if f.Place.Cursor != "" {
			out.Href += "?" + url.Values{"after": {f.Place.Cursor}}.Encode()
		}
		out.Href += "#e-" + strconv.FormatInt(f.Place.Seq, 10)
	case find.Report, find.Alert:
		out.Drill = f.Signal.Drill
		if out.Href = "/triage/" + f.ID; !r.By.Has(who.PermSignalRead) {
			out.Href = "/reports/" + f.ID
		}
	case find.Person:
		out.Href = s.personPath(r, f.ID)
		if !f.Person.Active {
			out.Tag = page.Tag{Text: "No longer here", Icon: page.IconUserX}
		}
	}
	out.Title = search.Mark(title, h.Q, 0)
	out.Text = search.Mark(strings.Join(strings.Fields(text), " "), h.Q, excerpt)
	return out
}

// personPath is where a person is shown to this viewer.
func (s screen) personPath(r *page.Request, id string) string {
	switch {
	case s.web.Has("/directory/people/{id}"):
		return "/directory/people/" + id
	case s.web.Has("/settings/people/{id}") && r.By.Has(who.PermPersonManage):
		return "/settings/people/" + id
	}
	return ""
}

func state(it view.Item) page.Tag {
	switch {
	case it.State == incident.Dismissed:
		return page.Tag{Text: "Dismissed", Icon: page.IconBan}
	case !it.ClosedAt.IsZero():
		return page.Tag{Text: "Closed", Icon: page.IconArchive}
	}
	return page.Tag{Text: "Open", Icon: page.IconCircleDot, Tone: page.Accent}
}

// entryWord is what an entry of a timeline is called.
func entryWord(kind string) string {
	words := map[string]string{
		"incident.noted": "Update", "incident.sitrep_sent": "Situation report", "incident.decision_made": "Decision", "incident.fact_recorded": "Fact",
		"incident.task_added": "Task", "incident.task_marked": "Task", "incident.status_changed": "Confirmed or dismissed", "incident.nature_changed": "Nature",
		"incident.graded": "Grade", "incident.phase_entered": "Phase", "incident.signals_unlinked": "Signals", "incident.merged": "Merged",
		"incident.closed": "Closed", "incident.reopened": "Reopened",
	}
	if w, ok := words[kind]; ok {
		return w
	}
	return "Entry"
}

func (h hits) tabs(r *page.Request) []page.Choice {
	out := []page.Choice{{Label: "All", Href: r.Path("kind", ""), On: h.Kind == ""}}
	for _, l := range labels {
		if slices.Contains(h.Kinds, l.kind) {
			out = append(out, page.Choice{Label: l.tab, Href: r.Path("kind", string(l.kind)), On: h.Kind == l.kind})
		}
	}
	return out
}

// scope says in words where was searched: "reports and alerts".
func (h hits) scope() string {
	var names []string
	for _, l := range labels {
		if h.Kind == l.kind || h.Kind == "" && slices.Contains(h.Kinds, l.kind) {
			names = append(names, strings.ToLower(l.tab))
		}
	}
	if len(h.Kinds) == 1 && h.Kinds[0] == find.Report {
		return "your reports"
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}

func lead(h hits) string {
	if h.asked() {
		return "The newest first. Every word must occur; the last may be the beginning of one."
	}
	return "Looks through " + h.scope() + "."
}

// short keeps a title of the window short.
func short(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// paletteRegion is what the command palette asks for when it opens.
const paletteRegion = "palette-more"

// inPalette is how many open incidents the palette offers.
const inPalette = 50

// palette answers with the open incidents this viewer may read, the next deadline first.
func (s screen) palette(r *page.Request) (page.Page, error) {
	var items []view.Item
	if r.By.Has(who.PermIncidentRead) {
		open := true
		var err error
		if items, _, err = s.Views.List(r.Context(), r.By, view.Filter{Open: &open, Order: view.NextDue, Limit: inPalette}, ""); err != nil {
			return page.Page{}, err
		}
	}
	return page.Page{Title: "Search", Regions: []page.Region{{Name: paletteRegion, Body: options(items)}}}, nil
}
