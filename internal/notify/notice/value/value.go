// Package value makes the merge values of a notice out of the record of an incident, each
// with the fact it comes from. What nobody has recorded is not known; it never becomes an
// empty word.
//
// It carries out policy 003 ("Communications with customers must be consistent, with the
// same or similar message delivered to each"): every notice of an incident takes its facts
// from one place. It is pure; it must not import a face, a store or respond.
package value

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// Contact is who answers questions about a notice.
type Contact struct{ Name, Mail, Phone string }

// About is what the record alone does not decide.
type About struct {
	Entity  string  // our legal entity that tells; "" = the one in scope, or the only one
	Contact Contact // parts left empty come from who communicates in the incident
}

// Whose is what a notice with an address for answers and its duties says about itself: the
// entity that owes them tells.
func Whose(replyTo string, tied []duty.Duty) About {
	a := About{Contact: Contact{Mail: replyTo}}
	for _, d := range tied {
		a.Entity = cmp.Or(a.Entity, d.Entity)
	}
	return a
}

// Basis is the article or clause that asks for a notice.
func Basis(tied []duty.Duty) (source string) {
	for _, d := range tied {
		source = cmp.Or(source, d.Basis.Source)
	}
	return source
}

// Telling is what a notice says of itself. Zero values are not known.
type Telling struct {
	Reference, EarlierReference string
	Date, Earlier, Next         time.Time
	Duty                        string // the article or clause, in words
	DelayReason                 string
}

// OfIncident returns the values of the record.
func OfIncident(st incident.State, dir directory.Snapshot, about About) text.Values {
	v := text.Values{
		"incident.reference": text.Known(st.Ref, "incident"),
		"incident.title":     text.Known(st.Title, "incident"),
		"incident.status":    status(st.Status),
	}
	entity := entityOf(st, dir, about.Entity)
	moments(v, st, entity)
	for name, f := range map[string]incident.FactName{
		"incident.what_happened": fact.OfAccount, "incident.cause": fact.OfCause, "incident.place": fact.OfPlace,
		"incident.likely_consequences": fact.OfLikely, "incident.measures": fact.OfMeasures, "incident.advice": fact.OfAdvice,
	} {
		if x, ok := st.Fact(f, entity); ok {
			v[name] = text.Known(x.Text, x.Key())
		}
	}
	if x, ok := st.Fact(fact.OfPersonKinds, entity); ok {
		list := strings.FieldsFunc(x.Text, func(c rune) bool { return c == '\n' || c == ';' })
		v["incident.person_kinds"] = listed(list, x.Key(), personKinds)
	}
	if x, ok := st.Fact(fact.OfRecords, entity); ok {
		if n, err := strconv.ParseInt(x.Text, 10, 64); err == nil {
			v["incident.records"] = text.Value{Known: true, Number: n, Source: x.Key()}
		}
	}
	scope(v, st, dir)
	ours(v, st, dir, entity, about.Contact)
	maps.DeleteFunc(v, func(_ string, x text.Value) bool { return !x.Known })
	return v
}

// OfNotice returns the values of the notice itself.
func OfNotice(t Telling) text.Values {
	const source = "notice"
	v := text.Values{
		"notice.reference":         text.Known(t.Reference, source),
		"notice.earlier_reference": text.Known(t.EarlierReference, source),
		"notice.duty":              text.Known(t.Duty, source),
		"notice.delay_reason":      text.Known(t.DelayReason, source),
		"notice.date":              moment(t.Date, source),
		"notice.earlier":           moment(t.Earlier, source),
		"notice.next":              moment(t.Next, source),
	}
	maps.DeleteFunc(v, func(_ string, x text.Value) bool { return !x.Known })
	return v
}

// Both joins the values of the record and of the notice.
func Both(record, notice text.Values) text.Values {
	out := maps.Clone(record)
	maps.Copy(out, notice)
	return out
}

func moment(at time.Time, source string) text.Value {
	return text.Value{Known: !at.IsZero(), At: at, Source: source}
}

func status(s incident.Status) text.Value {
	words := map[incident.Status][2]string{
		incident.Suspected: {"suspected", "Verdacht"}, incident.Confirmed: {"confirmed", "bestätigt"}, incident.Dismissed: {"dismissed", "verworfen"},
	}[s]
	v := text.Known(words[0], "incident")
	v.In = map[string]string{"de": words[1]}
	return v
}

func moments(v text.Values, st incident.State, entity string) {
	for name, f := range map[string]incident.FactName{
		"incident.occurred": incident.Occurred, "incident.discovered": incident.Discovered, "incident.aware": incident.Aware,
		"incident.contained": incident.Contained, "incident.recovered": incident.Recovered, "incident.resolved": incident.Resolved,
	} {
		if x, ok := st.Fact(f, entity); ok {
			v[name] = moment(x.Value.At, x.Key())
		}
	}
	if !v["incident.discovered"].Known {
		v["incident.discovered"] = moment(st.DiscoveredAt, "incident")
	}
}

