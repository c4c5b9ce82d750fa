// Package whom says who gets a variant of a notice instead of its master text: by the kind of
// party, the country, the label on the list and the channel. It carries out policy 003 ("the
// same or similar message delivered to each") by making the difference a condition that is
// approved. It is pure and must not import anything of the house.
package whom

import (
	"slices"
	"strings"
)

// Reader is what is known of a recipient when their text is chosen.
type Reader struct{ Kind, Country, Label, Channel string }

// For says who gets a variant instead of the master text: whoever fits every condition that
// is named. The zero For is for nobody.
type For struct {
	Kinds     []string `json:"kinds,omitempty"`     // of parties: customer, partner, vendor …
	Countries []string `json:"countries,omitempty"` // such as DE
	Labels    []string `json:"labels,omitempty"`    // that the list of recipients gives
	Channels  []string `json:"channels,omitempty"`  // by which the copy goes, such as phone
}

// Empty says that it is for nobody.
func (f For) Empty() bool { return len(f.Kinds)+len(f.Countries)+len(f.Labels)+len(f.Channels) == 0 }

// Fits says whether the variant is this reader's.
func (f For) Fits(r Reader) bool {
	for _, c := range []struct {
		any []string
		is  string
	}{{f.Kinds, r.Kind}, {f.Countries, r.Country}, {f.Labels, r.Label}, {f.Channels, r.Channel}} {
		if len(c.any) > 0 && !slices.ContainsFunc(c.any, func(s string) bool { return strings.EqualFold(s, c.is) }) {
			return false
		}
	}
	return !f.Empty()
}

// Equal compares two.
func (f For) Equal(o For) bool {
	return slices.Equal(f.Kinds, o.Kinds) && slices.Equal(f.Countries, o.Countries) && slices.Equal(f.Labels, o.Labels) && slices.Equal(f.Channels, o.Channels)
}

// String says it in words: "customer or partner, in DE, labelled retail, by phone".
func (f For) String() string {
	var parts []string
	add := func(before string, list []string) {
		if len(list) > 0 {
			parts = append(parts, before+strings.ReplaceAll(strings.Join(list, " or "), "_", " "))
		}
	}
	add("", f.Kinds)
	add("in ", f.Countries)
	add("labelled ", f.Labels)
	add("by ", f.Channels)
	return strings.Join(parts, ", ")
}
