// Package directory knows who and what there is before anything happens: teams and who is on call, our legal entities,
// IT services with their owners, and the parties outside (customers with their contracts, partners, processors,
// authorities, law enforcement, insurers). It carries out policy 000 ("identified internal personnel … identified
// external stakeholders"), policy 001 ("teams in each department … assign incident leads") and policy 003 ("according
// to applicable contract language, service level agreements"). People themselves live in base/who.
//
// It must not import a room of detect, decide, respond, notify or learn.
package directory

import (
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/prepare/directory/contract"
	"github.com/wakebell/wakebell/internal/rule/grading"
)

// Kind is the kind of a directory item.
type Kind string

// The kinds of items.
const (
	KindTeam    Kind = "team"
	KindEntity  Kind = "entity"
	KindService Kind = "it_service"
	KindParty   Kind = "party"
)

// TeamKind says what a team is for.
type TeamKind string

// The kinds of teams.
const (
	TeamProduct        TeamKind = "product"
	TeamSIRT           TeamKind = "sirt"
	TeamSIHT           TeamKind = "siht"
	TeamLeadership     TeamKind = "leadership"
	TeamBoard          TeamKind = "board"
	TeamCommunications TeamKind = "communications"
	TeamLegal          TeamKind = "legal"
	TeamExecutive      TeamKind = "executive"
	TeamOther          TeamKind = "other"
)

// TeamKinds lists all kinds of teams.
func TeamKinds() []TeamKind {
	return []TeamKind{
		TeamProduct, TeamSIRT, TeamSIHT, TeamLeadership, TeamBoard, TeamCommunications, TeamLegal, TeamExecutive, TeamOther,
	}
}

// Team is a group of people that can be called.
type Team struct {
	ID      string   `json:"id" yaml:"id"`
	Name    string   `json:"name" yaml:"name"`
	Kind    TeamKind `json:"kind" yaml:"kind"`
	Members []Member `json:"members" yaml:"members"`
	OnCall  []Shift  `json:"on_call" yaml:"on_call,omitempty"`
	Version int      `json:"version" yaml:"-"`
	Retired bool     `json:"retired" yaml:"-"`
}

// Member is a person in a team. Person is an id of base/who.
type Member struct {
	Person string `json:"person" yaml:"person"`
	Lead   bool   `json:"lead,omitempty" yaml:"lead,omitempty"`
}

// Shift puts a person first in the calling order from From (inclusive) until Until (exclusive). A zero From or Until
// has no bound. Of several shifts at one time the earlier in the list is called first.
type Shift struct {
	Person string    `json:"person" yaml:"person"`
	From   time.Time `json:"from,omitzero" yaml:"from,omitempty"`
	Until  time.Time `json:"until,omitzero" yaml:"until,omitempty"`
}

// Covers tells whether the shift holds at t.
func (s Shift) Covers(t time.Time) bool {
	return !t.Before(s.From) && (s.Until.IsZero() || t.Before(s.Until))
}

// DataRole is a role under data protection law.
type DataRole string

// The data protection roles.
const (
	RoleController DataRole = "controller"
	RoleProcessor  DataRole = "processor"
)

// Entity is a legal entity of the company.
type Entity struct {
	ID          string       `json:"id" yaml:"id"`
	Name        string       `json:"name" yaml:"name"`
	Country     string       `json:"country" yaml:"country"` // ISO 3166-1 alpha-2
	Processings []Processing `json:"processings" yaml:"processings,omitempty"`
	Zone        string       `json:"zone,omitempty" yaml:"zone,omitempty"` // whose dates the law's days are counted on; "" = that of the rule
	// Kinds says what it is, and is not, in the words of the rule packs, such as financial_entity; others are asked.
	Kinds map[string]bool `json:"kinds,omitempty" yaml:"kinds,omitempty"`
	// Authority is the party id of the supervisory authority this entity files with.
	Authority string `json:"authority,omitempty" yaml:"authority,omitempty"`
	// PrivacyOfficer is the person id of the data protection officer (GDPR Art. 37).
	PrivacyOfficer string `json:"privacy_officer,omitempty" yaml:"privacy_officer,omitempty"`
	Version        int    `json:"version" yaml:"-"`
	Retired        bool   `json:"retired" yaml:"-"`
}

// Processing is one processing of personal data and the entity's role in it.
type Processing struct {
	Name string   `json:"name" yaml:"name"`
	Role DataRole `json:"role" yaml:"role"`
}

// Is tells whether the entity has the role in any of its processings.
func (e Entity) Is(role DataRole) bool {
	for _, p := range e.Processings {
		if p.Role == role {
			return true
		}
	}
	return false
}

// RoleIn returns the entity's role in the named processing, "" when it has none.
func (e Entity) RoleIn(processing string) DataRole {
	for _, p := range e.Processings {
		if p.Name == processing {
			return p.Role
		}
	}
	return ""
}

