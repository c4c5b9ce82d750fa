package exchange

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// A table that was exported reads back as it was, also where a cell looks like a formula.
func TestCSVGoesRound(t *testing.T) {
	t.Parallel()
	want := []directory.Party{
		{
			ID: "a1", Name: "=Alpha, \"Ltd\"", Kind: directory.PartyCustomer, Country: "DE", Language: "de", Entity: "us", PersonalDataRole: directory.RoleController,
			KeyAccount: true, Liaison: "p1", Contract: &directory.Contract{Hours: 12, Start: directory.FromAware, Condition: directory.WhenAny, Acknowledge: true, Clause: "-7"},
			Contacts: []directory.Contact{{Name: "@Desk", Phone: "+49 89 1"}, {Name: "'quoted", Email: "x@example.com", Role: "=1+1"}},
		},
		{ID: "b2", Name: "Beta", Kind: directory.PartyCustomer, Country: "FR"},
	}
	lines := [][]string{columns}
	for _, p := range want {
		lines = append(lines, customerLines(p)...)
	}
	text := table2CSV(lines)
	cells, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range cells {
		for _, c := range line {
			if strings.HasPrefix(c, "=") || strings.HasPrefix(c, "@") || strings.HasPrefix(c, "-") {
				t.Errorf("a spreadsheet computes %q", c)
			}
		}
	}
	rows, errs := readCSV(text, none)
	if len(errs) != 0 || len(rows) != len(want) {
		t.Fatalf("%+v %+v", rows, errs)
	}
	for i, r := range rows {
		if d := cmp.Diff(want[i], *r.value.(*directory.Party)); d != "" {
			t.Error(d)
		}
	}
	if rows, errs := readCSV(Template(), none); len(errs) != 0 || len(rows) != 1 {
		t.Errorf("the template does not read back: %+v", errs)
	}
}
