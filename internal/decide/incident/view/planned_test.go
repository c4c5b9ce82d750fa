package view_test

import (
	"testing"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
)

func TestPlanned(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		states := e.fill(t, 3)
		by := who.Identity{Actor: "a", Roles: []who.Role{who.Auditor}}
		list, err := e.Planned(t.Context(), by)
		if err != nil {
			t.Fatal(err)
		}
		open := 0
		for _, st := range states {
			if st.Open() {
				open++
			}
		}
		if len(list) != open || open == 0 || list[0].Version != 1 || list[0].Ref == "" {
			t.Errorf("%+v, %d open", list, open)
		}
		if _, err := e.Planned(t.Context(), who.Identity{Actor: "b", Roles: []who.Role{who.Admin}}); fault.KindOf(err) != fault.Denied {
			t.Errorf("%v", err)
		}
	})
}
