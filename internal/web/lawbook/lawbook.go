// Package lawbook is the browser of the rules of the law. Question: which rule says that, how
// sure is it, and who owes it now? It carries out policy 000 ("notification … required under
// law") by showing every rule with its source, its dates and how well it was checked. Every
// rule stands in the packs, which decide/assessment holds. It must not import another screen.
package lawbook

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/duty/policy"
	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/web/page"
)

// Deps are the rooms this screen reads.
type Deps struct {
	Assessment *assessment.Service
	Duties     *duty.Service
}

type screen struct{ Deps }

const home = "/rules"

// Mount registers the list and the page of one rule.
func Mount(w *page.Web, d Deps) {
	s := screen{d}
	w.Show(home, s.list)
	w.Show(home+"/{id}", s.show)
	w.Post(home+"/reload", s.reload, s.list)
}

// listed is the list of rules.
type listed struct {
	filter assessment.RuleFilter
	rules  []*regime.Rule
	more   string
	places []page.Option
	packs  []regime.Pack
	book   *regime.Book
}

func (s screen) list(r *page.Request) (page.Page, error) {
	l := listed{book: s.Assessment.Book(), filter: assessment.RuleFilter{
		Jurisdiction: r.Query("jurisdiction"), Status: regime.LegalStatus(r.Query("status")), Sure: regime.Sureness(r.Query("sure")),
		Words: r.Query("q"), Own: r.Query("own") != "",
	}}
	const rows = 40
	list, next, err := s.Assessment.Rules(r.By, l.filter, r.Query("after"), rows)
	if err != nil {
		return page.Page{}, err
	}
	l.rules = list
	if l.packs, err = s.Assessment.Packs(r.By); err != nil {
		return page.Page{}, err
	}
	if next != "" {
		l.more = r.Path("after", "") // drops the cursor of this page
		sep := "?"
		if strings.Contains(l.more, "?") {
			sep = "&"
		}
		l.more += sep + "after=" + url.QueryEscape(next)
	}
	l.places = places(l.book)
	region := page.Region{Name: "rules", Body: rowsOf(l)}
	return page.Page{
		Title: "Law", Nav: home, Lead: page.Text("Which rule says that, how sure is it, and who owes it now?"),
		Actions: listActions(r), Regions: []page.Region{region}, Body: listPage(l, region),
	}, nil
}

func (s screen) reload(r *page.Request) (page.Done, error) {
	changed, err := s.Assessment.Reload(r.Context(), r.By)
	if err != nil {
		return page.Done{}, err
	}
	if !changed {
		return page.Done{Say: "The packs have not changed."}, nil
	}
	return page.Done{Say: "The new packs are in force. The duties of open incidents are derived again."}, nil
}

// one is the page of one rule.
type one struct {
	book     *regime.Book
	versions []*regime.Rule // the newest first
	owing    []duty.Duty    // open duties under it
	seen     bool           // whether the viewer may see them
}

func (s screen) show(r *page.Request) (page.Page, error) {
	id := r.PathValue("id")
	list, err := s.Assessment.Rule(r.By, id)
	if err != nil {
		return page.Page{}, err
	}
	v := one{book: s.Assessment.Book(), versions: slices.Clone(list)}
	slices.SortStableFunc(v.versions, func(a, b *regime.Rule) int { return strings.Compare(b.Valid.From, a.Valid.From) })
	if v.seen = r.By.Has(who.PermDutyRead) && r.By.Has(who.PermIncidentRead); v.seen {
		const rows = 100
		p, err := s.Duties.List(r.Context(), r.By, duty.Filter{Rule: dutyRule(id), Pending: true}, "", rows)
		if err != nil {
			return page.Page{}, err
		}
		v.owing = p.Items
	}
	owed := page.Region{Name: "owing", On: page.On("duty"), Body: owing(v)}
	return page.Page{
		Title: upper(assessment.Recipient(v.versions[0])) + ": " + v.versions[0].Basis(), Nav: home, Crumbs: []page.Crumb{{Label: "Law", Href: home}, {Label: id}},
		Regions: []page.Region{owed}, Body: rulePage(v, owed),
	}, nil
}

// dutyRule is the rule under which duties of a rule of the law stand: two are owed by rules of
// the policies.
func dutyRule(id string) string {
	return cmp.Or(map[string]string{assessment.Authority33: policy.Authority, assessment.Controller33: policy.Controller}[id], id)
}

func places(b *regime.Book) []page.Option {
	set := map[string]bool{}
	for _, r := range b.Rules {
		set[r.Jurisdiction] = true
	}
	out := []page.Option{{Value: "", Label: "Every country"}}
	for _, p := range slices.Sorted(maps.Keys(set)) {
		out = append(out, page.Option{Value: p, Label: p})
	}
	return out
}

func own(l listed) string {
	if l.filter.Own {
		return "on"
	}
	return ""
}

func statusWord(s regime.LegalStatus) string {
	return map[regime.LegalStatus]string{regime.InForce: "In force", regime.NotYetApplicable: "Not yet applicable", regime.Pending: "Pending, switched off"}[s]
}

func statuses() []page.Option {
	out := []page.Option{{Value: "", Label: "Every status"}}
	for _, s := range []regime.LegalStatus{regime.InForce, regime.NotYetApplicable, regime.Pending} {
		out = append(out, page.Option{Value: string(s), Label: statusWord(s)})
	}
	return out
}

func sureness() []page.Option {
	return []page.Option{
		{Value: "", Label: "However sure"},
		{Value: string(regime.Read), Label: "Text read"},
		{Value: string(regime.ReadPartly), Label: "Read in part"},
		{Value: string(regime.Remembered), Label: "Unverified"},
	}
}

func spaced(s string) string { return strings.ReplaceAll(s, "_", " ") }

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func rulePath(id string) string { return home + "/" + url.PathEscape(id) }

func owes(b *regime.Book, r *regime.Rule) string {
	var out []string
	for _, k := range r.Owes {
		out = append(out, cmp.Or(b.Kinds[k].Words, spaced(k)))
	}
	return upper(strings.Join(out, ", or "))
}

func reach(r *regime.Rule) string {
	return map[regime.Reach]string{
		regime.Established: "that is established in " + r.Jurisdiction, regime.PersonsIn: "when affected persons are in " + r.Jurisdiction,
		regime.Either: "that is established in " + r.Jurisdiction + ", or when affected persons are there", regime.Anywhere: "wherever it is",
	}[r.Reach]
}

func valid(r *regime.Rule) string {
	switch {
	case r.Valid.From != "" && r.Valid.Until != "":
		return "From " + day(r.Valid.From) + " until " + day(r.Valid.Until) + ", not on that day"
	case r.Valid.From != "":
		return "From " + day(r.Valid.From)
	case r.Valid.Until != "":
		return "Until " + day(r.Valid.Until) + ", not on that day"
	}
	return "No dates are recorded"
}

// day writes a day of a rule as days are written elsewhere: 25 May 2018.
func day(iso string) string {
	t, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return iso
	}
	return t.Format("2 Jan 2006")
}

func content(b *regime.Book, r *regime.Rule) (out []string) {
	for _, c := range r.Content {
		out = append(out, cmp.Or(b.Content[c], spaced(c)))
	}
	return out
}
