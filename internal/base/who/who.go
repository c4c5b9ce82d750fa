// Package who knows the people, their permission roles and the API tokens, and
// answers the first question of every operation: who asks, and may they? It
// carries out "Winmore has identified internal personnel involved in incident
// management" (policy 000) and "All information concerning an incident is to be
// considered confidential" (policy 003): nothing is permitted that the table in
// perm.go does not name.
//
// It must not import any chapter, any face, or another room of the ground floor
// than clock, fault, ident, record and store.
package who

import (
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// Role is a permission role: what somebody may do in the system. It is not an
// assignment, which is a person's function in one incident.
type Role string

// The roles.
const (
	Reporter       Role = "reporter"
	Responder      Role = "responder"
	Manager        Role = "manager"
	Analyst        Role = "analyst"
	SIHT           Role = "siht"
	Legal          Role = "legal"
	PrivacyOfficer Role = "privacy_officer"
	Communications Role = "communications"
	Executive      Role = "executive"
	Liaison        Role = "liaison"
	Auditor        Role = "auditor"
	Admin          Role = "admin"
)

// Roles returns all roles in the order they are listed to people.
func Roles() []Role {
	return []Role{
		Reporter, Responder, Manager, Analyst, SIHT, Legal, PrivacyOfficer,
		Communications, Executive, Liaison, Auditor, Admin,
	}
}

// Valid reports whether r is one of Roles.
func (r Role) Valid() bool { return slices.Contains(Roles(), r) }

// Identity is who asks. The zero identity is nobody and is refused everywhere.
type Identity struct {
	Actor  string // person id or token id; goes to the ledger
	Person string // person id, "" for a machine's token and for the engine
	Name   string // for display and logs only
	Roles  []Role

	engine bool
}

// Engine returns the identity under which the system itself acts: jobs, sweeps
// and the operator at the machine. It may do everything. No face may call it.
func Engine(name string) Identity {
	return Identity{Actor: "engine:" + name, Name: name, engine: true}
}

// EngineName is what people read for an actor of Engine: "Wakebell (job)"; "" for another.
func EngineName(actor string) string {
	if name, ok := strings.CutPrefix(actor, "engine:"); ok {
		return "Wakebell (" + name + ")"
	}
	return ""
}

// IsEngine reports whether i was made by Engine.
func (i Identity) IsEngine() bool { return i.engine }

// IsZero reports whether i is nobody.
func (i Identity) IsZero() bool { return i.Actor == "" }

// Is reports whether i holds role r. The engine holds no role.
func (i Identity) Is(r Role) bool { return slices.Contains(i.Roles, r) }

// Has reports whether i may do p.
func (i Identity) Has(p Permission) bool {
	if i.IsZero() {
		return false
	}
	if i.engine {
		return true
	}
	for _, r := range i.Roles {
		if granted[r][p] || (i.Person == "" && grantedToMachines[r][p]) {
			return true
		}
	}
	return false
}

// Check returns nil when i may do p, Unauthenticated for the zero identity and
// Denied otherwise. Every operation calls it before anything else.
func Check(i Identity, p Permission) error {
	if i.IsZero() {
		return fault.New(fault.Unauthenticated, "Sign in or send a valid token")
	}
	if !i.Has(p) {
		return fault.Newf(fault.Denied, "This needs the permission %s", p)
	}
	return nil
}

// CheckAny is Check for an operation that any one of several permissions opens.
func CheckAny(i Identity, first Permission, more ...Permission) error {
	for _, p := range more {
		if i.Has(p) {
			return nil
		}
	}
	return Check(i, first)
}
