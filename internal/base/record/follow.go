package record

import (
	"context"
	"fmt"

	"github.com/wakebell/wakebell/internal/base/store"
)

// Head is what an entry is about, without its bodies.
type Head struct {
	Seq     int64
	Kind    string // with its version, e.g. "incident.graded/1"
	Subject string
	Actor   string
}

// OnCommit names a function that is called after each commit that appended entries. It runs in the writer's
// goroutine and must not block. Only wiring sets it, before the start.
func (l *Ledger) OnCommit(fn func()) { l.onCommit = fn }

// Heads returns the heads of the entries after a position, in order, for those who follow the ledger.
func (l *Ledger) Heads(ctx context.Context, r store.Reader, after int64, limit int) ([]Head, error) {
	rows, err := r.Query(ctx, "SELECT seq, kind, subject, actor FROM ledger_entry WHERE seq > ? ORDER BY seq LIMIT ?", after, limit)
	if err != nil {
		return nil, fmt.Errorf("follow ledger: %w", err)
	}
	defer rows.Close()
	var list []Head
	for rows.Next() {
		var h Head
		if err := rows.Scan(&h.Seq, &h.Kind, &h.Subject, &h.Actor); err != nil {
			return nil, fmt.Errorf("follow ledger: %w", err)
		}
		list = append(list, h)
	}
	return list, rows.Err()
}
