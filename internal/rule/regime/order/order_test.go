package order

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestOf(t *testing.T) {
	t.Parallel()
	sorted, circles := Of([]string{"a", "b", "c", "b"}, map[string][]string{"a": {"c", "b"}, "c": {"b", "elsewhere"}})
	if !slices.Equal(sorted, []string{"b", "c", "a"}) || circles != nil {
		t.Errorf("%q, circles %q", sorted, circles)
	}
	_, circles = Of([]string{"a", "b", "c"}, map[string][]string{"a": {"b"}, "b": {"c"}, "c": {"b"}})
	if len(circles) != 1 || !slices.Equal(circles[0], []string{"a", "b", "c", "b"}) {
		t.Errorf("circles %q", circles)
	}
}

// Without a circle each id stands after those it depends on; with one, a circle is named.
func TestOfIsAnOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfNDistinct(rapid.StringMatching("[a-h]"), 1, 8, rapid.ID).Draw(t, "ids")
		on := map[string][]string{}
		for _, id := range ids {
			on[id] = rapid.SliceOfN(rapid.SampledFrom(ids), 0, 3).Draw(t, "on "+id)
		}
		sorted, circles := Of(ids, on)
		if len(sorted) != len(ids) {
			t.Fatalf("%q of %q", sorted, ids)
		}
		for _, c := range circles {
			for i := range len(c) - 1 {
				if !slices.Contains(on[c[i]], c[i+1]) {
					t.Fatalf("%q is no way", c)
				}
			}
			if !slices.Contains(c[:len(c)-1], c[len(c)-1]) {
				t.Fatalf("%q does not lead back", c)
			}
		}
		if len(circles) > 0 {
			return
		}
		for at, id := range sorted {
			for _, d := range on[id] {
				if slices.Index(sorted, d) >= at {
					t.Fatalf("%s stands before %s in %q", id, d, sorted)
				}
			}
		}
	})
}
