// Package view is the reading side of incidents: lists, the timeline, and the history
// of a fact. It carries out policy 001 ("document the investigation and mitigation") and
// policy 002 (analysts "can investigate quickly and thoroughly"): everything recorded
// can be found again and told in order. It writes nothing; it must not import a face.
package view

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/search"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
)

// Order of a list.
type Order string

// The orders: newest declaration first, or the next due duty first and then, newest
// first, the incidents that owe nothing now.
const (
	Newest  Order = "newest"
	NextDue Order = "next_due"
)

// Filter narrows a list; zero values do not. Severity -1 and BIL 0 ask for what is not
// graded yet. Q holds words that must all occur in title, summary or reference; with Q
// the order is newest first.
type Filter struct {
	State        incident.Status `json:"state"`
	Kind         incident.Kind   `json:"kind"`
	Nature       incident.Nature `json:"nature"`
	Phase        incident.Phase  `json:"phase"`
	Severity     *int            `json:"severity"`
	BIL          *int            `json:"bil"`
	PersonalData incident.Answer `json:"personal_data"`
	Open         *bool           `json:"open"`
	Service      string          `json:"service"`
	Team         string          `json:"team"`
	Q            string          `json:"q"`
	Order        Order           `json:"order"` // default newest
	Limit        int             `json:"-"`     // 1 to 200, default 50
}

// Item is one incident of a list.
type Item struct {
	ID           string          `json:"id"`
	Ref          string          `json:"ref"`
	Title        string          `json:"title"`
	Summary      string          `json:"summary"`
	Kind         incident.Kind   `json:"kind"`
	Nature       incident.Nature `json:"nature"`
	State        incident.Status `json:"state"`
	Phase        incident.Phase  `json:"phase"`
	Severity     *int            `json:"severity"`
	BIL          *int            `json:"bil"`
	PersonalData incident.Answer `json:"personal_data"`
	DiscoveredAt time.Time       `json:"discovered_at"`
	DeclaredAt   time.Time       `json:"declared_at"`
	ClosedAt     time.Time       `json:"closed_at,omitzero"`
	UpdatedAt    time.Time       `json:"updated_at"`
	Version      int64           `json:"version"`
	Service      string          `json:"service,omitempty"`
	Team         string          `json:"team,omitempty"`
	OpenDuties   int             `json:"open_duties"`
	Missed       bool            `json:"missed"`               // an open duty is past its due time
	NextDueAt    time.Time       `json:"next_due_at,omitzero"` // zero: nothing is running
}

var errCursor = fault.InvalidField("cursor", "does not belong to this list; start again without it")

// condition is one filter as SQL. rank orders them by how few rows usually match: the
// lowest one leads to the index.
type condition struct {
	column string
	value  any
	rank   int
}

func (f Filter) conditions() (list []condition, err error) {
	var wrong []fault.Field
	add := func(set bool, column string, value any, rank int) {
		if set {
			list = append(list, condition{column, value, rank})
		}
	}
	enum := func(name, got string, check []fault.Field, rank int) {
		if got != "" {
			wrong = append(wrong, check...)
			add(true, name, got, rank)
		}
	}
	pick := func(rare bool) int {
		if rare {
			return 1
		}
		return 9
	}
	enum("service", f.Service, check.Word(nil, "service", f.Service), 2)
	enum("team", f.Team, check.Word(nil, "team", f.Team), 3)
	enum("kind", string(f.Kind), check.OneOf(nil, "kind", f.Kind, incident.Real, incident.Drill), pick(f.Kind == incident.Drill))
	enum("nature", string(f.Nature), check.OneOf(nil, "nature", f.Nature, incident.Security, incident.Operational), 8)
	enum("status", string(f.State), check.OneOf(nil, "state", f.State, incident.Suspected, incident.Confirmed, incident.Dismissed), 6)
	enum("phase", string(f.Phase), check.OneOf(nil, "phase", f.Phase, incident.Phases[:]...), 5)
	enum("personal_data", string(f.PersonalData), check.OneOf(nil, "personal_data", f.PersonalData, incident.Unknown, incident.No, incident.Yes), 7)
	if f.Severity != nil {
		if *f.Severity < -1 || *f.Severity > 3 {
			wrong = append(wrong, fault.Field{Field: "severity", Message: "must be 0 to 3, or -1 for not graded"})
		}
		add(true, "severity", *f.Severity, 3+*f.Severity)
	}
	if f.BIL != nil {
		if *f.BIL < 0 || *f.BIL > 3 {
			wrong = append(wrong, fault.Field{Field: "bil", Message: "must be 1 to 3, or 0 for not graded"})
		}
		add(true, "bil", *f.BIL, 3+*f.BIL)
	}
	if f.Open != nil {
		add(true, "is_open", *f.Open, pick(*f.Open))
	}
	wrong = append(wrong, check.OneOf(nil, "order", f.Order, "", Newest, NextDue)...)
	return list, fault.Invalids(wrong...)
}

