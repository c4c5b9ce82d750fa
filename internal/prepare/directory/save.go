package directory

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

// Action is what storing does with an item.
type Action string

// The actions.
const (
	Created   Action = "created"
	Changed   Action = "changed"
	Unchanged Action = "unchanged"
)

// Change is one item, or one person, against what was stored.
type Change struct {
	Kind   string   `json:"kind"` // person, entity, team, it_service, party
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Action Action   `json:"action"`
	Fields []string `json:"fields,omitempty"` // of a changed item
	// Before and After are the whole: Team, Entity, ITService, Party or who.Person. Before is nil when it is new.
	Before any `json:"-"`
	After  any `json:"-"`
}

// SaveTx stores an item that Check found good, whatever version is there, for rooms that compose one transaction. It
// needs directory.edit. The caller calls TellTx once, after everything is stored.
func (s *Service) SaveTx(tx *store.Tx, by who.Identity, v Item) (Change, error) {
	if err := who.Check(by, who.PermDirectoryEdit); err != nil {
		return Change{}, err
	}
	switch v := v.(type) {
	case *Team:
		return saveAny(s, tx, by, *v)
	case *Entity:
		return saveAny(s, tx, by, *v)
	case *ITService:
		return saveAny(s, tx, by, *v)
	case *Party:
		return saveAny(s, tx, by, *v)
	}
	return Change{}, fmt.Errorf("save a directory item: unknown type %T", v)
}

// TellTx tells the observers of a change made by SaveTx. It needs directory.edit.
func (s *Service) TellTx(ctx context.Context, tx *store.Tx, by who.Identity) error {
	if err := who.Check(by, who.PermDirectoryEdit); err != nil {
		return err
	}
	return s.tell(ctx, tx, by)
}

func saveAny[T any, P item[T]](s *Service, tx *store.Tx, by who.Identity, v T) (Change, error) {
	h := P(&v).head()
	old, err := readItem[T, P](clock.Background(), tx, h.kind, h.id)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return Change{}, err
	}
	now, changed, err := save[T, P](s, tx, by, old, v, false, "")
	if err != nil {
		return Change{}, err
	}
	c := Change{Kind: string(h.kind), ID: h.id, Name: h.name, Action: Unchanged, Before: old, After: now}
	switch {
	case P(&old).head().version == 0:
		c.Action, c.Before = Created, nil
	case changed:
		c.Action, c.Fields = Changed, Differing(old, now)
	}
	return c, nil
}

// Differing lists the JSON names of the fields in which two values of one type differ, without version.
func Differing(a, b any) []string {
	fields := func(v any) map[string]string {
		var raw map[string]json.RawMessage
		if doc, err := json.Marshal(v); err == nil {
			_ = json.Unmarshal(doc, &raw) // our own bytes
		}
		out := map[string]string{}
		for k, v := range raw {
			out[k] = string(v)
		}
		return out
	}
	fa, fb := fields(a), fields(b)
	var out []string
	for k := range fa {
		if _, ok := fb[k]; !ok {
			out = append(out, k)
		}
	}
	for k, v := range fb {
		if fa[k] != v && k != "version" {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// save writes in over old (version 0 = new) and records it. Unchanged, it writes nothing and returns old.
func save[T any, P item[T]](s *Service, tx *store.Tx, by who.Identity, old, in T, retired bool, reason string) (T, bool, error) {
	was := P(&old).head()
	P(&in).seal(was.version, retired)
	before, err := json.Marshal(old)
	if err != nil {
		return in, false, fmt.Errorf("encode the item: %w", err)
	}
	if same, err := json.Marshal(in); err != nil {
		return in, false, fmt.Errorf("encode the item: %w", err)
	} else if was.version > 0 && bytes.Equal(before, same) {
		return old, false, nil
	}
	P(&in).seal(was.version+1, retired)
	after, err := json.Marshal(in)
	if err != nil {
		return in, false, fmt.Errorf("encode the item: %w", err)
	}
	if was.version == 0 {
		before = nil
	}
	h := P(&in).head()
	e, err := s.led.Append(tx, record.Draft{
		Kind: kindChanged, Subject: string(h.kind) + ":" + h.id, Actor: by.Actor,
		Body: Entry{Kind: h.kind, ID: h.id, Version: h.version, Retired: retired, Reason: reason, Before: before, After: after},
	})
	if err != nil {
		return in, false, err
	}
	gone := 0
	if retired {
		gone = 1
	}
	const change = `(SELECT COALESCE(MAX(change_no), 0) + 1 FROM directory_item)`
	at := clock.Micros(e.RecordedAt)
	if was.version == 0 {
		_, err = tx.Exec(`INSERT INTO directory_item (kind, id, sub, name, doc, version, updated_at, retired, change_no)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, `+change+`)`,
			string(h.kind), h.id, h.sub, h.name, string(after), h.version, at, gone)
	} else {
		_, err = tx.Exec(`UPDATE directory_item SET sub = ?, name = ?, doc = ?, version = ?, updated_at = ?, retired = ?,
			change_no = `+change+` WHERE kind = ? AND id = ?`,
			h.sub, h.name, string(after), h.version, at, gone, string(h.kind), h.id)
	}
	if err != nil {
		return in, false, fmt.Errorf("store %s %s: %w", h.kind, h.id, err)
	}
	return in, true, nil
}

func (s *Service) tell(ctx context.Context, tx *store.Tx, by who.Identity) error {
	for _, o := range s.observers {
		if err := o(ctx, tx, by); err != nil {
			return err
		}
	}
	return nil
}
