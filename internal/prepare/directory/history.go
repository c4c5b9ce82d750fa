package directory

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/wakebell/wakebell/internal/base/who"
)

// Revision is one change of an item, from the ledger. Before and After are Team, Entity, ITService or Party; Before is
// nil when the item was new, both are nil when the entry was erased.
type Revision struct {
	Seq     int64 // place in the ledger
	At      time.Time
	Actor   string
	Version int
	Retired bool // the change took it out of use
	Reason  string
	Erased  bool
	Before  any
	After   any
}

// History lists the changes of an item, newest first, at most limit, older than before (0 = from the newest). next is
// the value for before that gives the following page, 0 at the end. It needs directory.read.
func (s *Service) History(ctx context.Context, by who.Identity, kind Kind, id string, before int64, limit int) (list []Revision, next int64, err error) {
	if err := who.Check(by, who.PermDirectoryRead); err != nil {
		return nil, 0, err
	}
	limit = who.Limit(limit)
	entries, err := s.led.SubjectBack(ctx, s.db, string(kind)+":"+id, before, limit+1)
	if err != nil {
		return nil, 0, fmt.Errorf("read the history of %s %s: %w", kind, id, err)
	}
	if len(entries) > limit {
		entries, next = entries[:limit], entries[limit-1].Seq
	}
	for _, e := range entries {
		var b Entry
		if err := e.Decode(&b); err != nil {
			return nil, 0, fmt.Errorf("decode the history of %s %s: %w", kind, id, err)
		}
		r := Revision{Seq: e.Seq, At: e.RecordedAt, Actor: e.Actor, Version: b.Version, Retired: b.Retired, Reason: b.Reason, Erased: e.Erased}
		if !e.Erased {
			if r.Before, err = decodeKind(kind, b.Before); err != nil {
				return nil, 0, err
			}
			if r.After, err = decodeKind(kind, b.After); err != nil {
				return nil, 0, err
			}
		}
		list = append(list, r)
	}
	return list, next, nil
}

// decodeKind gives nil for no document.
func decodeKind(kind Kind, doc json.RawMessage) (any, error) {
	if len(doc) == 0 || string(doc) == "null" {
		return nil, nil
	}
	switch kind {
	case KindTeam:
		return plain[Team](doc)
	case KindEntity:
		return plain[Entity](doc)
	case KindService:
		return plain[ITService](doc)
	}
	return plain[Party](doc)
}

func plain[T any](doc []byte) (any, error) {
	var v T
	if err := json.Unmarshal(doc, &v); err != nil {
		return nil, fmt.Errorf("decode a directory item: %w", err)
	}
	return v, nil
}
