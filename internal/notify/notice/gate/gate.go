// Package gate lists what must hold before a notice leaves: each with its reason and its
// remedy. It carries out policy 003 (approval, legal's direction where law enforcement is
// involved, affected customers identified first) and policy 001 (a drill harms nobody).
//
// It is pure: values in, values out. It must not import a store, a clock or a face.
package gate

import (
	"fmt"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/record/phrase"
	"github.com/wakebell/wakebell/internal/notify/notice/approval"
)

// The gates.
const (
	Hold         = "hold"       // law enforcement asked to delay
	Embargo      = "embargo"    // not before a time
	Recipients   = "recipients" // the list is signed off
	Approvals    = "approvals"  // all are given, for exactly these bytes
	Files        = "attachments"
	Texts        = "texts" // the languages and variants say the same
	Facts        = "facts" // what the text says is still so
	Spokesperson = "spokesperson"
	Late         = "late" // a duty is past due: the release says why
	Drill        = "drill"
)

// Gate is one thing that must hold. Asks: it does not block, the release answers it.
type Gate struct {
	Key    string `json:"key"`
	Title  string `json:"title"`
	Open   bool   `json:"open"` // nothing stands in the way
	Asks   bool   `json:"asks,omitempty"`
	Why    string `json:"why"`
	Remedy string `json:"remedy,omitempty"`
}

// HeldBy is a request of law enforcement to delay notices, and what legal made of it.
type HeldBy struct {
	Since, Released time.Time
	Consulted       bool     // legal has recorded whom it is about
	Audiences       []string // those it names; not consulted: all
}

// Blocks says whether the hold stands in the way of an audience. Until legal has recorded
// whom it is about it means everybody but law enforcement itself.
func (h HeldBy) Blocks(audience string) bool {
	if h.Since.IsZero() || !h.Released.IsZero() && !h.Released.Before(h.Since) {
		return false
	}
	if !h.Consulted {
		return audience != "law_enforcement"
	}
	return slices.Contains(h.Audiences, audience)
}

// Finding is something a check of the texts found.
type Finding struct {
	Where string `json:"where,omitempty"` // the sentence it stands in
	Says  string `json:"says"`
}

// Input is what the gates look at.
type Input struct {
	Now           time.Time
	Audience      string
	Drill         bool
	Hold          HeldBy
	EmbargoAt     time.Time
	NeedsList     bool
	Listed        bool // there is a list
	SignedOff     bool
	Count         int
	Gaps          int
	Bound         string // of the bytes as they are now
	Frozen        string // of those that were submitted; "" before
	Missing       [][]string
	Emergency     bool
	Press         bool
	Spokespersons []string // names
	GoneFiles     []string // attachments that were withdrawn or erased
	Findings      []Finding
	Changed       []Finding
	Late          []string // titles of duties past due
	LateReason    bool     // it is given
}

// All lists the gates in the order they are shown. A gate that does not concern the notice
// is left out.
func All(in Input) []Gate {
	out := []Gate{in.approvals()}
	if in.NeedsList {
		out = append(out, in.recipients())
	}
	if len(in.GoneFiles) > 0 {
		out = append(out, Gate{
			Key: Files, Title: "Attachments", Why: phrase.And(in.GoneFiles) + ": withdrawn or erased in the incident, so it cannot be sent.",
			Remedy: "Take it off, and submit again.",
		})
	}
	out = append(out, in.texts(), in.facts())
	if !in.Hold.Since.IsZero() {
		out = append(out, in.hold())
	}
	if !in.EmbargoAt.IsZero() {
		out = append(out, in.embargo())
	}
	if in.Press {
		out = append(out, in.spokesperson())
	}
	if len(in.Late) > 0 {
		out = append(out, Gate{
			Key: Late, Title: "Reason for being late", Open: in.LateReason, Asks: true,
			Why:    phrase.Count(len(in.Late), "duty is", "duties are") + " past due: " + phrase.And(in.Late),
			Remedy: "Say why when you release; the reason stands with each duty.",
		})
	}
	if in.Drill {
		out = append(out, Gate{
			Key: Drill, Title: "Drill", Open: true,
			Why: "A drill never leaves the building: the release is rehearsed and recorded, and nothing is sent.",
		})
	}
	return out
}

// Shut lists those that block a release.
func Shut(list []Gate) []Gate {
	return slices.DeleteFunc(slices.Clone(list), func(g Gate) bool { return g.Open || g.Asks })
}

