package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// forbiddenCalls read or wait for the machine's time, or make a context out of nothing.
var forbiddenCalls = map[string]string{
	"time.Now": "", "time.After": "", "time.AfterFunc": "", "time.Sleep": "", "time.Since": "", "time.Until": "", "time.Tick": "",
	"context.Background": "", "context.TODO": "",
}

// checkTime lets only base/clock and cmd touch them. Generated code is not looked at.
func checkTime(s *source) []string {
	var problems []string
	for _, f := range s.production() {
		if f.generated || underAny(f.dir, "internal/base/clock", "cmd") {
			continue
		}
		names := f.imports()
		if names[". time"] != "" || names[". context"] != "" {
			problems = append(problems, f.path+": no dot import of time or context")
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if p, name := selected(names, n); p != "" {
				if _, bad := forbiddenCalls[p+"."+name]; bad {
					problems = append(problems, fmt.Sprintf("%s: %s.%s only in base/clock and cmd", s.at(n), p, name))
				}
			}
			return true
		})
	}
	return problems
}

// checkEngine keeps the identity of the engine out of the hands of a face.
func checkEngine(s *source) []string {
	var problems []string
	for _, f := range s.production() {
		if !underAny(f.dir, faces...) {
			continue
		}
		names := f.imports()
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if p, name := selected(names, n); p == module+"/internal/base/who" && name == "Engine" {
				problems = append(problems, s.at(n)+": a face acts for a person or a token, never as the engine")
			}
			return true
		})
	}
	return problems
}

// selected gives the import path and the name of a qualified identifier such as time.Now.
func selected(names map[string]string, n ast.Node) (string, string) {
	sel, ok := n.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	x, ok := sel.X.(*ast.Ident)
	if !ok {
		return "", ""
	}
	return names[x.Name], sel.Sel.Name
}

func checkPackageComments(s *source) []string {
	const short = 40
	var problems []string
	for dir, files := range s.packages() {
		text := ""
		for _, f := range files {
			if f.ast.Doc != nil {
				text += f.ast.Doc.Text()
			}
		}
		if len(text) < short {
			problems = append(problems, dir+": a package says in its comment what it is, which policy sentence it carries out, what it must not import")
		}
	}
	return problems
}

func checkTodo(s *source) []string {
	var problems []string
	for _, f := range s.files {
		if f.dir == "internal/archtest" {
			continue
		}
		for _, group := range f.ast.Comments {
			for _, c := range group.List {
				for _, word := range []string{"TODO", "FIXME", "XXX"} {
					if strings.Contains(c.Text, word) {
						problems = append(problems, s.at(c)+": finish it or file it, no "+word)
					}
				}
			}
		}
	}
	return problems
}

// keepsState are the packages, or single variables, that may hold something for the whole process, each for one reason.
var keepsState = map[string]string{
	"internal/base/ident":             "identifiers are ordered within a process",
	"internal/base/store/storetest":   "one PostgreSQL for all tests of a process",
	"internal/base/record/body.plans": "remembers how a type is decoded, which never changes",
}

// checkState finds init functions, package-level locks, and package-level variables that a function changes.
func checkState(s *source) []string {
	var problems []string
	for dir, files := range s.packages() {
		if keepsState[dir] != "" {
			continue
		}
		vars := map[string]bool{}
		own := map[*ast.ValueSpec]bool{}
		for _, f := range files {
			problems = append(problems, packageVars(s, f, vars, own)...)
		}
		for _, f := range files {
			problems = append(problems, changes(s, f, vars, own)...)
		}
	}
	return problems
}

func packageVars(s *source, f *file, vars map[string]bool, own map[*ast.ValueSpec]bool) []string {
	var problems []string
	names := f.imports()
	for _, d := range f.ast.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.Name == "init" {
				problems = append(problems, s.at(d)+": no init functions: what runs is named in app/wiring.go")
			}
		case *ast.GenDecl:
			if d.Tok != token.VAR {
				continue
			}
			for _, spec := range d.Specs {
				v, ok := spec.(*ast.ValueSpec)
				if !ok {
					continue
				}
				own[v] = true
				for _, name := range v.Names {
					vars[name.Name] = name.Name != "_"
				}
				if v.Type == nil {
					continue
				}
				_, isChan := v.Type.(*ast.ChanType)
				p, name := selected(names, v.Type)
				if keepsState[f.dir+"."+v.Names[0].Name] != "" {
					continue
				}
				if isChan || p == "sync/atomic" || p == "sync" && name != "Pool" {
					problems = append(problems, s.at(v)+": no state at package level")
				}
			}
		}
	}
	return problems
}

