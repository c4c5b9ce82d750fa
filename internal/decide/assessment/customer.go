package assessment

import (
	"slices"

	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// Customers lists the ids of affected customers and says why: those in scope, else those
// of the services in scope. A confirmed incident whose scope nobody has recorded may
// affect all customers of its service.
func Customers(st incident.State, dir directory.Snapshot) (ids []string, why string) {
	scope := st.ScopeNow()
	if len(scope.Customers) > 0 {
		return scope.Customers, "in scope"
	}
	services, why := scope.Services, "uses a service in scope; no list of affected customers is recorded yet"
	if _, recorded := st.Facts[string(incident.FactScope)]; !recorded && st.Status == incident.Confirmed {
		services, why = []string{st.Service}, "uses the service of this confirmed incident; no scope is recorded yet"
	}
	for _, svc := range services {
		for _, c := range dir.ITServices[svc].Customers {
			if !slices.Contains(ids, c) {
				ids = append(ids, c)
			}
		}
	}
	return ids, why
}

// Controls says whether a customer is a controller for whom one of our entities
// processes data: unless the directory says otherwise, a customer is.
func Controls(p directory.Party, entity string) bool {
	return (p.Entity == "" || p.Entity == entity) && (p.PersonalDataRole == "" || p.PersonalDataRole == directory.RoleController)
}
