// Package contactbook shows and edits the directory. Question: whom do we reach, how, and would an alarm reach someone
// now? It carries out "identified internal personnel … identified external stakeholders" (policy 000) and "teams in each
// department … assign incident leads" (policy 001). What is valid is decided in prepare/directory; accounts and roles of
// people are edited in settings. It must not import another screen.
package contactbook

import (
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/directory/exchange"
	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/web/contactbook/entity"
	"github.com/wakebell/wakebell/internal/web/page"
)

// Deps are the rooms this screen reads and writes.
type Deps struct {
	Directory *directory.Service
	Exchange  *exchange.Service
	People    *who.Service
	DB        *store.DB
	Book      func() *regime.Book // the rule packs in force
}

type screen struct {
	Deps
	web *page.Web
}

const nav = "/directory"

// Mount registers the screen.
func Mount(w *page.Web, d Deps) {
	s := screen{d, w}
	entity.Mount(w, entity.Deps{Directory: d.Directory, Book: d.Book})
	w.Show(nav, s.overview)
	w.Show("/directory/people", s.people)
	w.Show("/directory/people/{id}", s.person)
	w.Show("/directory/on-call", s.onCall)
	w.Show("/directory/on-call/{team}", s.rota)
	w.Post("/directory/on-call/{team}/take", s.doTake, s.rota)
	w.Post("/directory/on-call/{team}/add", s.doAddShift, s.rota)
	w.Post("/directory/on-call/{team}/change", s.doChangeShift, s.rota)
	w.Show("/directory/new/{shelf}", s.fresh)
	w.Post("/directory/new/{shelf}", s.doFresh, s.fresh)
	w.Show("/directory/import", s.upload)
	w.Post("/directory/import", s.doUpload, s.upload)
	w.Show("/directory/import/{id}", s.preview)
	w.Post("/directory/import/{id}", s.doImport, s.preview)
	w.Download("/directory/import/{id}/errors.csv", s.errorsCSV)
	w.Download("/directory/template.csv", s.template)
	w.Download("/directory/customers.csv", s.customersCSV)
	w.Download("/directory/directory.yaml", s.yaml)
	for _, sh := range shelves {
		w.Show(nav+"/"+sh.Path, func(r *page.Request) (page.Page, error) { return s.list(r, sh) })
	}
	for _, k := range kinds {
		path := k.path() + "/{id}"
		show := func(r *page.Request) (page.Page, error) { return s.item(r, k) }
		edit := func(r *page.Request) (page.Page, error) { return s.edit(r, k) }
		w.Show(path, show)
		w.Show(path+"/edit", edit)
		w.Post(path+"/edit", func(r *page.Request) (page.Done, error) { return s.doEdit(r, k) }, edit)
		w.Post(path+"/retire", func(r *page.Request) (page.Done, error) { return s.doRetire(r, k) }, show)
		w.Post(path+"/restore", func(r *page.Request) (page.Done, error) { return s.doRestore(r, k) }, show)
	}
}

// kind is a kind of item with the place of its pages.
type kind struct {
	directory.Kind
	place string
	One   string
}

var kinds = []kind{
	{directory.KindTeam, "teams", "team"},
	{directory.KindService, "services", "service"},
	{directory.KindEntity, "entities", "legal entity"},
	{directory.KindParty, "parties", "party"},
}

func (k kind) path() string { return nav + "/" + k.place }

func kindOf(k directory.Kind) kind {
	return kinds[slices.IndexFunc(kinds, func(x kind) bool { return x.Kind == k })]
}

func itemPath(k directory.Kind, id string) string { return kindOf(k).path() + "/" + id }
func personPath(id string) string                 { return nav + "/people/" + id }

// shelf is one list of items.
type shelf struct {
	Path, Title, One string
	Kind             directory.Kind
	Subs             []string // inner kinds that stand here; nil: all
	Icon             page.IconName
	Empty            string // what will appear, and who puts it there
}

func subs(list ...directory.PartyKind) []string {
	out := make([]string, len(list))
	for i, k := range list {
		out[i] = string(k)
	}
	return out
}

