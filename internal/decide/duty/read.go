package duty

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty/doc"
)

// Filter narrows a list of duties; empty fields do not.
type Filter struct {
	State     State  `json:"state,omitempty"` // missed: open and past its due time
	Incident  string `json:"incident,omitempty"`
	Rule      string `json:"rule,omitempty"`   // id of a rule of the policies or of the law
	Holder    string `json:"holder,omitempty"` // id of a person or team
	Recipient string `json:"recipient,omitempty"`
	Outward   bool   `json:"outward,omitempty"` // only those owed to the outside
	Drill     *bool  `json:"drill,omitempty"`
	Pending   bool   `json:"pending,omitempty"` // open or missed: nobody has done it yet
	Unowned   bool   `json:"unowned,omitempty"` // held by a team or nobody, not by a person
}

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
	where, args, err := f.sql(s.clk.Now())
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
	items, err := doc.Query[Duty](ctx, s.db, `SELECT doc FROM duty WHERE `+strings.Join(where, " AND ")+` ORDER BY due_at, id LIMIT ?`, append(args, limit+1)...)
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

func (f Filter) sql(now time.Time) (where []string, args []any, err error) {
	where = []string{"1 = 1"}
	add := func(cond string, a ...any) { where, args = append(where, cond), append(args, a...) }
	state, due := "state", "due_at"
	if f.Incident != "" || f.Holder != "" { // they lead to fewer rows; SQLite guesses otherwise
		state, due = "state || ''", "due_at + 0"
	}
	switch f.State {
	case "":
	case Open:
		add(state+" = 'open' AND "+due+" >= ?", clock.Micros(now))
	case Missed:
		add(state+" = 'open' AND "+due+" < ?", clock.Micros(now))
	case Met, Waived, Withdrawn:
		add(state+" = ?", string(f.State))
	default:
		return nil, nil, fault.InvalidField("state", "must be open, missed, met, waived or withdrawn")
	}
	if f.Pending {
		add(state + " = 'open'")
	}
	if f.Unowned {
		add("NOT EXISTS (SELECT 1 FROM person WHERE person.id = duty.holder_id)")
	}
	if f.Incident != "" {
		add("incident_id = ?", f.Incident)
	}
	if f.Rule != "" {
		add("rule = ?", f.Rule)
	}
	if f.Holder != "" {
		add("holder_id = ?", f.Holder)
	}
	if f.Recipient != "" {
		add("recipient_id = ?", f.Recipient)
	}
	if f.Outward {
		add("outward = 1")
	}
	if f.Drill != nil {
		add("drill = ?", *f.Drill)
	}
	return where, args, nil
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
	return doc.Query[Duty](ctx, r, `SELECT doc FROM duty WHERE incident_id = ? ORDER BY due_at, id`, incident)
}

// OpenTo lists the open duties of an incident that are owed to some recipients, the earliest
// due first, for rooms that have checked who asks.
func (s *Service) OpenTo(ctx context.Context, r store.Reader, incident string, recipients []string) ([]Duty, error) {
	var out []Duty
	for part := range slices.Chunk(recipients, 500) {
		args := []any{incident}
		for _, id := range part {
			args = append(args, id)
		}
		list, err := doc.Query[Duty](ctx, r, `SELECT doc FROM duty WHERE incident_id = ? AND state || '' = 'open' AND recipient_id IN (`+
			store.Placeholders(len(part))+`) ORDER BY due_at, id`, args...)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// OfRule says whether a key is that of a duty of a rule.
func OfRule(key, rule string) bool {
	rest, ok := strings.CutPrefix(key, rule)
	return ok && (strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, "@"))
}

// OfIncident lists all duties of an incident, by id, for rooms that have checked who asks.
func (s *Service) OfIncident(ctx context.Context, r store.Reader, incident string) ([]Duty, error) {
	return ofIncident(ctx, r, incident)
}

func ofIncident(ctx context.Context, r store.Reader, incident string) ([]Duty, error) {
	return doc.Query[Duty](ctx, r, `SELECT doc FROM duty WHERE incident_id = ? ORDER BY id`, incident)
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
