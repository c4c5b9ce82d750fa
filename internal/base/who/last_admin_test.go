package who_test

import (
	"testing"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
)

// Nobody, not even the operator, takes the last administrator away.
func TestTheLastAdminStays(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := open(t, db)
		add := func(name string, active bool) who.Person {
			p, err := s.CreatePerson(t.Context(), who.Engine("test"), who.Person{
				Name: name, Email: name + "@example.com", Roles: []who.Role{who.Admin, who.Reporter}, Active: active,
			})
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		save := func(p who.Person, active bool, roles ...who.Role) error {
			p.Active, p.Roles = active, roles
			_, err := s.UpdatePerson(t.Context(), who.Engine("test"), p, 0)
			return err
		}
		ada := add("ada", true)
		add("gone", false) // does not count
		for field, err := range map[string]error{"roles": save(ada, true, who.Reporter), "active": save(ada, false, who.Admin)} {
			if f := fault.FieldsOf(err); fault.KindOf(err) != fault.Conflict || len(f) != 1 || f[0].Field != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		bob := add("bob", true)
		if err := save(ada, true, who.Reporter); err != nil {
			t.Errorf("with another administrator: %v", err)
		}
		if err := save(bob, false, who.Admin); fault.KindOf(err) != fault.Conflict {
			t.Errorf("now bob is the last: %v", err)
		}
	})
}