var shelves = []shelf{
	{"teams", "Teams", "team", directory.KindTeam, nil, page.IconUsersRound, "Teams that can be called appear here. Whoever keeps the directory adds them; a product team comes first, because it hears of every incident."},
	{"services", "Services", "service", directory.KindService, nil, page.IconServer, "The services you run appear here with the team that owns each. Alerts find their team by them."},
	{
		"customers", "Customers", "customer", directory.KindParty, subs(directory.PartyCustomer), page.IconHandshake,
		"Customers appear here with the hours their contract gives you. Import them as a table, or add the first by hand.",
	},
	{
		"vendors", "Vendors", "vendor", directory.KindParty, subs(directory.PartyVendor, directory.PartyProcessor), page.IconPlug,
		"Vendors and processors you rely on appear here, with whom to reach when something breaks at theirs.",
	},
	{
		"authorities", "Authorities", "authority", directory.KindParty, subs(directory.PartyAuthority), page.IconLandmark,
		"Supervisory authorities appear here, with the address of their own form.",
	},
	{
		"parties", "Other parties", "party", directory.KindParty,
		subs(directory.PartyPartner, directory.PartyEmployeeGroup, directory.PartyLawEnforcement, directory.PartyInsurer), page.IconContactRound,
		"Partners, groups of employees, law enforcement and insurers appear here.",
	},
	{"entities", "Legal entities", "legal entity", directory.KindEntity, nil, page.IconBuilding2, "Your own legal entities appear here. Each answers to an authority where it decides about personal data."},
}

func shelfAt(path string) (shelf, bool) {
	i := slices.IndexFunc(shelves, func(s shelf) bool { return s.Path == path })
	if i < 0 {
		return shelf{}, false
	}
	return shelves[i], true
}

// shelfOf is where an item stands.
func shelfOf(k directory.Kind, sub string) shelf {
	i := slices.IndexFunc(shelves, func(s shelf) bool { return s.Kind == k && (s.Subs == nil || slices.Contains(s.Subs, sub)) })
	return shelves[max(i, 0)]
}

// tabs are all parts of the directory.
func tabs(on string) []page.Choice {
	out := []page.Choice{
		{Label: "Readiness", Href: nav, On: on == ""},
		{Label: "People", Href: nav + "/people", On: on == "people"},
		{Label: "On call", Href: nav + "/on-call", On: on == "on-call"},
	}
	for _, s := range shelves {
		out = append(out, page.Choice{Label: s.Title, Href: nav + "/" + s.Path, On: on == s.Path})
	}
	return out
}

func mayEdit(r *page.Request) bool { return r.By.Has(who.PermDirectoryEdit) }

// listed is one list on the screen.
type listed struct {
	r        *page.Request
	sh       shelf
	dir      directory.Snapshot
	q, sub   string
	retired  bool
	teams    []directory.Team
	services []directory.ITService
	entities []directory.Entity
	parties  []directory.Party
	more     string
}

func (l listed) filtered() bool { return l.q != "" || l.sub != "" }

func (l listed) empty() bool {
	return len(l.teams)+len(l.services)+len(l.entities)+len(l.parties) == 0
}

const perPage = 50

func (s screen) list(r *page.Request, sh shelf) (page.Page, error) {
	l := listed{r: r, sh: sh, q: r.Query("q"), sub: r.Query("kind"), retired: r.Query("retired") != ""}
	f := directory.Filter{Kind: l.sub, Kinds: sh.Subs, Retired: l.retired, Q: l.q}
	if l.sub != "" && !slices.ContainsFunc(subOptions(sh), func(o page.Option) bool { return o.Value == l.sub }) {
		return page.Page{}, fault.New(fault.NotFound, "There is no such list.")
	}
	var next string
	var err error
	if l.dir, err = s.Directory.Snapshot(s.DB); err != nil {
		return page.Page{}, err
	}
	after := r.Query("after")
	switch sh.Kind {
	case directory.KindTeam:
		l.teams, next, err = s.Directory.Teams(r.Context(), r.By, f, after, perPage)
	case directory.KindService:
		l.services, next, err = s.Directory.ITServices(r.Context(), r.By, f, after, perPage)
	case directory.KindEntity:
		l.entities, next, err = s.Directory.Entities(r.Context(), r.By, f, after, perPage)
	case directory.KindParty:
		l.parties, next, err = s.Directory.Parties(r.Context(), r.By, f, after, perPage)
	}
	if err != nil {
		return page.Page{}, err
	}
	if next != "" {
		l.more = r.Path("after", next)
	}
	region := page.Region{Name: "list", On: page.Any(page.On("directory"), page.On("person")), Body: rows(l)}
	return page.Page{
		Title: sh.Title, Nav: nav, Crumbs: []page.Crumb{{Label: "Directory", Href: nav}, {Label: sh.Title}}, Actions: actions(r, sh),
		Regions: []page.Region{region}, Body: listPage(l, region),
	}, nil
}

