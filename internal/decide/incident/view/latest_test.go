package view_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
)

// TestLatestIsTheTimelineBackwards: with every filter and page size, read from the end, the
// lines are those of Timeline; as of a time, those recorded by then.
func TestLatestIsTheTimelineBackwards(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		st, err := e.inc.Declare(t.Context(), ann, incident.Declare{Title: "Trouble"})
		if err != nil {
			t.Fatal(err)
		}
		var half time.Time
		for i := range 230 {
			var cmd incident.Command = &incident.Note{Text: fmt.Sprint(i)}
			if i%10 == 0 {
				cmd = &incident.RecordFact{Fact: incident.FactCause, Value: []byte(`"a lock"`)}
			}
			if _, err := e.inc.Execute(t.Context(), ann, st.Ref, cmd, 0); err != nil {
				t.Fatal(err)
			}
			if i == 100 {
				half = e.clk.Now()
				if err := e.clk.Advance(time.Minute); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, show := range []view.Show{view.All, view.Facts, view.Reports, view.Calls} {
			for _, limit := range []int{7, 100} {
				for _, asOf := range []time.Time{{}, half} {
					var want, got []int64
					for cursor := ""; ; {
						lines, next, err := e.Timeline(t.Context(), ann, st.Ref, show, cursor, limit)
						if err != nil {
							t.Fatal(err)
						}
						for _, l := range lines {
							if asOf.IsZero() || !l.RecordedAt.After(asOf) {
								want = append(want, l.Seq)
							}
						}
						if cursor = next; next == "" {
							break
						}
					}
					for cursor := ""; ; {
						lines, next, err := e.Latest(t.Context(), ann, st.Ref, show, asOf, cursor, limit)
						if err != nil {
							t.Fatal(err)
						}
						for _, l := range lines {
							got = append(got, l.Seq)
						}
						if cursor = next; next == "" {
							break
						}
					}
					slices.Reverse(got)
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s by %d as of %v: %s", show, limit, asOf, diff)
					}
				}
			}
		}
	})
}
