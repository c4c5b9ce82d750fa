//go:build linux || darwin || freebsd

package blob

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// flock takes the lock of the folder; a second descriptor of the same process counts as
// another holder.
func (s *Store) flock(how int) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(s.dir, lockName), os.O_RDONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Share keeps every content from being deleted until the returned function is called: for
// a backup or a verification, which read many. Where there is no folder there is nothing
// to keep.
func (s *Store) Share() (release func() error, err error) {
	f, err := s.flock(syscall.LOCK_SH)
	if errors.Is(err, os.ErrNotExist) {
		return func() error { return nil }, nil
	}
	if err != nil {
		return nil, fmt.Errorf("hold the files: %w", err)
	}
	return f.Close, nil
}

// Sole is the right to delete: nobody else holds a content meanwhile.
type Sole struct {
	s    *Store
	lock *os.File
}

// Alone takes the right to delete, or says fault.Unavailable while somebody holds contents:
// an upload, a backup, a verification. Ask which contents are named only afterwards.
func (s *Store) Alone() (*Sole, error) {
	f, err := s.flock(syscall.LOCK_EX | syscall.LOCK_NB)
	if errors.Is(err, os.ErrNotExist) {
		return &Sole{s: s}, nil
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fault.Wrap(fault.Unavailable, err, "Files are being sent, backed up or verified; deleting waits for it")
	}
	if err != nil {
		return nil, fmt.Errorf("lock the files: %w", err)
	}
	return &Sole{s, f}, nil
}

// Close gives the right back.
func (a *Sole) Close() error {
	if a.lock == nil {
		return nil
	}
	return a.lock.Close()
}

// Delete removes a content. It is no error when it is not there.
func (a *Sole) Delete(sum string) error {
	if !Valid(sum) {
		return fmt.Errorf("delete content: %q is no hash", sum)
	}
	path := a.s.path(sum)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("delete content %s: %w", sum, err)
	}
	if err := syncDir(filepath.Dir(path)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("delete content %s: %w", sum, err)
	}
	return nil
}

// Tidy removes what uploads left that were cut off before the time.
func (a *Sole) Tidy(before time.Time) error {
	list, err := os.ReadDir(filepath.Join(a.s.dir, tmpName))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("tidy the files: %w", err)
	}
	for _, e := range list {
		info, err := e.Info()
		if err != nil || info.ModTime().After(before) {
			continue // gone meanwhile, or still on its way
		}
		if err := os.Remove(filepath.Join(a.s.dir, tmpName, e.Name())); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("tidy the files: %w", err)
		}
	}
	return nil
}

// Older returns the addresses of the contents that were put before the time, in no order
// that matters.
func (s *Store) Older(before time.Time) ([]string, error) {
	var out []string
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == tmpName && path != s.dir {
				return fs.SkipDir
			}
			return nil
		}
		if !Valid(d.Name()) {
			return nil
		}
		info, err := d.Info()
		if err == nil && info.ModTime().Before(before) {
			out = append(out, d.Name())
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the files: %w", err)
	}
	return out, nil
}

// Duplicate gives every content a second name in another folder, or copies it where that
// lies on another file system. Nothing is made when there is no content.
func (s *Store) Duplicate(to string) error {
	all, err := s.Older(farAway)
	if err != nil {
		return err
	}
	other := &Store{dir: to}
	for _, sum := range all {
		path := other.path(sum)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("keep the files: %w", err)
		}
		err := os.Link(s.path(sum), path)
		if errors.Is(err, syscall.EXDEV) || errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EMLINK) {
			err = duplicate(s.path(sum), path)
		}
		if err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("keep the files: %w", err)
		}
	}
	return nil
}

// farAway is after every time a file can have.
var farAway = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func duplicate(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o400)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
