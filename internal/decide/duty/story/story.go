// Package story tells the ledger entries of duties for people. It carries out policy
// 001 ("document the investigation and mitigation"): the timeline says in sentences
// what was owed, met, missed and waived. It reads nothing but the entry; it must not
// import a face.
package story

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/phrase"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/duty"
)

// body is what the entries of duties hold, of all kinds.
type body struct {
	duty.Difference
	Packs      assessment.Taking `json:"packs"`
	Cause      string            `json:"cause"`
	Duty       string            `json:"duty"`
	Key        string            `json:"key"`
	With       string            `json:"with"`
	Ref        string            `json:"evidence"`
	DueAt      time.Time         `json:"due_at"`
	Remark     string            `json:"remark" private:"true"`
	LateReason string            `json:"late_reason" private:"true"`
	Reason     string            `json:"reason" private:"true"`
	As         string            `json:"as"`
	Complete   bool              `json:"complete"`
	Ground     string            `json:"ground" private:"true"`
	Person     string            `json:"person"`
	Holder     duty.Ref          `json:"holder"`
	Alarm      string            `json:"alarm"`
}

// Tell puts an entry of a kind "duty.*" or "duties.*" into a sentence, "" for one it
// does not know. name gives the name of a person by its id and the title of a duty by
// "duty:" and its id.
func Tell(e record.Entry, name func(id string) string) string {
	var b body
	if e.Decode(&b) != nil {
		return ""
	}
	title := name("duty:" + b.Duty)
	if title == "" || title == "duty:"+b.Duty {
		title = b.Key
	}
	small := phrase.Lower(title)
	switch e.Kind {
	case "duties.rederived":
		return rederived(b, e.At)
	case "duties.repacked":
		return repacked(b, e.At, name)
	case "duty.met":
		return met(b, e.At, small)
	case "duty.undone":
		return phrase.Because("Open again: "+small, b.Reason)
	case "duty.waiver_consented":
		return phrase.Because(waived(b, small, name(e.Actor)), b.Ground)
	case "duty.assigned":
		if b.Person == "" {
			return fmt.Sprintf("Given back to %s: %s", b.Holder.Name, small)
		}
		return fmt.Sprintf("Given to %s: %s", name(b.Person), small)
	case "duty.alarmed":
		if b.Alarm == "missed" {
			return fmt.Sprintf("Missed: %s, due %s", small, phrase.Time(b.DueAt, e.At))
		}
		return fmt.Sprintf("Reminder: %s, due %s", small, phrase.Time(b.DueAt, e.At))
	}
	return ""
}

func met(b body, at time.Time, title string) string {
	text := "Met"
	late := !b.DueAt.IsZero() && at.After(b.DueAt)
	if late {
		text = "Met late"
	}
	text += " by " + b.With
	if b.Ref != "" && !opaque(b.Ref) {
		text += " " + b.Ref
	}
	text += ": " + title
	if late {
		text = phrase.Because(text+", was due "+phrase.Time(b.DueAt, at), b.LateReason)
	}
	return phrase.Because(text, b.Remark)
}

// opaque reports whether a reference is one of our own ids, which tells nobody anything.
func opaque(ref string) bool { return len(ref) == 36 && strings.Count(ref, "-") == 4 }

func waived(b body, title, who string) string {
	if b.Complete {
		return fmt.Sprintf("Waived: %s (%s agreed as %s)", title, who, b.As)
	}
	other := map[string]string{"legal": "an executive", "executive": "legal"}[b.As]
	return fmt.Sprintf("%s agreed as %s to waive: %s; the yes of %s is still needed", who, b.As, title, other)
}

// rederived tells a derivation by what it did to the duties.
func rederived(b body, at time.Time) string {
	var added, born, again, done, moved, other, gone []string
	for _, d := range b.Added {
		if d.State == duty.Met {
			born = append(born, closed(d))
		} else {
			added = append(added, owed(d, at))
		}
	}
	for _, d := range b.Changed {
		i := slices.IndexFunc(b.Moved, func(m duty.Move) bool { return m.Key == d.Key })
		switch {
		case d.State == duty.Met:
			done = append(done, closed(d))
		case slices.Contains(b.Again, d.Key):
			again = append(again, owed(d, at))
		case i >= 0:
			moved = append(moved, fmt.Sprintf("%s %s → %s", phrase.Lower(d.Title), phrase.Time(b.Moved[i].Was, at), phrase.Time(d.DueAt, at)))
		default:
			other = append(other, phrase.Lower(d.Title))
		}
	}
	for _, w := range b.Withdrawn {
		title := w.Title
		if title == "" {
			title = w.Key
		}
		gone = append(gone, fmt.Sprintf("%s (%s)", phrase.Lower(title), w.Reason))
	}
	var parts []string
	for _, p := range []struct {
		list      []string
		one, many string
	}{
		{added, "duty added", "duties added"},
		{born, "duty added that is met already", "duties added that are met already"},
		{again, "duty owed again", "duties owed again"},
		{done, "duty met", "duties met"},
		{gone, "withdrawn", "withdrawn"},
		{moved, "due time moved", "due times moved"},
		{other, "duty brought up to date", "duties brought up to date"},
	} {
		if len(p.list) > 0 {
			parts = append(parts, phrase.Count(len(p.list), p.one, p.many)+": "+strings.Join(p.list, ", "))
		}
	}
	text := strings.Join(parts, "; ")
	if b.Cause == "directory" {
		return "The directory changed: " + text
	}
	return text
}

// repacked tells which rule packs came in, and what that changed.
func repacked(b body, at time.Time, name func(id string) string) string {
	text := "New rule packs came in, " + b.Packs.Words()
	if b.Packs.By != "" {
		text += ", read anew by " + name(b.Packs.By)
	}
	if b.Empty() {
		return text + ": no duty changed"
	}
	return text + ": " + rederived(b, at)
}

func owed(d duty.Duty, at time.Time) string {
	if d.DueAt.IsZero() {
		return phrase.Lower(d.Title)
	}
	return phrase.Lower(d.Title) + " (due " + phrase.Time(d.DueAt, at) + ")"
}

func closed(d duty.Duty) string {
	late := ""
	if d.Late() {
		late = "late "
	}
	return phrase.Lower(d.Title) + " (" + late + "by " + d.MetWith + ")"
}
