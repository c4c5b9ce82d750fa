// Package fact holds the typed facts of an incident: the moments clocks start from,
// harm, scope, cause, and the answers that are still open. Each keeps who said it and
// when it became known.
//
// It carries out policy 002 (what an incident harms, and how far), policy 000
// (personal data) and policy 001 (cause and place of the incident). It is pure: it
// must not import a clock, a store, or another room than base/fault, rule/grading and the
// places of rule/regime.
package fact

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/rule/grading"
	"github.com/wakebell/wakebell/internal/rule/regime/headcount"
)

// Answer is a three-valued answer; unknown is the start, never the absence of a record.
type Answer string

// The answers.
const (
	Unknown Answer = "unknown"
	No      Answer = "no"
	Yes     Answer = "yes"
)

// Name names a typed fact. The shape of its value follows from the name.
type Name string

// The facts that are not moments.
const (
	OfHarm         Name = "harm"            // value: [{property, asset, timing}]
	OfCause        Name = "cause"           // value: text
	OfPlace        Name = "place"           // value: text
	OfScope        Name = "scope"           // value: Scope
	OfPersonalData Name = "personal_data"   // value: unknown|no|yes
	OfRisk         Name = "risk"            // value: unknown|none|risk|high, per entity
	OfProtected    Name = "protected"       // value: [trade_secret|intellectual_property|company_information|contract_secrecy]
	OfLaw          Name = "law_enforcement" // value: unknown|no|yes: is law enforcement considered?
	OfIndicators   Name = "indicators"      // value: grading.Indicators
	OfConsequences Name = "consequences"    // value: grading.Consequences, of a breach of personal data
	OfENISA        Name = "enisa"           // value: grading.ENISA, the input of the score
	OfAsked        Name = "asked"           // value: [Ask], all answers that somebody outside asked for by a date
)

// What those told read (policy 003, "the same or similar message delivered to each"): the
// words a notice takes over, so that they are written and agreed once.
const (
	OfAccount     Name = "what_happened"       // value: text, in plain words for readers outside
	OfLikely      Name = "likely_consequences" // value: text
	OfMeasures    Name = "measures"            // value: text, taken and planned
	OfAdvice      Name = "advice"              // value: text, what the readers can do
	OfPersonKinds Name = "person_kinds"        // value: text, kinds of persons, one a line
	OfRecords     Name = "records"             // value: text, about how many records, a whole number
)

// Texts lists the facts whose value is their text.
var Texts = [...]Name{OfCause, OfPlace, OfAccount, OfLikely, OfMeasures, OfAdvice, OfPersonKinds, OfRecords}

// IsText says whether the value of a fact is its text.
func IsText(n Name) bool { return slices.Contains(Texts[:], n) }

// The moments a clock can start from or stop at; value: RFC 3339 time with zone.
const (
	Occurred   Name = "occurred"
	Discovered Name = "discovered"
	Aware      Name = "aware" // per legal entity (GDPR Art. 33)
	Classified Name = "classified"
	Contained  Name = "contained"
	Eradicated Name = "eradicated"
	Recovered  Name = "recovered"
	Resolved   Name = "resolved"
)

// Facts and moments that only the law asks for: their names begin with LawFact or
// LawMoment, the rest is a word of the rule packs ("law.encryption", "law.at.paid").
// Service checks that there is such a word and that the value has its shape.
const (
	LawFact   = "law."
	LawMoment = "law.at."
)

// The two moments of a request of law enforcement to delay notices.
const (
	HoldSince    Name = LawMoment + "hold_since"
	HoldReleased Name = LawMoment + "hold_released"
)

// IsLaw says whether a fact is one that only the law asks for.
func IsLaw(n Name) bool { return strings.HasPrefix(string(n), LawFact) }

// Moments lists the facts whose value is a time.
var Moments = [...]Name{Occurred, Discovered, Aware, Classified, Contained, Eradicated, Recovered, Resolved}

// Names lists every fact name in the order of the documentation.
func Names() []Name {
	return append(slices.Clone(Moments[:]),
		OfHarm, OfCause, OfPlace, OfScope, OfPersonalData, OfRisk, OfProtected, OfLaw, OfIndicators, OfConsequences, OfENISA, OfAsked,
		OfAccount, OfLikely, OfMeasures, OfAdvice, OfPersonKinds, OfRecords)
}

// Harm is one way the incident hurts (policy 002: "existing or impending negative
// impact to the confidentiality, integrity or availability of our customers' data,
// our data, or our services").
type Harm struct {
	Property string `json:"property"` // confidentiality|integrity|availability
	Asset    string `json:"asset"`    // customer_data|our_data|our_services
	Timing   string `json:"timing"`   // existing|impending
}

