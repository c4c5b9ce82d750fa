package lawful

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
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/numeral"
	"github.com/wakebell/wakebell/internal/web/room/head"
	"github.com/wakebell/wakebell/internal/web/room/known"
)

// group is a kind of addressee with what is said of it.
type group struct {
	ID, Title    string
	Required     []*regime.Outcome
	Needs        []because
	NotEvaluated []because
	NotRequired  []because
	not          int // outcomes of NotRequired
	open         int // outcomes of Needs
}

// because is one reason with the rules it stands for: most rules of many countries fail or
// wait for the same one, each said of its own country.
type because struct {
	Reason string
	Rules  []*regime.Outcome
	same   string // the reason without the country, by which rules of many countries stand together
}

func groups(v view) []group {
	all := []group{
		{ID: "authorities", Title: "Authorities"},
		{ID: "persons", Title: "Persons"},
		{ID: "customers", Title: "Customers and controllers"},
		{ID: "others", Title: "Others"},
	}
	for _, o := range assessment.Ordered(v.Outcomes) {
		g := &all[groupOf(o.Rule.To)]
		switch o.Status {
		case regime.Required:
			g.Required = append(g.Required, o)
		case regime.NeedsFacts:
			g.Needs, g.open = together(g.Needs, o), g.open+1
		case regime.NotEvaluated:
			g.NotEvaluated = together(g.NotEvaluated, o)
		case regime.NotRequired:
			g.NotRequired, g.not = together(g.NotRequired, o), g.not+1
		}
	}
	for i := range all {
		for _, list := range [][]because{all[i].Needs, all[i].NotRequired} {
			slices.SortStableFunc(list, func(a, b because) int { return cmp.Compare(len(b.Rules), len(a.Rules)) })
		}
	}
	return all
}

func groupOf(to regime.Recipient) int {
	switch to {
	case regime.ToAuthority, regime.ToRegulator, regime.ToCSIRT:
		return 0
	case regime.ToPersons:
		return 1
	case regime.ToCustomers, regime.ToController:
		return 2
	}
	return 3
}

func together(list []because, o *regime.Outcome) []because {
	reason := o.Because()
	same := strings.ReplaceAll(reason, " in "+o.Rule.Place, " in the country or state of these rules")
	if i := slices.IndexFunc(list, func(b because) bool { return b.same == same }); i >= 0 {
		if list[i].Reason != reason {
			list[i].Reason = same
		}
		list[i].Rules = append(list[i].Rules, o)
		return list
	}
	return append(list, because{reason, []*regime.Outcome{o}, same})
}

func count(v view, status regime.Status) (n int) {
	for i := range v.Outcomes {
		if v.Outcomes[i].Status == status {
			n++
		}
	}
	return n
}

// place is one jurisdiction in which persons are affected or something is required.
type place struct {
	Name     string
	Persons  *regime.Persons
	Required int
	Needs    int
	First    *regime.Outcome // the required one that is due first
}

func places(v view) []place {
	by := map[string]*place{}
	at := func(name string) *place {
		if by[name] == nil {
			by[name] = &place{Name: name}
		}
		return by[name]
	}
	for name, p := range v.Facts.Persons {
		at(name).Persons = &p
	}
	for _, o := range assessment.Ordered(v.Outcomes) {
		switch o.Status {
		case regime.Required:
			p := at(o.Rule.Jurisdiction)
			p.Required++
			if p.First == nil {
				p.First = o
			}
		case regime.NeedsFacts:
			if by[o.Rule.Jurisdiction] != nil {
				at(o.Rule.Jurisdiction).Needs++
			}
		}
	}
	var out []place
	for _, name := range slices.Sorted(maps.Keys(by)) {
		out = append(out, *by[name])
	}
	return out
}

// ask is a question with how it is answered.
type ask struct {
	regime.Question
	assessment.Answer
}

func asks(v view) []ask {
	var out []ask
	for _, q := range v.Questions {
		out = append(out, ask{q, assessment.AnswerOf(q, v.Book)})
	}
	return keepTyped(v, out)
}

