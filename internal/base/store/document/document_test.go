package document_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/document"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
)

func TestDocuments(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		const all = `SELECT doc FROM filing ORDER BY no`
		if list, err := document.List[int](t.Context(), db, all); list != nil || err != nil {
			t.Errorf("of no rows: %v %v", list, err)
		}
		put := func(no int, doc string) {
			t.Helper()
			if _, err := db.Write(t.Context(), store.Op{Name: "test"}, func(tx *store.Tx) error {
				_, err := tx.Exec(`INSERT INTO filing (id, incident_id, no, state, duty_id, doc) VALUES (?, 'i', ?, 'draft', '', ?)`, doc, no, []byte(doc))
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		put(2, "7")
		put(1, "9")
		if list, err := document.List[int](t.Context(), db, all); !slices.Equal(list, []int{9, 7}) || err != nil {
			t.Errorf("list: %v %v", list, err)
		}
		none := errors.New("none")
		const one = `SELECT doc FROM filing WHERE no = ?`
		if v, err := document.One[int](db.QueryRow(t.Context(), one, 2), none); v != 7 || err != nil {
			t.Errorf("one: %d %v", v, err)
		}
		if _, err := document.One[int](db.QueryRow(t.Context(), one, 3), none); !errors.Is(err, none) {
			t.Errorf("no row: %v", err)
		}
		put(3, "{broken")
		if _, err := document.One[int](db.QueryRow(t.Context(), one, 3), none); err == nil || errors.Is(err, none) {
			t.Errorf("a broken document: %v", err)
		}
		if list, err := document.List[int](t.Context(), db, all); err == nil {
			t.Errorf("a list with a broken document: %v", list)
		}
	})
}
