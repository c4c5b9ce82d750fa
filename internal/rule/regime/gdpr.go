package regime

import (
	"time"

	"github.com/wakebell/wakebell/internal/rule/deadline"
)

// The ids of the GDPR rules.
const (
	GDPRAuthority  = "eu-gdpr-33-1"
	GDPRController = "eu-gdpr-33-2"
	GDPRRegister   = "eu-gdpr-33-5"
)

const (
	gdpr       = "GDPR (EU) 2016/679"
	gdprSource = "EUR-Lex text as collected by Ansvar-Systems/EU_compliance_MCP, February 2026"
	gdprReview = "Not legal advice: a lawyer must confirm this reading before it is relied on."
)

// GDPR returns the duties of Art. 33 that the program derives now, as fresh
// values: controller to authority, processor to controller, the register. They
// apply from 25 May 2018 (Art. 99(2)).
func GDPR() []Rule {
	from := time.Date(2018, time.May, 25, 0, 0, 0, 0, time.UTC)
	return []Rule{
		{
			ID: GDPRAuthority, Instrument: gdpr, Article: "33(1)",
			Owes: Controller, Recipient: ToAuthority, Start: "aware", Period: deadline.Hours(72),
			Qualifier:  "without undue delay and, where feasible, within the period; a later filing gives the reasons for the delay",
			Conditions: []Condition{PersonalDataBreach, RiskNotExcluded},
			Content: []string{
				"nature_of_breach", "categories_data_subjects", "approx_number_data_subjects", "categories_records",
				"approx_number_records", "dpo_or_contact_point", "likely_consequences", "measures_taken_or_proposed",
				"mitigation_measures", "reasons_for_delay_if_late",
			},
			ValidFrom: from, Status: InForce, Source: gdprSource, Sure: Read,
			ReviewNote: gdprReview + " Counted as 72 elapsed hours from awareness, weekends and holidays included: the careful reading." +
				" Regulation (EEC, Euratom) 1182/71 counts from the next full hour and would end up to an hour later.",
		},
		{
			ID: GDPRController, Instrument: gdpr, Article: "33(2)",
			Owes: Processor, Recipient: ToController, Start: "aware",
			Qualifier:  "without undue delay; the law names no hours, a contract may",
			Conditions: []Condition{PersonalDataBreach},
			Content:    []string{"what_the_controller_needs_for_its_own_notification"},
			ValidFrom:  from, Status: InForce, Source: gdprSource, Sure: Read,
			ReviewNote: gdprReview + " The processor does not assess the risk: that is for the controller.",
		},
		{
			ID: GDPRRegister, Instrument: gdpr, Article: "33(5)",
			Owes: Controller, Recipient: ToRegister, Start: "aware",
			Qualifier:  "always, whatever the risk",
			Conditions: []Condition{PersonalDataBreach},
			Content:    []string{"facts", "effects", "remedial_action", "reasons_for_not_notifying"},
			ValidFrom:  from, Status: InForce, Source: gdprSource, Sure: Read,
			ReviewNote: gdprReview + " Writing down why somebody was not told is practice, not the wording of the article.",
		},
	}
}
