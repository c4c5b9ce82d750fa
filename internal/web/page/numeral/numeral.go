// Package numeral writes and reads whole numbers as people do. It carries out no policy
// sentence of its own and must not import anything of this module.
package numeral

import (
	"regexp"
	"strconv"
	"strings"
)

// Count is "1 customer" or "1,200 customers".
func Count[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Thousands(n) + " " + many
}

// Thousands writes 38114 as 38,114.
func Thousands[N int | int64](n N) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// grouped is a whole number as people write it: 12000, 12,000, 12.000, 12 000 or 12'000.
var grouped = regexp.MustCompile(`^[0-9]{1,3}([,. '\x{a0}\x{202f}’][0-9]{3})+$`)

// Read reads a whole number that is not negative, as people write it. Groups hold three
// digits: 12,5 is no whole number and is refused, not read as 125. The text of the error
// is not for people: they are told at their field.
func Read(text string) (int, error) {
	text = strings.TrimSpace(text)
	if grouped.MatchString(text) {
		text = strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, text)
	}
	n, err := strconv.ParseUint(text, 10, 63)
	return int(n), err
}
