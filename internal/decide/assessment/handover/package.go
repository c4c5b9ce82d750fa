// Package handover puts together what a controller needs from us, its processor, for its
// own notification within 72 hours: what GDPR Art. 33(3) asks for, the times, who else
// processed the data, and what is not known yet. It is built from the record, each part
// with the fact it comes from, and says nothing of any other customer.
//
// It carries out policy 000 ("notify the affected customers … within 24 hours") and GDPR
// Art. 33(2). It must not import a face, respond or notify.
package handover

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// Words is what the sender adds in their own words, because the record is about the whole
// incident, and the package about one customer. They are carried on to the next version.
type Words struct {
	Nature       string    `json:"nature,omitempty"`
	Persons      string    `json:"persons,omitempty"` // numbers of this customer's persons
	Records      string    `json:"records,omitempty"` // … and of data records
	Consequences string    `json:"consequences,omitempty"`
	Measures     string    `json:"measures,omitempty"`
	ExpectedAt   time.Time `json:"expected_at,omitzero"` // when we expect to know what is not known
}

// Source says where a part comes from.
type Source struct {
	Fact    string    `json:"fact,omitempty"`    // name of the fact of the incident
	ID      string    `json:"id,omitempty"`      // of the fact
	KnownAt time.Time `json:"known_at,omitzero"` // when we learnt it
	Words   string    `json:"words,omitempty"`   // for what is no fact: the directory, the sender
}

// Part is one thing the controller needs.
type Part struct {
	Key    string   `json:"key"`
	Title  string   `json:"title"`
	Basis  string   `json:"basis,omitempty"` // e.g. GDPR Art. 33(3)(a)
	Text   []string `json:"text"`            // empty: not known yet
	Open   string   `json:"open,omitempty"`  // why it is not known, or what is still missing
	Source []Source `json:"source"`
}

// Who is one side of the hand-over.
type Who struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Country string `json:"country,omitempty"`
}

// Package is what one controller gets.
type Package struct {
	Incident   string    `json:"incident"` // our reference
	Drill      bool      `json:"drill,omitempty"`
	Controller Who       `json:"controller"`
	Processor  Who       `json:"processor"`
	To         string    `json:"to,omitempty"`   // who gets notices there
	Form       string    `json:"form,omitempty"` // as the contract wants it
	Clause     string    `json:"clause,omitempty"`
	Basis      string    `json:"basis"`
	Parts      []Part    `json:"parts"`
	ExpectedAt time.Time `json:"expected_at,omitzero"`
}

// Unknown are the titles of what is not known yet.
func (p Package) Unknown() (out []string) {
	for _, x := range p.Parts {
		if len(x.Text) == 0 {
			out = append(out, x.Title)
		}
	}
	return out
}

// Customers lists the affected customers that are controllers for whom an entity of ours
// is a processor, with that entity, by name.
func Customers(st incident.State, dir directory.Snapshot) (out []Who, entity map[string]string) {
	entity = map[string]string{}
	roles := assessment.ConcernedBy(st, dir)
	ids, _ := assessment.Customers(st, dir)
	for _, id := range ids {
		p, ok := dir.Parties[id]
		if !ok {
			continue
		}
		for _, e := range assessment.Entities(st, dir) {
			if slices.Contains(roles[e.ID], directory.RoleProcessor) && assessment.Controls(p, e.ID) && entity[id] == "" {
				entity[id] = e.ID
				out = append(out, Who{ID: id, Name: p.Name, Country: p.Country})
			}
		}
	}
	slices.SortFunc(out, func(a, b Who) int { return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID)) })
	return out, entity
}

// builder makes the package of one customer.
type builder struct {
	st     incident.State
	dir    directory.Snapshot
	party  directory.Party
	entity directory.Entity
	words  Words
	alone  bool // the only affected customer: what is counted is theirs
	out    *Package
}

// Build makes the package; entity is ours that processes for the customer. It is pure.
func Build(st incident.State, dir directory.Snapshot, customer, entity string, w Words) Package {
	ids, _ := assessment.Customers(st, dir)
	b := builder{st: st, dir: dir, party: dir.Parties[customer], entity: dir.Entities[entity], words: w, alone: len(ids) == 1, out: &Package{
		Incident: st.Ref, Drill: st.Kind == incident.Drill, Basis: "GDPR Art. 33(2), for the controller's own notice under Art. 33(1) and (3)", ExpectedAt: w.ExpectedAt,
	}}
	b.out.Controller = Who{ID: customer, Name: b.party.Name, Country: b.party.Country}
	b.out.Processor = Who{ID: entity, Name: b.entity.Name, Country: b.entity.Country}
	if c, ok := b.party.Agreed(); ok {
		b.out.To = said(c)
	}
	if k := b.party.Contract; k != nil {
		b.out.Form, b.out.Clause = k.FormatSaid(), k.Clause
	}
	b.nature()
	b.numbers()
	b.contact()
	b.outlook()
	b.times()
	b.others()
	return *b.out
}

func said(c directory.Contact) string {
	var out []string
	for _, w := range []string{c.Name, c.Role, c.Email, c.Phone} {
		if w != "" {
			out = append(out, w)
		}
	}
	return strings.Join(out, ", ")
}

