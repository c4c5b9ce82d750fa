package plan

import "maps"

// Origin tells whose number a value is.
type Origin string

// The origins of a default value.
const (
	OriginPolicy Origin = "policy" // a policy states it
	OriginLaw    Origin = "law"    // a law states it
	OriginOwn    Origin = "own"    // no policy states it; our default, change it freely
)

// Source says where a default value comes from, in our own words.
type Source struct {
	Origin Origin `json:"origin" yaml:"origin"`
	// Policy is the number of the policy file, "000" to "003". An own default may name the sentence it serves.
	Policy   string `json:"policy,omitempty" yaml:"policy,omitempty"`
	Sentence string `json:"sentence" yaml:"sentence"`
}

func policy(file, sentence string) Source {
	return Source{Origin: OriginPolicy, Policy: file, Sentence: sentence}
}

// own is a default of ours; file names the policy it serves, or is empty.
func own(file, sentence string) Source {
	return Source{Origin: OriginOwn, Policy: file, Sentence: sentence}
}

// Sources maps the JSON name of each field of Plan to the source of its default value.
func Sources() map[string]Source { return maps.Clone(sources) }

// sources is read only; Sources hands out copies.
var sources = map[string]Source{
	"product_team_minutes": policy("003", "A suspected security incident reaches the product team as soon as possible, at the latest 20 minutes after discovery."),
	"classify_minutes":     own("003", "The product team verifies and classifies; the SIRT must be called within 60 minutes from discovery, so the classification is due by then. The policy gives it no number of its own."),
	"sirt_minutes":         policy("003", "A verified security incident of BIL 1 or 2 escalates to the SIRT within 60 minutes from discovery."),
	"leadership_minutes":   own("003", "The incident response manager reports the incident to senior leadership. The policy gives no number; ours is the time of the SIRT call."),
	"siht_minutes":         own("003", "Senior leadership reports whatever may involve customer data to the SIHT promptly. Promptly is 60 minutes in our default."),
	"legal_minutes":        own("001", "Authorities and legal counsel are alerted. The policy gives no number; ours is 60 minutes."),
	"sitrep_hours":         policy("003", "The SIHT gets a situation report every second hour, from the SIRT at BIL 1 and 2 and from the product team at BIL 3."),
	"board_first_minutes":  own("003", "The SIHT reports to the board according to its governance. The first hour is our default."),
	"board_every_hours":    own("003", "The SIHT reports to the board according to its governance. Every 24 hours is our default."),
	"board_bils":           own("003", "The SIHT reports to the board according to its governance. BIL 1 is our default."),
	"sirt_bils":            policy("003", "BIL 1 and 2 go to the SIRT; the product team handles BIL 3 itself."),

	"customer_personal_hours": policy("000", "Affected customers are told within 24 hours when their personal data may be involved."),
	"customer_hours":          policy("003", "Affected customers and partners are told within 48 hours, or by agreement or law, whichever is shorter."),
	"customer_start":          own("003", "The policies do not say from when the customers' hours run. Discovery is the strictest reading and our default."),
	"authority_hours":         {Origin: OriginLaw, Policy: "000", Sentence: "GDPR Art. 33(1): the controller notifies the authority within 72 hours after having become aware. Policy 000 names the same number."},
	"personnel_hours":         own("003", "The SIHT is responsible for appropriate notification to personnel; no time is stated."),
	"controller_hours":        own("000", "GDPR Art. 33(2): a processor tells its controller without undue delay. 24 hours is our default, after policy 000."),

	"notice_canary": own("003", "Required notifications take place in a timely manner. The policies do not ask to send to a few first; 0 sends to all at once."),

	"escalate_minutes":   own("003", "Who is called and does not answer is passed over after 5 minutes, so that three people can be tried within the 20 minutes."),
	"reminder_fractions": own("", "Reminders at half, three quarters and nine tenths of a duty's time."),
	"batch_seconds":      own("", "Signals of one team within 30 seconds make one call, so that a storm does not bury the people called."),
	"quiet_hours":        own("", "A signal seen again more than 24 hours after its verdict is new."),
	"default_team":       own("003", "A product team must be alerted even where no service is known. Name the team that takes it."),

	"severities":         policy("002", "One of four severity levels is given: 0 crisis, 1 critical, 2 major, 3 minor."),
	"indicators":         own("002", "Severity follows from total outage and the number of customers, broken core functionality and lost data, and differs by product. The policy gives no numbers; ours are a start."),
	"bil_criteria":       own("003", "The escalation follows the BIL classification, but no policy defines BIL 1 to 3. These criteria are ours: review them before use."),
	"bil_otherwise":      own("003", "BIL 3, the product team, where no criterion of a higher impact holds. The number is ours."),
	"assignments":        policy("001", "Incident leads are assigned, and teams have members for customers, internal communication and public relations. The list beyond that follows policy 003."),
	"approvals":          policy("003", "Nothing is said outside without approval of executive management and legal counsel; only a spokesperson assigned by the SIHT speaks in public."),
	"emergency_deputies": own("003", "When legal and executive cannot be reached in time, their deputies named here approve and release together. The policies name none; nobody may until the plan does."),
	"functions":          policy("000", "The people involved in incident management, and the stakeholders outside, have been identified."),

	"review_months": policy("003", "The plan and procedures are reviewed at least annually."),
	"test_months":   policy("003", "A test of the plan and procedures is initiated at least annually."),
	"reviewed_at":   policy("003", "The plan and procedures are reviewed at least annually."),
	"tested_at":     policy("003", "A test of the plan and procedures is initiated at least annually."),
}
