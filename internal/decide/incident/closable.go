package incident

import (
	"context"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
)

// Closable says what a close would be refused for now: nil, or the fault.Conflict that
// Close would answer, whose fields are named "duties/" and the key of a duty. Nothing is
// changed. Permission incident.read.
func (s *Service) Closable(ctx context.Context, by who.Identity, ref string, filingsPending bool) (refused, err error) {
	if err := who.Check(by, who.PermIncidentRead); err != nil {
		return nil, err
	}
	st, err := load(ctx, s.db, ref)
	if err != nil {
		return nil, err
	}
	now := s.clk.Now()
	c := &Close{Base: Base{Meta: Meta{Now: now, By: by.Actor}}, Reason: "asked", FilingsPending: filingsPending}
	if c.Open, err = s.blockers(ctx, s.db, st); err != nil {
		return nil, err
	}
	if _, refused = Decide(st, c); refused != nil && fault.KindOf(refused) != fault.Conflict {
		return nil, refused
	}
	return refused, nil
}
