package regime

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/rule/deadline"
	"github.com/wakebell/wakebell/internal/rule/regime/headcount"
	"github.com/wakebell/wakebell/internal/rule/regime/term"
)

// The words of the packs; see package term.
type (
	FactType = term.FactType
	Fact     = term.Fact
	Kind     = term.Kind
	Moment   = term.Moment
)

// Facts is what is known about one incident. What is missing in a map is not
// known.
type Facts struct {
	At       time.Time            // the instant of the evaluation; decides about rules whose start is not known
	Moments  map[string]time.Time // by name: discovered, aware, determined, …; in the location Dated, a date
	Known    map[string]any       // by name of fact: bool, string, int64 or []string
	Persons  map[string]Persons   // affected persons by jurisdiction, "DE", "US-CA"; empty = not known
	Sent     map[string]time.Time // when a rule's notice was in fact given, by rule id
	Entities []Entity             // our legal entities that the incident touches
	Hold     *HoldFact
}

// Entity is one legal entity of the company in this incident.
type Entity struct {
	ID      string
	Name    string               // for the reason; ID when empty
	Country string               // ISO 3166, of its establishment; "" = not known
	Zone    *time.Location       // nil = that of the rule
	Is      map[string]bool      // kinds of entity it is, and is not
	Known   map[string]any       // its own findings, before those of the incident
	Moments map[string]time.Time // its own times, before those of the incident
	Sent    map[string]time.Time // its own notices
}

func (e *Entity) label() string {
	if e.Name != "" {
		return e.Name
	}
	return e.ID
}

// Persons is how many persons are affected. Estimate may be -1, not known.
type Persons = headcount.Persons

// UnknownPlace is the key of persons of whom nobody knows the country yet.
const UnknownPlace = headcount.Unknown

// Exactly is a known number.
func Exactly(n int64) Persons { return headcount.Exactly(n) }

// Dated is the location of a moment of which the date alone is known: it is that day wherever a rule counts.
var Dated = term.Dated

// in is the instant of a moment, for a rule that counts in zone: of a date the first.
func in(at time.Time, zone *time.Location) time.Time {
	if at.IsZero() || at.Location() != Dated {
		return at
	}
	return deadline.DayOf(at, Dated).Begin(zone)
}

// HoldFact is a request of law enforcement to delay notices.
type HoldFact struct {
	Since    time.Time
	Released time.Time // zero = it still stands
}

// Check refuses facts that are unknown, of the wrong shape, or contradict each
// other. The errors name the fact.
func (b *Book) Check(f Facts) []error {
	errs := slices.Concat(b.checkKnown("", f.Known), term.Order(b.Moments, "", f.Moments, nil), term.Shown(b.Moments, "", f.Moments, f.Known), b.checkSent("", f.Sent), headcount.Check(f.Persons))
	switch h := f.Hold; {
	case h == nil:
	case h.Since.IsZero():
		errs = append(errs, errors.New("hold.since: missing"))
	case !h.Released.IsZero() && term.Before(h.Released, h.Since):
		errs = append(errs, errors.New("hold.released: it is released before it begins"))
	}
	seen := map[string]bool{}
	for i := range f.Entities {
		e := &f.Entities[i]
		at := "entities." + e.ID + "."
		errs = slices.Concat(errs, b.checkKnown(at, e.Known), term.Order(b.Moments, at, e.Moments, f.Moments), term.Shown(b.Moments, at, e.Moments, e.Known), b.checkSent(at, e.Sent))
		if e.ID == "" || seen[e.ID] {
			errs = append(errs, fmt.Errorf("entities: each has an id of its own; %q is missing or used twice", e.ID))
		}
		seen[e.ID] = true
		if e.Country != "" && !headcount.Place(e.Country) {
			errs = append(errs, fmt.Errorf("%scountry: %q is no ISO 3166 code, like DE; %s", at, e.Country, headcount.Remedy(e.Country)))
		}
		for _, kind := range slices.Sorted(maps.Keys(e.Is)) {
			if _, ok := b.Kinds[kind]; !ok {
				errs = append(errs, fmt.Errorf("%sis.%s: no kind of entity of that name", at, kind))
			}
		}
	}
	return errs
}

func (b *Book) checkSent(at string, sent map[string]time.Time) (errs []error) {
	for _, id := range slices.Sorted(maps.Keys(sent)) {
		if len(b.versions[id]) == 0 {
			errs = append(errs, fmt.Errorf("%ssent.%s: no rule of that id", at, id))
		}
	}
	return errs
}

func (b *Book) checkKnown(at string, known map[string]any) (errs []error) {
	for _, name := range slices.Sorted(maps.Keys(known)) {
		d, ok := b.Facts[name]
		if !ok {
			errs = append(errs, fmt.Errorf("%sknown.%s: no fact of that name", at, name))
			continue
		}
		if want := d.Wants(known[name]); want != "" {
			errs = append(errs, fmt.Errorf("%sknown.%s: %s", at, name, want))
		}
	}
	return errs
}