// Scope says what and who is affected. Lists hold directory ids.
type Scope struct {
	Services       []string  `json:"services,omitempty"`
	Customers      []string  `json:"customers,omitempty"`
	Partners       []string  `json:"partners,omitempty"`
	EmployeeGroups []string  `json:"employee_groups,omitempty"`
	Entities       []string  `json:"entities,omitempty"`    // our legal entities
	Processings    []string  `json:"processings,omitempty"` // names of processings touched
	DataKinds      []string  `json:"data_kinds,omitempty"`
	Persons        []Persons `json:"persons,omitempty"`
	Confidence     string    `json:"confidence,omitempty"` // guessed|estimated|confirmed
}

// Persons counts affected natural persons of one country.
type Persons struct {
	Country  string `json:"country"` // ISO 3166-1 alpha-2 or 3166-2, "DE", "US-CA"; "" when unknown
	Min      int    `json:"min"`
	Estimate int    `json:"estimate"`
	Max      int    `json:"max"`
}

// Ask is an answer that an authority, the police or somebody else outside wants by a
// date. The contact that brought the question and the one that answered it have the text.
type Ask struct {
	No         int       `json:"no"`              // of the contact that brought it
	Side       string    `json:"side"`            // authority|law_enforcement|media|other
	Party      string    `json:"party,omitempty"` // directory id of who asks, if it stands there
	Name       string    `json:"name"`            // of the organisation
	AskedAt    time.Time `json:"asked_at"`
	DueAt      time.Time `json:"due_at"`
	AnsweredAt time.Time `json:"answered_at,omitzero"`
}

// Value holds the value of a fact; exactly the part its name asks for is set.
type Value struct {
	At         time.Time             `json:"at,omitzero"`
	Answer     Answer                `json:"answer,omitempty"`
	Risk       string                `json:"risk,omitempty"`
	Harm       []Harm                `json:"harm,omitempty"`
	Scope      *Scope                `json:"scope,omitempty"`
	Kinds      []string              `json:"kinds,omitempty"`
	Indicators *grading.Indicators   `json:"indicators,omitempty"`
	ENISA      *grading.ENISA        `json:"enisa,omitempty"`
	Outlook    *grading.Consequences `json:"consequences,omitempty"`
	Asked      []Ask                 `json:"asked,omitempty"`
	Law        json.RawMessage       `json:"law,omitempty"` // true, a word, a number or a list of words; absent = not known
}

// Fact is a value with its provenance. A later record of the same key supersedes
// it in State; the ledger keeps both.
type Fact struct {
	ID      string    `json:"id"`
	Name    Name      `json:"name"`
	Entity  string    `json:"entity,omitempty"` // legal entity the fact is about
	Value   Value     `json:"value"`
	Text    string    `json:"text,omitempty"`    // cause, place; or a remark
	SaidBy  string    `json:"said_by,omitempty"` // who told us
	KnownAt time.Time `json:"known_at"`          // when we learnt it
	By      string    `json:"by"`                // who recorded it
}

// Key identifies what a fact supersedes.
func (f Fact) Key() string { return Key(f.Name, f.Entity) }

// Key is the key of a fact, "name" or "name@entity".
func Key(n Name, entity string) string {
	if entity == "" {
		return string(n)
	}
	return string(n) + "@" + entity
}

func isMoment(n Name) bool {
	return slices.Contains(Moments[:], n) || strings.HasPrefix(string(n), LawMoment)
}

// WireValue is the inverse of ParseValue.
func WireValue(f Fact) any {
	switch {
	case isMoment(f.Name):
		return f.Value.At.UTC().Format(time.RFC3339Nano)
	case f.Name == OfPersonalData || f.Name == OfLaw:
		return f.Value.Answer
	case f.Name == OfRisk:
		return f.Value.Risk
	case f.Name == OfHarm:
		return f.Value.Harm
	case f.Name == OfScope:
		return f.Value.Scope
	case f.Name == OfProtected:
		return f.Value.Kinds
	case f.Name == OfIndicators:
		return f.Value.Indicators
	case f.Name == OfConsequences:
		return f.Value.Outlook
	case f.Name == OfENISA:
		return f.Value.ENISA
	case f.Name == OfAsked:
		return f.Value.Asked
	case IsLaw(f.Name):
		return f.Value.Law
	}
	return f.Text
}

func unknownFact(n Name) error {
	var names []string
	for _, f := range Names() {
		names = append(names, string(f))
	}
	return fault.InvalidField("fact", fmt.Sprintf("is not a fact; use one of %s", strings.Join(names, ", ")))
}

// FutureSlack is how far ahead of our clock another clock may be.
const FutureSlack = 5 * time.Minute

// Earliest is the first moment accepted: what lies before it is a mistake of a machine.
var Earliest = time.Unix(0, 0).UTC()

// CheckTimes says what is wrong with when something happened and when we learnt it; zero
// times are now.
func CheckTimes(at, known, now time.Time) []fault.Field {
	var f []fault.Field
	for _, x := range [...]struct {
		name string
		t    time.Time
	}{{"at", at}, {"known_at", known}} {
		switch {
		case x.t.IsZero():
		case x.t.Before(Earliest):
			f = append(f, fault.Field{Field: x.name, Message: "must be a time from 1970 on"})
		case x.t.After(now.Add(FutureSlack)):
			f = append(f, fault.Field{Field: x.name, Message: "lies in the future; leave it out for now"})
		}
	}
	return f
}

