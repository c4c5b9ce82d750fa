package directory

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

const kindChanged = "directory.changed"

// Kinds are the ledger entries of this room.
func Kinds() []record.Kind { return []record.Kind{{Name: kindChanged, Version: 1}} }

// Entry is the body of directory.changed/1. Its subject is "kind:id".
type Entry struct {
	Kind    Kind            `json:"kind"`
	ID      string          `json:"id"`
	Version int             `json:"version"`
	Retired bool            `json:"retired"`
	Reason  string          `json:"reason,omitempty" private:"true"`
	Before  json.RawMessage `json:"before,omitempty" private:"true"` // nothing when it is new
	After   json.RawMessage `json:"after" private:"true"`
}

// Observer runs in the transaction of a change, after it is written: once per command, also for a whole import.
type Observer func(ctx context.Context, tx *store.Tx, by who.Identity) error

// Service keeps the directory.
type Service struct {
	db        *store.DB
	led       *record.Ledger
	people    *who.Service
	plans     *plan.Service
	clk       *clock.Clock
	observers []Observer
	cached    *atomic.Pointer[Snapshot]
}

// New returns the room. It reads nothing yet.
func New(db *store.DB, led *record.Ledger, people *who.Service, plans *plan.Service, clk *clock.Clock) *Service {
	s := &Service{db: db, led: led, people: people, plans: plans, clk: clk, cached: &atomic.Pointer[Snapshot]{}}
	s.cached.Store(emptySnapshot())
	return s
}

// Observe adds o to those who are told of each change. Call it before serving.
func (s *Service) Observe(o Observer) { s.observers = append(s.observers, o) }

// Filter narrows a list. Kind is a team kind or a party kind, "" for all; Kinds asks for any of several. Q is looked for
// in names, ids, aliases, clauses and contacts, in any case of letters.
type Filter struct {
	Kind    string   `json:"kind"`
	Kinds   []string `json:"kinds,omitempty"`
	Retired bool     `json:"retired"` // also retired items
	Q       string   `json:"q,omitempty"`
}

// PutTeam stores a team. It needs directory.edit. ifVersion is 0 for a new id, otherwise the version the caller has
// seen; a difference is a fault of kind Precondition. Storing a retired item brings it back; storing what is there
// already changes nothing. Faults of kind Invalid name fields. The same holds for the other Put methods.
func (s *Service) PutTeam(ctx context.Context, by who.Identity, t Team, ifVersion int) (Team, error) {
	return put(ctx, s, by, t, ifVersion)
}

// PutEntity stores a legal entity of ours; see PutTeam.
func (s *Service) PutEntity(ctx context.Context, by who.Identity, e Entity, ifVersion int) (Entity, error) {
	return put(ctx, s, by, e, ifVersion)
}

// PutITService stores an IT service; see PutTeam.
func (s *Service) PutITService(ctx context.Context, by who.Identity, v ITService, ifVersion int) (ITService, error) {
	return put(ctx, s, by, v, ifVersion)
}

// PutParty stores a party; see PutTeam.
func (s *Service) PutParty(ctx context.Context, by who.Identity, p Party, ifVersion int) (Party, error) {
	return put(ctx, s, by, p, ifVersion)
}

// Team reads one team, also a retired one. It needs directory.read.
func (s *Service) Team(ctx context.Context, by who.Identity, id string) (Team, error) {
	return one[Team](ctx, s, by, KindTeam, id)
}

// Entity reads one legal entity, also a retired one. It needs directory.read.
func (s *Service) Entity(ctx context.Context, by who.Identity, id string) (Entity, error) {
	return one[Entity](ctx, s, by, KindEntity, id)
}

// ITService reads one IT service, also a retired one. It needs directory.read.
func (s *Service) ITService(ctx context.Context, by who.Identity, id string) (ITService, error) {
	return one[ITService](ctx, s, by, KindService, id)
}

// Party reads one party, also a retired one. It needs directory.read.
func (s *Service) Party(ctx context.Context, by who.Identity, id string) (Party, error) {
	return one[Party](ctx, s, by, KindParty, id)
}

// Teams lists teams by name, at most limit (who.Limit). next is "" on the last page. It needs directory.read.
func (s *Service) Teams(ctx context.Context, by who.Identity, f Filter, cursor string, limit int) (list []Team, next string, err error) {
	return page[Team](ctx, s, by, KindTeam, f, cursor, limit)
}