// where writes the conditions. SQLite picks an index by guess, so all but the one that
// leads are hidden from it; PostgreSQL has figures and sees them all.
func where(list []condition, hide, hideAll bool) (string, []any) {
	lead := -1
	for i, c := range list {
		if lead < 0 || c.rank < list[lead].rank {
			lead = i
		}
	}
	text, args := "", []any{}
	for i, c := range list {
		name := "i." + c.column
		if _, isText := c.value.(string); hide && (i != lead || hideAll) {
			if name += " + 0"; isText {
				name = "i." + c.column + " || ''"
			}
		}
		text += " AND " + name + " = ?"
		args = append(args, c.value)
	}
	return text, args
}

const (
	itemColumns = `SELECT i.id, i.ref, i.title, i.summary, i.kind, i.nature, i.status, i.phase, i.severity, i.bil, i.personal_data,
		i.discovered_at, i.declared_at, i.closed_at, i.updated_at, i.version, i.service, i.team,
		COALESCE(h.open_count, 0), COALESCE(h.next_due_at, 0) `
	fromIncident = `FROM incident i LEFT JOIN duty_head h ON h.incident_id = i.id WHERE 1 = 1`
	fromDuty     = `FROM duty_head h CROSS JOIN incident i WHERE i.id = h.incident_id AND h.next_due_at > 0`
)

// Service reads incidents.
type Service struct {
	db        *store.DB
	led       *record.Ledger
	clk       *clock.Clock
	incidents *incident.Service
	people    *who.Service
	tellers   map[string]Teller
	namers    map[string]Namer
	guarded   map[string]who.Permission // by prefix of kind
}

// New returns the service.
func New(db *store.DB, led *record.Ledger, clk *clock.Clock, incidents *incident.Service, people *who.Service) *Service {
	return &Service{db: db, led: led, clk: clk, incidents: incidents, people: people, tellers: map[string]Teller{}, namers: map[string]Namer{}, guarded: map[string]who.Permission{}}
}

