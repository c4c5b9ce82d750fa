// Package moment reads times that people type into forms. It carries out no policy sentence of its
// own; that "discovered" is the right minute depends on it. It must not import the pages.
package moment

import (
	"strings"
	"time"
)

// Read reads a time as browsers send it, or as people type it where they have no field for it.
func Read(text string, zone *time.Location) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(layout, strings.TrimSpace(text), zone); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// Zone is the zone of that name, or another one.
func Zone(name string, or *time.Location) *time.Location {
	if z, err := time.LoadLocation(name); err == nil && name != "" {
		return z
	}
	return or
}
