// Package wording says in plain words what a rule of package regime asks: its
// deadline, its threshold, how long it is valid, whether law enforcement may delay
// it. People read a rule before they rely on it; these are the words they read.
//
// It carries out policy 000 ("determines … whether notification of competent
// authorities or individuals is required under law"): the determination can be
// checked by somebody who reads no YAML. Pure: of this program it imports rule/regime
// and its sentences only.
package wording

import (
	"fmt"
	"strings"

	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/rule/regime/sentence"
)

// Deadline is the deadline of a rule in words: "72 h after: became aware".
func Deadline(b *regime.Book, r *regime.Rule) string {
	text := deadline(b, r, &r.Deadline)
	if r.Qualifier != "" {
		text += "; " + r.Qualifier
	}
	if r.GivesWay != "" {
		text += "; where the duty " + r.GivesWay + " is owed, that takes its place"
	}
	return text
}

func deadline(b *regime.Book, r *regime.Rule, d *regime.Deadline) string {
	var parts []string
	for i := range d.Cases {
		c := &d.Cases[i]
		parts = append(parts, "where "+c.Test.Holds+": "+deadline(b, r, &c.Deadline))
	}
	var limits []string
	for _, l := range d.Limits {
		limits = append(limits, limit(b, r, l))
	}
	switch len(limits) {
	case 0:
	case 1:
		parts = append(parts, limits[0])
	default:
		parts = append(parts, "the earliest of: "+strings.Join(limits, " / "))
	}
	if d.Late != nil {
		parts = append(parts, "where that starts only after the other limit has passed: "+limit(b, r, *d.Late))
	}
	if d.Of != "" {
		parts = append(parts, map[regime.Relation]string{
			regime.Before: "before", regime.NotLaterThan: "not later than", regime.With: "at the same time as",
		}[d.Relation]+" the notice "+d.Of)
	}
	if d.Words != "" {
		parts = append(parts, sentence.Qualitative(d.Words))
	}
	if d.Roll {
		roll := "a due time on a weekend or holiday moves to noon of the next working day"
		if len(d.RollUnless) > 0 {
			var kinds []string
			for _, k := range d.RollUnless {
				kinds = append(kinds, b.Kinds[k].Words)
			}
			roll += ", except for " + strings.Join(kinds, ", ")
		}
		parts = append(parts, roll)
	}
	if d.Calendar != "" {
		parts = append(parts, "calendar "+d.Calendar)
	}
	return strings.Join(parts, "; ")
}

func limit(b *regime.Book, r *regime.Rule, l regime.Limit) string {
	from := l.From
	if from == "" {
		from = r.Start
	}
	if l.YearEnd {
		return fmt.Sprintf("%s after the end of the calendar year in which: %s", l.Within, Start(b, from))
	}
	return fmt.Sprintf("%s after: %s", l.Within, Start(b, from))
}

// Start is the moment a clock starts at, in words.
func Start(b *regime.Book, name string) string {
	if id, sent := strings.CutPrefix(name, "sent:"); sent {
		return "the notice " + id + " was given"
	}
	if m, ok := b.Moments[name]; ok {
		return m.Words
	}
	return name
}

// Owes names who must act: "controller of the data, or processor of the data".
func Owes(b *regime.Book, r *regime.Rule) string {
	words := make([]string, len(r.Owes))
	for i, k := range r.Owes {
		words[i] = b.Kinds[k].Words
	}
	text := strings.Join(words, ", or ")
	if r.Holder != "" {
		text += " (" + r.Holder + ")"
	}
	return text
}

// Reach says what ties an entity to the rule's jurisdiction.
func Reach(r *regime.Rule) string {
	switch r.Reach {
	case regime.Established:
		return "established in " + r.Place
	case regime.PersonsIn:
		return "affected persons in " + r.Place
	case regime.Either:
		return "established in " + r.Place + ", or affected persons there"
	}
	return "wherever it is established"
}

// Threshold is the number of persons it takes: "more than 500 persons in US-CA".
// Empty without one.
func Threshold(r *regime.Rule) string {
	t := r.Threshold
	if t == nil {
		return ""
	}
	text := t.String() + " persons "
	switch t.Of {
	case "total":
		text += "in all"
	case "any_state":
		text += "in one part of " + r.Place
	default:
		text += "in " + r.Place
	}
	if t.Or != nil {
		text += ", or, whatever the number, where " + t.Or.Holds
	}
	return text
}

// Hold says whether law enforcement may delay the notice.
func Hold(r *regime.Rule) string {
	switch {
	case r.Hold == nil:
		return ""
	case r.Hold.Tail == "":
		return strings.TrimSpace(r.Hold.Words + " Due at once after the release.")
	}
	return strings.TrimSpace(r.Hold.Words + " Due " + r.Hold.Tail + " after the release.")
}

// Status is how far the rule has come, with its dates.
func Status(r *regime.Rule) string {
	words := map[regime.LegalStatus]string{
		regime.InForce: "in force", regime.NotYetApplicable: "not yet applicable", regime.Pending: "pending: not law, switched off",
	}[r.Status]
	if r.Valid.From != "" {
		words += ", from " + r.Valid.From
	}
	if r.Valid.Until != "" {
		words += ", no longer on " + r.Valid.Until
	}
	return words
}

// Sure is how well the rule was checked; rules from memory are marked.
func Sure(r *regime.Rule) string {
	if r.Unverified() {
		return "UNVERIFIED: written from memory, not checked against the text"
	}
	return r.Sure.Words()
}
