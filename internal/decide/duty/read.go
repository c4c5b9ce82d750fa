package duty

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/document"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty/doc"
	"github.com/wakebell/wakebell/internal/decide/duty/pick"
	"github.com/wakebell/wakebell/internal/decide/duty/policy"
)

// Filter narrows a list of duties.
type Filter = pick.Filter

// Page is one page of duties, by due time; Next is "" on the last.
type Page struct {
	Items []Duty
	Next  string
}

// List returns duties of all incidents, the earliest due first.
func (s *Service) List(ctx context.Context, by who.Identity, f Filter, cursor string, limit int) (Page, error) {
	if err := who.Check(by, who.PermDutyRead); err != nil {
		return Page{}, err
	}
	after, err := by.OpenCursor(cursor, f, 2)
	if err != nil {
		return Page{}, err
	}
	where, args, err := f.SQL(s.clk.Now())
	if err != nil {
		return Page{}, err
	}
	if after != nil {
		us, err := strconv.ParseInt(after[0], 10, 64)
		if err != nil {
			return Page{}, fault.InvalidField("cursor", "does not belong to this list; start again without it")
		}
		where, args = append(where, "(due_at > ? OR (due_at = ? AND id > ?))"), append(args, us, us, after[1])
	}
	limit = who.Limit(limit)
	items, err := document.List[Duty](ctx, s.db, `SELECT doc FROM duty WHERE `+strings.Join(where, " AND ")+` ORDER BY due_at, id LIMIT ?`, append(args, limit+1)...)
	if err != nil {
		return Page{}, fmt.Errorf("list duties: %w", err)
	}
	p := Page{Items: items}
	if len(items) > limit {
		p.Items = items[:limit]
		last := p.Items[limit-1]
		p.Next = by.Cursor(f, strconv.FormatInt(clock.Micros(last.DueAt), 10), last.ID)
	}
	return p, nil
}

// Get returns one duty by id.
func (s *Service) Get(ctx context.Context, by who.Identity, id string) (Duty, error) {
	if err := who.Check(by, who.PermDutyRead); err != nil {
		return Duty{}, err
	}
	return doc.One[Duty](s.db.QueryRow(ctx, `SELECT doc FROM duty WHERE id = ?`, id))
}

// ForIncident returns all duties of an incident in the order they fall due, for
// rooms that have checked who asks.
func (s *Service) ForIncident(ctx context.Context, r store.Reader, incident string) ([]Duty, error) {
	return document.List[Duty](ctx, r, `SELECT doc FROM duty WHERE incident_id = ? ORDER BY due_at, id`, incident)
}

// OfIncident lists all duties of an incident, by id, for rooms that have checked who asks.
func (s *Service) OfIncident(ctx context.Context, r store.Reader, incident string) ([]Duty, error) {
	return ofIncident(ctx, r, incident)
}

func ofIncident(ctx context.Context, r store.Reader, incident string) ([]Duty, error) {
	return document.List[Duty](ctx, r, `SELECT doc FROM duty WHERE incident_id = ? ORDER BY id`, incident)
}

// standing reads the duties of an incident for a derivation. An incident may have told
// thousands: a duty to one party that was met is done with, and its document is not read.
func standing(ctx context.Context, r store.Reader, incident string) (out []Duty, err error) {
	apiece := policy.Apiece()
	err = document.Each(ctx, r, func(rows *sql.Rows) error {
		var d Duty
		var at int64
		var whole []byte
		if err := rows.Scan(&d.Key, &d.Rule, &d.Entity, &at, &whole); err != nil {
			return err
		}
		if whole != nil {
			d = Duty{}
			err = json.Unmarshal(whole, &d)
		} else {
			d.State, d.MetAt, d.Basis.Law = Met, clock.FromMicros(at), policy.Law(d.Rule)
		}
		out = append(out, d)
		return err
	}, `SELECT key, rule, entity, met_at, CASE WHEN state = 'met' AND rule IN (`+store.Placeholders(len(apiece))+`) THEN NULL ELSE doc END
		FROM duty WHERE incident_id = ? ORDER BY id`, append(apiece, incident)...)
	return out, err
}

// Title is what people call a duty, "" for an id that is not known; for rooms that have
// checked who asks.
func (s *Service) Title(ctx context.Context, r store.Reader, id string) string {
	d, err := doc.One[Duty](r.QueryRow(ctx, `SELECT doc FROM duty WHERE id = ?`, id))
	if err != nil {
		return ""
	}
	return d.Title
}

func byID(tx *store.Tx, id string) (Duty, error) {
	return doc.One[Duty](tx.QueryRow(clock.Background(), `SELECT doc FROM duty WHERE id = ?`, id))
}
