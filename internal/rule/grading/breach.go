package grading

import (
	"fmt"
	"slices"
	"strings"
)

// Consequences is what an assessor says a breach means for the persons concerned.
// An empty word is not known. Source: GDPR recitals 75, 76 and 85, EDPB Guidelines
// 9/2022 and 01/2021, in our own words.
type Consequences struct {
	Recipient  string `json:"recipient,omitempty"`  // who has or had the data: trusted|known|unknown|public
	Effect     string `json:"effect,omitempty"`     // of lost or changed data on the persons: none|some|serious
	Likelihood string `json:"likelihood,omitempty"` // that something happens to the persons: unlikely|possible|likely
	Severity   string `json:"severity,omitempty"`   // of what may happen to them: limited|significant|severe
}

// ConsequenceWords are the words each part of Consequences takes.
var ConsequenceWords = map[string][]string{
	"recipient":  {"trusted", "known", "unknown", "public"},
	"effect":     {"none", "some", "serious"},
	"likelihood": {"unlikely", "possible", "likely"},
	"severity":   {"limited", "significant", "severe"},
}

// Validate names the part that has another word.
func (c Consequences) Validate() error {
	for _, p := range [...][2]string{{"recipient", c.Recipient}, {"effect", c.Effect}, {"likelihood", c.Likelihood}, {"severity", c.Severity}} {
		if p[1] != "" && !slices.Contains(ConsequenceWords[p[0]], p[1]) {
			return fmt.Errorf("%s: one of %s", p[0], strings.Join(ConsequenceWords[p[0]], ", "))
		}
	}
	return nil
}

// Breach is what is known of a breach of personal data, in the words of the rule
// packs. An empty word is not known.
type Breach struct {
	Confidentiality string   // intact|lost|suspected
	Integrity       string   // intact|lost|suspected
	Availability    string   // intact|lost_for_a_time|lost
	Encryption      string   // before the breach: none|partly|all
	Key             string   // safe|exposed
	Categories      []string // kinds of data; nil: not known
	Persons         int      // the most there may be; -1: not known
	Malicious       *bool    // nil: not known
	Consequences
}

// RiskLevel is how far a breach may reach the rights and freedoms of persons.
type RiskLevel int

// The levels of GDPR Art. 33(1) and 34(1).
const (
	RiskUnlikely RiskLevel = iota
	RiskGiven
	RiskHigh
)

// String is the word the rule packs use.
func (l RiskLevel) String() string { return [...]string{"unlikely", "risk", "high"}[l] }

// RiskSuggestion is what the facts of a breach point to. It advises an assessor and
// never decides. While Judgements is not empty, Least is a lower bound only: the
// facts do not settle more.
type RiskSuggestion struct {
	Least      RiskLevel
	Judgements []string // what a person must judge first
	Reasons    []string
}

// Settled says whether the facts point to one level.
func (s RiskSuggestion) Settled() bool { return len(s.Judgements) == 0 }

// Words is the suggestion in one sentence.
func (s RiskSuggestion) Words() string {
	level := [...]string{"A risk is unlikely", "There is a risk", "There is a high risk"}[s.Least]
	switch {
	case s.Settled():
		return level + "."
	case s.Least == RiskUnlikely:
		return "The facts do not settle it."
	}
	return "At least: " + strings.ToLower(level[:1]) + level[1:] + "."
}

// Kinds of data that weigh more: those the law protects specially, and those that
// let somebody act in a person's name or take their money.
var (
	sensitiveKinds = []string{"health", "biometric", "genetic", "special_category", "children", "location", "communications"}
	misuseKinds    = []string{"credentials", "financial", "payment_card", "government_id", "social_security"}
)

const (
	fewPersons  = 100  // what one letter or one mail that went astray reaches
	manyPersons = 1000 // from here the number alone weighs
)

// SuggestRisk says what the facts of a breach point to, after the cases of EDPB
// Guidelines 01/2021: what was exposed to whom, what was lost or changed, and what
// that does to the persons. It never says "unlikely" while something it hangs on is
// not known.
func SuggestRisk(b Breach) RiskSuggestion {
	s := &RiskSuggestion{}
	s.exposed(b)
	s.lost(b)
	s.weigh(b)
	return *s
}

func (s *RiskSuggestion) reach(l RiskLevel, why string) {
	s.Least = max(s.Least, l)
	s.Reasons = append(s.Reasons, why)
}

func (s *RiskSuggestion) ask(what string) {
	if !slices.Contains(s.Judgements, what) {
		s.Judgements = append(s.Judgements, what)
	}
}

// exposed weighs a loss of confidentiality.
func (s *RiskSuggestion) exposed(b Breach) {
	switch b.Confidentiality {
	case "":
		s.ask("whether anybody saw or got the data")
		return
	case "intact":
		s.reach(RiskUnlikely, "nobody saw or got the data")
		return
	}
	switch {
	case b.Encryption == "all" && b.Key == "safe":
		s.reach(RiskUnlikely, "all data were unintelligible and the key is safe")
		return
	case b.Encryption == "all" && b.Key == "":
		s.ask("whether the key to the encrypted data is safe")
	case b.Encryption == "":
		s.ask("whether the data were encrypted")
	}
	if b.Categories == nil {
		s.ask("which kinds of data are affected")
	}
	switch b.Recipient {
	case "trusted":
		s.trusted(b)
	case "known":
		s.known(b)
	case "unknown", "public":
		s.unknown(b)
	default:
		s.ask("who has or had the data")
		if b.Malicious != nil && *b.Malicious {
			s.unknown(b)
		}
	}
}

