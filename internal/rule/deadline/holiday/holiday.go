// Package holiday makes the calendars that business days are counted by: public
// holidays of the European Union's states, of its institutions, of the United
// Kingdom, of the United States (federal), of Brazil and of others, and those an
// operator imports from an ICS file.
//
// It carries out policy 003 ("as required by applicable statutes and/or
// regulations"): a period in business days is only as right as its calendar. A
// missing holiday makes a due time too early, which is safe; one too many makes it
// too late. So days that are no statutory holiday for everybody are left out, and
// regional holidays are for the operator to import.
//
// Most days are computed by github.com/rickar/cal, where its list is right; the
// others are ours, in own.go. Pure: it must not import a clock, a context, SQL,
// network or file access.
package holiday

import (
	"slices"
	"strings"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/bg"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/gr"
	"github.com/rickar/cal/v2/hr"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/lt"
	"github.com/rickar/cal/v2/lv"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/ro"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/si"
	"github.com/rickar/cal/v2/sk"
	"github.com/rickar/cal/v2/us"

	"github.com/wakebell/wakebell/internal/rule/deadline"
)

// The years the shipped calendars know. Laws on holidays change; a date outside is
// an error, never a guess.
const (
	FirstYear = 2016
	LastYear  = 2036
)

// place is one shipped calendar.
type place struct {
	id, name string
	days     []*cal.Holiday
	without  []string // names the library lists that are no statutory holiday for everybody
	more     []*cal.Holiday
}

// places lists the shipped calendars. The id of a state is its ISO 3166 code.
func places() []place {
	return []place{
		{id: "AT", name: "Austria", days: at.Holidays},
		{id: "BE", name: "Belgium", days: be.Holidays},
		{id: "BG", name: "Bulgaria", days: bg.Holidays},
		{id: "CH", name: "Switzerland, holidays of the whole Confederation", more: []*cal.Holiday{
			fixed("New Year", 1, 1), easter("Ascension", 39), fixed("National Day", 8, 1), fixed("Christmas", 12, 25),
		}},
		{id: "CY", name: "Cyprus", more: cyprus()},
		{id: "CZ", name: "Czechia", days: cz.Holidays},
		{id: "DE", name: "Germany, holidays of all states", days: de.Holidays},
		{id: "DK", name: "Denmark", days: dk.Holidays, without: []string{"Grundlovsdag"}},
		{id: "EE", name: "Estonia", more: estonia()},
		{id: "ES", name: "Spain, national", days: es.Holidays},
		{id: "FI", name: "Finland", more: finland()},
		{id: "FR", name: "France", days: fr.Holidays},
		{id: "GR", name: "Greece", days: gr.Holidays},
		{id: "HR", name: "Croatia", days: hr.Holidays},
		{id: "HU", name: "Hungary", more: hungary()},
		{id: "IE", name: "Ireland", days: ie.Holidays},
		{id: "IT", name: "Italy", days: it.Holidays, more: []*cal.Holiday{since(2026, fixed("St Francis", 10, 4))}}, // Legge 151/2025
		{id: "LT", name: "Lithuania", days: lt.Holidays},
		{id: "LU", name: "Luxembourg", more: luxembourg()},
		{id: "LV", name: "Latvia", days: lv.Holidays},
		{id: "MT", name: "Malta", more: malta()},
		{id: "NL", name: "Netherlands", days: nl.Holidays, without: []string{"Goede vrijdag", "Bevrijdingsdag"}},
		{id: "NO", name: "Norway", days: no.Holidays},
		{id: "PL", name: "Poland", days: pl.Holidays, more: []*cal.Holiday{since(2025, fixed("Christmas Eve", 12, 24))}},
		{id: "PT", name: "Portugal", more: portugal()},
		{id: "RO", name: "Romania", days: ro.Holidays, more: []*cal.Holiday{since(2024, fixed("Epiphany", 1, 6)), since(2024, fixed("St John", 1, 7))}}, // Legea 52/2023
		{id: "SE", name: "Sweden", days: se.Holidays, without: []string{"Midsommarafton", "Julafton", "Nyårsafton"}},
		{id: "SI", name: "Slovenia", days: si.Holidays},
		{id: "SK", name: "Slovakia", days: sk.Holidays, without: slovakWorks, more: slovakia()},
		{id: "GB", name: "England and Wales", days: gb.Holidays},
		{id: "us-federal", name: "United States, federal holidays", days: us.Holidays},
		{id: "BR", name: "Brazil, national holidays", more: brazil()},
		{id: "CO", name: "Colombia", more: colombia()},
		{id: "eu-institutions", name: "Institutions of the European Union, as usual; their yearly list decides", more: institutions()},
	}
}

// Shipped makes the calendars that come with the program, by id, as fresh values.
func Shipped() map[string]*deadline.Calendar {
	out := map[string]*deadline.Calendar{}
	for _, p := range places() {
		c := &deadline.Calendar{ID: p.id, Name: p.name, First: FirstYear, Last: LastYear, Holidays: map[deadline.Day]string{}}
		for _, h := range append(slices.Clone(p.days), p.more...) {
			if slices.ContainsFunc(p.without, func(name string) bool { return strings.EqualFold(name, h.Name) }) {
				continue
			}
			// One year more on either side: a holiday may be observed in the year beside it.
			for year := FirstYear - 1; year <= LastYear+1; year++ {
				actual, observed := h.Calc(year)
				for _, day := range []time.Time{actual, observed} {
					if !day.IsZero() && day.Year() >= FirstYear && day.Year() <= LastYear {
						c.Holidays[deadline.Day{Year: day.Year(), Month: day.Month(), Day: day.Day()}] = h.Name
					}
				}
			}
		}
		out[p.id] = c
	}
	return out
}
