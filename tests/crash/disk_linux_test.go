package crash

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/wakebell/wakebell/client"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/store"
)

// squeeze takes the space away from a running server, and gives it back.
type squeeze struct {
	name string
	line string // what the server says about it
	dir  func(t *testing.T) string
	take func(t *testing.T, n *node) (giveBack func())
	// start tries a start without space, after a kill.
	start func(t *testing.T, n *node)
}

// TestDiskFull: without space a write is refused with a clear line and nothing
// acknowledged is lost; with space it goes on, without a restart.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	for _, how := range []squeeze{
		{"small file system", "almost full", smallDisk, ballast, startFull},
		{"file size limit", "full", func(t *testing.T) string { return t.TempDir() }, limitFiles, func(*testing.T, *node) {}},
	} {
		t.Run(how.name, func(t *testing.T) {
			t.Parallel()
			dir := how.dir(t)
			if dir == "" {
				t.Log("NOT SHOWN: a file system of its own needs the right to mount one; the limit on file sizes stands in for it")
				return
			}
			full(t, how, dir)
		})
	}
}

func full(t *testing.T, how squeeze, dir string) {
	t.Helper()
	n := serve(t, "demo", dir, "", "--bare")
	token := n.token(t, "disk")
	b := newBook()
	b.write(t, n, token, "before", 20)
	if code, _ := ready(t, n); code != http.StatusOK {
		t.Fatalf("/readyz answers %d before anything happened", code)
	}
	for round := range 2 {
		giveBack := how.take(t, n)
		held := b.untilRefused(t, n, token, fmt.Sprintf("full%d", round))
		// A commit of the last two seconds stands for the next one.
		eventually(t, 10*time.Second, "/readyz answers 503 with the cause", func() bool {
			code, text := ready(t, n)
			return code == http.StatusServiceUnavailable && strings.Contains(text, how.line)
		})
		// It still answers reads, and says that it is alive.
		c := n.api(token)
		for _, path := range []string{"/signals", "/incidents"} {
			if err := c.Do(t.Context(), http.MethodGet, path, nil, nil); err != nil {
				t.Errorf("%s without space: %v", path, err)
			}
		}
		if _, err := c.Raw(t.Context(), http.MethodGet, "/healthz", "", nil); err != nil {
			t.Errorf("/healthz without space: %v", err)
		}
		if round == 1 { // and a kill in this state loses nothing either
			n.kill()
			how.start(t, n)
			giveBack()
			n.verified(t)
			n = serve(t, "serve", dir, "")
		} else {
			giveBack()
		}
		for _, a := range held { // what was refused was not done: with its key it is done now, once
			if out, here := b.send(t.Context(), n.api(token), a); !here || a.kind == "declare" && out.Ref == "" {
				t.Errorf("%s %s with space again: %v", a.kind, a.key, b.refused)
			}
		}
		eventually(t, 5*time.Second, "it is ready again", func() bool { code, _ := ready(t, n); return code == http.StatusOK })
		b.write(t, n, token, fmt.Sprintf("after%d", round), 20)
		b.recorded(t, n, token)
	}
	b.repeat(t, n, token)
	if code := n.stop(t); code != 0 {
		t.Errorf("stop: exit %d\n%s", code, n.out)
	}
	n.verified(t)
	look(t, dir, "", func(r store.Reader) error {
		b.counted(t, r)
		return nil
	})
	t.Logf("%d writes acknowledged, %d refused for want of space", b.acked, len(b.refused))
}

// startFull starts a server on the full disk: it says so, or waits for space, not ready.
func startFull(t *testing.T, n *node) {
	t.Helper()
	p := launch(t, nil, "serve", "--data", n.dir, "--listen", "127.0.0.1:0")
	p.dir = n.dir
	eventually(t, 20*time.Second, "a start without space is decided", func() bool {
		return p.ended() || listening.MatchString(p.out.String())
	})
	if p.ended() {
		if code := p.cmd.ProcessState.ExitCode(); code != exitUnavailable || !strings.Contains(p.out.String(), "full") {
			t.Errorf("a start without space: exit %d, want %d and the cause\n%s", code, exitUnavailable, p.out)
		}
		return
	}
	p.listens(t)
	if code, text := ready(t, p); code != http.StatusServiceUnavailable {
		t.Errorf("a start without space is ready: %d %s", code, text)
	}
	p.kill()
}

// write does some writes that must be taken.
func (b *book) write(t *testing.T, n *node, token, name string, times int) {
	t.Helper()
	was := len(b.refused)
	for i := range times {
		for _, a := range someWrites(name, i) {
			if _, here := b.send(t.Context(), n.api(token), a); !here || len(b.refused) > was {
				t.Fatalf("%s %s: %v", a.kind, a.key, b.refused[was:])
			}
		}
	}
}

func someWrites(name string, i int) []ask {
	return []ask{
		alertOf(fmt.Sprintf("%s-%d", name, i), ""), alertOf(fmt.Sprintf("%s-%d", name, i), ""),
		declareOf(fmt.Sprintf("%s-d%d", name, i), 0),
	}
}

