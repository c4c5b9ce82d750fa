package grading_test

import (
	"testing"

	"github.com/wakebell/wakebell/internal/rule/grading"
)

// TestMoreCases are the other cases of EDPB Guidelines 01/2021 and the examples of
// Annex B to Guidelines 9/2022, in our own words and as remembered: the suggestion
// agrees with the outcome, or says which judgement is needed.
func TestMoreCases(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	const unlikely, risk, high = grading.RiskUnlikely, grading.RiskGiven, grading.RiskHigh
	gone := func(b grading.Breach) grading.Breach { // ransomware: out of reach and changed, nothing taken
		b.Confidentiality, b.Integrity, b.Availability, b.Malicious = "intact", "lost", "lost_for_a_time", &yes
		return b
	}
	seen := func(b grading.Breach) grading.Breach { // confidentiality alone
		b.Confidentiality, b.Integrity, b.Availability = "lost", "intact", "intact"
		return b
	}
	for name, c := range map[string]struct {
		in   grading.Breach
		want grading.RiskLevel
	}{
		"02 ransomware without backup": {gone(grading.Breach{
			Encryption: "none", Categories: []string{"identity", "contact", "financial"}, Persons: 100,
			Consequences: grading.Consequences{Effect: "some", Likelihood: "possible", Severity: "limited"},
		}), risk},
		"04 ransomware with exfiltration, no backup": {grading.Breach{
			Confidentiality: "lost", Integrity: "lost", Availability: "lost_for_a_time", Malicious: &yes, Encryption: "none",
			Categories: []string{"government_id", "financial", "identity"}, Persons: 10_000,
			Consequences: grading.Consequences{Recipient: "unknown", Effect: "some", Likelihood: "likely", Severity: "significant"},
		}, high},
		"06 hashed passwords of a cooking site": {seen(grading.Breach{
			Malicious: &yes, Encryption: "all", Key: "safe", Categories: []string{"credentials"}, Persons: 1200,
			Consequences: grading.Consequences{Recipient: "unknown", Likelihood: "unlikely", Severity: "limited"},
		}), unlikely},
		"08 business contacts taken by an employee": {seen(grading.Breach{
			Malicious: &yes, Encryption: "none", Categories: []string{"contact", "identity"}, Persons: 500,
			Consequences: grading.Consequences{Recipient: "known", Likelihood: "possible", Severity: "limited"},
		}), risk},
		"10 stolen tablets, encrypted": {seen(grading.Breach{
			Malicious: &yes, Encryption: "all", Key: "safe", Categories: []string{"children", "identity"}, Persons: 40,
			Consequences: grading.Consequences{Recipient: "unknown", Likelihood: "unlikely", Severity: "limited"},
		}), unlikely},
		"12 stolen paper files on addiction": {grading.Breach{
			Confidentiality: "lost", Integrity: "intact", Availability: "lost", Malicious: &yes, Encryption: "none", Categories: []string{"health", "identity"}, Persons: 200,
			Consequences: grading.Consequences{Recipient: "unknown", Effect: "some", Likelihood: "likely", Severity: "significant"},
		}, high},
		"14 social security numbers mailed to sixty thousand": {seen(grading.Breach{
			Malicious: &no, Encryption: "none", Categories: []string{"social_security", "identity", "contact"}, Persons: 60_000,
			Consequences: grading.Consequences{Recipient: "known", Likelihood: "likely", Severity: "significant"},
		}), high},
		"16 an insurer's letter to the wrong person": {seen(grading.Breach{
			Malicious: &no, Encryption: "none", Categories: []string{"identity", "financial", "contact"}, Persons: 1,
			Consequences: grading.Consequences{Recipient: "known", Likelihood: "possible", Severity: "limited"},
		}), risk},
		"16, entered without the tariff": {seen(grading.Breach{
			Malicious: &no, Encryption: "none", Categories: []string{"identity", "contact", "other"}, Persons: 1,
			Consequences: grading.Consequences{Recipient: "known", Likelihood: "possible", Severity: "limited"},
		}), risk},
		"18 mail forwarded to an attacker": {seen(grading.Breach{
			Malicious: &yes, Encryption: "none", Categories: []string{"financial", "employment", "contact"}, Persons: 99,
			Consequences: grading.Consequences{Recipient: "unknown", Likelihood: "likely", Severity: "significant"},
		}), high},
		"i an encrypted stick, backup kept": {seen(grading.Breach{
			Malicious: &yes, Encryption: "all", Key: "safe", Categories: []string{"identity"}, Persons: 300, Consequences: grading.Consequences{Recipient: "unknown"},
		}), unlikely},
		"iii a power cut of minutes": {grading.Breach{
			Confidentiality: "intact", Integrity: "intact", Availability: "lost_for_a_time", Malicious: &no, Persons: 1000,
			Consequences: grading.Consequences{Effect: "none", Likelihood: "unlikely", Severity: "limited"},
		}, unlikely},
		"vi user names, passwords and purchases published": {seen(grading.Breach{
			Malicious: &yes, Encryption: "none", Categories: []string{"credentials", "identity"}, Persons: 50_000, Consequences: grading.Consequences{Recipient: "public"},
		}), high},
		"viii hospital records out of reach for thirty hours": {gone(grading.Breach{
			Encryption: "none", Categories: []string{"health"}, Persons: 5000, Consequences: grading.Consequences{Effect: "serious", Likelihood: "likely", Severity: "significant"},
		}), high},
		"ix students' data to a thousand recipients": {seen(grading.Breach{
			Malicious: &no, Encryption: "none", Categories: []string{"identity", "contact"}, Persons: 600, Consequences: grading.Consequences{Recipient: "known"},
		}), risk},
		"v one customer's statement to another": {seen(grading.Breach{
			Malicious: &no, Encryption: "none", Categories: []string{"financial", "identity"}, Persons: 1, Consequences: grading.Consequences{Recipient: "known"},
		}), risk},
	} {
		got := grading.SuggestRisk(c.in)
		t.Logf("%s: %s %q", name, got.Words(), got.Judgements)
		if got.Least > c.want || got.Settled() && got.Least != c.want {
			t.Errorf("%s: %v (settled %v), the outcome is %v: %q", name, got.Least, got.Settled(), c.want, got.Reasons)
		}
	}
}
