package regime

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/rule/deadline"
	"github.com/wakebell/wakebell/internal/rule/regime/headcount"
	"github.com/wakebell/wakebell/internal/rule/regime/order"
	"github.com/wakebell/wakebell/internal/rule/regime/term"
)

// sentPrefix marks a start that is the actual giving of another rule's notice.
const sentPrefix = "sent:"

// rule checks one rule and binds its words, tests, days and calendar.
func (l *loader) rule(f *file, r *Rule) {
	b := l.book
	wrong := func(format string, args ...any) { l.wrong(f, r.Line, r.ID, format, args...) }
	for _, field := range []struct{ name, value string }{
		{"id", r.ID}, {"instrument", r.Instrument}, {"jurisdiction", r.Jurisdiction}, {"start", r.Start}, {"source", r.Source},
	} {
		if strings.TrimSpace(field.value) == "" {
			wrong("%s: missing", field.name)
		}
	}
	if !slices.Contains(recipients, r.To) {
		wrong("to: %q is no recipient; use one of %v", r.To, recipients)
	}
	if !slices.Contains([]Reach{Established, PersonsIn, Either, Anywhere}, r.Reach) {
		wrong("reach: established, persons, either or anywhere")
	}
	if !slices.Contains([]LegalStatus{InForce, NotYetApplicable, Pending}, r.Status) {
		wrong("status: in_force, not_yet_applicable or pending")
	}
	if !slices.Contains([]Sureness{Read, ReadPartly, Remembered}, r.Sure) {
		wrong("sure: read, partly or remembered")
	}
	if _, group := b.Groups[r.Jurisdiction]; !group && r.Reach != Anywhere && !headcount.Place(r.Jurisdiction) {
		wrong("jurisdiction: %q is no ISO 3166 code and no group", r.Jurisdiction)
	}
	if r.Counting != "" && r.Counting != Counting1182 && r.Counting != "none" {
		wrong("counting: %s or none", Counting1182)
	}
	if len(r.Owes) == 0 {
		wrong("owes: at least one kind of entity")
	}
	l.known(f, r, "owes", r.Owes, keys(b.Kinds))
	l.known(f, r, "roll_unless", r.Deadline.RollUnless, keys(b.Kinds))
	l.known(f, r, "content", r.Content, keys(b.Content))
	l.start(f, r, r.Start)
	for i := range r.When {
		l.test(f, r.Line, r.ID, &r.When[i])
	}
	for i := range r.Unless {
		l.test(f, r.Line, r.ID, &r.Unless[i])
	}
	l.deadline(f, r, &r.Deadline)
	if t := r.Threshold; t != nil && (!t.bound().Valid() || !slices.Contains([]string{"", "total", "any_state"}, t.Of)) {
		wrong("threshold: one of more_than, at_least and fewer_than, above zero; of: total, any_state or nothing for the persons of the jurisdiction")
	}
	if r.Threshold != nil && r.Threshold.Or != nil {
		l.test(f, r.Line, r.ID, r.Threshold.Or)
	}
	if r.Hold != nil {
		var err error
		if r.Hold.tail, err = deadline.Parse(r.Hold.Tail); err != nil {
			wrong("hold.tail: %v", err)
		}
	}
	l.valid(f, r)
}

// recipients are the kinds of addressee that packs may name.
var recipients = []Recipient{
	ToAuthority, ToRegulator, ToCSIRT, ToPersons, ToCustomers, ToController, ToRegister, ToCreditAgent, ToMedia, ToPartner, ToPolice,
	ToSelf, ToOthers, ToMarket,
}

func keys[T any](m map[string]T) func(string) bool {
	return func(name string) bool { _, ok := m[name]; return ok }
}

func (l *loader) known(f *file, r *Rule, field string, words []string, ok func(string) bool) {
	for _, w := range words {
		if !ok(w) {
			l.wrong(f, r.Line, r.ID, "%s: %q is defined in no pack", field, w)
		}
	}
}

func (l *loader) start(f *file, r *Rule, start string) {
	if _, sent := strings.CutPrefix(start, sentPrefix); sent || start == "" {
		return // sort looks for the rule
	}
	if _, ok := l.book.Moments[start]; !ok {
		l.wrong(f, r.Line, r.ID, "start: %q is no moment of any pack", start)
	}
}

