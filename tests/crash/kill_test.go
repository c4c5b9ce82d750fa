package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/store"
)

// clients is how many write at the same time.
const clients = 8

// TestKillNine kills the server at random moments under load, on one database again
// and again. Every acknowledged write is there, the record verifies, timed work took
// effect once, and a message that may have gone out twice is named.
func TestKillNine(t *testing.T) {
	t.Parallel()
	runs := 4
	if long() {
		runs = 20
	}
	engines(t, func(t *testing.T, _ store.Engine, database string) {
		seed := uint64(clock.System().Now().UnixNano())
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 1))
		s := newSink(t, 15*time.Millisecond)
		dir := t.TempDir()
		n := serve(t, "demo", dir, database, append(s.flags("bell@wake.example"), "--bare")...)
		token := n.token(t, "crash")
		prepare(t, n, token, s)
		b := newBook()
		var killed time.Time
		for i := range runs {
			began := b.acked
			moment := time.Duration(50+r.IntN(851)) * time.Millisecond
			storm(t, b, n, token, fmt.Sprintf("s%d-r%d", seed%1e6, i), moment, r)
			killed = clock.System().Now()
			acked, lost := b.acked-began, b.lost
			n.verified(t) // what the kill left, before anybody repairs it
			n = serve(t, "serve", dir, database, s.flags("bell@wake.example")...)
			b.settle(t, n, token)
			b.repeat(t, n, token)
			b.recorded(t, n, token)
			t.Logf("run %d: killed after %s, %d acknowledged, %d without an answer so far", i+1, moment, acked, lost)
			if len(b.refused) > 0 {
				t.Fatalf("%d writes were refused, the first: %s", len(b.refused), b.refused[0])
			}
		}
		finish(t, b, n, s, database, killed)
	})
}

// prepare lets calls about signals go out at once, and one person be called by webhook too.
func prepare(t *testing.T, n *node, token string, s *sink) {
	t.Helper()
	var plan, person map[string]any
	c := n.api(token)
	for _, step := range []struct {
		method, path string
		in           func() any
		out          any
	}{
		{http.MethodGet, "/plan", nil, &plan},
		{http.MethodPut, "/plan", func() any {
			plan["batch_seconds"] = 0
			return map[string]any{"plan": plan, "reason": "calls at once"}
		}, nil},
		{http.MethodGet, "/directory/people/portal-engineer", nil, &person},
		{http.MethodPut, "/directory/people/portal-engineer", func() any {
			person["webhook"] = s.hooks.URL + "/call"
			return person
		}, nil},
	} {
		var in any
		if step.in != nil {
			in = step.in()
		}
		if err := c.Do(t.Context(), step.method, step.path, in, step.out); err != nil {
			t.Fatalf("%s %s: %v", step.method, step.path, err)
		}
	}
}

// storm lets the clients write and kills the server in the middle.
func storm(t *testing.T, b *book, n *node, token, name string, moment time.Duration, r *rand.Rand) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var all sync.WaitGroup
	for i := range clients {
		own := rand.New(rand.NewPCG(r.Uint64(), uint64(i)))
		all.Go(func() { b.load(ctx, n, token, fmt.Sprintf("%s-c%d", name, i), own) })
	}
	_ = clock.System().Sleep(ctx, moment)
	n.kill()
	all.Wait()
}

// lease is how long a job belongs to a process that may have died (base/job).
const lease = 30 * time.Second

// finish lets the outbox run empty and looks at everything that was done. On PostgreSQL
// what the last killed process had leased is free after half a minute: only the long
// run waits for that, TestTwoNodes shows it too.
func finish(t *testing.T, b *book, n *node, s *sink, database string, killed time.Time) {
	t.Helper()
	began := clock.System().Now()
	var until int64
	if database != "" && !long() {
		until = clock.Micros(killed.Add(lease))
	}
	left := waiting(t, n.dir, database, until)
	eventually(t, 90*time.Second, "the outbox is empty", func() bool { return left() == 0 })
	took := clock.System().Now().Sub(began)
	if code := n.stop(t); code != 0 {
		t.Errorf("stop: exit %d\n%s", code, n.out)
	}
	n.verified(t)
	look(t, n.dir, database, func(r store.Reader) error {
		var dead int
		if err := r.QueryRow(t.Context(), `SELECT COUNT(*) FROM job WHERE state = 'dead'`).Scan(&dead); err != nil || dead > 0 {
			t.Errorf("%d jobs were given up (%v)", dead, err)
		}
		b.counted(t, r)
		calls, alarms := once(t, r)
		out := s.outgoing(t, r)
		if out.waiting > 0 && until == 0 {
			t.Errorf("%d messages are neither sent nor given up", out.waiting)
		}
		if b.acked < clients {
			t.Errorf("only %d writes were acknowledged: there was no load", b.acked)
		}
		t.Logf("%d writes acknowledged, %d without an answer; %d alerts, %d declared; %d calls, %d alarms; %d mails (%d came twice, %d named), %d webhook posts; outbox empty after %s",
			b.acked, b.lost, len(b.alerts), len(b.refs), calls, alarms, out.mails, out.doubles, out.named, out.posts, took.Round(time.Millisecond))
		return nil
	})
}

// waiting counts the jobs that have a message to send, without those leased until an
// instant (real, in microseconds) or before.
func waiting(t *testing.T, dir, database string, leased int64) func() int {
	t.Helper()
	db, err := store.OpenSnapshot(t.Context(), store.Config{Dir: dir, URL: database})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return func() (left int) {
		err := db.QueryRow(t.Context(), `SELECT COUNT(*) FROM job WHERE kind IN ('mail.send', 'webhook.post') AND state <> 'dead'
			AND NOT (state = 'leased' AND lease_until <= ?)`, leased).Scan(&left)
		if err != nil {
			t.Fatal(err)
		}
		return left
	}
}

// emptied asks whether nothing waits to be sent.
func emptied(t *testing.T, dir, database string) func() bool {
	t.Helper()
	left := waiting(t, dir, database, 0)
	return func() bool { return left() == 0 }
}
