package call

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

var now = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

func dir() directory.Snapshot {
	people := map[string]who.Person{}
	for id, deputy := range map[string]string{"lead": "deputy", "oncall": "", "member": "", "deputy": "", "boss": "", "gone": "", "chief": ""} {
		people[id] = who.Person{ID: id, Email: id + "@example.com", Active: id != "gone", Deputy: deputy}
	}
	boss := people["boss"]
	boss.Roles = []who.Role{who.Manager}
	people["boss"] = boss
	return directory.Snapshot{
		People: people,
		Teams: map[string]directory.Team{
			"sirt": {
				ID: "sirt", Kind: directory.TeamSIRT,
				Members: []directory.Member{{Person: "member"}, {Person: "lead", Lead: true}, {Person: "oncall"}},
				OnCall:  []directory.Shift{{Person: "oncall", From: now.Add(-time.Hour), Until: now.Add(time.Hour)}},
			},
			"flat": {ID: "flat", Members: []directory.Member{{Person: "member"}}},
			"top":  {ID: "top", Kind: directory.TeamLeadership, Members: []directory.Member{{Person: "chief", Lead: true}}},
		},
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	lanes := []Lane{{AsManager, []string{"a", "b"}}, {AsExecutive, []string{"x"}}}
	fine := func(string) string { return "" }
	var before []Call
	var got [][]Pick
	for {
		picks, more := Choose(lanes, before, 1, 0, fine)
		if !more {
			break
		}
		got = append(got, picks)
		for _, p := range picks {
			before = append(before, Call{Kind: KindCall, Person: p.Person, Round: p.Round})
		}
	}
	round := func(n int) [][]Pick {
		return [][]Pick{{{"a", AsManager, n, ""}, {"x", AsExecutive, n, ""}}, {{"b", AsManager, n, ""}}}
	}
	want := append(append(round(1), round(2)...), round(3)...)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("each person once per round, three rounds: %s", d)
	}
}

func TestChooseSkips(t *testing.T) {
	t.Parallel()
	noB := func(p string) string {
		if p == "b" {
			return "no address"
		}
		return ""
	}
	picks, more := Choose([]Lane{{AsTeam, []string{"b", "a"}}}, nil, 1, 0, noB)
	if d := cmp.Diff([]Pick{{"b", AsTeam, 1, "no address"}, {"a", AsTeam, 1, ""}}, picks); !more || d != "" {
		t.Errorf("who has no address is passed over at once: %v %s", more, d)
	}
	picks, more = Choose([]Lane{{AsTeam, []string{"b"}}}, nil, 1, 0, noB)
	if more || len(picks) != 1 || picks[0].Skip == "" {
		t.Errorf("nobody can be reached: %v %v, want one skip and the end", picks, more)
	}
	if picks, more = Choose([]Lane{{AsTeam, nil}}, nil, 1, 0, noB); more || len(picks) != 0 {
		t.Errorf("an empty team: %v %v", picks, more)
	}
}

func FuzzChoose(f *testing.F) {
	f.Add("abc", "", 1)
	f.Fuzz(func(t *testing.T, team, away string, round int) {
		if len(team) > 20 {
			return
		}
		l := []Lane{{AsTeam, strings.Split(team, "")}}
		reach := func(p string) string {
			if strings.Contains(away, p) {
				return "away"
			}
			return ""
		}
		count := map[string]int{}
		var before []Call
		for range 100 {
			picks, more := Choose(l, before, round, 0, reach)
			for _, p := range picks {
				count[p.Person]++
				before = append(before, Call{Kind: KindCall, Person: p.Person, Round: p.Round})
				if (p.Skip == "") != (reach(p.Person) == "") {
					t.Fatalf("%v", p)
				}
			}
			if !more {
				for p, n := range count {
					if n > rounds {
						t.Errorf("%s was called %d times", p, n)
					}
				}
				return
			}
		}
		t.Error("it does not end")
	})
}

