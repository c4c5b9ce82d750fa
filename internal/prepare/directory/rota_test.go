package directory_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

func TestRota(t *testing.T) {
	t.Parallel()
	h := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	people := map[string]who.Person{"a": {ID: "a", Active: true}, "b": {ID: "b", Active: true}, "gone": {ID: "gone"}}
	turn := func(p string, from, until, shift int) directory.Turn {
		out := directory.Turn{Person: p, From: h(from), Shift: shift}
		if until > 0 {
			out.Until = h(until)
		}
		return out
	}
	shift := func(p string, from, until int) directory.Shift {
		s := directory.Shift{Person: p}
		if from > -100 {
			s.From = h(from)
		}
		if until > 0 {
			s.Until = h(until)
		}
		return s
	}
	for name, c := range map[string]struct {
		shifts []directory.Shift
		want   []directory.Turn
	}{
		"nobody":           {nil, []directory.Turn{turn("", 0, 0, -1)}},
		"always":           {[]directory.Shift{shift("a", -100, 0)}, []directory.Turn{turn("a", 0, 0, 0)}},
		"gap between":      {[]directory.Shift{shift("a", -1, 4), shift("b", 8, 30)}, []directory.Turn{turn("a", 0, 4, 0), turn("", 4, 8, -1), turn("b", 8, 30, 1)}},
		"the upper wins":   {[]directory.Shift{shift("b", 2, 4), shift("a", -100, 0)}, []directory.Turn{turn("a", 0, 2, 1), turn("b", 2, 4, 0), turn("a", 4, 0, 1)}},
		"one after itself": {[]directory.Shift{shift("a", -1, 4), shift("a", 4, 0)}, []directory.Turn{turn("a", 0, 0, 0)}},
		"behind the end":   {[]directory.Shift{shift("b", 40, 50), shift("a", -100, 0)}, []directory.Turn{turn("a", 0, 40, 1)}},
		"not active":       {[]directory.Shift{shift("gone", -100, 0)}, []directory.Turn{turn("", 0, 0, -1)}},
		"long ago":         {[]directory.Shift{shift("a", -9, -5)}, nil},
	} {
		sn := directory.Snapshot{Teams: map[string]directory.Team{"t": {ID: "t", OnCall: c.shifts}}, People: people}
		if name == "long ago" {
			sn.Teams["t"].OnCall[0].Until = h(-5)
			c.want = []directory.Turn{turn("", 0, 0, -1)}
		}
		got := sn.Rota("t", h(0), h(24))
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	team := directory.Team{OnCall: []directory.Shift{shift("b", -9, 1), shift("a", -100, 0)}}
	got := team.TakeOver("b", h(2), h(6))
	if d := cmp.Diff([]directory.Shift{shift("b", 2, 6), shift("a", -100, 0)}, got.OnCall); d != "" {
		t.Error(d)
	}
	if len(team.OnCall) != 2 || team.OnCall[0].Until != h(1) {
		t.Error("the team that was given is changed")
	}
}
