package pack_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/rule/regime"
)

// TestDatesElsewhere: days are counted by the dates of the entity; where those of the
// place whose law it is end earlier, the duty says so.
func TestDatesElsewhere(t *testing.T) {
	t.Parallel()
	b := book(t)
	for _, c := range []struct{ zone, start, due, note string }{
		{"America/Los_Angeles", "2026-11-20T11:00:00Z", "2026-11-25", "it ends earlier: at the end of 2026-11-25 there"}, // the same day in both
		{"Asia/Tokyo", "2026-11-20T11:00:00Z", "2026-11-25", ""},
		{"Australia/Sydney", "2026-11-20T11:00:00Z", "2026-11-25", ""},                // ends two hours before Tokyo's
		{"Pacific/Kiritimati", "2026-11-20T11:00:00Z", "2026-11-26", "of Asia/Tokyo"}, // the next day there already
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		f := american("JP")
		f.Moments["occurred"], f.Moments["aware"] = at("2026-02-10T05:00:00Z"), at(c.start)
		f.Entities[0].Zone = zone
		o := outcomes(t, b, f)["jp-appi-prelim"]
		if o.Status != regime.Required || o.Due.Day != c.due {
			t.Fatalf("%s: %s, %+v", c.zone, o.Reason(), o.Due)
		}
		if notes := strings.Join(o.Due.Notes, "; "); !strings.Contains(notes, c.note) || c.note == "" && strings.Contains(notes, "earlier") {
			t.Errorf("%s: notes %q, want %q", c.zone, notes, c.note)
		}
	}
}

// TestReleaseIsSaidInAZoneOfTheReader: not in UTC, which nobody's clock shows.
func TestReleaseIsSaidInAZoneOfTheReader(t *testing.T) {
	t.Parallel()
	f := american("US-MD")
	f.Hold = &regime.HoldFact{Since: at("2026-02-15T05:00:00Z"), Released: at("2026-05-01T14:00:00Z")}
	o := outcomes(t, book(t), f)["us-md-individuals"]
	if notes := strings.Join(o.Due.Notes, "; "); !strings.Contains(notes, "released on 1 May 2026 10:00 (America/New_York)") {
		t.Error(notes)
	}
}

// TestReasonsAreRead: a reason names places, cites as lawyers do, and asks in sentences.
func TestReasonsAreRead(t *testing.T) {
	t.Parallel()
	b := book(t)
	f := american("US-TX")
	delete(f.Known, "acquired")
	delete(f.Known, "data_categories")
	all := outcomes(t, b, f)
	for rule, words := range map[string]string{
		"us-oh-individuals":    "no affected person is recorded in Ohio (US-OH). Ohio breach notification statute, section 1349.19;",
		"co-1581":              "acme is not established in Colombia (CO), and no affected person is recorded there.",
		"us-hipaa-individuals": "HIPAA Breach Notification Rule, 45 CFR 164.404",
		"us-tx-individuals":    "reasonably believed? Not known: Which kinds",
	} {
		if text := all[rule].Reason(); !strings.Contains(text, words) {
			t.Errorf("%s: %q lacks %q", rule, text, words)
		}
	}
	for rule, o := range all {
		if text := o.Reason(); strings.Contains(text, "?;") || strings.Contains(text, "?.") || strings.Contains(text, "..") {
			t.Errorf("%s: %s", rule, text)
		}
	}
}
