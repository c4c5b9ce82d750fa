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

// List reads the documents of a statement that selects nothing else, in its order; nil
// where there are none.
func List[T any](ctx context.Context, r store.Reader, q string, args ...any) (out []T, err error) {
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

// One reads the document of a statement that finds one row at most; none is the answer
// where it finds no row.
func One[T any](row *sql.Row, none error) (v T, err error) {
	var doc []byte
	if err = row.Scan(&doc); errors.Is(err, sql.ErrNoRows) {
		return v, none
	} else if err != nil {
		return v, err
	}
	return v, json.Unmarshal(doc, &v)
}