func (in Input) approvals() Gate {
	g := Gate{Key: Approvals, Title: "Approvals"}
	switch {
	case in.Frozen == "":
		g.Why, g.Remedy = "It was not submitted yet.", "Submit it: that freezes the bytes and tells those who must approve."
	case in.Bound != in.Frozen:
		g.Why, g.Remedy = "Something changed after it was submitted, so the approvals do not cover what would be sent.", "Submit it again."
	case len(in.Missing) > 0:
		g.Why, g.Remedy = "Still needed: "+approval.Words(in.Missing)+".", "They were told by mail; call them where it is urgent."
	case in.Emergency:
		g.Open, g.Why = true, "Approved in an emergency by the plan's named deputies. This stays marked."
	default:
		g.Open, g.Why = true, "All are given, for exactly these bytes."
	}
	return g
}

func (in Input) recipients() Gate {
	g := Gate{Key: Recipients, Title: "Recipients"}
	switch {
	case !in.Listed:
		g.Why, g.Remedy = "There is no list of recipients yet.", "Identify the affected and sign the list off."
	case !in.SignedOff:
		g.Why, g.Remedy = "The list of "+phrase.Count(in.Count, "recipient", "recipients")+" is not signed off.", "Communications sign it off once everybody affected stands in it."
	default:
		g.Open, g.Why = true, phrase.Count(in.Count, "recipient", "recipients")+", signed off."
		if in.Gaps > 0 {
			g.Why += fmt.Sprintf(" %s no contact and cannot be told this way.", phrase.Count(in.Gaps, "of them has", "of them have"))
		}
	}
	return g
}

func (in Input) texts() Gate {
	if len(in.Findings) == 0 {
		return Gate{Key: Texts, Title: "Texts", Open: true, Why: "All languages and variants say the same."}
	}
	return Gate{
		Key: Texts, Title: "Texts", Why: in.Findings[0].Says, Remedy: "Make the texts agree, and submit again.",
	}
}

func (in Input) facts() Gate {
	if len(in.Changed) == 0 {
		return Gate{Key: Facts, Title: "Facts", Open: true, Why: "What the text says is what the record says."}
	}
	f := in.Changed[0]
	g := Gate{Key: Facts, Title: "Facts", Why: f.Says, Remedy: "Look at the sentence, and submit again."}
	if f.Where != "" {
		g.Why += " It stands in: “" + f.Where + "”"
	}
	return g
}

func (in Input) hold() Gate {
	g := Gate{Key: Hold, Title: "Law-enforcement hold"}
	switch h := in.Hold; {
	case h.Blocks(in.Audience) && !h.Consulted:
		g.Why = "Law enforcement asked to delay notices since " + phrase.Time(h.Since, in.Now) + ", and legal has not recorded yet whom this is about."
		g.Remedy = "Consult legal: they record the audiences the request names, or record when it was released."
	case h.Blocks(in.Audience):
		g.Why = "Law enforcement asked to delay notices to this audience since " + phrase.Time(h.Since, in.Now) + "."
		g.Remedy = "Wait for the release, and record when it was given in the incident's facts."
	case !h.Released.IsZero() && !h.Released.Before(h.Since):
		g.Open, g.Why = true, "Released at "+phrase.Time(h.Released, in.Now)+"."
	default:
		g.Open, g.Why = true, "Legal was consulted: the request does not name this audience."
	}
	return g
}

func (in Input) embargo() Gate {
	if in.Now.Before(in.EmbargoAt) {
		return Gate{
			Key: Embargo, Title: "Embargo", Why: "Not before " + phrase.Time(in.EmbargoAt, in.Now) + ".",
			Remedy: "Wait, or change the time; that voids the approvals.",
		}
	}
	return Gate{Key: Embargo, Title: "Embargo", Open: true, Why: "It ended at " + phrase.Time(in.EmbargoAt, in.Now) + "."}
}

func (in Input) spokesperson() Gate {
	if len(in.Spokespersons) == 0 {
		return Gate{
			Key: Spokesperson, Title: "Spokesperson", Why: "The incident has no spokesperson; nobody else speaks in public.",
			Remedy: "The SIHT designates one among the people of the incident.",
		}
	}
	return Gate{Key: Spokesperson, Title: "Spokesperson", Open: true, Why: "Only " + phrase.And(in.Spokespersons) + " may release it."}
}