// untilRefused writes until several writes in a row are refused, each with 503 and a
// clear line, and returns those that carried a key.
func (b *book) untilRefused(t *testing.T, n *node, token, name string) (held []ask) {
	t.Helper()
	inRow := 0
	for i := 0; inRow < 6; i++ {
		if i > 3000 {
			t.Fatal("it goes on writing without space")
		}
		for _, a := range someWrites(name, i) {
			was := len(b.refused)
			if _, here := b.send(t.Context(), n.api(token), a); !here {
				t.Fatalf("the server is gone:\n%s", n.out)
			}
			if len(b.refused) == was {
				inRow = 0
				continue
			}
			inRow++
			if a.key != "" {
				held = append(held, a)
			}
		}
	}
	err := n.api(token).Do(t.Context(), http.MethodPost, "/incidents", map[string]any{"title": "no space"}, nil)
	p, _ := errors.AsType[*client.Problem](err)
	if p == nil || p.Status != http.StatusServiceUnavailable || !strings.Contains(p.Detail, "full") || !strings.Contains(p.Detail, "nothing was saved") {
		t.Errorf("a write without space: %v, want 503 that says so", err)
	}
	return held
}

// ready asks /readyz.
func ready(t *testing.T, n *node) (int, string) {
	t.Helper()
	res, err := http.Get(n.url + "/readyz") //nolint:noctx // the server under test answers or ends
	if err != nil {
		t.Fatalf("/readyz: %v\n%s", err, n.out)
	}
	defer res.Body.Close()
	var body struct {
		Checks []struct {
			Name  string `json:"name"`
			Error string `json:"error"`
		} `json:"checks"`
	}
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, fmt.Sprint(body.Checks)
}

// smallDisk mounts a file system of 48 MiB, or returns "" where that is not permitted.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=48m"); err != nil {
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
			return ""
		}
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	data := filepath.Join(dir, "data")
	return data
}

// ballast fills the file system to its last byte.
func ballast(t *testing.T, n *node) func() {
	t.Helper()
	path := filepath.Join(filepath.Dir(n.dir), "ballast")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for chunk := 1 << 16; chunk > 0; {
		if _, err := f.Write(make([]byte, chunk)); err != nil {
			chunk /= 2
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}

// limitFiles lets no file of the process grow beyond what the write-ahead log has now.
func limitFiles(t *testing.T, n *node) func() {
	t.Helper()
	info, err := os.Stat(filepath.Join(n.dir, "wakebell.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	const unlimited = ^uint64(0)
	limit := func(soft uint64) {
		const fileSize = 1 // RLIMIT_FSIZE
		to := syscall.Rlimit{Cur: soft, Max: unlimited}
		_, _, e := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(n.cmd.Process.Pid), fileSize, uintptr(unsafe.Pointer(&to)), 0, 0, 0)
		if e != 0 && !(e == syscall.ESRCH && n.ended()) {
			t.Fatalf("limit the size of files: %v", e)
		}
	}
	limit(uint64(info.Size()))
	return func() {
		if !n.ended() {
			limit(unlimited)
		}
	}
}

// TestReadOnly: on a data directory that cannot be written the server does not start,
// and says why.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	base, err := os.MkdirTemp("", "wakebell-read-only") // reachable by another user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	dir := filepath.Join(base, "data")
	n := serve(t, "serve", dir, "")
	n.stop(t)
	fresh := filepath.Join(base, "fresh")
	as := somebody(t, base)
	for _, c := range []struct{ dir, say string }{
		{dir, "cannot be written"},
		{fresh, "cannot be made"},
	} {
		p := launch(t, as, "serve", "--data", c.dir, "--listen", "127.0.0.1:0")
		if code := p.wait(t, 20*time.Second); code != exitUnavailable || !strings.Contains(p.out.String(), c.say) {
			t.Errorf("serve on a read-only %s: exit %d, want %d and %q:\n%s", filepath.Base(c.dir), code, exitUnavailable, c.say, p.out)
		}
	}
	// Who may only read can still verify.
	p := launch(t, as, "verify", "--data", dir)
	if code := p.wait(t, 20*time.Second); code != 0 {
		t.Errorf("verify on a read-only directory: exit %d\n%s", code, p.out)
	}
}

// somebody makes everything below base read-only, and returns how to start a process
// that is held to it: root is not.
func somebody(t *testing.T, base string) func(*exec.Cmd) {
	t.Helper()
	err := filepath.Walk(base, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		if info.IsDir() {
			return os.Chmod(path, 0o555)
		}
		return os.Chmod(path, 0o444)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, d := range []string{base, filepath.Join(base, "data")} {
			_ = os.Chmod(d, 0o755) // so that it can be removed
		}
	})
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return func(c *exec.Cmd) {
		c.Dir = "/"
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
}

// TestKillAtStart kills the first start of a server at random moments: the next one works.
func TestKillAtStart(t *testing.T) {
	t.Parallel()
	tries := 12
	if long() {
		tries = 100
	}
	engines(t, func(t *testing.T, _ store.Engine, database string) {
		dir := t.TempDir()
		for i := range tries {
			at := dir
			if database == "" {
				at = filepath.Join(dir, strconv.Itoa(i))
			}
			args := []string{"serve", "--data", at, "--listen", "127.0.0.1:0"}
			if database != "" {
				args = append(args, "--database", database)
			}
			p := launch(t, nil, args...)
			_ = clock.System().Sleep(t.Context(), time.Duration(2+i*197%150)*time.Millisecond)
			p.kill()
			n := serve(t, "serve", at, database)
			n.token(t, "start")
			if i%4 == 3 {
				n.verified(t)
			}
			n.stop(t)
		}
	})
}
