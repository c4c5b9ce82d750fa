// Package register is the breach register: every confirmed incident, and every one of
// which nobody has said that no personal data is touched, with its facts, effects and
// remedy, the duties with their outcome, and why somebody was not told.
//
// It carries out policy 000 ("documents the incident in an internal registry") and GDPR
// Art. 33(5) ("the controller shall document any personal data breaches, comprising the
// facts relating to the personal data breach, its effects and the remedial action
// taken"). Drills are never in it unless asked for. It keeps no table: it reads what
// incident and duty project. It must not import respond or a face.
package register

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/ledger"
)

// Service reads the register.
type Service struct {
	db        *store.DB
	led       *record.Ledger
	clk       *clock.Clock
	incidents *incident.Service
	duties    *duty.Service
	dirs      *directory.Service
}

// New returns the service.
func New(db *store.DB, led *record.Ledger, clk *clock.Clock, incidents *incident.Service, duties *duty.Service, dirs *directory.Service) *Service {
	return &Service{db: db, led: led, clk: clk, incidents: incidents, duties: duties, dirs: dirs}
}

// Filter narrows the register; zero values do not.
type Filter struct {
	Drills bool      `json:"drills"` // drills instead of the real register
	From   time.Time `json:"from"`   // declared at or after
	Until  time.Time `json:"until"`  // declared before
	Limit  int       `json:"-"`      // 1 to 200, default 50
}

// List returns a page of the register, newest declaration first, and the cursor of the
// next page. Permission register.read.
func (s *Service) List(ctx context.Context, by who.Identity, f Filter, cursor string) ([]Head, string, error) {
	if err := who.Check(by, who.PermRegisterRead); err != nil {
		return nil, "", err
	}
	keys, err := by.OpenCursor(cursor, f, 2)
	if err != nil {
		return nil, "", err
	}
	after := place{}
	if keys != nil {
		at, err := strconv.ParseInt(keys[0], 10, 64)
		if err != nil {
			return nil, "", fault.InvalidField("cursor", "does not belong to this list; start again without it")
		}
		after = place{at, keys[1]}
	}
	limit := who.Limit(f.Limit)
	heads := []Head{}
	next := ""
	err = s.db.View(ctx, func(v *store.View) error {
		list, err := page(ctx, v, f, after, limit+1)
		if err != nil {
			return err
		}
		if len(list) > limit {
			list = list[:limit]
			last := list[limit-1]
			next = by.Cursor(f, strconv.FormatInt(clock.Micros(last.DeclaredAt), 10), last.ID)
		}
		return s.each(ctx, v, list, func(st incident.State, duties []duty.Duty, dir directory.Snapshot) error {
			heads = append(heads, headOf(st, duties, dir, s.clk.Now()))
			return nil
		})
	})
	if err != nil {
		return nil, "", fmt.Errorf("list the register: %w", err)
	}
	return heads, next, nil
}

// place is where a page begins: after this incident.
type place struct {
	declaredAt int64
	id         string
}

