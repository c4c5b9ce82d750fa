package script

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/who"
)

// hooks is the webhook of a script: it counts what is posted.
type hooks struct {
	url string
	n   atomic.Int64
}

const hookSecret = "a secret of sixteen and more"

// cmdWebhooks: webhooks — before start: signed posts may go to a server of the script.
func cmdWebhooks(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: webhooks")
	}
	h := &hooks{}
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { h.n.Add(1) }))
	ts.Defer(srv.Close)
	h.url = srv.URL + "/in"
	ts.Value(worldKey{}).(*world).hooks = h
}

// cmdHookFile: hookfile FILE — puts the address of the webhook where the file says HOOK.
func cmdHookFile(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	if neg || len(args) != 1 || w.hooks == nil {
		ts.Fatalf("usage: hookfile FILE, after webhooks")
	}
	old, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.ReplaceAll(old, []byte("HOOK"), []byte(w.hooks.url)), 0o600))
}

// cmdPosted: posted N — so many posts came to the webhook.
func cmdPosted(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	if len(args) != 1 || w.hooks == nil {
		ts.Fatalf("usage: posted N, after webhooks")
	}
	if n := w.hooks.n.Load(); (fmt.Sprint(n) == args[0]) == neg {
		ts.Fatalf("%d posts came", n)
	}
}

// cmdOutside: outside N — the outbox holds so many messages to addresses that are no
// colleague's.
func cmdOutside(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	if len(args) != 1 {
		ts.Fatalf("usage: outside N")
	}
	dir, err := w.app.Directory.Snapshot(w.app.DB)
	ts.Check(err)
	ours := map[string]bool{}
	for _, p := range dir.People {
		ours[strings.ToLower(p.Email)] = true
	}
	n := 0
	for cursor := ""; ; {
		items, next, err := w.app.Outbox.List(clock.Background(), who.Engine("script"), mail.Filter{}, cursor, 200)
		ts.Check(err)
		for _, m := range items {
			for _, to := range m.To {
				if !ours[strings.ToLower(to)] {
					n++
					fmt.Fprintln(ts.Stdout(), to, m.Subject)
				}
			}
		}
		if cursor = next; next == "" {
			break
		}
	}
	if (fmt.Sprint(n) == args[0]) == neg {
		ts.Fatalf("%d messages go outside", n)
	}
}
