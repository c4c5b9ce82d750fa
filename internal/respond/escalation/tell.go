package escalation

import (
	"fmt"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/phrase"
)

// Tell puts an entry of a kind "call.*" or "watchdog.*" into a sentence, "" for one it
// does not know. name gives the name of a person by its id, the title of a duty by
// "duty:" and the name of a team by "team:" and their ids.
func Tell(e record.Entry, name func(id string) string) string {
	var b body
	if e.Decode(&b) != nil {
		return ""
	}
	t := teller{at: e.At, name: name}
	switch e.Kind {
	case kindMade:
		return t.made(b.Calls)
	case kindReminded:
		return t.reminded(b.Calls)
	case kindExtended:
		return t.extended(b)
	case kindExpired:
		return t.people(b.Calls) + " did not answer in time"
	case kindAcknowledged:
		return t.acknowledged(e.Actor, b)
	case kindWithdrawn:
		return t.withdrawn(b)
	case kindExhausted:
		text := "Nobody has answered and nobody is left to call " + t.matter(b)
		if len(b.Calls) > 0 {
			text += "; " + t.made(b.Calls)
		}
		return text
	case kindLoopSilent:
		text := "The timed work stands still"
		if b.Chain != nil {
			text += " since " + phrase.Time(b.Chain.Since, e.At)
		}
		return text + ": an internal duty to look after the server. " + t.made(b.Calls)
	}
	return ""
}

type teller struct {
	at   time.Time
	name func(id string) string
}

func (t teller) people(calls []Call) string {
	var names []string
	for _, k := range calls {
		names = append(names, t.name(k.Person))
	}
	return phrase.And(names)
}

// made tells who was called how and about what; those who were called alike share a
// clause.
func (t teller) made(calls []Call) string {
	var order []string
	who := map[string][]string{}
	for _, k := range calls {
		how := "could not be called: " + k.Reason
		if k.State != Skipped {
			how = "called" + channels(k) + " " + t.about(k)
			if !k.ExpiresAt.IsZero() {
				how += ", answer by " + phrase.Time(k.ExpiresAt, t.at)
			}
		}
		if who[how] == nil {
			order = append(order, how)
		}
		who[how] = append(who[how], t.name(k.Person))
	}
	var clauses []string
	for _, how := range order {
		verb := " "
		if strings.HasPrefix(how, "called") {
			verb = " " + was(who[how]) + " "
		}
		clauses = append(clauses, phrase.And(who[how])+verb+how)
	}
	return strings.Join(clauses, "; ")
}

func was(list []string) string {
	if len(list) == 1 {
		return "was"
	}
	return "were"
}

func channels(k Call) string {
	if k.With != "" {
		return " in the same message"
	}
	var ways []string
	for _, w := range k.Channels {
		ways = append(ways, map[Channel]string{Email: "e-mail", Webhook: "webhook"}[w])
	}
	if len(ways) == 0 {
		return ""
	}
	return " by " + phrase.And(ways)
}

// about says what a call is about, so that it reads on after "was called".
func (t teller) about(k Call) string {
	n := phrase.Count(k.Signals, "signal", "signals")
	switch k.Purpose {
	case ForDuty:
		return "to " + t.duty(k.Duty, k.Rule)
	case ForSignals:
		return "about " + n + " to be triaged"
	case ForTriage:
		return "about " + n + " the team has not taken in time"
	case ForClassify:
		return "about " + n + " not decided in time"
	case ForMissed, ForNobody:
		if len(k.Duties) == 0 {
			return "because nobody of the team has answered"
		}
		return t.alarms(k)
	case ForWatchdog:
		return "to look after the server"
	}
	return "about " + k.Ref
}

func (t teller) alarms(k Call) string {
	var parts []string
	if k.Missed > 0 {
		parts = append(parts, phrase.Count(k.Missed, "duty was", "duties were")+" missed")
	}
	if k.Silent > 0 {
		parts = append(parts, phrase.Count(k.Silent, "team has", "teams have")+" not answered")
	}
	var titles []string
	for _, id := range k.Duties {
		titles = append(titles, t.duty(id, k.Rule))
	}
	return "because " + phrase.And(parts) + " (" + strings.Join(titles, "; ") + ")"
}

func (t teller) duty(id, rule string) string {
	if title := t.name("duty:" + id); title != "" && title != "duty:"+id {
		return phrase.Lower(title)
	}
	return "see to " + strings.ReplaceAll(rule, "_", " ")
}

func (t teller) reminded(calls []Call) string {
	var names, skipped []string
	for _, k := range calls {
		if k.State == Skipped {
			skipped = append(skipped, t.name(k.Person)+" could not be reminded: "+k.Reason)
			continue
		}
		names = append(names, t.name(k.Person))
	}
	var parts []string
	if len(names) > 0 {
		text := fmt.Sprintf("%s %s reminded: %s", phrase.And(names), was(names), t.duty(calls[0].Duty, calls[0].Rule))
		if !calls[0].DueAt.IsZero() {
			text += ", due " + phrase.Time(calls[0].DueAt, t.at)
		}
		parts = append(parts, text)
	}
	return strings.Join(append(parts, skipped...), "; ")
}

func (t teller) extended(b body) string {
	if b.Alarm == nil {
		return phrase.Count(len(b.Signals), "more signal joins", "more signals join") + " a call that nobody has answered yet"
	}
	text := "Also missed, while the alarm before is unanswered: "
	if b.Alarm.Kind == ForNobody {
		text = "Nobody of " + t.name("team:"+b.Alarm.Team) + " has answered, and the alarm before is unanswered: "
	}
	text += t.duty(b.Alarm.Duty, b.Alarm.Rule)
	if len(b.Calls) > 0 {
		text += "; " + t.people(b.Calls) + " told at once"
	}
	return text
}

func (t teller) acknowledged(actor string, b body) string {
	if len(b.Calls) == 0 {
		return t.name(actor) + " answered"
	}
	k := b.Calls[0]
	text := t.name(actor) + " answered the call " + t.about(k)
	if actor != k.Person {
		text += ", made to " + t.name(k.Person)
	}
	if b.Chain != nil && b.Chain.Heard && b.Chain.State == Running {
		text += "; the team's lead is still asked"
	}
	return text
}

func (t teller) withdrawn(b body) string {
	why := ""
	if b.Chain != nil {
		why = b.Chain.Reason
	}
	if len(b.Calls) == 0 {
		return phrase.Because("No further calls "+t.matter(b), why)
	}
	return phrase.Because("The call of "+t.people(b.Calls)+" "+t.matter(b)+" was taken back", why)
}

// matter says what the chain of an entry is about.
func (t teller) matter(b body) string {
	if b.Chain == nil {
		return ""
	}
	k := b.Chain.Describe(Call{Purpose: b.Chain.Purpose, Duty: b.Chain.Duty, Rule: b.Chain.Rule, Ref: b.Chain.Ref})
	if k.Purpose == ForSignals || k.Purpose == ForTriage || k.Purpose == ForClassify {
		return "about the signals"
	}
	return t.about(k)
}