func page(ctx context.Context, r store.Reader, f Filter, after place, limit int) ([]incident.State, error) {
	kind := incident.Real
	if f.Drills {
		kind = incident.Drill
	}
	q, args := "SELECT state FROM incident WHERE registered = 1 AND kind = ?", []any{string(kind)}
	if !f.From.IsZero() {
		q, args = q+" AND declared_at >= ?", append(args, clock.Micros(f.From))
	}
	if !f.Until.IsZero() {
		q, args = q+" AND declared_at < ?", append(args, clock.Micros(f.Until))
	}
	if after.id != "" {
		q, args = q+" AND (declared_at, id) < (?, ?)", append(args, after.declaredAt, after.id)
	}
	rows, err := r.Query(ctx, q+" ORDER BY declared_at DESC, id DESC LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []incident.State
	for rows.Next() {
		var doc []byte
		var st incident.State
		if err := rows.Scan(&doc); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(doc, &st); err != nil {
			return nil, err
		}
		list = append(list, st)
	}
	return list, rows.Err()
}

func (s *Service) each(ctx context.Context, r store.Reader, list []incident.State, fn func(incident.State, []duty.Duty, directory.Snapshot) error) error {
	dir, err := s.dirs.Snapshot(r)
	if err != nil {
		return err
	}
	for _, st := range list {
		duties, err := s.duties.ForIncident(ctx, r, st.ID)
		if err != nil {
			return err
		}
		if err := fn(st, duties, dir); err != nil {
			return err
		}
	}
	return nil
}

// Get returns the register's entry of an incident by reference or id. NotFound where it
// has none. A drill's entry can be read; it is marked as one. Permission register.read.
func (s *Service) Get(ctx context.Context, by who.Identity, ref string) (Entry, error) {
	if err := who.Check(by, who.PermRegisterRead); err != nil {
		return Entry{}, err
	}
	var e Entry
	err := s.db.View(ctx, func(v *store.View) (err error) {
		e, err = s.entry(ctx, v, ref)
		if err == nil && len(e.Why) == 0 {
			return fault.Newf(fault.NotFound, "%s is not in the register: it is not confirmed, and no personal data is touched", e.Ref)
		}
		return err
	})
	if err != nil {
		return Entry{}, err
	}
	return e, nil
}

func (s *Service) entry(ctx context.Context, r store.Reader, ref string) (e Entry, err error) {
	st, err := s.incidents.GetTx(r, ref)
	if err != nil {
		return e, err
	}
	err = s.each(ctx, r, []incident.State{st}, func(st incident.State, duties []duty.Duty, dir directory.Snapshot) error {
		e = entryOf(st, duties, dir, s.clk.Now())
		return nil
	})
	if err != nil || st.MergedInto == "" {
		return e, err
	}
	into, err := s.incidents.GetTx(r, st.MergedInto)
	e.MergedInto = into.Ref
	return e, err
}

// exportPage is how many incidents are held in memory at once.
const exportPage = 200

// export walks the whole register on one snapshot.
func (s *Service) export(ctx context.Context, f Filter, fn func(Entry) error) error {
	return s.db.View(ctx, func(v *store.View) error {
		for after := (place{}); ; {
			list, err := page(ctx, v, f, after, exportPage)
			if err != nil {
				return err
			}
			if err := s.each(ctx, v, list, func(st incident.State, duties []duty.Duty, dir directory.Snapshot) error {
				return fn(entryOf(st, duties, dir, s.clk.Now()))
			}); err != nil {
				return err
			}
			if len(list) < exportPage {
				return nil
			}
			last := list[len(list)-1]
			after = place{clock.Micros(last.DeclaredAt), last.ID}
		}
	})
}

// ExportJSON writes the whole register as a JSON list of entries, newest first.
// Permission register.export.
func (s *Service) ExportJSON(ctx context.Context, by who.Identity, f Filter, w io.Writer) error {
	if err := who.Check(by, who.PermRegisterExport); err != nil {
		return err
	}
	before := "["
	err := s.export(ctx, f, func(e Entry) error {
		doc, err := json.Marshal(e)
		if err == nil {
			_, err = fmt.Fprintf(w, "%s\n%s", before, doc)
		}
		before = ","
		return err
	})
	if err == nil {
		_, err = io.WriteString(w, strings.TrimSuffix(before, ",")+"\n]\n")
	}
	if err != nil {
		return fmt.Errorf("export the register: %w", err)
	}
	return nil
}

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
			row[i] = safe(c.of(e))
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

// safe keeps spreadsheets from running a cell as a formula (OWASP, CSV injection).
func safe(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
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

// Bundle is an incident's entry with the part of the ledger it rests on. Ledger alone is
// what `wakebell verify FILE` checks; see WriteTo.
type Bundle struct {
	Register Entry         `json:"register"`
	Ledger   ledger.Bundle `json:"ledger"`
}

// WriteTo writes the ledger part as a bundle file that can be verified offline.
func (b Bundle) WriteTo(w io.Writer) (int64, error) { return b.Ledger.WriteTo(w) }

// Bundle returns everything recorded of an incident and its signals with the proofs, and
// the entry of the register made of it, from one snapshot. It also serves incidents that
// have no entry in the register: Why is empty then. Permission register.export.
func (s *Service) Bundle(ctx context.Context, by who.Identity, ref string) (Bundle, error) {
	if err := who.Check(by, who.PermRegisterExport); err != nil {
		return Bundle{}, err
	}
	var b Bundle
	err := s.db.View(ctx, func(v *store.View) (err error) {
		if b.Register, err = s.entry(ctx, v, ref); err != nil {
			return err
		}
		subjects := map[string]bool{b.Register.ID: true}
		for _, id := range b.Register.Signals {
			subjects[id] = true
		}
		b.Ledger, err = s.led.Bundle(ctx, v, slices.Sorted(maps.Keys(subjects)))
		return err
	})
	if err != nil {
		return Bundle{}, fmt.Errorf("bundle %s: %w", ref, err)
	}
	return b, nil
}
