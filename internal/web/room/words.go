package room

import (
	"cmp"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/record/phrase"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/respond/escalation"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/numeral"
	"github.com/wakebell/wakebell/internal/web/room/head"
)

// phases are where the incident can go; the next one comes first.
func phases(m head.Room) []page.Option {
	var out []page.Option
	at := slices.Index(incident.Phases[:], m.Phase)
	for i := range incident.Phases {
		p := incident.Phases[(at+1+i)%len(incident.Phases)]
		if p == m.Phase {
			continue
		}
		label := page.PhaseWord(p)
		if slices.Index(incident.Phases[:], p) < at {
			label += " (back, needs a reason)"
		}
		out = append(out, page.Option{Value: string(p), Label: label})
	}
	return out
}

func functions() []page.Option {
	out := make([]page.Option, len(incident.Functions))
	for i, f := range incident.Functions {
		out[i] = page.Option{Value: string(f), Label: head.FunctionWord(f)}
	}
	return out
}

// member is one person's function in the incident.
type member struct {
	Function incident.Function
	Person   string
}

func members(m head.Room) []member {
	var out []member
	for _, f := range incident.Functions {
		for _, p := range m.Assignments[f] {
			out = append(out, member{f, p})
		}
	}
	return out
}

// dial is a number as tel: takes it.
func dial(phone string) string {
	return "tel:" + strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, phone)
}

// callTag says what became of a call.
func callTag(k escalation.Item) page.Tag {
	switch k.State {
	case escalation.Acknowledged:
		return page.Tag{Text: "Answered", Icon: page.IconCheck, Tone: page.Good}
	case escalation.Waiting:
		return page.Tag{Text: "Waiting", Icon: page.IconPhoneCall, Tone: page.Warn}
	case escalation.Expired:
		return page.Tag{Text: "No answer", Icon: page.IconPhoneMissed, Tone: page.Danger}
	case escalation.Skipped:
		return page.Tag{Text: "Not reached", Icon: page.IconPhoneOff, Tone: page.Danger}
	case escalation.Told:
		return page.Tag{Text: "Reminded", Icon: page.IconBell}
	}
	return page.Tag{Text: "Not needed any more", Icon: page.IconPhoneOff}
}

// calledAbout says what a call was about.
func calledAbout(v view, k escalation.Call) string {
	title := phrase.Lower(v.About[k.Duty])
	switch {
	case k.Purpose == escalation.ForDuty && title != "":
		return title
	case k.Purpose == escalation.ForMissed && k.Missed > 1:
		return numeral.Count(k.Missed, "deadline", "deadlines") + " missed"
	case k.Purpose == escalation.ForMissed && title != "":
		return "missed: " + title
	}
	return cmp.Or(map[escalation.Purpose]string{
		escalation.ForDuty: "to be told", escalation.ForSignals: "signals wait for triage", escalation.ForMissed: "a deadline was missed",
		escalation.ForTriage: "nobody took the signals", escalation.ForClassify: "nobody decided the signals", escalation.ForNobody: "nobody of the team answered",
	}[k.Purpose], head.Spaced(string(k.Purpose)))
}

// shownPeople is how many of the called stand in the room; all of them are in the timeline.
const shownPeople = 6

// lastCalls leaves of the calls what a person needs to know: each person's latest. Who is waited
// for comes first, then as the calls were made, the newest in front.
func lastCalls(list []escalation.Item) []escalation.Item {
	var out []escalation.Item
	for _, k := range list {
		if !slices.ContainsFunc(out, func(o escalation.Item) bool { return o.Person == k.Person }) {
			out = append(out, k)
		}
	}
	weight := map[escalation.CallState]int{escalation.Waiting: 0, escalation.Acknowledged: 1}
	rank := func(k escalation.Item) int {
		if w, ok := weight[k.State]; ok {
			return w
		}
		return len(weight)
	}
	slices.SortStableFunc(out, func(a, b escalation.Item) int { return cmp.Compare(rank(a), rank(b)) })
	return out[:min(shownPeople, len(out))]
}

// openTasks come first, the earliest due in front; then the others as they were added.
func openTasks(m head.Room) (open, done []incident.Task) {
	for _, t := range m.Tasks {
		if t.DoneAt.IsZero() {
			open = append(open, t)
		} else {
			done = append(done, t)
		}
	}
	slices.SortStableFunc(open, func(a, b incident.Task) int {
		switch {
		case a.Due.IsZero() != b.Due.IsZero():
			return map[bool]int{true: 1, false: -1}[a.Due.IsZero()]
		}
		return a.Due.Compare(b.Due)
	})
	slices.Reverse(done)
	return open, done
}
