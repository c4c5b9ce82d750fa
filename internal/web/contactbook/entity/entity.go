// Package entity shows and edits what one of our legal entities is in the eyes of the law: an essential entity, a
// financial entity, an issuer, a manufacturer, and whose dates its days are counted on. Question: which duties can fall
// on it at all? It carries out policy 000 ("determines … whether notification of competent authorities or individuals is
// required under law"): what is not said here is asked in the first incident, when there is no time. The words come from
// the rule packs; what is valid is decided in prepare/directory. It must not import another screen.
package entity

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/differ"
)

// Deps are the rooms this screen reads and writes.
type Deps struct {
	Directory *directory.Service
	Book      func() *regime.Book // the packs in force
}

type screen struct{ Deps }

const nav = "/directory"

// Path is the page of an entity, kind the question that stands in front, "" for none.
func Path(id, kind string) string {
	p := nav + "/entities/" + id + "/law"
	if kind != "" {
		p += "?kind=" + kind + "#law-is." + kind
	}
	return p
}

// Mount registers the page.
func Mount(w *page.Web, d Deps) {
	s := screen{d}
	w.Show(nav+"/entities/{id}/law", s.show)
	w.Post(nav+"/entities/{id}/law", s.save, s.show)
}

// view is what the page shows.
type view struct {
	e      directory.Entity
	groups []Group
	form   *page.Form
	first  string // the kind that was asked for
}

func (s screen) show(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermDirectoryEdit); err != nil {
		return page.Page{}, err
	}
	e, err := s.Directory.Entity(r.Context(), r.By, r.PathValue("id"))
	if err != nil {
		return page.Page{}, err
	}
	v := view{e: e, groups: Groups(s.Book(), e), first: r.Query("kind")}
	v.form = r.Form("law").To(Path(e.ID, ""))
	v.form.With("version", v.form.Value("version", strconv.Itoa(e.Version)))
	return page.Page{
		Title: "What " + e.Name + " is", Lead: page.Text("Which duties can fall on it at all?"), Nav: nav, Narrow: true, Body: body(v),
		Crumbs: []page.Crumb{
			{Label: "Directory", Href: nav},
			{Label: "Legal entities", Href: nav + "/entities"},
			{Label: e.Name, Href: nav + "/entities/" + e.ID},
			{Label: "What it is"},
		},
	}, nil
}

func (s screen) save(r *page.Request) (page.Done, error) {
	if err := who.Check(r.By, who.PermDirectoryEdit); err != nil {
		return page.Done{}, err
	}
	old, err := s.Directory.Entity(r.Context(), r.By, r.PathValue("id"))
	if err != nil {
		return page.Done{}, err
	}
	book := s.Book()
	e := old
	e.Zone, e.Kinds = r.Text("zone"), maps.Clone(old.Kinds) // a kind no pack knows any more stays
	if e.Kinds == nil {
		e.Kinds = map[string]bool{}
	}
	var wrong []fault.Field
	for _, kind := range answerable(book) {
		field := "is." + kind
		if _, asked := r.PostForm[field]; !asked {
			continue
		}
		switch r.Text(field) {
		case "yes":
			e.Kinds[kind] = true
		case "no":
			e.Kinds[kind] = false
		case "unknown":
			delete(e.Kinds, kind)
		default:
			wrong = append(wrong, fault.Field{Field: field, Message: "must be yes, no or not known"})
		}
	}
	if err := fault.Invalids(wrong...); err != nil {
		return page.Done{}, err
	}
	version, err := strconv.Atoi(r.Text("version"))
	if err != nil {
		version = -1 // never current
	}
	_, err = s.Directory.PutEntity(r.Context(), r.By, e, version)
	if fault.KindOf(err) == fault.Precondition {
		return page.Done{}, &page.Stale{By: "Somebody", Version: strconv.Itoa(old.Version), Body: differ.Versus(said(book, old), said(book, e), "Somebody")}
	}
	return page.Done{To: nav + "/entities/" + e.ID, Say: "Saved. The duties of open incidents are derived again."}, err
}

// answerable are the kinds that are said here. Controller and processor follow from the processings of the entity.
func answerable(b *regime.Book) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(b.Kinds)), func(kind string) bool {
		return kind == string(directory.RoleController) || kind == string(directory.RoleProcessor)
	})
}

