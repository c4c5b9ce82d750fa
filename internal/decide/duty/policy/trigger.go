package policy

import (
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/rule/deadline"
)

// Winner picks the due time. A rule that is due at once when its time passed before it
// applied gets a second candidate that says so.
func Winner(r Rule, cands []deadline.Candidate, triggered time.Time) ([]deadline.Candidate, string, time.Time, time.Time) {
	marked, i := deadline.Shortest(cands)
	if i < 0 {
		return marked, "", time.Time{}, time.Time{}
	}
	w := marked[i]
	if r.AtOnce && w.DueAt.Before(triggered) {
		marked[i].Wins = false
		marked[i].Reason = "this time had passed when the rule came to apply"
		w = deadline.Candidate{
			Name: "at once", Kind: deadline.Policy, Start: Triggered, StartAt: triggered, Period: deadline.Minutes(0),
			DueAt: triggered, Reason: "the time allowed had passed already: due now", Wins: true,
		}
		marked = append(marked, w)
	}
	return marked, w.Start, w.StartAt, w.DueAt
}

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