// List returns a page of incidents and the cursor of the next one, "" on the last.
// Permission incident.read.
func (s *Service) List(ctx context.Context, by who.Identity, f Filter, cursor string) ([]Item, string, error) {
	if err := who.Check(by, who.PermIncidentRead); err != nil {
		return nil, "", err
	}
	list, err := f.conditions()
	if err != nil {
		return nil, "", err
	}
	limit := who.Limit(f.Limit)
	if strings.TrimSpace(f.Q) != "" {
		return s.search(ctx, by, f, list, limit, cursor)
	}
	keys, err := by.OpenCursor(cursor, f, 3)
	if err != nil {
		return nil, "", err
	}
	var items []Item
	if f.Order == NextDue && (keys == nil || keys[0] == partDue) {
		q, err := dueQuery(list, keys, limit+1, s.db.Engine())
		if err != nil {
			return nil, "", err
		}
		if items, err = s.read(ctx, q); err != nil {
			return nil, "", err
		}
		if len(items) > limit {
			last := items[limit-1]
			return items[:limit], by.Cursor(f, partDue, strconv.FormatInt(clock.Micros(last.NextDueAt), 10), last.ID), nil
		}
		keys = nil
	}
	q, err := newestQuery(f.Order, list, keys, limit-len(items)+1, s.db.Engine())
	if err != nil {
		return nil, "", err
	}
	more, err := s.read(ctx, q)
	if err != nil {
		return nil, "", err
	}
	items = append(items, more...)
	if len(items) <= limit {
		return items, "", nil
	}
	last := items[limit-1]
	if !last.NextDueAt.IsZero() && f.Order == NextDue { // the page ends where the second part begins
		return items[:limit], by.Cursor(f, partDue, strconv.FormatInt(clock.Micros(last.NextDueAt), 10), last.ID), nil
	}
	return items[:limit], by.Cursor(f, partNew, strconv.FormatInt(clock.Micros(last.DeclaredAt), 10), last.ID), nil
}

// The parts of a list ordered by the next due duty, as cursors name them.
const (
	partDue = "due" // something is owed
	partNew = "new" // nothing is owed now; also every part of the other order
)

// query is one statement with its arguments.
type query struct {
	SQL  string
	Args []any
}

func dueQuery(list []condition, keys []string, limit int, engine store.Engine) (query, error) {
	text, args := where(list, engine == store.SQLite, true)
	if keys != nil {
		at, err := strconv.ParseInt(keys[1], 10, 64)
		if err != nil {
			return query{}, errCursor
		}
		text, args = text+" AND (h.next_due_at, h.incident_id) > (?, ?)", append(args, at, keys[2])
	}
	return query{itemColumns + fromDuty + text + " ORDER BY h.next_due_at, h.incident_id LIMIT ?", append(args, limit)}, nil
}

func newestQuery(order Order, list []condition, keys []string, limit int, engine store.Engine) (query, error) {
	text, args := where(list, engine == store.SQLite, false)
	if order == NextDue {
		text += " AND COALESCE(h.next_due_at, 0) = 0"
	}
	if keys != nil {
		at, err := strconv.ParseInt(keys[1], 10, 64)
		if err != nil {
			return query{}, errCursor
		}
		text, args = text+" AND (i.declared_at, i.id) < (?, ?)", append(args, at, keys[2])
	}
	return query{itemColumns + fromIncident + text + " ORDER BY i.declared_at DESC, i.id DESC LIMIT ?", append(args, limit)}, nil
}

// search walks the hits, newest first, and keeps those that pass the filter.
func (s *Service) search(ctx context.Context, by who.Identity, f Filter, list []condition, limit int, cursor string) ([]Item, string, error) {
	keys, err := by.OpenCursor(cursor, f, 1)
	if err != nil {
		return nil, "", err
	}
	q := search.Query{Words: f.Q, Kinds: []string{incident.DocIncident}, Visible: []string{incident.DocLabel}}
	if keys != nil {
		if q.Before, err = strconv.ParseInt(keys[0], 10, 64); err != nil {
			return nil, "", errCursor
		}
	}
	items := []Item{}
	// Where few hits pass the filter a page may come back short, with a cursor: the
	// cost of one request stays bounded.
	for range searchRounds {
		q.Limit = limit - len(items)
		hits, next, err := search.Search(ctx, s.db, q)
		if err != nil {
			return nil, "", err
		}
		found, err := s.byID(ctx, hits, list)
		if err != nil {
			return nil, "", err
		}
		for _, h := range hits {
			if it, ok := found[h.ID]; ok {
				items = append(items, it)
			}
		}
		if next == 0 {
			return items, "", nil
		}
		if q.Before = next; len(items) >= limit {
			break
		}
	}
	return items, by.Cursor(f, strconv.FormatInt(q.Before, 10)), nil
}

