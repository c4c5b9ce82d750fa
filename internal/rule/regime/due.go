package regime

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/rule/deadline"
	"github.com/wakebell/wakebell/internal/rule/regime/sentence"
)

// Due is when a required duty falls due.
type Due struct {
	At         time.Time // zero: no instant can be said; Words says why
	Day        string    // the date, 2006-01-02, where the law names a day; "" where it names an hour
	Zone       string    // whose dates were counted
	Start      string    // moment it counts from
	StartAt    time.Time // zero: not yet
	Words      string    // how it was counted, or the law's words where it names no number
	Expected   bool      // counted from the due time of a notice that is not given yet
	Held       bool      // law enforcement has asked for delay: the clock rests
	Notes      []string  // rolled, other readings
	Candidates []deadline.Candidate
}

// Waits says that it counts from a notice that is not given, and of which the law names
// no number: nothing is due before that notice.
func (d *Due) Waits() bool {
	return d.At.IsZero() && d.StartAt.IsZero() && !d.Held && strings.HasPrefix(d.Start, sentPrefix)
}

// Reason says how the due time was counted, in one line.
func (d *Due) Reason() string { return strings.Join(append([]string{d.Words}, d.Notes...), "; ") }

// start is the moment r counts from. Without one, the finding says what is
// missing; a notice that counts from another which is not given yet has none and
// is owed all the same.
func (j *judge) start(r *Rule, p *person, f *finding) time.Time {
	at := j.moment(r.Start, p, j.zone(r, p))
	if !at.IsZero() {
		return at
	}
	if id, sent := strings.CutPrefix(r.Start, sentPrefix); sent {
		id = j.stands(id, p)
		follow := *r
		follow.Follows = id
		if r.Follows != id {
			j.follows(&follow, p, f)
		}
		return time.Time{}
	}
	f.wait(missingMoment+r.Start, "not known: "+j.book.Moments[r.Start].Question)
	return time.Time{}
}

// moment is the time of a named moment or of a notice in fact given; zero when it
// is not recorded. A date is its first instant in zone.
func (j *judge) moment(name string, p *person, zone *time.Location) time.Time {
	own, incident := p.Moments, j.facts.Moments
	if id, sent := strings.CutPrefix(name, sentPrefix); sent {
		own, incident, name = p.Sent, j.facts.Sent, j.stands(id, p)
	}
	if at := own[name]; !at.IsZero() {
		return in(at, zone)
	}
	return in(incident[name], zone)
}

// due counts a deadline. why is why it cannot be counted at all.
func (j *judge) due(r *Rule, d *Deadline, p *person, start time.Time) (_ *Due, why string) {
	for i := range d.Cases {
		if j.verdict(d.Cases[i].Test.cond, p).State == 1 {
			due, why := j.due(r, &d.Cases[i].Deadline, p, start)
			if due != nil {
				due.Notes = append(due.Notes, "because "+d.Cases[i].Test.cond.holds)
			}
			return due, why
		}
	}
	out := &Due{Start: r.Start, StartAt: start, Zone: j.zone(r, p).String()}
	var points []point
	for _, limit := range d.Limits {
		pt, why := j.limit(r, d, limit, p)
		if why != "" {
			return nil, why
		}
		points = append(points, pt)
	}
	if d.Late != nil {
		late, why := j.limit(r, d, *d.Late, p)
		if why != "" {
			return nil, why
		}
		last := points[len(points)-1]
		if !late.start.IsZero() && !last.At.IsZero() && late.start.After(last.raw) {
			points = []point{late}
			out.Notes = append(out.Notes, fmt.Sprintf("%q lies after the other limit had passed, so only this one counts", late.from))
		}
	}
	j.earliest(out, r, points)
	j.latest(out, r, d, points, p)
	j.relate(out, r, d, p)
	if out.Words == "" {
		out.Words = sentence.Qualitative(d.Words)
	} else if d.Words != "" {
		out.Words += ", " + sentence.Qualitative(d.Words)
	}
	if r.Qualifier != "" {
		out.Words += "; " + r.Qualifier
	}
	j.hold(out, r, p)
	return out, ""
}

// point is one limit counted.
type point struct {
	deadline.Point
	from     string
	start    time.Time
	raw      time.Time // before rolling
	period   deadline.Period
	expected bool
	resting  bool // the notice it counts from rests while law enforcement asks for delay
	yearEnd  bool
	there    string // the last day by the dates of the rule's own zone, where it ends earlier
}

