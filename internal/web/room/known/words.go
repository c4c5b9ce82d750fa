package known

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/numeral"
	"github.com/wakebell/wakebell/internal/web/room/head"
)

// Group is a heading under which facts stand.
type Group struct {
	Title string
	Names []incident.FactName
}

// Groups are all facts in the order people ask for them.
func Groups() []Group {
	return []Group{
		{"What happened", []incident.FactName{incident.FactCause, incident.FactPlace, incident.FactHarm, incident.FactIndicators, incident.FactProtected}},
		{"Personal data and law", []incident.FactName{incident.FactPersonalData, incident.FactRisk, incident.FactLaw}},
		{"For those told", []incident.FactName{fact.OfAccount, fact.OfLikely, fact.OfMeasures, fact.OfAdvice, fact.OfPersonKinds, fact.OfRecords}},
		{"When", moments},
	}
}

var words = map[incident.FactName][2]string{
	incident.Occurred:         {"Happened", "When did it begin in the world, as far as we know?"},
	incident.Discovered:       {"Discovered", "When was it first noticed? Nearly every deadline runs from here."},
	incident.Aware:            {"Aware", "When was it reasonably certain that personal data were touched? The 72 hours of the law run from here, for each legal entity of ours."},
	incident.Classified:       {"Classified", "When was it graded?"},
	incident.Contained:        {"Contained", "When did it stop spreading?"},
	incident.Eradicated:       {"Eradicated", "When was the cause removed?"},
	incident.Recovered:        {"Recovered", "When did the service work again? Situation reports end here."},
	incident.Resolved:         {"Resolved", "When was all done?"},
	incident.FactHarm:         {"Harm", "What does it hurt, already or soon? Loss of availability counts."},
	incident.FactCause:        {"Cause", "How could it happen?"},
	incident.FactPlace:        {"Place", "Where is it: which systems, sites, accounts?"},
	incident.FactScope:        {"Scope and data", "Who and what is affected, and how sure are we?"},
	incident.FactPersonalData: {"Personal data", "Were data about people touched? Unknown counts as yes for the deadlines until somebody says no."},
	incident.FactRisk:         {"Risk to persons", "What could it do to the people concerned? It decides whether an authority and the people are told."},
	incident.FactProtected:    {"Other protected data", "Were secrets touched that law or contract protects?"},
	incident.FactLaw:          {"Law enforcement", "Is contact with the police considered? Legal counsel is asked first."},
	incident.FactIndicators:   {"Indicators", "What the severity is suggested from."},
	fact.OfConsequences:       {"Consequences for the persons", "Who has the data, what it did, how likely and how severe."},
	fact.OfENISA:              {"ENISA score", "The input of the score. It advises, it never decides."},
	fact.OfAsked:              {"Answers asked for", "Questions from outside that have a date. They are kept under Police, media, authorities."},
	fact.OfAccount:            {"What happened, for those told", "In plain words, for readers outside: notices take them over."},
	fact.OfLikely:             {"Likely consequences", "What may come of it for those told? Notices take these words over."},
	fact.OfMeasures:           {"Measures", "What was done, and what will be? Notices take these words over."},
	fact.OfAdvice:             {"Advice", "What can those told do themselves? Notices take these words over."},
	fact.OfPersonKinds:        {"Kinds of persons", "Whose data are they, such as customers, employees, children? One a line."},
	fact.OfRecords:            {"Records", "About how many records are concerned? A whole number."},
	fact.HoldSince:            {"Law enforcement asked for delay", ""},
	fact.HoldReleased:         {"Law enforcement lets us tell", ""},
}

// Word names a fact. One of the law has the words of its name in the rule packs.
func Word(n incident.FactName) string {
	name := string(n)
	for _, law := range []string{fact.LawMoment, fact.LawFact} {
		name = strings.TrimPrefix(name, law)
	}
	return cmp.Or(words[n][0], head.Upper(head.Spaced(name)))
}

func asks(n incident.FactName) string { return words[n][1] }

// Of lists the current values of a fact: the general one first, then one per legal entity.
func Of(m head.Room, n incident.FactName) []incident.Fact {
	var out []incident.Fact
	for _, key := range slices.Sorted(maps.Keys(m.Facts)) {
		if f := m.Facts[key]; f.Name == n {
			out = append(out, f)
		}
	}
	return out
}

// Missing lists the facts of a group that nobody has recorded.
func Missing(m head.Room, g Group) []incident.FactName {
	return slices.DeleteFunc(slices.Clone(g.Names), func(n incident.FactName) bool {
		return len(Of(m, n)) > 0 || n == incident.FactIndicators || n == incident.Classified
	})
}

// Said is the value of a fact in words; a moment has none, its time is shown as a time.
func Said(m head.Room, f incident.Fact) string {
	switch v := incident.WireValue(f).(type) {
	case incident.Answer:
		return map[incident.Answer]string{incident.Yes: "Yes", incident.No: "No"}[v] + map[bool]string{true: "Not known"}[v == incident.Unknown]
	case []incident.Harm:
		if len(v) == 0 {
			return "No harm found"
		}
		var list []string
		for _, h := range v {
			list = append(list, head.Upper(h.Property)+" of "+assetWord(h.Asset)+" ("+h.Timing+")")
		}
		return strings.Join(list, ", ")
	case []string:
		if len(v) == 0 {
			return "None"
		}
		return head.Upper(head.Spaced(strings.Join(v, ", ")))
	case *incident.Scope:
		return cmp.Or(head.Reach(incident.State{Facts: map[string]incident.Fact{string(incident.FactScope): f}}), "Nobody named yet")
	case string:
		if f.Name == incident.FactRisk {
			return map[string]string{"unknown": "Not known", "none": "Unlikely", "risk": "A risk", "high": "A high risk"}[v]
		}
		return v
	}
	if i := f.Value.Indicators; i != nil {
		return indicators(f)
	}
	return fact.Told(f)
}

func indicators(f incident.Fact) string {
	i := f.Value.Indicators
	var list []string
	for _, a := range []struct {
		yes  bool
		word string
	}{
		{string(i.TotalOutage) == "yes", "total outage"},
		{string(i.CoreFunctionBroken) == "yes", "core function broken"},
		{string(i.DataLost) == "yes", "data lost"},
	} {
		if a.yes {
			list = append(list, a.word)
		}
	}
	if i.CustomersAffected != nil {
		list = append(list, numeral.Count(*i.CustomersAffected, "customer affected", "customers affected"))
	}
	return head.Upper(cmp.Or(strings.Join(list, ", "), "nothing that points higher"))
}

func assetWord(a string) string {
	return cmp.Or(map[string]string{"customer_data": "customers’ data", "our_data": "our data", "our_services": "our services"}[a], a)
}

// EntityName names one of our legal entities.
func EntityName(m head.Room, id string) string {
	if e, ok := m.Dir.Entities[id]; ok {
		return e.Name
	}
	return id
}

// entities are our legal entities, for a select.
func entities(m head.Room, now string) []page.Option {
	out := []page.Option{{Value: "", Label: "The whole company"}}
	for _, id := range slices.Sorted(maps.Keys(m.Dir.Entities)) {
		if e := m.Dir.Entities[id]; !e.Retired || id == now {
			out = append(out, page.Option{Value: id, Label: e.Name})
		}
	}
	return out
}

// perEntity says whether law asks for the fact per legal entity.
func perEntity(n incident.FactName) bool {
	return slices.Contains([]incident.FactName{incident.Aware, incident.FactPersonalData, incident.FactRisk}, n)
}
