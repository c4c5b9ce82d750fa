package term

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Dated is the location of a moment of which the date alone is known. It is that day
// wherever a rule counts days: no offset makes it the day before.
var Dated = time.FixedZone("date", 0)

// Before says whether a lies before b for certain. Of a date, any zone may be meant.
func Before(a, b time.Time) bool {
	const west, east = 36 * time.Hour, 14 * time.Hour // from the UTC midnight of a date to its last end, and back to its first beginning
	if a.Location() == b.Location() {
		return a.Before(b)
	}
	if a.Location() == Dated {
		a = a.Add(west)
	}
	if b.Location() == Dated {
		b = b.Add(-east)
	}
	return a.Before(b)
}

// Order refuses moments that lie before one they follow. It looks at pairs of which one at least is the entity's own.
func Order(words map[string]Moment, at string, own, incident map[string]time.Time) (errs []error) {
	all := maps.Clone(incident)
	if all == nil {
		all = map[string]time.Time{}
	}
	maps.Copy(all, own)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		d, ok := words[name]
		_, mine := own[name]
		if !ok && mine {
			errs = append(errs, fmt.Errorf("%smoments.%s: no moment of that name", at, name))
		}
		for _, earlier := range d.After {
			_, theirs := own[earlier]
			if t := all[earlier]; (mine || theirs) && !t.IsZero() && Before(all[name], t) {
				errs = append(errs, fmt.Errorf("%smoments.%s: %s lies before %q, %s", at, name,
					all[name].UTC().Format(time.RFC3339), earlier, t.UTC().Format(time.RFC3339)))
			}
		}
	}
	return errs
}

// Shown refuses moments that say a fact is so where the fact says no: who has paid has
// made a payment.
func Shown(words map[string]Moment, at string, moments map[string]time.Time, known map[string]any) (errs []error) {
	for _, name := range slices.Sorted(maps.Keys(moments)) {
		if shows := words[name].Shows; shows != "" && known[shows] == false {
			errs = append(errs, fmt.Errorf("%smoments.%s: a time is recorded, and known.%s says that it is not so", at, name, shows))
		}
	}
	return errs
}
