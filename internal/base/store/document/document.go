// Package document reads what rooms keep as a JSON document in a column: the columns beside
// it are for finding, the document is the thing itself. It carries out no policy sentence of
// its own. It must not import anything of this module but base/store.
package document

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/wakebell/wakebell/internal/base/store"
)

// Row is a row that is read, alone or of several.
type Row interface{ Scan(into ...any) error }

// Each calls use for each row of a statement, and ends with the first error.
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

// List reads the documents of a statement that selects nothing else, in its order; nil
// where there are none.
func List[T any](ctx context.Context, r store.Reader, q string, args ...any) (out []T, err error) {
	err = Each(ctx, r, func(rows *sql.Rows) error {
		v, err := One[T](rows, sql.ErrNoRows)
		out = append(out, v)
		return err
	}, q, args...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// One reads the document of a row that holds nothing else; none is the answer where the
// statement found no row.
func One[T any](row Row, none error) (v T, err error) {
	var doc []byte
	if err = row.Scan(&doc); errors.Is(err, sql.ErrNoRows) {
		return v, none
	} else if err != nil {
		return v, err
	}
	return v, json.Unmarshal(doc, &v)
}
