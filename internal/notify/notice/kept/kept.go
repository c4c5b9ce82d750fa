// Package kept reads the documents in which notices and holds are kept; their room writes
// them. It carries out policy 003 ("approved by legal and executive") as the record that can
// be shown. It must not import its room.
package kept

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/notify/notice/course"
)

var errNone = fault.New(fault.NotFound, "There is no such notice in this incident")

// ByNo reads a notice of an incident by its number; fault.NotFound.
func ByNo(ctx context.Context, r store.Reader, incident string, no int) (course.Notice, error) {
	return one(r.QueryRow(ctx, `SELECT doc FROM notice WHERE incident_id = ? AND no = ?`, incident, no))
}

// ByID reads a notice by its id; fault.NotFound.
func ByID(ctx context.Context, r store.Reader, id string) (course.Notice, error) {
	return one(r.QueryRow(ctx, `SELECT doc FROM notice WHERE id = ?`, id))
}

func one(r *sql.Row) (n course.Notice, err error) {
	var doc []byte
	if err := r.Scan(&doc); errors.Is(err, sql.ErrNoRows) {
		return n, errNone
	} else if err != nil {
		return n, fmt.Errorf("read a notice: %w", err)
	}
	return n, json.Unmarshal(doc, &n)
}

// Query reads the notices of a statement that selects the column doc.
func Query(ctx context.Context, r store.Reader, q string, args ...any) (out []course.Notice, err error) {
	rows, err := r.Query(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out = []course.Notice{}
	for rows.Next() {
		var doc []byte
		var n course.Notice
		if err := rows.Scan(&doc); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(doc, &n); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

// Hold reads what legal recorded of an incident's hold.
func Hold(ctx context.Context, r store.Reader, incident string) (h course.Hold, found bool, err error) {
	var doc []byte
	err = r.QueryRow(ctx, `SELECT doc FROM notice_hold WHERE incident_id = ?`, incident).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return h, false, nil
	}
	if err != nil {
		return h, false, fmt.Errorf("read what legal said of a hold: %w", err)
	}
	return h, true, json.Unmarshal(doc, &h)
}
