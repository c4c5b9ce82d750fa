// Package next reads the duty that falls due first in each of some incidents, for lists, and what is still owed to
// some recipients. It carries out "oversees
// and prioritizes actions" (policy 003): the next deadline leads. It only reads the tables of duties; it must not
// import a face.
package next

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/document"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/duty/doc"
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
	err = each(ctx, r, "id, rule, recipient_kind, recipient_id", duty.Open, incident, recipients, func(rows *sql.Rows) error {
		var d Owed
		err := rows.Scan(&d.ID, &d.Rule, &d.Kind, &d.To)
		out = append(out, d)
		return err
	})
	return out, err
}

// Met lists the duties of an incident to some recipients that were met, for rooms that have
// checked who asks. Those to others are not read.
func Met(ctx context.Context, r store.Reader, incident string, recipients []string) (out []duty.Duty, err error) {
	err = each(ctx, r, "doc", duty.Met, incident, recipients, func(rows *sql.Rows) error {
		d, err := doc.One[duty.Duty](rows)
		out = append(out, d)
		return err
	})
	return out, err
}

// each reads columns of the duties to some recipients in one state. The state is hidden from
// SQLite, which else takes its index.
func each(ctx context.Context, r store.Reader, columns string, state duty.State, incident string, recipients []string, use func(*sql.Rows) error) error {
	for part := range slices.Chunk(recipients, who.PageLimit) {
		args := []any{incident, string(state)}
		for _, id := range part {
			args = append(args, id)
		}
		if err := document.Each(ctx, r, use, `SELECT `+columns+` FROM duty
			WHERE incident_id = ? AND state || '' = ? AND recipient_id IN (`+store.Placeholders(len(part))+`) ORDER BY id`, args...); err != nil {
			return fmt.Errorf("read duties to some: %w", err)
		}
	}
	return nil
}