func (b builder) add(p Part) {
	p.Text, p.Source = append([]string{}, p.Text...), append([]Source{}, p.Source...)
	if len(p.Text) == 0 && p.Open == "" {
		p.Open = "not known yet"
	}
	b.out.Parts = append(b.out.Parts, p)
}

// of is the source of a fact.
func of(f incident.Fact) Source { return Source{Fact: string(f.Name), ID: f.ID, KnownAt: f.KnownAt} }

var sender = Source{Words: "the sender's own words"}

const fromDirectory = "the directory"

func (b builder) nature() {
	p := Part{Key: "nature", Title: "Nature of the breach", Basis: "GDPR Art. 33(3)(a)"}
	b.own(&p, b.words.Nature)
	for _, n := range [...]struct {
		name  fact.Name
		label string
	}{{assessment.Confidentiality, "Confidentiality"}, {assessment.Integrity, "Integrity"}, {assessment.Availability, "Availability"}, {assessment.Malicious, "Malicious"}} {
		if f, ok := b.fact(n.name); ok {
			p.Text, p.Source = append(p.Text, n.label+": "+strings.ToLower(fact.Told(f))), append(p.Source, of(f))
		}
	}
	if f, ok := b.fact(fact.OfCause); ok {
		b.free(&p, "Cause: ", f)
	}
	b.add(p)
	p = Part{Key: "categories", Title: "Categories of data", Basis: "GDPR Art. 33(3)(a)"}
	if f, ok := b.fact(assessment.DataCategories); ok {
		p.Text, p.Source = append(p.Text, fact.Told(f)), append(p.Source, of(f))
	}
	if f, ok := b.fact(fact.OfScope); ok && len(b.st.ScopeNow().DataKinds) > 0 {
		f.Text = strings.Join(b.st.ScopeNow().DataKinds, ", ")
		b.free(&p, "", f)
	}
	b.add(p)
}

// numbers are the sender's words, else those recorded where the customer is the only one.
func (b builder) numbers() {
	p := Part{Key: "persons", Title: "Persons concerned, approximate number", Basis: "GDPR Art. 33(3)(a)"}
	b.own(&p, b.words.Persons)
	if f, ok := b.fact(fact.OfScope); ok && len(p.Text) == 0 && len(b.st.ScopeNow().Persons) > 0 {
		if b.alone {
			for _, x := range b.st.ScopeNow().Persons {
				p.Text = append(p.Text, fmt.Sprintf("%s: %d (between %d and %d)", cmp.Or(x.Country, "country not known"), x.Estimate, x.Min, x.Max))
			}
			p.Source = append(p.Source, of(f))
		} else {
			p.Open = "the number of your persons is being counted"
		}
	}
	b.add(p)
	p = Part{Key: "records", Title: "Data records concerned, approximate number", Basis: "GDPR Art. 33(3)(a)"}
	b.own(&p, b.words.Records)
	b.add(p)
}

func (b builder) contact() {
	p := Part{Key: "contact", Title: "Contact for more information", Basis: "GDPR Art. 33(3)(b)"}
	if x, ok := b.dir.People[b.entity.PrivacyOfficer]; ok && x.Active {
		p.Text = []string{said(directory.Contact{Name: x.Name, Role: "data protection officer of " + b.entity.Name, Email: x.Email, Phone: x.Phone})}
	}
	if x, ok := b.dir.People[b.party.Liaison]; ok && x.Active {
		p.Text = append(p.Text, said(directory.Contact{Name: x.Name, Role: "who looks after you", Email: x.Email, Phone: x.Phone}))
	}
	if len(p.Text) > 0 {
		p.Source = []Source{{Words: fromDirectory}}
	}
	b.add(p)
}

func (b builder) outlook() {
	p := Part{Key: "consequences", Title: "Likely consequences", Basis: "GDPR Art. 33(3)(c)"}
	b.own(&p, b.words.Consequences)
	if f, ok := b.fact(fact.OfConsequences); ok {
		p.Text, p.Source = append(p.Text, fact.Told(f)), append(p.Source, of(f))
	}
	b.add(p)
	p = Part{Key: "measures", Title: "Measures taken or proposed", Basis: "GDPR Art. 33(3)(d)"}
	b.own(&p, b.words.Measures)
	for _, n := range [...]struct {
		name  fact.Name
		label string
	}{{assessment.Encryption, "Encrypted before the breach"}, {assessment.Key, "Key"}} {
		if f, ok := b.fact(n.name); ok {
			p.Text, p.Source = append(p.Text, n.label+": "+strings.ToLower(fact.Told(f))), append(p.Source, of(f))
		}
	}
	b.add(p)
}

func (b builder) times() {
	for _, n := range [...]struct {
		name  fact.Name
		title string
	}{
		{fact.Occurred, "When it occurred"},
		{fact.Discovered, "When it was discovered"},
		{fact.Aware, "When we became aware"},
		{fact.Contained, "When it was contained"},
		{fact.Recovered, "When it was recovered"},
	} {
		p := Part{Key: string(n.name), Title: n.title}
		if f, ok := b.st.Fact(n.name, b.entity.ID); ok {
			p.Text, p.Source = []string{f.Value.At.UTC().Format(time.RFC3339)}, []Source{of(f)}
		}
		b.add(p)
	}
}

