package check

import (
	"encoding/hex"
	"slices"
)

// known are the ids that occurred. Ids nearly always rise, so that most need one
// comparison. A UUID takes 16 bytes.
type known struct {
	rising [][16]byte
	other  map[string]bool
}

// add reports whether an id is new.
func (k *known) add(id string) bool {
	u, plain := uuid(id)
	if n := len(k.rising); plain && (n == 0 || slices.Compare(k.rising[n-1][:], u[:]) < 0) {
		k.rising = append(k.rising, u)
		return true
	}
	if plain {
		_, found := slices.BinarySearchFunc(k.rising, u, func(a, b [16]byte) int { return slices.Compare(a[:], b[:]) })
		if found {
			return false
		}
	}
	if k.other[id] {
		return false
	}
	if k.other == nil {
		k.other = map[string]bool{}
	}
	k.other[id] = true
	return true
}

// uuid reads an id in the one form in which they are written.
func uuid(id string) (u [16]byte, ok bool) {
	if len(id) != 36 || id[8] != '-' || id[13] != '-' || id[18] != '-' || id[23] != '-' {
		return u, false
	}
	var text [32]byte
	n := copy(text[:], id[:8])
	for _, part := range [...]string{id[9:13], id[14:18], id[19:23], id[24:]} {
		n += copy(text[n:], part)
	}
	for _, c := range text {
		if c >= 'A' && c <= 'F' { // another text for the same id
			return u, false
		}
	}
	_, err := hex.Decode(u[:], text[:])
	return u, err == nil
}
