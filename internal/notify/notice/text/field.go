package text

import (
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/spell"
)

// Kind is the shape of a field's value.
type Kind string

// The kinds.
const (
	Words  Kind = "text"
	Number Kind = "number"
	Date   Kind = "date"   // a day
	Moment Kind = "moment" // a day and a time, with its zone
	List   Kind = "list"
	Link   Kind = "link"
)

// Scope says who fills a field.
type Scope string

// The scopes.
const (
	OfIncident  Scope = "incident"  // the same for all: a fact of the record
	OfNotice    Scope = "notice"    // the same for all: what this notice is
	OfRecipient Scope = "recipient" // another for each who is told
)

// Field is one merge field that a text may hold.
type Field struct {
	Name  string `json:"name"`
	Kind  Kind   `json:"kind"`
	Scope Scope  `json:"scope"`
	Title string `json:"title"`
	Help  string `json:"help"`
	Lines bool   `json:"lines"` // a text of several lines, as recorded, in the language of the record
}

// Row begins the names of fields that stand for a column of an imported list.
const Row = "row."

// Fields lists every field, in the order of the documentation.
func Fields() []Field { return slices.Clone(fields[:]) }

var fields = [...]Field{
	{"incident.reference", Words, OfIncident, "Reference", "Our reference, such as INC-2026-0142.", false},
	{"incident.title", Words, OfIncident, "Title", "The title in the record. Write one that may be read outside.", false},
	{"incident.status", Words, OfIncident, "Status", "Suspected or confirmed, in words.", false},
	{"incident.what_happened", Words, OfIncident, "What happened", "The fact “What happened, for those told”.", true},
	{"incident.cause", Words, OfIncident, "Cause", "The cause, as recorded.", true},
	{"incident.place", Words, OfIncident, "Place", "Which systems, sites or accounts.", true},
	{"incident.occurred", Moment, OfIncident, "Occurred", "When it began.", false},
	{"incident.discovered", Moment, OfIncident, "Discovered", "When it was discovered.", false},
	{"incident.aware", Moment, OfIncident, "Aware", "When our entity became aware of a breach (GDPR Art. 33).", false},
	{"incident.contained", Moment, OfIncident, "Contained", "When it was contained.", false},
	{"incident.recovered", Moment, OfIncident, "Recovered", "When services ran as usual again.", false},
	{"incident.resolved", Moment, OfIncident, "Resolved", "When it was resolved.", false},
	{"incident.services", List, OfIncident, "Services", "The affected services, by name.", false},
	{"incident.data_kinds", List, OfIncident, "Kinds of data", "The kinds of data affected.", false},
	{"incident.person_kinds", List, OfIncident, "Kinds of persons", "Whose data they are, such as customers or employees.", false},
	{"incident.countries", List, OfIncident, "Countries", "Where the affected persons are.", false},
	{"incident.persons", Number, OfIncident, "Persons", "How many persons are affected, the estimate.", false},
	{"incident.persons_min", Number, OfIncident, "Persons, at least", "The lowest number that is possible.", false},
	{"incident.persons_max", Number, OfIncident, "Persons, at most", "The highest number that is possible.", false},
	{"incident.records", Number, OfIncident, "Records", "About how many records are affected.", false},
	{"incident.customers", Number, OfIncident, "Customers", "How many customers are affected.", false},
	{"incident.likely_consequences", Words, OfIncident, "Likely consequences", "What may come of it for the persons.", true},
	{"incident.measures", Words, OfIncident, "Measures", "What we have done and will do.", true},
	{"incident.advice", Words, OfIncident, "Advice", "What those told can do themselves.", true},

	{"our.entity", Words, OfIncident, "Our company", "The legal entity that tells.", false},
	{"our.country", Words, OfIncident, "Our country", "Where that entity is established.", false},
	{"contact.name", Words, OfIncident, "Contact", "Who answers questions.", false},
	{"contact.mail", Words, OfIncident, "Contact, mail", "The mail address for questions.", false},
	{"contact.phone", Words, OfIncident, "Contact, phone", "The telephone number for questions.", false},
	{"privacy.name", Words, OfIncident, "Privacy officer", "The data protection officer of the entity.", false},
	{"privacy.mail", Words, OfIncident, "Privacy officer, mail", "The officer's mail address.", false},
	{"privacy.phone", Words, OfIncident, "Privacy officer, phone", "The officer's telephone number.", false},
	{"authority.name", Words, OfIncident, "Supervisory authority", "The authority the entity files with.", false},

	{"notice.reference", Words, OfNotice, "Reference of the notice", "Such as INC-2026-0142/2.", false},
	{"notice.date", Date, OfNotice, "Date", "The day the notice goes out.", false},
	{"notice.earlier", Moment, OfNotice, "Earlier notice", "When the notice this one follows was sent.", false},
	{"notice.earlier_reference", Words, OfNotice, "Earlier reference", "The reference of the notice this one follows.", false},
	{"notice.new", Words, OfNotice, "What is new", "What has changed since the earlier notice.", true},
	{"notice.reason", Words, OfNotice, "Reason", "Why the earlier notice is corrected or withdrawn.", true},
	{"notice.delay_reason", Words, OfNotice, "Reason for the delay", "Why this comes late, when it is late.", true},
	{"notice.duty", Words, OfNotice, "Duty", "The article or clause that asks for this notice.", false},
	{"notice.next", Moment, OfNotice, "Next news", "When we will write again.", false},

	{"recipient.name", Words, OfRecipient, "Name", "The organisation or person told.", false},
	{"recipient.contact", Words, OfRecipient, "Contact", "The person addressed there.", false},
	{"recipient.salutation", Words, OfRecipient, "Salutation", "How the contact is addressed, such as “Dear Ms Lovelace”.", false},
	{"recipient.service", Words, OfRecipient, "Service", "The affected service they use.", false},
	{"recipient.services", List, OfRecipient, "Services", "The affected services they use.", false},
	{"recipient.reference", Words, OfRecipient, "Reference", "Our reference for this recipient.", false},
	{"recipient.due", Moment, OfRecipient, "Due", "By when this recipient is to be told.", false},
	{"recipient.clause", Words, OfRecipient, "Clause", "The clause of their contract.", false},
	{"recipient.link", Link, OfRecipient, "Page", "The address of their own page about this notice.", false},
}

// FieldOf finds a field by name; a column of an imported list is a field of its own.
func FieldOf(name string) (Field, bool) {
	if column, ok := strings.CutPrefix(name, Row); ok && column != "" {
		return Field{Name: name, Kind: Words, Scope: OfRecipient, Title: "Column " + column, Help: "The column of the imported list."}, true
	}
	for i := range fields {
		if fields[i].Name == name {
			return fields[i], true
		}
	}
	return Field{}, false
}

// nearest is the known name that differs least from a wrong one.
func nearest(name string) string {
	best, least := "", 1<<30
	_, last, _ := strings.Cut(name, ".")
	for i := range fields {
		known := fields[i].Name
		d := spell.Distance(name, known)
		if _, end, _ := strings.Cut(known, "."); end == name || last != "" && end == last {
			d = min(d, 1) // the right word in the wrong group
		}
		if d < least {
			best, least = known, d
		}
	}
	return best
}
