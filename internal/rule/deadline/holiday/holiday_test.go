package holiday

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/rule/deadline"
)

func day(s string) deadline.Day {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return deadline.DayOf(t, time.UTC)
}

func TestShipped(t *testing.T) {
	t.Parallel()
	cals := Shipped()
	for _, c := range []struct {
		cal, day string
		business bool
	}{
		{"BR", "2026-11-20", false},
		{"BR", "2023-11-20", true}, // no national holiday before 2024
		{"BR", "2026-02-17", true}, // Carnival is optional
		{"us-federal", "2026-11-26", false},
		{"us-federal", "2026-11-27", true},
		{"us-federal", "2026-07-03", false}, // the 4th is a Saturday
		{"us-federal", "2027-07-05", false}, // the 4th is a Sunday
		{"us-federal", "2021-12-31", false}, // New Year 2022 is a Saturday
		{"AT", "2026-12-25", false},
		{"AT", "2026-12-28", true},
		{"DE", "2026-10-03", false},
		{"NL", "2026-04-03", true}, // Good Friday is no statutory holiday there
		{"NL", "2026-04-06", false},
		{"SE", "2026-12-24", true},
		{"GR", "2026-04-13", false}, // Easter Monday of the eastern churches
		{"CY", "2026-04-13", false},
		{"CY", "2026-04-06", true},
		{"PL", "2024-12-24", true},
		{"PL", "2025-12-24", false},
		{"CO", "2026-01-12", false},
		{"CO", "2026-01-06", true},
		{"CO", "2026-06-08", false}, // Corpus Christi, on its Monday
		{"GB", "2026-12-28", false}, // Boxing Day on a Saturday
		{"DK", "2026-06-05", true},
		{"DK", "2026-05-01", true}, // the Great Prayer Day went in 2024
		{"SK", "2023-09-01", false},
		{"SK", "2025-09-01", true},
		{"SK", "2025-11-17", true}, // works since 2025
		{"SK", "2022-11-17", false},
		{"SK", "2026-05-08", true}, // for one year only
		{"SK", "2026-09-15", true},
		{"SK", "2027-09-15", false},
		{"SK", "2028-05-08", false},
		{"IT", "2027-10-04", false}, // St Francis, since 2026
		{"IT", "2024-10-04", true},
		{"RO", "2023-01-06", true}, // a holiday since 2024
		{"RO", "2026-01-06", false},
		{"RO", "2026-01-07", false},
		{"NL", "2025-05-05", true}, // a day off once in five years, and not for everybody
		{"CH", "2026-08-01", false},
		{"CH", "2026-04-03", true}, // cantonal only
	} {
		got, why, err := cals[c.cal].Business(day(c.day))
		if err != nil || got != c.business {
			t.Errorf("%s %s: business day %v (%s), %v; want %v", c.cal, c.day, got, why, err, c.business)
		}
	}
	for id, c := range cals {
		perYear := map[int]int{}
		for d := range c.Holidays {
			perYear[d.Year]++
		}
		for y := FirstYear; y <= LastYear; y++ {
			if perYear[y] < 4 || perYear[y] > 30 {
				t.Errorf("%s has %d holidays in %d", id, perYear[y], y)
			}
		}
		if _, _, err := c.Business(deadline.Day{Year: LastYear + 1, Month: 1, Day: 1}); !errors.Is(err, deadline.ErrOutside) {
			t.Errorf("%s guesses beyond its years: %v", id, err)
		}
	}
}

func TestReadICS(t *testing.T) {
	t.Parallel()
	days, err := ReadICS(strings.NewReader("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20270104\r\nDTEND;VALUE=DATE:20270106\r\nSUMMARY:Company\\, closed\r\n for repair\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"))
	if err != nil || len(days) != 2 || days[day("2027-01-05")] != "Company, closedfor repair" {
		t.Fatalf("%v, %v", days, err)
	}
	c := Shipped()["AT"].With(days)
	if ok, _, err := c.Business(day("2027-01-04")); ok || err != nil {
		t.Errorf("the imported day is a business day: %v", err)
	}
	for text, words := range map[string]string{
		"BEGIN:VCALENDAR\nEND:VCALENDAR\n":                                        "no whole-day event",
		"BEGIN:VEVENT\nDTSTART:2027-01-04\nEND:VEVENT\n":                          "line 2: a date reads",
		"BEGIN:VEVENT\nDTSTART:20270104\nRRULE:FREQ=YEARLY\nEND:VEVENT\n":         "line 3: recurring",
		"BEGIN:VEVENT\nDTSTART:20270104T090000\nEND:VEVENT\n":                     "line 2: a holiday is a whole day",
		"BEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT\n":                                   "line 3: an event without a start",
		"BEGIN:VEVENT\nDTSTART:20270104\nDTEND:29990104\nSUMMARY:x\nEND:VEVENT\n": "more than",
	} {
		if _, err := ReadICS(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v, want %q", text, err, words)
		}
	}
}
