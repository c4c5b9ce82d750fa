// Package doc reads the documents in which duties are kept. Its room writes them. It
// carries out no policy sentence of its own and must not import its room.
package doc

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
)

// ErrNone answers for a duty that does not exist.
var ErrNone = fault.New(fault.NotFound, "there is no such duty")

// One reads the one document of a statement; ErrNone.
func One[T any](row interface{ Scan(into ...any) error }) (d T, err error) {
	var doc []byte
	if err = row.Scan(&doc); errors.Is(err, sql.ErrNoRows) {
		return d, ErrNone
	} else if err != nil {
		return d, err
	}
	return d, json.Unmarshal(doc, &d)
}

// Query reads the documents of a statement that selects the column doc.
func Query[T any](ctx context.Context, r store.Reader, q string, args ...any) (out []T, err error) {
	err = Each(ctx, r, func(rows *sql.Rows) error {
		d, err := One[T](rows)
		out = append(out, d)
		return err
	}, q, args...)
	return out, err
}

// Each calls use for each row of a statement.
func Each(ctx context.Context, r store.Reader, use func(*sql.Rows) error, q string, args ...any) (err error) {
	rows, err := r.Query(ctx, q, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := use(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Evidence says what met a duty.
type Evidence struct {
	With       string    `json:"with,omitempty"` // one of the duty's met_by; default the first
	Ref        string    `json:"ref,omitempty"`  // id or reference of the evidence
	At         time.Time `json:"at,omitzero"`    // when; default now
	Remark     string    `json:"remark,omitempty"`
	LateReason string    `json:"late_reason,omitempty"` // asked when At is after the due time
}
