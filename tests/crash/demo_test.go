package crash

import (
	"net/http"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/wakebell/wakebell/client"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/store"
)

// TestKillInDemo kills the demo while it loads its company: the next start ends the
// loading.
func TestKillInDemo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 4 {
		at := filepath.Join(dir, strconv.Itoa(i))
		p := launch(t, nil, "demo", "--data", at, "--listen", "127.0.0.1:0", "--bare")
		entries := killAtFirstEntry(t, p, at)
		n := serve(t, "demo", at, "", "--bare")
		token := n.token(t, "demo")
		var plan struct {
			Version     int    `json:"version"`
			DefaultTeam string `json:"default_team"`
		}
		if err := n.api(token).Do(t.Context(), http.MethodGet, "/plan", nil, &plan); err != nil {
			t.Fatal(err)
		}
		services, err := client.List[map[string]any](t.Context(), n.api(token), "/directory/services", nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(services.Items) != 6 || plan.DefaultTeam == "" || plan.Version != 2 {
			t.Errorf("killed with %d entries: the next demo has %d services, plan %+v", entries, len(services.Items), plan)
		}
		n.stop(t)
	}
}

// killAtFirstEntry kills a server as soon as its database holds an entry, and returns
// how many it held then.
func killAtFirstEntry(t *testing.T, p *node, dir string) (entries int64) {
	t.Helper()
	defer p.kill()
	for !p.ended() {
		_ = clock.System().Sleep(t.Context(), time.Millisecond)
		db, err := store.OpenSnapshot(t.Context(), store.Config{Dir: dir})
		if err != nil {
			continue // it is not made yet
		}
		for entries == 0 && !p.ended() {
			if err := db.QueryRow(t.Context(), `SELECT COUNT(*) FROM ledger_entry`).Scan(&entries); err != nil {
				t.Error(err)
			}
		}
		p.kill()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		return entries
	}
	t.Errorf("the demo ended by itself:\n%s", p.out)
	return 0
}

// TestKillInStory kills the demo again and again while it lives through its past year:
// a later start ends the loading, once.
func TestKillInStory(t *testing.T) {
	t.Parallel()
	at := filepath.Join(t.TempDir(), "data")
	killed := int64(0)
	for i := range 4 {
		p := launch(t, nil, "demo", "--data", at, "--listen", "127.0.0.1:0")
		killed = max(killed, killAfter(t, p, at, int64(i+1)*150))
	}
	n := serve(t, "demo", at, "")
	items, err := client.List[struct{ Ref string }](t.Context(), n.api(n.token(t, "demo")), "/incidents?limit=200", nil)
	if err != nil {
		t.Fatal(err)
	}
	refs := map[string]bool{}
	for _, i := range items.Items {
		refs[i.Ref] = true
	}
	if len(items.Items) != 19 || len(refs) != 19 {
		t.Errorf("killed with %d entries: the next demo has %d incidents", killed, len(items.Items))
	}
	n.stop(t)
}

// killAfter kills a server as soon as its ledger has so many entries, and returns how
// many it had.
func killAfter(t *testing.T, p *node, dir string, most int64) (entries int64) {
	t.Helper()
	defer p.kill()
	for !p.ended() && entries < most {
		_ = clock.System().Sleep(t.Context(), time.Millisecond)
		db, err := store.OpenSnapshot(t.Context(), store.Config{Dir: dir})
		if err != nil {
			continue // it is not made yet
		}
		for entries < most && !p.ended() {
			if err := db.QueryRow(t.Context(), `SELECT COUNT(*) FROM ledger_entry`).Scan(&entries); err != nil {
				t.Error(err)
				break
			}
		}
		p.kill()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		return entries
	}
	return entries
}
