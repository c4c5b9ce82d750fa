package story

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// instant reads a time of the story: "-47m" before its end, "+14m" after the start of
// the scene, "now" is the end, and "-402d 06:40" is a time of day in UTC.
func instant(end, start time.Time, text string) (time.Time, error) {
	if text == "now" {
		return end, nil
	}
	offset, daytime, _ := strings.Cut(text, " ")
	from := end
	if strings.HasPrefix(offset, "+") && daytime == "" {
		from = start
	}
	d, err := span(strings.TrimLeft(offset, "+-"))
	if err != nil {
		return time.Time{}, err
	}
	if strings.HasPrefix(offset, "-") {
		d = -d
	}
	at := from.Add(d)
	if daytime == "" {
		return at, nil
	}
	clock, err := time.Parse("15:04", daytime)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time: write -402d 06:40, -47m or +14m", text)
	}
	return at.Truncate(day).Add(time.Duration(clock.Hour())*time.Hour + time.Duration(clock.Minute())*time.Minute), nil
}

// span is a duration that knows days: 2d3h15m.
func span(text string) (time.Duration, error) {
	days, rest, ok := strings.Cut(text, "d")
	if !ok {
		return time.ParseDuration(text)
	}
	n, err := strconv.Atoi(days)
	if err != nil {
		return 0, fmt.Errorf("%q is no duration: write 2d3h15m", text)
	}
	if rest == "" {
		return time.Duration(n) * day, nil
	}
	d, err := time.ParseDuration(rest)
	return time.Duration(n)*day + d, err
}
