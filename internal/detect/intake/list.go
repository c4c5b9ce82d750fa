package intake

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/search"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

// ownLabel marks a document as visible to its reporter. A digest fits the form of
// a label whatever the id is.
func ownLabel(person string) string {
	sum := sha256.Sum256([]byte(person))
	return "own-" + hex.EncodeToString(sum[:12])
}

// Order is the order of a list.
type Order string

// The orders.
const (
	Newest Order = "newest" // by receipt, newest first; the default
	Due    Order = "due"    // open signals only, soonest due first
)

// Filter narrows a list. Zero values do not narrow.
type Filter struct {
	State    State  `json:"state,omitempty"`
	Kind     Kind   `json:"kind,omitempty"`
	Team     string `json:"team,omitempty"`
	Incident string `json:"incident,omitempty"` // incident id
	Drill    *bool  `json:"drill,omitempty"`
	Words    string `json:"q,omitempty"`     // words of title and summary
	Order    Order  `json:"order,omitempty"` // with words: newest only
	Limit    int    `json:"-"`               // 1 to 200, 0 means 50
}

func (f Filter) check() error {
	var bad []fault.Field
	if f.State != "" && f.State != Open && f.State != Decided {
		bad = append(bad, fault.Field{Field: "state", Message: "must be open or decided"})
	}
	if f.Kind != "" && f.Kind != Alert && f.Kind != Report {
		bad = append(bad, fault.Field{Field: "kind", Message: "must be alert or report"})
	}
	if f.Order != "" && f.Order != Newest && f.Order != Due {
		bad = append(bad, fault.Field{Field: "order", Message: "must be newest or due"})
	}
	if f.Order == Due && (f.Words != "" || f.State == Decided) {
		bad = append(bad, fault.Field{Field: "order", Message: "due works for open signals and without words"})
	}
	return fault.Invalids(bad...)
}

// where is the condition of a filter for a viewer. Who may not read all signals
// sees the own reports only.
func (f Filter) where(by who.Identity) (string, []any, error) {
	if err := who.CheckAny(by, who.PermSignalRead, who.PermOwnRead); err != nil {
		return "", nil, err
	}
	q, args := ` WHERE 1 = 1`, []any{}
	add := func(cond string, v any) { q += cond; args = append(args, v) }
	if !by.Has(who.PermSignalRead) {
		add(` AND s.kind = 'report' AND s.reported_by = ?`, own(by))
	}
	switch {
	case f.State == Open || f.Order == Due:
		q += ` AND s.state = 'open'`
	case f.State == Decided:
		q += ` AND s.state = 'decided'`
	}
	// Values with an index of their own stand in the text: a partial index is
	// not taken for a parameter.
	switch f.Kind {
	case Alert:
		q += ` AND s.kind = 'alert'`
	case Report:
		q += ` AND s.kind = 'report'`
	}
	if f.Team != "" {
		add(` AND s.team = ?`, f.Team)
	}
	if f.Incident != "" {
		add(` AND s.incident <> '' AND s.incident = ?`, f.Incident)
	}
	if f.Drill != nil && *f.Drill {
		q += ` AND s.drill = 1`
	} else if f.Drill != nil {
		q += ` AND s.drill = 0`
	}
	return q, args, nil
}

// List returns one page of signals and the cursor of the next, "" at the end. It
// needs signal.read; with own.read alone it holds the viewer's own reports.
func (s *Service) List(ctx context.Context, by who.Identity, f Filter, cursor string) (items []Signal, next string, err error) {
	q, args, err := f.where(by)
	if err != nil {
		return nil, "", err
	}
	if err := f.check(); err != nil {
		return nil, "", err
	}
	limit := who.Limit(f.Limit)
	if f.Words != "" {
		return s.found(ctx, by, f, cursor, limit)
	}
	keys, err := by.OpenCursor(cursor, f, 2)
	if err != nil {
		return nil, "", err
	}
	order := ` ORDER BY s.id DESC`
	if f.Order == Due {
		order = ` ORDER BY s.triage_due_at, s.id`
	}
	if keys != nil {
		if f.Order == Due {
			due, err := strconv.ParseInt(keys[0], 10, 64)
			if err != nil {
				return nil, "", badCursor()
			}
			q += ` AND (s.triage_due_at, s.id) > (?, ?)`
			args = append(args, due, keys[1])
		} else {
			q += ` AND s.id < ?`
			args = append(args, keys[1])
		}
	}
	items, err = list(ctx, s.db, selectSignal+q+order+` LIMIT ?`, append(args, limit+1)...)
	if err != nil {
		return nil, "", err
	}
	if len(items) > limit {
		items = items[:limit]
		last := items[limit-1]
		next = by.Cursor(f, strconv.FormatInt(clock.Micros(last.TriageDueAt), 10), last.ID)
	}
	return items, next, nil
}

