package handover

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/store"
)

// KindTaken is the kind of entry of this room.
const KindTaken = "handover.taken"

// taken is a package that somebody took for a controller: its very bytes, by their hash.
type taken struct {
	Customer string          `json:"customer"`
	Entity   string          `json:"entity"`
	Number   int             `json:"number"`
	SHA256   string          `json:"sha256"`
	Words    json.RawMessage `json:"words,omitempty" private:"true"`
	Document string          `json:"document" private:"true"`
}

// Kinds returns the ledger kinds this room writes.
func Kinds() []record.Kind { return []record.Kind{{Name: KindTaken, Version: 1}} }

// Kinds, Tables and Project make the service a record.Projector.
func (*Service) Kinds() []record.Kind { return Kinds() }

// handovers is the projection of this room.
var handovers = row.NewTable("handover", 1, "id", "incident_id", "customer", "number", "entity", "sha256", "words", "document", "taken_by", "taken_at", "erased")

// Tables returns the projection tables of this room.
func (*Service) Tables() []*row.Table { return []*row.Table{handovers} }

// Project writes what one entry says.
func (*Service) Project(x row.Rows, e record.Entry) error {
	if e.Kind != KindTaken {
		return nil
	}
	var b taken
	if err := e.Decode(&b); err != nil {
		return err
	}
	return x.Put(handovers, row.Change{After: row.Row{
		e.ID, e.Subject, b.Customer, b.Number, b.Entity, b.SHA256, string(b.Words), b.Document, e.Actor, clock.Micros(e.RecordedAt), e.Erased,
	}})
}

// OnErase follows an erasure in its transaction: what was written goes from the table, its
// hash stays.
func (s *Service) OnErase(tx *store.Tx, entries []record.Entry) error {
	for _, e := range entries {
		if e.Kind != KindTaken {
			continue
		}
		if _, err := tx.Exec("UPDATE handover SET words = '', document = '', erased = 1 WHERE id = ?", e.ID); err != nil {
			return fmt.Errorf("erase hand-over %s: %w", e.ID, err)
		}
	}
	return nil
}

// Tell puts an entry into words.
func Tell(e record.Entry, name func(id string) string) string {
	var b taken
	if e.Kind != KindTaken || e.Decode(&b) != nil {
		return ""
	}
	return "Hand-over package no. " + strconv.Itoa(b.Number) + " taken for the controller " + strings.TrimPrefix(name("entity:"+b.Customer), "entity:") + ", SHA-256 " + b.SHA256[:min(12, len(b.SHA256))]
}
