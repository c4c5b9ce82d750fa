package plan

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

const (
	kindChanged = "plan.changed"
	// Subject is the ledger subject of all plan entries: there is one plan.
	Subject   = "plan"
	maxReason = 2000
)

// Kinds are the ledger entries of this room.
func Kinds() []record.Kind { return []record.Kind{{Name: kindChanged, Version: 1}} }

// Entry is the body of plan.changed/1. Texts of the plan are free text, so both documents are private.
type Entry struct {
	Version  int `json:"version"`
	Previous int `json:"previous"`
	// Changes holds the numbers, times and enumerations that changed, Fields the names of all changed fields.
	Fields  []string      `json:"fields"`
	Changes []FieldChange `json:"changes"`
	Reason  string        `json:"reason" private:"true"`
	Before  Plan          `json:"before" private:"true"`
	After   Plan          `json:"after" private:"true"`
}

// FieldChange is one changed value that holds no free text.
type FieldChange struct {
	Field  string          `json:"field"`
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
}

// Revision is one version in the history. Version 1 has no time and no author: it came with the product.
type Revision struct {
	Version   int       `json:"version"`
	ChangedAt time.Time `json:"changed_at,omitzero"`
	ChangedBy string    `json:"changed_by,omitempty"`
	Reason    string    `json:"reason,omitempty"`
	// Fields that differ from the version before.
	Fields []string `json:"fields"`
}

// Observer runs in the transaction of a change, after it is written.
type Observer func(ctx context.Context, tx *store.Tx, by who.Identity) error

// Service keeps the versions of the plan.
type Service struct {
	db        *store.DB
	led       *record.Ledger
	clk       *clock.Clock
	observers []Observer
	// versions holds plans that were read and are known to be committed: int -> *Plan. A version never changes.
	versions sync.Map
}

// New returns the room. It reads nothing yet.
func New(db *store.DB, led *record.Ledger, clk *clock.Clock) *Service {
	return &Service{db: db, led: led, clk: clk}
}

// Observe adds o to those who are told of each change. Call it before serving.
func (s *Service) Observe(o Observer) { s.observers = append(s.observers, o) }

// Current returns the newest plan. It needs plan.read.
func (s *Service) Current(ctx context.Context, by who.Identity) (Plan, error) {
	if err := who.Check(by, who.PermPlanRead); err != nil {
		return Plan{}, err
	}
	// Read anew: the caller may edit its copy, and the kept one shares its lists.
	v, err := newest(ctx, s.db)
	if err != nil {
		return Plan{}, err
	}
	return at(ctx, s.db, v)
}

// Version returns one version. It needs plan.read; an unknown version is a fault of kind NotFound.
func (s *Service) Version(ctx context.Context, by who.Identity, version int) (Plan, error) {
	if err := who.Check(by, who.PermPlanRead); err != nil {
		return Plan{}, err
	}
	return at(ctx, s.db, version)
}

// CurrentTx returns the newest plan as r sees it, for rooms that act in their own transaction. One short
// read. Its lists are shared: read them, do not change them.
func (s *Service) CurrentTx(r store.Reader) (Plan, error) { return s.current(clock.Background(), r) }

// At returns one version as r sees it, under the same rule. An unknown version is a fault of kind NotFound.
func (s *Service) At(r store.Reader, version int) (Plan, error) {
	return s.version(clock.Background(), r, version)
}

func (s *Service) current(ctx context.Context, r store.Reader) (Plan, error) {
	v, err := newest(ctx, r)
	if err != nil {
		return Plan{}, err
	}
	return s.version(ctx, r, v)
}

func (s *Service) version(ctx context.Context, r store.Reader, version int) (Plan, error) {
	if p, ok := s.versions.Load(version); ok {
		return *p.(*Plan), nil
	}
	p, err := at(ctx, r, version)
	if err != nil {
		return Plan{}, err
	}
	// Inside a transaction the version may still be rolled back, and the next one would get the same number.
	if tx, ok := r.(*store.Tx); ok {
		tx.AfterCommit(func() { s.versions.Store(version, &p) })
	} else {
		s.versions.Store(version, &p)
	}
	return p, nil
}

func newest(ctx context.Context, r store.Reader) (int, error) {
	var v int
	err := r.QueryRow(ctx, `SELECT COALESCE(MAX(version), 1) FROM plan_version`).Scan(&v)
	if err != nil {
		return 0, fmt.Errorf("read the plan's version: %w", err)
	}
	return v, nil
}

