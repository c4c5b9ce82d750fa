// Package differ shows what changed between two versions of something, in words and line by line: for histories, previews
// of an import, and edits that came second. It carries out "update Plan and procedures as needed" (policy 003): whoever
// changes something sees exactly what. It must not import a screen.
package differ

import (
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

// Said is one value in words, one line for each part of a list.
type Said struct{ Label, Text string }

// Change is a value that differs: the lines that are gone and those that came.
type Change struct {
	Label      string
	Gone, Came []string
}

// Of is what changed between two texts of a notice.
func Of(list []text.Change) []Change {
	out := make([]Change, len(list))
	for i, c := range list {
		out[i] = Change{Label: c.Where, Gone: c.Gone, Came: c.Came}
	}
	return out
}

// Compare lists what differs, in the order of after. Labels must be unique.
func Compare(before, after []Said) []Change {
	was := make(map[string]string, len(before))
	for _, s := range before {
		was[s.Label] = s.Text
	}
	var out []Change
	for _, s := range after {
		if c := change(s.Label, was[s.Label], s.Text); c != nil {
			out = append(out, *c)
		}
		delete(was, s.Label)
	}
	for _, s := range before { // a value that after does not have at all
		if text, ok := was[s.Label]; ok {
			if c := change(s.Label, text, ""); c != nil {
				out = append(out, *c)
			}
		}
	}
	return out
}

func change(label, before, after string) *Change {
	if before == after {
		return nil
	}
	b, a := lines(before), lines(after)
	c := &Change{Label: label, Gone: without(b, a), Came: without(a, b)}
	if len(c.Gone)+len(c.Came) == 0 { // only the order differs
		c.Gone, c.Came = b, a
	}
	return c
}

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(l string) bool { return slices.Contains(other, l) })
}
