// Package crash treats the built program as an operator, an outage and a full disk
// do: it is started as a process of its own, killed without a word, run twice on one
// database, and left without space. What was acknowledged must be there afterwards,
// what happened must have happened once, and what may have gone out twice is named.
// It carries out "document incidents, their effects and the remedial action" under
// failure. It imports rooms only to look at what a process left behind.
package crash

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/wakebell/wakebell/client"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
)

// long asks for the full runs; without it the package ends within a minute.
func long() bool { return os.Getenv("WAKEBELL_LONG") == "1" }

// program builds the binary once for all tests.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "wakebell-crash")
	if err != nil {
		return "", err
	}
	// Another user starts it too, where the data directory is read-only.
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "wakebell")
	cmd := exec.Command("go", "build", "-o", path, "./cmd/wakebell")
	cmd.Dir = filepath.Join("..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := program(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

func binary(t *testing.T) string {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// output gathers what a process prints.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// node is one running server.
type node struct {
	dir  string
	db   []string // --database, or nothing
	url  string
	cmd  *exec.Cmd
	out  *output
	done chan struct{} // closed when the process has ended
}

// launch starts a process of the program and ends it with the test, by its id.
func launch(t *testing.T, prepare func(*exec.Cmd), args ...string) *node {
	t.Helper()
	n := &node{cmd: exec.Command(binary(t), args...), out: &output{}, done: make(chan struct{})}
	n.cmd.Stdout, n.cmd.Stderr = n.out, n.out
	n.cmd.Env = environment()
	if prepare != nil {
		prepare(n.cmd)
	}
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = n.cmd.Wait() // the state says how it ended
		close(n.done)
	}()
	t.Cleanup(func() { n.kill() })
	return n
}

// environment is this process's own without settings of Wakebell.
func environment() []string {
	var out []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "WAKEBELL_") {
			out = append(out, v)
		}
	}
	return out
}

// kill ends the process as a power cut would.
func (n *node) kill() {
	_ = n.cmd.Process.Kill() // it may have ended by itself
	<-n.done
}

// stop asks the process to end and returns its exit code.
func (n *node) stop(t *testing.T) int {
	t.Helper()
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("stop: %v", err)
	}
	return n.wait(t, 20*time.Second)
}

// wait returns the exit code.
func (n *node) wait(t *testing.T, limit time.Duration) int {
	t.Helper()
	select {
	case <-n.done:
	case <-clock.System().After(limit):
		n.kill()
		t.Errorf("the process did not end within %s:\n%s", limit, n.out)
	}
	return n.cmd.ProcessState.ExitCode()
}

func (n *node) ended() bool {
	select {
	case <-n.done:
		return true
	default:
		return false
	}
}

var listening = regexp.MustCompile(`Wakebell listens on (http://\S+)`)

// serve starts a server on a data directory and waits until it listens.
func serve(t *testing.T, command, dir, database string, flags ...string) *node {
	t.Helper()
	var db []string
	if database != "" {
		db = []string{"--database", database}
	}
	args := append([]string{command, "--data", dir, "--listen", "127.0.0.1:0"}, db...)
	n := launch(t, nil, append(args, flags...)...)
	n.dir, n.db = dir, db
	n.listens(t)
	return n
}

func (n *node) listens(t *testing.T) {
	t.Helper()
	eventually(t, 30*time.Second, "the server listens", func() bool {
		if m := listening.FindStringSubmatch(n.out.String()); m != nil {
			n.url = m[1]
			return true
		}
		if n.ended() {
			t.Fatalf("the server ended with %d:\n%s", n.cmd.ProcessState.ExitCode(), n.out)
		}
		return false
	})
}

// data are the flags of a command on the node's data.
func (n *node) data() []string { return append([]string{"--data", n.dir}, n.db...) }

// api speaks to the node with a token.
func (n *node) api(token string) *client.Client { return client.New(n.url, token) }

// run runs one command to its end.
func run(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	n := launch(t, nil, args...)
	code = n.wait(t, 2*time.Minute)
	return code, n.out.String()
}

// ok runs a command that must succeed and returns what it printed.
func ok(t *testing.T, args ...string) string {
	t.Helper()
	code, out := run(t, args...)
	if code != 0 {
		t.Fatalf("wakebell %s: exit %d\n%s", strings.Join(args, " "), code, out)
	}
	return strings.TrimSpace(out)
}

// token makes a token of a machine that may do nearly everything.
func (n *node) token(t *testing.T, name string) string {
	t.Helper()
	args := append([]string{"token", "create", "--name", name, "--role", "reporter", "--role", "manager", "--role", "admin"}, n.data()...)
	return ok(t, args...)
}

// verified checks the data with the program's own commands.
func (n *node) verified(t *testing.T) {
	t.Helper()
	ok(t, append([]string{"verify"}, n.data()...)...)
	ok(t, append([]string{"rebuild", "--check"}, n.data()...)...)
}

// eventually asks until the answer is yes; the test fails at the limit.
func eventually(t *testing.T, limit time.Duration, what string, yes func() bool) {
	t.Helper()
	if !within(limit, yes) {
		t.Fatalf("not within %s: %s", limit, what)
	}
}

func within(limit time.Duration, yes func() bool) bool {
	ctx, cancel := context.WithTimeout(clock.Background(), limit)
	defer cancel()
	for !yes() {
		if clock.System().Sleep(ctx, 20*time.Millisecond) != nil {
			return yes()
		}
	}
	return true
}

// engines runs a test on both engines, each with an address or "" for SQLite.
func engines(t *testing.T, fn func(t *testing.T, engine store.Engine, database string)) {
	for _, e := range storetest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			database := ""
			if e == store.Postgres {
				database = storetest.PostgresURL(t)
			}
			fn(t, e, database)
		})
	}
}

// look reads the database itself, beside a server or after its end.
func look(t *testing.T, dir, database string, fn func(r store.Reader) error) {
	t.Helper()
	db, err := store.OpenSnapshot(t.Context(), store.Config{Dir: dir, URL: database})
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(t.Context(), func(v *store.View) error { return fn(v) })
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// each calls fn for every row.
func each(t *testing.T, r store.Reader, q string, args []any, fn func(scan func(...any) error) error) {
	t.Helper()
	rows, err := r.Query(t.Context(), q, args...)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
}

// status is the HTTP status of an outcome, 0 when there was no answer.
func status(err error) int {
	if err == nil {
		return 200
	}
	return client.StatusOf(err)
}
