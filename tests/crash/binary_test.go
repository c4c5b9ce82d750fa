package crash

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/app"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/datadir"
)

// Exit codes, as README documents them.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitDenied      = 4
	exitConflict    = 5
	exitUnavailable = 6
)

// refused runs a command that must end with the code and a line that says why.
func refused(t *testing.T, args []string, code int, say string) {
	t.Helper()
	got, out := run(t, args...)
	if got != code || !strings.Contains(out, say) {
		t.Errorf("wakebell %s: exit %d, want %d with %q:\n%s", strings.Join(args, " "), got, code, say, out)
	}
	if strings.Contains(out, "goroutine ") || strings.Contains(out, "panic") {
		t.Errorf("wakebell %s panics:\n%s", strings.Join(args, " "), out)
	}
}

// TestBinary looks at the program from outside: codes, refusals, tokens.
func TestBinary(t *testing.T) {
	t.Parallel()
	if out := ok(t, "version"); !strings.HasPrefix(out, "wakebell ") {
		t.Errorf("version says %q", out)
	}
	var v map[string]string
	if err := json.Unmarshal([]byte(ok(t, "version", "--json")), &v); err != nil || v["version"] == "" {
		t.Errorf("version --json: %v %v", v, err)
	}
	refused(t, []string{"dance"}, exitUsage, "dance")
	refused(t, []string{"serve", "--colour", "blue"}, exitUsage, "colour")
	empty := t.TempDir()
	refused(t, []string{"verify", "--data", empty}, exitFailed, "There is no database")
	refused(t, []string{"key", "--data", empty}, exitNotFound, "There is no database")
	refused(t, []string{"incident", "ls", "--url", "http://127.0.0.1:1"}, exitUnavailable, "127.0.0.1:1")
	refused(t, []string{"serve", "--data", t.TempDir(), "--database", "mysql://x"}, exitUsage, "postgres://")
	refused(t, []string{"serve", "--data", t.TempDir(), "--smtp-host", "x", "--smtp-tls", "maybe"}, exitUsage, "smtp_tls")
	refused(t, []string{"serve", "--data", t.TempDir(), "--database", "postgres://nobody@127.0.0.1:1/x"}, exitUnavailable, "cannot be opened")
}

// TestServerAndItsTokens: one server per data directory, and tokens with it and without.
func TestServerAndItsTokens(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	direct := ok(t, "token", "create", "--data", dir, "--name", "before", "--role", "admin")
	n := serve(t, "serve", dir, "")
	if !strings.HasPrefix(direct, "wbl_") || strings.ContainsAny(direct, " \n") {
		t.Errorf("token create prints %q", direct)
	}
	through := ok(t, "token", "create", "--data", dir, "--name", "during", "--role", "auditor")
	for _, token := range []string{direct, through} {
		if err := n.api(token).Do(t.Context(), http.MethodGet, "/me", nil, nil); err != nil {
			t.Errorf("the token %s…: %v", token[:8], err)
		}
	}
	refused(t, []string{"token", "create", "--data", dir, "--name", "x", "--role", "king"}, exitUsage, "role")
	refused(t, []string{"incident", "show", "INC-2020-0001", "--url", n.url, "--token", through}, exitNotFound, "")
	refused(t, []string{"incident", "declare", "x", "--url", n.url, "--token", through}, exitDenied, "")
	refused(t, []string{"incident", "ls", "--url", n.url, "--token", "wbl_wrong"}, exitDenied, "")

	second := []string{"serve", "--data", dir, "--listen", "127.0.0.1:0"}
	refused(t, second, exitConflict, "is in use by process")
	refused(t, []string{"rebuild", "--data", dir}, exitConflict, "is in use by process")
	n.verified(t) // beside the server
	if info, err := os.Stat(datadir.SocketPath(dir)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v %v", info, err)
	}
	port := strings.TrimPrefix(n.url, "http://")
	refused(t, []string{"serve", "--data", t.TempDir(), "--listen", port}, exitFailed, "address already in use")

	if code := n.stop(t); code != 0 {
		t.Errorf("stop: exit %d", code)
	}
	if _, err := os.Stat(datadir.SocketPath(dir)); err == nil {
		t.Error("the socket is left behind by an orderly stop")
	}
	after := ok(t, "token", "create", "--data", dir, "--name", "after", "--role", "admin")
	n = serve(t, "serve", dir, "")
	n.kill() // leaves its socket
	left := ok(t, "token", "create", "--data", dir, "--name", "after a kill", "--role", "admin")
	n = serve(t, "serve", dir, "")
	for _, token := range []string{after, left} {
		if err := n.api(token).Do(t.Context(), http.MethodGet, "/me", nil, nil); err != nil {
			t.Errorf("the token %s…: %v", token[:8], err)
		}
	}
	// An interrupt ends it as well as a termination does.
	if err := n.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := n.wait(t, 20*time.Second); code != 0 {
		t.Errorf("interrupt: exit %d\n%s", code, n.out)
	}
}

