package escalation

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/wakebell/wakebell/internal/base/store/document"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/respond/escalation/call"
	"github.com/wakebell/wakebell/internal/respond/escalation/rows"
)

// WaitingFor returns the calls of an incident that this person may answer now, the newest of each
// matter: first the person's own, then those made to colleagues of a team the person is on call
// for, newest first. Without an incident it is the person's own alone. Acknowledge would take them. It needs call.acknowledge; a token that belongs
// to no person is called by nobody.
func (s *Service) WaitingFor(ctx context.Context, by who.Identity, incident string) ([]Call, error) {
	if err := who.Check(by, who.PermCallAcknowledge); err != nil {
		return nil, err
	}
	out := []Call{}
	if by.Person == "" {
		return out, nil
	}
	calls, err := s.newest(ctx, Filter{Incident: incident, Person: by.Person})
	if err != nil {
		return nil, err
	}
	dir, err := s.dirs.Snapshot(s.db)
	if err != nil {
		return nil, err
	}
	now := s.clk.Now()
	member := func(team string) bool { return team != "" && slices.Contains(dir.OnCall(team, now), by.Person) }
	if incident != "" && slices.ContainsFunc(slices.Collect(maps.Keys(dir.Teams)), member) {
		for _, state := range []CallState{call.Waiting, call.Expired} {
			others, err := s.newest(ctx, Filter{Incident: incident, State: state})
			if err != nil {
				return nil, err
			}
			calls = append(calls, others...)
		}
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
		if k.Person != by.Person && !member(c.Team) {
			continue
		}
		if done, over := standing(c, k, by); !done && over == nil {
			out = append(out, k)
		}
	}
	return out, nil
}

// newest reads a page of calls.
func (s *Service) newest(ctx context.Context, f Filter) ([]Call, error) {
	q, args := f.sql()
	calls, err := document.List[Call](ctx, s.db, q+` ORDER BY id DESC LIMIT ?`, append(args, who.PageLimit)...)
	if err != nil {
		return nil, fmt.Errorf("list the calls of a person: %w", err)
	}
	return calls, nil
}
