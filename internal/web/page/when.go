package page

import (
	"context"
	"fmt"
	"time"
)

// Stamp writes a time in the viewer's zone, unambiguously: 21 Nov 2026 14:25.
func Stamp(ctx context.Context, t time.Time) string {
	return t.In(frameOf(ctx).zone()).Format("2 Jan 2006 15:04")
}

// stampShort leaves out what is clear from now: the day when it is today, the year when it is this one.
func stampShort(ctx context.Context, t time.Time) string {
	f := frameOf(ctx)
	t, now := t.In(f.zone()), f.req.Now.In(f.zone())
	switch {
	case t.Year() == now.Year() && t.YearDay() == now.YearDay():
		return t.Format("15:04")
	case t.Sub(now).Abs() < 5*24*time.Hour:
		return t.Format("Mon 2 Jan 15:04")
	case t.Year() == now.Year():
		return t.Format("2 Jan 15:04")
	}
	return t.Format("2 Jan 2006 15:04")
}

func (f *frame) zone() *time.Location {
	if f.req.Zone == nil {
		return time.UTC
	}
	return f.req.Zone
}

func iso(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// both is the tooltip of a time: the viewer's zone and UTC together.
func both(ctx context.Context, t time.Time) string {
	f := frameOf(ctx)
	utc := t.UTC().Format("2 Jan 2006 15:04:05") + " UTC"
	if f.zone() == time.UTC {
		return utc
	}
	return t.In(f.zone()).Format("2 Jan 2006 15:04:05 MST") + ", " + utc
}

// Span says how long something is in at most two units: 6 h 12 min, 3 days.
func Span(d time.Duration) string {
	d = d.Abs()
	switch {
	case d < time.Minute:
		return "less than a minute"
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		if m := d % time.Hour / time.Minute; m > 0 && d < 10*time.Hour {
			return fmt.Sprintf("%d h %d min", d/time.Hour, m)
		}
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}

// since is Span up to now; the future is "just now".
func since(ctx context.Context, t time.Time) string {
	d := frameOf(ctx).req.Now.Sub(t)
	if d < time.Minute {
		return "just now"
	}
	return Span(d) + " ago"
}

// zoneName says which zone a form takes: Europe/Berlin (UTC+01:00).
func zoneName(ctx context.Context) string {
	f := frameOf(ctx)
	if f.zone() == time.UTC {
		return "UTC"
	}
	return f.zone().String() + " (UTC" + f.req.Now.In(f.zone()).Format("-07:00") + ")"
}
