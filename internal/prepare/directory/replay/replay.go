// Package replay says what the entries of the directory make of its table, so that a
// verification finds what was changed in the database ("evidence must not be altered").
// Nothing is made from it: the table is where the directory lives. It must not import any
// other room than its own.
package replay

import (
	"encoding/json"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// Room gives the items that the entries say.
func Room() record.Projector { return room{} }

type room struct{}

// The columns of items, those that may be erased behind the facts. The number of the
// change only tells servers that there was one; no entry holds it.
var items = row.NewTable("directory_item", 2, "kind", "id", "version", "updated_at", "retired", "sub", "name", "doc", "change_no").Private(3).Apart(1)

func (room) Kinds() []record.Kind { return directory.Kinds() }

func (room) Tables() []*row.Table { return []*row.Table{items} }

func (room) Project(x row.Rows, e record.Entry) error {
	var b directory.Entry
	if err := e.Decode(&b); err != nil {
		return err
	}
	after := row.Row{string(b.Kind), b.ID, b.Version, clock.Micros(e.RecordedAt), b.Retired, nil, nil, nil, nil}
	if !e.Erased {
		var item struct {
			Name string `json:"name"`
			Kind string `json:"kind"` // of teams and parties
		}
		if err := json.Unmarshal(b.After, &item); err != nil {
			return err
		}
		after[5], after[6], after[7] = item.Kind, item.Name, string(b.After)
	}
	before, err := x.Row(items, after[0], after[1])
	if err != nil {
		return err
	}
	return x.Put(items, row.Change{Before: before, After: after})
}
