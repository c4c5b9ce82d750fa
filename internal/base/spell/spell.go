// Package spell measures how far a mistyped word is from a known one. It carries out the sentence of policy 003 that a
// suspected incident is reported "as soon as possible": whoever mistypes at night is told what was meant. It knows
// letters alone and must not import a room.
package spell

// Distance is the number of letters to add, drop or change between two words (Levenshtein).
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		left, diagonal := i+1, i
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			left = min(left+1, diagonal+1, cost)
			row[j+1] = left
		}
		row[0] = i + 1
	}
	return row[len(b)]
}
