package outbound_test

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/app"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/mail/bounce"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/prepare/directory/exchange"
)

func as(id string, role who.Role) who.Identity {
	return who.Identity{Actor: id, Person: id, Roles: []who.Role{role}}
}

// cpu is the user and system time of this process.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func numberOf(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// BenchmarkSendOwed sends a notice to customers of whom each is owed it, with the whole
// product around: every copy that went out meets the duty to its customer. It sends to the
// mail server at WAKEBELL_BENCH_SINK (host:port); scripts/bench-notice.sh starts one.
func BenchmarkSendOwed(b *testing.B) {
	host, port, err := net.SplitHostPort(os.Getenv("WAKEBELL_BENCH_SINK"))
	if err != nil {
		b.Skip("WAKEBELL_BENCH_SINK names no mail server; scripts/bench-notice.sh does")
	}
	n := numberOf("WAKEBELL_BENCH_OWED", 10_000) // as many as an incident can name
	p, _ := strconv.Atoi(port)
	cfg := app.Config{
		Dir: b.TempDir(), TestClock: true, Clock: clock.NewTest(time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)),
		Mail:    mail.Config{Host: host, Port: p, TLS: mail.NoTLS, From: "notices@bell.example"},
		Sending: dispatch.Config{Connections: numberOf("WAKEBELL_BENCH_CONNECTIONS", 8)},
	}
	if os.Getenv("WAKEBELL_BENCH_ENGINE") == "postgres" {
		cfg.Database = storetest.PostgresURL(b)
	}
	a, err := app.New(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := a.Stop(clock.Background()); err != nil {
			b.Error(err)
		}
	}()
	for b.Loop() {
		st, first := owed(b, a, n)
		measured(b, a, st, first, "release-ms", n, "cpu-µs/recipient")
		left, err := a.Duties.OpenDuties(b.Context(), a.DB, st.ID)
		if err != nil {
			b.Fatal(err)
		}
		for _, d := range left {
			if d.Recipient.Kind == "customer" {
				b.Fatalf("%s is still %s", d.Key, d.State)
			}
		}
		update := submitted(b, a, st, notice.Start{Audience: notice.Customer, Purpose: notice.Update, Follows: first.No, Subject: "An update", Body: letter}, n)
		measured(b, a, st, update, "update-release-ms", n, "update-cpu-µs/recipient")
		bounced(b, a, first)
		b.ReportMetric(0, "ns/op")
	}
}

// measured releases a notice and sends it to n recipients.
func measured(b *testing.B, a *app.App, st incident.State, x notice.Notice, releasing string, n int, each string) {
	b.Helper()
	used := cpu(b)
	release(b, a, st, x.No)
	b.ReportMetric(float64((cpu(b) - used).Milliseconds()), releasing)
	used = cpu(b)
	began := time.Now()
	drain(b, a, func() bool {
		run, err := a.Dispatch.RunOf(b.Context(), as("cora", who.Communications), x.ID)
		if err != nil {
			b.Fatal(err)
		}
		return run.State == dispatch.RunDone
	})
	took, spent := time.Since(began), cpu(b)-used
	b.ReportMetric(float64(spent.Microseconds())/float64(n), each)
	if x.Purpose == notice.First {
		b.ReportMetric(float64(n)/took.Seconds(), "recipients/s")
	}
}

// bounced lets some copies of a notice come back one after the other, for which there is no other way: the
// duties that they met are open again.
func bounced(b *testing.B, a *app.App, x notice.Notice) {
	b.Helper()
	many := numberOf("WAKEBELL_BENCH_CAME_BACK", 20)
	cora := as("cora", who.Communications)
	l, err := a.Dispatch.ListOf(b.Context(), cora, x.ID)
	if err != nil {
		b.Fatal(err)
	}
	var list []dispatch.Recipient
	for cursor := ""; err == nil && len(list) < many; {
		var page []dispatch.Recipient
		page, cursor, err = a.Dispatch.Recipients(b.Context(), cora, l.ID, dispatch.Filter{}, cursor, min(many-len(list), who.PageLimit))
		if list = append(list, page...); cursor == "" {
			break
		}
	}
	used := cpu(b)
	for _, r := range list {
		if err == nil {
			err = a.Dispatch.OnReport(b.Context(), bounce.Report{Kind: bounce.Bounce, Action: bounce.Failed, MessageID: r.MessageID, Status: "5.1.1", At: a.Clock.Now()})
		}
	}
	if err != nil || len(list) != many {
		b.Fatalf("%d came back: %v", len(list), err)
	}
	b.ReportMetric(float64((cpu(b)-used).Microseconds())/1e3/float64(many), "came-back-ms")
}

