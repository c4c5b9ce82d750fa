package cli

import (
	"errors"
	"io"
	"os"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// open opens a file to read it; - is standard input. NotFound where there is none.
func (e *env) open(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(e.In), nil
	}
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fault.Wrap(fault.NotFound, err, "There is no file "+name)
	}
	return f, err
}

// write puts bytes into a new file, or on standard output where none is named.
func (e *env) write(path string, b []byte) error {
	return e.into(path, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// fetch downloads what lies at an address of the server into a new file, or to standard
// output where none is named.
func (e *env) fetch(path, address string) error {
	return e.into(path, func(w io.Writer) error { return e.api().Fetch(e.ctx, address, w) })
}

// into writes a new file, which is taken away again when the writing breaks off: half a
// document must not be taken for a whole one. An existing file is never overwritten.
func (e *env) into(path string, write func(io.Writer) error) error {
	if path == "" {
		return write(e.Out)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