// Kind is one thing an entity may be.
type Kind struct {
	Name, Words, Question string
	Rules                 int    // that ask for it
	Answer                string // yes, no or unknown
}

// Group holds the kinds the law of one place asks for.
type Group struct {
	Title string
	Kinds []Kind
	Near  bool // it is the place of the entity
	Said  int  // kinds that are answered
}

// Groups are the kinds of the packs by the place whose law asks for them, that of the entity in front.
func Groups(b *regime.Book, e directory.Entity) []Group {
	rules, places := asking(b)
	by := map[string]*Group{}
	home := placeOf(b, e.Country)
	for _, kind := range answerable(b) {
		at := elsewhere
		if p := places[kind]; len(p) == 1 {
			at = slices.Collect(maps.Keys(p))[0]
		}
		g := by[at]
		if g == nil {
			g = &Group{Title: title(at), Near: at == home || at == elsewhere}
			by[at] = g
		}
		k := Kind{Name: kind, Words: b.Kinds[kind].Words, Question: b.Kinds[kind].Question, Rules: rules[kind], Answer: "unknown"}
		if is, known := e.Kinds[kind]; known {
			k.Answer = map[bool]string{true: "yes", false: "no"}[is]
			g.Said++
		}
		g.Kinds = append(g.Kinds, k)
	}
	out := make([]Group, 0, len(by))
	for _, g := range by {
		slices.SortStableFunc(g.Kinds, func(a, b Kind) int { return cmp.Compare(b.Rules, a.Rules) })
		out = append(out, *g)
	}
	near := func(g Group) int { return map[bool]int{true: 0, false: 1}[g.Near] }
	slices.SortFunc(out, func(a, b Group) int { return cmp.Or(near(a)-near(b), strings.Compare(a.Title, b.Title)) })
	return out
}

// asking counts the rules that ask for each kind, and names the places they are of.
func asking(b *regime.Book) (rules map[string]int, places map[string]map[string]bool) {
	rules, places = map[string]int{}, map[string]map[string]bool{}
	for _, r := range b.Rules {
		for i, kind := range slices.Concat(r.Owes, r.Deadline.RollUnless) {
			if i < len(r.Owes) {
				rules[kind]++
			}
			if places[kind] == nil {
				places[kind] = map[string]bool{}
			}
			places[kind][placeOf(b, r.Jurisdiction)] = true
		}
	}
	return rules, places
}

const (
	union     = "EU"
	elsewhere = "" // of several places, or of none
)

// placeOf puts a state with its federation and a member with the Union.
func placeOf(b *regime.Book, jurisdiction string) string {
	country, _, _ := strings.Cut(jurisdiction, "-")
	if country == "EEA" || slices.Contains(b.Groups["EEA"], country) || slices.Contains(b.Groups[union], country) {
		return union
	}
	return country
}

// title names a place.
func title(place string) string {
	return cmp.Or(map[string]string{
		union: "European Union", elsewhere: "In several places", "AE": "United Arab Emirates", "AU": "Australia", "CA": "Canada", "CH": "Switzerland",
		"CL": "Chile", "CN": "China", "GB": "United Kingdom", "UK": "United Kingdom", "HK": "Hong Kong", "IN": "India", "KR": "South Korea", "US": "United States", "ZZ": "Contracts",
	}[place], place)
}

// said puts what can be changed here in words.
func said(b *regime.Book, e directory.Entity) []differ.Said {
	return []differ.Said{{Label: "Time zone", Text: e.Zone}, {Label: "It is", Text: list(b, e, true)}, {Label: "It is not", Text: list(b, e, false)}}
}

func list(b *regime.Book, e directory.Entity, is bool) string {
	var out []string
	for _, kind := range slices.Sorted(maps.Keys(e.Kinds)) {
		if e.Kinds[kind] == is {
			out = append(out, Words(b, kind))
		}
	}
	return strings.Join(out, "\n")
}

// Words says what a kind is, in the words of the packs.
func Words(b *regime.Book, kind string) string {
	return cmp.Or(b.Kinds[kind].Words, strings.ReplaceAll(kind, "_", " "))
}
