package directory

import (
	"fmt"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
)

// Replay gives the items that the entries say, so that a verification finds what was
// changed in the database. Nothing is made from it: the table is where the directory
// lives.
func Replay() record.Projector { return replay{} }

type replay struct{}

// The columns of items, those that may be erased behind the facts. The number of the
// change only tells servers that there was one; no entry holds it.
var items = row.NewTable("directory_item", 2, "kind", "id", "version", "updated_at", "retired", "sub", "name", "doc", "change_no").Private(3).Apart(1)

func (replay) Kinds() []record.Kind { return Kinds() }

func (replay) Tables() []*row.Table { return []*row.Table{items} }

func (replay) Project(x row.Rows, e record.Entry) error {
	var b Entry
	if err := e.Decode(&b); err != nil {
		return err
	}
	after := row.Row{string(b.Kind), b.ID, b.Version, clock.Micros(e.RecordedAt), b.Retired, nil, nil, nil, nil}
	if !e.Erased {
		h, err := headOf(b)
		if err != nil {
			return err
		}
		after[5], after[6], after[7] = h.sub, h.name, string(b.After)
	}
	before, err := x.Row(items, after[0], after[1])
	if err != nil {
		return err
	}
	return x.Put(items, row.Change{Before: before, After: after})
}

// headOf reads what lists filter and sort by.
func headOf(b Entry) (head, error) {
	switch b.Kind {
	case KindTeam:
		return headAs[Team](b)
	case KindEntity:
		return headAs[Entity](b)
	case KindService:
		return headAs[ITService](b)
	case KindParty:
		return headAs[Party](b)
	}
	return head{}, fmt.Errorf("there is no kind %q of item", b.Kind)
}

func headAs[T any, P item[T]](b Entry) (head, error) {
	v, err := decode[T, P](b.After, b.Version, b.Retired)
	return P(&v).head(), err
}
