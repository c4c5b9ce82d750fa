package escalation

import (
	"encoding/json"
	"fmt"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/respond/escalation/call"
)

// The kinds of ledger entries of this room. Their subject is the incident, the first
// signal of a call about signals, or "system".
const (
	kindMade         = "call.made"         // people were called
	kindReminded     = "call.reminded"     // people were reminded of what they owe
	kindExtended     = "call.extended"     // more signals or alarms came to a call that is not answered yet
	kindExpired      = "call.expired"      // a call was not answered in the plan's minutes
	kindAcknowledged = "call.acknowledged" // somebody answered
	kindWithdrawn    = "call.withdrawn"    // what the calls were about is over
	kindExhausted    = "call.exhausted"    // nobody is left to call
	kindLoopSilent   = "watchdog.raised"   // the job loop has not run: an internal duty, answered like a call
)

// subjectSystem is the subject of calls about the system itself.
const subjectSystem = "system"

// body is the body of every kind: the chain and the calls it touches as they stand
// after the entry, and the signals that came to the chain with it. It holds ids,
// enums and times only; the people's names and addresses are in the directory.
type body struct {
	Chain   *Chain   `json:"chain,omitempty"`
	Calls   []Call   `json:"calls,omitempty"`
	Signals []string `json:"signals,omitempty"`
	// Alarm is the one that came to the chain with a call.extended.
	Alarm *call.Alarm `json:"alarm,omitempty"`
}

// Kinds lists the kinds of entry of this room.
func Kinds() []record.Kind {
	var out []record.Kind
	for _, n := range [...]string{kindMade, kindReminded, kindExtended, kindExpired, kindAcknowledged, kindWithdrawn, kindExhausted, kindLoopSilent} {
		out = append(out, record.Kind{Name: n, Version: 1})
	}
	return out
}

// Kinds lists the kinds of entry of this room.
func (s *Service) Kinds() []record.Kind { return Kinds() }

// The projections of this room. Links and deliveries are operational.
var (
	chains    = row.NewTable("call_chain", 1, "id", "incident_id", "duty_id", "purpose", "team", "state", "next_at", "drill", "doc").Octets("doc")
	calls     = row.NewTable("call", 1, "id", "chain_id", "incident_id", "person", "team", "with_id", "state", "drill", "doc").Octets("doc")
	signalsOf = row.NewTable("call_signal", 2, "chain_id", "signal_id")
)

// Tables lists the projections of this room.
func (s *Service) Tables() []*row.Table { return []*row.Table{chains, calls, signalsOf} }

// Project applies one entry to the tables. It reads nothing but the entry and the rows
// that it replaces.
func (s *Service) Project(x row.Rows, e record.Entry) error {
	var b body
	if err := e.Decode(&b); err != nil {
		return fmt.Errorf("project %s: %w", e.Kind, err)
	}
	if c := b.Chain; c != nil {
		doc, err := json.Marshal(c)
		if err != nil {
			return err
		}
		err = replace(x, chains, row.Row{c.ID, c.Incident, c.Duty, string(c.Purpose), c.Team, string(c.State), clock.Micros(c.NextAt), c.Drill, doc})
		if err != nil {
			return err
		}
		for _, id := range b.Signals {
			if r, err := x.Row(signalsOf, c.ID, id); err != nil || r != nil {
				if err != nil {
					return err
				}
				continue
			}
			if err := x.Put(signalsOf, row.Change{After: row.Row{c.ID, id}}); err != nil {
				return err
			}
		}
	}
	for _, c := range b.Calls {
		doc, err := json.Marshal(c)
		if err != nil {
			return err
		}
		if err := replace(x, calls, row.Row{c.ID, c.Chain, c.Incident, c.Person, c.Team, c.With, string(c.State), c.Drill, doc}); err != nil {
			return err
		}
	}
	return nil
}

// replace writes a row whose key comes first, whether it is there or not.
func replace(x row.Rows, t *row.Table, after row.Row) error {
	before, err := x.Row(t, after[0])
	if err != nil {
		return err
	}
	return x.Put(t, row.Change{Before: before, After: after})
}

// record appends an entry and projects it.
func (s *Service) record(tx *store.Tx, actor, kind, subject string, b body) error {
	e, err := s.led.Append(tx, record.Draft{Kind: kind, Subject: subject, Actor: actor, Body: b})
	if err != nil {
		return err
	}
	return s.Project(row.Live(tx), e)
}
