package crash

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wakebell/wakebell/client"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
)

// pair are two servers on one PostgreSQL database, each with its own data directory
// and a copy of the one key.
type pair struct {
	a, b     *node
	token    string
	sink     *sink
	database string
}

const (
	senderA = "a@wake.example"
	senderB = "b@wake.example"
)

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{sink: newSink(t, 25*time.Millisecond), database: storetest.PostgresURL(t)}
	dirA, dirB := t.TempDir(), t.TempDir()
	p.a = serve(t, "demo", dirA, p.database, append(p.sink.flags(senderA), "--bare")...)

	// Without the key, and with another one, a second node is refused.
	args := []string{"serve", "--data", dirB, "--database", p.database, "--listen", "127.0.0.1:0"}
	refused(t, args, exitConflict, "key of this ledger is missing")
	key, err := os.ReadFile(filepath.Join(dirA, "ledger.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dirB, "ledger.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	p.b = serve(t, "serve", dirB, p.database, p.sink.flags(senderB)...)
	p.token = p.a.token(t, "pair")
	prepare(t, p.a, p.token, p.sink)
	return p
}

// TestTwoNodes runs two servers on one database: they show each other's writes at once,
// share the sending, hear of a revoked token, and one ends what the other began.
func TestTwoNodes(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.seeEachOther(t)
	p.revoke(t)
	p.share(t)
	p.outlive(t)

	// The killed one comes back, and both stop in order.
	p.a = serve(t, "serve", p.a.dir, p.database, p.sink.flags(senderA)...)
	p.seeEachOther(t)
	eventually(t, time.Minute, "the outbox is empty", emptied(t, p.a.dir, p.database))
	for _, n := range []*node{p.a, p.b} {
		if code := n.stop(t); code != 0 {
			t.Errorf("stop: exit %d\n%s", code, n.out)
		}
		n.verified(t)
	}
	look(t, p.a.dir, p.database, func(r store.Reader) error {
		calls, alarms := once(t, r)
		out := p.sink.outgoing(t, r)
		t.Logf("%d calls, %d alarms, %d mails (%d came twice, %d named), %d posts; %d mails by the first node, %d by the second",
			calls, alarms, out.mails, out.doubles, out.named, out.posts, p.sink.sentBy(senderA), p.sink.sentBy(senderB))
		return nil
	})
}

// seeEachOther writes on one node and reads on the other, both ways, without a pause.
func (p *pair) seeEachOther(t *testing.T) {
	t.Helper()
	for i := range 10 {
		from, to := p.a.api(p.token), p.b.api(p.token)
		if i%2 == 1 {
			from, to = to, from
		}
		mark := fmt.Sprintf("seen-%d-%d", i, clock.System().Now().UnixNano())
		d := declareOf(mark, 0)
		var made, read struct {
			Ref   string `json:"ref"`
			Title string `json:"title"`
		}
		if err := from.WithKey(mark).Do(t.Context(), http.MethodPost, d.path, d.body, &made); err != nil {
			t.Fatal(err)
		}
		if err := to.Do(t.Context(), http.MethodGet, "/incidents/"+made.Ref, nil, &read); err != nil || read.Title != mark {
			t.Fatalf("%s is not shown by the other node: %q %v", made.Ref, read.Title, err)
		}
		// The same key on the other node is the same request.
		var again answer
		if err := to.WithKey(mark).Do(t.Context(), http.MethodPost, d.path, d.body, &again); err != nil || again.Ref != made.Ref {
			t.Errorf("the key of %s on the other node: %q %v", made.Ref, again.Ref, err)
		}
		p.planSeen(t, from, to, 6+i)
	}
}

// planSeen changes the plan on one node and reads it on the other.
func (p *pair) planSeen(t *testing.T, from, to *client.Client, minutes int) {
	t.Helper()
	var plan, read map[string]any
	err := from.Do(t.Context(), http.MethodGet, "/plan", nil, &plan)
	if err == nil {
		plan["escalate_minutes"] = minutes
		err = from.Do(t.Context(), http.MethodPut, "/plan", map[string]any{"plan": plan, "reason": "a test"}, nil)
	}
	if err == nil {
		err = to.Do(t.Context(), http.MethodGet, "/plan", nil, &read)
	}
	if err != nil || read["escalate_minutes"] != float64(minutes) {
		t.Errorf("the plan on the other node: %v minutes, want %d (%v)", read["escalate_minutes"], minutes, err)
	}
}

// revoke takes a token back on one node; the other refuses it within two seconds.
func (p *pair) revoke(t *testing.T) {
	t.Helper()
	admin, other := p.a.api(p.token), p.b
	var made struct {
		ID    string `json:"id"`
		Token string `json:"token"`
	}
	err := admin.Do(t.Context(), http.MethodPost, "/tokens", map[string]any{"name": "short", "roles": []string{"auditor"}}, &made)
	if err != nil {
		t.Fatal(err)
	}
	held := other.api(made.Token)
	if err := held.Do(t.Context(), http.MethodGet, "/me", nil, nil); err != nil {
		t.Fatalf("a token of one node on the other: %v", err)
	}
	if err := admin.Do(t.Context(), http.MethodDelete, "/tokens/"+made.ID, nil, nil); err != nil {
		t.Fatal(err)
	}
	began := clock.System().Now()
	if code := status(p.a.api(made.Token).Do(t.Context(), http.MethodGet, "/me", nil, nil)); code != http.StatusUnauthorized {
		t.Errorf("the node that revoked a token still answers it with %d", code)
	}
	if !within(2*time.Second, func() bool {
		return status(held.Do(t.Context(), http.MethodGet, "/me", nil, nil)) == http.StatusUnauthorized
	}) {
		t.Error("a revoked token works on the other node after two seconds")
	}
	t.Logf("a revoked token was refused by the other node after %s", clock.System().Now().Sub(began).Round(time.Millisecond))
}

// burst declares incidents on both nodes at the same time: each calls people.
func (p *pair) burst(t *testing.T, name string, n int) {
	t.Helper()
	var all sync.WaitGroup
	for i, on := range []*node{p.a, p.b} {
		all.Go(func() {
			b := newBook()
			for k := range n {
				if _, here := b.send(t.Context(), on.api(p.token), declareOf(fmt.Sprintf("%s-%d-%d", name, i, k), 50*time.Minute)); !here || len(b.refused) > 0 {
					return // the other phase may have killed it
				}
			}
		})
	}
	all.Wait()
}

// share lets both send: each does a part, and nobody gets a message twice.
func (p *pair) share(t *testing.T) {
	t.Helper()
	wasA, wasB := p.sink.sentBy(senderA), p.sink.sentBy(senderB)
	p.burst(t, "share", 30)
	eventually(t, time.Minute, "the outbox is empty", emptied(t, p.a.dir, p.database))
	for id, n := range p.sink.messages() {
		if n != 1 {
			t.Errorf("mail %s came %d times although nobody died", id, n)
		}
	}
	byA, byB := p.sink.sentBy(senderA)-wasA, p.sink.sentBy(senderB)-wasB
	if byA == 0 || byB == 0 {
		t.Errorf("the nodes did not share the sending: %d and %d", byA, byB)
	}
	t.Logf("of %d mails the first node sent %d, the second %d", byA+byB, byA, byB)
}

// outlive kills one node while it sends; the other ends what was begun.
func (p *pair) outlive(t *testing.T) {
	t.Helper()
	was := p.sink.sentBy(senderA)
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.burst(t, "outlive", 20)
	}()
	eventually(t, 30*time.Second, "the first node sends", func() bool { return p.sink.sentBy(senderA) >= was+3 })
	p.a.kill()
	<-done
	leased := 0
	look(t, p.b.dir, p.database, func(r store.Reader) error {
		return r.QueryRow(t.Context(), `SELECT COUNT(*) FROM job WHERE state = 'leased'`).Scan(&leased)
	})
	began := clock.System().Now()
	eventually(t, 90*time.Second, "the other node has sent everything", emptied(t, p.b.dir, p.database))
	t.Logf("%d jobs were leased when the first node was killed; the other had done all after %s",
		leased, clock.System().Now().Sub(began).Round(time.Millisecond))
	if got := slices.Collect(maps.Values(p.sink.messages())); len(got) == 0 {
		t.Error("nothing was sent at all")
	}
}