func badCursor() error {
	return fault.InvalidField("cursor", "does not belong to this list; start again without it")
}

// Get returns one signal. It needs signal.read, or own.read for an own report.
func (s *Service) Get(ctx context.Context, by who.Identity, id string) (Signal, error) {
	q, args, err := Filter{}.where(by)
	if err != nil {
		return Signal{}, err
	}
	return one(ctx, s.db, q+` AND s.id = ?`, append(args, id)...)
}

// Raw returns the delivery a signal came in, byte for byte, and its content type.
// Gone when it was erased, NotFound for a report, which has none. It needs
// signal.read.
func (s *Service) Raw(ctx context.Context, by who.Identity, id string) (body []byte, contentType string, err error) {
	if err := who.Check(by, who.PermSignalRead); err != nil {
		return nil, "", err
	}
	sig, err := one(ctx, s.db, ` WHERE s.id = ?`, id)
	if err != nil {
		return nil, "", err
	}
	if sig.RawID == "" {
		return nil, "", fault.New(fault.NotFound, "The signal is a report and has no raw bytes")
	}
	err = s.db.QueryRow(ctx, `SELECT body, content_type FROM signal_raw WHERE id = ?`, sig.RawID).Scan(&body, &contentType)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, "", fault.New(fault.Gone, "The raw bytes were erased")
	}
	if err != nil {
		return nil, "", fmt.Errorf("raw bytes of signal %s: %w", id, err)
	}
	return body, contentType, nil
}

// Of returns the signals tied to an incident, oldest first, as r sees them and
// without a check of permission: for rooms that have checked.
func (s *Service) Of(ctx context.Context, r store.Reader, incident string, limit int) ([]Signal, error) {
	return list(ctx, r, selectSignal+` WHERE s.incident <> '' AND s.incident = ? ORDER BY s.id LIMIT ?`, incident, limit)
}

const selectSignal = `SELECT s.id, s.kind, s.state, s.title, s.summary, s.contact, s.source, s.fingerprint,
 COALESCE(c.count, 1), COALESCE(c.first_seen, s.received_at), COALESCE(c.last_seen, s.received_at),
 s.discovered_at, s.received_at, s.call_due_at, s.triage_due_at, s.classify_due_at, s.called_at, s.acknowledged_at, s.acknowledged_by, s.resolved_at,
 s.service, s.team, s.drill, s.malformed, s.warning, s.reported_by, s.verdict, s.reason, s.incident, s.decided_at, s.decided_by, s.raw_id, s.raw_sha256
 FROM signal s LEFT JOIN signal_counter c ON c.signal_id = s.id`

type scanner interface{ Scan(dest ...any) error }

func scan(row scanner) (Signal, error) {
	var g Signal
	var first, last, discovered, received, call, triage, classify, called, acked, resolvedAt, drill, malformed, decidedAt int64
	err := row.Scan(&g.ID, &g.Kind, &g.State, &g.Title, &g.Summary, &g.Contact, &g.Source, &g.Fingerprint,
		&g.Count, &first, &last,
		&discovered, &received, &call, &triage, &classify, &called, &acked, &g.AcknowledgedBy, &resolvedAt,
		&g.Service, &g.Team, &drill, &malformed, &g.Warning, &g.ReportedBy, &g.Verdict, &g.Reason, &g.Incident, &decidedAt, &g.DecidedBy, &g.RawID, &g.RawSHA256)
	if err != nil {
		return Signal{}, err
	}
	at := clock.FromMicros
	g.FirstSeen, g.LastSeen = at(first), at(last)
	g.DiscoveredAt, g.ReceivedAt, g.CallDueAt, g.TriageDueAt, g.ClassifyDueAt = at(discovered), at(received), at(call), at(triage), at(classify)
	g.CalledAt, g.AcknowledgedAt, g.ResolvedAt, g.DecidedAt = at(called), at(acked), at(resolvedAt), at(decidedAt)
	g.Drill, g.Malformed = drill != 0, malformed != 0
	return g, nil
}

