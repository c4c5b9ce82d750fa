package escalation

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
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

func chainByID(ctx context.Context, r store.Reader, id string) (Chain, error) {
	return scanDoc[Chain](r.QueryRow(ctx, `SELECT doc FROM call_chain WHERE id = ?`, id))
}

func callByID(ctx context.Context, r store.Reader, id string) (Call, error) {
	return scanDoc[Call](r.QueryRow(ctx, `SELECT doc FROM call WHERE id = ?`, id))
}

func callsOf(ctx context.Context, r store.Reader, chain string) ([]Call, error) {
	return docs[Call](ctx, r, `SELECT doc FROM call WHERE chain_id = ? ORDER BY id`, chain)
}

// chainsOf lists the chains of a duty that can still be answered.
func chainsOf(ctx context.Context, r store.Reader, dutyID string) ([]Chain, error) {
	return docs[Chain](ctx, r, `SELECT doc FROM call_chain WHERE duty_id <> '' AND duty_id = ? AND state IN ('running', 'exhausted') ORDER BY id`, dutyID)
}

// saidBy lists the calls of one message, the first one first.
func saidBy(ctx context.Context, r store.Reader, message string) ([]Call, error) {
	return docs[Call](ctx, r, `SELECT doc FROM call WHERE id = ? OR (with_id <> '' AND with_id = ?) ORDER BY id`, message, message)
}

func signalsOf(ctx context.Context, r store.Reader, chain string) ([]string, error) {
	return texts(ctx, r, `SELECT signal_id FROM call_signal WHERE chain_id = ? ORDER BY signal_id`, chain)
}

func scanDoc[T any](row *sql.Row) (v T, err error) {
	var doc []byte
	if err = row.Scan(&doc); errors.Is(err, sql.ErrNoRows) {
		return v, fault.New(fault.NotFound, "There is no such call")
	} else if err != nil {
		return v, err
	}
	return v, json.Unmarshal(doc, &v)
}

func docs[T any](ctx context.Context, r store.Reader, q string, args ...any) (out []T, err error) {
	rows, err := r.Query(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var doc []byte
		var v T
		if err := rows.Scan(&doc); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(doc, &v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

func texts(ctx context.Context, r store.Reader, q string, args ...any) (out []string, err error) {
	rows, err := r.Query(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}
