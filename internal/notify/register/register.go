// Package register is the breach register: every confirmed incident, and every other one
// that touches personal data, or may as long as nobody has said no or dismissed it, with its
// facts, effects and remedy, the duties with their outcome, and why somebody was not told.
//
// It carries out policy 000 ("documents the incident in an internal registry") and GDPR
// Art. 33(5) ("the controller shall document any personal data breaches, comprising the
// facts relating to the personal data breach, its effects and the remedial action
// taken"). Drills are never in it unless asked for. It keeps no table: it reads what
// incident and duty project. It must not import respond or a face.
package register

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/ledger"
)

// Service reads the register.
type Service struct {
	db        *store.DB
	led       *record.Ledger
	clk       *clock.Clock
	plans     *plan.Service
	incidents *incident.Service
	duties    *duty.Service
	dirs      *directory.Service
	filed     Filed
}

// Filed gives what was filed in an incident. The names are ids until the register tells them.
type Filed func(ctx context.Context, r store.Reader, incident string) ([]FiledForm, error)

// Tell sets who knows what was filed; only wiring calls it, before the start.
func (s *Service) Tell(f Filed) { s.filed = f }

// New returns the service.
func New(db *store.DB, led *record.Ledger, clk *clock.Clock, incidents *incident.Service, duties *duty.Service, dirs *directory.Service, plans *plan.Service) *Service {
	return &Service{db: db, led: led, clk: clk, plans: plans, incidents: incidents, duties: duties, dirs: dirs}
}

// List returns a page of the register, newest declaration first, and the cursor of the
// next page. A page may hold less than the limit, or nothing, and still have a next one: a
// narrow filter looks at maxScan incidents at a time. Permission register.read.
func (s *Service) List(ctx context.Context, by who.Identity, f Filter, cursor string) ([]Head, string, error) {
	if err := who.Check(by, who.PermRegisterRead); err != nil {
		return nil, "", err
	}
	if err := f.Validate(); err != nil {
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
		dir, err := s.dirs.Snapshot(v)
		if err != nil {
			return err
		}
		list, more, err := scan(ctx, v, f, dir, after, limit)
		if err != nil {
			return err
		}
		if more.id != "" {
			next = by.Cursor(f, strconv.FormatInt(more.declaredAt, 10), more.id)
		}
		return s.each(ctx, v, list, dir, func(st incident.State, duties []duty.Duty) error {
			heads = append(heads, headOf(st, duties, dir, s.clk.Now()))
			return nil
		})
	})
	if err != nil {
		return nil, "", fmt.Errorf("list the register: %w", err)
	}
	return heads, next, nil
}

func (s *Service) each(ctx context.Context, r store.Reader, list []incident.State, dir directory.Snapshot, fn func(incident.State, []duty.Duty) error) error {
	for _, st := range list {
		duties, err := s.duties.ForIncident(ctx, r, st.ID)
		if err != nil {
			return err
		}
		if err := fn(st, duties); err != nil {
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
			return fault.Newf(fault.NotFound, "%s is not in the register: it is not confirmed, and it was dismissed or touches no personal data", e.Ref)
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
	dir, err := s.dirs.Snapshot(r)
	if err != nil {
		return e, err
	}
	err = s.each(ctx, r, []incident.State{st}, dir, func(st incident.State, duties []duty.Duty) error {
		e, err = s.whole(ctx, r, st, duties, dir)
		return err
	})
	if err != nil || st.MergedInto == "" {
		return e, err
	}
	into, err := s.incidents.GetTx(r, st.MergedInto)
	e.MergedInto = into.Ref
	return e, err
}

// whole is an incident's entry with what was found of the risk and what was filed.
func (s *Service) whole(ctx context.Context, r store.Reader, st incident.State, duties []duty.Duty, dir directory.Snapshot) (Entry, error) {
	p, err := s.plans.At(r, st.PlanVersion)
	if err != nil {
		return Entry{}, err
	}
	e := entryOf(st, duties, dir, s.clk.Now())
	e.assessed(st, p, dir)
	if s.filed == nil {
		return e, nil
	}
	list, err := s.filed(ctx, r, st.ID)
	for _, f := range list {
		f.Entity, f.FiledBy = entityName(dir, f.Entity), dir.PersonName(f.FiledBy)
		e.Filings = append(e.Filings, f)
	}
	return e, err
}

// exportPage is how many incidents are held in memory at once.
const exportPage = 200

// export walks the whole register on one snapshot.
func (s *Service) export(ctx context.Context, f Filter, fn func(Entry) error) error {
	if err := f.Validate(); err != nil {
		return err
	}
	return s.db.View(ctx, func(v *store.View) error {
		dir, err := s.dirs.Snapshot(v)
		if err != nil {
			return err
		}
		for after := (place{}); ; {
			list, more, err := scan(ctx, v, f, dir, after, exportPage)
			if err != nil {
				return err
			}
			if err := s.each(ctx, v, list, dir, func(st incident.State, duties []duty.Duty) error {
				e, err := s.whole(ctx, v, st, duties, dir)
				if err != nil {
					return err
				}
				return fn(e)
			}); err != nil {
				return err
			}
			if more.id == "" {
				return nil
			}
			after = more
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
