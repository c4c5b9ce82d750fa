package next_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty/next"
)

func TestTo(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		const many = who.PageLimit + 5 // more than one statement reads
		var all []string
		_, err := db.Write(t.Context(), store.Op{Name: "test", Actor: "t"}, func(tx *store.Tx) error {
			all = []string{"nobody", ""}
			for _, incident := range []string{"a", "b"} {
				for i := range many + 1 {
					to, state := fmt.Sprintf("c%03d", i), "open"
					switch {
					case i == many:
						to = "" // a group
					case i%2 == 1:
						state = "met"
					}
					if incident == "a" && to != "" {
						all = append(all, to)
					}
					id := fmt.Sprint(incident, i)
					_, err := tx.Exec(`INSERT INTO duty (id, incident_id, key, rule, state, due_at, alarm_at, met_at, drill, outward, recipient_kind, recipient_id, holder_id, entity, doc)
						VALUES (?,?,?,'r',?,0,0,0,0,0,'customer',?,'','',?)`, id, incident, id, state, to, []byte("{}"))
					if err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		got := func(to ...string) map[string]string {
			t.Helper()
			list, err := next.To(t.Context(), db, "a", to)
			if err != nil {
				t.Fatal(err)
			}
			ids := map[string]string{}
			for _, d := range list {
				if d.Rule != "r" || d.Kind != "customer" {
					t.Errorf("%+v", d)
				}
				ids[d.ID] = d.To
			}
			return ids
		}
		if list := got("c000", "c001", "nobody"); len(list) != 1 || list["a0"] != "c000" {
			t.Errorf("one that is open, one that is met, one that is owed nothing: %v", list)
		}
		if list := got(""); len(list) != 1 || list[fmt.Sprint("a", many)] != "" {
			t.Errorf("owed to a group: %v", list)
		}
		if list := got(all...); len(list) != (many+1)/2+1 {
			t.Errorf("all: %d", len(list))
		}
		if list := got(); len(list) != 0 {
			t.Errorf("to nobody: %v", list)
		}
		for want, to := range map[int][]string{0: nil, 1: {"c000", "c001", "nobody"}, many / 2: all} {
			if list, err := next.Met(t.Context(), db, "a", to); err != nil || len(list) != want {
				t.Errorf("met: %d, want %d, %v", len(list), want, err)
			}
		}
	})
}

// plan answers statements with how SQLite would run them.
type plan struct{ store.Reader }

func (p plan) Query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	return p.Reader.Query(ctx, "EXPLAIN QUERY PLAN "+q, args...)
}

// An incident may owe thousands: reading what is owed to a few looks at theirs alone.
func TestToReadsTheirsAlone(t *testing.T) {
	t.Parallel()
	list, err := next.To(t.Context(), plan{storetest.Open(t, store.SQLite)}, "a", []string{"c1", "c2"})
	if err != nil || len(list) == 0 || !strings.Contains(list[0].To, "USING INDEX duty_recipient (incident_id=? AND recipient_id=?)") {
		t.Errorf("%+v, %v", list, err)
	}
}
