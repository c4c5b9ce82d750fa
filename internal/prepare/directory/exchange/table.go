package exchange

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// columns of a customer table, in the order of the example. Only id and name are needed. A column that the table
// leaves out keeps the value the customer has; an empty cell in a column that is there clears it.
var columns = []string{
	"id", "name", "country", "language", "entity", "contract_hours", "contract_start", "contract_condition", "acknowledge",
	"clause", "contract_contact", "contract_format", "format_words", "personal_data_role", "key_account", "liaison", "contact_name", "contact_email", "contact_phone", "contact_role",
}

// fieldOf names the field of Party a column sets, to find the column of a wrong field again.
var fieldOf = map[string]string{
	"contract_hours": "contract.hours", "contract_start": "contract.start", "contract_condition": "contract.condition",
	"acknowledge": "contract.acknowledge", "clause": "contract.clause", "contract_contact": "contract.contact",
	"contract_format": "contract.format", "format_words": "contract.format_words", "contact_name": "contacts[0].name",
	"contact_email": "contacts[0].email", "contact_phone": "contacts[0].phone", "contact_role": "contacts[0].role",
}

// dialled looks like a telephone number, which no spreadsheet computes.
var dialled = regexp.MustCompile(`^\+[0-9][0-9 ()/.-]*$`)

// table is the reading state of one CSV file.
type table struct {
	at   map[string]int // column -> position
	errs []LineError
	rows []row
	seen map[string]int // id -> index in rows
}

// readCSV reads a table of customers: comma or semicolon, UTF-8, a header line, any order of columns. A line that
// repeats an id adds a further contact; its other cells stay empty or equal. current gives the customer that is stored.
func readCSV(text []byte, current func(id string) (directory.Party, bool)) ([]row, []LineError) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	for n, line := range bytes.Split(text, []byte("\n")) {
		if !utf8.Valid(line) {
			return nil, []LineError{{Line: n + 1, Field: "file", Message: "is not UTF-8: save the table as CSV UTF-8"}}
		}
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1
	first, _, _ := bytes.Cut(text, []byte("\n"))
	if bytes.Count(first, []byte(";")) > bytes.Count(first, []byte(",")) {
		r.Comma = ';'
	}
	t := &table{at: map[string]int{}, seen: map[string]int{}}
	for n := 0; ; n++ {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			line := 1
			if pe, ok := errors.AsType[*csv.ParseError](err); ok {
				line = pe.Line
			}
			return nil, append(t.errs, LineError{Line: line, Field: "line", Message: "quotes are not closed or stand in the wrong place"})
		}
		line, _ := r.FieldPos(0)
		switch {
		case n == 0:
			if t.header(line, cells); len(t.errs) > 0 {
				return nil, t.errs
			}
		case len(cells) != len(t.at):
			t.add(line, "line", "has %d cells, the header has %d: add or remove cells", len(cells), len(t.at))
		default:
			t.customer(line, cells, current)
		}
	}
	if len(t.at) == 0 {
		t.add(1, "file", "is empty: the first line must name the columns")
	}
	return t.rows, t.errs
}

func (t *table) add(line int, field, format string, args ...any) {
	t.errs = append(t.errs, LineError{Line: line, Field: field, Message: fmt.Sprintf(format, args...)})
}

func (t *table) header(line int, cells []string) {
	for i, c := range cells {
		c = strings.ToLower(strings.TrimSpace(c))
		_, twice := t.at[c]
		switch {
		case !slices.Contains(columns, c):
			t.add(line, fmt.Sprintf("column %d", i+1), "is not a known column; known are %s", strings.Join(columns, ", "))
		case twice:
			t.add(line, c, "stands in the header twice: remove one")
		}
		t.at[c] = i
	}
	for _, need := range []string{"id", "name"} {
		if _, ok := t.at[need]; !ok && len(t.errs) == 0 {
			t.add(line, need, "is missing in the header: add the column")
		}
	}
}

// record reads the cells of one line by column.
type cellsOf struct {
	t     *table
	line  int
	cells []string
}

func (c cellsOf) has(col string) bool { _, ok := c.t.at[col]; return ok }
func (c cellsOf) get(col string) string {
	if i, ok := c.t.at[col]; ok {
		return unguard(strings.TrimSpace(c.cells[i]))
	}
	return ""
}

func (c cellsOf) text(col string, to *string) {
	if c.has(col) {
		*to = c.get(col)
	}
}

