package dispatch

import (
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/phrase"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

// Tell puts an entry about sending into words. Recipients are opaque here: who they are
// only those see who may.
func Tell(e record.Entry, name func(id string) string) string {
	switch e.Kind {
	case item.KindSigned, item.KindVoided, item.KindLeftOut:
		return tellList(e)
	case item.KindStarted:
		var b item.Began
		if e.Decode(&b) != nil {
			return ""
		}
		text := "Sending to " + phrase.Count(b.Count, "recipient", "recipients") + " began"
		if b.Canary > 0 {
			text += ", first to " + phrase.Count(b.Canary, "of them", "of them")
		}
		return text
	case item.KindCanary, item.KindResumed, item.KindPaused, item.KindStopped, item.KindRefused, item.KindEnded:
		return tellTurn(e)
	case item.KindOutcomes:
		var b item.Outcomes
		if e.Decode(&b) != nil {
			return ""
		}
		return tellOutcomes(b)
	case item.KindReport:
		var b item.Reported
		if e.Decode(&b) != nil {
			return ""
		}
		return "Delivery report made, " + phrase.Count(b.Lines, "line", "lines") + ", SHA-256 " + b.SHA256[:min(12, len(b.SHA256))] + "…"
	}
	var b item.Single
	if e.Decode(&b) != nil {
		return ""
	}
	switch e.Kind {
	case item.KindBounced:
		return phrase.Because("A copy came back as undeliverable", b.Text)
	case item.KindOpened:
		return "A recipient opened their page"
	case item.KindAcknowledged:
		return "A recipient acknowledged the notice (" + b.How + ")"
	case item.KindRecorded:
		return phrase.Because("Recorded by hand, "+channelWord(b.Channel)+": "+stateWord(b.State), b.Text)
	case item.KindFixed:
		return "A recipient got a contact: " + channelWord(b.Channel)
	case item.KindRevoked:
		return "The links to a recipient's page were revoked"
	}
	return ""
}

func tellList(e record.Entry) string {
	switch e.Kind {
	case item.KindSigned:
		var b item.SignedOff
		if e.Decode(&b) != nil {
			return ""
		}
		text := "List of " + phrase.Count(b.Count, "recipient", "recipients") + " signed off"
		if b.LeftOut > 0 {
			text += ", " + phrase.Count(b.LeftOut, "left out", "left out")
		}
		return text
	case item.KindVoided:
		return "The list of recipients was changed: its sign-off does not hold any more"
	}
	var b item.Left
	if e.Decode(&b) != nil {
		return ""
	}
	return phrase.Because("A recipient was left out", b.Reason)
}

func tellTurn(e record.Entry) string {
	var b item.Turned
	if e.Decode(&b) != nil {
		return ""
	}
	var t Tally
	if b.Tally != nil {
		t = *b.Tally
	}
	went := phrase.Count(t.Went(), "copy", "copies") + " sent"
	switch e.Kind {
	case item.KindCanary:
		return "The first few were told (" + went + "); a person decides whether the rest follows"
	case item.KindResumed:
		return "Sending goes on"
	case item.KindPaused:
		return phrase.Because("Sending was paused, "+went, b.Reason)
	case item.KindStopped:
		return phrase.Because("Sending was stopped, "+went, b.Reason)
	case item.KindRefused:
		return "Sending was refused: a drill never leaves the building"
	}
	text := "Sending ended: " + went
	if t.Failed+t.Bounced > 0 {
		text += ", " + phrase.Count(t.Failed+t.Bounced, "did not arrive", "did not arrive")
	}
	return text
}

func tellOutcomes(b item.Outcomes) string {
	counts := map[State]int{}
	for _, o := range b.Outcomes {
		counts[o.State]++
	}
	var parts []string
	for _, s := range item.States() {
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

func channelWord(c Channel) string {
	switch c {
	case Email:
		return "mail"
	case HandedOver:
		return "handed over"
	}
	return string(c)
}
