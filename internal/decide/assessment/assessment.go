// Package assessment puts an incident into the words of the law: which facts are
// known, which of our legal entities are concerned and what they are, and what the
// rule packs say about it. Duties are made from its answer by decide/duty.
//
// It carries out policy 000 ("Winmore determines … whether notification of
// competent authorities or individuals is required under law") and policy 003
// ("based on legal or regularity compliance"). It must not import respond, notify
// or a face.
package assessment

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/decide/incident/verdict"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/rule/regime"
)

// Sent is when notices were in fact given, by entity id ("" = by no entity in
// particular) and rule id.
type Sent map[string]map[string]time.Time

// Facts puts what is recorded of an incident into the words of the packs. ok is
// false when nothing is recorded that a rule could hang on: then no rule is owed
// and an evaluation can be left out.
//
// p is the plan the incident began with: it says whether a verdict on the risk needs a
// second person. An entity without a moment of awareness counts from discovery: the careful
// reading until one is recorded.
func Facts(st incident.State, p plan.Plan, dir directory.Snapshot, sent Sent, now time.Time) (f regime.Facts, ok bool) {
	panel := st.Panel(p.Approval(verdict.Approval))
	f = regime.Facts{At: now, Moments: map[string]time.Time{}, Known: known(st, panel, ""), Persons: persons(st), Sent: sent[""]}
	moments(f.Moments, st, "")
	f.Hold = hold(st)
	for _, e := range Entities(st, dir) {
		entity := regime.Entity{
			ID: e.ID, Name: cmp.Or(e.Name, e.ID), Country: cmp.Or(e.Country, anyCountry), Is: Kinds(st, e), Known: known(st, panel, e.ID), Moments: map[string]time.Time{}, Sent: sent[e.ID],
		}
		if e.Zone != "" {
			entity.Zone, _ = time.LoadLocation(e.Zone) // the directory has checked it; without one the rule's counts
		}
		moments(entity.Moments, st, e.ID)
		f.Entities = append(f.Entities, entity)
	}
	ok = len(f.Known) > 0 || len(f.Persons) > 0
	for _, e := range f.Entities {
		ok = ok || len(e.Known) > 0
	}
	return f, ok
}

// answers are the facts of an incident that the law asks for as well.
var answers = map[incident.Answer]bool{incident.Yes: true, incident.No: false}

// known are the facts recorded for the incident (entity "") or for one entity. A verdict
// that waits for a second person does not count where it would take duties away.
func known(st incident.State, panel verdict.Panel, entity string) map[string]any {
	out := map[string]any{}
	if entity == "" {
		if yes, said := answers[st.PersonalData]; said {
			out["personal_data"] = yes
		}
	}
	switch risk := panel.Holds(entity); risk {
	case "none":
		out["risk"] = "unlikely"
	case "risk", "high":
		out["risk"] = risk
	}
	for _, r := range st.Facts {
		name, law := strings.CutPrefix(string(r.Name), fact.LawFact)
		if !law || r.Entity != entity || strings.HasPrefix(string(r.Name), fact.LawMoment) || len(r.Value.Law) == 0 {
			continue
		}
		if v := Value(r.Value.Law); v != nil {
			out[name] = v
		}
	}
	return out
}

