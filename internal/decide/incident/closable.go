package incident

import (
	"context"
	"fmt"

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
	for _, g := range s.guards {
		open, err := g(ctx, s.db, st)
		if err != nil {
			return nil, fmt.Errorf("read what stands in the way of closing %s: %w", st.ID, err)
		}
		c.Open = append(c.Open, open...)
	}
	if _, refused = Decide(st, c); refused != nil && fault.KindOf(refused) != fault.Conflict {
		return nil, refused
	}
	return refused, nil
}
