// Package policy holds the duties of the four policies as rows of data: what triggers
// each, from which moment it counts, how long, who holds it, who receives it, what meets
// it, and the sentence it comes from. Package duty evaluates them.
//
// It must not import a clock, a store or a face: values only.
package policy

import (
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/rule/deadline"
)

// Trigger names the condition under which a rule owes something; package duty judges it.
type Trigger string

// The triggers.
const (
	Always         Trigger = "incident declared"
	SIRTActivated  Trigger = "confirmed security incident with a BIL that calls the SIRT"
	SitrepOwed     Trigger = "SIRT activated, or security incident classified BIL 3; not recovered"
	BoardOwed      Trigger = "confirmed security incident with a BIL that the board hears of; not recovered"
	CustomerData   Trigger = "customer data may be involved"
	LegalAsked     Trigger = "personal data unknown or yes, or law enforcement considered"
	PartyAffected  Trigger = "the party is affected"
	ByLaw          Trigger = "a law asks for it"
	AnswerAsked    Trigger = "somebody outside asked for an answer by a date"
	GraveIncident  Trigger = "confirmed security incident of severity 0 or 1"
	ControllerOwes Trigger = "our entity is controller, personal data, risk not excluded"
	ProcessorOwed  Trigger = "our entity is processor and personal data is involved"
)

// The names of starts that are not facts of the incident.
const (
	Triggered = "triggered" // the moment the rule came to apply in this incident
	Last      = "last"      // the report before; for the first one: triggered
	FromPlan  = "plan"      // the moment the plan names for customers
	Asked     = "asked"     // the moment somebody asked; the date comes from them
)

// Rule is one row of the policies as data: when it is owed, from which moment it
// counts, how long, who holds it, who receives it, what meets it, and the sentence
// it comes from. It is withdrawn when its trigger no longer holds.
type Rule struct {
	ID        string
	Title     string // %s is the recipient's name
	Trigger   Trigger
	Start     string // discovered, triggered, last (of the one before), aware
	Period    func(plan.Plan) deadline.Period
	AtOnce    bool   // when the due time passed before the trigger held: due at the trigger
	Recurs    bool   // the next ordinal starts when the one before is met
	Holder    string // team kind, "product" for the incident's team, or "manager"
	Recipient string // team kind, "product", "manager", or a party kind
	Calls     bool   // people of the recipient team are called at once
	Outward   bool
	Filing    bool
	MetBy     []string
	Shown     bool // met by what the incident itself shows, never by a person's word
	Source    string
	Text      string
}

func minutes(f func(plan.Plan) int) func(plan.Plan) deadline.Period {
	return func(p plan.Plan) deadline.Period { return deadline.Minutes(f(p)) }
}

func hours(f func(plan.Plan) int) func(plan.Plan) deadline.Period {
	return func(p plan.Plan) deadline.Period { return deadline.Hours(f(p)) }
}

// The ids of the rules that other code names.
const (
	ProductTeam   = "product_team"
	Classify      = "classify"
	SIRT          = "sirt"
	Sitrep        = "sitrep"
	Board         = "board"
	Customer      = "customer"
	Partner       = "partner"
	EmployeeGroup = "employee_group"
	Authority     = "authority_gdpr"
	Controller    = "controller"
	Answer        = "answer"
	Personnel     = "personnel"
)

// Rules returns every rule of the policies, in the order duties are shown.
func Rules() []Rule { return append(inwardRules(), outwardRules()...) }

func inwardRules() []Rule {
	return []Rule{
		{
			ID: ProductTeam, Title: "Tell the product team (%s)", Trigger: Always, Start: "discovered",
			Period: minutes(func(p plan.Plan) int { return p.ProductTeamMinutes }), Holder: "product", Recipient: "product", Calls: true,
			MetBy: []string{"acknowledgement"}, Source: "policy 003, Escalation Procedure",
			Text: "A suspected security incident reaches the product team as soon as possible, at most 20 minutes after discovery.",
		},
		{
			ID: Classify, Title: "Verify and classify", Trigger: Always, Start: "discovered",
			Period: minutes(func(p plan.Plan) int { return p.ClassifyMinutes }), Holder: "product", Recipient: "manager",
			MetBy: []string{"grade"}, Shown: true, Source: "policy 003, Escalation Procedure",
			Text: "The product team verifies and classifies the incident, in time for the SIRT to be called within 60 minutes of discovery.",
		},
		{
			ID: SIRT, Title: "Call the SIRT", Trigger: SIRTActivated, Start: "discovered", AtOnce: true,
			Period: minutes(func(p plan.Plan) int { return p.SIRTMinutes }), Holder: "product", Recipient: "sirt", Calls: true,
			MetBy: []string{"acknowledgement"}, Source: "policy 003, Escalation Procedure",
			Text: "A verified security incident of BIL 1 or 2 goes to the SIRT within 60 minutes of discovery.",
		},
		{
			ID: "leadership", Title: "Tell senior leadership, with the impact", Trigger: SIRTActivated, Start: "discovered", AtOnce: true,
			Period: minutes(func(p plan.Plan) int { return p.LeadershipMinutes }), Holder: "manager", Recipient: "leadership", Calls: true,
			MetBy: []string{"record", "acknowledgement"}, Source: "policy 003, Notification and Communication",
			Text: "The incident response manager reports the incident to the senior leadership.",
		},
		{
			ID: "siht", Title: "Tell the SIHT: customer data may be involved", Trigger: CustomerData, Start: Triggered,
			Period: minutes(func(p plan.Plan) int { return p.SIHTMinutes }), Holder: "leadership", Recipient: "siht", Calls: true,
			MetBy: []string{"acknowledgement"}, Source: "policy 003, Notification and Communication",
			Text: "Senior leadership promptly reports potential breaches and incidents that involve customer data to the SIHT.",
		},
		{
			ID: "legal", Title: "Alert legal counsel", Trigger: LegalAsked, Start: Triggered,
			Period: minutes(func(p plan.Plan) int { return p.LegalMinutes }), Holder: "manager", Recipient: "legal", Calls: true,
			MetBy: []string{"acknowledgement"}, Source: "policy 001, Alert the authorities and legal counsel",
			Text: "Legal counsel is alerted, and consulted before any contact with law enforcement.",
		},
		{
			ID: Sitrep, Title: "Situation report to the SIHT", Trigger: SitrepOwed, Start: Last, Recurs: true,
			Period: hours(func(p plan.Plan) int { return p.SitrepHours }), Holder: "manager", Recipient: "siht",
			MetBy: []string{"report"}, Shown: true, Source: "policy 003, Escalation Procedure",
			Text: "The SIHT gets a situation report every second hour, from the SIRT for BIL 1 and 2, from the product team for BIL 3.",
		},
		{
			ID: Board, Title: "Report to the board of directors", Trigger: BoardOwed, Start: Last, Recurs: true,
			Period: minutes(func(p plan.Plan) int { return p.BoardFirstMinutes }), Holder: "siht", Recipient: "board",
			MetBy: []string{"report", "record"}, Source: "policy 003, Escalation Procedure",
			Text: "The SIHT reports to the board of directors in accordance with its governance.",
		},
	}
}

