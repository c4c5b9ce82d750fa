package mailroom_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
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

// BenchmarkTable draws pages of 50 rows of the recipients' table of a list of 100,000, one
// after the other, as a browser gets them: sign-in, reads, HTML.
func BenchmarkTable(b *testing.B) {
	const rows = 100_000
	g := open(b)
	one := g.started("customer")
	n, err := g.notices.Get(b.Context(), g.as(writer), g.st.Ref, 1)
	g.must(err)
	l, err := g.dispatch.Create(b.Context(), g.as(writer), dispatch.ListSpec{Notice: n.ID, Incident: n.Incident})
	g.must(err)
	var csv strings.Builder
	csv.WriteString("name,email,contact,lang,orders\n")
	for i := range rows {
		fmt.Fprintf(&csv, "Customer %d,c%d@customer.example,Contact %d,en,%d\n", i, i, i, i)
	}
	_, err = g.dispatch.Import(b.Context(), g.as(writer), l.ID, strings.NewReader(csv.String()), dispatch.Import{})
	g.must(err)
	csv.Reset()
	next := regexp.MustCompile(`href="([^"]*cursor=[^"]*)"`)
	path, pages, used := one+"/recipients", 0, cpu(b)
	for b.Loop() {
		code, body := g.send(writer, http.MethodGet, path, nil)
		if code != http.StatusOK || strings.Count(body, "<tr ") < 51 {
			b.Fatal(code, strings.Count(body, "<tr "))
		}
		m := next.FindStringSubmatch(body)
		if m == nil {
			b.Fatal("there is no next page")
		}
		path = strings.ReplaceAll(m[1], "&amp;", "&")
		if pages++; pages%500 == 0 {
			path = one + "/recipients"
		}
	}
	b.ReportMetric(float64((cpu(b)-used).Microseconds())/float64(pages), "cpu-µs/page")
}
