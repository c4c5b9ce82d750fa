package dispatch_test

import (
	"net"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

// cpu is the user and system time of this process.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func engineOf(b *testing.B) store.Engine {
	b.Helper()
	if os.Getenv("WAKEBELL_BENCH_ENGINE") == "postgres" {
		return store.Postgres
	}
	return store.SQLite
}

func numberOf(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// resident is the memory of this process in MB.
func resident() float64 {
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			kb, _ := strconv.ParseFloat(f[1], 64)
			return kb / 1000
		}
	}
	return 0
}

// BenchmarkSend sends personalised notices to the mail server at WAKEBELL_BENCH_SINK (host:port) and
// gives the CPU time of this process per recipient. scripts/bench-notice.sh starts such a
// server and measures its ceiling in the same pass.
func BenchmarkSend(b *testing.B) {
	host, port, err := net.SplitHostPort(os.Getenv("WAKEBELL_BENCH_SINK"))
	if err != nil {
		b.Skip("WAKEBELL_BENCH_SINK names no mail server; scripts/bench-notice.sh does")
	}
	n := numberOf("WAKEBELL_BENCH_RECIPIENTS", 50_000)
	p, _ := strconv.Atoi(port)
	e := newEnv(b, storetest.Open(b, engineOf(b)), p, func(c *dispatch.Config) {
		c.Mail.Host, c.Connections = host, numberOf("WAKEBELL_BENCH_CONNECTIONS", 8)
	})
	e.deaf = true
	for b.Loop() {
		st := e.declare(b, incident.Real)
		l := e.list(b, st.ID, "bench-"+strconv.Itoa(b.N)+st.ID, "")
		began, used := time.Now(), cpu(b)
		if _, err := e.Import(b.Context(), comms, l.ID, strings.NewReader(many(n)), dispatch.Import{}); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64((cpu(b)-used).Microseconds())/float64(n), "import-µs/row")
		b.ReportMetric(time.Since(began).Seconds(), "import-s")
		used = cpu(b)
		e.run(b, st, l, func(r *dispatch.Run) { r.Texts = longSources() })
		b.ReportMetric(float64((cpu(b)-used).Microseconds())/float64(n), "sign-off-µs/row")
		debug.FreeOSMemory() // so that the import's leftovers do not count as free room
		before := resident()
		began, used = time.Now(), cpu(b)
		most := before
		done := make(chan struct{})
		go func() {
			defer close(done)
			e.drain(b)
		}()
		for alive := true; alive; {
			select {
			case <-done:
				alive = false
			case <-time.After(100 * time.Millisecond):
				most = max(most, resident())
			}
		}
		took, spent := time.Since(began), cpu(b)-used
		if pr := e.progress(b, "run-"+l.Notice); pr.Tally.Sent != n {
			b.Fatalf("%+v %s %s", pr.Tally, pr.Run.State, pr.Run.Reason)
		}
		b.ReportMetric(float64(spent.Microseconds())/float64(n), "cpu-µs/recipient")
		b.ReportMetric(float64(n)/took.Seconds(), "recipients/s")
		b.ReportMetric(most-before, "more-MB")
		b.ReportMetric(0, "ns/op")
	}
}

// longSources are a text of the size of a true notice, about 3.5 kB.
func longSources() []text.Source {
	body := sources()[0].Body + strings.Repeat("On the day it happened, somebody who had no right to do so read data of our customers. We have closed the way in, and we are looking at what else was read.\n\n", 18)
	return []text.Source{{Lang: "en", Subject: "Incident {{incident.reference}} at {{recipient.name}}", Body: body}}
}

// BenchmarkTable reads pages of the recipients' table of a long list.
func BenchmarkTable(b *testing.B) {
	n := numberOf("WAKEBELL_BENCH_ROWS", 100_000)
	e := newEnv(b, storetest.Open(b, engineOf(b)), 0)
	st := e.declare(b, incident.Real)
	l := e.list(b, st.ID, "table", many(n))
	cursor := ""
	used, pages := cpu(b), 0
	for b.Loop() {
		page, next, err := e.Recipients(b.Context(), comms, l.ID, dispatch.Filter{}, cursor, 50)
		if err != nil || len(page) == 0 {
			b.Fatal(len(page), err)
		}
		if _, err := e.Progress(b.Context(), comms, "none"); err == nil {
			b.Fatal("there is no such run")
		}
		cursor = next
		pages++
	}
	b.ReportMetric(float64((cpu(b)-used).Microseconds())/float64(pages), "cpu-µs/page")
}

// BenchmarkSearch reads pages of a search in a long list: few begin so, all names do, and
// the one page behind them, where all addresses are passed over.
func BenchmarkSearch(b *testing.B) {
	n := numberOf("WAKEBELL_BENCH_ROWS", 100_000)
	e := newEnv(b, storetest.Open(b, engineOf(b)), 0)
	st := e.declare(b, incident.Real)
	l := e.list(b, st.ID, "search", many(n))
	for name, f := range map[string]dispatch.Filter{
		"few": {Begins: "customer 4711"}, "all": {Begins: "customer"}, "address": {Begins: "c4711@"}, "other": {Begins: "c", State: dispatch.Failed}, "none": {Begins: "nobody"},
	} {
		b.Run(name, func(b *testing.B) {
			cursor, used, pages := "", cpu(b), 0
			for b.Loop() {
				_, next, err := e.Recipients(b.Context(), comms, l.ID, f, cursor, 50)
				if err != nil {
					b.Fatal(err)
				}
				cursor = next
				pages++
			}
			b.ReportMetric(float64((cpu(b)-used).Microseconds())/float64(pages), "cpu-µs/page")
		})
	}
}

// BenchmarkImport reads a list of 100,000 recipients.
func BenchmarkImport(b *testing.B) {
	n := numberOf("WAKEBELL_BENCH_ROWS", 100_000)
	e := newEnv(b, storetest.Open(b, engineOf(b)), 0)
	st := e.declare(b, incident.Real)
	csv := many(n)
	for b.Loop() {
		l := e.list(b, st.ID, "import", "")
		used := cpu(b)
		if in, err := e.Import(b.Context(), comms, l.ID, strings.NewReader(csv), dispatch.Import{}); err != nil || in.New != n {
			b.Fatalf("%+v %v", in, err)
		}
		b.ReportMetric(float64((cpu(b)-used).Microseconds())/float64(n), "cpu-µs/row")
	}
}
