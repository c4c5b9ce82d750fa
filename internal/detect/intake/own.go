package intake

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/store"
)

// mostStirred bounds what one look at the ledger takes; in a storm a reporter's page waits
// for the next change.
const mostStirred = 1000

// Stirred says which reports the entries after a position, up to another, are about, by the
// person who sent each: who follows the own report may learn that it changed. Machines'
// tokens and alerts are in no answer. It checks no permission.
func (s *Service) Stirred(ctx context.Context, r store.Reader, after, upTo int64) (map[string][]string, error) {
	entries, err := s.led.Entries(ctx, r, after, int(min(upTo-after, mostStirred)))
	if err != nil {
		return nil, fmt.Errorf("find whose reports changed: %w", err)
	}
	var ids []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Kind, "signal.") {
			continue
		}
		ids = append(ids, e.Subject)
		switch e.Kind {
		case kindCalled, kindAcknowledged, kindOverdue, kindQuieted:
			var b batch
			if err := e.Decode(&b); err != nil {
				return nil, err
			}
			ids = append(ids, b.IDs...)
		}
	}
	slices.Sort(ids)
	out := map[string][]string{}
	for chunk := range slices.Chunk(slices.Compact(ids), 200) {
		args := []any{string(Report)}
		for _, id := range chunk {
			args = append(args, id)
		}
		err := s.reporters(ctx, r, args, out)
		if err != nil {
			return nil, fmt.Errorf("find whose reports changed: %w", err)
		}
	}
	return out, nil
}

// reporters adds the ids of the reports among the named signals to those of their person.
func (s *Service) reporters(ctx context.Context, r store.Reader, args []any, into map[string][]string) error {
	rows, err := r.Query(ctx, "SELECT id, reported_by FROM signal WHERE kind = ? AND reported_by <> '' AND id IN ("+
		store.Placeholders(len(args)-1)+") ORDER BY id", args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, person string
		if err := rows.Scan(&id, &person); err != nil {
			return err
		}
		into[person] = append(into[person], id)
	}
	return rows.Err()
}