func (c cellsOf) flag(col string, to *bool) {
	if !c.has(col) {
		return
	}
	switch strings.ToLower(c.get(col)) {
	case "yes", "true", "1":
		*to = true
	case "no", "false", "0", "":
		*to = false
	default:
		c.t.add(c.line, col, "must be yes or no")
	}
}

func (t *table) customer(line int, cells []string, current func(id string) (directory.Party, bool)) {
	c := cellsOf{t, line, cells}
	id := c.get("id")
	contact := directory.Contact{Name: c.get("contact_name"), Email: c.get("contact_email"), Phone: c.get("contact_phone"), Role: c.get("contact_role")}
	if at, ok := t.seen[id]; ok {
		t.further(c, at, contact)
		return
	}
	p := directory.Party{ID: id, Kind: directory.PartyCustomer}
	if old, ok := current(id); ok {
		if old.Kind != directory.PartyCustomer {
			t.add(line, "id", "belongs to a party that is not a customer: choose another id")
			return
		}
		p = old
		p.Retired = false
	}
	c.text("name", &p.Name)
	c.text("country", &p.Country)
	c.text("language", &p.Language)
	c.text("entity", &p.Entity)
	c.text("liaison", &p.Liaison)
	c.flag("key_account", &p.KeyAccount)
	if c.has("personal_data_role") {
		p.PersonalDataRole = directory.DataRole(c.get("personal_data_role"))
	}
	c.contract(&p)
	if c.has("contact_name") || c.has("contact_email") || c.has("contact_phone") {
		p.Contacts = nil
		if contact != (directory.Contact{}) {
			p.Contacts = []directory.Contact{contact}
		}
	}
	lines := []int{line}
	t.seen[id] = len(t.rows)
	t.rows = append(t.rows, row{
		kind: string(directory.KindParty), id: id, path: "", value: &p,
		// A contact after the first stands on a line of its own.
		line: func(field string) int {
			var n int
			if _, err := fmt.Sscanf(field, "contacts[%d]", &n); err == nil && n < len(lines) {
				return lines[n]
			}
			return line
		},
	})
}

func (c cellsOf) contract(p *directory.Party) {
	if !c.has("contract_hours") && p.Contract == nil {
		return
	}
	k := directory.Contract{}
	if p.Contract != nil {
		k = *p.Contract
	}
	if c.has("contract_hours") {
		v := c.get("contract_hours")
		if v == "" {
			p.Contract = nil
			return
		}
		n, err := strconv.Atoi(v)
		if err != nil {
			c.t.add(c.line, "contract_hours", "must be a whole number of hours")
			return
		}
		k.Hours = n
	}
	if c.has("contract_start") {
		k.Start = directory.ContractStart(c.get("contract_start"))
	}
	if c.has("contract_condition") {
		k.Condition = directory.ContractCondition(c.get("contract_condition"))
	}
	c.flag("acknowledge", &k.Acknowledge)
	c.text("clause", &k.Clause)
	c.text("contract_contact", &k.Contact)
	c.text("format_words", &k.FormatWords)
	if c.has("contract_format") {
		k.Format = directory.ContractFormat(c.get("contract_format"))
	}
	p.Contract = &k
}

// further adds the contact of a line that repeats an id.
func (t *table) further(c cellsOf, at int, contact directory.Contact) {
	r := &t.rows[at]
	p, ok := r.value.(*directory.Party)
	if !ok {
		return
	}
	if name := c.get("name"); name != "" && name != p.Name {
		t.add(c.line, "name", "differs from the line that has this id already: use another id, or leave the cell empty to add a contact")
		return
	}
	if contact == (directory.Contact{}) {
		t.add(c.line, "id", "stands in the table twice: remove the line, or give it a contact")
		return
	}
	n, before := len(p.Contacts), r.line
	p.Contacts = append(slices.Clone(p.Contacts), contact)
	line := c.line
	r.line = func(field string) int {
		if strings.HasPrefix(field, fmt.Sprintf("contacts[%d]", n)) {
			return line
		}
		return before(field)
	}
}

// columnOf names the column of a party's field, for people who see a table.
func columnOf(field string) string {
	if rest, ok := strings.CutPrefix(field, "contacts["); ok {
		if _, part, ok := strings.Cut(rest, "]."); ok {
			return "contact_" + part
		}
	}
	for col, f := range fieldOf {
		if f == field {
			return col
		}
	}
	return field
}