// TestNewerDatabase: a program that is too old keeps its hands off.
func TestNewerDatabase(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, _ store.Engine, database string) {
		dir := t.TempDir()
		n := serve(t, "serve", dir, database)
		n.stop(t)
		db, err := store.Open(t.Context(), store.Config{Dir: dir, URL: database})
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.Write(t.Context(), store.Op{Name: "test", Actor: "test"}, func(tx *store.Tx) error {
			_, err := tx.Exec(`INSERT INTO schema_version (version, name, sha256, applied_at) VALUES (9999, '9999_future', '', 0)`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			args []string
			code int
		}{
			{[]string{"serve", "--listen", "127.0.0.1:0"}, exitConflict},
			{[]string{"migrate"}, exitConflict},
			{[]string{"verify"}, exitFailed},
			{[]string{"token", "create", "--name", "x", "--role", "admin"}, exitConflict},
		} {
			refused(t, append(c.args, n.data()...), c.code, "newer than this program")
		}
	})
}

// TestTestClock: a database is made for real records or for the test clock, for ever,
// and only the latter lets its clock be moved, from this machine.
func TestTestClock(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, _ store.Engine, database string) {
		plain := serve(t, "serve", t.TempDir(), "")
		if code := forward(t, plain.url, "20m", nil); code != http.StatusNotFound {
			t.Errorf("/debug/clock without --test-clock answers %d", code)
		}
		plain.stop(t)
		refused(t, append([]string{"serve", "--test-clock", "--listen", "127.0.0.1:0"}, plain.data()...), exitConflict, "refuses the test clock")

		dir := t.TempDir()
		n := serve(t, "serve", dir, database, "--test-clock")
		var now struct {
			Now time.Time `json:"now"`
		}
		before := clock.System().Now()
		if code := forward(t, n.url, "20m", &now); code != http.StatusOK || now.Now.Before(before.Add(20*time.Minute)) {
			t.Errorf("forward: %d, %s after %s", code, now.Now, before)
		}
		for _, bad := range []string{"-5m", "soon", ""} {
			if code := forward(t, n.url, bad, nil); code != http.StatusUnprocessableEntity {
				t.Errorf("forward %q answers %d", bad, code)
			}
		}
		n.kill() // the offset was committed
		refused(t, append([]string{"serve", "--listen", "127.0.0.1:0"}, n.data()...), exitConflict, "made for the test clock")
		ok(t, append([]string{"token", "create", "--name", "x", "--role", "admin"}, n.data()...)...)
		n = serve(t, "serve", dir, database, "--test-clock")
		if code := forward(t, n.url, "0s", &now); code != http.StatusOK || now.Now.Before(before.Add(20*time.Minute)) {
			t.Errorf("after a restart the clock shows %s", now.Now)
		}
		n.verified(t)
	})
}

func forward(t *testing.T, url, by string, out any) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/debug/clock", strings.NewReader(`{"forward":"`+by+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if out != nil {
		if err := json.NewDecoder(res.Body).Decode(out); err != nil {
			t.Fatal(err)
		}
	}
	return res.StatusCode
}

// TestClockFromElsewhere: another machine finds nothing at the clock's address.
func TestClockFromElsewhere(t *testing.T) {
	t.Parallel()
	a, err := app.New(t.Context(), app.Config{Dir: filepath.Join(t.TempDir(), "data"), TestClock: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Stop(clock.Background()); err != nil {
			t.Error(err)
		}
	}()
	h := a.Handler()
	for from, want := range map[string]int{
		"127.0.0.1:999": http.StatusOK, "[::1]:999": http.StatusOK, "[::ffff:127.0.0.1]:999": http.StatusOK,
		"192.0.2.1:999": http.StatusNotFound, "[2001:db8::1]:999": http.StatusNotFound, "10.0.0.1:999": http.StatusNotFound,
	} {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/debug/clock", strings.NewReader(`{"forward":"1s"}`))
		req.Header.Set("Content-Type", "application/json")
		req.RemoteAddr = from
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if w.Code != want {
			t.Errorf("from %s: %d, want %d", from, w.Code, want)
		}
	}
}