// others are our sub-processors for the services this customer uses, and where data lie.
func (b builder) others() {
	sub := Part{Key: "sub_processors", Title: "Sub-processors concerned"}
	where := Part{Key: "locations", Title: "Locations"}
	if b.entity.Country != "" {
		where.Text = append(where.Text, b.entity.Name+": "+b.entity.Country)
	}
	seen := map[string]bool{}
	services := append(slices.Clone(b.st.ScopeNow().Services), b.st.Service)
	used := false
	for _, id := range services {
		svc := b.dir.ITServices[id]
		if !slices.Contains(svc.Customers, b.party.ID) {
			continue
		}
		used = true
		for _, pid := range svc.Providers {
			p := b.dir.Parties[pid]
			if p.Kind == directory.PartyProcessor && !seen[pid] {
				seen[pid] = true
				sub.Text = append(sub.Text, strings.TrimSpace(p.Name+" "+brackets(p.Country)))
				if p.Country != "" {
					where.Text = append(where.Text, p.Name+": "+p.Country)
				}
			}
		}
	}
	if used && len(sub.Text) == 0 {
		sub.Text = []string{"None for the services concerned"}
	}
	for _, p := range []*Part{&sub, &where} {
		if len(p.Text) > 0 {
			p.Source = append(p.Source, Source{Words: fromDirectory})
		}
	}
	if f, ok := b.fact(fact.OfPlace); ok {
		b.free(&where, "", f)
	}
	b.add(sub)
	b.add(where)
}

func brackets(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}

func (b builder) own(p *Part, text string) {
	if t := strings.TrimSpace(text); t != "" {
		p.Text, p.Source = append(p.Text, t), append(p.Source, sender)
	}
}

// free adds a text of the record, unless it names another customer.
func (b builder) free(p *Part, label string, f incident.Fact) {
	if Names(f.Text, b.dir, b.party.ID) {
		p.Open = "more is known, and is being put into words for you"
		return
	}
	p.Text, p.Source = append(p.Text, label+f.Text), append(p.Source, of(f))
}

// fact is a recorded fact of the entity, else of the incident, that says something.
func (b builder) fact(n fact.Name) (incident.Fact, bool) {
	f, ok := b.st.Fact(n, b.entity.ID)
	if fact.IsLaw(n) && len(f.Value.Law) == 0 {
		return f, false
	}
	return f, ok
}

// Names says whether a text names another customer or partner than the given one: by its
// name, its name without the legal form, or its id.
func Names(text string, dir directory.Snapshot, customer string) bool {
	low := strings.ToLower(text)
	mine := strings.ToLower(dir.Parties[customer].Name)
	for id, p := range dir.Parties {
		if id == customer || p.Kind != directory.PartyCustomer && p.Kind != directory.PartyPartner {
			continue
		}
		name := strings.ToLower(p.Name)
		names := []string{name, strings.ToLower(id)}
		if short := name[:max(0, strings.LastIndexByte(name, ' '))]; len(short) >= shortest && short != mine {
			names = append(names, short)
		}
		for _, n := range names {
			if n != "" && word(low, n) {
				return true
			}
		}
	}
	return false
}

// shortest is the fewest bytes of a name without its legal form that are looked for.
const shortest = 5

// word says whether a text holds a name as a word of its own.
func word(text, name string) bool {
	letter := func(b byte) bool { return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b >= 0x80 }
	for from := 0; ; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(name)
		if (i == 0 || !letter(text[i-1])) && (end == len(text) || !letter(text[end])) {
			return true
		}
		from = i + 1
	}
}

// Change is one part that differs between two packages.
type Change struct {
	Key   string `json:"key"`
	Title string `json:"title"`
	Was   string `json:"was"` // "" = not known
	Now   string `json:"now"`
}

// Diff says what changed from one package to the next, part by part.
func Diff(was, now Package) []Change {
	out := []Change{}
	line := func(p Part) string { return strings.Join(append(slices.Clone(p.Text), p.Open), "\n") }
	before := map[string]string{}
	for _, p := range was.Parts {
		before[p.Key] = line(p)
	}
	for _, p := range now.Parts {
		if w := before[p.Key]; w != line(p) {
			out = append(out, Change{Key: p.Key, Title: p.Title, Was: strings.TrimSpace(w), Now: strings.TrimSpace(line(p))})
		}
	}
	for _, x := range [...]struct{ key, title, was, now string }{
		{"to", "Notices go to", was.To, now.To}, {"expected_at", "When we expect to know more", stamp(was.ExpectedAt), stamp(now.ExpectedAt)},
	} {
		if x.was != x.now {
			out = append(out, Change{Key: x.key, Title: x.title, Was: x.was, Now: x.now})
		}
	}
	return out
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Name is the file name of a version.
func Name(p Package, number int) string {
	return p.Incident + "-" + p.Controller.ID + "-v" + strconv.Itoa(number) + ".json"
}