func TestLeads(t *testing.T) {
	t.Parallel()
	c := Chain{Purpose: ForDuty, Team: "sirt", NeedsLead: true, Manager: "boss"}
	for person, want := range map[string]bool{"lead": true, "oncall": true, "boss": true, "member": false, "deputy": false, "gone": false, "": false} {
		if got := CountsAsLead(dir(), c, nil, person, now); got != want {
			t.Errorf("%q counts as lead: %v, want %v", person, got, want)
		}
	}
	if !CountsAsLead(dir(), c, []Call{{Person: "deputy", State: Waiting}}, "deputy", now) {
		t.Error("the lead's deputy counts once he was called")
	}
	if CountsAsLead(dir(), c, nil, "oncall", now.Add(2*time.Hour)) {
		t.Error("after his shift the person on call is a member like others")
	}
	if !CountsAsLead(dir(), Chain{Team: "flat"}, nil, "member", now) {
		t.Error("of a team without a lead anybody counts")
	}
}

func TestLanes(t *testing.T) {
	t.Parallel()
	c := Chain{Purpose: ForDuty, Team: "sirt", NeedsLead: true}
	if d := cmp.Diff([]Lane{{AsTeam, []string{"oncall", "lead", "member", "deputy"}}}, Lanes(dir(), c, nil, now)); d != "" {
		t.Error(d)
	}
	c.Heard = true
	if d := cmp.Diff([]Lane{{AsTeam, []string{"oncall", "lead", "deputy"}}}, Lanes(dir(), c, []Call{{Person: "member", State: Acknowledged}}, now)); d != "" {
		t.Error("once the team knows, its lead is called: ", d)
	}
	c = Chain{Purpose: ForMissed, Manager: "boss"}
	if d := cmp.Diff([]Lane{{AsManager, []string{"boss", "lead"}}, {AsExecutive, []string{"chief"}}}, Lanes(dir(), c, nil, now)); d != "" {
		t.Error(d)
	}
	c.Manager = ""
	if got := Lanes(dir(), c, nil, now)[0].People; len(got) == 0 || got[0] != "lead" {
		t.Errorf("without an incident manager the lead of the SIRT answers: %v", got)
	}
}

func TestHolder(t *testing.T) {
	t.Parallel()
	for want, h := range map[string]duty.Ref{
		"member": {Kind: "person", ID: "member"}, "oncall": {Kind: "team", ID: "sirt"}, "lead": {Kind: "function"}, "": {Kind: "person", ID: "gone"},
	} {
		if got := Holder(dir(), duty.Duty{Holder: h}, now); got != want {
			t.Errorf("holder %v: %q, want %q", h, got, want)
		}
	}
}

func TestCompose(t *testing.T) {
	t.Parallel()
	k := Call{Purpose: ForDuty, Kind: KindCall, Incident: "id", Ref: "INC-2026-0001", DueAt: now, Minutes: 5}
	m := Compose([]Call{k}, "https://w.example", "secret", "Europe/Berlin")
	want := "INC-2026-0001\n\nYou are called: acknowledge within 5 minutes.\nDue: 2026-11-20 11:00 CET (2026-11-20 10:00 UTC)\n\nhttps://w.example/ack/secret\n"
	if d := cmp.Diff(want, m.Text); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(Post{
		Reference: "INC-2026-0001", Link: "https://w.example/ack/secret", Kind: "duty", DueAt: now,
		Text: "INC-2026-0001: You are called: acknowledge within 5 minutes.",
	}, m.Post); d != "" {
		t.Error(d)
	}
	k.Drill = true
	if m := Compose([]Call{k}, "b", "s", ""); !strings.HasPrefix(m.Subject, "DRILL: ") || !strings.HasPrefix(m.Text, "DRILL: ") || !strings.HasPrefix(m.Post.Text, "DRILL: ") || !m.Post.Drill {
		t.Errorf("a drill says so in front: %+v", m)
	}
	k = Call{Purpose: ForSignals, Kind: KindCall, Ref: "sig", Signals: 3, DueAt: now, Minutes: 5}
	if m := Compose([]Call{k}, "b", "s", "UTC"); !strings.Contains(m.Text, "3 signals wait for triage.") || !strings.Contains(m.Text, "b/signals\n") || !strings.Contains(m.Text, "Due: 2026-11-20 10:00 UTC\n") {
		t.Error(m.Text)
	}
	k = Call{Purpose: ForDuty, Kind: KindReminder, Incident: "id", Ref: "INC-2026-0001"}
	if m := Compose([]Call{k}, "b", "", ""); !strings.Contains(m.Text, "b/incidents/INC-2026-0001\n") || m.Post.Kind != "reminder" {
		t.Error(m.Text)
	}
}