// Check validates a value against its name; now bounds moments that cannot lie ahead.
func (v Value) Check(n Name, now time.Time) []fault.Field {
	var out []fault.Field
	add := func(field, msg string) { out = append(out, fault.Field{Field: field, Message: msg}) }
	oneOf := func(field, got string, want ...string) {
		if !slices.Contains(want, got) {
			add(field, "must be one of "+strings.Join(want, ", "))
		}
	}
	if isMoment(n) {
		if v.At.IsZero() || v.At.Before(Earliest) {
			add("value", "a time with zone from 1970 on is needed")
		} else if v.At.After(now.Add(FutureSlack)) {
			add("value", "lies in the future; give the time at which it happened")
		}
	}
	for i, h := range v.Harm {
		f := fmt.Sprintf("value[%d].", i)
		oneOf(f+"property", h.Property, "confidentiality", "integrity", "availability")
		oneOf(f+"asset", h.Asset, "customer_data", "our_data", "our_services")
		oneOf(f+"timing", h.Timing, "existing", "impending")
	}
	for i, k := range v.Kinds {
		oneOf(fmt.Sprintf("value[%d]", i), k, string(TradeSecret), string(Intellectual), string(CompanySecret), string(Secrecy))
	}
	for i, a := range v.Asked {
		f := fmt.Sprintf("value[%d].", i)
		oneOf(f+"side", a.Side, "authority", "law_enforcement", "media", "other")
		if a.No < 1 || strings.TrimSpace(a.Name) == "" {
			add(f+"name", "the number of the contact and the name of who asks are needed")
		}
		if a.AskedAt.Before(Earliest) || a.DueAt.Before(a.AskedAt) || (!a.AnsweredAt.IsZero() && a.AnsweredAt.Before(a.AskedAt)) {
			add(f+"due_at", "the time asked, and a time not before it by which the answer is due, are needed")
		}
	}
	if v.Indicators != nil {
		if err := v.Indicators.Validate(); err != nil {
			add("value", err.Error())
		}
	}
	for _, err := range v.breach() {
		field, words, _ := strings.Cut(err.Error(), ": ")
		add("value."+field, "must be "+words)
	}
	if v.Scope != nil {
		out = append(out, v.Scope.check()...)
	}
	return out
}

// breach checks the inputs of the assessment of a breach. The errors begin with the field.
func (v Value) breach() (errs []error) {
	if v.Outlook != nil {
		if err := v.Outlook.Validate(); err != nil {
			errs = append(errs, err)
		}
	}
	if v.ENISA != nil {
		if _, err := v.ENISA.Score(); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// maxLaw bounds the value of a law fact, in bytes.
const maxLaw = 2000

// Limits of a scope: a list fits a screen or an import, a word fits a line.
const (
	maxList = 10_000
	maxWord = 300
)

// Lists names the lists of the scope by their wire name.
func (s Scope) Lists() map[string][]string {
	return map[string][]string{
		"services": s.Services, "customers": s.Customers, "partners": s.Partners, "employee_groups": s.EmployeeGroups,
		"entities": s.Entities, "processings": s.Processings, "data_kinds": s.DataKinds,
	}
}

func (s Scope) check() []fault.Field {
	var out []fault.Field
	add := func(field, msg string) { out = append(out, fault.Field{Field: "value." + field, Message: msg}) }
	for name, list := range s.Lists() {
		if len(list) > maxList {
			add(name, fmt.Sprintf("holds more than %d items", maxList))
			continue
		}
		for i, w := range list {
			if strings.TrimSpace(w) == "" || len(w) > maxWord || strings.ContainsFunc(w, unicode.IsControl) || !utf8.ValidString(w) {
				add(fmt.Sprintf("%s[%d]", name, i), fmt.Sprintf("must be one line of at most %d bytes", maxWord))
			}
		}
	}
	if !slices.Contains([]string{"", "guessed", "estimated", "confirmed"}, s.Confidence) {
		add("confidence", "must be one of guessed, estimated, confirmed")
	}
	if len(s.Persons) > maxList {
		add("persons", fmt.Sprintf("holds more than %d items", maxList))
		return out
	}
	for i, p := range s.Persons {
		f := fmt.Sprintf("persons[%d]", i)
		if p.Min < 0 || p.Estimate < 0 || p.Max < 0 {
			add(f, "a number of persons cannot be negative")
		} else if p.Min > p.Estimate || p.Estimate > p.Max {
			add(f, "must satisfy min <= estimate <= max")
		}
		if remedy := headcount.Remedy(p.Country); p.Country != "" && remedy != "" {
			add(f+".country", "must be an ISO 3166 code such as DE or US-CA, or empty: "+remedy)
		}
	}
	slices.SortFunc(out, func(a, b fault.Field) int { return strings.Compare(a.Field, b.Field) })
	return out
}