// searchRounds is how many pages of hits one request looks through.
const searchRounds = 20

func (s *Service) byID(ctx context.Context, hits []search.Hit, list []condition) (map[string]Item, error) {
	if len(hits) == 0 {
		return nil, nil
	}
	text, args := where(list, s.db.Engine() == store.SQLite, true)
	for _, h := range hits {
		args = append(args, h.ID)
	}
	items, err := s.read(ctx, query{itemColumns + fromIncident + text + " AND i.id IN (" + store.Placeholders(len(hits)) + ")", args})
	if err != nil {
		return nil, err
	}
	found := make(map[string]Item, len(items))
	for _, it := range items {
		found[it.ID] = it
	}
	return found, nil
}

func (s *Service) read(ctx context.Context, q query) ([]Item, error) {
	rows, err := s.db.Query(ctx, q.SQL, q.Args...)
	if err != nil {
		return nil, fmt.Errorf("list incidents: %w", err)
	}
	defer rows.Close()
	now := s.clk.Now()
	items := []Item{}
	for rows.Next() {
		var it Item
		var severity, bil int
		var discovered, declared, closed, updated, due int64
		if err := rows.Scan(&it.ID, &it.Ref, &it.Title, &it.Summary, &it.Kind, &it.Nature, &it.State, &it.Phase, &severity, &bil,
			&it.PersonalData, &discovered, &declared, &closed, &updated, &it.Version, &it.Service, &it.Team,
			&it.OpenDuties, &due); err != nil {
			return nil, fmt.Errorf("list incidents: %w", err)
		}
		if severity >= 0 {
			it.Severity = &severity
		}
		if bil > 0 {
			it.BIL = &bil
		}
		it.DiscoveredAt, it.DeclaredAt = clock.FromMicros(discovered), clock.FromMicros(declared)
		it.ClosedAt, it.UpdatedAt, it.NextDueAt = clock.FromMicros(closed), clock.FromMicros(updated), clock.FromMicros(due)
		it.Missed = due > 0 && due < clock.Micros(now)
		items = append(items, it)
	}
	return items, rows.Err()
}

// BySignal returns the ids of the incidents a signal is linked to, for other rooms,
// without a permission.
func (s *Service) BySignal(ctx context.Context, r store.Reader, signal string) ([]string, error) {
	rows, err := r.Query(ctx, "SELECT incident_id FROM incident_signal WHERE signal_id = ? ORDER BY incident_id", signal)
	if err != nil {
		return nil, fmt.Errorf("read incidents of signal %s: %w", signal, err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// MergedInto gives the reference of the incident that each closed one of a list became part of, by id. Permission
// incident.read.
func (s *Service) MergedInto(ctx context.Context, by who.Identity, items []Item) (map[string]string, error) {
	if err := who.Check(by, who.PermIncidentRead); err != nil {
		return nil, err
	}
	var ids []any
	for _, it := range items {
		if !it.ClosedAt.IsZero() {
			ids = append(ids, it.ID)
		}
	}
	out := map[string]string{}
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := s.db.Query(ctx, `SELECT id FROM incident WHERE id IN (`+store.Placeholders(len(ids))+`) AND state LIKE '%"merged_into":"%'`, ids...)
	if err != nil {
		return nil, fmt.Errorf("read what incidents were merged into: %w", err)
	}
	var merged []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		merged = append(merged, id)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	for _, id := range merged {
		st, err := s.incidents.GetTx(s.db, id)
		if err != nil {
			return nil, err
		}
		if st.MergedInto == "" {
			continue // the words stand in somebody's text
		}
		into, err := s.incidents.GetTx(s.db, st.MergedInto)
		if err != nil {
			return nil, err
		}
		out[id] = into.Ref
	}
	return out, nil
}