// Value reads the value of a law fact: bool, string, int64 or []string; nil for
// anything else.
func Value(raw json.RawMessage) any {
	var b bool
	if json.Unmarshal(raw, &b) == nil {
		return b
	}
	var n int64
	if json.Unmarshal(raw, &n) == nil {
		return n
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	list := []string{}
	if json.Unmarshal(raw, &list) == nil {
		slices.Sort(list)
		return list
	}
	return nil
}

// moments adds the times recorded for the incident or for one entity.
func moments(into map[string]time.Time, st incident.State, entity string) {
	for _, r := range st.Facts {
		if r.Entity != entity || r.Value.At.IsZero() {
			continue
		}
		name := strings.TrimPrefix(string(r.Name), fact.LawMoment)
		if name == "hold_since" || name == "hold_released" || r.Name == incident.Classified || r.Name == incident.Eradicated || r.Name == incident.Resolved {
			continue
		}
		into[name] = r.Value.At
	}
	if entity != "" {
		return
	}
	for _, name := range []string{"discovered", "detected", "aware"} {
		if into[name].IsZero() {
			into[name] = st.DiscoveredAt
		}
	}
}

func persons(st incident.State) map[string]regime.Persons {
	out := map[string]regime.Persons{}
	for _, p := range st.ScopeNow().Persons {
		where := cmp.Or(p.Country, regime.UnknownPlace)
		had := out[where]
		out[where] = regime.Persons{
			Min: had.Min + int64(p.Min), Estimate: had.Estimate + int64(p.Estimate), Max: had.Max + int64(p.Max),
		}
	}
	return out
}

func hold(st incident.State) *regime.HoldFact {
	since := st.Moment(fact.HoldSince, "")
	if since.IsZero() {
		return nil
	}
	return &regime.HoldFact{Since: since, Released: st.Moment(fact.HoldReleased, "")}
}

// Entities are our legal entities the incident touches: those in scope, else those
// that run the services in scope, else all. Without any in the directory the company
// itself stands in, so that a missing entry never hides a duty.
func Entities(st incident.State, dir directory.Snapshot) []directory.Entity {
	out := Touched(st, dir)
	if len(out) == 0 {
		for _, e := range dir.Entities {
			if !e.Retired {
				out = append(out, e)
			}
		}
		slices.SortFunc(out, func(a, b directory.Entity) int { return cmp.Compare(a.ID, b.ID) })
	}
	if len(out) == 0 {
		out = append(out, directory.Entity{Name: "the company", Processings: []directory.Processing{{Role: directory.RoleController}}})
	}
	return out
}

// Touched are those of Entities the record points to; none where nothing does.
func Touched(st incident.State, dir directory.Snapshot) []directory.Entity {
	scope := st.ScopeNow()
	ids := slices.Clone(scope.Entities)
	if len(ids) == 0 {
		for _, svc := range append(slices.Clone(scope.Services), st.Service) {
			if e := dir.ITServices[svc].Entity; e != "" && !slices.Contains(ids, e) {
				ids = append(ids, e)
			}
		}
	}
	var out []directory.Entity
	for _, id := range ids {
		if e, ok := dir.Entities[id]; ok {
			out = append(out, e)
		}
	}
	return out
}

// anyCountry stands for an establishment that is not in the directory: it is taken
// to be in the Union, so that a gap in the directory never hides a duty.
const anyCountry = "DE"

// Kinds says what an entity is, and is not, in the words of the packs: the kinds
// recorded in the directory, and its roles in the processings touched, or in all of
// its own where none of them is named. An entity without any recorded is taken for a
// controller, so that a gap in the directory never hides a duty.
func Kinds(st incident.State, e directory.Entity) map[string]bool {
	out := map[string]bool{}
	for kind, is := range e.Kinds {
		out[kind] = is
	}
	roles := roles(st, e)
	for _, r := range []directory.DataRole{directory.RoleController, directory.RoleProcessor} {
		out[string(r)] = slices.Contains(roles, r)
	}
	return out
}

func roles(st incident.State, e directory.Entity) []directory.DataRole {
	if len(e.Processings) == 0 {
		return []directory.DataRole{directory.RoleController}
	}
	scope := st.ScopeNow()
	in := func(touched []string) (out []directory.DataRole) {
		for _, p := range e.Processings {
			if len(touched) == 0 || slices.Contains(touched, p.Name) {
				out = append(out, p.Role)
			}
		}
		return out
	}
	out := in(scope.Processings)
	if len(out) == 0 && slices.Contains(scope.Entities, e.ID) {
		return in(nil) // it is named, its processing is not
	}
	return out
}

// ConcernedBy gives the roles of each of our legal entities an incident touches, by
// id, as the duties read it.
func ConcernedBy(st incident.State, dir directory.Snapshot) map[string][]directory.DataRole {
	out := map[string][]directory.DataRole{}
	for _, e := range Entities(st, dir) {
		for _, r := range roles(st, e) {
			if !slices.Contains(out[e.ID], r) {
				out[e.ID] = append(out[e.ID], r)
			}
		}
	}
	return out
}
