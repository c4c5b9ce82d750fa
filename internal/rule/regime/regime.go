// Package regime holds notification duties of laws as dated data, and judges which
// of them apply to the facts of an incident, each with the reason in words, its
// source and how sure that source is.
//
// It carries out policy 000 ("Winmore determines … whether notification of
// competent authorities or individuals is required under law") and policy 003
// ("Government bodies or officials as required by applicable statutes and/or
// regulations").
//
// Rules stand in packs: YAML files, one per jurisdiction or instrument, whose
// conditions are CEL expressions over a documented set of facts. docs/law.md says
// how they are written. Load reads them from the file systems the caller hands in
// (those shipped are in package pack); Evaluate judges them.
//
// Nothing here is legal advice. A rule that cannot be judged is reported as not
// evaluated, never as not required.
//
// Pure: it must not import a clock, a context, SQL, network or file access. Of
// this program it imports rule/deadline and packages of its own folder only.
package regime

import (
	"time"

	"github.com/wakebell/wakebell/internal/rule/deadline"
	"github.com/wakebell/wakebell/internal/rule/regime/sentence"
)

// LegalStatus is how far a rule has come.
type LegalStatus string

// The statuses. Of rules in force and those to come, the dates decide when they
// apply; pending ones are not law and are never evaluated.
const (
	InForce          LegalStatus = "in_force"
	NotYetApplicable LegalStatus = "not_yet_applicable"
	Pending          LegalStatus = "pending" // a bill, or a duty whose rule is not made yet: shipped switched off
)

// Sureness is how well a rule's content was checked against its text.
type Sureness string

// How a rule came to be written down.
const (
	Read       Sureness = "read"       // the text was read
	ReadPartly Sureness = "partly"     // deadline or threshold read, the rest remembered
	Remembered Sureness = "remembered" // not checked against the text: unverified
)

// Words says it for people.
func (s Sureness) Words() string {
	switch s {
	case Read:
		return "text read"
	case ReadPartly:
		return "text read in part"
	case Remembered:
		return "unverified: from memory, not checked against the text"
	}
	return "not said how sure"
}

// Reach says what ties a legal entity to a rule's jurisdiction.
type Reach string

// The ties.
const (
	Established Reach = "established" // the entity is established there
	PersonsIn   Reach = "persons"     // affected persons are there
	Either      Reach = "either"      // established there, or affected persons are there
	Anywhere    Reach = "anywhere"    // being one of the kinds that owe is tie enough
)

// Recipient is the kind of addressee of a duty.
type Recipient string

// The kinds of addressee.
const (
	ToAuthority   Recipient = "authority"  // data protection or other state authority
	ToRegulator   Recipient = "regulator"  // of a sector: finance, energy, telecommunications, securities
	ToCSIRT       Recipient = "csirt"      // computer security incident response team
	ToPersons     Recipient = "persons"    // data subjects, residents, consumers
	ToCustomers   Recipient = "customers"  // clients, service recipients, users
	ToController  Recipient = "controller" // whoever the data are processed for
	ToRegister    Recipient = "register"   // the entity's own record
	ToCreditAgent Recipient = "credit"     // consumer reporting agencies
	ToMedia       Recipient = "media"      // prominent media, the public, the market
	ToPartner     Recipient = "partner"    // acquirer, insurer, contract partner
	ToPolice      Recipient = "police"     // law enforcement
	ToSelf        Recipient = "assessment" // a duty to assess, with nobody told
	ToOthers      Recipient = "others"     // organisations that can reduce the harm
	ToMarket      Recipient = "market"     // public disclosure of an issuer
)

