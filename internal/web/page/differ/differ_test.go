package differ_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/web/page/differ"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	said := func(pairs ...string) (out []differ.Said) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, differ.Said{Label: pairs[i], Text: pairs[i+1]})
		}
		return out
	}
	for name, c := range map[string]struct {
		before, after []differ.Said
		want          []differ.Change
	}{
		"same":     {said("a", "1"), said("a", "1"), nil},
		"changed":  {said("a", "1"), said("a", "2"), []differ.Change{{Label: "a", Gone: []string{"1"}, Came: []string{"2"}}}},
		"one line": {said("a", "1\n2"), said("a", "1\n3"), []differ.Change{{Label: "a", Gone: []string{"2"}, Came: []string{"3"}}}},
		"order":    {said("a", "1\n2"), said("a", "2\n1"), []differ.Change{{Label: "a", Gone: []string{"1", "2"}, Came: []string{"2", "1"}}}},
		"new":      {nil, said("a", "1", "b", ""), []differ.Change{{Label: "a", Came: []string{"1"}}}},
		"gone":     {said("a", "1"), nil, []differ.Change{{Label: "a", Gone: []string{"1"}}}},
	} {
		got := differ.Compare(c.before, c.after)
		for i := range got { // nil and empty say the same
			if len(got[i].Gone) == 0 {
				got[i].Gone = nil
			}
			if len(got[i].Came) == 0 {
				got[i].Came = nil
			}
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	var b strings.Builder
	if err := differ.List(differ.Compare(said("Hours", "24"), said("Hours", "12 <b>"))).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<del>", "Before:", "24", "<ins>", "12 &lt;b&gt;"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in %s", want, b.String())
		}
	}
}
