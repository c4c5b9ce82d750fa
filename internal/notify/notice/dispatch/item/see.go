package item

import (
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
)

// ErrDrill refuses what a drill would send.
var ErrDrill = fault.New(fault.Conflict, "This is a drill: nothing of it leaves the building, on any channel")

// Sees tells whether a viewer may see a recipient: those who read recipients all, a liaison
// the own customers.
func Sees(by who.Identity, r Recipient) bool {
	return by.Has(who.PermRecipientRead) || by.Has(who.PermRecipientWork) && r.Liaison != "" && r.Liaison == by.Person
}
