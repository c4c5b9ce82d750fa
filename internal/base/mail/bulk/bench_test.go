package bulk_test

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/mail/bulk"
)

// ordinary is a notice of the usual length: some 3 kB of text, and the same in HTML.
func ordinary(n int) bulk.Letter {
	l := letter(n)
	l.ToName = fmt.Sprintf("Customer %d", n)
	l.Text = strings.Repeat("On 3 March somebody without a right to it read the names and addresses kept for you.\n", 20)
	l.HTML = strings.Repeat("<p>On 3 March somebody without a right to it read the names and addresses kept for you.</p>\n", 20)
	return l
}

func BenchmarkWrite(b *testing.B) {
	l := ordinary(1)
	for b.Loop() {
		if _, err := bulk.Bytes(l); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLookalike(b *testing.B) {
	d := bulk.KnownDomains("example.com", "customer.example")
	for b.Loop() {
		if d.Lookalike("somebody@a-customer-of-ours.example") != "" || d.Lookalike("somebody@pаypal.com") == "" {
			b.Fatal("wrong")
		}
	}
}

// BenchmarkSend sends to the sink of WAKEBELL_BENCH_SINK (host:port) over 20 connections and reports the CPU of this
// process for each letter. Without a sink it is left out.
func BenchmarkSend(b *testing.B) {
	host, port, err := net.SplitHostPort(os.Getenv("WAKEBELL_BENCH_SINK"))
	if err != nil {
		b.Skip("no WAKEBELL_BENCH_SINK: scripts/bench-mail.sh starts one")
	}
	number, _ := strconv.Atoi(port)
	p, err := bulk.Open(clock.System(), mail.Config{Host: host, Port: number, TLS: mail.NoTLS, From: "notice@bell.example"}, bulk.Options{Connections: 20})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	var next atomic.Int64
	before := used()
	var wg sync.WaitGroup
	b.ResetTimer()
	for range p.Connections() {
		wg.Go(func() {
			for n := int(next.Add(1)); n <= b.N; n = int(next.Add(1)) {
				if o := p.Send(b.Context(), ordinary(n)); o.Kind != bulk.Accepted {
					b.Errorf("%+v", o)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric((used()-before)*1e6/float64(b.N), "cpu-µs/letter")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "letters/s")
}

// used is the CPU time of this process in seconds.
func used() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}