// keepTyped brings the question whose answer was refused to the front: what was typed is
// kept even where nothing waits for it any more.
func keepTyped(v view, list []ask) []ask {
	name := v.R.PostForm.Get("question")
	if name == "" {
		return list
	}
	if i := slices.IndexFunc(list, func(a ask) bool { return a.Name == name }); i >= 0 {
		one := list[i]
		return slices.Insert(slices.Delete(list, i, i+1), 0, one)
	}
	q := regime.Question{Name: name, Text: v.Book.Facts[name].Question}
	if moment, ok := strings.CutPrefix(name, "moments."); ok {
		q.Text = v.Book.Moments[moment].Question
	}
	if name == regime.MissingPersons {
		q.Text = "How many persons are affected, and in which countries and states?"
	}
	if q.Text == "" {
		return list
	}
	return slices.Insert(list, 0, ask{q, assessment.AnswerOf(q, v.Book)})
}

// options are the answers to a choice or a list.
func options(a ask) []page.Option {
	var out []page.Option
	for _, w := range a.Values {
		out = append(out, page.Option{Value: w, Label: head.Upper(head.Spaced(w))})
	}
	return out
}

func yesNo(a ask) []page.Option {
	out := []page.Option{{Value: "yes", Label: "Yes"}, {Value: "no", Label: "No"}}
	if a.Fact == string(incident.FactPersonalData) {
		out = append(out, page.Option{Value: "unknown", Label: "Not known yet"})
	}
	return out
}

func settles(a ask) string {
	if a.Waiting == 0 {
		return "nothing waits for it now"
	}
	if a.Settles == 0 {
		return "with others, bears on " + numeral.Count(a.Waiting, "outcome", "outcomes")
	}
	return "settles " + numeral.Count(a.Settles, "outcome", "outcomes")
}

// entities are ours that are judged, for a moment that differs between them.
func entities(v view) []page.Option {
	out := []page.Option{{Value: "", Label: "The whole company"}}
	for _, e := range v.Entities {
		if e.ID != "" {
			out = append(out, page.Option{Value: e.ID, Label: cmp.Or(e.Name, e.ID)})
		}
	}
	return out
}

func entityName(v view, id string) string {
	i := slices.IndexFunc(v.Entities, func(e directory.Entity) bool { return e.ID == id })
	if i < 0 {
		return id
	}
	return cmp.Or(v.Entities[i].Name, id)
}

func rulePath(id string) string { return "/rules/" + url.PathEscape(id) }

// notTelling leads to the form of the decision, with rule and entity filled in.
func notTelling(v view, o *regime.Outcome) string {
	q := url.Values{"kind": {string(incident.DoNotNotify)}, "rule": {o.Rule.ID}}
	if o.Entity != "" {
		q.Set("entity", o.Entity)
	}
	return v.Path("decisions") + "?" + q.Encode()
}

func status(s regime.Status) string {
	return map[regime.Status]string{
		regime.Required: "required", regime.NotRequired: "not required", regime.NeedsFacts: "needs an estimate", regime.NotEvaluated: "not evaluated",
	}[s]
}

func number(n int64) string {
	if n < 0 {
		return "not known"
	}
	return numeral.Thousands(int(n))
}

// used are the facts the rules were judged by, for paper.
func used(v view) []incident.Fact {
	var out []incident.Fact
	for _, key := range slices.Sorted(maps.Keys(v.Incident.Facts)) {
		f := v.Incident.Facts[key]
		switch {
		case fact.IsLaw(f.Name), !f.Value.At.IsZero(), f.Name == fact.OfPersonalData, f.Name == fact.OfRisk:
			out = append(out, f)
		}
	}
	return out
}

func packs(v view) string {
	seen := map[string]bool{}
	for i := range v.Outcomes {
		if o := &v.Outcomes[i]; o.Status == regime.Required || o.Status == regime.NeedsFacts {
			seen[o.Rule.Pack+" "+o.Rule.PackVersion] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(seen)), ", ")
}