func (j *judge) limit(r *Rule, d *Deadline, limit Limit, p *person) (point, string) {
	pt := point{from: cmp.Or(limit.From, r.Start), period: limit.Within, yearEnd: limit.YearEnd}
	pt.start = j.moment(pt.from, p, j.zone(r, p))
	if id, sent := strings.CutPrefix(pt.from, sentPrefix); sent && pt.start.IsZero() {
		if on := j.on(j.stands(id, p), p); on != nil && on.Due != nil {
			pt.start, pt.expected, pt.resting = on.Due.At, true, on.Due.Held
		}
	}
	if pt.start.IsZero() || pt.resting {
		pt.start = time.Time{}
		return pt, ""
	}
	roll := d.Roll && !slices.ContainsFunc(d.RollUnless, func(kind string) bool { return p.Is[kind] })
	c := deadline.Counting{Zone: j.zone(r, p), Calendar: j.book.calendars[cmp.Or(d.Calendar, p.Country)], YearEnd: limit.YearEnd}
	raw, err := deadline.Count(pt.start, limit.Within, c)
	if err != nil {
		return pt, "the due time cannot be counted: " + err.Error()
	}
	pt.Point, pt.raw = raw, raw.At
	home := deadline.Counting{Zone: r.zone, Calendar: c.Calendar, YearEnd: c.YearEnd}
	if there, err := deadline.Count(pt.start, limit.Within, home); raw.WholeDay && err == nil && there.At.Before(raw.At) && len(j.book.Groups[r.Jurisdiction]) == 0 {
		pt.there = there.Day.String()
	}
	if roll {
		c.Roll = true
		if pt.Point, err = deadline.Count(pt.start, limit.Within, c); err != nil {
			return pt, "the due time cannot be counted: " + err.Error()
		}
		if pt.Rolled != "" {
			pt.Rolled += j.unless(d, p, raw.At, c.Zone)
		}
	}
	return pt, ""
}

// unless says which kinds of entity a due time does not move for, and that nobody said
// whether this entity is one of them.
func (j *judge) unless(d *Deadline, p *person, raw time.Time, zone *time.Location) string {
	var open []string
	for _, kind := range d.RollUnless {
		if _, known := p.Is[kind]; !known {
			open = append(open, j.book.Kinds[kind].Words)
		}
	}
	if len(open) == 0 {
		return ""
	}
	return fmt.Sprintf("; it is not recorded whether %s is %s: then it is due at %s", p.label(), strings.Join(open, ", "), raw.In(zone).Format(time.RFC3339))
}

func (j *judge) zone(r *Rule, p *person) *time.Location {
	if p.Zone != nil {
		return p.Zone
	}
	return r.zone
}

// earliest takes the first of the counted limits and keeps the others as
// candidates.
func (j *judge) earliest(out *Due, r *Rule, points []point) {
	var win *point
	for i := range points {
		pt := &points[i]
		out.Candidates = append(out.Candidates, deadline.Candidate{
			Name: pt.words(j.book), Kind: deadline.Statute, Start: pt.from, StartAt: pt.start, Period: pt.period, DueAt: pt.At,
		})
		if !pt.At.IsZero() && (win == nil || pt.raw.Before(win.raw)) {
			win = pt
		}
	}
	if len(points) == 0 {
		return
	}
	out.Candidates, _ = deadline.Shortest(out.Candidates)
	if win == nil {
		win = &points[0]
		out.Words = win.words(j.book) + ", which is not recorded yet"
		if win.resting {
			out.rest("that notice rests while law enforcement asks for delay, and this one with it")
		}
		return
	}
	out.At, out.Start, out.StartAt, out.Expected, out.Words = win.At, win.from, win.start, win.expected, win.words(j.book)
	if win.WholeDay {
		out.Day = win.Day.String()
	}
	if win.there != "" {
		out.Notes = append(out.Notes, fmt.Sprintf("by the dates of %s, where the rule comes from, it ends earlier: at the end of %s there", r.zone, win.there))
	}
	if win.Rolled != "" {
		out.Notes = append(out.Notes, win.Rolled)
	}
	if win.expected {
		out.StartAt = time.Time{}
		out.Notes = append(out.Notes, "that notice is not given yet; counted from when it falls due")
	}
}

func (pt *point) words(b *Book) string {
	from := pt.from
	if id, sent := strings.CutPrefix(from, sentPrefix); sent {
		from = "the notice " + id + " was given"
	} else if m, ok := b.Moments[from]; ok {
		from = m.Words
	}
	if pt.yearEnd {
		return fmt.Sprintf("%s after the end of the calendar year in which: %s", pt.period, from)
	}
	return fmt.Sprintf("%s after: %s", pt.period, from)
}

