package room

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"

	told "github.com/wakebell/wakebell/internal/decide/incident/view"
)

// instant is a time as the rooms tell it: in UTC, without its date on the day of the entry.
var instant = regexp.MustCompile(`(\d{4}-\d{2}-\d{2} )?\d{2}:\d{2} UTC`)

// inZone puts the times of a sentence into the viewer's zone, as all other times of the page
// are. What people wrote stays as it is.
func inZone(l told.Line, zone *time.Location) string {
	if zone == nil || zone == time.UTC {
		return l.Text
	}
	var out strings.Builder
	rest := l.Text
	for rest != "" {
		from, to := nextOwn(rest, wrote(l.Data))
		out.WriteString(instant.ReplaceAllStringFunc(rest[:from], func(s string) string { return local(s, l.At, zone) }))
		out.WriteString(rest[from:to])
		rest = rest[to:]
	}
	return out.String()
}

// nextOwn finds the first passage of a text that somebody wrote.
func nextOwn(text string, words []string) (from, to int) {
	from, to = len(text), len(text)
	for _, w := range words {
		if i := strings.Index(text, w); i >= 0 && i < from {
			from, to = i, i+len(w)
		}
	}
	return from, to
}

// wrote lists the texts of an entry that are somebody's own words and hold a time.
func wrote(data json.RawMessage) []string {
	var all map[string]any
	if json.Unmarshal(data, &all) != nil {
		return nil
	}
	var out []string
	for _, name := range []string{"text", "reason", "remark", "ground", "late_reason", "title", "summary", "note", "evidence"} {
		if s, ok := all[name].(string); ok && instant.MatchString(s) {
			out = append(out, s)
		}
	}
	return out
}

func local(s string, near time.Time, zone *time.Location) string {
	text := strings.TrimSuffix(s, " UTC")
	if len(text) == len("15:04") {
		text = near.UTC().Format("2006-01-02 ") + text
	}
	t, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		return s
	}
	t, near = t.In(zone), near.In(zone)
	if t.Year() == near.Year() && t.YearDay() == near.YearDay() {
		return t.Format("15:04")
	}
	return t.Format("2 Jan 2006 15:04")
}
