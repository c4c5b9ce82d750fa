package text

import (
	"strconv"
	"strings"
	"time"
)

// tongue is how a language writes numbers, days, times and lists.
type tongue struct {
	group  string // between thousands
	and    string
	months string // twelve words
	day    string // of a date: D day, M month in words, Y year
	clock  string // behind the day: H hour and minute, Z zone
	zones  map[string]string
}

// tongues are the languages with words of their own. Others get dates and numbers that
// every reader understands: 2026-11-22, 14:25 UTC+1.
var tongues = map[string]*tongue{
	"en":    {",", " and ", "January February March April May June July August September October November December", "D M Y", ", H Z", nil},
	"en-US": {",", " and ", "January February March April May June July August September October November December", "M D, Y", ", H Z", nil},
	"de": {
		".", " und ", "Januar Februar März April Mai Juni Juli August September Oktober November Dezember", "D. M Y", ", H Uhr Z",
		map[string]string{"CET": "MEZ", "CEST": "MESZ"},
	},
	"fr": {"\u202f", " et ", "janvier février mars avril mai juin juillet août septembre octobre novembre décembre", "D M Y", " à H Z", nil},
	"es": {".", " y ", "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre", "D de M de Y", ", H Z", nil},
	"it": {".", " e ", "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre", "D M Y", ", ore H Z", nil},
	"nl": {".", " en ", "januari februari maart april mei juni juli augustus september oktober november december", "D M Y", ", H uur Z", nil},
}

var neutral = &tongue{group: "\u00a0", and: ", ", clock: ", H Z"}

// tongueOf finds a language by its tag: as it is, without its region, or neutral.
func tongueOf(lang string) *tongue {
	if l, ok := tongues[lang]; ok {
		return l
	}
	if l, ok := tongues[base(lang)]; ok {
		return l
	}
	return neutral
}

func (l *tongue) number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + l.group + digits[i:]
	}
	return sign + digits
}

func (l *tongue) date(t time.Time) string {
	if l.day == "" {
		return t.Format(time.DateOnly)
	}
	month := strings.Fields(l.months)[t.Month()-1]
	return strings.NewReplacer("D", strconv.Itoa(t.Day()), "M", month, "Y", strconv.Itoa(t.Year())).Replace(l.day)
}

// moment names the zone, and the time in UTC where that is another one.
func (l *tongue) moment(t time.Time) string {
	s := l.date(t) + strings.NewReplacer("H", t.Format("15:04"), "Z", l.zone(t)).Replace(l.clock)
	if _, offset := t.Zone(); offset == 0 {
		return s
	}
	u := t.UTC()
	if u.Day() != t.Day() {
		return s + " (" + l.date(u) + ", " + u.Format("15:04") + " UTC)"
	}
	return s + " (" + u.Format("15:04") + " UTC)"
}

func (l *tongue) zone(t time.Time) string {
	name, offset := t.Zone()
	if own := l.zones[name]; own != "" {
		return own
	}
	if offset == 0 {
		return "UTC"
	}
	if name != "" && name[0] >= 'A' && name[0] <= 'Z' {
		return name
	}
	hours := "UTC" + map[bool]string{true: "-", false: "+"}[offset < 0]
	offset = max(offset, -offset)
	hours += strconv.Itoa(offset / 3600)
	if m := offset % 3600 / 60; m > 0 {
		hours += ":" + strconv.Itoa(m)
	}
	return hours
}

func (l *tongue) list(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + l.and + list[last]
}
