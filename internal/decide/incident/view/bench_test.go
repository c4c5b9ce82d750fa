package view_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
)

// seed puts n incidents into the table as years of work leave them: nearly all closed,
// one in fifty a drill, grades of all kinds. Only the list is measured, so the rows need
// no ledger behind them.
const seed = `WITH RECURSIVE n(i) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < ?)
	INSERT INTO incident (id, ref, ref_year, ref_number, kind, nature, status, phase, severity, bil, personal_data, is_open, registered,
		discovered_at, declared_at, closed_at, updated_at, version, service, team, title, summary, state)
	SELECT 'id-' || i, 'INC-2020-' || i, 2020, i, CASE WHEN i % 50 = 0 THEN 'drill' ELSE 'real' END, 'security',
		CASE i % 7 WHEN 0 THEN 'dismissed' WHEN 1 THEN 'suspected' ELSE 'confirmed' END, 'review', i % 5 - 1, i % 4,
		CASE i % 3 WHEN 0 THEN 'yes' ELSE 'no' END, CASE WHEN i % 2000 = 7 THEN 1 ELSE 0 END, 1,
		1600000000000000 + i * 60000000, 1600000000000000 + i * 60000000, 1, 1, 9, 'service-' || (i % 100), 'team-' || (i % 10),
		'Trouble number ' || i, 'A few words about what happened, who saw it, and what was done about it.', '{}' FROM n`

// BenchmarkList reads first pages at 10,000 incidents and, with WAKEBELL_LONG=1, at
// 1,000,000: the cost must not differ.
func BenchmarkList(b *testing.B) {
	sizes := []int{10_000}
	if os.Getenv("WAKEBELL_LONG") == "1" {
		sizes = append(sizes, 1_000_000)
	}
	for _, engine := range storetest.Engines {
		for _, size := range sizes {
			e := newEnv(b, storetest.Open(b, engine))
			e.exec(b, seed, size-1)
			e.exec(b, `INSERT INTO duty_head (incident_id, open_count, next_due_at) SELECT id, is_open, CASE is_open WHEN 1 THEN declared_at + 1 ELSE 0 END FROM incident`)
			if engine == store.Postgres {
				e.exec(b, "ANALYZE incident")
				e.exec(b, "ANALYZE duty_head")
			}
			yes, zero, two := true, 0, 2
			for name, f := range map[string]view.Filter{
				"first": {}, "open": {Open: &yes}, "state": {State: incident.Suspected}, "drill": {Kind: incident.Drill}, "severity": {Severity: &zero},
				"service": {Service: "service-7"}, "due": {Order: view.NextDue}, "none": {Service: "nothing"},
				"three": {State: incident.Confirmed, BIL: &two, PersonalData: incident.Yes}, "open+bil": {Open: &yes, BIL: &two},
			} {
				b.Run(fmt.Sprintf("%s/%d/%s", engine, size, name), func(b *testing.B) {
					for b.Loop() {
						if _, _, err := e.List(b.Context(), ann, f, ""); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

// BenchmarkDeclare is one declaration after the other, without company.
func BenchmarkDeclare(b *testing.B) {
	e := newEnv(b, storetest.Open(b, store.SQLite))
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := e.inc.Declare(b.Context(), ann, incident.Declare{Title: "Trouble with the shop", Summary: "A few words about what happened", DiscoveredAt: start}); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
