package incident

import (
	"encoding/json"
	"time"

	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/decide/incident/verdict"
)

// The types of facts; see package fact.
type (
	Answer   = fact.Answer
	FactName = fact.Name
	Harm     = fact.Harm
	Scope    = fact.Scope
	Persons  = fact.Persons
	Value    = fact.Value
	Fact     = fact.Fact
)

// The answers.
const (
	Unknown = fact.Unknown
	No      = fact.No
	Yes     = fact.Yes
)

// The facts that are not moments.
const (
	FactHarm, FactCause, FactPlace, FactScope = fact.OfHarm, fact.OfCause, fact.OfPlace, fact.OfScope
	FactPersonalData, FactRisk, FactProtected = fact.OfPersonalData, fact.OfRisk, fact.OfProtected
	FactLaw, FactIndicators                   = fact.OfLaw, fact.OfIndicators
)

// The moments.
const (
	Occurred, Discovered, Aware, Classified    = fact.Occurred, fact.Discovered, fact.Aware, fact.Classified
	Contained, Eradicated, Recovered, Resolved = fact.Contained, fact.Eradicated, fact.Recovered, fact.Resolved
)

// FactNames lists every fact name in the order of the documentation.
func FactNames() []FactName { return fact.Names() }

// IsText says whether the value of a fact is its text.
func IsText(n FactName) bool { return fact.IsText(n) }

// ParseValue reads the wire form of a fact's value; see fact.ParseValue.
func ParseValue(n FactName, raw json.RawMessage) (Value, string, error) {
	return fact.ParseValue(n, raw)
}

// WireValue is the inverse of ParseValue.
func WireValue(f Fact) any { return fact.WireValue(f) }

// Fact returns the value of a fact for an entity, falling back to the one that
// was recorded without an entity.
func (s State) Fact(n FactName, entity string) (Fact, bool) {
	if f, ok := s.Facts[fact.Key(n, entity)]; ok {
		return f, true
	}
	f, ok := s.Facts[string(n)]
	return f, ok
}

// Moment returns the time of a moment fact, or the zero time.
func (s State) Moment(n FactName, entity string) time.Time {
	f, _ := s.Fact(n, entity)
	return f.Value.At
}

// Panel is all that was said about the risk to persons; groups are whom the plan asks
// for a second opinion.
func (s State) Panel(groups [][]string) verdict.Panel {
	return verdict.Panel{Verdicts: s.Verdicts, Decisions: s.Decisions, Groups: groups}
}

// ScopeNow returns the current scope; empty when none is recorded.
func (s State) ScopeNow() Scope {
	if f, ok := s.Facts[string(FactScope)]; ok && f.Value.Scope != nil {
		return *f.Value.Scope
	}
	return Scope{}
}