// drain does what is to do until something holds.
func drain(b *testing.B, a *app.App, done func() bool) {
	b.Helper()
	for began := time.Now(); ; {
		if err := a.Jobs.Drain(b.Context(), a.Clock.Now()); err != nil {
			b.Fatal(err)
		}
		if done() {
			return
		}
		if time.Since(began) > 10*time.Minute {
			b.Fatal("it does not end")
		}
		if err := a.Clock.Advance(time.Second); err != nil {
			b.Fatal(err)
		}
	}
}

// owed is an incident of n customers with a contract each, and a submitted notice to them.
func owed(b *testing.B, a *app.App, n int) (incident.State, notice.Notice) {
	b.Helper()
	ctx, engine := b.Context(), who.Engine("bench")
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	for id, role := range map[string]who.Role{"mia": who.Manager, "cora": who.Communications, "lena": who.Legal, "ewan": who.Executive} {
		_, err := a.People.CreatePerson(ctx, engine, who.Person{ID: id, Name: "Person " + id, Email: id + "@bell.example", Roles: []who.Role{role}, Active: true})
		must(err)
	}
	var csv strings.Builder
	csv.WriteString("id,name,country,language,contract_hours,contract_start,contract_condition,acknowledge,clause,contact_name,contact_email\n")
	ids := make([]string, n)
	for i := range n {
		ids[i] = fmt.Sprintf("c-%06d", i)
		fmt.Fprintf(&csv, "%[1]s,Customer %[1]s,DE,en,48,discovered,any,no,DPA 7,Security %[1]s,security@%[1]s.example\n", ids[i])
	}
	_, err := a.Exchange.Import(ctx, as("mia", who.Admin), exchange.FormatCSV, []byte(csv.String()))
	must(err)
	st, err := a.Incidents.Declare(ctx, as("mia", who.Manager), incident.Declare{Title: "Orders read", Kind: incident.Real, DiscoveredAt: a.Clock.Now()})
	must(err)
	scope, err := json.Marshal(map[string]any{"customers": ids})
	must(err)
	used := cpu(b)
	_, err = a.Incidents.Execute(ctx, as("mia", who.Manager), st.ID, &incident.RecordFact{Fact: incident.FactScope, Value: scope}, 0)
	must(err)
	b.ReportMetric(float64((cpu(b) - used).Milliseconds()), "scope-ms")
	return st, submitted(b, a, st, notice.Start{
		Audience: notice.Customer, Subject: "Incident {{incident.reference}} at {{recipient.name}}", Body: letter,
	}, n)
}

var letter = "Hello {{recipient.contact}},\n\nSee [your page]({{recipient.link}}).\n\n" +
	strings.Repeat("On the day it happened, somebody who had no right to do so read data of our customers. We have closed the way in, and we are looking at what else was read.\n\n", 18)

// submitted is a notice to n customers that waits for approval.
func submitted(b *testing.B, a *app.App, st incident.State, in notice.Start, n int) notice.Notice {
	b.Helper()
	ctx, cora := b.Context(), as("cora", who.Communications)
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	x, err := a.Notices.Start(ctx, cora, st.Ref, in)
	must(err)
	var l dispatch.List
	if in.Follows == 0 {
		l, err = a.Dispatch.Create(ctx, cora, dispatch.ListSpec{Notice: x.ID, Incident: st.ID})
		must(err)
		_, err = a.Dispatch.AddQuery(ctx, cora, l.ID, dispatch.Query{Affected: true})
		must(err)
	}
	drain(b, a, func() bool { // those who got the earlier one are copied by a job
		l, err = a.Dispatch.ListOf(ctx, cora, x.ID)
		must(err)
		return l.State == dispatch.ListOpen
	})
	if l.Count != n {
		b.Fatalf("%+v", l)
	}
	_, err = a.Dispatch.SignOff(ctx, cora, l.ID)
	must(err)
	x, err = a.Notices.Submit(ctx, cora, st.Ref, x.No, 0)
	must(err)
	return x
}

func release(b *testing.B, a *app.App, st incident.State, no int) {
	b.Helper()
	v, err := a.Notices.Get(b.Context(), as("cora", who.Communications), st.Ref, no)
	for _, id := range []string{"lena", "ewan"} {
		if err == nil {
			_, err = a.Notices.Approve(b.Context(), as(id, map[string]who.Role{"lena": who.Legal, "ewan": who.Executive}[id]), st.Ref, no, notice.Approve{Bound: v.Round().Bound})
		}
	}
	if err == nil {
		_, err = a.Notices.Release(b.Context(), as("cora", who.Communications), st.Ref, no, notice.Go{Bound: v.Round().Bound})
	}
	if err != nil {
		b.Fatal(err)
	}
}
