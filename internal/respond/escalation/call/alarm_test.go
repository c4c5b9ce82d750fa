package call

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func alarm(kind Purpose, duty string, at time.Duration) Alarm {
	return Alarm{Kind: kind, Duty: duty, Rule: "rule-" + duty, DueAt: now.Add(at), At: now.Add(at)}
}

func TestChainAlarms(t *testing.T) {
	t.Parallel()
	c := Chain{Minutes: 5}
	c.Raise(alarm(ForNobody, "a", 0))
	if c.Purpose != ForNobody || c.Last != 0 || c.Rule != "rule-a" {
		t.Errorf("the first alarm: %+v", c)
	}
	c.State, c.Round = Running, 2
	before := c
	c.Raise(alarm(ForMissed, "b", -time.Minute))
	if c.Purpose != ForMissed || c.Last != 3 || c.Rule != "rule-b" || len(before.Alarms) != 1 {
		t.Errorf("an alarm that joins: %+v; before %+v", c, before)
	}
	c.Raise(alarm(ForMissed, "b", time.Minute)) // the due time has moved and passed again
	k := c.Describe(Call{})
	if d := cmp.Diff(Call{Purpose: ForMissed, Missed: 1, Silent: 1, Duty: "a", Rule: "rule-a", Duties: []string{"a", "b"}, DueAt: now}, k); d != "" {
		t.Error(d)
	}
	if !c.Keep(func(id string) bool { return id == "b" }) || len(c.Alarms) != 1 || c.Rule != "rule-b" {
		t.Errorf("what is over falls away: %+v", c)
	}
	if c.Keep(func(string) bool { return false }) || len(c.Alarms) != 1 {
		t.Errorf("when nothing is left the chain ends as it was: %+v", c)
	}
}

// The first of each lane hears of a new alarm, but not within the minutes.
func TestAgain(t *testing.T) {
	t.Parallel()
	lanes := []Lane{{AsManager, []string{"away", "a", "b"}}, {AsExecutive, []string{"x"}}}
	reach := func(p string) string { return map[string]string{"away": "no address"}[p] }
	before := []Call{{Person: "a", CalledAt: now.Add(-6 * time.Minute)}, {Person: "x", CalledAt: now.Add(-4 * time.Minute)}}
	c := Chain{Minutes: 5, Round: 2}
	if got := Again(c, lanes, before, now, reach); got != nil {
		t.Errorf("nothing is new: %v", got)
	}
	c.Alarms = []Alarm{alarm(ForMissed, "d", -10*time.Minute)}
	if got := Again(c, lanes, before, now, reach); got != nil {
		t.Errorf("all know: %v", got)
	}
	c.Alarms = append(c.Alarms, alarm(ForMissed, "e", 0))
	if d := cmp.Diff([]Pick{{"a", AsManager, 2, ""}}, Again(c, lanes, before, now, reach)); d != "" {
		t.Errorf("x was told four minutes ago: %s", d)
	}
	if d := cmp.Diff([]Pick{{"a", AsManager, 2, ""}, {"x", AsExecutive, 2, ""}}, Again(c, lanes, before, now.Add(time.Minute), reach)); d != "" {
		t.Errorf("a minute later his turn has come: %s", d)
	}
	same := []Lane{{AsManager, []string{"a"}}, {AsExecutive, []string{"a"}}}
	if got := Again(c, same, nil, now, reach); len(got) != 1 {
		t.Errorf("one person is told once: %v", got)
	}
}

func TestAsked(t *testing.T) {
	t.Parallel()
	reminder := Call{ID: "1", Kind: KindReminder, Of: "0", Chain: "c", Purpose: ForDuty, Duty: "d"}
	k := Call{ID: "2", Kind: KindCall, Chain: "c", Purpose: ForDuty, Duty: "d"}
	holder := Call{ID: "3", Kind: KindReminder, Purpose: ForDuty, Duty: "e"}
	over := Call{ID: "4", Kind: KindCall, Chain: "z", Purpose: ForDuty, Duty: "z", State: Withdrawn}
	ids := func(calls ...Call) (out string) {
		for _, k := range Asked(calls) {
			out += k.ID
		}
		return out
	}
	for want, got := range map[string]string{"2": ids(reminder, k), "23": ids(k, reminder, holder), "3": ids(over, holder), "": ids(over)} {
		if got != want {
			t.Errorf("asked %q, want %q", got, want)
		}
	}
}

func TestComposeSeveral(t *testing.T) {
	t.Parallel()
	a := Call{ID: "1", Kind: KindCall, Chain: "a", Purpose: ForDuty, Duty: "a", Incident: "id", Ref: "INC-2026-0001", DueAt: now, Minutes: 5}
	b := a
	b.ID, b.Chain, b.Duty, b.Purpose, b.Missed, b.Silent, b.DueAt = "2", "b", "b", ForMissed, 3, 1, now.Add(-time.Hour)
	m := Compose([]Call{a, b}, "https://w.example", "secret", "UTC")
	want := `INC-2026-0001

2 things wait for your answer: acknowledge within 5 minutes.
1. You are called. Due: 2026-11-20 10:00 UTC
2. 3 duties were missed. Nobody of the team has answered. Due: 2026-11-20 09:00 UTC
The link acknowledges all that ask for an answer.

https://w.example/ack/secret
`
	if d := cmp.Diff(want, m.Text); d != "" {
		t.Error(d)
	}
	if m.Subject != "INC-2026-0001: 2 things wait for your answer" || !m.Post.DueAt.Equal(b.DueAt) ||
		m.Post.Text != "INC-2026-0001: 2 things wait for your answer: acknowledge within 5 minutes." {
		t.Errorf("%+v", m)
	}
	held := Call{ID: "3", Kind: KindReminder, Purpose: ForDuty, Duty: "c", Incident: "id", Ref: "INC-2026-0001", DueAt: now}
	if m := Compose([]Call{a, held}, "b", "s", ""); !strings.Contains(m.Text, "2 things wait for you: acknowledge within 5 minutes.") {
		t.Error(m.Text)
	}
	other := held
	other.ID, other.Duty = "4", "d"
	if m := Compose([]Call{held, other}, "b", "", ""); !strings.Contains(m.Text, "2 things wait for you.\n1. Reminder: you hold") || strings.Contains(m.Text, "acknowledge") {
		t.Error(m.Text)
	}
}