func (l *loader) deadline(f *file, r *Rule, d *Deadline) {
	if len(d.Limits) == 0 && d.Of == "" && d.Words == "" {
		l.wrong(f, r.Line, r.ID, "deadline: missing")
		return
	}
	d.Calendar = or(d.Calendar, r.Deadline.Calendar)
	limits := d.Limits
	if d.Late != nil {
		limits = append(slices.Clone(limits), *d.Late)
	}
	needs := d.Roll
	for _, limit := range limits {
		l.start(f, r, limit.From)
		needs = needs || limit.Within.Unit == deadline.UnitBusinessDays
	}
	if d.Calendar == "" && needs && !d.Roll {
		l.wrong(f, d.line, r.ID, "deadline: business days need a calendar")
	}
	if d.Calendar != "" {
		if _, ok := l.book.calendars[d.Calendar]; !ok {
			l.wrong(f, d.line, r.ID, "calendar: %q is not known; put its holidays into the folder as %s.ics", d.Calendar, d.Calendar)
		}
	}
	for i := range d.Cases {
		l.test(f, d.line, r.ID, &d.Cases[i].Test)
		l.deadline(f, r, &d.Cases[i].Deadline)
	}
}

func (l *loader) valid(f *file, r *Rule) {
	for _, v := range []struct {
		text string
		at   *time.Time
	}{{r.Valid.From, &r.Valid.from}, {r.Valid.Until, &r.Valid.until}} {
		if v.text == "" {
			continue
		}
		t, err := time.Parse(time.DateOnly, v.text)
		if err != nil {
			l.wrong(f, r.Line, r.ID, "valid: %q is no date; write 2026-01-31", v.text)
			continue
		}
		*v.at = deadline.DayOf(t, time.UTC).Begin(r.zone)
	}
	switch {
	case !r.Valid.from.IsZero() && !r.Valid.until.IsZero() && !r.Valid.until.After(r.Valid.from):
		l.wrong(f, r.Line, r.ID, "valid: until must lie after from")
	case r.Status == NotYetApplicable && r.Valid.from.IsZero():
		l.wrong(f, r.Line, r.ID, "valid.from: needed for a rule that does not apply yet")
	}
}

// versions groups the rules by id; times of validity of one id must not overlap,
// and an id stands in one file.
func (l *loader) versions() {
	b := l.book
	for _, r := range b.Rules {
		for _, o := range b.versions[r.ID] {
			switch f := (&file{name: r.File}); {
			case o.File != r.File:
				l.wrong(f, r.Line, r.ID, "the id is used in %s as well", o.File)
			case o.Status != Pending && r.Status != Pending && overlap(o.Valid, r.Valid):
				l.wrong(f, r.Line, r.ID, "valid at the same time as the rule of this id in line %d", o.Line)
			}
		}
		b.versions[r.ID] = append(b.versions[r.ID], r)
	}
	for _, list := range b.versions {
		slices.SortStableFunc(list, func(a, c *Rule) int { return a.Valid.from.Compare(c.Valid.from) })
	}
}

func overlap(a, b Valid) bool {
	return (a.until.IsZero() || b.from.Before(a.until)) && (b.until.IsZero() || a.from.Before(b.until))
}

// Depends lists the ids of the rules that r cannot be judged without.
func (r *Rule) Depends() (ids []string) {
	add := func(id string) {
		if id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	start := func(name string) {
		if id, ok := strings.CutPrefix(name, sentPrefix); ok {
			add(id)
		}
	}
	add(r.Follows)
	add(r.GivesWay)
	start(r.Start)
	var walk func(d *Deadline)
	walk = func(d *Deadline) {
		add(d.Of)
		for _, limit := range d.Limits {
			start(limit.From)
		}
		if d.Late != nil {
			start(d.Late.From)
		}
		for i := range d.Cases {
			walk(&d.Cases[i].Deadline)
		}
	}
	walk(&r.Deadline)
	return ids
}

// sort orders the ids so that each comes after those it depends on, and refuses
// cycles and unknown ids.
func (l *loader) sort() {
	on := map[string][]string{}
	ids := make([]string, 0, len(l.book.Rules))
	for _, r := range l.book.Rules {
		ids = append(ids, r.ID)
		on[r.ID] = append(on[r.ID], r.Depends()...)
		for _, id := range r.Depends() {
			if len(l.book.versions[id]) == 0 {
				l.wrong(&file{name: r.File}, r.Line, r.ID, "depends on %q, which no pack has", id)
			}
		}
	}
	var circles [][]string
	l.book.order, circles = order.Of(ids, on)
	l.book.places = make(map[string]int, len(l.book.order))
	for at, id := range l.book.order {
		l.book.places[id] = at
	}
	for _, c := range circles {
		r := l.book.versions[c[len(c)-2]][0]
		l.wrong(&file{name: r.File}, r.Line, r.ID, "depends on itself: %s", strings.Join(c, " → "))
	}
}

// IDs lists the ids of all rules, sorted.
func (b *Book) IDs() []string { return slices.Sorted(maps.Keys(b.versions)) }

// Versions are the rules of one id, the oldest first; nil when there is none.
func (b *Book) Versions(id string) []*Rule { return b.versions[id] }

// Conditions are what must hold.
func (r *Rule) Conditions() (out []*term.Condition) {
	for i := range r.When {
		out = append(out, r.When[i].cond.Condition)
	}
	return out
}
