package holiday

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/rule/deadline"
)

// Bounds of an imported file.
const (
	maxICS  = 4 << 20 // bytes
	maxDays = 20_000  // days of all its events
)

// ReadICS reads the holidays of an iCalendar file (RFC 5545): the days of every
// VEVENT that has a whole-day start, by date; an end is the first day after.
// Recurring events are refused: a calendar must name its years. The error names
// the line.
func ReadICS(r io.Reader) (map[deadline.Day]string, error) {
	lines, err := unfold(io.LimitReader(r, maxICS+1))
	if err != nil {
		return nil, err
	}
	days := map[deadline.Day]string{}
	var e event
	for _, l := range lines {
		name, value, _ := strings.Cut(l.text, ":")
		name, _, _ = strings.Cut(name, ";")
		switch strings.ToUpper(name) {
		case "BEGIN":
			if strings.EqualFold(value, "VEVENT") {
				e = event{open: true}
			}
		case "DTSTART":
			if e.open {
				e.start, err = date(value)
			}
		case "DTEND":
			if e.open {
				e.end, err = date(value)
			}
		case "SUMMARY":
			if e.open {
				e.name = unescape(value)
			}
		case "RRULE", "RDATE":
			if e.open {
				err = errors.New("recurring events are not read; export a calendar that lists each year's days")
			}
		case "END":
			if strings.EqualFold(value, "VEVENT") {
				err = e.into(days)
				e = event{}
			}
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", l.number, err)
		}
	}
	if len(days) == 0 {
		return nil, errors.New("no whole-day event is in this file")
	}
	return days, nil
}

type event struct {
	open       bool
	name       string
	start, end time.Time
}

func (e event) into(days map[deadline.Day]string) error {
	switch {
	case !e.open || e.start.IsZero():
		return errors.New("an event without a start")
	case e.end.IsZero() || !e.end.After(e.start):
		e.end = e.start.AddDate(0, 0, 1)
	}
	for d := e.start; d.Before(e.end); d = d.AddDate(0, 0, 1) {
		if len(days) >= maxDays {
			return fmt.Errorf("more than %d days", maxDays)
		}
		days[deadline.DayOf(d, time.UTC)] = e.name
	}
	return nil
}

func date(value string) (time.Time, error) {
	day, clock, _ := strings.Cut(strings.TrimSpace(value), "T")
	t, err := time.Parse("20060102", day)
	if err != nil {
		return time.Time{}, errors.New("a date reads 20261225")
	}
	if strings.Trim(clock, "0Z") != "" {
		return time.Time{}, errors.New("a holiday is a whole day; this event has an hour")
	}
	return t, nil
}

func unescape(s string) string {
	return strings.NewReplacer(`\,`, ",", `\;`, ";", `\n`, " ", `\N`, " ", `\\`, `\`).Replace(strings.TrimSpace(s))
}

type line struct {
	text   string
	number int
}

// unfold joins the continued lines of RFC 5545 section 3.1.
func unfold(r io.Reader) ([]line, error) {
	var out []line
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<16)
	size := 0
	for n := 1; sc.Scan(); n++ {
		text := strings.TrimRight(sc.Text(), "\r")
		if size += len(text) + 1; size > maxICS {
			return nil, fmt.Errorf("the file is longer than %d MB", maxICS>>20)
		}
		if len(out) > 0 && (strings.HasPrefix(text, " ") || strings.HasPrefix(text, "\t")) {
			out[len(out)-1].text += text[1:]
			continue
		}
		out = append(out, line{text, n})
	}
	return out, sc.Err()
}

// Import adds the holidays of every *.ics file at the top of a folder to the
// calendar its name says: BR.ics to BR; a new name makes a new calendar, whose
// years are those of its days. The error names file and line.
func Import(into map[string]*deadline.Calendar, from fs.FS) error {
	names, err := fs.Glob(from, "*.ics")
	if err != nil {
		return err
	}
	for _, name := range names {
		info, err := fs.Stat(from, name)
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() || info.Size() > maxICS {
			return fmt.Errorf("%s: this is no file, or it is larger than %d MB", name, maxICS>>20)
		}
		text, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		days, err := ReadICS(bytes.NewReader(text))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		id := strings.TrimSuffix(name, ".ics")
		cal, ok := into[id]
		if !ok {
			years := slices.Sorted(maps.Keys(yearsOf(days)))
			cal = &deadline.Calendar{ID: id, Name: id, First: years[0], Last: years[0]}
		}
		into[id] = cal.With(days)
	}
	return nil
}

func yearsOf(days map[deadline.Day]string) map[int]bool {
	years := map[int]bool{}
	for d := range days {
		years[d.Year] = true
	}
	return years
}
