package plan

import (
	"bytes"
	"encoding/json"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
)

// Replay gives the versions of the plan that the entries say, so that a verification
// finds a value that was changed in the database. Nothing is made from it: the table is
// where the plan lives.
func Replay() record.Projector { return replay{} }

type replay struct{}

// The columns of versions, those that may be erased last.
var versions = row.NewTable("plan_version", 1, "version", "changed_at", "changed_by", "fields", "doc", "reason").Private(2)

func (replay) Kinds() []record.Kind { return Kinds() }

func (replay) Tables() []*row.Table { return []*row.Table{versions} }

func (replay) Project(x row.Rows, e record.Entry) error {
	// The plan as it was written: a Plan of today has fields that one of yesterday lacked.
	var b struct {
		Version int             `json:"version"`
		Fields  json.RawMessage `json:"fields"`
		Reason  string          `json:"reason"`
		After   json.RawMessage `json:"after"`
	}
	if err := e.Decode(&b); err != nil {
		return err
	}
	after := row.Row{b.Version, clock.Micros(e.RecordedAt), e.Actor, escaped(b.Fields), nil, nil}
	if !e.Erased {
		after[4], after[5] = escaped(b.After), b.Reason
	}
	return x.Put(versions, row.Change{After: after})
}

// escaped is the text that json.Marshal makes of what stands in an entry.
func escaped(doc json.RawMessage) string {
	var out bytes.Buffer
	json.HTMLEscape(&out, doc)
	return out.String()
}