func word(n incident.FactName) string { return known.Word(n) }

// ownWay says where a duty stands that is not made from the rule itself.
func ownWay(r *regime.Rule) string {
	switch {
	case r.To == regime.ToRegister:
		return "The breach register holds it."
	case r.Deadline.Words == "voluntary":
		return "Voluntary: shown, never owed."
	}
	return "A rule of the plan owes it."
}

func holds(list []string, value string) bool { return slices.Contains(list, value) }

func label(v view, f incident.Fact) string {
	if f.Entity == "" {
		return word(f.Name)
	}
	return word(f.Name) + ", " + entityName(v, f.Entity)
}

func by(v view, f incident.Fact) string { return cmp.Or(f.SaidBy, v.Person(f.By)) }

// about is the article, the stage and the entity of an outcome, in one line.
func about(v view, o *regime.Outcome) string {
	out := o.Rule.Basis()
	if o.Rule.Stage != "single" {
		out += ", " + head.Spaced(o.Rule.Stage)
	}
	if len(v.Entities) > 1 && o.Entity != "" {
		out += ", " + entityName(v, o.Entity)
	}
	return out
}

// packChange is one duty that new packs changed.
type packChange struct {
	What, Title, Reason string
	Was, Due            time.Time
}

// changes lists what new packs did, what moved in front. Duties that took no more than the new
// wording stand together at the end.
func changes(d duty.Difference) []packChange {
	var moved, out []packChange
	var same int
	for _, x := range d.Added {
		out = append(out, packChange{What: "Added:", Title: x.Title, Due: x.DueAt})
	}
	for _, x := range d.Changed {
		i := slices.IndexFunc(d.Moved, func(m duty.Move) bool { return m.Key == x.Key })
		switch {
		case i >= 0:
			moved = append(moved, packChange{What: "Moved:", Title: x.Title, Was: d.Moved[i].Was, Due: x.DueAt})
		case slices.Contains(d.Again, x.Key):
			out = append(out, packChange{What: "Owed again:", Title: x.Title, Due: x.DueAt})
		default:
			same++
		}
	}
	for _, x := range d.Withdrawn {
		out = append(out, packChange{What: "Withdrawn:", Title: x.Title, Reason: x.Reason})
	}
	if out = append(moved, out...); same > 0 {
		out = append(out, packChange{What: numeral.Count(same, "duty", "duties"), Title: "with the new basis, due as before"})
	}
	return out
}

// directoryPath leads to where the directory holds an answer: for what an entity is, whoever edits it finds the
// question in front.
func directoryPath(v view, id, question string) string {
	path := "/directory/entities/" + id
	if kind, is := strings.CutPrefix(question, "is."); is && v.R.By.Has(who.PermDirectoryEdit) {
		path += "/law?kind=" + url.QueryEscape(kind) + "#law-is." + url.PathEscape(kind)
	}
	return path
}

// readBy names who had the last packs read anew, after a comma.
func readBy(v view) string {
	if v.Taken.Packs.By == "" {
		return ""
	}
	return ", read anew by " + v.Person(v.Taken.Packs.By)
}

// origin is what counsel looks up on paper: where a rule comes from, how sure it is, since when it counts, and in
// which pack it stands.
func origin(r *regime.Rule) string {
	out := head.Upper(r.Sure.Words()) + ". Source: " + strings.TrimSuffix(r.Source, ".") + "."
	if r.Valid.From != "" {
		out += " From " + r.Valid.From + "."
	}
	if r.Valid.Until != "" {
		out += " Until " + r.Valid.Until + "."
	}
	return out + " Rule " + r.ID + " of the pack " + r.Pack + " " + r.PackVersion + "."
}

// notTold are the decisions not to tell under a rule.
func notTold(v view, o *regime.Outcome) []incident.Decision {
	return slices.DeleteFunc(slices.Clone(v.Decisions), func(d incident.Decision) bool {
		return d.Kind != incident.DoNotNotify || d.Rule != o.Rule.ID || d.Entity != "" && d.Entity != o.Entity
	})
}