// Rule is one notification duty of one instrument in one version. Versions of one
// duty share the id; their times of validity do not overlap.
type Rule struct {
	ID           string      `yaml:"id"`
	Instrument   string      `yaml:"instrument"` // "GDPR (EU) 2016/679"
	Article      string      `yaml:"article"`    // "33(1)", "" where the instrument has none
	Owes         []string    `yaml:"owes"`       // kinds of entity, one of which must act
	Holder       string      `yaml:"holder"`     // the statute's own word for it, where it differs
	To           Recipient   `yaml:"to"`
	ToName       string      `yaml:"to_name"` // "ICO", "Attorney General"
	Select       string      `yaml:"select"`  // how to find the competent one, in words
	Jurisdiction string      `yaml:"jurisdiction"`
	Place        string      `yaml:"-"` // the jurisdiction in words
	Reach        Reach       `yaml:"reach"`
	Follows      string      `yaml:"follows"`      // id of a rule that must be owed as well
	GivesWay     string      `yaml:"gives_way_to"` // id of a rule that takes its place where it is owed
	When         []Test      `yaml:"when"`         // all must hold
	Unless       []Test      `yaml:"unless"`       // exemptions: one that holds ends the duty; one that is open does not
	Threshold    *Threshold  `yaml:"threshold"`
	Start        string      `yaml:"start"` // moment the clock starts at, or "sent:<rule>"
	Deadline     Deadline    `yaml:"deadline"`
	Counting     string      `yaml:"counting"`  // regulation_1182_71: its reading is noted beside the due time
	Qualifier    string      `yaml:"qualifier"` // words of the law beside the deadline
	Stage        string      `yaml:"stage"`     // single, initial, intermediate, final, …
	Content      []string    `yaml:"content"`   // what the notice must contain, by name
	Channel      string      `yaml:"channel"`
	Exemptions   []string    `yaml:"exemptions"` // those that no test covers, in words
	Record       string      `yaml:"record"`     // what must be kept, in words
	Hold         *Hold       `yaml:"hold"`       // whether law enforcement may delay it
	Valid        Valid       `yaml:"valid"`
	Status       LegalStatus `yaml:"status"`
	Source       string      `yaml:"source"`
	Sure         Sureness    `yaml:"sure"`
	Note         string      `yaml:"note"`   // what a reader should know
	Review       string      `yaml:"review"` // what a lawyer should look at
	Pack         string      `yaml:"-"`
	PackVersion  string      `yaml:"-"`
	File         string      `yaml:"-"`
	Line         int         `yaml:"-"`
	Override     bool        `yaml:"-"` // replaces a shipped rule
	operator     bool
	zone         *time.Location
}

// Unverified says whether nobody has checked the rule against its text.
func (r *Rule) Unverified() bool { return r.Sure == Remembered }

// Zone is the name of the zone whose dates the rule counts, where the entity has
// none.
func (r *Rule) Zone() string { return r.zone.String() }

// Basis is the reference in one line: "GDPR (EU) 2016/679 Art. 33(1)".
func (r *Rule) Basis() string { return sentence.Basis(r.Instrument, r.Article, r.Jurisdiction) }

// Valid bounds a rule in time: from its first day up to, not including, the day it
// ends; open where empty. Days begin in the rule's zone.
type Valid struct {
	From  string `yaml:"from"`  // 2018-05-25
	Until string `yaml:"until"` // 2025-08-20: no longer on this day
	from  time.Time
	until time.Time
}

// Threshold is a number of persons below which nothing is owed, unless Or holds.
// Exactly one of the bounds is set.
type Threshold struct {
	MoreThan  int64  `yaml:"more_than"`
	AtLeast   int64  `yaml:"at_least"`
	FewerThan int64  `yaml:"fewer_than"`
	Of        string `yaml:"of"` // "" = persons of the rule's jurisdiction; "total"; "any_state" = of the one with most
	Or        *Test  `yaml:"or"` // owed whatever the number when it holds
}

// Counting1182 marks rules whose periods Regulation (EEC, Euratom) 1182/71 counts.
const Counting1182 = "regulation_1182_71"

// Hold says that law enforcement may ask for delay.
type Hold struct {
	Tail  string `yaml:"tail"` // period after the release, "" = at once
	Words string `yaml:"words"`
	tail  deadline.Period
}

// Test is a condition: the name of a shared one, or its own expression.
type Test struct {
	Name  string `yaml:"name"`
	If    string `yaml:"if"`    // CEL over the facts, of type bool
	Holds string `yaml:"holds"` // in words, when it holds
	Fails string `yaml:"fails"` // in words, when it does not
	cond  *condition
}

// Deadline is how a due time is counted: limits, of which the earliest counts; or
// its place beside another rule; or words.
type Deadline struct {
	Limits     []Limit
	Late       *Limit // replaces the limits when its start lies behind the due time of the last of them (DORA)
	Cases      []Case // the first that holds goes before everything else
	Relation   Relation
	Of         string // the rule of Relation
	Words      string // qualitative: "without_undue_delay"
	Calendar   string
	Roll       bool
	RollUnless []string // kinds of entity that do not roll
	line       int
}

// Relation places a notice in time beside another.
type Relation string

// The relations.
const (
	Before       Relation = "before"
	NotLaterThan Relation = "not_later_than"
	With         Relation = "with" // at the same time
)

// Limit is a period after a moment.
type Limit struct {
	Within  deadline.Period
	From    string // "" = the rule's start
	YearEnd bool   // counted from the end of the start's calendar year
}

// Case is a deadline for when a test holds.
type Case struct {
	Test     Test
	Deadline Deadline
}