// Entities lists legal entities; see Teams.
func (s *Service) Entities(ctx context.Context, by who.Identity, f Filter, cursor string, limit int) (list []Entity, next string, err error) {
	return page[Entity](ctx, s, by, KindEntity, f, cursor, limit)
}

// ITServices lists IT services; see Teams.
func (s *Service) ITServices(ctx context.Context, by who.Identity, f Filter, cursor string, limit int) (list []ITService, next string, err error) {
	return page[ITService](ctx, s, by, KindService, f, cursor, limit)
}

// Parties lists parties; see Teams.
func (s *Service) Parties(ctx context.Context, by who.Identity, f Filter, cursor string, limit int) (list []Party, next string, err error) {
	return page[Party](ctx, s, by, KindParty, f, cursor, limit)
}

func put[T any, P item[T]](ctx context.Context, s *Service, by who.Identity, in T, ifVersion int) (T, error) {
	var out, none T
	if err := who.Check(by, who.PermDirectoryEdit); err != nil {
		return none, err
	}
	P(&in).normal()
	var ps problems
	P(&in).check(&ps)
	if err := fault.Invalids(ps...); err != nil {
		return none, err
	}
	h := P(&in).head()
	o, err := s.db.Write(ctx, store.Op{Name: "directory.put." + string(h.kind), Actor: by.Actor}, func(tx *store.Tx) error {
		sn, err := s.snapshot(ctx, tx)
		if err != nil {
			return err
		}
		old, err := readItem[T, P](ctx, tx, h.kind, h.id)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		version := P(&old).head().version
		if err := sameVersion(version, ifVersion); err != nil {
			return err
		}
		var ps problems
		P(&in).refs(&sn, &ps)
		if err := fault.Invalids(ps...); err != nil {
			return err
		}
		tx.SetResult(h.id)
		var changed bool
		if out, changed, err = save[T, P](s, tx, by, old, in, false, ""); err != nil || !changed {
			return err
		}
		return s.tell(ctx, tx, by)
	})
	if err != nil {
		return none, fmt.Errorf("put %s %s: %w", h.kind, h.id, err)
	}
	if o.Replayed {
		return readItem[T, P](ctx, s.db, h.kind, o.ResultID)
	}
	return out, nil
}

func sameVersion(have, want int) error {
	switch {
	case have == want:
		return nil
	case want == 0:
		return fault.New(fault.Conflict, "There is such an item already: read it and send its version to change it")
	case have == 0:
		return fault.New(fault.NotFound, "There is no such item")
	}
	return fault.New(fault.Precondition, "The item was changed in the meantime; read it again")
}

// Retire takes an item out of use; its history stays. It needs directory.edit, the version the caller has seen and a
// reason. What other items still refer to is a fault of kind Conflict that names them.
func (s *Service) Retire(ctx context.Context, by who.Identity, kind Kind, id string, ifVersion int, reason string) error {
	if err := who.Check(by, who.PermDirectoryEdit); err != nil {
		return err
	}
	reason = strings.TrimSpace(reason)
	if reason == "" || len(reason) > 2000 {
		return fault.InvalidField("reason", "say why, in at most 2000 bytes")
	}
	switch kind {
	case KindTeam:
		return retire[Team](ctx, s, by, kind, id, ifVersion, reason)
	case KindEntity:
		return retire[Entity](ctx, s, by, kind, id, ifVersion, reason)
	case KindService:
		return retire[ITService](ctx, s, by, kind, id, ifVersion, reason)
	case KindParty:
		return retire[Party](ctx, s, by, kind, id, ifVersion, reason)
	}
	return fault.InvalidField("kind", "must be one of team, entity, it_service, party")
}

