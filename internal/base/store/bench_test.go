package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
)

// cpu returns the CPU time of this process in nanoseconds: on shared machines
// it says more than the time on the wall.
func cpu() int64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u.Utime.Nano() + u.Stime.Nano()
}

// BenchmarkGroupedWrite writes one row and reads one per operation.
func BenchmarkGroupedWrite(b *testing.B) {
	for _, e := range storetest.Engines {
		for _, clients := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/%d", e, clients), func(b *testing.B) {
				db := storetest.Open(b, e)
				_, err := db.Write(b.Context(), op, func(tx *store.Tx) error {
					_, err := tx.Exec("CREATE TABLE item (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)")
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
				text := fmt.Sprintf("%0300d", 1)
				var next atomic.Int64
				b.ReportAllocs()
				b.ResetTimer()
				start := cpu()
				var wg sync.WaitGroup
				for range clients {
					wg.Go(func() {
						for {
							id := next.Add(1)
							if id > int64(b.N) {
								return
							}
							_, err := db.Write(b.Context(), op, func(tx *store.Tx) error {
								var n int64
								if err := tx.QueryRow(b.Context(), "SELECT COUNT(*) FROM item WHERE id = ?", id).Scan(&n); err != nil {
									return err
								}
								_, err := tx.Exec("INSERT INTO item (id, name) VALUES (?, ?)", id, text)
								return err
							})
							if err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				b.StopTimer()
				b.ReportMetric(float64(cpu()-start)/float64(b.N)/1000, "cpu-µs/op")
				s := db.Stats()
				b.ReportMetric(float64(s.Writes)/float64(s.Groups), "writes/group")
			})
		}
	}
}
