package course

import (
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/decide/duty/policy"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/decision"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/room/head"
)

// kinds are the kinds of decision as links: each asks other questions.
func kinds(v decisions) []page.Choice {
	var out []page.Choice
	for _, k := range []incident.DecisionKind{
		incident.OutsideHelp, incident.PressTeam, incident.LawEnforcement, incident.DoNotNotify, incident.DecideDisclosure, incident.DecideRetention, incident.OtherDecision,
	} {
		label := head.DecisionWord(k)
		if k == incident.OtherDecision {
			label = "Other"
		}
		out = append(out, page.Choice{Label: label, Href: v.Path("decisions") + "?kind=" + string(k), On: k == v.Kind})
	}
	return out
}

func question(k incident.DecisionKind) string {
	return map[incident.DecisionKind]string{
		incident.OutsideHelp: "Is help from outside brought in?", incident.PressTeam: "Is the press team called together?",
		incident.LawEnforcement: "Is law enforcement contacted?", incident.DecideDisclosure: "Must it be disclosed?",
	}[k]
}

func decisionHint(k incident.DecisionKind) string {
	return map[incident.DecisionKind]string{
		incident.OutsideHelp:      "Policy 001, point 8: executives and legal counsel decide about outside help.",
		incident.PressTeam:        "Policy 001, point 11: who speaks to the press, and whether anybody does.",
		incident.LawEnforcement:   "Policy 003: legal counsel is consulted before any contact with law enforcement.",
		incident.DoNotNotify:      "It stays in the breach register with its reason (GDPR Art. 33(5)). The duty itself is waived on its own page.",
		incident.DecideDisclosure: "Policy 001, point 1: legal or outside counsel identifies what law or contract asks to disclose. Asked for when health records, payment cards, identity numbers, secrets or other protected information are recorded.",
		incident.DecideRetention:  "Policy 001, point 1: legal or outside counsel identifies what must be kept, and for how long.",
		incident.OtherDecision:    "Anything else worth being found again.",
	}[k]
}

func textLabel(k incident.DecisionKind) string {
	if k == incident.OtherDecision {
		return "What is decided?"
	}
	switch k {
	case incident.DecideDisclosure:
		return "To whom, and by when?"
	case incident.DecideRetention:
		return "What is kept, and for how long?"
	}
	return "In words"
}

func answerWord(a incident.Answer) string {
	switch a {
	case incident.Yes:
		return ": yes"
	case incident.No:
		return ": no"
	}
	return ""
}

// ruleWord names the rule a decision not to notify is about.
func ruleWord(id string) string {
	for _, r := range policy.Rules() {
		if r.ID == id {
			return strings.TrimSpace(strings.ReplaceAll(r.Title, "%s", head.Spaced(r.Recipient)))
		}
	}
	return head.Spaced(id)
}

func aboutWord(m head.Room, id string) string {
	if id == "" {
		return ""
	}
	if _, ok := m.Dir.Entities[id]; ok {
		return ", " + m.Dir.Name(directory.KindEntity, id)
	}
	return ", " + m.Dir.Name(directory.KindParty, id)
}

func needsText(k incident.DecisionKind) bool {
	return k == incident.OtherDecision || k == incident.DecideRetention
}

func byCounsel(k incident.DecisionKind) bool { return slices.Contains(decision.ByCounsel[:], k) }

func coverWords(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, fact.Sensitive(s).Words())
	}
	return strings.Join(out, ", ")
}
