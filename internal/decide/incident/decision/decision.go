// Package decision holds what a decision in an incident is: its kind, who took it, in
// which roles, and what it is about.
//
// It carries out policy 001, point 1 ("legal or outside counsel will identify required
// data retention and disclosure requirements"), points 8 and 11, and policy 000 (the
// decision not to notify). It is pure: it must not import a clock, a store, or another
// room than base/fault.
package decision

import (
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
)

// Kind types a decision.
type Kind string

// The kinds of decision.
const (
	OutsideHelp    Kind = "outside_help"    // policy 001, point 8
	PressTeam      Kind = "press_team"      // policy 001, point 11
	LawEnforcement Kind = "law_enforcement" // policy 003, law enforcement
	DoNotNotify    Kind = "do_not_notify"   // policy 000; GDPR Art. 33(5)
	Disclosure     Kind = "disclosure"      // policy 001, point 1: what law or contract asks to disclose
	Retention      Kind = "retention"       // policy 001, point 1: what is kept, and how long
	RiskVerdict    Kind = "risk_verdict"    // a second person's yes or no to a verdict on the risk
	Other          Kind = "other"
)

// Kinds lists all kinds in the order of the documentation.
func Kinds() []Kind {
	return []Kind{OutsideHelp, PressTeam, LawEnforcement, DoNotNotify, Disclosure, Retention, RiskVerdict, Other}
}

// ByCounsel lists the kinds that only legal or outside counsel decides.
var ByCounsel = [...]Kind{Disclosure, Retention}

// Decision records who decided what, and why.
type Decision struct {
	ID        string      `json:"id"`
	Kind      Kind        `json:"kind"`
	Answer    fact.Answer `json:"answer,omitempty"` // yes or no, for the kinds that ask it
	Text      string      `json:"text,omitempty"`
	Reason    string      `json:"reason"`
	DecidedBy string      `json:"decided_by"`        // person id
	Counsel   string      `json:"counsel,omitempty"` // outside counsel who decided, by name
	Rule      string      `json:"rule,omitempty"`    // do_not_notify: duty rule
	Entity    string      `json:"entity,omitempty"`  // do_not_notify: legal entity or recipient
	About     string      `json:"about,omitempty"`   // risk_verdict: id of the verdict
	As        []string    `json:"as,omitempty"`      // risk_verdict: roles the person held
	Covers    []string    `json:"covers,omitempty"`  // disclosure, retention: kinds of data known then
	At        time.Time   `json:"at"`
}

// Check says what is wrong with a decision as somebody puts it.
func (d Decision) Check() []fault.Field {
	f := check.OneOf(nil, "decision", d.Kind, Kinds()...)
	f = check.Text(f, "reason", d.Reason, check.Screen, true)
	f = check.Text(f, "text", d.Text, check.Screen, d.Kind == Other || d.Kind == Retention)
	f = check.Text(f, "counsel", d.Counsel, check.Line, false)
	switch d.Kind {
	case OutsideHelp, PressTeam, LawEnforcement, Disclosure:
		f = check.OneOf(f, "answer", d.Answer, fact.Yes, fact.No)
	case RiskVerdict:
		f = check.OneOf(f, "answer", d.Answer, fact.Yes, fact.No)
		f = check.Text(f, "about", d.About, check.Line, true)
	case DoNotNotify:
		f = check.Text(f, "rule", d.Rule, check.Line, true)
	}
	if d.Counsel != "" && !slices.Contains(ByCounsel[:], d.Kind) {
		f = append(f, fault.Field{Field: "counsel", Message: "belongs to a decision on disclosure or retention"})
	}
	if d.About != "" && d.Kind != RiskVerdict {
		f = append(f, fault.Field{Field: "about", Message: "belongs to a yes or no to a verdict on the risk"})
	}
	f = check.Word(f, "rule", d.Rule)
	f = check.Word(f, "entity", d.Entity)
	f = check.Word(f, "about", d.About)
	return check.Word(f, "decided_by", d.DecidedBy)
}

// Due says which decisions counsel still owes, and on which kinds of data: those that
// are recorded and that no decision of that kind knew of.
func Due(facts map[string]fact.Fact, made []Decision) map[Kind][]fact.Sensitive {
	out := map[Kind][]fact.Sensitive{}
	for _, kind := range ByCounsel {
		for _, s := range fact.SensitiveIn(facts) {
			if !slices.ContainsFunc(made, func(d Decision) bool { return d.Kind == kind && slices.Contains(d.Covers, string(s)) }) {
				out[kind] = append(out[kind], s)
			}
		}
	}
	return out
}

// Words names a kind inside a sentence.
func (k Kind) Words() string {
	if w := map[Kind]string{
		Disclosure: "what must be disclosed", Retention: "what is kept, and how long", RiskVerdict: "second opinion on the risk",
	}[k]; w != "" {
		return w
	}
	return string(k)
}
