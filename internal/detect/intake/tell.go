package intake

import (
	"fmt"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/phrase"
)

// Tell puts an entry of a kind "signal.*" into a sentence, "" for one it does not know.
// name gives the name of a person by its id, of a team by "team:" and its id.
func Tell(e record.Entry, name func(id string) string) string {
	switch e.Kind {
	case kindReceived:
		var b received
		if e.Decode(&b) != nil {
			return ""
		}
		text := phrase.Because("Alert from "+b.Source, b.Title)
		if b.Kind == Report {
			text = phrase.Because("Report from "+name(b.ReportedBy), b.Title)
			if b.ReportedBy == "" {
				text = phrase.Because("Report by "+b.Source, b.Title)
			}
		}
		return fmt.Sprintf("%s (discovered %s, to be taken by %s)", text,
			phrase.Time(clock.FromMicros(b.DiscoveredAt), e.At), phrase.Time(clock.FromMicros(b.TriageDueAt), e.At))
	case kindResolved:
		var b resolved
		if e.Decode(&b) != nil {
			return ""
		}
		return "Its source says it is over, after " + phrase.Count(int(b.Count), "time", "times") + " seen"
	case kindCalled, kindAcknowledged, kindOverdue, kindQuieted:
		var b batch
		if e.Decode(&b) != nil {
			return ""
		}
		return tellBatch(e, b, name)
	case kindDecided:
		var b decided
		if e.Decode(&b) != nil {
			return ""
		}
		text := "Decided: " + b.Verdict.words()
		if b.Before != "" {
			text += ", not " + b.Before.words()
		}
		return phrase.Because(text, b.Reason)
	case kindReopened:
		var b reopened
		if e.Decode(&b) != nil {
			return ""
		}
		return phrase.Because("To be decided again, not "+b.Before.words(), b.Reason)
	}
	return ""
}

func (v Verdict) words() string {
	switch v {
	case FalsePositive:
		return "a false positive"
	case Event:
		return "an event, no incident"
	case Incident:
		return "an incident"
	}
	return string(v)
}

func tellBatch(e record.Entry, b batch, name func(id string) string) string {
	n := phrase.Count(len(b.IDs), "signal", "signals")
	was, waits := "were", "wait"
	if len(b.IDs) == 1 {
		was, waits = "was", "waits"
	}
	switch e.Kind {
	case kindCalled:
		if b.Team == "" {
			return n + " without a team " + waits + ": people are called"
		}
		return fmt.Sprintf("%s %s: the team %s is called", n, waits, name("team:"+b.Team))
	case kindAcknowledged:
		return name(e.Actor) + " has taken " + n
	case kindOverdue:
		if b.Step == StepTriage {
			return n + " " + was + " not taken by the team in time"
		}
		return n + " " + was + " not decided in time"
	}
	return fmt.Sprintf("Repeats of %s call nobody until %s", n, phrase.Time(clock.FromMicros(b.At), e.At))
}
