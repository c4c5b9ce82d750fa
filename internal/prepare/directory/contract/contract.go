// Package contract holds what was agreed with a party about telling it of incidents: the
// hours and what they run from, for which incidents, whom to tell there, and in which form.
//
// It carries out policy 003 ("according to applicable contract language, service level
// agreements"). It is pure: it must not import a store, a clock or another room.
package contract

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Start is the moment from which the contract's time runs.
type Start string

// The moments a contract may name.
const (
	FromDiscovered Start = "discovered"
	FromAware      Start = "aware"
	FromConfirmed  Start = "confirmed"
)

// Condition says for which incidents the contract asks for a notice.
type Condition string

// The conditions a contract may have.
const (
	WhenAny          Condition = "any"           // suspected ones too
	WhenPersonalData Condition = "personal_data" // personal data yes, or not yet known
	WhenConfirmed    Condition = "confirmed"
)

// Words says for which incidents, suspected or confirmed ones.
func (c Condition) Words() string {
	return cmp.Or(map[Condition]string{
		WhenAny: "any incident, a suspected one too", WhenPersonalData: "personal data, or not yet known; a suspected incident too",
		WhenConfirmed: "confirmed incidents only",
	}[c], string(c))
}

// Unit is the unit of the contract's time.
type Unit string

// Hours is the one unit that is computed: elapsed hours. A contract in days is entered as its hours.
const Hours Unit = "hours"

// Format is the form in which the contract wants the notice.
type Format string

// The forms. What a contract says beyond them stands in its own words.
const (
	ByEmail  Format = "email"
	ByPortal Format = "portal"
	ByLetter Format = "letter"
	ByPhone  Format = "phone"
	ByOther  Format = "other"
)

// Formats lists the forms.
func Formats() []Format { return []Format{ByEmail, ByPortal, ByLetter, ByPhone, ByOther} }

// Words names the form.
func (f Format) Words() string {
	return cmp.Or(map[Format]string{
		ByEmail: "by e-mail", ByPortal: "in their portal", ByLetter: "by letter", ByPhone: "by telephone", ByOther: "in another form",
	}[f], string(f))
}

// Contract is what was agreed about telling a party of incidents.
type Contract struct {
	Hours     int       `json:"hours" yaml:"hours"`
	Unit      Unit      `json:"unit" yaml:"unit,omitempty"`           // default hours
	Start     Start     `json:"start" yaml:"start,omitempty"`         // default discovered, the strictest
	Condition Condition `json:"condition" yaml:"condition,omitempty"` // default any
	// Acknowledge: the duty is met only when the party has confirmed receipt.
	Acknowledge bool   `json:"acknowledge" yaml:"acknowledge,omitempty"`
	Clause      string `json:"clause" yaml:"clause,omitempty"` // e.g. "DPA § 7 (2)"
	// Contact says which of the party's contacts gets notices: its name, address or role; "" = the first.
	Contact string `json:"contact,omitempty" yaml:"contact,omitempty"`
	Format  Format `json:"format,omitempty" yaml:"format,omitempty"` // "" = none agreed
	// FormatWords is the form in the contract's own words, or where the portal is.
	FormatWords string `json:"format_words,omitempty" yaml:"format_words,omitempty"`
}

// FormatSaid is the agreed form in words; "" when none was agreed.
func (c Contract) FormatSaid() string {
	switch {
	case c.Format == "":
		return c.FormatWords
	case c.FormatWords == "":
		return c.Format.Words()
	}
	return c.Format.Words() + ": " + c.FormatWords
}

// Normal is the contract with its defaults.
func (c Contract) Normal() Contract {
	c.Unit, c.Start, c.Condition = cmp.Or(c.Unit, Hours), cmp.Or(c.Start, FromDiscovered), cmp.Or(c.Condition, WhenAny)
	c.Contact, c.FormatWords = strings.TrimSpace(c.Contact), strings.TrimSpace(c.FormatWords)
	return c
}

// Problem is one wrong field and what to do.
type Problem struct{ Field, Message string }

// Limits of a contract: the longest time in hours, and the length of a text in bytes.
const (
	maxHours = 24 * 366
	maxText  = 500
)

// Check says what is wrong; contacts are the names, addresses and roles at the party.
func (c Contract) Check(contacts []string) (out []Problem) {
	add := func(field, msg string, args ...any) { out = append(out, Problem{field, fmt.Sprintf(msg, args...)}) }
	if c.Hours < 1 || c.Hours > maxHours {
		add("hours", "must be between 1 and %d", maxHours)
	}
	if c.Unit != Hours {
		add("unit", "must be hours: enter days as their shortest number of hours")
	}
	if !slices.Contains([]Start{FromDiscovered, FromAware, FromConfirmed}, c.Start) {
		add("start", "must be one of discovered, aware, confirmed")
	}
	if !slices.Contains([]Condition{WhenAny, WhenPersonalData, WhenConfirmed}, c.Condition) {
		add("condition", "must be one of any, personal_data, confirmed")
	}
	if c.Format != "" && !slices.Contains(Formats(), c.Format) {
		add("format", "must be one of email, portal, letter, phone, other")
	}
	if c.Format == ByOther && c.FormatWords == "" {
		add("format_words", "must say which form it is")
	}
	for _, t := range [...]struct{ field, text string }{{"clause", c.Clause}, {"format_words", c.FormatWords}} {
		if len(t.text) > maxText {
			add(t.field, "must not be longer than %d bytes", maxText)
		}
	}
	if c.Contact != "" && !slices.ContainsFunc(contacts, func(x string) bool { return strings.EqualFold(x, c.Contact) }) {
		add("contact", "is none of the party's contacts: use a contact's name, address or role")
	}
	return out
}