func list(ctx context.Context, r store.Reader, q string, args ...any) ([]Signal, error) {
	rows, err := r.Query(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("list signals: %w", err)
	}
	defer rows.Close()
	out := []Signal{}
	for rows.Next() {
		g, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("list signals: %w", err)
		}
		out = append(out, g)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list signals: %w", err)
	}
	return out, nil
}

// Labels are those of base/search by which a viewer finds signals: all of them, or the own
// reports.
func Labels(by who.Identity) []string {
	switch {
	case by.Has(who.PermSignalRead):
		return []string{string(who.PermSignalRead)}
	case by.Has(who.PermOwnRead):
		return []string{ownLabel(own(by))}
	}
	return nil
}

// docKinds are the kinds of documents in base/search: those of signals.
func docKinds(k Kind) []string {
	if k == "" {
		return []string{string(Alert), string(Report)}
	}
	return []string{string(k)}
}

// ByIDs returns those of these signals that the viewer may read, by their id. It needs
// signal.read; with own.read alone it holds the viewer's own reports.
func (s *Service) ByIDs(ctx context.Context, by who.Identity, ids []string) (map[string]Signal, error) {
	q, args, err := Filter{}.where(by)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	items, err := list(ctx, s.db, selectSignal+q+` AND s.id IN (`+store.Placeholders(len(ids))+`)`, append(args, anys(ids)...)...)
	if err != nil {
		return nil, err
	}
	out := make(map[string]Signal, len(items))
	for _, g := range items {
		out[g.ID] = g
	}
	return out, nil
}

// found lists what holds the words, newest first. A filter may drop hits, so
// several pages of hits are read until one page of signals is full or enough has
// been looked at; the cursor then goes on from there.
func (s *Service) found(ctx context.Context, by who.Identity, f Filter, cursor string, limit int) ([]Signal, string, error) {
	keys, err := by.OpenCursor(cursor, f, 1)
	if err != nil {
		return nil, "", err
	}
	before := int64(0)
	if keys != nil {
		if before, err = strconv.ParseInt(keys[0], 10, 64); err != nil {
			return nil, "", badCursor()
		}
	}
	where, args, err := f.where(by)
	if err != nil {
		return nil, "", err
	}
	out := []Signal{}
	const rounds = 20
	for range rounds {
		hits, next, err := search.Search(ctx, s.db, search.Query{Words: f.Words, Kinds: docKinds(f.Kind), Visible: Labels(by), Before: before, Limit: limit - len(out)})
		if err != nil {
			return nil, "", err
		}
		if len(hits) > 0 {
			page, err := s.pick(ctx, hits, where, args)
			if err != nil {
				return nil, "", err
			}
			out = append(out, page...)
		}
		if before = next; next == 0 {
			return out, "", nil
		}
		if len(out) == limit {
			break
		}
	}
	return out, by.Cursor(f, strconv.FormatInt(before, 10)), nil
}

// pick reads the signals of the hits that meet the filter, in the order of the hits.
func (s *Service) pick(ctx context.Context, hits []search.Hit, where string, args []any) ([]Signal, error) {
	ids := make([]string, len(hits))
	for i, h := range hits {
		ids[i] = h.ID
	}
	rows, err := list(ctx, s.db, selectSignal+where+` AND s.id IN (`+store.Placeholders(len(ids))+`)`, append(args[:len(args):len(args)], anys(ids)...)...)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]Signal, len(rows))
	for _, g := range rows {
		byID[g.ID] = g
	}
	out := rows[:0]
	for _, id := range ids {
		if g, ok := byID[id]; ok {
			out = append(out, g)
		}
	}
	return out, nil
}

// Waiting counts the signals that wait for a verdict, at most most of them, for the number in the
// menu. Permission signal.read.
func (s *Service) Waiting(ctx context.Context, by who.Identity, most int) (n int, err error) {
	if err := who.Check(by, who.PermSignalRead); err != nil {
		return 0, err
	}
	err = s.db.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM signal WHERE state = 'open' LIMIT ?) AS waiting`, most).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count signals that wait: %w", err)
	}
	return n, nil
}
