package fact

import (
	"encoding/json"
	"slices"
)

// Sensitive is a kind of data whose breach asks counsel for a decision on disclosure and
// retention (policy 001, point 1). It has no record of its own: it is read off the data
// categories and the protected data of the incident.
type Sensitive string

// The kinds: the first are data categories of the law, the others protected data.
const (
	Health         Sensitive = "health"
	Cards          Sensitive = "payment_card"
	SocialSecurity Sensitive = "social_security"
	NationalID     Sensitive = "government_id"
	TradeSecret    Sensitive = "trade_secret"
	Intellectual   Sensitive = "intellectual_property"
	CompanySecret  Sensitive = "company_information"
	Secrecy        Sensitive = "contract_secrecy"
)

// AllSensitive lists the kinds in the order of the policy.
func AllSensitive() []Sensitive {
	return append([]Sensitive{Health, Cards, SocialSecurity, NationalID}, ProtectedKinds[:]...)
}

// ProtectedKinds are the values of the fact "protected".
var ProtectedKinds = [...]Sensitive{TradeSecret, Intellectual, CompanySecret, Secrecy}

// SensitiveIn lists the kinds recorded, of the incident or of any legal entity.
func SensitiveIn(facts map[string]Fact) []Sensitive {
	had := map[string]bool{}
	for _, f := range facts {
		words := f.Value.Kinds
		if f.Name == LawFact+"data_categories" {
			words = nil
			_ = json.Unmarshal(f.Value.Law, &words) // what is not a list names no category
		}
		for _, w := range words {
			had[w] = true
		}
	}
	return slices.DeleteFunc(AllSensitive(), func(s Sensitive) bool { return !had[string(s)] })
}

// Words names the kind inside a sentence.
func (s Sensitive) Words() string {
	return map[Sensitive]string{
		Health: "health records", Cards: "payment cards", SocialSecurity: "social security numbers", NationalID: "national identity numbers",
		TradeSecret: "trade secrets", Intellectual: "intellectual property", CompanySecret: "sensitive company information",
		Secrecy: "what a contract keeps secret",
	}[s]
}
