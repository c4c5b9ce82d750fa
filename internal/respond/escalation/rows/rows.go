// Package rows reads the tables of calls. Its own room writes them.
//
// It carries out no policy sentence of its own. It must not import its room or a face.
package rows

import (
	"context"
	"database/sql"
	"errors"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/document"
	"github.com/wakebell/wakebell/internal/respond/escalation/call"
)

// Chain reads one chain; NotFound.
func Chain(ctx context.Context, r store.Reader, id string) (call.Chain, error) {
	return one[call.Chain](r.QueryRow(ctx, `SELECT doc FROM call_chain WHERE id = ?`, id))
}

// Call reads one call; NotFound.
func Call(ctx context.Context, r store.Reader, id string) (call.Call, error) {
	return one[call.Call](r.QueryRow(ctx, `SELECT doc FROM call WHERE id = ?`, id))
}

// OfChain lists the calls of a chain, oldest first.
func OfChain(ctx context.Context, r store.Reader, chain string) ([]call.Call, error) {
	return document.List[call.Call](ctx, r, `SELECT doc FROM call WHERE chain_id = ? ORDER BY id`, chain)
}

// ChainsOf lists the chains of a duty that can still be answered.
func ChainsOf(ctx context.Context, r store.Reader, dutyID string) ([]call.Chain, error) {
	return document.List[call.Chain](ctx, r, `SELECT doc FROM call_chain WHERE duty_id <> '' AND duty_id = ? AND state IN ('running', 'exhausted') ORDER BY id`, dutyID)
}

// Message lists the calls of one message, the first one first.
func Message(ctx context.Context, r store.Reader, message string) ([]call.Call, error) {
	return document.List[call.Call](ctx, r, `SELECT doc FROM call WHERE id = ? OR (with_id <> '' AND with_id = ?) ORDER BY id`, message, message)
}

// Signals lists the signals a chain is about.
func Signals(ctx context.Context, r store.Reader, chain string) ([]string, error) {
	return Texts(ctx, r, `SELECT signal_id FROM call_signal WHERE chain_id = ? ORDER BY signal_id`, chain)
}

func one[T any](row *sql.Row) (T, error) {
	return document.One[T](row, fault.New(fault.NotFound, "There is no such call"))
}

// Texts reads a statement that selects one column of text.
func Texts(ctx context.Context, r store.Reader, q string, args ...any) (out []string, err error) {
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

// Alarms lists the chains about alarms of an incident that can still be answered:
// one, or none.
func Alarms(ctx context.Context, r store.Reader, incident string) ([]call.Chain, error) {
	return document.List[call.Chain](ctx, r, `SELECT doc FROM call_chain WHERE incident_id <> '' AND incident_id = ? AND purpose IN ('duty_missed', 'nobody_answered')
		AND state IN ('running', 'exhausted') ORDER BY id DESC`, incident)
}
