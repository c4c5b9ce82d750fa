// Package grading holds the two gradings of an incident: severity 0 to 3 and
// business impact level (BIL) 1 to 3. It suggests both in words and warns where
// they do not fit together; people decide.
//
// It carries out policy 002 ("We designate one of four severity levels to an
// incident", with the indicators total service outage and number of customers
// affected, core functionality broken, data loss) and serves policy 003 ("The
// escalation procedure shall follow the BIL classification"). The policies name
// no thresholds and no BIL criteria: those defaults are ours and say so.
//
// Pure: it must not import a clock, a context, SQL, network or file access,
// nor any other room of this program.
package grading

import "fmt"

// Answer is a question that may still be open. The zero value is Unknown, so
// what nobody answered is never taken for a no.
type Answer string

// The answers. "" reads as unknown.
const (
	Unknown Answer = "unknown"
	No      Answer = "no"
	Yes     Answer = "yes"
)

// Known says whether somebody answered.
func (a Answer) Known() bool { return a == Yes || a == No }

// Valid says whether a is one of the three answers or empty.
func (a Answer) Valid() bool { return a == "" || a == Unknown || a.Known() }

// Severity is 0 (worst) to 3, as policy 002 defines it. Because 0 is a real
// level, "not graded" is a nil *Severity.
type Severity int

// The four levels of policy 002.
const (
	Crisis   Severity = 0
	Critical Severity = 1
	Major    Severity = 2
	Minor    Severity = 3
)

// Valid says whether s is 0 to 3.
func (s Severity) Valid() bool { return s >= Crisis && s <= Minor }

// Word is one word for the level: crisis, critical, major, minor; "" if invalid.
func (s Severity) Word() string {
	if !s.Valid() {
		return ""
	}
	return [...]string{"crisis", "critical", "major", "minor"}[s]
}

// Description is the sentence of policy 002 for the level; "" if invalid.
func (s Severity) Description() string {
	if !s.Valid() {
		return ""
	}
	return [...]string{
		"Crisis incident with maximum impact",
		"Critical incident with very high impact",
		"Major incident with significant impact",
		"Minor incident with low impact",
	}[s]
}

// String is "0 crisis".
func (s Severity) String() string {
	if !s.Valid() {
		return fmt.Sprintf("%d (no severity)", int(s))
	}
	return fmt.Sprintf("%d %s", int(s), s.Word())
}

// BIL is the business impact level, 1 (highest) to 3; 0 is "not classified".
type BIL int

// The three levels policy 003 names.
const (
	BIL1 BIL = 1
	BIL2 BIL = 2
	BIL3 BIL = 3
)

// Valid says whether b is 1 to 3.
func (b BIL) Valid() bool { return b >= BIL1 && b <= BIL3 }

// String is "BIL 1", or "not classified".
func (b BIL) String() string {
	if !b.Valid() {
		return "not classified"
	}
	return fmt.Sprintf("BIL %d", int(b))
}

// Handling is who handles the level, from policy 003's escalation procedure; ""
// if b is not classified.
func (b BIL) Handling() string {
	switch b {
	case BIL1, BIL2:
		return "the SIRT is called within 60 minutes from discovery, and the SIHT gets a report every second hour"
	case BIL3:
		return "the product team handles it, and the SIHT gets a situation report every second hour"
	}
	return ""
}

// Property is what an incident harms, ISO/IEC 27035.
type Property string

// The three properties of policy 002's definition of an incident.
const (
	Confidentiality Property = "confidentiality"
	Integrity       Property = "integrity"
	Availability    Property = "availability"
)

// Asset is whose data or services are harmed.
type Asset string

// The three assets of policy 002's definition of an incident.
const (
	CustomerData Asset = "customer_data"
	OurData      Asset = "our_data"
	OurServices  Asset = "our_services"
)

// Harm is one property of one asset, existing or impending.
type Harm struct {
	Property Property `json:"property" yaml:"property"`
	Asset    Asset    `json:"asset" yaml:"asset"`
}
