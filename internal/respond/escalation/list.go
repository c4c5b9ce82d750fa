package escalation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/document"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/respond/escalation/rows"
)

// Filter narrows a list; empty fields do not.
type Filter struct {
	Incident string    `json:"incident,omitempty"` // incident id
	Signal   string    `json:"signal,omitempty"`   // signal id
	Person   string    `json:"person,omitempty"`
	Team     string    `json:"team,omitempty"`
	State    CallState `json:"state,omitempty"`
	Drill    *bool     `json:"drill,omitempty"`
}

// Delivery is what became of a call on one channel. State is one of queued, sending,
// sent, failed, dropped, and for e-mail kept: no mail server is set.
type Delivery struct {
	Channel    Channel   `json:"channel"`
	State      string    `json:"state"`
	Mail       string    `json:"mail,omitempty"` // id in the outbox
	Attempts   int       `json:"attempts"`
	MaybeTwice bool      `json:"maybe_twice"` // it may have arrived twice
	LastError  string    `json:"last_error,omitempty"`
	UpdatedAt  time.Time `json:"updated_at"`
}

// Item is a call with its deliveries.
type Item struct {
	Call
	Deliveries []Delivery `json:"deliveries"`
}

// Page is one page of calls, newest first; Next is "" on the last.
type Page struct {
	Items []Item
	Next  string
}

// List returns who was told what, when, by which channel and who answered, newest
// first. It needs call.read.
func (s *Service) List(ctx context.Context, by who.Identity, f Filter, cursor string, limit int) (Page, error) {
	if err := who.Check(by, who.PermCallRead); err != nil {
		return Page{}, err
	}
	switch f.State {
	case "", Waiting, Acknowledged, Expired, Withdrawn, Skipped, Told:
	default:
		return Page{}, fault.InvalidField("state", "must be open, acknowledged, expired, withdrawn, skipped or told")
	}
	after, err := by.OpenCursor(cursor, f, 1)
	if err != nil {
		return Page{}, err
	}
	q, args := f.sql()
	if after != nil {
		q, args = q+` AND id < ?`, append(args, after[0])
	}
	limit = who.Limit(limit)
	calls, err := document.List[Call](ctx, s.db, q+` ORDER BY id DESC LIMIT ?`, append(args, limit+1)...)
	if err != nil {
		return Page{}, fmt.Errorf("list calls: %w", err)
	}
	next := ""
	if len(calls) > limit {
		calls = calls[:limit]
		next = by.Cursor(f, calls[limit-1].ID)
	}
	items, err := s.items(ctx, calls)
	return Page{Items: items, Next: next}, err
}

// ForIncident lists the calls of an incident by its id. It needs call.read.
func (s *Service) ForIncident(ctx context.Context, by who.Identity, incident, cursor string, limit int) (Page, error) {
	return s.List(ctx, by, Filter{Incident: incident}, cursor, limit)
}

// ForSignal lists the calls about a signal. It needs call.read.
func (s *Service) ForSignal(ctx context.Context, by who.Identity, signal, cursor string, limit int) (Page, error) {
	return s.List(ctx, by, Filter{Signal: signal}, cursor, limit)
}

// Get returns one call. It needs call.read.
func (s *Service) Get(ctx context.Context, by who.Identity, id string) (Item, error) {
	if err := who.Check(by, who.PermCallRead); err != nil {
		return Item{}, err
	}
	k, err := rows.Call(ctx, s.db, id)
	if err != nil {
		return Item{}, err
	}
	items, err := s.items(ctx, []Call{k})
	if err != nil {
		return Item{}, err
	}
	return items[0], nil
}

func (f Filter) sql() (string, []any) {
	q, args := `SELECT doc FROM call WHERE 1 = 1`, []any{}
	add := func(cond string, v any) { q, args = q+cond, append(args, v) }
	if f.Incident != "" {
		add(` AND incident_id = ?`, f.Incident)
	}
	if f.Signal != "" {
		add(` AND chain_id IN (SELECT chain_id FROM call_signal WHERE signal_id = ?)`, f.Signal)
	}
	if f.Person != "" {
		add(` AND person = ?`, f.Person)
	}
	if f.Team != "" {
		add(` AND team = ?`, f.Team)
	}
	if f.State != "" {
		state := `state`
		if f.Incident != "" || f.Signal != "" || f.Person != "" { // they lead to fewer rows; SQLite guesses otherwise
			state = `state || ''`
		}
		add(` AND `+state+` = ?`, string(f.State))
	}
	if f.Drill != nil {
		add(` AND drill = ?`, flag(*f.Drill))
	}
	return q, args
}

// items adds the deliveries, of a call that shares a message those of the message. What became of an e-mail stands in the outbox.
func (s *Service) items(ctx context.Context, calls []Call) (items []Item, err error) {
	items = make([]Item, len(calls))
	if len(calls) == 0 {
		return items, nil
	}
	at, args := map[string][]int{}, make([]any, len(calls))
	for i, k := range calls {
		items[i], args[i] = Item{Call: k, Deliveries: []Delivery{}}, k.Message()
		at[k.Message()] = append(at[k.Message()], i)
	}
	rows, err := s.db.Query(ctx, `SELECT d.call_id, d.channel, COALESCE(m.state, d.state), d.mail_id, COALESCE(m.attempts, d.attempts),
		COALESCE(m.maybe_twice, d.maybe_twice), COALESCE(m.last_error, d.last_error), COALESCE(m.updated_at, d.updated_at)
		FROM call_delivery d LEFT JOIN mail_outbox m ON d.mail_id <> '' AND m.id = d.mail_id
		WHERE d.call_id IN (`+store.Placeholders(len(args))+`) ORDER BY d.call_id, d.channel`, args...)
	if err != nil {
		return nil, fmt.Errorf("deliveries of calls: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id string
		var d Delivery
		var twice, updated int64
		if err := rows.Scan(&id, &d.Channel, &d.State, &d.Mail, &d.Attempts, &twice, &d.LastError, &updated); err != nil {
			return nil, fmt.Errorf("deliveries of calls: %w", err)
		}
		d.MaybeTwice, d.UpdatedAt = twice != 0, clock.FromMicros(updated)
		for _, i := range at[id] {
			items[i].Deliveries = append(items[i].Deliveries, d)
		}
	}
	return items, rows.Err()
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