// latest notes what Regulation (EEC, Euratom) 1182/71 would make of the due time,
// where a rule is counted by it. It never moves a due time: the careful reading counts
// from the event itself.
func (j *judge) latest(out *Due, r *Rule, d *Deadline, points []point, p *person) {
	if r.Counting != Counting1182 || out.At.IsZero() {
		return
	}
	for i := range points {
		if pt := &points[i]; pt.At.Equal(out.At) && !pt.yearEnd {
			c := deadline.Counting{Zone: j.zone(r, p), Calendar: j.book.calendars[cmp.Or(d.Calendar, p.Country)]}
			if end := deadline.Latest1182(pt.start, pt.period, c); end.After(out.At) {
				out.Notes = append(out.Notes, "read by Regulation (EEC, Euratom) 1182/71 it would end at "+end.In(c.Zone).Format(time.RFC3339)+"; for information")
			}
			return
		}
	}
}

// relate places the due time beside that of another notice.
func (j *judge) relate(out *Due, r *Rule, d *Deadline, p *person) {
	if d.Of == "" {
		return
	}
	words := map[Relation]string{Before: "before", NotLaterThan: "not later than", With: "at the same time as"}[d.Relation] + " the notice " + d.Of
	if out.Words == "" {
		out.Words = words
	} else {
		out.Words += ", and " + words
	}
	at, day := j.moment(sentPrefix+d.Of, p, j.zone(r, p)), ""
	given := !at.IsZero()
	if on := j.on(j.stands(d.Of, p), p); !given && on != nil && on.Due != nil {
		at, day = on.Due.At, on.Due.Day
		if on.Due.Held {
			if out.At.IsZero() && d.Words == "" {
				out.rest("the notice " + d.Of + " rests while law enforcement asks for delay, and this one with it")
			}
			return
		}
	}
	if at.IsZero() || !out.At.IsZero() && !at.Before(out.At) {
		return
	}
	out.At, out.Day, out.Start, out.StartAt = at.UTC(), day, sentPrefix+d.Of, time.Time{}
	if given {
		out.StartAt = at.UTC()
		return
	}
	out.Expected = true
	out.Notes = append(out.Notes, "the notice "+d.Of+" is not given yet; this falls due with it at the latest")
}

// rest stops the clock.
func (d *Due) rest(why string) {
	d.Held = true
	d.Notes = append(d.Notes, why)
}

// hold lets a clock rest while law enforcement asks for delay, and gives the
// statute's tail after the release. What was due before it was asked stays due then.
func (j *judge) hold(out *Due, r *Rule, p *person) {
	if j.facts.Hold == nil || r.Hold == nil || j.facts.Hold.Since.IsZero() {
		return
	}
	zone := j.zone(r, p)
	h := HoldFact{Since: in(j.facts.Hold.Since, zone), Released: in(j.facts.Hold.Released, zone)}
	if !out.At.IsZero() && h.Since.After(out.At) {
		out.Notes = append(out.Notes, "law enforcement asked for delay only after it was due")
		return
	}
	if h.Released.IsZero() {
		out.rest("law enforcement has asked for delay; the clock rests until the release. " + r.Hold.Words)
		return
	}
	released := "law enforcement's delay was released on " + h.Released.In(zone).Format("2 January 2006 15:04") + " (" + zone.String() + ")"
	end, tail := deadline.Point{At: h.Released.UTC()}, r.Hold.tail.Countable()
	if tail {
		var err error
		c := deadline.Counting{Zone: zone, Calendar: j.book.calendars[cmp.Or(r.Deadline.Calendar, p.Country)]}
		if end, err = deadline.Count(h.Released, r.Hold.tail, c); err != nil {
			out.Notes = append(out.Notes, "the time after the release cannot be counted: "+err.Error())
			return
		}
	}
	switch {
	case out.At.IsZero() && !tail:
		if !out.StartAt.IsZero() && out.StartAt.Before(end.At) {
			out.StartAt = end.At
			out.Notes = append(out.Notes, released+"; the law's words count from then")
		}
	case out.At.IsZero() || end.At.After(out.At):
		out.At, out.Day = end.At, ""
		if end.WholeDay {
			out.Day = end.Day.String()
		}
		out.Notes = append(out.Notes, released+"; due "+cmp.Or(r.Hold.Tail, "at once")+" after it")
	}
}