// ITService is a service the company runs (policy 003's "IT service").
type ITService struct {
	ID        string `json:"id" yaml:"id"`
	Name      string `json:"name" yaml:"name"`
	Team      string `json:"team" yaml:"team"`                               // owning team
	Architect string `json:"architect,omitempty" yaml:"architect,omitempty"` // person
	Entity    string `json:"entity,omitempty" yaml:"entity,omitempty"`       // our legal entity that runs it
	// Processing is the name of the entity's processing this service belongs to, "" when it touches no personal data.
	Processing string `json:"processing,omitempty" yaml:"processing,omitempty"`
	// Customers and Providers are party ids.
	Customers []string `json:"customers" yaml:"customers,omitempty,flow"`
	Providers []string `json:"providers" yaml:"providers,omitempty,flow"`
	// Aliases are other names under which alerts know the service.
	Aliases []string `json:"aliases" yaml:"aliases,omitempty,flow"`
	// Indicators replaces rows of the plan's (policy 002: they "vary depending on the product involved").
	Indicators *grading.Override `json:"indicators,omitempty" yaml:"indicators,omitempty"`
	Version    int               `json:"version" yaml:"-"`
	Retired    bool              `json:"retired" yaml:"-"`
}

// PartyKind says what an outside organisation (or a group of employees) is to us.
type PartyKind string

// The kinds of parties.
const (
	PartyCustomer       PartyKind = "customer"
	PartyPartner        PartyKind = "partner"
	PartyEmployeeGroup  PartyKind = "employee_group"
	PartyVendor         PartyKind = "vendor"
	PartyProcessor      PartyKind = "processor"
	PartyAuthority      PartyKind = "authority"
	PartyLawEnforcement PartyKind = "law_enforcement"
	PartyInsurer        PartyKind = "insurer"
)

// PartyKinds lists all kinds of parties.
func PartyKinds() []PartyKind {
	return []PartyKind{
		PartyCustomer, PartyPartner, PartyEmployeeGroup, PartyVendor, PartyProcessor, PartyAuthority, PartyLawEnforcement,
		PartyInsurer,
	}
}

// Party is somebody who may have to be told, or asked for help.
type Party struct {
	ID       string    `json:"id" yaml:"id"`
	Name     string    `json:"name" yaml:"name"`
	Kind     PartyKind `json:"kind" yaml:"kind"`
	Country  string    `json:"country,omitempty" yaml:"country,omitempty"`   // ISO 3166-1 alpha-2
	Language string    `json:"language,omitempty" yaml:"language,omitempty"` // BCP 47
	// Entity is our legal entity that contracts with the party, or that files with the authority.
	Entity   string    `json:"entity,omitempty" yaml:"entity,omitempty"`
	Contract *Contract `json:"contract,omitempty" yaml:"contract,omitempty"`
	Contacts []Contact `json:"contacts" yaml:"contacts,omitempty"`
	// PersonalDataRole is the party's own role for the personal data we share: a customer is usually the controller.
	PersonalDataRole DataRole `json:"personal_data_role,omitempty" yaml:"personal_data_role,omitempty"`
	KeyAccount       bool     `json:"key_account,omitempty" yaml:"key_account,omitempty"`
	// Liaison is the person of ours who looks after the party.
	Liaison string `json:"liaison,omitempty" yaml:"liaison,omitempty"`
	// Form is the address of the authority's own notification form (policy 000 asks for it to be used).
	Form    string `json:"form,omitempty" yaml:"form,omitempty"`
	Version int    `json:"version" yaml:"-"`
	Retired bool   `json:"retired" yaml:"-"`
}

// Reachable tells whether some contact has an address or a number.
func (p Party) Reachable() bool {
	for _, c := range p.Contacts {
		if c.Email != "" || c.Phone != "" {
			return true
		}
	}
	return false
}

// Contact is a person or desk at a party.
type Contact struct {
	Name  string `json:"name,omitempty" yaml:"name,omitempty"`
	Email string `json:"email,omitempty" yaml:"email,omitempty"`
	Phone string `json:"phone,omitempty" yaml:"phone,omitempty"`
	Role  string `json:"role,omitempty" yaml:"role,omitempty"`
}

// The parts of a contract; see package contract.
type (
	Contract          = contract.Contract
	ContractStart     = contract.Start
	ContractCondition = contract.Condition
	ContractFormat    = contract.Format
)

// What a contract may name.
const (
	FromDiscovered, FromAware, FromConfirmed = contract.FromDiscovered, contract.FromAware, contract.FromConfirmed
	WhenAny, WhenPersonalData, WhenConfirmed = contract.WhenAny, contract.WhenPersonalData, contract.WhenConfirmed
	UnitHours                                = contract.Hours
)

// Agreed is the contact that gets notices: the one the contract names, else the first that can be reached.
func (p Party) Agreed() (Contact, bool) {
	if p.Contract != nil && p.Contract.Contact != "" {
		for _, c := range p.Contacts {
			if slices.ContainsFunc([]string{c.Name, c.Email, c.Role}, func(x string) bool { return strings.EqualFold(x, p.Contract.Contact) }) {
				return c, true
			}
		}
	}
	for _, c := range p.Contacts {
		if c.Email != "" || c.Phone != "" {
			return c, true
		}
	}
	return Contact{}, false
}
