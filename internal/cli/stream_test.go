package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/base/fault"
)

func TestFilesOfTheCommandLine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	e := &env{IO: IO{In: strings.NewReader("typed"), Out: &out}}
	in, err := e.open("-")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(in); string(b) != "typed" || err != nil {
		t.Errorf("standard input: %q %v", b, err)
	}
	path := filepath.Join(t.TempDir(), "a")
	if _, err := e.open(path); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a file that is not there: %v", err)
	}
	broken := errors.New("the line went dead")
	err = e.into(path, func(w io.Writer) error {
		_, err := w.Write([]byte("half"))
		return errors.Join(err, broken)
	})
	if _, there := os.Stat(path); !errors.Is(err, broken) || !errors.Is(there, os.ErrNotExist) {
		t.Errorf("half a document stays: %v %v", err, there)
	}
	if err := e.write(path, []byte("whole")); err != nil {
		t.Fatal(err)
	}
	if err := e.write(path, []byte("other")); !errors.Is(err, os.ErrExist) {
		t.Errorf("an existing file: %v", err)
	}
	if b, err := os.ReadFile(path); string(b) != "whole" || err != nil {
		t.Errorf("the file holds %q %v", b, err)
	}
	if err := e.write("", []byte("shown")); out.String() != "shown" || err != nil {
		t.Errorf("standard output: %q %v", out.String(), err)
	}
}
