package course

import (
	"fmt"
	"strings"

	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/phrase"
	"github.com/wakebell/wakebell/internal/notify/notice/whom"
)

// told is what the entries of notices hold, of all kinds.
type told struct {
	On
	Audience   Audience   `json:"audience"`
	Purpose    Purpose    `json:"purpose"`
	Follows    int        `json:"follows"`
	Duties     []string   `json:"duties"`
	Lang       string     `json:"lang"`
	Variant    string     `json:"variant"`
	Version    int        `json:"version"`
	Name       string     `json:"name" private:"true"`
	Bound      string     `json:"bound"`
	For        string     `json:"for"`
	Roles      []string   `json:"roles"`
	Emergency  bool       `json:"emergency"`
	Complete   bool       `json:"complete"`
	Cause      string     `json:"cause"`
	Told       []string   `json:"told"`
	Count      int        `json:"count"`
	Rehearsed  bool       `json:"rehearsed"`
	LateReason string     `json:"late_reason" private:"true"`
	Reason     string     `json:"reason" private:"true"`
	Text       string     `json:"text" private:"true"`
	Audiences  []Audience `json:"audiences"`
	Item       string     `json:"item"`
	Quote      string     `json:"quote" private:"true"`
	Kinds      []string   `json:"kinds"`
	Countries  []string   `json:"countries"`
	Channels   []string   `json:"channels"`
	Labels     []string   `json:"labels" private:"true"`
}

// Tell puts an entry of a kind "notice.*" into a sentence, "" for one it does not know.
// name gives the name of a person by its id.
func Tell(e record.Entry, name func(id string) string) string {
	var b told
	if e.Decode(&b) != nil {
		return ""
	}
	no := fmt.Sprintf("notice %d", b.No)
	switch e.Kind {
	case KindStarted:
		said := fmt.Sprintf("%s %d to %s started", b.Purpose.Words(), b.No, b.Audience.Words())
		if b.Follows > 0 {
			said += fmt.Sprintf(", after notice %d", b.Follows)
		}
		if n := len(b.Duties); n > 0 {
			return said + ", for " + phrase.Count(n, "duty", "duties")
		}
		return said + ", owed to nobody"
	case KindWritten:
		return fmt.Sprintf("Text of %s written%s, version %d", no, inLang(b), b.Version)
	case KindRemoved:
		return fmt.Sprintf("Text of %s removed%s", no, inLang(b))
	case KindMeant:
		whom := whom.For{Kinds: b.Kinds, Countries: b.Countries, Labels: b.Labels, Channels: b.Channels}
		return phrase.Because(fmt.Sprintf("Variant %s of %s is for some recipients", b.Variant, no), whom.String())
	case KindAttached:
		return phrase.Because("File attached to "+no, b.Name)
	case KindDetached:
		return "Attachment taken off " + no
	case KindSet:
		return "Settings of " + no + " changed"
	case KindTicked:
		if b.Quote == "" {
			return fmt.Sprintf("Tick of “%s” taken from %s", strings.ReplaceAll(b.Item, "_", " "), no)
		}
		return fmt.Sprintf("Said where %s says “%s”", no, strings.ReplaceAll(b.Item, "_", " "))
	case KindTied:
		if len(b.Duties) == 0 {
			return "No duty is tied to " + no + " any more"
		}
		return phrase.Count(len(b.Duties), "duty", "duties") + " tied to " + no
	}
	return b.course(e, no, name)
}

// course tells what happens after the writing.
func (b told) course(e record.Entry, no string, name func(id string) string) string {
	switch e.Kind {
	case KindSubmitted:
		return "Submitted for approval: " + no + ", SHA-256 " + short(b.Bound)
	case KindApproved:
		text := name(e.Actor) + " approved " + no + " as " + strings.ReplaceAll(phrase.And(b.Roles), "_", " ")
		if b.For != "" {
			text += ", standing in for " + name(b.For)
		}
		if b.Emergency {
			text = phrase.Because("EMERGENCY: "+text+"'s named deputy", b.Reason)
		}
		if b.Complete {
			text += "; all approvals are given"
		}
		return text
	case KindReturned:
		return phrase.Because(name(e.Actor)+" sent "+no+" back", b.Reason)
	case KindVoided:
		text := "Approval of " + no + " void: " + phrase.Lower(CauseWords(b.Cause)) + " changed"
		if len(b.Told) == 0 {
			return text
		}
		var people []string
		for _, id := range b.Told {
			people = append(people, name(id))
		}
		return text + "; " + phrase.And(people) + " approved the earlier bytes and was told"
	case KindReleased:
		return b.left(no)
	case KindEnded:
		return "The sending of " + no + " ended"
	case KindWithdrawn:
		return phrase.Because("Not sent: "+no+" was withdrawn", b.Reason)
	case KindHold:
		return b.held()
	}
	return ""
}

func (b told) left(no string) string {
	text := "Released: " + no
	switch {
	case b.Rehearsed:
		text = "Rehearsed: the release of " + no + "; this is a drill and nothing was sent"
	case b.Count > 0:
		text += " to " + phrase.Count(b.Count, "recipient", "recipients")
	}
	if b.Emergency {
		text = "EMERGENCY RELEASE by the plan's named deputies. " + text
	}
	if b.LateReason != "" {
		text += ". Late, because: " + b.LateReason
	}
	return text
}

func (b told) held() string {
	text := "Legal was consulted about law enforcement's request to delay: it concerns no audience"
	if len(b.Audiences) > 0 {
		var words []string
		for _, a := range b.Audiences {
			words = append(words, a.Words())
		}
		text = "Legal was consulted about law enforcement's request to delay: it concerns " + phrase.And(words)
	}
	return phrase.Because(text, b.Text)
}

func inLang(b told) string {
	if b.Variant != "" {
		return fmt.Sprintf(" (%s, %s)", b.Lang, b.Variant)
	}
	return " (" + b.Lang + ")"
}

// short is the part of a hash that people compare.
func short(hash string) string { return hash[:min(12, len(hash))] }

// Words for people: an audience and a purpose.
var (
	audienceWords = map[Audience]string{
		Customer: "customers", DataSubject: "the persons concerned", Employee: "employees concerned", Partner: "partners", Vendor: "vendors",
		Authority: "the authority", LawEnforcement: "law enforcement", Insurer: "the insurer", Personnel: "personnel", Press: "the press",
	}
	purposeWords = map[Purpose]string{
		First: "Notice", Update: "Update", Correction: "Correction", Withdrawal: "Withdrawal", Resolved: "Word that it is resolved",
	}
)

// Words is what people call the audience.
func (a Audience) Words() string { return audienceWords[a] }

// Words is what people call a notice with the purpose.
func (p Purpose) Words() string { return purposeWords[p] }

// Called is what people call a notice: "Update 3 to customers".
func (n Notice) Called() string {
	return fmt.Sprintf("%s %d to %s", n.Purpose.Words(), n.No, n.Audience.Words())
}

// CauseWords is what changed when an approval is void.
func CauseWords(cause string) string {
	return map[string]string{
		"text": "The text", "attachments": "The attachments", "settings": "The settings", "recipients": "The recipients",
		"files": "An attachment (it was withdrawn or erased)",
	}[cause]
}