func actions(r *page.Request, sh shelf) templ.Component {
	var out []page.Action
	if mayEdit(r) {
		out = append(out, page.Action{Label: "Import", Icon: page.IconUpload, Href: "/directory/import"})
	}
	if sh.Path == "customers" {
		out = append(out, page.Action{Label: "Export CSV", Icon: page.IconDownload, Href: "/directory/customers.csv"})
	}
	if mayEdit(r) {
		out = append(out, page.Action{Label: "Add a " + sh.One, Icon: page.IconPlus, Href: nav + "/new/" + sh.Path, Main: true})
	}
	for i := range out {
		out[i].Label = strings.Replace(out[i].Label, "Add a authority", "Add an authority", 1)
	}
	return page.Links(out...)
}

// subOptions are the inner kinds of a shelf, for filters and forms.
func subOptions(sh shelf) []page.Option {
	var out []page.Option
	if sh.Kind == directory.KindTeam {
		for _, k := range directory.TeamKinds() {
			out = append(out, page.Option{Value: string(k), Label: teamWord(k)})
		}
	}
	for _, k := range sh.Subs {
		out = append(out, page.Option{Value: k, Label: partyWord(directory.PartyKind(k))})
	}
	return out
}

// overview answers whether an alarm would reach someone.
type overview struct {
	r     *page.Request
	gaps  []gapGroup
	n     int
	teams []duty
	dir   directory.Snapshot
}

// gapGroup holds the gaps of one problem.
type gapGroup struct {
	Problem directory.Problem
	Gaps    []directory.Gap
}

func (s screen) overview(r *page.Request) (page.Page, error) {
	gaps, err := s.Directory.Readiness(r.Context(), r.By)
	if err != nil {
		return page.Page{}, err
	}
	o := overview{r: r, n: len(gaps)}
	if o.dir, err = s.Directory.Snapshot(s.DB); err != nil {
		return page.Page{}, err
	}
	o.teams = duties(o.dir, r.Now)
	for _, p := range []directory.Problem{
		directory.Nobody, directory.NoOnCall, directory.NoContact, directory.NotSet, directory.Overdue, directory.Looser, directory.NoDeputy,
	} {
		var g []directory.Gap
		for _, x := range gaps {
			if x.Problem == p {
				g = append(g, x)
			}
		}
		if len(g) > 0 {
			o.gaps = append(o.gaps, gapGroup{p, g})
		}
	}
	region := page.Region{Name: "ready", On: page.Any(page.On("directory"), page.On("person"), page.On("plan")), Body: readiness(o)}
	return page.Page{
		Title: "Directory", Nav: nav, Lead: overviewLead(o), Regions: []page.Region{region}, Body: overviewPage(region),
		Actions: fileActions(r),
	}, nil
}

func fileActions(r *page.Request) templ.Component {
	out := []page.Action{{Label: "Export YAML", Icon: page.IconDownload, Href: "/directory/directory.yaml"}}
	if mayEdit(r) {
		out = append(out, page.Action{Label: "Import", Icon: page.IconUpload, Href: "/directory/import", Main: true})
	}
	return page.Links(out...)
}

// aboutPath leads to what a gap is about, "" when there is no such page.
func (o overview) aboutPath(g directory.Gap) string {
	if strings.HasPrefix(g.Function, "plan_") || g.Function == "default_team" {
		section := map[string]string{"default_team": "calling", "plan_review": "circle", "plan_test": "circle"}[g.Function]
		switch {
		case o.r.By.Has(who.PermPlanEdit) && section != "":
			return "/plan/edit/" + section
		case o.r.By.Has(who.PermPlanRead):
			return "/plan"
		}
		return ""
	}
	if _, ok := o.dir.Teams[g.About]; ok && g.Function == "on_call" {
		return nav + "/on-call/" + g.About
	}
	if _, ok := o.dir.ITServices[g.About]; ok {
		return itemPath(directory.KindService, g.About)
	}
	if _, ok := o.dir.Parties[g.About]; ok {
		return itemPath(directory.KindParty, g.About)
	}
	if _, ok := o.dir.Entities[g.About]; ok {
		return itemPath(directory.KindEntity, g.About)
	}
	return ""
}

func version(r *page.Request) int {
	v, err := strconv.Atoi(r.Text("version"))
	if err != nil {
		return -1 // never current
	}
	return v
}