func retire[T any, P item[T]](ctx context.Context, s *Service, by who.Identity, kind Kind, id string, ifVersion int, reason string) error {
	_, err := s.db.Write(ctx, store.Op{Name: "directory.retire", Actor: by.Actor}, func(tx *store.Tx) error {
		old, err := readItem[T, P](ctx, tx, kind, id)
		if err != nil {
			return err
		}
		if v := P(&old).head().version; v != ifVersion {
			return fault.New(fault.Precondition, "The item was changed in the meantime; read it again")
		}
		sn, err := s.snapshot(ctx, tx)
		if err != nil {
			return err
		}
		users := sn.users(kind, id)
		p, err := s.plans.CurrentTx(tx)
		if err != nil {
			return err
		}
		if kind == KindTeam && p.DefaultTeam == id {
			users = append(users, "the plan, as its default team")
		}
		if len(users) > 0 {
			return fault.Newf(fault.Conflict, "Still used by %s: change those first", strings.Join(users[:min(5, len(users))], ", "))
		}
		tx.SetResult(id)
		if _, changed, err := save[T, P](s, tx, by, old, old, true, reason); err != nil || !changed {
			return err
		}
		return s.tell(ctx, tx, by)
	})
	if err != nil {
		return fmt.Errorf("retire %s %s: %w", kind, id, err)
	}
	return nil
}

func one[T any, P item[T]](ctx context.Context, s *Service, by who.Identity, kind Kind, id string) (T, error) {
	if err := who.Check(by, who.PermDirectoryRead); err != nil {
		var none T
		return none, err
	}
	return readItem[T, P](ctx, s.db, kind, id)
}

func readItem[T any, P item[T]](ctx context.Context, r store.Reader, kind Kind, id string) (T, error) {
	var none T
	var doc []byte
	var version, retired int
	err := r.QueryRow(ctx, `SELECT doc, version, retired FROM directory_item WHERE kind = ? AND id = ?`, string(kind), id).
		Scan(&doc, &version, &retired)
	if errors.Is(err, sql.ErrNoRows) {
		return none, fault.Newf(fault.NotFound, "There is no such %s", strings.ReplaceAll(string(kind), "_", " "))
	}
	if err != nil {
		return none, fmt.Errorf("read %s %s: %w", kind, id, err)
	}
	return decode[T, P](doc, version, retired != 0)
}

func page[T any, P item[T]](ctx context.Context, s *Service, by who.Identity, kind Kind, f Filter, cursor string, limit int) ([]T, string, error) {
	if err := who.Check(by, who.PermDirectoryRead); err != nil {
		return nil, "", err
	}
	bound := []any{kind, f}
	keys, err := by.OpenCursor(cursor, bound, 2)
	if err != nil {
		return nil, "", err
	}
	limit = who.Limit(limit)
	if strings.TrimSpace(f.Q) != "" {
		sn, err := s.snapshot(ctx, s.db)
		if err != nil {
			return nil, "", err
		}
		list := found[T, P](sn.all(kind), f, keys)
		return cut[T, P](by, bound, list, limit)
	}
	q, args := `SELECT doc, version, retired FROM directory_item WHERE kind = ?`, []any{string(kind)}
	if f.Kind != "" {
		q, args = q+` AND sub = ?`, append(args, f.Kind)
	}
	if len(f.Kinds) > 0 {
		q += ` AND sub IN (?` + strings.Repeat(`, ?`, len(f.Kinds)-1) + `)`
		for _, k := range f.Kinds {
			args = append(args, k)
		}
	}
	if !f.Retired {
		q += ` AND retired = 0`
	}
	if keys != nil {
		q, args = q+` AND (name > ? OR (name = ? AND id > ?))`, append(args, keys[0], keys[0], keys[1])
	}
	rows, err := s.db.Query(ctx, q+` ORDER BY name, id LIMIT ?`, append(args, limit+1)...)
	if err != nil {
		return nil, "", fmt.Errorf("list %s: %w", kind, err)
	}
	defer rows.Close()
	list := []T{}
	for rows.Next() {
		var doc []byte
		var version, retired int
		if err := rows.Scan(&doc, &version, &retired); err != nil {
			return nil, "", fmt.Errorf("list %s: %w", kind, err)
		}
		v, err := decode[T, P](doc, version, retired != 0)
		if err != nil {
			return nil, "", err
		}
		list = append(list, v)
	}
	if err := rows.Err(); err != nil {
		return nil, "", fmt.Errorf("list %s: %w", kind, err)
	}
	return cut[T, P](by, bound, list, limit)
}

// cut ends a page at limit; list may hold more.
func cut[T any, P item[T]](by who.Identity, bound []any, list []T, limit int) ([]T, string, error) {
	if len(list) <= limit {
		return list, "", nil
	}
	list = list[:limit]
	last := P(&list[limit-1]).head()
	return list, by.Cursor(bound, last.name, last.id), nil
}
