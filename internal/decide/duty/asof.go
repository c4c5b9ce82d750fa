package duty

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

// AsOf returns the duties of an incident as the ledger knew them at t, in the order they
// fell due, for rooms that have checked who asks.
func (s *Service) AsOf(ctx context.Context, r store.Reader, incident string, t time.Time) ([]Duty, error) {
	entries, err := s.led.SubjectAsOf(ctx, r, incident, t)
	if err != nil {
		return nil, fmt.Errorf("read the duties of %s as of a time: %w", incident, err)
	}
	list, err := fold(entries)
	if err != nil {
		return nil, fmt.Errorf("read the duties of %s as of a time: %w", incident, err)
	}
	slices.SortFunc(list, func(a, b Duty) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

// fold applies the entries of duties among the given ones, in their order. It does to
// values what project does to the table.
func fold(entries []record.Entry) ([]Duty, error) {
	var list []Duty
	put := func(d Duty) {
		if i := slices.IndexFunc(list, func(o Duty) bool { return o.ID == d.ID }); i >= 0 {
			list[i] = d
		} else {
			list = append(list, d)
		}
	}
	for _, e := range entries {
		if !slices.ContainsFunc(Kinds(), func(k record.Kind) bool { return k.Name == e.Kind }) {
			continue
		}
		if e.Kind == kindRederived || e.Kind == kindRepacked {
			var b rederived
			if err := e.Decode(&b); err != nil {
				return nil, err
			}
			for _, c := range b.changes(list) {
				put(c.after)
			}
			continue
		}
		id, apply, err := changeOf(e)
		if err != nil {
			return nil, err
		}
		for _, d := range list {
			if d.ID == id {
				d.WaivedBy, d.Alarms = slices.Clone(d.WaivedBy), slices.Clone(d.Alarms)
				apply(&d)
				d.Version++
				put(d)
			}
		}
	}
	return list, nil
}

// MayMeet says whether somebody may say that the duty was met in this way: nil, or why not.
func (d Duty) MayMeet(by who.Identity, with string) error {
	if err := who.Check(by, who.PermDutyWork); err != nil {
		return err
	}
	if d.Calls != "" && with == "acknowledgement" && !by.Is(who.Manager) {
		return fault.New(fault.Denied, "a call is acknowledged by who was called; a manager may record that they answered")
	}
	return nil
}

// MayWaive says whether somebody's yes would count towards waiving the duty: nil, or why not.
func (d Duty) MayWaive(by who.Identity) error {
	if err := who.Check(by, who.PermDutyWaive); err != nil {
		return err
	}
	_, _, err := d.WaiverBy(by)
	return err
}
