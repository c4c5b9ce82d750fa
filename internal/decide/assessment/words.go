package assessment

import (
	"strings"

	"github.com/wakebell/wakebell/internal/rule/regime"
)

// DeadlineWords says how a rule's due time is counted, one line for each limit, case
// and relation.
func DeadlineWords(b *regime.Book, r *regime.Rule) []string {
	return deadlineWords(b, r, &r.Deadline)
}

func deadlineWords(b *regime.Book, r *regime.Rule, d *regime.Deadline) (out []string) {
	for i := range d.Limits {
		line := limitWords(b, r, d.Limits[i])
		if i > 0 {
			line = "or earlier: " + line
		}
		out = append(out, line)
	}
	if d.Late != nil {
		out = append(out, "when that comes later than the last of these: "+limitWords(b, r, *d.Late))
	}
	if d.Of != "" {
		out = append(out, map[regime.Relation]string{regime.Before: "before ", regime.NotLaterThan: "not later than ", regime.With: "at the same time as "}[d.Relation]+d.Of)
	}
	if d.Words != "" {
		out = append(out, strings.ReplaceAll(d.Words, "_", " "))
	}
	if d.Roll {
		line := "moved to the next working day"
		var not []string
		for _, kind := range d.RollUnless {
			not = append(not, b.Kinds[kind].Words)
		}
		if len(not) > 0 {
			line += ", unless it is " + strings.Join(not, ", ")
		}
		out = append(out, line)
	}
	for i := range d.Cases {
		c := &d.Cases[i]
		out = append(out, "where "+c.Test.Holds+": "+strings.Join(deadlineWords(b, r, &c.Deadline), ", "))
	}
	return out
}

func limitWords(b *regime.Book, r *regime.Rule, l regime.Limit) string {
	from := l.From
	if from == "" {
		from = r.Start
	}
	after := " after: "
	if l.YearEnd {
		after = " after the end of the calendar year in which: "
	}
	return l.Within.String() + after + MomentWords(b, from)
}

// MomentWords names a moment a clock starts at, or the notice it counts from.
func MomentWords(b *regime.Book, name string) string {
	if id, sent := strings.CutPrefix(name, "sent:"); sent {
		return "the notice " + id + " was given"
	}
	if m, ok := b.Moments[name]; ok {
		return m.Words
	}
	return strings.ReplaceAll(name, "_", " ")
}

// ThresholdWords says from how many persons on a rule is owed, "" when the number
// does not matter.
func ThresholdWords(r *regime.Rule) string {
	t := r.Threshold
	if t == nil {
		return ""
	}
	where := " in " + r.Jurisdiction
	switch t.Of {
	case "total":
		where = " in all"
	case "any_state":
		where = " in one state"
	}
	out := t.String() + " persons" + where
	if t.Or != nil {
		out += ", or whatever the number: " + t.Or.Holds
	}
	return out
}