func outwardRules() []Rule {
	notice := []string{"notice", "acknowledgement"}
	const customers = "Affected customers and partners are told within 48 hours, by contract or by law, whichever is shorter; within 24 hours when personal data may be involved."
	party := func(kind string) Rule {
		return Rule{
			ID: kind, Title: "Tell %s", Trigger: PartyAffected, Start: FromPlan, Holder: "siht", Recipient: kind,
			Period:  hours(func(p plan.Plan) int { return p.CustomerHours }),
			Outward: true, MetBy: notice, Source: "policy 003, Notification and Communication; policy 000", Text: customers,
		}
	}
	return []Rule{
		party(Customer), party(Partner), party(EmployeeGroup),
		{
			ID: Personnel, Title: "Tell our own personnel", Trigger: GraveIncident, Start: Triggered, Holder: "siht", Recipient: Personnel,
			Period:  hours(func(p plan.Plan) int { return p.PersonnelHours }),
			Outward: false, MetBy: notice, Source: "policy 003, Notification and Communication",
			Text: "The SIHT is responsible for appropriate notification of personnel; our plan asks for it where the severity is 0 or 1.",
		},
		{
			ID: Answer, Title: "Answer %s", Trigger: AnswerAsked, Start: Asked, Holder: "legal", Recipient: Asked,
			Period:  hours(func(plan.Plan) int { return 0 }),
			Outward: true, MetBy: []string{"answer"}, Shown: true, Source: "policy 003, Interaction with Law Enforcement; Public Media Handling",
			Text: "What an authority, the police or the media ask for by a date is answered by then, under legal's direction.",
		},
		{
			ID: Controller, Title: "Tell the controller %s", Trigger: ProcessorOwed, Start: "aware", Holder: "siht", Recipient: "controller",
			Period:  hours(func(p plan.Plan) int { return p.ControllerHours }),
			Outward: true, MetBy: notice, Source: "GDPR Art. 33(2)",
			Text: "A processor tells the controller without undue delay after becoming aware of a personal data breach.",
		},
		{
			ID: Authority, Title: "Notify %s", Trigger: ControllerOwes, Start: "aware", Holder: "siht", Recipient: "authority",
			Period:  hours(func(p plan.Plan) int { return p.AuthorityHours }),
			Outward: true, Filing: true, MetBy: []string{"filing"}, Source: "GDPR Art. 33(1)",
			Text: "A controller notifies the supervisory authority within 72 hours of becoming aware, unless a risk to persons is unlikely.",
		},
	}
}

// Shown names what meets the duties of a rule where only the incident can show it, "" elsewhere.
func Shown(rule string) string {
	for _, r := range Rules() {
		if r.ID == rule && r.Shown {
			return r.MetBy[0]
		}
	}
	return ""
}

// OfRule says whether the key of a duty is that of a duty of a rule.
func OfRule(key, rule string) bool {
	rest, ok := strings.CutPrefix(key, rule)
	return ok && (strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, "@"))
}

// Apiece are the rules that owe each party concerned a duty of its own, so that an incident
// may owe thousands, as arguments of a statement. None of them recurs: one that was met leads
// to nothing but what a law asks after it.
func Apiece() []any { return []any{Customer, Partner, EmployeeGroup, Controller} }

// Law is the rule of the law that such a rule stands for, "" for none.
func Law(rule string) string {
	if rule == Controller {
		return assessment.Controller33
	}
	return ""
}

// Recurs says whether the next duty of a rule starts when the one before is met.
func Recurs(rule string) bool {
	return slices.ContainsFunc(Rules(), func(r Rule) bool { return r.ID == rule && r.Recurs })
}
