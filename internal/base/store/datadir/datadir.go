//go:build linux || darwin || freebsd

// Package datadir knows the data directory of one process: its lock, its socket and
// the space left. It serves base/store and app and must not import a room.
package datadir

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// Lock is the lock of one process on a data directory.
type Lock struct{ f *os.File }

// Take makes the data directory if it is missing and takes the lock
// DIR/lock. fault.Conflict says that another process holds it. The lock ends
// with the process, however that ends.
func Take(dir string) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "The data directory "+dir+" cannot be made")
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "The data directory "+dir+" cannot be written")
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fault.Wrap(fault.Unavailable, err, "The data directory "+dir+" cannot be locked")
		}
		who := make([]byte, 20)
		n, _ := f.Read(who)
		by := "another process"
		if pid, err := strconv.Atoi(string(who[:n])); err == nil {
			by = fmt.Sprintf("process %d", pid)
		}
		return nil, fault.Newf(fault.Conflict, "The data directory %s is in use by %s", dir, by)
	}
	if f.Truncate(0) == nil {
		f.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0) // only for the line above
	}
	return &Lock{f}, nil
}

// Held returns nil while the lock still stands for its directory. A directory that was removed or
// replaced below a running process holds another lock file, or none: what is written is lost.
func (l *Lock) Held() error {
	mine, err := l.f.Stat()
	if err == nil {
		var there os.FileInfo
		if there, err = os.Stat(l.f.Name()); err == nil && os.SameFile(mine, there) {
			return nil
		}
	}
	return fault.Wrap(fault.Unavailable, errors.Join(errors.New("another lock file, or none, lies there"), err),
		"The data directory was moved or replaced while the server ran: stop the server and put it back")
}

// Close releases the lock.
func (l *Lock) Close() error { return l.f.Close() }

// maxSocket is the longest path of a socket that all systems take.
const maxSocket = 100

// SocketPath returns where the server of a data directory listens:
// DIR/wakebell.sock, or, when that is too long for a socket, a path in a
// directory of this user below the system's temporary directory, named after a
// hash of DIR. The server makes that directory with mode 0700 and must own it.
func SocketPath(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir
	}
	if p := filepath.Join(abs, "wakebell.sock"); len(p) <= maxSocket {
		return p
	}
	sum := sha256.Sum256([]byte(abs))
	return filepath.Join(os.TempDir(), "wakebell-"+strconv.Itoa(os.Getuid()), hex.EncodeToString(sum[:8])+".sock")
}

// FreeSpace returns the bytes a normal user may still write below dir.
func FreeSpace(dir string) (uint64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return uint64(st.Bavail) * uint64(st.Bsize), nil
}