func at(ctx context.Context, r store.Reader, version int) (Plan, error) {
	if version == 1 {
		return Default(), nil
	}
	var doc []byte
	err := r.QueryRow(ctx, `SELECT doc FROM plan_version WHERE version = ?`, version).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return Plan{}, fault.Newf(fault.NotFound, "there is no version %d of the plan", version)
	}
	if err != nil {
		return Plan{}, fmt.Errorf("read plan version %d: %w", version, err)
	}
	p, err := decode(doc)
	if err != nil {
		return Plan{}, fmt.Errorf("decode plan version %d: %w", version, err)
	}
	p.Version = version
	return p, nil
}

// Change makes next the newest version. It needs plan.edit, the version the caller has seen (otherwise a fault of
// kind Precondition) and a reason. next.Version is ignored.
func (s *Service) Change(ctx context.Context, by who.Identity, next Plan, ifVersion int, reason string) (Plan, error) {
	if err := who.Check(by, who.PermPlanEdit); err != nil {
		return Plan{}, err
	}
	reason = strings.TrimSpace(reason)
	if reason == "" || len(reason) > maxReason {
		return Plan{}, fault.InvalidField("reason", fmt.Sprintf("say why the plan changes, in at most %d bytes", maxReason))
	}
	next = next.normal()
	if err := s.validate(next); err != nil {
		return Plan{}, err
	}
	var out Plan
	o, err := s.db.Write(ctx, store.Op{Name: "plan.change", Actor: by.Actor}, func(tx *store.Tx) error {
		var err error
		out, err = s.change(ctx, tx, by, next, ifVersion, reason)
		return err
	})
	if err != nil {
		return Plan{}, fmt.Errorf("change the plan: %w", err)
	}
	if o.Replayed {
		var v int
		if _, err := fmt.Sscan(o.ResultID, &v); err != nil {
			return Plan{}, fmt.Errorf("read the replayed plan version: %w", err)
		}
		return at(ctx, s.db, v)
	}
	return out, nil
}

func (s *Service) validate(p Plan) error {
	if err := p.Validate(); err != nil {
		return err
	}
	limit := s.clk.Now().Add(5 * time.Minute)
	var ps problems
	if p.ReviewedAt.After(limit) {
		ps.add("reviewed_at", "must not lie in the future")
	}
	if p.TestedAt.After(limit) {
		ps.add("tested_at", "must not lie in the future")
	}
	return fault.Invalids(ps...)
}

func (s *Service) change(ctx context.Context, tx *store.Tx, by who.Identity, next Plan, ifVersion int, reason string) (Plan, error) {
	before, err := s.current(ctx, tx)
	if err != nil {
		return Plan{}, err
	}
	if before.Version != ifVersion {
		return Plan{}, fault.Newf(fault.Precondition, "the plan is at version %d; read it again and repeat the change", before.Version)
	}
	next.Version = before.Version + 1
	fields := Changed(before, next)
	if len(fields) == 0 {
		return Plan{}, fault.New(fault.Conflict, "the plan already has these values")
	}
	if next.DefaultTeam != "" && next.DefaultTeam != before.DefaultTeam {
		if err := teamExists(ctx, tx, next.DefaultTeam); err != nil {
			return Plan{}, err
		}
	}
	doc, err := json.Marshal(next)
	if err != nil {
		return Plan{}, fmt.Errorf("encode the plan: %w", err)
	}
	e, err := s.led.Append(tx, record.Draft{Kind: kindChanged, Subject: Subject, Actor: by.Actor, Body: Entry{
		Version: next.Version, Previous: before.Version, Fields: fields, Changes: changes(before, next, fields),
		Reason: reason, Before: before, After: next,
	}})
	if err != nil {
		return Plan{}, err
	}
	names, err := json.Marshal(fields)
	if err != nil {
		return Plan{}, fmt.Errorf("encode the changed fields: %w", err)
	}
	if _, err := tx.Exec(
		`INSERT INTO plan_version (version, doc, changed_at, changed_by, reason, fields) VALUES (?, ?, ?, ?, ?, ?)`,
		next.Version, string(doc), clock.Micros(e.RecordedAt), by.Actor, reason, string(names),
	); err != nil {
		return Plan{}, fmt.Errorf("store plan version %d: %w", next.Version, err)
	}
	tx.SetResult(fmt.Sprint(next.Version))
	for _, o := range s.observers {
		if err := o(ctx, tx, by); err != nil {
			return Plan{}, err
		}
	}
	return next, nil
}

