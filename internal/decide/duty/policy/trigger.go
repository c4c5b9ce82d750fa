package policy

import (
	"slices"

	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// Recovered says whether reports end. Going back to an earlier phase after the recorded
// recovery takes it back: a moment cannot be unrecorded, and the work goes on.
func Recovered(s incident.State) bool {
	at := s.Moment(incident.Recovered, "")
	if at.IsZero() {
		return s.Phase == incident.Review
	}
	if n := len(s.Phases); n > 0 && s.Phases[n-1].At.After(at) {
		return slices.Index(incident.Phases[:], s.Phase) >= slices.Index(incident.Phases[:], incident.Recover)
	}
	return true
}

// personalMay says whether personal data may be involved. While nobody has answered,
// an operational incident is taken for what it was declared as.
func personalMay(s incident.State) bool {
	return s.PersonalData == incident.Yes || (s.PersonalData == incident.Unknown && s.Nature == incident.Security)
}

// CustomerDataWhy says why customer data may be involved; "" when nothing says so.
func CustomerDataWhy(s incident.State) string {
	if personalMay(s) {
		return "personal data: " + string(s.PersonalData)
	}
	for _, h := range s.Facts[string(incident.FactHarm)].Value.Harm {
		if h.Asset == "customer_data" {
			return "harm to customers' data: " + h.Property
		}
	}
	if len(s.ScopeNow().Customers) > 0 && s.Nature == incident.Security {
		return "customers are in scope"
	}
	return ""
}

// LegalWhy says why legal counsel is alerted; "" when nothing asks for it.
func LegalWhy(s incident.State) string {
	if personalMay(s) {
		return "personal data: " + string(s.PersonalData)
	}
	if f, ok := s.Fact(incident.FactLaw, ""); ok && f.Value.Answer == incident.Yes {
		return "law enforcement is considered"
	}
	for _, dec := range s.Decisions {
		if dec.Kind == incident.LawEnforcement && dec.Answer == incident.Yes {
			return "law enforcement is to be involved"
		}
	}
	if list := fact.SensitiveIn(s.Facts); len(list) > 0 {
		return "protected information: " + list[0].Words()
	}
	return ""
}

// Asks are the answers somebody asked for that an incident owes, those given among them.
func Asks(s incident.State) []fact.Ask {
	f, _ := s.Fact(fact.OfAsked, "")
	return f.Value.Asked
}

// Grave says whether all of our people are to hear of it.
func Grave(s incident.State) bool {
	return s.Nature == incident.Security && s.Status == incident.Confirmed && s.Severity != nil && *s.Severity <= 1
}

// Affected lists the ids of affected parties of one kind: those in scope, and customers
// as the assessment finds them.
func Affected(s incident.State, dir directory.Snapshot, kind directory.PartyKind) (ids []string, why string) {
	scope := s.ScopeNow()
	switch kind {
	case directory.PartyPartner:
		return scope.Partners, "in scope"
	case directory.PartyEmployeeGroup:
		return scope.EmployeeGroups, "in scope"
	}
	return assessment.Customers(s, dir)
}
