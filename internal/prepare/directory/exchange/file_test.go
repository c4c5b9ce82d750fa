package exchange

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

func TestReadYAMLNamesLines(t *testing.T) {
	t.Parallel()
	text := `people:
  - id: p1
    name: One
    email: one@example.com
    shoe: 44
teams:
  - id: t1
    members:
      - person: p1
        lead: perhaps-secret
`
	_, errs := readYAML([]byte(text))
	if len(errs) != 2 || errs[0].Line != 5 || errs[0].Field != "shoe" || errs[1].Line != 10 || strings.Contains(errs[1].Message, "secret") {
		t.Errorf("%+v", errs)
	}
	rows, errs := readYAML([]byte("parties:\n  - id: a1\n    contacts:\n      - name: x\n        email: y\n  - {id: b2, country: X}\n"))
	if len(errs) != 0 || len(rows) != 2 {
		t.Fatalf("%+v %+v", rows, errs)
	}
	if l := rows[0].line("contacts[0].email"); l != 5 {
		t.Errorf("line %d", l)
	}
	if l := rows[0].line("name"); l != 2 {
		t.Errorf("a missing field is on line %d", l)
	}
	if l := rows[1].line("country"); l != 6 {
		t.Errorf("line %d", l)
	}
	for _, broken := range []string{"people: [", "\x00", "people: {}", "a: 1\n---\nb: 2", "people:\n  - &a [*a]"} {
		if _, errs := readYAML([]byte(broken)); len(errs) == 0 || errs[0].Line < 1 {
			t.Errorf("%q: %+v", broken, errs)
		}
	}
}

func none(string) (directory.Party, bool) { return directory.Party{}, false }

func TestReadCSV(t *testing.T) {
	t.Parallel()
	rows, errs := readCSV([]byte("\xef\xbb\xbfid;name;country;contract_hours;acknowledge;contact_name;contact_email\r\na1;A;DE;12;yes;X;x@example.com\r\na1;;;;;Y;y@example.com\r\nb2;B;FR;;;;\r\n"), none)
	if len(errs) != 0 || len(rows) != 2 {
		t.Fatalf("%+v %+v", rows, errs)
	}
	want := directory.Party{
		ID: "a1", Name: "A", Kind: directory.PartyCustomer, Country: "DE", Contract: &directory.Contract{Hours: 12, Acknowledge: true},
		Contacts: []directory.Contact{{Name: "X", Email: "x@example.com"}, {Name: "Y", Email: "y@example.com"}},
	}
	if diff := cmp.Diff(&want, rows[0].value); diff != "" {
		t.Error(diff)
	}
	if rows[0].line("name") != 2 || rows[0].line("contacts[1].email") != 3 || rows[1].line("id") != 4 {
		t.Error("wrong lines")
	}
	if p := rows[1].value.(*directory.Party); p.Contract != nil {
		t.Error("no hours, no contract")
	}
}

func TestReadCSVKeepsWhatTheTableDoesNotHave(t *testing.T) {
	t.Parallel()
	old := directory.Party{ID: "a1", Name: "Old", Kind: directory.PartyCustomer, Country: "DE", Contract: &directory.Contract{Hours: 12, Clause: "c"}, Contacts: []directory.Contact{{Email: "x@example.com"}}}
	rows, errs := readCSV([]byte("id,name,contract_hours\na1,New,24\n"), func(string) (directory.Party, bool) { return old, true })
	if len(errs) != 0 {
		t.Fatal(errs)
	}
	want := old
	want.Name, want.Contract = "New", &directory.Contract{Hours: 24, Clause: "c"}
	if diff := cmp.Diff(&want, rows[0].value); diff != "" {
		t.Error(diff)
	}
	if old.Contract.Hours != 12 {
		t.Error("the stored contract was changed in place")
	}
}

func TestCSVOfAContract(t *testing.T) {
	t.Parallel()
	p := directory.Party{ID: "a1", Name: "A", Kind: directory.PartyCustomer, Country: "DE", Contract: &directory.Contract{
		Hours: 12, Start: directory.FromAware, Condition: directory.WhenConfirmed, Clause: "DPA 7", Contact: "desk", Format: "portal", FormatWords: "https://p.example",
	}, Contacts: []directory.Contact{{Email: "x@example.com", Role: "desk"}}}
	rows, errs := readCSV(table2CSV(append([][]string{columns}, customerLines(p)...)), func(string) (directory.Party, bool) { return directory.Party{}, false })
	if len(errs) != 0 || len(rows) != 1 {
		t.Fatal(rows, errs)
	}
	if diff := cmp.Diff(&p, rows[0].value); diff != "" {
		t.Error(diff)
	}
}

func TestReadCSVErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]LineError{
		"":                                      {Line: 1, Field: "file"},
		"id,shoe\n":                             {Line: 1, Field: "column 2"},
		"name\nx\n":                             {Line: 1, Field: "id"},
		"id,name,name\n":                        {Line: 1, Field: "name"},
		"id,name\na1\n":                         {Line: 2, Field: "line"},
		"id,name\n\"a1,A\n":                     {Line: 2, Field: "line"},
		"id,name\n\"a\nb\",A\nx\n":              {Line: 4, Field: "line"},
		"id,name,contract_hours\na1,A,soon\n":   {Line: 2, Field: "contract_hours"},
		"id,name,key_account\na1,A,maybe\n":     {Line: 2, Field: "key_account"},
		"id,name\na1,A\na1,A\n":                 {Line: 3, Field: "id"},
		"id,name\na1,A\na1,B\n":                 {Line: 3, Field: "name"},
		"id,name\na1,A\xff\n":                   {Line: 2, Field: "file"},
		"id,name,contact_email\na1,A,\na1,A,\n": {Line: 3, Field: "id"},
	} {
		_, errs := readCSV([]byte(text), none)
		if len(errs) == 0 || errs[0].Line != want.Line || errs[0].Field != want.Field || errs[0].Message == "" {
			t.Errorf("%q: %+v", text, errs)
		}
	}
}

func FuzzFiles(f *testing.F) {
	f.Add([]byte("id,name\na1,A\n"))
	f.Add([]byte("parties:\n  - id: a\n    contacts: [{email: x}]\n"))
	f.Add([]byte("people: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, read := range []func() ([]row, []LineError){
			func() ([]row, []LineError) { return readYAML(text) },
			func() ([]row, []LineError) { return readCSV(text, none) },
		} {
			rows, errs := read()
			for _, e := range errs {
				if e.Line < 1 || e.Field == "" || e.Message == "" {
					t.Errorf("%+v", e)
				}
			}
			for _, r := range rows {
				if len(errs) == 0 && r.line("contacts[0].email") < 1 {
					t.Error("a row without a line")
				}
			}
		}
	})
}

func TestColumnOf(t *testing.T) {
	t.Parallel()
	for field, col := range map[string]string{"contract.hours": "contract_hours", "contacts[3].email": "contact_email", "name": "name"} {
		if got := columnOf(field); got != col {
			t.Errorf("%s is %s", field, got)
		}
	}
	for _, col := range fieldOf {
		if col == "" {
			t.Error("empty")
		}
	}
	for col := range fieldOf {
		if !slices.Contains(columns, col) {
			t.Errorf("%s is no column", col)
		}
	}
}
