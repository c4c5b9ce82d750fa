package alert_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
)

// The goals, with 64 senders and synchronous=FULL: a new alert 317 µs of CPU, the
// same alert again 182 µs. See docs/design/performance.md. HTTP is not in here.
func BenchmarkIngest(b *testing.B) {
	for _, e := range storetest.Engines {
		b.Run(string(e)+"/new", func(b *testing.B) { bench(b, e, true) })
		b.Run(string(e)+"/repeat", func(b *testing.B) { bench(b, e, false) })
	}
}

func bench(b *testing.B, e store.Engine, fresh bool) {
	s, _, _ := build(b, storetest.Open(b, e), clock.System())
	body := func(i int64) []byte {
		return []byte(strings.ReplaceAll(sample, "0f5ddcbe6e4f5a6b", fmt.Sprintf("%016x", i)))
	}
	ctx := b.Context()
	if _, err := s.Ingest(ctx, machine, "alertmanager", body(0)); err != nil {
		b.Fatal(err)
	}
	var n atomic.Int64
	one := make([][]byte, 100)
	for i := range one {
		one[i] = body(int64(i))
	}
	b.SetParallelism(32) // times two cores: 64 senders
	b.ResetTimer()
	before := cpu()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			x := one[i%100]
			if fresh {
				x = body(i)
			}
			if _, err := s.Ingest(ctx, machine, "alertmanager", x); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(cpu()-before)/float64(b.N), "µs-cpu/op")
}

// cpu is the CPU time of this process in microseconds, user and system.
func cpu() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return (u.Utime.Sec+u.Stime.Sec)*1e6 + int64(u.Utime.Usec+u.Stime.Usec)
}
