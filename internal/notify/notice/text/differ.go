package text

// Change is a place where two texts differ: the sentences that are gone and those that
// came, under their heading.
type Change struct {
	Where      string
	Gone, Came []string
}

// Differ lists what differs between two texts of one language, in the order of reading.
// Texts of different languages differ everywhere; Consistent compares those.
func Differ(before, after *Text) []Change {
	a, b := before.Sentences(), after.Sentences()
	const most = 2000 // sentences: beyond that the table of comparison gets large
	if len(a) > most || len(b) > most {
		a, b = a[:min(len(a), most)], b[:min(len(b), most)]
	}
	var out []Change
	var open *Change
	flush := func() {
		if open != nil {
			out = append(out, *open)
			open = nil
		}
	}
	at := func(where string) *Change {
		if open != nil && open.Where != where {
			flush()
		}
		if open == nil {
			open = &Change{Where: where}
		}
		return open
	}
	common := longest(a, b)
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && same(a[i], b[j]):
			flush()
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			c := at(a[i].Section)
			c.Gone = append(c.Gone, a[i].Words)
			i++
		default:
			c := at(b[j].Section)
			c.Came = append(c.Came, b[j].Words)
			j++
		}
	}
	flush()
	return out
}

func same(a, b Sentence) bool { return a.Words == b.Words && a.Heading == b.Heading }

// longest is, for each pair of places, how many sentences the rests have in common, in order.
func longest(a, b []Sentence) [][]int32 {
	table := make([][]int32, len(a)+1)
	for i := range table {
		table[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if same(a[i], b[j]) {
				table[i][j] = table[i+1][j+1] + 1
			} else {
				table[i][j] = max(table[i+1][j], table[i][j+1])
			}
		}
	}
	return table
}
