package gate_test

import (
	"slices"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/notify/notice/gate"
)

var now = time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)

// fine is a notice of which every gate is open.
func fine() gate.Input {
	return gate.Input{Now: now, Audience: "customer", NeedsList: true, Listed: true, SignedOff: true, Count: 2, Bound: "a", Frozen: "a"}
}

func TestGates(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(in *gate.Input)
		shut   []string
	}{
		"fine":              {func(*gate.Input) {}, nil},
		"not submitted":     {func(in *gate.Input) { in.Frozen = "" }, []string{gate.Approvals}},
		"changed":           {func(in *gate.Input) { in.Bound = "b" }, []string{gate.Approvals}},
		"one is missing":    {func(in *gate.Input) { in.Missing = [][]string{{"legal"}} }, []string{gate.Approvals}},
		"an emergency":      {func(in *gate.Input) { in.Emergency = true }, nil},
		"no list":           {func(in *gate.Input) { in.Listed = false }, []string{gate.Recipients}},
		"not signed off":    {func(in *gate.Input) { in.SignedOff = false }, []string{gate.Recipients}},
		"gaps are named":    {func(in *gate.Input) { in.Gaps = 1 }, nil},
		"needs no list":     {func(in *gate.Input) { in.NeedsList, in.Listed = false, false }, nil},
		"texts differ":      {func(in *gate.Input) { in.Findings = []gate.Finding{{Says: "differs"}} }, []string{gate.Texts}},
		"a fact changed":    {func(in *gate.Input) { in.Changed = []gate.Finding{{Where: "Two.", Says: "three"}} }, []string{gate.Facts}},
		"embargo":           {func(in *gate.Input) { in.EmbargoAt = now.Add(1) }, []string{gate.Embargo}},
		"embargo is over":   {func(in *gate.Input) { in.EmbargoAt = now }, nil},
		"no spokesperson":   {func(in *gate.Input) { in.Press = true }, []string{gate.Spokesperson}},
		"a spokesperson":    {func(in *gate.Input) { in.Press, in.Spokespersons = true, []string{"Ines"} }, nil},
		"late asks":         {func(in *gate.Input) { in.Late = []string{"Tell North"} }, nil},
		"a drill rehearses": {func(in *gate.Input) { in.Drill = true }, nil},
		"held":              {func(in *gate.Input) { in.Hold.Since = now }, []string{gate.Hold}},
	} {
		in := fine()
		c.change(&in)
		list := gate.All(in)
		var got []string
		for _, g := range gate.Shut(list) {
			got = append(got, g.Key)
			if g.Remedy == "" {
				t.Errorf("%s: the gate %s has no remedy", name, g.Key)
			}
		}
		if !slices.Equal(got, c.shut) {
			t.Errorf("%s: shut %v, want %v", name, got, c.shut)
		}
		for _, g := range list {
			if g.Title == "" || g.Why == "" {
				t.Errorf("%s: the gate %s says nothing", name, g.Key)
			}
		}
	}
}

func TestHold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		h        gate.HeldBy
		audience string
		blocks   bool
	}{
		"no hold":                       {gate.HeldBy{}, "customer", false},
		"legal was not asked":           {gate.HeldBy{Since: now}, "customer", true},
		"law enforcement itself":        {gate.HeldBy{Since: now}, "law_enforcement", false},
		"named":                         {gate.HeldBy{Since: now, Consulted: true, Audiences: []string{"customer"}}, "customer", true},
		"another is named":              {gate.HeldBy{Since: now, Consulted: true, Audiences: []string{"press"}}, "customer", false},
		"nobody is named":               {gate.HeldBy{Since: now, Consulted: true}, "customer", false},
		"released":                      {gate.HeldBy{Since: now, Released: now.Add(1)}, "customer", false},
		"an earlier one was released":   {gate.HeldBy{Since: now, Released: now.Add(-1)}, "customer", true},
		"released in the very instant":  {gate.HeldBy{Since: now, Released: now}, "customer", false},
		"named, and an earlier release": {gate.HeldBy{Since: now, Released: now.Add(-1), Consulted: true, Audiences: []string{"customer"}}, "customer", true},
	} {
		if got := c.h.Blocks(c.audience); got != c.blocks {
			t.Errorf("%s: blocks %v, want %v", name, got, c.blocks)
		}
	}
}
