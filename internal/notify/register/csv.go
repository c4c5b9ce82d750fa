package register

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/table"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// columns of the CSV export, in order.
var columns = []struct {
	name string
	of   func(e Entry) string
}{
	{"ref", func(e Entry) string { return e.Ref }},
	{"kind", func(e Entry) string { return string(e.Kind) }},
	{"title", func(e Entry) string { return e.Title }},
	{"summary", func(e Entry) string { return e.Summary }},
	{"state", func(e Entry) string { return string(e.State) }},
	{"nature", func(e Entry) string { return string(e.Nature) }},
	{"severity", func(e Entry) string { return number(e.Severity) }},
	{"bil", func(e Entry) string { return number(e.BIL) }},
	{"personal_data", func(e Entry) string { return string(e.PersonalData) }},
	{"discovered_at", func(e Entry) string { return stamp(e.DiscoveredAt) }},
	{"declared_at", func(e Entry) string { return stamp(e.DeclaredAt) }},
	{"closed_at", func(e Entry) string { return stamp(e.ClosedAt) }},
	{"entities", func(e Entry) string { return strings.Join(e.Entities, "; ") }},
	{"cause", func(e Entry) string { return e.Cause }},
	{"harm", func(e Entry) string { return harm(e.Effects.Harm) }},
	{"risk", func(e Entry) string { return e.Effects.Risk }},
	{"customers", func(e Entry) string { return strings.Join(e.Effects.Scope.Customers, "; ") }},
	{"persons_min", func(e Entry) string { return count(e.Persons, e.Persons.Min) }},
	{"persons_estimate", func(e Entry) string { return count(e.Persons, e.Persons.Estimate) }},
	{"persons_max", func(e Entry) string { return count(e.Persons, e.Persons.Max) }},
	{"contained_at", func(e Entry) string { return stamp(e.Remedy.ContainedAt) }},
	{"eradicated_at", func(e Entry) string { return stamp(e.Remedy.EradicatedAt) }},
	{"recovered_at", func(e Entry) string { return stamp(e.Remedy.RecoveredAt) }},
	{"remedy", func(e Entry) string { return tasks(e.Remedy.Done) }},
	{"duties", func(e Entry) string { return duties(e.DutyLines) }},
	{"decisions_not_to_notify", func(e Entry) string { return notNotify(e.NotNotify) }},
	{"roles", func(e Entry) string { return roles(e.Roles) }},
}

// ExportCSV writes the whole register as CSV with a head line, newest first. Cells that
// a spreadsheet would run as a formula begin with an apostrophe. Permission register.export.
func (s *Service) ExportCSV(ctx context.Context, by who.Identity, f Filter, w io.Writer) error {
	if err := who.Check(by, who.PermRegisterExport); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	row := make([]string, len(columns))
	for i, c := range columns {
		row[i] = c.name
	}
	if err := out.Write(row); err != nil {
		return fmt.Errorf("export the register: %w", err)
	}
	err := s.export(ctx, f, func(e Entry) error {
		for i, c := range columns {
			row[i] = table.Cell(c.of(e))
		}
		return out.Write(row)
	})
	if out.Flush(); err == nil {
		err = out.Error()
	}
	if err != nil {
		return fmt.Errorf("export the register: %w", err)
	}
	return nil
}

func number(p *int) string {
	if p == nil {
		return ""
	}
	return strconv.Itoa(*p)
}

func count(c Count, n int) string {
	if !c.Known {
		return ""
	}
	return strconv.Itoa(n)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func harm(list []incident.Harm) string {
	var parts []string
	for _, h := range list {
		parts = append(parts, h.Timing+" "+h.Property+" of "+strings.ReplaceAll(h.Asset, "_", " "))
	}
	return strings.Join(parts, "; ")
}

func tasks(list []TaskDone) string {
	var parts []string
	for _, t := range list {
		parts = append(parts, stamp(t.At)+" "+t.Text)
	}
	return strings.Join(parts, "; ")
}

func duties(list []DutyLine) string {
	var parts []string
	for _, d := range list {
		if d.Outward {
			parts = append(parts, d.Title+": "+string(d.State)+" (due "+stamp(d.DueAt)+")")
		}
	}
	return strings.Join(parts, "; ")
}

func notNotify(list []NotNotify) string {
	var parts []string
	for _, d := range list {
		parts = append(parts, strings.TrimSpace(d.Rule+" "+d.Entity)+": "+d.Reason+" ("+d.DecidedBy+", "+stamp(d.At)+")")
	}
	return strings.Join(parts, "; ")
}

func roles(list []directory.DataRole) string {
	var parts []string
	for _, r := range list {
		parts = append(parts, string(r))
	}
	return strings.Join(parts, "; ")
}
