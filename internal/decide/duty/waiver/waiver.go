// Package waiver says whose yes a duty needs to be left undone: legal and an executive for
// what is owed outside under law or contract, a superior of the holder for what is owed
// inside. It carries out the sentence that duties are prioritised by a person, never dropped
// (policy 003). It is pure and must not import its room.
package waiver

import (
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
)

// Consent is one yes to a waiver.
type Consent struct {
	Person string    `json:"person"`
	As     string    `json:"as"` // legal|executive|superior
	At     time.Time `json:"at"`
}

// Duty is what counts of the duty.
type Duty struct {
	Outward, Statutory bool
	Holder             string // id of the person
	Given              []Consent
}

// By says as what by may agree to leaving a duty undone, and whether that yes is the last
// one needed. The error says why not. It does not check duty.waive.
func By(by who.Identity, d Duty) (as string, complete bool, err error) {
	if by.Person == "" {
		return "", false, fault.New(fault.Denied, "a waiver names a person; a machine's token cannot agree to one")
	}
	if slices.ContainsFunc(d.Given, func(c Consent) bool { return c.Person == by.Actor }) {
		return "", false, fault.New(fault.Conflict, "you have agreed already; another person's yes is needed")
	}
	given := func(as string) bool {
		return slices.ContainsFunc(d.Given, func(c Consent) bool { return c.As == as })
	}
	if !d.Outward {
		if !by.Is(who.Manager) && !by.Is(who.Executive) {
			return "", false, fault.New(fault.Denied, "an inward duty is waived by its holder's superior: a manager or an executive")
		}
		if d.Holder == by.Person {
			return "", false, fault.New(fault.Denied, "nobody waives a duty they hold; ask a superior")
		}
		return "superior", true, nil
	}
	switch {
	case by.Is(who.Legal) && !given("legal"):
		as = "legal"
	case by.Is(who.Executive) && !given("executive"):
		as = "executive"
	default:
		return "", false, fault.New(fault.Denied, "an outward duty is waived by legal and an executive; a yes of your role is not needed")
	}
	other := map[string]string{"legal": "executive", "executive": "legal"}[as]
	return as, !d.Statutory || given(other), nil
}
