package view

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

// ByIDs returns those of these incidents that exist, by their id. Permission incident.read.
func (s *Service) ByIDs(ctx context.Context, by who.Identity, ids []string) (map[string]Item, error) {
	if err := who.Check(by, who.PermIncidentRead); err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, nil
	}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	items, err := s.read(ctx, query{itemColumns + fromIncident + " AND i.id IN (" + store.Placeholders(len(ids)) + ")", args})
	if err != nil {
		return nil, err
	}
	found := make(map[string]Item, len(items))
	for _, it := range items {
		found[it.ID] = it
	}
	return found, nil
}

// Place is an entry of a timeline and where it stands there.
type Place struct {
	Line
	Incident string // id
	Cursor   string // for Latest without a filter, so that the page begins with the entry; "" when it is on the first page
}

// FirstPage is how many entries the first page of a timeline shows at least.
const FirstPage = 40

// Places tells entries of timelines by their ids, with where to find each. Permission
// incident.read.
func (s *Service) Places(ctx context.Context, by who.Identity, ids []string) (map[string]Place, error) {
	if err := who.Check(by, who.PermIncidentRead); err != nil {
		return nil, err
	}
	entries, err := s.led.ByIDs(ctx, s.db, ids)
	if err != nil {
		return nil, fmt.Errorf("read entries of timelines: %w", err)
	}
	name, first := s.names(ctx), map[string]int64{}
	out := make(map[string]Place, len(entries))
	for _, e := range entries {
		p := Place{Line: s.line(by, e, name), Incident: e.Subject}
		oldest, known := first[e.Subject]
		if !known {
			err := s.db.QueryRow(ctx, "SELECT COALESCE(MIN(seq), 0) FROM (SELECT seq FROM ledger_entry WHERE subject = ? ORDER BY seq DESC LIMIT ?) AS newest", e.Subject, FirstPage).Scan(&oldest)
			if err != nil {
				return nil, fmt.Errorf("place an entry in its timeline: %w", err)
			}
			first[e.Subject] = oldest
		}
		if e.Seq < oldest {
			p.Cursor = by.Cursor(latestBound(e.Subject, All, time.Time{}), strconv.FormatInt(e.Seq+1, 10))
		}
		out[e.ID] = p
	}
	return out, nil
}
