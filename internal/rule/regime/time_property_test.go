package regime_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/rule/regime/factfile"
)

// zones change their clocks in ways of their own.
var zones = []string{"UTC", "Europe/Vienna", "America/New_York", "America/Santiago", "Atlantic/Azores", "Asia/Kathmandu", "Pacific/Kiritimati", "Australia/Lord_Howe"} //nolint:gochecknoglobals // a table

// clocked are facts in which every condition that asks for it holds, with all moments at
// one instant, some notices given later, and an entity that is everything.
func clocked(t *rapid.T, b *regime.Book) regime.Facts {
	f := drawFacts(t, b)
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.Int64Range(0, 3*365*24*60).Draw(t, "minutes")) * time.Minute)
	f.At, f.Sent = start, map[string]time.Time{}
	for _, name := range names(b.Moments) {
		f.Moments[name] = start
	}
	for _, name := range names(b.Facts) {
		if b.Facts[name].Type == "yes_no" {
			f.Known[name] = rapid.IntRange(0, 3).Draw(t, name) > 0
		}
	}
	for _, id := range b.IDs() {
		if rapid.Bool().Draw(t, id+" is given") {
			f.Sent[id] = start.Add(time.Duration(rapid.Int64Range(0, 60*24*60).Draw(t, id)) * time.Minute)
		}
	}
	for _, kind := range names(b.Kinds) {
		f.Entities[0].Is[kind] = true
	}
	f.Entities[0].Country = rapid.SampledFrom([]string{"AT", "DE", "PT"}).Draw(t, "country")
	zone, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	f.Entities[0].Zone = zone
	return f
}

func shift(f regime.Facts, by time.Duration) regime.Facts {
	moved := func(in map[string]time.Time) map[string]time.Time {
		out := make(map[string]time.Time, len(in))
		for name, at := range in {
			out[name] = at.Add(by)
		}
		return out
	}
	f.At, f.Moments, f.Sent = f.At.Add(by), moved(f.Moments), moved(f.Sent)
	return f
}

// A due time is never before the instant it counts from, also over a hold.
func TestNeverBeforeTheStart(t *testing.T) {
	t.Parallel()
	b := shipped(t)
	rapid.Check(t, func(t *rapid.T) {
		f := clocked(t, b)
		if rapid.Bool().Draw(t, "held") {
			f.Hold = &regime.HoldFact{Since: f.At.Add(time.Hour)}
			if rapid.Bool().Draw(t, "released") {
				f.Hold.Released = f.Hold.Since.Add(time.Duration(rapid.Int64Range(0, 100*24*60).Draw(t, "for")) * time.Minute)
			}
		}
		for id, o := range judged(t, b, f) {
			switch {
			case o.Due == nil:
			case !o.Due.At.IsZero() && (o.Due.At.Before(f.At) || !o.Due.StartAt.IsZero() && o.Due.At.Before(o.Due.StartAt)):
				t.Fatalf("%s is due %s, and starts %s", id, o.Due.At, o.Due.StartAt)
			case o.Due.Held && (f.Hold == nil || !f.Hold.Released.IsZero()):
				t.Fatalf("%s rests without a hold: %s", id, o.Due.Reason())
			case o.Due.Day != "" && !strings.HasPrefix(o.Due.At.In(location(t, o.Due.Zone)).Format(time.DateOnly), o.Due.Day):
				t.Fatalf("%s: on %s, at %s in %s", id, o.Due.Day, o.Due.At, o.Due.Zone)
			}
		}
	})
}

func location(t *rapid.T, name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// When everything happens later, nothing is due earlier: except where a rule that rolls
// is given until noon, and where another version of a rule applies.
func TestLaterStartLaterDue(t *testing.T) {
	t.Parallel()
	b := shipped(t)
	rapid.Check(t, func(t *rapid.T) {
		f := clocked(t, b)
		before := judged(t, b, f)
		after := judged(t, b, shift(f, time.Duration(rapid.Int64Range(0, 100*24*60).Draw(t, "later"))*time.Minute))
		for id, was := range before {
			is := after[id]
			if was.Due == nil || is.Due == nil || was.Rule != is.Rule || was.Due.At.IsZero() || is.Due.At.IsZero() || was.Rule.Deadline.Roll {
				continue
			}
			if strings.HasPrefix(was.Rule.Start, "sent:eu-dora") || was.Rule.Deadline.Of == "eu-dora-initial" { // counts from one that rolls
				continue
			}
			if is.Due.At.Before(was.Due.At) {
				t.Fatalf("%s: due %s, and %s when everything is later", id, was.Due.At, is.Due.At)
			}
		}
	})
}

// The same instants give the same answer in whatever zone they are written.
func TestWhateverZoneFactsAreWrittenIn(t *testing.T) {
	t.Parallel()
	b := shipped(t)
	rapid.Check(t, func(t *rapid.T) {
		f := clocked(t, b)
		zone := location(t, rapid.SampledFrom(zones).Draw(t, "written in"))
		other := f
		other.Moments, other.Sent = maps.Clone(f.Moments), maps.Clone(f.Sent)
		for _, m := range []map[string]time.Time{other.Moments, other.Sent} {
			for name, at := range m {
				m[name] = at.In(zone)
			}
		}
		here, there := judged(t, b, f), judged(t, b, other)
		for id, o := range here {
			p := there[id]
			if o.Status != p.Status || o.Reason() != p.Reason() || o.Due != nil && (!o.Due.At.Equal(p.Due.At) || o.Due.Day != p.Due.Day || o.Due.Reason() != p.Due.Reason()) {
				t.Fatalf("%s: %s and %s", id, o.Reason(), p.Reason())
			}
		}
	})
}

// A local time that comes twice is the first of the two; one that the clocks skip is
// refused and named. A date stays a date, until a rule counts it.
func TestLocalTimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, text, want string }{
		{"Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30:00Z"},
		{"Europe/Berlin", "2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00Z"},
		{"America/New_York", "2026-11-01T01:30", "2026-11-01T05:30:00Z"},
		{"Atlantic/Azores", "2026-03-29", "2026-03-29T00:00:00Z"},
		{"Europe/Berlin", "2026-03-29T02:30", "the clocks of Europe/Berlin skipped"},
		{"America/New_York", "2026-03-08T02:30", "the clocks of America/New_York skipped"},
		{"Europe/Berlin", "29.3.2026", "is no time"},
	} {
		f, err := factfile.File{Zone: c.zone, Moments: map[string]string{"aware": c.text}}.Facts()
		got := f.Moments["aware"].UTC().Format(time.RFC3339)
		if err != nil {
			got = err.Error()
			if !strings.HasPrefix(got, "moments.aware: ") {
				t.Errorf("%q does not name the field", got)
			}
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s in %s: %s, want %s", c.text, c.zone, got, c.want)
		}
	}
}
