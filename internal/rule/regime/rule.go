// Package regime holds notification duties of laws as dated data, and judges
// which of them apply to the facts of an incident, each with the reason in words,
// its source and how sure that source is.
//
// It carries out policy 000 ("Winmore determines … whether notification of
// competent authorities or individuals is required under law") and policy 003
// ("Government bodies or officials as required by applicable statutes and/or
// regulations"). Rules are values: those needed now stand in gdpr.go, others can
// be decoded from files by a caller outside and handed in as []Rule.
//
// Nothing here is legal advice. A rule that cannot be judged is reported as not
// evaluated, never as not required.
//
// Pure: it must not import a clock, a context, SQL, network or file access. Of
// this program it imports rule/deadline only.
package regime

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/rule/deadline"
)

// Role is what a legal entity is for the personal data concerned, GDPR Art. 4(7)
// and (8).
type Role string

// The roles a rule can bind.
const (
	Controller Role = "controller"
	Processor  Role = "processor"
)

// Recipient is the kind of addressee of a duty.
type Recipient string

// The kinds of addressee.
const (
	ToAuthority  Recipient = "authority"
	ToController Recipient = "controller"
	ToRegister   Recipient = "register" // the entity's own breach register
)

// Condition is one word of the closed vocabulary rules are written in. A word
// that this version does not know makes the rule not evaluated.
type Condition string

// The vocabulary. A rule's conditions must all hold.
const (
	// PersonalDataBreach holds when personal data are affected, GDPR Art. 4(12).
	PersonalDataBreach Condition = "personal_data_breach"
	// RiskNotExcluded holds unless somebody found that a risk to the persons is
	// unlikely. Nobody having looked yet does not exclude it.
	RiskNotExcluded Condition = "risk_not_excluded"
)

// LegalStatus is how far a rule has come.
type LegalStatus string

// The statuses. The dates decide when law applies; a bill is never evaluated.
const (
	InForce          LegalStatus = "in_force"
	NotYetApplicable LegalStatus = "not_yet_applicable"
	Bill             LegalStatus = "bill"
	Repealed         LegalStatus = "repealed"
)

// Sureness is how well a rule's content was checked against its text.
type Sureness string

// How a rule came to be written down.
const (
	Read       Sureness = "read"       // the text was read
	ReadPartly Sureness = "partly"     // deadline or threshold read, the rest remembered
	Remembered Sureness = "remembered" // not checked against the text
)

// Words says it for people.
func (s Sureness) Words() string {
	switch s {
	case Read:
		return "text read"
	case ReadPartly:
		return "text read in part"
	case Remembered:
		return "from memory, not checked against the text"
	}
	return "not said how sure"
}

// Rule is one notification duty of one instrument in one version.
type Rule struct {
	ID         string          `json:"id" yaml:"id"`                            // stable, "eu-gdpr-33-1"
	Instrument string          `json:"instrument" yaml:"instrument"`            // "GDPR (EU) 2016/679"
	Article    string          `json:"article" yaml:"article"`                  // "33(1)"
	Owes       Role            `json:"owes" yaml:"owes"`                        // who must act
	Recipient  Recipient       `json:"recipient" yaml:"recipient"`              // to whom
	Start      string          `json:"start" yaml:"start"`                      // moment the clock starts at, "aware"
	Period     deadline.Period `json:"period" yaml:"period"`                    // zero = no fixed time, see Qualifier
	Qualifier  string          `json:"qualifier" yaml:"qualifier"`              // words of the law beside the period
	Conditions []Condition     `json:"conditions" yaml:"conditions"`            // all must hold
	Content    []string        `json:"content" yaml:"content"`                  // what the notice must contain, by wire name
	ValidFrom  time.Time       `json:"valid_from,omitzero" yaml:"valid_from"`   // first instant; zero = open
	ValidUntil time.Time       `json:"valid_until,omitzero" yaml:"valid_until"` // first instant after; zero = open
	Status     LegalStatus     `json:"status" yaml:"status"`
	Source     string          `json:"source" yaml:"source"` // where the text was taken from
	Sure       Sureness        `json:"sure" yaml:"sure"`
	ReviewNote string          `json:"review_note" yaml:"review_note"` // what a lawyer should look at
}

// Basis is the reference in one line: "GDPR (EU) 2016/679 Art. 33(1)".
func (r Rule) Basis() string {
	if r.Article == "" {
		return r.Instrument
	}
	return r.Instrument + " Art. " + r.Article
}

// Validate names the first thing that keeps r from being evaluated. An unknown
// condition is not an error here: Evaluate reports such a rule as not evaluated.
func (r Rule) Validate() error {
	for _, f := range []struct{ name, value string }{
		{"id", r.ID}, {"instrument", r.Instrument}, {"start", r.Start}, {"source", r.Source},
	} {
		if strings.TrimSpace(f.value) == "" {
			return fmt.Errorf("%s is empty", f.name)
		}
	}
	switch {
	case r.Owes != Controller && r.Owes != Processor:
		return errors.New("owes: controller or processor")
	case r.Recipient != ToAuthority && r.Recipient != ToController && r.Recipient != ToRegister:
		return errors.New("recipient: authority, controller or register")
	case r.Period != deadline.Period{} && !r.Period.Fixed():
		return errors.New("period: minutes or hours, or nothing where the law names no fixed time")
	case r.Period == deadline.Period{} && r.Qualifier == "":
		return errors.New("qualifier: needed where the law names no fixed time")
	case len(r.Conditions) == 0:
		return errors.New("conditions: at least one")
	case !slices.Contains([]LegalStatus{InForce, NotYetApplicable, Bill, Repealed}, r.Status):
		return errors.New("status: in_force, not_yet_applicable, bill or repealed")
	case !slices.Contains([]Sureness{Read, ReadPartly, Remembered}, r.Sure):
		return errors.New("sure: read, partly or remembered")
	case !r.ValidFrom.IsZero() && !r.ValidUntil.IsZero() && !r.ValidUntil.After(r.ValidFrom):
		return errors.New("valid_until: after valid_from")
	case r.Status == NotYetApplicable && r.ValidFrom.IsZero():
		return errors.New("valid_from: needed for a rule that does not apply yet")
	case r.Status == Repealed && r.ValidUntil.IsZero():
		return errors.New("valid_until: needed for a repealed rule")
	}
	return nil
}

// Check validates all rules and that versions of one id do not overlap in time.
// The error names the rule.
func Check(rules []Rule) error {
	for i, r := range rules {
		if err := r.Validate(); err != nil {
			return fmt.Errorf("rule %q: %w", r.ID, err)
		}
		for _, o := range rules[:i] {
			if o.ID == r.ID && o.Status != Bill && r.Status != Bill && overlap(o, r) {
				return fmt.Errorf("rule %q: two versions are valid at the same time", r.ID)
			}
		}
	}
	return nil
}

func overlap(a, b Rule) bool {
	return (a.ValidUntil.IsZero() || b.ValidFrom.Before(a.ValidUntil)) &&
		(b.ValidUntil.IsZero() || a.ValidFrom.Before(b.ValidUntil))
}
