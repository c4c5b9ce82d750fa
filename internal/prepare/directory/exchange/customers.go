package exchange

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	cells "github.com/wakebell/wakebell/internal/base/table"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// Template is a table with every column and one example, as a start for people who have no file yet.
func Template() []byte {
	return table2CSV([][]string{columns, {
		"example-ltd", "Example Ltd", "IE", "en", "", "24", string(directory.FromDiscovered), string(directory.WhenAny), "no",
		"Agreement section 4", "information security", "email", "", string(directory.RoleController), "no", "", "Jane Example", "security@example.com", "+353 1 555 0100", "information security",
	}})
}

// ExportCSV writes the active customers as a table that Import reads back: a customer with several contacts has several
// lines. It needs directory.read.
func (s *Service) ExportCSV(ctx context.Context, by who.Identity) ([]byte, error) {
	if err := who.Check(by, who.PermDirectoryRead); err != nil {
		return nil, err
	}
	lines := [][]string{columns}
	f, cursor := directory.Filter{Kind: string(directory.PartyCustomer)}, ""
	for {
		list, next, err := s.dir.Parties(ctx, by, f, cursor, who.PageLimit)
		if err != nil {
			return nil, fmt.Errorf("export customers: %w", err)
		}
		for _, p := range list {
			lines = append(lines, customerLines(p)...)
		}
		if next == "" {
			return table2CSV(lines), nil
		}
		cursor = next
	}
}

func customerLines(p directory.Party) [][]string {
	yes := map[bool]string{true: "yes", false: "no"}
	first := []string{p.ID, p.Name, p.Country, p.Language, p.Entity, "", "", "", "", "", "", "", "", string(p.PersonalDataRole), yes[p.KeyAccount], p.Liaison}
	if k := p.Contract; k != nil {
		copy(first[5:], []string{strconv.Itoa(k.Hours), string(k.Start), string(k.Condition), yes[k.Acknowledge], k.Clause, k.Contact, string(k.Format), k.FormatWords})
	}
	contacts := p.Contacts
	if len(contacts) == 0 {
		contacts = []directory.Contact{{}}
	}
	var out [][]string
	for i, c := range contacts {
		line := append([]string{}, first...)
		if i > 0 {
			line = make([]string, len(first))
			line[0] = p.ID
		}
		out = append(out, append(line, c.Name, c.Email, c.Phone, c.Role))
	}
	return out
}

// ErrorsCSV writes what is wrong with a file as a table: line, column, what to do.
func ErrorsCSV(errs []LineError) []byte {
	lines := [][]string{{"line", "column", "what_is_wrong"}}
	for _, e := range errs {
		lines = append(lines, []string{strconv.Itoa(e.Line), e.Field, e.Message})
	}
	return table2CSV(lines)
}

func table2CSV(lines [][]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	for _, line := range lines {
		guarded := make([]string, len(line))
		for i, cell := range line {
			guarded[i] = guard(cell)
		}
		_ = w.Write(guarded) // a buffer takes everything
	}
	w.Flush()
	return b.Bytes()
}

// guard keeps a spreadsheet from taking a cell for a formula: the cell begins with an apostrophe then, which import
// takes off again. A telephone number is safe as it is.
func guard(cell string) string {
	if cells.Runs(cell) && !dialled.MatchString(cell) {
		return "'" + cell
	}
	return cell
}

func unguard(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && cells.Runs(rest) {
		return rest
	}
	return cell
}
