package archtest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// machinePath finds the folders of one person's or one build machine, which mean nothing to a reader elsewhere.
var machinePath = regexp.MustCompile(`(?:^|[^A-Za-z0-9_.~\-/])/(?:root|work|Users/[A-Za-z0-9._-]+|home/[A-Za-z0-9._-]+)/[A-Za-z0-9._-]`)

func checkPaths(s *source) []string {
	var problems []string
	for _, name := range sortedKeys(s.raw) {
		data := s.raw[name]
		if bytes.IndexByte(data[:min(len(data), 8000)], 0) >= 0 {
			continue
		}
		for i, line := range strings.Split(string(data), "\n") {
			if m := machinePath.FindString(line); m != "" {
				problems = append(problems, fmt.Sprintf("%s:%d: %q is a path of one machine", name, i+1, strings.TrimSpace(m)))
			}
		}
	}
	return problems
}

// required is the version of a module that a go.mod asks for, "" when it does not.
func required(mod []byte, name string) (string, error) {
	f, err := modfile.ParseLax("go.mod", mod, nil)
	if err != nil {
		return "", err
	}
	for _, r := range f.Require {
		if r.Mod.Path == name {
			return r.Mod.Version, nil
		}
	}
	return "", nil
}

// checkLibc: modernc.org/sqlite is generated against one version of modernc.org/libc and breaks with another.
func checkLibc(ours, sqlites []byte) []string {
	const libc = "modernc.org/libc"
	a, err := required(ours, libc)
	if err != nil {
		return []string{err.Error()}
	}
	b, err := required(sqlites, libc)
	if err != nil {
		return []string{err.Error()}
	}
	if a == "" || a != b {
		return []string{fmt.Sprintf("go.mod has %s %q, modernc.org/sqlite was made with %q", libc, a, b)}
	}
	return nil
}

func TestNoMachinePaths(t *testing.T) {
	t.Parallel()
	report(t, checkPaths(actual(t)))
}

func TestLibcVersion(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.GoMod}}", "modernc.org/sqlite").Output()
	if err != nil {
		t.Fatalf("go list -m modernc.org/sqlite: %v", err)
	}
	sqlites, err := os.ReadFile(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	report(t, checkLibc(actual(t).raw["go.mod"], sqlites))
}

func TestPathsCheck(t *testing.T) {
	t.Parallel()
	want(t, checkPaths(memory(t, map[string]string{
		"a.md":  "see /" + "root/notes.txt",
		"b.md":  "cd /" + "home/ann/src",
		"c.md":  "https://example.org/work/x and ./work/y and /tmp/x and GET /api/v1/work",
		"d.txt": "/" + "Users/ann/x\n",
	})), "a.md:1", "b.md:1", "d.txt:1")
}

func TestLibcCheck(t *testing.T) {
	t.Parallel()
	mod := func(version string) []byte {
		return []byte("module x\nrequire modernc.org/libc " + version + "\n")
	}
	want(t, checkLibc(mod("v1.79.0"), mod("v1.79.0")))
	want(t, checkLibc(mod("v1.79.0"), mod("v1.80.0")), "was made with")
	want(t, checkLibc([]byte("module x\n"), mod("v1.80.0")), "was made with")
}
