// Package table makes the cells of tables that people download. "All information concerning an
// incident is to be considered confidential" (policy 003), and a cell that a stranger wrote and
// a spreadsheet runs can carry it away. It is pure and must not import any other package of
// this module.
package table

import (
	"strings"
	"unicode"
)

// Cell is a cell that no spreadsheet runs as a formula (OWASP, CSV injection): one that could be
// begins with an apostrophe.
func Cell(s string) string {
	if Runs(s) {
		return "'" + s
	}
	return s
}

// Runs tells whether a spreadsheet could take a cell for a formula: it begins with one of = + -
// and @, also in their wide forms, or with a tab or an end of line; what cannot be seen does not
// count, since programs leave it out.
func Runs(s string) bool {
	if s == "" {
		return false
	}
	if strings.ContainsRune("\t\r\n", rune(s[0])) {
		return true
	}
	s = strings.TrimLeftFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	})
	for _, r := range s {
		return strings.ContainsRune("=+-@＝＋－＠﹢﹣﹦﹫", r)
	}
	return false
}
