package assessment

import (
	"strings"

	"github.com/wakebell/wakebell/internal/rule/regime"
)

// The rules behind the two duties under law that the policies name themselves.
const (
	Authority33  = "eu-gdpr-33-1"
	Controller33 = "eu-gdpr-33-2"
)

// Owed says whether a rule of the law becomes a duty of its own once it is required.
func Owed(r *regime.Rule) bool {
	switch {
	case r.ID == Authority33, r.ID == Controller33, r.ID == "contract-customer":
		return false // the policies' own rules owe these, with the plan's and contract's hours
	case r.To == regime.ToRegister, r.Deadline.Words == "voluntary":
		return false
	}
	return true
}

// Title names a duty under a law; %s is the recipient.
func Title(r *regime.Rule) string {
	verb := "Notify %s"
	switch r.To {
	case regime.ToSelf:
		verb = "Finish the assessment"
	case regime.ToMarket:
		verb = "Disclose to %s"
	}
	if r.Stage != "single" {
		verb += ", " + strings.ReplaceAll(r.Stage, "_", " ")
	}
	return verb + " (" + strings.ReplaceAll(r.Basis(), "%", "%%") + ")"
}

// Recipient names who is told under a rule.
func Recipient(r *regime.Rule) string {
	if r.ToName != "" {
		return r.ToName
	}
	words := map[regime.Recipient]string{
		regime.ToAuthority: "the authority", regime.ToRegulator: "the regulator", regime.ToCSIRT: "the CSIRT", regime.ToPersons: "the persons concerned",
		regime.ToCustomers: "the customers concerned", regime.ToController: "the controller", regime.ToCreditAgent: "the credit reporting agencies",
		regime.ToMedia: "the media", regime.ToPartner: "the partner", regime.ToPolice: "law enforcement", regime.ToOthers: "others who can reduce the harm",
		regime.ToMarket: "the market", regime.ToSelf: "ourselves", regime.ToRegister: "our own register",
	}
	where := ""
	if r.Reach != regime.Anywhere {
		where = " (" + r.Jurisdiction + ")"
	}
	return words[r.To] + where
}
