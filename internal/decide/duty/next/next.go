// Package next reads the duty that falls due first in each of some incidents, for lists, and what is still owed to
// some recipients. It carries out "oversees
// and prioritizes actions" (policy 003): the next deadline leads. It only reads the tables of duties; it must not
// import a face.
package next

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/document"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
)

// Of returns the open duty that falls due first in each of some incidents, by incident id. An incident that
// owes nothing now is absent. A page of a list at a time: at most who.PageLimit. Permission duty.read.
func Of(ctx context.Context, r store.Reader, by who.Identity, incidents []string) (map[string]duty.Duty, error) {
	if err := who.Check(by, who.PermDutyRead); err != nil {
		return nil, err
	}
	out := make(map[string]duty.Duty, len(incidents))
	if len(incidents) == 0 {
		return out, nil
	}
	args := make([]any, len(incidents))
	for i, id := range incidents {
		args[i] = id
	}
	// One short walk along an index per incident: an incident may owe thousands of duties at one time.
	const one = `SELECT doc FROM (SELECT d.doc FROM duty_head h JOIN duty d ON d.state = 'open' AND d.due_at = h.next_due_at AND d.incident_id = h.incident_id
		WHERE h.incident_id = ? ORDER BY d.id LIMIT 1) AS first`
	list, err := document.List[duty.Duty](ctx, r, one+strings.Repeat(" UNION ALL "+one, len(incidents)-1), args...)
	if err != nil {
		return nil, fmt.Errorf("read the next duties: %w", err)
	}
	for _, d := range list {
		out[d.Incident] = d
	}
	return out, nil
}

// Owed is an open duty as far as it says whom it concerns.
type Owed struct {
	ID, Rule string
	Kind, To string // of its recipient
}

// To lists the open duties of an incident that are owed to some recipients, for rooms that
// have checked who asks. Neither those owed to others nor the documents are read.
func To(ctx context.Context, r store.Reader, incident string, recipients []string) (out []Owed, err error) {
	for part := range slices.Chunk(recipients, who.PageLimit) {
		args := []any{incident}
		for _, id := range part {
			args = append(args, id)
		}
		if out, err = owed(ctx, r, out, `SELECT id, rule, recipient_kind, recipient_id FROM duty
			WHERE incident_id = ? AND state || '' = 'open' AND recipient_id IN (`+store.Placeholders(len(part))+`)`, args); err != nil {
			return nil, fmt.Errorf("read what is owed to some: %w", err)
		}
	}
	return out, nil
}

func owed(ctx context.Context, r store.Reader, out []Owed, q string, args []any) (_ []Owed, err error) {
	rows, err := r.Query(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var d Owed
		if err := rows.Scan(&d.ID, &d.Rule, &d.Kind, &d.To); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, rows.Err()
}
