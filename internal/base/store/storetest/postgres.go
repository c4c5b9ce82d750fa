package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the "pgx" driver

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/store"
)

// EnvPostgres names the variable with the address of a PostgreSQL server whose
// user may create databases. Without it each test process starts its own.
const EnvPostgres = "WAKEBELL_TEST_POSTGRES"

// cluster is the PostgreSQL server of this process.
type cluster struct {
	admin    *sql.DB
	base     url.URL
	template string
	n        atomic.Int64
}

var theCluster = sync.OnceValues(startCluster)

func server(t testing.TB) *cluster {
	t.Helper()
	c, err := theCluster()
	if err != nil {
		t.Fatalf("PostgreSQL for the tests: %v", err)
	}
	return c
}

// create makes a database, migrated or empty, and drops it after the test.
func (c *cluster) create(t testing.TB, migrated bool) string {
	t.Helper()
	template := "template0"
	if migrated {
		template = c.template
	}
	name := fmt.Sprintf("wb_%d_%d", os.Getpid(), c.n.Add(1))
	if _, err := c.admin.Exec("CREATE DATABASE " + name + " TEMPLATE " + template); err != nil {
		t.Fatalf("create a PostgreSQL database: %v", err)
	}
	t.Cleanup(func() { c.admin.Exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)") })
	return c.address(name)
}

// Admin returns a connection to the server as the user that owns all test
// databases, for tests that take the server's part.
func Admin(t testing.TB) *sql.DB {
	t.Helper()
	return server(t).admin
}

func (c *cluster) address(name string) string {
	u := c.base
	u.Path = "/" + name
	return u.String()
}

func startCluster() (*cluster, error) {
	c := &cluster{}
	address := os.Getenv(EnvPostgres)
	if address == "" {
		var err error
		if address, err = startServer(); err != nil {
			return nil, err
		}
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("%s is not an address: %w", EnvPostgres, err)
	}
	c.base = *u
	if c.admin, err = sql.Open("pgx", address); err != nil {
		return nil, err
	}
	c.admin.SetMaxOpenConns(2)
	if err := waitFor(c.admin); err != nil {
		return nil, err
	}
	c.template = fmt.Sprintf("wb_template_%d", os.Getpid())
	if _, err := c.admin.Exec("CREATE DATABASE " + c.template + " TEMPLATE template0"); err != nil {
		return nil, err
	}
	db, err := store.Open(clock.Background(), store.Config{URL: c.address(c.template), Dir: os.TempDir()})
	if err != nil {
		return nil, fmt.Errorf("migrate the template: %w", err)
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	if os.Getenv(EnvPostgres) != "" {
		dropLater(address, c.template)
	}
	return c, nil
}

func waitFor(db *sql.DB) error {
	ctx, cancel := context.WithTimeout(clock.Background(), 30*time.Second)
	defer cancel()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		if clock.System().Sleep(ctx, 20*time.Millisecond) != nil {
			return fmt.Errorf("the server does not answer: %w", err)
		}
	}
}

// keeper starts the server and stops it as soon as its standard input closes,
// which happens when this process ends, however that ends. $1 is the folder of
// the binaries, $2 the working folder.
const keeper = `
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c full_page_writes=off \
  -c synchronous_commit=on -c shared_buffers=64MB -c max_connections=300 -c autovacuum=off \
  -c max_wal_size=4GB -c jit=off -c log_min_messages=fatal >"$2/log" 2>&1 &
server=$!
read line
kill -INT $server 2>/dev/null
wait $server
rm -rf "$2"
`

// startServer makes a cluster in a temporary folder and starts it. PostgreSQL
// refuses to run as root, so root runs it as postgres or nobody.
func startServer() (string, error) {
	bin, err := binaries()
	if err != nil {
		return "", err
	}
	as, uid, gid, err := account()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "wbpg")
	if err == nil && len(dir) > 80 { // a socket's path is short
		os.Remove(dir)
		dir, err = os.MkdirTemp("/tmp", "wbpg")
	}
	if err != nil {
		return "", err
	}
	if as != nil {
		if err := os.Chown(dir, uid, gid); err != nil {
			return "", err
		}
	}
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: as}
		return cmd
	}
	initdb := command(filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "postgres",
		"-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		os.RemoveAll(dir)
		return "", fmt.Errorf("initdb: %w: %s", err, out)
	}
	keep := command("sh", "-c", keeper, "keeper", bin, dir)
	// The pipe's writing end is closed by the kernel when this process ends.
	if _, err := keep.StdinPipe(); err != nil {
		return "", err
	}
	if err := keep.Start(); err != nil {
		return "", fmt.Errorf("start the server: %w", err)
	}
	running.Store(keep)
	return "postgres://postgres@/postgres?host=" + url.QueryEscape(dir), nil
}

// running holds the pipe: were it collected, the server would stop.
var running atomic.Pointer[exec.Cmd]

// account returns whom to run the server as: nil unless this process is root.
func account() (*syscall.Credential, int, int, error) {
	if os.Getuid() != 0 {
		return nil, 0, 0, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, uid, gid, nil
		}
	}
	return nil, 0, 0, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody")
}

// binaries returns the folder with initdb and postgres, the newest version
// first.
func binaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	version := func(p string) int {
		n, _ := strconv.Atoi(strings.Split(p, "/")[4])
		return n
	}
	sort.Slice(found, func(i, j int) bool { return version(found[i]) > version(found[j]) })
	if p, err := exec.LookPath("initdb"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			found = append(found, filepath.Dir(p))
		}
	}
	for _, dir := range found {
		_, err1 := os.Stat(filepath.Join(dir, "initdb"))
		_, err2 := os.Stat(filepath.Join(dir, "postgres"))
		if err1 == nil && err2 == nil {
			return dir, nil
		}
	}
	return "", errors.New("the server's programs initdb and postgres were not found; install postgresql, or set " + EnvPostgres)
}

// dropLater drops the template of a foreign server when this process ends.
func dropLater(address, template string) {
	psql, err := exec.LookPath("psql")
	if err != nil {
		return // the template stays behind; it is small
	}
	cmd := exec.Command("sh", "-c", `read line; exec "$1" -q -d "$2" -c "DROP DATABASE IF EXISTS $3" >/dev/null 2>&1`,
		"keeper", psql, address, template)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if _, err := cmd.StdinPipe(); err == nil && cmd.Start() == nil {
		running.Store(cmd)
	}
}
