package view

import "github.com/wakebell/wakebell/internal/base/store"

// Queries are the statements of a first page on SQLite, for tests of their plans.
func Queries(f Filter) []query {
	list, err := f.conditions()
	if err != nil {
		panic(err)
	}
	all := []query{}
	if f.Order == NextDue {
		q, _ := dueQuery(list, nil, 51, store.SQLite)
		all = append(all, q)
	}
	q, _ := newestQuery(f.Order, list, nil, 51, store.SQLite)
	return append(all, q)
}
