package packs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/app/packs"
	"github.com/wakebell/wakebell/internal/decide/assessment"
)

const counsel = "pack: counsel\njurisdiction: DE\ninstrument: Law\nsource: x\nsure: read\nrules:\n" +
	"  - {id: own, owes: [controller], to: authority, start: aware, deadline: HOURS h}\n"

func packOf(hours string) []byte { return []byte(strings.ReplaceAll(counsel, "HOURS", hours)) }

// TestFolder: a link inside the folder is followed, one that leads out of it is
// refused and named; a folder put in the place of the old one is read.
func TestFolder(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	dir, out := filepath.Join(base, "packs"), filepath.Join(base, "out.yaml")
	for _, d := range []string{dir, filepath.Join(dir, "data"), filepath.Join(base, "next")} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write := func(path string, text []byte) {
		t.Helper()
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, at string) {
		t.Helper()
		if err := os.Symlink(to, at); err != nil {
			t.Fatal(err)
		}
	}
	write(out, packOf("24"))
	write(filepath.Join(dir, "data", "own.yaml"), packOf("48"))
	link(filepath.Join("data", "own.yaml"), filepath.Join(dir, "own.yaml"))
	law, err := assessment.NewLaw(packs.Folder(dir))
	if err != nil {
		t.Fatal(err)
	}
	before := law.Book()
	hours := func() int { return law.Book().Versions("own")[0].Deadline.Limits[0].Within.Value }
	if hours() != 48 {
		t.Errorf("%d hours", hours())
	}

	link(out, filepath.Join(dir, "escape.yaml"))
	if _, err := law.Reload(); err == nil || !strings.Contains(err.Error(), "escape.yaml: the file cannot be read") {
		t.Errorf("a link out of the folder: %v", err)
	}
	if law.Book() != before {
		t.Error("the packs in force did not stay")
	}

	write(filepath.Join(base, "next", "own.yaml"), packOf("12"))
	if err := os.Rename(dir, filepath.Join(base, "old")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(base, "next"), dir); err != nil {
		t.Fatal(err)
	}
	if changed, err := law.Reload(); err != nil || !changed || hours() != 12 {
		t.Errorf("changed %v, %v, %d hours", changed, err, hours())
	}
}
