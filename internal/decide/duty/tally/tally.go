// Package tally counts the duties that want somebody, for the number in the menu: those that were
// missed, and those that no person holds. It carries out "Winmore has identified internal personnel
// involved in incident management" (policy 000) where it is easiest overlooked. It only reads the
// table of duties and must not import its room or a face.
package tally

import (
	"context"
	"fmt"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// Wanting counts the open duties of real incidents that are past their due time or held by a team or nobody, at most
// most of them. Permission duty.read. Both counts walk an index and end at most.
func Wanting(ctx context.Context, r store.Reader, by who.Identity, dir directory.Snapshot, now time.Time, most int) (int, error) {
	if err := who.Check(by, who.PermDutyRead); err != nil {
		return 0, err
	}
	at := clock.Micros(now)
	var missed, unowned int
	err := r.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM duty WHERE state = 'open' AND drill = 0 AND due_at < ? LIMIT ?) AS late`, at, most).Scan(&missed)
	if err != nil {
		return 0, fmt.Errorf("count missed duties: %w", err)
	}
	if missed >= most {
		return most, nil
	}
	// Who holds a duty is a person, a team or nobody; the teams are few. The condition on the state is that of the
	// index duty_open_holder.
	args := []any{""}
	for id := range dir.Teams {
		args = append(args, id)
	}
	err = r.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM duty WHERE state || '' = 'open' AND drill = 0 AND holder_id IN (`+store.Placeholders(len(args))+`)
		AND due_at >= ? LIMIT ?) AS free`, append(args, at, most-missed)...).Scan(&unowned)
	if err != nil {
		return 0, fmt.Errorf("count duties without a person: %w", err)
	}
	return missed + unowned, nil
}
