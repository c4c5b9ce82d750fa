package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/wakebell/wakebell"

// source is the repository as the checks see it: parsed Go files and the raw bytes of every text file.
type source struct {
	fset  *token.FileSet
	files []*file
	raw   map[string][]byte // every file, by path from the root
}

type file struct {
	path      string // from the root, with slashes
	dir       string
	ast       *ast.File
	lines     int
	test      bool
	generated bool
}

// imports maps the name a file uses for a package to its import path; blank imports stand under "_ path".
func (f *file) imports() map[string]string {
	names := map[string]string{}
	for _, spec := range f.ast.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name := path.Base(p)
		if len(name) > 1 && name[0] == 'v' && strings.Trim(name[1:], "0123456789") == "" {
			name = path.Base(path.Dir(p))
		}
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if name == "_" || name == "." {
			name += " " + p
		}
		names[name] = p
	}
	return names
}

// at names a place for people: path:line.
func (s *source) at(n ast.Node) string {
	p := s.fset.Position(n.Pos())
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// production lists the Go files that are part of the product: no tests.
func (s *source) production() []*file {
	var out []*file
	for _, f := range s.files {
		if !f.test {
			out = append(out, f)
		}
	}
	return out
}

// packages groups the production files by folder.
func (s *source) packages() map[string][]*file {
	out := map[string][]*file{}
	for _, f := range s.production() {
		out[f.dir] = append(out[f.dir], f)
	}
	return out
}

func (s *source) add(name string, data []byte) error {
	s.raw[name] = data
	if !strings.HasSuffix(name, ".go") || strings.Contains("/"+name, "/testdata/") {
		return nil
	}
	tree, err := parser.ParseFile(s.fset, name, data, parser.ParseComments)
	if err != nil {
		return err
	}
	s.files = append(s.files, &file{
		path: name, dir: path.Dir(name), ast: tree,
		lines:     strings.Count(string(data), "\n"),
		test:      strings.HasSuffix(name, "_test.go"),
		generated: ast.IsGenerated(tree),
	})
	return nil
}

// memory builds a small tree for a test of a check.
func memory(t *testing.T, files map[string]string) *source {
	t.Helper()
	s := &source{fset: token.NewFileSet(), raw: map[string][]byte{}}
	for _, name := range sortedKeys(files) {
		if err := s.add(name, []byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// skipped are folders at the root that hold no source: history, built things, data of a running server.
var skipped = map[string]bool{".git": true, "bin": true, "data": true, "node_modules": true}

var repository = sync.OnceValues(func() (*source, error) {
	s := &source{fset: token.NewFileSet(), raw: map[string][]byte{}}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if skipped[rel] {
				return filepath.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || skipped[rel] { // in a worktree .git is a file
			return nil
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		return s.add(rel, data)
	})
	return s, err
})

// actual is the repository this test stands in.
func actual(t *testing.T) *source {
	t.Helper()
	s, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	if s.raw["go.mod"] == nil {
		t.Fatal("go.mod not found: the test must run in internal/archtest")
	}
	return s
}

func report(t *testing.T, problems []string) {
	t.Helper()
	sort.Strings(problems)
	for _, p := range problems {
		t.Error(p)
	}
}

// want checks that every wanted text stands in exactly one problem, in any order, and that there are no others.
func want(t *testing.T, problems []string, texts ...string) {
	t.Helper()
	if len(problems) != len(texts) {
		t.Errorf("want %d problems, got %d: %q", len(texts), len(problems), problems)
	}
	for _, text := range texts {
		found := false
		for _, p := range problems {
			found = found || strings.Contains(p, text)
		}
		if !found {
			t.Errorf("no problem says %q: %q", text, problems)
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func under(p, folder string) bool { return p == folder || strings.HasPrefix(p, folder+"/") }

func underAny(p string, folders ...string) bool {
	for _, f := range folders {
		if under(p, f) {
			return true
		}
	}
	return false
}
