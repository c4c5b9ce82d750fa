package known

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/web/page"
)

// properties, assets: the grid of policy 002's harm.
var (
	properties = []string{"confidentiality", "integrity", "availability"}
	assets     = []string{"customer_data", "our_data", "our_services"}
)

func harms(r *page.Request) []incident.Harm {
	out := []incident.Harm{}
	for _, p := range properties {
		for _, a := range assets {
			if t := r.Text(p + "." + a); t != "" {
				out = append(out, incident.Harm{Property: p, Asset: a, Timing: t})
			}
		}
	}
	return out
}

func timing(f incident.Fact, property, asset string) string {
	for _, h := range f.Value.Harm {
		if h.Property == property && h.Asset == asset {
			return h.Timing
		}
	}
	return ""
}

// dataKinds are offered as ticks; others can be typed.
var dataKinds = []string{
	"names and addresses", "e-mail addresses", "phone numbers", "passwords or keys", "identity documents", "bank and payment data",
	"health data", "location data", "usage and logs", "contracts and prices",
}

// scopeOf reads the form, with the pairs that lead errors of the service to its fields.
func scopeOf(r *page.Request) (incident.Scope, []string, error) {
	sc := incident.Scope{
		Services: r.All("services"), Customers: r.All("customers"), Partners: r.All("partners"), EmployeeGroups: r.All("employee_groups"),
		Entities: r.All("entities"), Processings: r.All("processings"), DataKinds: r.All("data_kinds"), Confidence: r.Text("confidence"),
	}
	for line := range strings.Lines(r.Text("data_other")) {
		if line = strings.TrimSpace(line); line != "" && !slices.Contains(sc.DataKinds, line) {
			sc.DataKinds = append(sc.DataKinds, line)
		}
	}
	var wrong []fault.Field
	sc.Persons, wrong = PersonsOf(r)
	rename := RenamePersons("value", sc.Persons)
	for name := range sc.Lists() {
		for i := range sc.Lists()[name] {
			rename = append(rename, "value."+name+"["+strconv.Itoa(i)+"]", name)
		}
	}
	return sc, append(rename, "value.confidence", "confidence", "value", "persons"), fault.Invalids(wrong...)
}

// choices are the ticks of one list of the scope.
type choices struct {
	Name, Label string
	Hint        string
	Options     []page.Option
	On          []string
}

// lists are the parts of the scope that come from the directory. What has left the directory
// stays while it is named.
func (v one) lists() []choices {
	sc, d := v.scope(), v.Dir
	party := func(kind directory.PartyKind, on []string) []page.Option {
		var out []page.Option
		for id, p := range d.Parties {
			if p.Kind == kind && (!p.Retired || slices.Contains(on, id)) {
				out = append(out, page.Option{Value: id, Label: p.Name})
			}
		}
		return sorted(out)
	}
	var services, ours, processings []page.Option
	for id, x := range d.ITServices {
		if !x.Retired || slices.Contains(sc.Services, id) {
			services = append(services, page.Option{Value: id, Label: x.Name})
		}
	}
	for id, x := range d.Entities {
		if x.Retired && !slices.Contains(sc.Entities, id) {
			continue
		}
		ours = append(ours, page.Option{Value: id, Label: x.Name})
		for _, p := range x.Processings {
			if !slices.ContainsFunc(processings, func(o page.Option) bool { return o.Value == p.Name }) {
				processings = append(processings, page.Option{Value: p.Name, Label: p.Name})
			}
		}
	}
	return []choices{
		{"services", "Services", "", sorted(services), sc.Services},
		{"customers", "Customers", "Leave all empty to mean every customer of the services above.", party(directory.PartyCustomer, sc.Customers), sc.Customers},
		{"partners", "Partners", "", party(directory.PartyPartner, sc.Partners), sc.Partners},
		{"employee_groups", "Groups of employees", "", party(directory.PartyEmployeeGroup, sc.EmployeeGroups), sc.EmployeeGroups},
		{"entities", "Our legal entities", "", sorted(ours), sc.Entities},
		{"processings", "Processings of personal data", "", sorted(processings), sc.Processings},
	}
}

func sorted(list []page.Option) []page.Option {
	slices.SortFunc(list, func(a, b page.Option) int {
		return cmp.Or(strings.Compare(a.Label, b.Label), strings.Compare(a.Value, b.Value))
	})
	return list
}

// scope is the current one; where none is recorded, what the declaration already says.
func (v one) scope() incident.Scope {
	if v.Said {
		return v.ScopeNow()
	}
	sc := incident.Scope{}
	if x, ok := v.Dir.ITServices[v.Service]; ok {
		sc.Services = []string{v.Service}
		if x.Entity != "" {
			sc.Entities = []string{x.Entity}
		}
		if x.Processing != "" {
			sc.Processings = []string{x.Processing}
		}
	}
	return sc
}

// ScopeLists names what is in scope, for the room; what is empty is left out.
func ScopeLists(d directory.Snapshot, sc incident.Scope) [][2]string {
	named := func(kind directory.Kind, ids []string) string {
		out := make([]string, len(ids))
		for i, id := range ids {
			out[i] = d.Name(kind, id)
		}
		return strings.Join(out, ", ")
	}
	all := [][2]string{
		{"Services", named(directory.KindService, sc.Services)},
		{"Customers", named(directory.KindParty, sc.Customers)},
		{"Partners", named(directory.KindParty, sc.Partners)},
		{"Employees", named(directory.KindParty, sc.EmployeeGroups)},
		{"Our entities", named(directory.KindEntity, sc.Entities)},
		{"Processings", strings.Join(sc.Processings, ", ")},
		{"Data", strings.Join(sc.DataKinds, ", ")},
	}
	return slices.DeleteFunc(all, func(x [2]string) bool { return x[1] == "" })
}

func countries(m directory.Snapshot) []string {
	set := map[string]bool{}
	for _, p := range m.Parties {
		set[p.Country] = true
	}
	for _, e := range m.Entities {
		set[e.Country] = true
	}
	delete(set, "")
	return slices.Sorted(maps.Keys(set))
}
