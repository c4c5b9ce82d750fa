package head

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/web/page/numeral"
)

func closedWord(s incident.State) string {
	switch {
	case s.MergedInto != "":
		return "Merged"
	case s.FilingsPending:
		return "Closed, filings pending"
	}
	return "Closed"
}

// Reach says in a few words how far the incident goes: 5 customers, about 1,200 persons.
func Reach(s incident.State) string {
	sc := s.ScopeNow()
	var parts []string
	if n := len(sc.Customers); n > 0 {
		parts = append(parts, numeral.Count(n, "customer", "customers"))
	}
	n := 0
	for _, p := range sc.Persons {
		n += p.Estimate
	}
	if n > 0 {
		about := "about "
		if sc.Confidence == "confirmed" {
			about = ""
		}
		parts = append(parts, about+numeral.Count(n, "person", "persons"))
	}
	return strings.Join(parts, ", ")
}

// FunctionWord names a function in an incident.
func FunctionWord(f incident.Function) string {
	if f == incident.FnManager {
		return "Incident manager"
	}
	return Upper(Spaced(string(f)))
}

// DecisionWord names a kind of decision.
func DecisionWord(k incident.DecisionKind) string {
	return cmp.Or(map[incident.DecisionKind]string{
		incident.OutsideHelp: "Outside help", incident.PressTeam: "Press team", incident.LawEnforcement: "Law enforcement",
		incident.DoNotNotify: "Do not notify", incident.OtherDecision: "Other decision",
		incident.DecideDisclosure: "Disclosure", incident.DecideRetention: "Retention", incident.Second: "Second opinion on the risk",
	}[k], Upper(Spaced(string(k))))
}

// Grade is "SEV 1 Critical, BIL 2", or "not graded".
func Grade(severity, bil *int) string {
	if severity == nil || bil == nil {
		return "not graded"
	}
	return fmt.Sprintf("SEV %d %s, BIL %d", *severity, SeverityWord(*severity), *bil)
}

// SeverityWord is the word of a severity.
func SeverityWord(n int) string {
	words := [...]string{"Crisis", "Critical", "Major", "Minor"}
	if n < 0 || n >= len(words) {
		return ""
	}
	return words[n]
}
