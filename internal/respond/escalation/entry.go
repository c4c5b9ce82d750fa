package escalation

import (
	"encoding/json"
	"fmt"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/record"
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

// Tables lists the projections of this room. Links and deliveries are operational.
func (s *Service) Tables() []string { return []string{"call_chain", "call", "call_signal"} }

// Project applies one entry to the tables. It reads nothing but the entry.
func (s *Service) Project(tx *store.Tx, e record.Entry) error {
	var b body
	if err := e.Decode(&b); err != nil {
		return fmt.Errorf("project %s: %w", e.Kind, err)
	}
	if b.Chain != nil {
		if err := putChain(tx, *b.Chain); err != nil {
			return err
		}
		for _, id := range b.Signals {
			if _, err := tx.Exec(`INSERT INTO call_signal (chain_id, signal_id) VALUES (?,?) ON CONFLICT (chain_id, signal_id) DO NOTHING`, b.Chain.ID, id); err != nil {
				return err
			}
		}
	}
	for _, c := range b.Calls {
		if err := putCall(tx, c); err != nil {
			return err
		}
	}
	return nil
}

func putChain(tx *store.Tx, c Chain) error {
	doc, err := json.Marshal(c)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO call_chain (id, incident_id, duty_id, purpose, team, state, next_at, drill, doc) VALUES (?,?,?,?,?,?,?,?,?)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, next_at = excluded.next_at, doc = excluded.doc`,
		c.ID, c.Incident, c.Duty, string(c.Purpose), c.Team, string(c.State), clock.Micros(c.NextAt), flag(c.Drill), doc)
	return err
}

func putCall(tx *store.Tx, c Call) error {
	doc, err := json.Marshal(c)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO call (id, chain_id, incident_id, person, team, with_id, state, drill, doc) VALUES (?,?,?,?,?,?,?,?,?)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, doc = excluded.doc`,
		c.ID, c.Chain, c.Incident, c.Person, c.Team, c.With, string(c.State), flag(c.Drill), doc)
	return err
}

// record appends an entry and projects it.
func (s *Service) record(tx *store.Tx, actor, kind, subject string, b body) error {
	e, err := s.led.Append(tx, record.Draft{Kind: kind, Subject: subject, Actor: actor, Body: b})
	if err != nil {
		return err
	}
	return s.Project(tx, e)
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
