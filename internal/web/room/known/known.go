// Package known shows what is known of one incident and takes what is found out: a page per
// fact with a form of its own kind, and every value it has had. It carries out policy 001
// ("document the investigation"): who said it, since when it is known, and what was believed
// before. Every rule stands in decide/incident. It must not import another screen.
package known

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/room/head"
)

// Screen shows and takes facts.
type Screen struct{ head.Deps }

// Mount registers the page of one fact.
func Mount(w *page.Web, d head.Deps) {
	s := Screen{d}
	const path = "/incidents/{ref}/facts/{key}"
	w.Show(path, s.show)
	w.Post(path, s.record, s.show)
}

// one is the page of one fact.
type one struct {
	head.Room
	Name    incident.FactName
	Entity  string
	Key     string
	Now     incident.Fact
	Said    bool           // somebody has recorded it
	History []view.Version // newest first
}

func (s Screen) read(r *page.Request) (one, error) {
	m, err := s.Enter(r)
	if err != nil {
		return one{}, err
	}
	v := one{Room: m, Key: r.PathValue("key")}
	name, entity, _ := strings.Cut(v.Key, "@")
	v.Name, v.Entity = incident.FactName(name), entity
	v.Now, v.Said = m.Facts[v.Key]
	if !slices.Contains(incident.FactNames(), v.Name) && !(fact.IsLaw(v.Name) && v.Said) {
		return v, fault.New(fault.NotFound, "There is no such fact.")
	}
	return v, nil
}

func (s Screen) show(r *page.Request) (page.Page, error) {
	v, err := s.read(r)
	if err != nil {
		return page.Page{}, err
	}
	if v.Name == incident.FactIndicators && v.May(who.PermIncidentWork) && r.Query("history") == "" {
		return page.Page{}, page.Elsewhere(v.Path("grade"))
	}
	list, err := s.Views.FactHistory(r.Context(), r.By, v.Ref, v.Key)
	if err != nil {
		return page.Page{}, err
	}
	if v.Past() {
		list = slices.DeleteFunc(list, func(x view.Version) bool { return x.RecordedAt.After(v.AsOf) })
	}
	slices.Reverse(list)
	v.History = list
	past := page.Region{Name: "history", On: v.On("incident"), Body: history(v)}
	return v.Sub(page.Page{
		Title: Word(v.Name) + v.of(), Lead: page.Text(asks(v.Name)), Regions: []page.Region{past}, Body: body(v, past),
	}), nil
}

// of names the legal entity the fact is about.
func (v one) of() string {
	if v.Entity == "" {
		return ""
	}
	return " for " + v.entityName(v.Entity)
}

func (v one) entityName(id string) string {
	if e, ok := v.Dir.Entities[id]; ok {
		return e.Name
	}
	return id
}

// elsewhere leads to where a fact that only the law asks for is recorded; "" for the others.
func (v one) elsewhere() string {
	switch {
	case v.Name == fact.OfConsequences, v.Name == fact.OfENISA:
		return "assess"
	case fact.IsLaw(v.Name):
		return "law"
	}
	return ""
}

// seen marks which value a form of many fields was drawn from.
const seen = "seen"

func (s Screen) record(r *page.Request) (page.Done, error) {
	// Before the answer is read: who may not record is told so, not what is wrong with the answer.
	if err := who.Check(r.By, incident.PermissionOf(&incident.RecordFact{})); err != nil {
		return page.Done{}, err
	}
	v, err := s.read(r)
	if err != nil {
		return page.Done{}, err
	}
	if v.elsewhere() != "" {
		return page.Done{}, fault.New(fault.Conflict, "This fact is recorded on the pages of the law.")
	}
	known, err := r.Moment("known_at")
	if err != nil {
		return page.Done{}, err
	}
	value, rename, err := v.value(r)
	if err != nil {
		return page.Done{}, err
	}
	if whole(v.Name) && r.By.Has(who.PermIncidentWork) && r.Text(seen) != v.Now.ID {
		return page.Done{}, fault.Newf(fault.Conflict,
			"%s recorded this anew while you were writing. Your answers are still here: compare them with the list below, then save again.", v.Person(v.Now.By))
	}
	cmd := &incident.RecordFact{
		Base: incident.Base{KnownAt: known}, Fact: v.Name, Entity: r.Text("entity"), Value: value, Remark: r.Text("remark"), SaidBy: r.Text("said_by"),
	}
	if _, err := s.Incidents.Execute(r.Context(), r.By, v.Ref, cmd, 0); err != nil {
		return page.Done{}, page.Rename(err, rename...)
	}
	return page.Done{To: v.Path(), Say: "Recorded: " + strings.ToLower(Word(v.Name)) + "."}, nil
}

// whole says whether a record replaces a list that several people may be writing.
func whole(n incident.FactName) bool { return n == incident.FactScope || n == incident.FactHarm }

// value makes the wire form of what was filled in; rename leads the fields of errors to those
// of the form.
func (v one) value(r *page.Request) (raw json.RawMessage, rename []string, err error) {
	var out any
	switch {
	case isMoment(v.Name):
		at, err := r.Moment("value")
		if err != nil {
			return nil, nil, err
		}
		if at.IsZero() {
			return nil, nil, fault.InvalidField("value", "is needed: a date and a time")
		}
		out = at.Format(time.RFC3339Nano)
	case v.Name == incident.FactHarm:
		out = harms(r)
	case v.Name == incident.FactProtected:
		out = append([]string{}, r.All("value")...)
	case v.Name == incident.FactScope:
		if out, rename, err = scopeOf(r); err != nil {
			return nil, nil, err
		}
	case v.Name == incident.FactIndicators:
		return nil, nil, fault.New(fault.Conflict, "The indicators are recorded on the page where the incident is graded.")
	default:
		out = r.Text("value")
	}
	raw, err = json.Marshal(out)
	return raw, rename, err
}

func isMoment(n incident.FactName) bool { return slices.Contains(moments, n) }

var moments = []incident.FactName{
	incident.Occurred, incident.Discovered, incident.Aware, incident.Classified,
	incident.Contained, incident.Eradicated, incident.Recovered, incident.Resolved,
}
