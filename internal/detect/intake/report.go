package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

// sourcePerson is the source of every report.
const sourcePerson = "person"

// ReportInput is what a person tells us.
type ReportInput struct {
	Title        string // required, at most 300 characters
	Summary      string // at most 20,000 characters
	Service      string // directory id, may be empty
	DiscoveredAt time.Time
	Contact      string // how to reach the reporter, at most 500 characters
	Drill        bool
}

// Report takes in a report of a person (policy 001: everybody reports to the
// product team or the incident response manager). DiscoveredAt is required: the
// deadlines run from it. It needs report.create.
func (s *Service) Report(ctx context.Context, by who.Identity, in ReportInput) (Signal, error) {
	if err := who.Check(by, who.PermReportCreate); err != nil {
		return Signal{}, err
	}
	if err := s.checkReport(in); err != nil {
		return Signal{}, err
	}
	var sig Signal
	out, err := s.db.Write(ctx, store.Op{Name: "report.create", Actor: by.Actor}, func(tx *store.Tx) error {
		x := Input{
			Kind: Report, Source: sourcePerson, Title: in.Title, Summary: in.Summary, Contact: in.Contact,
			DiscoveredAt: in.DiscoveredAt, Drill: in.Drill, ReportedBy: own(by),
		}
		if in.Service != "" {
			r, err := s.rules(tx)
			if err != nil {
				return err
			}
			if err := s.directory(tx, r); err != nil {
				return err
			}
			if it, ok := r.dir.ITServices[in.Service]; !ok || it.Retired {
				return fault.InvalidField("service", "is not in the directory; leave it out when you do not know it")
			}
			x.Services = []string{in.Service}
		}
		var err error
		if sig, _, err = s.Receive(tx, by, x); err != nil {
			return err
		}
		tx.SetResult(sig.ID)
		return nil
	})
	if err != nil {
		return Signal{}, fmt.Errorf("report: %w", err)
	}
	if out.Replayed {
		return s.GetTx(s.db, out.ResultID)
	}
	return sig, nil
}

func (s *Service) checkReport(in ReportInput) error {
	f := checkText("title", in.Title, maxTitle, true)
	f = append(f, checkText("summary", in.Summary, maxSummary, false)...)
	f = append(f, checkText("contact", in.Contact, maxContact, false)...)
	switch {
	case in.DiscoveredAt.IsZero():
		f = append(f, fault.Field{Field: "discovered_at", Message: "is required: every deadline runs from it"})
	case in.DiscoveredAt.After(s.clk.Now().Add(futureSlack)):
		f = append(f, fault.Field{Field: "discovered_at", Message: "lies in the future; give the time at which it was noticed"})
	case in.DiscoveredAt.Before(earliest):
		f = append(f, fault.Field{Field: "discovered_at", Message: "lies before the year 2000; give the time at which it was noticed"})
	}
	return fault.Invalids(f...)
}

// own is whose report it is: the person, or the token of a machine.
func own(by who.Identity) string {
	if by.Person != "" {
		return by.Person
	}
	return by.Actor
}
