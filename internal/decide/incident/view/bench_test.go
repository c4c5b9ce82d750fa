package view_test

import (
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/search"
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

// cpu is the CPU time of this process in microseconds, user and system.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1000
}

// index gives the seeded incidents their words: two that all hold, a rule that one in
// 5,000 holds, and a host of their own.
func index(b *testing.B, db *store.DB, size int) {
	for from := 0; from < size; from += 5000 {
		_, err := db.Write(b.Context(), store.Op{Name: "bench", Actor: "bench"}, func(tx *store.Tx) error {
			for i := from; i < min(size, from+5000); i++ {
				err := search.Index(tx, search.Doc{
					Kind: incident.DocIncident, ID: fmt.Sprint("id-", i), Title: fmt.Sprintf("Trouble number %d on host h%d", i, i),
					Text: fmt.Sprintf("several failed attempts before success, rule%d matched", i%5000),
					At:   clock.FromMicros(1_600_000_000_000_000 + int64(i)*60_000_000), Visible: []string{incident.DocLabel},
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkList reads first pages at 10,000 incidents and, with BENCH_LONG=1, at
// 1,000,000: the cost must not differ.
func BenchmarkList(b *testing.B) {
	sizes := []int{10_000}
	if os.Getenv("BENCH_LONG") == "1" {
		sizes = append(sizes, 1_000_000)
	}
	for _, engine := range storetest.Engines {
		for _, size := range sizes {
			e := newEnv(b, storetest.Open(b, engine))
			e.exec(b, seed, size-1)
			e.exec(b, `INSERT INTO duty_head (incident_id, open_count, next_due_at) SELECT id, is_open, CASE is_open WHEN 1 THEN declared_at + 1 ELSE 0 END FROM incident`)
			index(b, e.db, size)
			if engine == store.Postgres {
				for _, table := range []string{"incident", "duty_head", "search_doc"} {
					e.exec(b, "ANALYZE "+table)
				}
			}
			yes, zero, two := true, 0, 2
			for name, f := range map[string]view.Filter{
				"first": {}, "open": {Open: &yes}, "state": {State: incident.Suspected}, "drill": {Kind: incident.Drill}, "severity": {Severity: &zero},
				"service": {Service: "service-7"}, "due": {Order: view.NextDue}, "none": {Service: "nothing"},
				"three": {State: incident.Confirmed, BIL: &two, PersonalData: incident.Yes}, "open+bil": {Open: &yes, BIL: &two},
				"words": {Q: "h77 failed"}, "begin": {Q: "h77"}, "common": {Q: "attempts fail"}, "nothing": {Q: "nosuchword"},
			} {
				b.Run(fmt.Sprintf("%s/%d/%s", engine, size, name), func(b *testing.B) {
					before := cpu()
					for b.Loop() {
						if _, _, err := e.List(b.Context(), ann, f, ""); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric((cpu()-before)/float64(b.N), "cpu-µs/op")
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
