package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
)

// told puts an event into a sentence. Times are shown in UTC; faces show local ones too.
func told(event incident.Event, name func(id string) string) string {
	switch e := event.(type) {
	case incident.Declared:
		return fmt.Sprintf("%s declared%s: %s (discovered %s)", e.Ref, drill(e.Incident), e.Title, utc(e.DiscoveredAt))
	case incident.Edited:
		return "Title or summary changed: " + e.Title
	case incident.StatusChanged:
		return because(upper(string(e.Status)), e.Reason)
	case incident.NatureChanged:
		return because("Found to be "+string(e.Nature), e.Reason)
	case incident.Graded:
		return because(fmt.Sprintf("Graded severity %d, BIL %d%s", e.Severity, e.BIL, suggested(e)), e.Reason)
	case incident.FactRecorded:
		return factTold(e, name)
	case incident.Assigned:
		word := "is now"
		if e.Ended {
			word = "is no longer"
		}
		return fmt.Sprintf("%s %s %s", name(e.Person), word, spaced(string(e.Function)))
	case incident.Noted:
		return e.Text
	case incident.DecisionMade:
		return decisionTold(e, name)
	case incident.TaskAdded:
		text := "Task: " + e.Text
		if e.Owner != "" {
			text += " (" + name(e.Owner) + ")"
		}
		if !e.Due.IsZero() {
			text += ", due " + utc(e.Due)
		}
		return text
	case incident.TaskMarked:
		if e.Done {
			return "Task done"
		}
		return because("Task open again", e.Reason)
	case incident.PhaseEntered:
		return because("Phase: "+string(e.Phase), e.Reason)
	case incident.SitrepSent:
		return fmt.Sprintf("Situation report %d: %s", e.Number, e.Text)
	case incident.SignalsLinked:
		return signals(len(e.Signals)) + " linked"
	case incident.SignalsUnlinked:
		return because(signals(len(e.Signals))+" unlinked", e.Reason)
	case incident.Merged:
		return because("Merged into "+called(name, "incident:", e.Into), e.Reason)
	case incident.Closed:
		if e.FilingsPending {
			return because("Closed, filings pending", e.Reason)
		}
		return because("Closed", e.Reason)
	case incident.Reopened:
		return because("Reopened", e.Reason)
	}
	return plain(event.Kind())
}

func signals(n int) string {
	if n == 1 {
		return "1 signal"
	}
	return fmt.Sprintf("%d signals", n)
}

// factName leaves out what marks a fact of the law.
func factName(n incident.FactName) string {
	return strings.TrimPrefix(strings.TrimPrefix(string(n), fact.LawMoment), fact.LawFact)
}

func factTold(e incident.FactRecorded, name func(id string) string) string {
	f := incident.Fact{Name: e.Name, Entity: e.Entity, Value: e.Value, Text: e.Text}
	text := "Fact: " + spaced(factName(e.Name))
	if e.Entity != "" {
		text += " for " + called(name, "entity:", e.Entity)
	}
	switch v := incident.WireValue(f).(type) {
	case string:
		text += ": " + v
	case incident.Answer:
		text += ": " + string(v)
	case []incident.Harm:
		for i, h := range v {
			text += [...]string{": ", ", "}[min(i, 1)] + h.Timing + " harm to " + h.Property + " of " + spaced(h.Asset)
		}
		if len(v) == 0 {
			text += ": none"
		}
	case []string:
		text += ": " + spaced(strings.Join(v, ", "))
	case *incident.Scope:
		text += ": " + scopeTold(v, name)
	default:
		if words := fact.Told(f); words != "" {
			text += ": " + words
		}
	}
	if e.Text != "" && !fact.IsText(e.Name) {
		text += " (" + e.Text + ")"
	}
	if e.SaidBy != "" {
		text += ", said by " + e.SaidBy
	}
	return text
}

func scopeTold(s *incident.Scope, name func(id string) string) string {
	if s == nil {
		return "none"
	}
	var parts []string
	for _, p := range []struct {
		what, prefix string
		list         []string
	}{
		{"services", "service:", s.Services},
		{"customers", "entity:", s.Customers},
		{"partners", "entity:", s.Partners},
		{"employee groups", "", s.EmployeeGroups},
		{"entities", "entity:", s.Entities},
		{"processings", "", s.Processings},
		{"data", "", s.DataKinds},
	} {
		if len(p.list) > 0 {
			var names []string
			for _, id := range p.list {
				names = append(names, called(name, p.prefix, id))
			}
			parts = append(parts, p.what+" "+strings.Join(names, ", "))
		}
	}
	low, high := 0, 0
	for _, p := range s.Persons {
		low, high = low+p.Min, high+p.Max
	}
	if len(s.Persons) > 0 {
		parts = append(parts, fmt.Sprintf("%d to %d persons", low, high))
	}
	if len(parts) == 0 {
		return "nobody and nothing"
	}
	return strings.Join(parts, "; ")
}

func decisionTold(e incident.DecisionMade, name func(string) string) string {
	text := "Decision: " + spaced(string(e.Decision))
	if e.Decision == incident.Second {
		text = "Second opinion on the risk:"
	}
	if e.Answer != "" {
		text += " " + string(e.Answer)
	}
	if e.Rule != "" {
		text += " (" + called(name, "rule:", e.Rule)
		if e.Entity != "" {
			text += ", " + called(name, "entity:", e.Entity)
		}
		text += ")"
	}
	if e.Text != "" {
		text += ": " + e.Text
	}
	if e.Counsel != "" {
		text += ", by outside counsel " + e.Counsel + ", recorded for " + name(e.DecidedBy)
	} else {
		text += ", by " + name(e.DecidedBy)
	}
	return because(text, e.Reason)
}

// called is what people call a thing now; its id where nobody knows it.
func called(name func(id string) string, prefix, id string) string {
	if prefix == "" {
		return id
	}
	return strings.TrimPrefix(name(prefix+id), prefix)
}

func suggested(e incident.Graded) string {
	if e.SuggestedSeverity == nil || e.SuggestedBIL == nil ||
		(*e.SuggestedSeverity == e.Severity && *e.SuggestedBIL == e.BIL) {
		return ""
	}
	return fmt.Sprintf(" (suggested: severity %d, BIL %d)", *e.SuggestedSeverity, *e.SuggestedBIL)
}

func because(what, reason string) string {
	if reason == "" {
		return what
	}
	return what + ": " + reason
}

func drill(k incident.Kind) string {
	if k == incident.Drill {
		return " as a DRILL"
	}
	return ""
}

func upper(s string) string  { return strings.ToUpper(s[:min(1, len(s))]) + s[min(1, len(s)):] }
func spaced(s string) string { return strings.ReplaceAll(s, "_", " ") }
func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