func scope(v text.Values, st incident.State, dir directory.Snapshot) {
	const source = string(incident.FactScope)
	sc := st.ScopeNow()
	services := sc.Services
	from := source
	if len(services) == 0 && st.Service != "" {
		services, from = []string{st.Service}, "incident"
	}
	var names []string
	for _, id := range services {
		names = append(names, dir.Name(directory.KindService, id))
	}
	v["incident.services"] = listed(names, from, nil)
	v["incident.data_kinds"] = listed(sc.DataKinds, source, dataKinds)
	if n := customers(sc, dir); n > 0 {
		v["incident.customers"] = text.Value{Known: true, Number: int64(n), Source: source}
	}
	if len(sc.Persons) == 0 {
		return
	}
	var least, estimate, most int64
	var where []string
	for _, p := range sc.Persons {
		least, estimate, most = least+int64(p.Min), estimate+int64(p.Estimate), most+int64(p.Max)
		if p.Country != "" && !slices.Contains(where, p.Country) {
			where = append(where, p.Country)
		}
	}
	v["incident.persons"] = text.Value{Known: true, Number: estimate, Source: source}
	v["incident.persons_min"] = text.Value{Known: true, Number: least, Source: source}
	v["incident.persons_max"] = text.Value{Known: true, Number: most, Source: source}
	v["incident.countries"] = listed(where, source, countries)
}

// customers counts those affected: the ones named, or every customer of the services.
func customers(sc incident.Scope, dir directory.Snapshot) int {
	if len(sc.Customers) > 0 {
		return len(sc.Customers)
	}
	seen := map[string]bool{}
	for _, id := range sc.Services {
		for _, c := range dir.ITServices[id].Customers {
			seen[c] = true
		}
	}
	return len(seen)
}

// listed makes a list; words are its German for the items that are no names.
func listed(list []string, source string, words map[string][2]string) text.Value {
	v := text.Value{Source: source}
	var german []string
	for _, item := range list {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		w := words[strings.ToLower(item)]
		v.List = append(v.List, cmp.Or(w[0], item))
		german = append(german, cmp.Or(w[1], item))
	}
	if len(v.List) == 0 {
		return v
	}
	v.Known = true
	if !slices.Equal(v.List, german) {
		v.ListIn = map[string][]string{"de": german}
	}
	return v
}

// Zone is in which times are said: that of the legal entity that tells; where none is meant
// or it names none, the one that all our entities share; else UTC.
func Zone(st incident.State, dir directory.Snapshot, asked string) *time.Location {
	names := []string{dir.Entities[entityOf(st, dir, asked)].Zone}
	if names[0] == "" {
		names = nil
		for _, e := range dir.Entities {
			if !e.Retired && e.Zone != "" && !slices.Contains(names, e.Zone) {
				names = append(names, e.Zone)
			}
		}
	}
	if len(names) == 1 {
		if z, err := time.LoadLocation(names[0]); err == nil {
			return z
		}
	}
	return time.UTC
}

// entityOf is our legal entity that tells: the one asked for, the only one in scope, the
// one that runs the service, the only one there is.
func entityOf(st incident.State, dir directory.Snapshot, asked string) string {
	if asked != "" {
		return asked
	}
	sc := st.ScopeNow()
	if len(sc.Entities) > 0 {
		if len(sc.Entities) == 1 {
			return sc.Entities[0]
		}
		return ""
	}
	if e := dir.ITServices[st.Service].Entity; e != "" {
		return e
	}
	only := ""
	for id, e := range dir.Entities {
		if e.Retired {
			continue
		}
		if only != "" {
			return ""
		}
		only = id
	}
	return only
}

// ours are the values of the company: entity, privacy officer, authority, contact.
func ours(v text.Values, st incident.State, dir directory.Snapshot, entity string, contact Contact) {
	const source = "directory"
	if e, ok := dir.Entities[entity]; ok {
		v["our.entity"] = text.Known(e.Name, source)
		if e.Country != "" {
			c := listed([]string{e.Country}, source, countries)
			v["our.country"] = text.Value{Known: true, Text: c.List[0], Source: source}
			if g := c.ListIn["de"]; len(g) > 0 {
				v["our.country"] = text.Value{Known: true, Text: c.List[0], In: map[string]string{"de": g[0]}, Source: source}
			}
		}
		if p, ok := dir.People[e.PrivacyOfficer]; ok {
			v["privacy.name"], v["privacy.mail"], v["privacy.phone"] = text.Known(p.Name, source), text.Known(p.Email, source), text.Known(p.Phone, source)
		}
		if a, ok := dir.Parties[e.Authority]; ok {
			v["authority.name"] = text.Known(a.Name, source)
		}
	}
	from := "notice"
	if contact == (Contact{}) {
		from = "assignments"
	}
	for _, fn := range []incident.Function{"communications", "liaison", incident.FnManager} {
		people := st.Assignments[fn]
		if len(people) == 0 {
			continue
		}
		p := dir.People[people[0]]
		contact = Contact{cmp.Or(contact.Name, p.Name), cmp.Or(contact.Mail, p.Email), cmp.Or(contact.Phone, p.Phone)}
		break
	}
	v["contact.name"], v["contact.mail"], v["contact.phone"] = text.Known(contact.Name, from), text.Known(contact.Mail, from), text.Known(contact.Phone, from)
}

// Sample are values of a recipient nobody has chosen, for a preview.
func Sample(lang string) text.Values {
	const source = "sample"
	v := text.Values{
		"recipient.name": text.Known("Example Ltd", source),
		"recipient.link": text.Known("https://example.invalid/your-page", source),
	}
	if lang == "de" || strings.HasPrefix(lang, "de-") {
		v["recipient.name"] = text.Known("Beispiel GmbH", source)
	}
	return v
}

// OfParty puts what the directory knows of a party over the values of a sample.
func OfParty(p directory.Party, sample text.Values) text.Values {
	v := maps.Clone(sample)
	v["recipient.name"] = text.Known(p.Name, "directory")
	for _, c := range p.Contacts {
		if c.Name != "" {
			v["recipient.contact"] = text.Known(c.Name, "directory")
			break
		}
	}
	if p.Contract != nil {
		v["recipient.clause"] = text.Known(p.Contract.Clause, "directory")
	}
	return v
}
