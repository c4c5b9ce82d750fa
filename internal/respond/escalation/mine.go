package escalation

import (
	"context"
	"fmt"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/respond/escalation/call"
	"github.com/wakebell/wakebell/internal/respond/escalation/rows"
)

// WaitingFor returns the calls of an incident that wait for this person's own answer, the
// newest of each matter, newest first: those that Acknowledge would take. It needs
// call.acknowledge; a token that belongs to no person is called by nobody.
func (s *Service) WaitingFor(ctx context.Context, by who.Identity, incident string) ([]Call, error) {
	if err := who.Check(by, who.PermCallAcknowledge); err != nil {
		return nil, err
	}
	out := []Call{}
	if by.Person == "" {
		return out, nil
	}
	q, args := Filter{Incident: incident, Person: by.Person}.sql()
	calls, err := rows.Docs[Call](ctx, s.db, q+` ORDER BY id DESC LIMIT ?`, append(args, who.PageLimit)...)
	if err != nil {
		return nil, fmt.Errorf("list the calls of a person: %w", err)
	}
	seen := map[string]bool{}
	for _, k := range calls {
		if k.Kind != call.KindCall || k.Chain == "" || seen[k.Chain] || k.State != call.Waiting && k.State != call.Expired {
			continue
		}
		seen[k.Chain] = true
		c, err := rows.Chain(ctx, s.db, k.Chain)
		if err != nil {
			return nil, err
		}
		if done, over := standing(c, k, by); !done && over == nil {
			out = append(out, k)
		}
	}
	return out, nil
}