// teamExists reads the directory's table, because the directory stands on the plan and not the other way round.
func teamExists(ctx context.Context, r store.Reader, id string) error {
	var one int
	err := r.QueryRow(ctx, `SELECT 1 FROM directory_item WHERE kind = 'team' AND id = ? AND retired = 0`, id).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return fault.InvalidField("default_team", "no such team in the directory: add the team first")
	}
	return err
}

// changes picks what may stand in the facts of the ledger: fields without free text.
func changes(before, after Plan, fields []string) []FieldChange {
	texts := []string{"severities", "bil_criteria", "assignments", "approvals", "functions"}
	b, a := byField(before), byField(after)
	out := []FieldChange{}
	for _, f := range fields {
		if !slices.Contains(texts, f) {
			out = append(out, FieldChange{Field: f, Before: orNull(b[f]), After: orNull(a[f])})
		}
	}
	return out
}

func orNull(m json.RawMessage) json.RawMessage {
	if m == nil {
		return json.RawMessage("null")
	}
	return m
}

func byField(p Plan) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	if doc, err := json.Marshal(p); err == nil {
		_ = json.Unmarshal(doc, &out) // our own bytes
	}
	return out
}

// History lists versions, newest first, at most limit (1 to 100, default 50), older than before (0 = from the newest).
// next is the value for before that gives the following page, 0 at the end. It needs plan.read.
func (s *Service) History(ctx context.Context, by who.Identity, before, limit int) (list []Revision, next int, err error) {
	if err := who.Check(by, who.PermPlanRead); err != nil {
		return nil, 0, err
	}
	if limit <= 0 || limit > 100 {
		limit = 50
	}
	if before <= 0 {
		before = 1 << 30
	}
	rows, err := s.db.Query(ctx, `SELECT version, changed_at, changed_by, reason, fields FROM plan_version
		WHERE version < ? ORDER BY version DESC LIMIT ?`, before, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("read the plan's history: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r Revision
		var at int64
		var fields string
		if err := rows.Scan(&r.Version, &at, &r.ChangedBy, &r.Reason, &fields); err != nil {
			return nil, 0, fmt.Errorf("read the plan's history: %w", err)
		}
		r.ChangedAt = clock.FromMicros(at)
		if err := json.Unmarshal([]byte(fields), &r.Fields); err != nil {
			return nil, 0, fmt.Errorf("decode the plan's history: %w", err)
		}
		list = append(list, r)
	}
	if err := rows.Err(); err != nil {
		return nil, 0, fmt.Errorf("read the plan's history: %w", err)
	}
	if len(list) == limit {
		return list, list[limit-1].Version, nil
	}
	if before > 1 {
		list = append(list, Revision{Version: 1, Fields: []string{}})
	}
	return list, 0, nil
}

// normal brings times to UTC microseconds, as storage keeps them, and gives empty lists a value.
func (p Plan) normal() Plan {
	p.ReviewedAt = clock.FromMicros(clock.Micros(p.ReviewedAt))
	p.TestedAt = clock.FromMicros(clock.Micros(p.TestedAt))
	v := reflect.ValueOf(&p).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Slice && f.IsNil() {
			f.Set(reflect.MakeSlice(f.Type(), 0, 0))
		}
	}
	return p
}

// decode reads a stored plan. One stored by an older release lacks newer fields: they keep their default. Lists are
// decoded into nothing, because the decoder would mix an old element's fields into the new one.
func decode(doc []byte) (Plan, error) {
	d, p := Default(), Default()
	vp, vd := reflect.ValueOf(&p).Elem(), reflect.ValueOf(d)
	for i := range vp.NumField() {
		if vp.Field(i).Kind() == reflect.Slice {
			vp.Field(i).SetZero()
		}
	}
	if err := json.Unmarshal(doc, &p); err != nil {
		return Plan{}, err
	}
	for i := range vp.NumField() {
		if vp.Field(i).Kind() == reflect.Slice && vp.Field(i).IsNil() {
			vp.Field(i).Set(vd.Field(i))
		}
	}
	return p, nil
}
