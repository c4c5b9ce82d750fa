package approval_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/wakebell/wakebell/internal/notify/notice/approval"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

func yes(person string, roles ...string) approval.Yes {
	return approval.Yes{Person: person, Roles: roles}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	both := [][]string{{"legal"}, {"executive"}}
	for name, c := range map[string]struct {
		groups [][]string
		given  []approval.Yes
		left   int
	}{
		"nobody":                       {both, nil, 2},
		"one":                          {both, []approval.Yes{yes("a", "legal")}, 1},
		"one with both roles":          {both, []approval.Yes{yes("a", "legal", "executive")}, 1},
		"both":                         {both, []approval.Yes{yes("a", "legal"), yes("b", "executive")}, 0},
		"moves over for the other":     {both, []approval.Yes{yes("a", "legal", "executive"), yes("b", "legal")}, 0},
		"the same role twice":          {both, []approval.Yes{yes("a", "legal"), yes("b", "legal")}, 1},
		"one of several":               {[][]string{{"siht", "legal"}}, []approval.Yes{yes("a", "siht")}, 0},
		"a role that is not asked":     {both, []approval.Yes{yes("a", "manager")}, 2},
		"three groups, a chain of two": {[][]string{{"x", "y"}, {"y", "z"}, {"z"}}, []approval.Yes{yes("a", "y"), yes("b", "z"), yes("c", "x", "y")}, 0},
	} {
		if got := approval.Missing(c.groups, c.given); len(got) != c.left {
			t.Errorf("%s: missing %v, want %d", name, got, c.left)
		}
	}
}

// TestMissingIsTheLeast compares the matching with every way to give groups to people, and
// holds that the order of the yeses does not matter.
func TestMissingIsTheLeast(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	roles := []string{"a", "b", "c", "d"}
	some := func() []string {
		var out []string
		for _, r := range roles {
			if rnd.IntN(2) == 0 {
				out = append(out, r)
			}
		}
		return out
	}
	for range 2000 {
		groups := make([][]string, 1+rnd.IntN(4))
		for i := range groups {
			groups[i] = append(some(), "z")
		}
		given := make([]approval.Yes, rnd.IntN(5))
		for i := range given {
			given[i] = yes("p", some()...)
		}
		got := len(approval.Missing(groups, given))
		if want := least(groups, given); got != want {
			t.Fatalf("groups %v, given %v: missing %d, want %d", groups, given, got, want)
		}
		slices.Reverse(given)
		if again := len(approval.Missing(groups, given)); again != got {
			t.Fatalf("groups %v: %d missing, %d in another order", groups, got, again)
		}
	}
}

// least tries every way.
func least(groups [][]string, given []approval.Yes) int {
	if len(given) == 0 || len(groups) == 0 {
		return len(groups)
	}
	best := least(groups, given[1:])
	for i, g := range groups {
		if slices.ContainsFunc(given[0].Roles, func(r string) bool { return slices.Contains(g, r) }) {
			rest := slices.Delete(slices.Clone(groups), i, i+1)
			best = min(best, least(rest, given[1:]))
		}
	}
	return best
}

func TestOf(t *testing.T) {
	t.Parallel()
	p := plan.Default()
	for _, what := range []string{
		"customer_notice", "data_subject_notice", "employee_notice", "partner_notice", "vendor_notice", "authority_filing", "law_enforcement",
		"insurer_notice", "personnel_notice", "media_statement",
	} {
		if n := approval.Of(p, what); len(n.By) == 0 || n.Title == what {
			t.Errorf("the plan does not say who approves %s", what)
		}
	}
	p.Approvals = nil // a plan that was written before an act was known
	if n := approval.Of(p, "vendor_notice"); len(n.By) != 2 {
		t.Errorf("an old plan: %+v", n)
	}
	if n := approval.Of(p, "something else"); len(n.By) != 2 {
		t.Errorf("what nobody thought of needs legal and executive: %+v", n)
	}
	if w := approval.Words([][]string{{"legal", "privacy_officer"}, {"executive"}}); w != "legal or privacy officer and executive" {
		t.Errorf("words %q", w)
	}
}
