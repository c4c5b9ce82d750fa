package register_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/register"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// A dismissal answers the open question, but not a yes.
func TestDismissed(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		alarm, touched := e.declare(t, "nobody asked about data", ""), e.declare(t, "data were seen", "")
		e.do(t, manager, touched.ID, fact(incident.FactPersonalData, "", `"yes"`))
		for _, st := range []incident.State{alarm, touched} {
			if _, err := e.Get(t.Context(), manager, st.Ref); err != nil {
				t.Fatalf("suspected, %s: %v", st.Title, err)
			}
			e.do(t, manager, st.ID, &incident.Dismiss{Reason: "a test ran"})
		}
		heads, _, err := e.List(t.Context(), manager, register.Filter{}, "")
		if err != nil || len(heads) != 1 || heads[0].Ref != touched.Ref || len(heads[0].Why) != 1 {
			t.Errorf("%v %+v", err, heads)
		}
		if _, err := e.Get(t.Context(), manager, alarm.Ref); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a dismissed incident is in the register: %v", err)
		}
		e.do(t, manager, alarm.ID, &incident.Reopen{Reason: "it was none"})
		if _, err := e.Get(t.Context(), manager, alarm.Ref); err != nil {
			t.Errorf("reopened: %v", err)
		}
	})
}

func TestFilter(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		if _, err := e.dirs.PutEntity(t.Context(), who.Engine("test"), directory.Entity{
			ID: "host", Name: "Host AG", Country: "AT", Processings: []directory.Processing{{Name: "hosting", Role: directory.RoleProcessor}},
		}, 0); err != nil {
			t.Fatal(err)
		}
		one, two := 1, 2
		var refs []string
		for i := range 7 {
			st := e.declare(t, "incident", "")
			scope := `{"entities":["acme"]}`
			if i%3 == 0 {
				scope = `{"entities":["host"]}`
			}
			answer := []string{`"yes"`, `"unknown"`}[i%2]
			e.do(t, manager, st.ID, &incident.Confirm{}, fact(incident.FactScope, "", scope), fact(incident.FactPersonalData, "", answer),
				&incident.Grade{Severity: &one, BIL: &two, Reason: "as seen"})
			refs = append(refs, st.Ref)
		}
		e.do(t, manager, refs[5], &incident.Grade{Severity: &two, BIL: &two, Reason: "less"})
		yes, no := true, false
		for name, c := range map[string]struct {
			f    register.Filter
			want []int
		}{
			"all":        {register.Filter{}, []int{6, 5, 4, 3, 2, 1, 0}},
			"yes":        {register.Filter{PersonalData: incident.Yes}, []int{6, 4, 2, 0}},
			"open":       {register.Filter{PersonalData: incident.Unknown}, []int{5, 3, 1}},
			"severity":   {register.Filter{Severity: &two}, []int{5}},
			"bil":        {register.Filter{BIL: &one}, nil},
			"entity":     {register.Filter{Entity: "host"}, []int{6, 3, 0}},
			"role":       {register.Filter{Role: directory.RoleController}, []int{5, 4, 2, 1}},
			"both":       {register.Filter{Role: directory.RoleProcessor, PersonalData: incident.Yes}, []int{6, 0}},
			"told":       {register.Filter{Notified: &yes}, nil},
			"not told":   {register.Filter{Notified: &no}, []int{6, 5, 4, 3, 2, 1, 0}},
			"wrong role": {register.Filter{Role: directory.RoleController, Entity: "host"}, nil},
		} {
			var want, got []string
			for _, i := range c.want {
				want = append(want, refs[i])
			}
			f := c.f
			f.Limit = 2
			for cursor, more := "", true; more; more = cursor != "" {
				heads, next, err := e.List(t.Context(), manager, f, cursor)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				for _, h := range heads {
					got = append(got, h.Ref)
				}
				cursor = next
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s: %s", name, d)
			}
		}
		five := 5
		_, _, err := e.List(t.Context(), manager, register.Filter{Severity: &five, BIL: &five, Role: "x", PersonalData: "perhaps"}, "")
		if n := len(fault.FieldsOf(err)); n != 4 {
			t.Errorf("%d wrong fields: %v", n, err)
		}
	})
}
