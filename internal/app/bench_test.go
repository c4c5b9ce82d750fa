package app

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
)

// The benchmarks of the whole product, in one process and without a network: CPU time
// is that of the process, clients included. The goals stand in
// docs/design/performance.md; scripts/bench.sh measures the built server.

// cpu is the CPU time of this process in microseconds, user and system.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1000
}

// clients posts b.N bodies to path, n at a time.
func clients(b *testing.B, n int, path string, body func(i int64) string) {
	a, err := New(b.Context(), Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer a.Stop(context.Background())
	token, err := a.OperatorToken(b.Context(), "bench", []string{"analyst"}, "", nil)
	if err != nil {
		b.Fatal(err)
	}
	h := a.Handler()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	before := cpu()
	for range n {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body(i)))
				r.Header.Set("Authorization", "Bearer "+token)
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				if h.ServeHTTP(w, r); w.Code/100 != 2 {
					b.Errorf("%d %s", w.Code, w.Body)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric((cpu()-before)/float64(b.N), "cpu-µs/op")
}

func alertBody(b *bytes.Buffer, i int64) {
	fmt.Fprintf(b, `{"status":"firing","labels":{"alertname":"Load","instance":"h%d","severity":"critical"},`+
		`"annotations":{"summary":"load test %d","description":"several failed attempts before success"},"startsAt":"2026-01-02T03:04:05Z","fingerprint":"f%d"}`, i%5000, i, i)
}

// BenchmarkAlert is one alert per request, 64 clients.
func BenchmarkAlert(b *testing.B) {
	body := func(i int64) string {
		var buf bytes.Buffer
		buf.WriteString(`{"version":"4","status":"firing","alerts":[`)
		alertBody(&buf, i)
		return buf.String() + "]}"
	}
	b.Run("new", func(b *testing.B) { clients(b, 64, "/api/v1/alerts/alertmanager", body) })
	b.Run("again", func(b *testing.B) {
		clients(b, 64, "/api/v1/alerts/alertmanager", func(int64) string { return body(1) })
	})
}

// BenchmarkDeclare is an incident with its duties, 16 clients.
func BenchmarkDeclare(b *testing.B) {
	clients(b, 16, "/api/v1/incidents", func(i int64) string {
		return fmt.Sprintf(`{"title":"Trouble %d on host h%d","summary":"several failed attempts before success"}`, i, i%5000)
	})
}

// fill records n entries as the faces do, many in one write: 98 of 100 are alerts, the
// others incidents with their duties, two entries each.
func fill(b *testing.B, a *App, n int) {
	by := who.Engine("bench")
	for from := 0; from < n; from += 1000 {
		var body bytes.Buffer
		body.WriteString(`{"version":"4","alerts":[`)
		for i := from; i < from+980; i++ {
			if i > from {
				body.WriteByte(',')
			}
			alertBody(&body, int64(i))
		}
		body.WriteString("]}")
		if _, err := a.Alerts.Ingest(b.Context(), by, "alertmanager", body.Bytes()); err != nil {
			b.Fatal(err)
		}
		_, err := a.DB.Write(b.Context(), store.Op{Name: "bench", Actor: by.Actor}, func(tx *store.Tx) error {
			for i := range 10 {
				_, err := a.Incidents.DeclareTx(tx, by, incident.Declare{Title: fmt.Sprintf("Trouble %d", from+i), Summary: "several failed attempts before success"})
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

// BenchmarkVerify is wakebell verify: every entry recomputed, every table compared. With
// BENCH_LONG=1 also at 1,000,000 entries. Run it with -cpu 1.
func BenchmarkVerify(b *testing.B) {
	sizes := []int{10_000}
	if os.Getenv("BENCH_LONG") == "1" {
		sizes = append(sizes, 1_000_000)
	}
	for _, size := range sizes {
		cfg := Config{Dir: b.TempDir()}
		a, err := New(b.Context(), cfg)
		if err != nil {
			b.Fatal(err)
		}
		fill(b, a, size)
		if err := a.Stop(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			defer debug.SetGCPercent(debug.SetGCPercent(300)) // as the command does
			before := cpu()
			for b.Loop() {
				rep, err := VerifyData(b.Context(), cfg, nil)
				if err != nil || rep.Ledger.Entries != int64(size) {
					b.Fatal(rep, err)
				}
			}
			used := (cpu() - before) / float64(b.N)
			b.ReportMetric(used/1e6, "cpu-s/op")
			b.ReportMetric(used/float64(size), "cpu-µs/entry")
		})
	}
}
