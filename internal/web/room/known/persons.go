package known

import (
	"slices"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/numeral"
)

// spare is how many empty rows the table of persons has.
const spare = 3

// rowsOf are the rows of the table of persons: what is recorded, and a few empty ones.
func rowsOf(list []incident.Persons) []incident.Persons {
	return append(slices.Clone(list), make([]incident.Persons, spare)...)
}

// PersonsOf reads the table of persons. Rows that say nothing are left out, so that the
// service's row is not the form's: what is wrong with one is said here, by its place.
func PersonsOf(r *page.Request) (list []incident.Persons, wrong []fault.Field) {
	for i := range r.PostForm["country"] {
		cell := func(name string) string { return strings.TrimSpace(cell(r, name, i)) }
		if cell("country")+cell("min")+cell("estimate")+cell("max") == "" {
			continue
		}
		bad := func(words string) {
			wrong = append(wrong, fault.Field{Field: "persons", Message: "row " + strconv.Itoa(i+1) + ": " + words})
		}
		sound := true
		number := func(name, words string, otherwise int) int {
			if cell(name) == "" {
				return otherwise
			}
			n, err := numeral.Read(cell(name))
			if err != nil {
				sound = false
				bad(words + " must be a whole number")
			}
			return n
		}
		p := incident.Persons{Country: strings.ToUpper(cell("country")), Estimate: number("estimate", "the estimate", 0)}
		p.Min, p.Max = number("min", "the least number", p.Estimate), number("max", "the highest number", p.Estimate)
		switch {
		case !sound:
		case p.Max < p.Min:
			bad("the highest number is less than the least")
		case p.Estimate < p.Min || p.Estimate > p.Max:
			bad("the estimate does not lie between the least and the highest number")
		}
		list = append(list, p)
	}
	return list, wrong
}

// RenamePersons leads what the service says of the persons of a scope to their table.
func RenamePersons(scope string, list []incident.Persons) (pairs []string) {
	for i := range list {
		at := scope + ".persons[" + strconv.Itoa(i) + "]"
		pairs = append(pairs, at, "persons", at+".country", "persons")
	}
	return pairs
}

// cell is what was typed into a row of a table whose rows have no names of their own.
func cell(r *page.Request, name string, row int) string {
	if list := r.PostForm[name]; row < len(list) {
		return list[row]
	}
	return ""
}

// typed is what was typed into a cell of the table of persons, or its first value.
func typed(r *page.Request, f *page.Form, name string, i int, initial string) string {
	if !f.Failed() {
		return initial
	}
	return cell(r, name, i)
}

// amount leaves the cells of an empty row empty.
func amount(p incident.Persons, n int) string {
	if p == (incident.Persons{}) {
		return ""
	}
	return numeral.Thousands(n)
}
