package item

import (
	"strings"

	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/phrase"
)

// Tell puts an entry about sending into words. Recipients are opaque here: who they are
// only those see who may.
func Tell(e record.Entry, name func(id string) string) string {
	switch e.Kind {
	case KindFileTaken, KindFileImported:
		return tellFile(e)
	case KindSigned, KindVoided, KindLeftOut:
		return tellList(e)
	case KindStarted:
		var b Began
		if e.Decode(&b) != nil {
			return ""
		}
		text := "Sending to " + phrase.Count(b.Count, "recipient", "recipients") + " began"
		if b.Canary > 0 {
			text += ", first to " + phrase.Count(b.Canary, "of them", "of them")
		}
		return text
	case KindCanary, KindResumed, KindPaused, KindStopped, KindRefused, KindEnded:
		return tellTurn(e)
	case KindOutcomes:
		var b Outcomes
		if e.Decode(&b) != nil {
			return ""
		}
		return tellOutcomes(b)
	case KindReport:
		var b Reported
		if e.Decode(&b) != nil {
			return ""
		}
		return madeWord(b.Form) + ", " + phrase.Count(b.Lines, "line", "lines") + ", SHA-256 " + b.SHA256[:min(12, len(b.SHA256))] + "…"
	}
	if e.Kind == KindPosted {
		var b PostedOff
		if e.Decode(&b) != nil {
			return ""
		}
		return phrase.Because(phrase.Count(len(b.Recipients), "letter was posted", "letters were posted"), strings.TrimSpace(b.Carrier+" "+b.Reference))
	}
	var b Single
	if e.Decode(&b) != nil {
		return ""
	}
	switch e.Kind {
	case KindBounced:
		return phrase.Because("A copy came back as undeliverable", b.Text)
	case KindAnswered: // what it says stands at the recipient, for those who may see that
		return "A recipient answered the notice"
	case KindOpened:
		return "A recipient opened their page"
	case KindAcknowledged:
		return "A recipient acknowledged the notice (" + b.How + ")"
	case KindRecorded:
		what := stateWord(b.State)
		if b.State == Queued || b.State == Failed {
			what = b.How
		}
		return phrase.Because("Recorded by hand, "+ChannelWord(b.Channel)+": "+what, b.Text)
	case KindUndone:
		return phrase.Because("Undone, what was recorded by hand was wrong, "+ChannelWord(b.Channel), b.Text)
	case KindFixed:
		return "A recipient got a contact: " + ChannelWord(b.Channel)
	case KindRevoked:
		return "The links to a recipient's page were revoked"
	}
	return ""
}

func madeWord(form string) string {
	switch form {
	case "letters":
		return "Letters printed"
	case "calls":
		return "List of calls printed"
	}
	return "Delivery report made"
}

func tellFile(e record.Entry) string {
	if e.Kind == KindFileTaken {
		var b FileTaken
		if e.Decode(&b) != nil {
			return ""
		}
		return phrase.Because("A file of recipients was sent, SHA-256 "+b.SHA256[:min(12, len(b.SHA256))]+"…", b.Name)
	}
	var b FileImported
	if e.Decode(&b) != nil {
		return ""
	}
	text := "Recipients from a file: " + phrase.Count(b.New, "added", "added")
	if b.Double > 0 {
		text += ", " + phrase.Count(b.Double, "stood there already", "stood there already")
	}
	if b.Refused > 0 {
		text += ", " + phrase.Count(b.Refused, "line could not be used", "lines could not be used")
	}
	return text
}

func tellList(e record.Entry) string {
	switch e.Kind {
	case KindSigned:
		var b SignedOff
		if e.Decode(&b) != nil {
			return ""
		}
		text := "List of " + phrase.Count(b.Count, "recipient", "recipients") + " signed off"
		if b.LeftOut > 0 {
			text += ", " + phrase.Count(b.LeftOut, "left out", "left out")
		}
		return text
	case KindVoided:
		return "The list of recipients was changed: its sign-off does not hold any more"
	}
	var b Left
	if e.Decode(&b) != nil {
		return ""
	}
	return phrase.Because("A recipient was left out", b.Reason)
}

func tellTurn(e record.Entry) string {
	var b Turned
	if e.Decode(&b) != nil {
		return ""
	}
	var t Tally
	if b.Tally != nil {
		t = *b.Tally
	}
	went := phrase.Count(t.Went(), "copy", "copies") + " sent"
	switch e.Kind {
	case KindCanary:
		return "The first few were told (" + went + "); a person decides whether the rest follows"
	case KindResumed:
		return "Sending goes on"
	case KindPaused:
		return phrase.Because("Sending was paused, "+went, b.Reason)
	case KindStopped:
		return phrase.Because("Sending was stopped, "+went, b.Reason)
	case KindRefused:
		return "Sending was refused: a drill never leaves the building"
	}
	text := "Sending ended: " + went
	if t.Failed+t.Bounced > 0 {
		text += ", " + phrase.Count(t.Failed+t.Bounced, "did not arrive", "did not arrive")
	}
	return text
}

func tellOutcomes(b Outcomes) string {
	counts := map[State]int{}
	for _, o := range b.Outcomes {
		counts[o.State]++
	}
	var parts []string
	for _, s := range States() {
		if counts[s] > 0 {
			parts = append(parts, phrase.Count(counts[s], stateWord(s), stateWord(s)))
		}
	}
	return "Copies of a notice: " + phrase.And(parts)
}

func stateWord(s State) string {
	switch s {
	case LeftOut:
		return "left out"
	case Gap:
		return "not reachable"
	}
	return string(s)
}

// ChannelWord is a channel in words.
func ChannelWord(c Channel) string {
	switch c {
	case Email:
		return "mail"
	case HandedOver:
		return "handed over"
	}
	return string(c)
}
