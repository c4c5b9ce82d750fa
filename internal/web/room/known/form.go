package known

import (
	"slices"

	"github.com/wakebell/wakebell/internal/decide/incident"
	past "github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/room/head"
)

func recordTitle(v one) string {
	if v.Said {
		return "Record a new value"
	}
	return "Record it"
}

// kindOptions are the usual kinds of data and those already named.
func kindOptions(named []string) []page.Option {
	list := slices.Clone(dataKinds)
	for _, k := range named {
		if !slices.Contains(list, k) {
			list = append(list, k)
		}
	}
	out := make([]page.Option, len(list))
	for i, k := range list {
		out[i] = page.Option{Value: k, Label: head.Upper(k)}
	}
	return out
}

func countryWord(c string) string {
	if c == "" {
		return "Country not known"
	}
	return c
}

// others are the same fact of other entities.
func others(v one) []incident.Fact {
	return slices.DeleteFunc(Of(v.Room, v.Name), func(f incident.Fact) bool { return f.Key() == v.Key })
}

func otherWord(v one, f incident.Fact) string {
	if f.Entity == "" {
		return "for the whole company"
	}
	return "for " + EntityName(v.Room, f.Entity)
}

// recordedBy says whose word a value is, and who wrote it down.
func recordedBy(x past.Version) string {
	if x.Fact.SaidBy != "" {
		return "Said by " + x.Fact.SaidBy + ", recorded by " + x.ByName
	}
	return x.ByName
}