func changes(s *source, f *file, vars map[string]bool, own map[*ast.ValueSpec]bool) []string {
	var problems []string
	names := f.imports()
	flag := func(at ast.Node, e ast.Expr) {
		if name := changed(e, names, vars, own); name != "" {
			problems = append(problems, fmt.Sprintf("%s: %s is changed: no state at package level", s.at(at), name))
		}
	}
	for _, d := range f.ast.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		ast.Inspect(fn, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, e := range n.Lhs {
					if n.Tok != token.DEFINE {
						flag(n, e)
					}
				}
			case *ast.IncDecStmt:
				flag(n, n.X)
			case *ast.SendStmt:
				flag(n, n.Chan)
			case *ast.CallExpr:
				if id, ok := n.Fun.(*ast.Ident); ok && (id.Name == "delete" || id.Name == "clear") && len(n.Args) > 0 {
					flag(n, n.Args[0])
				}
			}
			return true
		})
	}
	return problems
}

// changed names the package-level variable at the root of an assigned expression, "" when it is a local one.
func changed(e ast.Expr, names map[string]string, vars map[string]bool, own map[*ast.ValueSpec]bool) string {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return changed(e.X, names, vars, own)
	case *ast.StarExpr:
		return changed(e.X, names, vars, own)
	case *ast.IndexExpr:
		return changed(e.X, names, vars, own)
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok && x.Obj == nil && under(names[x.Name], module) {
			return x.Name + "." + e.Sel.Name
		}
		return changed(e.X, names, vars, own)
	case *ast.Ident:
		if !vars[e.Name] {
			return ""
		}
		if e.Obj != nil {
			spec, ok := e.Obj.Decl.(*ast.ValueSpec)
			if !ok || !own[spec] {
				return ""
			}
		}
		return e.Name
	}
	return ""
}

func TestHabits(t *testing.T) {
	t.Parallel()
	s := actual(t)
	report(t, checkTime(s))
	report(t, checkEngine(s))
	report(t, checkPackageComments(s))
	report(t, checkTodo(s))
	report(t, checkState(s))
}

func TestTimeCheck(t *testing.T) {
	t.Parallel()
	code := func(pkg string) string {
		return "package " + pkg + "\nimport (\"context\"; clk \"time\")\nfunc f() { _ = clk.Now(); _ = context.Background(); _ = clk.Second }"
	}
	want(t, checkTime(memory(t, map[string]string{
		"internal/base/clock/a.go":         code("clock"),
		"cmd/wakebell/a.go":                code("main"),
		"internal/decide/duty/a_test.go":   code("duty"),
		"internal/decide/duty/a.go":        code("duty"),
		"internal/decide/incident/a.go":    "package incident\nfunc f(time struct{ Now func() }) { time.Now() }",
		"internal/decide/incident/time.go": "package incident\nimport . \"time\"\nvar x = Now()",
	})), "time.Now only", "context.Background only", "no dot import")
}

func TestEngineCheck(t *testing.T) {
	t.Parallel()
	code := "package p\nimport \"" + module + "/internal/base/who\"\nvar x = who.Engine(\"duty\")"
	want(t, checkEngine(memory(t, map[string]string{
		"internal/decide/duty/a.go": code, "internal/api/a.go": code, "internal/web/now/a.go": code,
	})), "internal/api/a.go", "internal/web/now/a.go")
}

func TestCommentsCheck(t *testing.T) {
	t.Parallel()
	s := memory(t, map[string]string{
		"a/a.go":      "// Package a says what it is and which sentence of a policy it carries out.\npackage a",
		"a/b.go":      "package a\n// TO" + "DO: later",
		"b/b.go":      "// Package b.\npackage b",
		"c/c_test.go": "package c",
	})
	want(t, checkPackageComments(s), "b: a package says")
	want(t, checkTodo(s), "a/b.go:2")
}

func TestStateCheck(t *testing.T) {
	t.Parallel()
	want(t, checkState(memory(t, map[string]string{
		"a/a.go": `package a
import "sync"
var table = map[string]int{"a": 1}
var seen = map[string]bool{}
var count int
var mu sync.Mutex
var once = sync.OnceValue(func() int { return 1 })
var pool sync.Pool
func init() {}
type T struct{}
func (T) init() {}
func f() int { count++; seen := map[string]bool{}; seen["x"] = true; return table["a"] }
func g(table map[string]int) { table["b"] = 2; other.count = 1 }
var other struct{ count int }
`,
		"a/b.go":                   "package a\nimport \"" + module + "/internal/base/fault\"\nfunc h() { seen[\"y\"] = true; delete(table, \"a\"); fault.Kinds = nil }",
		"internal/base/ident/a.go": "package ident\nimport \"sync\"\nvar mu sync.Mutex",
	})), "no init functions", "a/a.go:6: no state", "count is changed", "other is changed", "seen is changed", "table is changed", "fault.Kinds is changed")
}