func (b Breach) has(kinds []string) (found []string) {
	for _, k := range b.Categories {
		if slices.Contains(kinds, k) {
			found = append(found, strings.ReplaceAll(k, "_", " "))
		}
	}
	return found
}

func (b Breach) malicious() bool { return b.Malicious != nil && *b.Malicious }

// trusted is a single recipient bound to secrecy who gave the data back or deleted
// them (EDPB case 09).
func (s *RiskSuggestion) trusted(b Breach) {
	if b.malicious() {
		s.reach(RiskGiven, "an improper purpose is the cause")
		s.ask("whether a recipient who came to the data by an attack can be trusted")
		return
	}
	s.reach(RiskUnlikely, "the recipient can be trusted not to use the data")
	if list := b.has(sensitiveKinds); len(list) > 0 {
		s.ask("what the " + strings.Join(list, ", ") + " data reveal, though the recipient is trusted")
	}
}

// known is a recipient we can name, who owes us nothing (EDPB cases 13, 15, 16).
func (s *RiskSuggestion) known(b Breach) {
	weighty := append(b.has(sensitiveKinds), b.has(misuseKinds)...)
	switch {
	case b.malicious():
		s.reach(RiskGiven, "somebody took the data on purpose")
		s.ask("whether what that person can do with the data is a high risk")
		return
	case len(weighty) > 0:
		s.ask("what the recipients can do with the " + strings.Join(weighty, ", ") + " data")
	case b.Persons < 0:
		s.ask("how many persons are concerned")
	case b.Persons > fewPersons:
		s.reach(RiskGiven, fmt.Sprintf("up to %d persons are concerned", b.Persons))
		s.ask("whether the number of persons makes the risk high")
	default:
		s.reach(RiskUnlikely, "few persons, plain data, and recipients we can name")
		if b.Likelihood != "unlikely" { // cases 13 and 16 differ in nothing else
			s.ask("whether anything is likely to happen to the persons")
		}
	}
	if b.Malicious == nil {
		s.ask("whether an attack or another improper purpose is the cause")
	}
}

// unknown is anybody: a thief, the finder of a device, the internet.
func (s *RiskSuggestion) unknown(b Breach) {
	s.reach(RiskGiven, "readable data are with people we do not know")
	weighty := append(b.has(sensitiveKinds), b.has(misuseKinds)...)
	switch {
	case len(weighty) > 0 && b.malicious():
		s.reach(RiskHigh, "somebody took "+strings.Join(weighty, ", ")+" data on purpose")
	case len(weighty) > 0 && b.Recipient == "public":
		s.reach(RiskHigh, strings.Join(weighty, ", ")+" data are public")
	case len(weighty) > 0:
		s.ask("whether the " + strings.Join(weighty, ", ") + " data make the risk high")
	case b.Persons < 0 || b.Persons >= manyPersons:
		s.ask("whether the number of persons makes the risk high")
	case b.malicious() || b.Malicious == nil:
		s.ask("whether the persons can be deceived or harmed with these data, which would be a high risk")
	case b.Severity == "" || b.Likelihood == "":
		s.ask("how likely and how severe the consequences are")
	}
}

// lost weighs a loss of availability or integrity.
func (s *RiskSuggestion) lost(b Breach) {
	gone := b.Availability == "lost" || b.Availability == "lost_for_a_time"
	changed := b.Integrity == "lost" || b.Integrity == "suspected"
	if b.Availability == "" {
		s.ask("whether data were lost or out of reach")
	}
	if b.Integrity == "" {
		s.ask("whether data were changed")
	}
	if !gone && !changed {
		return
	}
	what := map[bool]string{true: "data were lost or out of reach", false: "data were changed"}[gone]
	switch b.Effect {
	case "serious":
		s.reach(RiskHigh, what+", with serious effects on the persons")
	case "some":
		s.reach(RiskGiven, what+", with effects on the persons")
		s.ask("whether the effects of the loss on the persons are a high risk")
	case "none":
		s.reach(RiskUnlikely, what+", without any effect on the persons")
		if b.Availability == "lost" {
			s.ask("whether nobody will miss the data that are lost for good")
		}
	default:
		s.ask("what the loss or change of data did to the persons")
	}
}

// weigh takes what the assessor says of the consequences: it raises the level, and
// where it is lower than the facts it asks why; it never lowers it.
func (s *RiskSuggestion) weigh(b Breach) {
	said := RiskUnlikely
	switch {
	case b.Severity == "severe" && (b.Likelihood == "possible" || b.Likelihood == "likely"), b.Severity == "significant" && b.Likelihood == "likely":
		said = RiskHigh
	case b.Severity == "severe", b.Severity == "significant" && b.Likelihood != "unlikely" && b.Likelihood != "", b.Likelihood == "likely":
		said = RiskGiven
	}
	switch {
	case said > s.Least && said == RiskHigh:
		s.reach(RiskHigh, fmt.Sprintf("%s consequences are said to be %s", b.Severity, b.Likelihood))
	case said > s.Least:
		s.reach(said, "consequences for the persons are said to be "+b.saidOfThem())
		s.ask("whether those consequences make the risk high")
	case s.Least == RiskUnlikely && b.Severity == "significant":
		s.ask("whether consequences said to be significant are really unlikely")
	}
	if s.Least == RiskHigh {
		s.Judgements = nil // nothing that is open could raise it
		if b.Severity == "limited" || b.Likelihood == "unlikely" {
			s.Reasons = append(s.Reasons, "the consequences are said to be "+b.saidOfThem()+", which the other facts do not support: say why when your verdict is lower")
		}
	}
}

func (b Breach) saidOfThem() string {
	return strings.Join(slices.DeleteFunc([]string{b.Severity, b.Likelihood}, func(s string) bool { return s == "" }), " and ")
}
