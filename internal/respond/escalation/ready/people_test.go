package ready

import (
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

var now = time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)

func dir(teams ...directory.Team) directory.Snapshot {
	sn := directory.Snapshot{Teams: map[string]directory.Team{}, People: map[string]who.Person{}}
	for _, p := range []who.Person{
		{ID: "lead", Name: "Lea", Email: "lea@example.com", Active: true, Deputy: "dep", Roles: []who.Role{who.Manager}},
		{ID: "dep", Name: "Dee", Email: "dee@example.com", Active: true, Webhook: "https://pager.example/dee", Roles: []who.Role{who.Executive}},
		{ID: "gone", Name: "Gus", Email: "gus@example.com"},
	} {
		sn.People[p.ID] = p
	}
	for _, t := range teams {
		sn.Teams[t.ID] = t
	}
	return sn
}

func team(kind directory.TeamKind, member string, shifts ...directory.Shift) directory.Team {
	return directory.Team{ID: "t", Name: "Portal", Kind: kind, Members: []directory.Member{{Person: member, Lead: true}}, OnCall: shifts}
}

func day(n int) time.Time { return now.AddDate(0, 0, n) }

func TestRosters(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		team  directory.Team
		state State
		text  string
	}{
		"for ever":                 {team(directory.TeamProduct, "lead", directory.Shift{Person: "lead"}), Good, "All 1 rosters are filled until 4 Dec 2026 03:00 UTC."},
		"week by week":             {team(directory.TeamSIRT, "lead", directory.Shift{Person: "lead", From: day(-1), Until: day(7)}, directory.Shift{Person: "dep", From: day(7), Until: day(15)}), Good, "All 1"},
		"a gap":                    {team(directory.TeamProduct, "lead", directory.Shift{Person: "lead", Until: day(3)}, directory.Shift{Person: "dep", From: day(5)}), Warn, "from 23 Nov 2026 03:00 UTC until 25 Nov 2026 03:00 UTC; the lead"},
		"two gaps":                 {team(directory.TeamProduct, "lead", directory.Shift{Person: "lead", From: day(1), Until: day(3)}), Warn, "There are 2 such gaps"},
		"somebody who left":        {team(directory.TeamProduct, "lead", directory.Shift{Person: "gone"}), Warn, "from 20 Nov 2026 03:00 UTC until 4 Dec"},
		"no roster":                {team(directory.TeamProduct, "lead"), Warn, "has no roster"},
		"nobody":                   {team(directory.TeamProduct, "gone"), Bad, "Nobody of the team can be called from 20 Nov 2026 03:00 UTC until 4 Dec"},
		"nobody, no roster needed": {team(directory.TeamBoard, "gone"), Bad, "Nobody of the team"},
		"nobody between":           {team(directory.TeamSIRT, "gone", directory.Shift{Person: "dep", Until: day(2)}), Bad, "from 22 Nov 2026 03:00 UTC"},
		"no such team":             {team(directory.TeamBoard, "lead"), Bad, "no product team and no SIRT"},
	} {
		got := rosters(dir(c.team), now)[0]
		if got.State != c.state || !strings.Contains(got.Text, c.text) || (got.State != Good && got.Remedy == "") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestWays(t *testing.T) {
	t.Parallel()
	sn := dir(team(directory.TeamProduct, "lead", directory.Shift{Person: "gone"}))
	called := callable(sn)
	if strings.Join(called, " ") != "dep lead" {
		t.Errorf("callable: %v", called)
	}
	if c := ways(sn, called, true); c.State != Good || !strings.Contains(c.Text, "1 have e-mail alone") {
		t.Errorf("%+v", c)
	}
	if c := ways(sn, called, false); c.State != Bad || !strings.Contains(c.Text, "1 of 2 people cannot be reached: Lea.") {
		t.Errorf("%+v", c)
	}
	if c := ways(sn, []string{"lead"}, false); c.State != Bad || !strings.Contains(c.Text, "None of the 1 people") {
		t.Errorf("%+v", c)
	}
	if c := tried(2, 1); c.State != Warn {
		t.Errorf("%+v", c)
	}
	if c := alarms(sn); c.State != Good || c.Text != "1 incident manager and 1 executive are there to be called." {
		t.Errorf("%+v", c)
	}
	delete(sn.People, "lead")
	if c := alarms(sn); c.State != Warn {
		t.Errorf("%+v", c)
	}
	delete(sn.People, "dep")
	if c := alarms(sn); c.State != Bad {
		t.Errorf("%+v", c)
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		on    bool
		flow  mail.Flow
		state State
		text  string
	}{
		"no server":  {false, mail.Flow{SentAt: now}, Bad, "No mail server"},
		"new":        {true, mail.Flow{}, Warn, "no message was sent yet"},
		"works":      {true, mail.Flow{SentAt: now, FailedAt: now.Add(-time.Hour)}, Good, "accepted"},
		"broken":     {true, mail.Flow{SentAt: now.Add(-time.Hour), FailedAt: now, LastError: "connect: connection refused"}, Bad, "given up"},
		"stuck":      {true, mail.Flow{SentAt: now, WaitingAt: now.Add(-time.Hour)}, Bad, "waits since 20 Nov 2026 02:00 UTC"},
		"on its way": {true, mail.Flow{SentAt: now, WaitingAt: now.Add(-time.Second)}, Good, "accepted"},
	} {
		got := messages(c.on, c.flow, now)
		if got.State != c.state || !strings.Contains(got.Text, c.text) || (got.State != Good && got.Remedy == "") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if dead(0).State != Good || dead(2).State != Warn || !strings.HasPrefix(dead(1).Text, "1 piece ") {
		t.Error("jobs that were given up")
	}
}
