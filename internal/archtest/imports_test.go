package archtest

import (
	"fmt"
	"path"
	"strings"
	"testing"
)

// chapters in the order in which they may know each other: a chapter imports only chapters of a lower rank.
// respond and notify have the same rank, so neither knows the other.
var chapters = map[string]int{
	"rule": 1, "base": 2, "prepare": 3, "detect": 4, "decide": 5, "respond": 6, "notify": 6, "learn": 7,
}

// rooms are the folders that exist by plan. A folder that is not here fails: name it first.
var rooms = map[string]string{
	"rule":    "grading deadline regime",
	"base":    "store search job blob mail markup print who record clock fault ident spell",
	"prepare": "plan directory playbook",
	"detect":  "logbook sigma alert intake",
	"decide":  "triage incident assessment duty find",
	"respond": "escalation task evidence",
	"notify":  "notice register contact",
	"learn":   "review problem drill measure",
	"web":     "page now room desk find planbook contactbook book lawbook mailroom library lessons portal settings dist",
}

// siblings is the whole list of imports inside one chapter. An import that is not here fails.
var siblings = map[string]string{
	"rule/regime":       "rule/deadline",
	"base/clock":        "base/fault",
	"base/ident":        "base/clock",
	"base/store":        "base/clock base/fault base/ident",
	"base/record":       "base/store base/clock base/fault base/ident",
	"base/who":          "base/search base/record base/store base/clock base/fault base/ident",
	"base/job":          "base/who base/record base/store base/clock base/fault base/ident",
	"base/search":       "base/store base/clock base/fault",
	"base/blob":         "base/store base/clock base/fault base/ident",
	"base/mail":         "base/job base/who base/record base/store base/clock base/fault base/ident",
	"prepare/directory": "prepare/plan",
	"detect/alert":      "detect/intake",
	"decide/duty":       "decide/incident decide/assessment",
	"decide/assessment": "decide/incident",
	"decide/triage":     "decide/incident",
	"decide/find":       "decide/incident",
	"base/print":        "base/fault",
	"notify/contact":    "notify/notice",
}

var faces = []string{"internal/api", "internal/cli", "internal/web"}

// pure packages take values and give values: no clock, no context, no SQL, no net, no files.
var pure = []string{"ledger", "internal/rule", "internal/detect/sigma"}

var impure = []string{"context", "database/sql", "net", "os", "syscall", "log", "testing", module + "/internal/base"}

// drivers speak to a database; only base/store may.
var drivers = []string{"modernc.org/sqlite", "github.com/jackc/pgx", "github.com/mattn/go-sqlite3", "github.com/lib/pq"}

// speaksHTTP may import net/http: faces, app, the client, sign-in providers, and the outbound clients.
var speaksHTTP = []string{
	"internal/api", "internal/cli", "internal/web", "internal/app", "client", "cmd",
	"internal/base/who", "internal/base/blob", "internal/respond/escalation", "internal/notify/notice",
}

var makesHTML = []string{"internal/web", "internal/base/markup"}

func checkImports(s *source) []string {
	var problems []string
	for _, f := range s.production() {
		for _, p := range f.imports() {
			if why := forbidden(f.dir, p); why != "" {
				problems = append(problems, fmt.Sprintf("%s imports %s: %s", f.path, p, why))
			}
		}
	}
	return problems
}

func forbidden(from, p string) string {
	if why := forbiddenOutside(from, p); why != "" {
		return why
	}
	if !under(p, module) {
		return ""
	}
	to := strings.TrimPrefix(strings.TrimPrefix(p, module), "/")
	if strings.HasSuffix(to, "test") && to != from && !strings.HasSuffix(from, "test") {
		return path.Base(to) + " serves tests only"
	}
	switch {
	case under(from, "ledger"):
		if !under(to, "ledger") {
			return "the ledger stands alone: std and golang.org/x/mod/sumdb only"
		}
	case under(from, "client"):
		if !under(to, "client") {
			return "the client is public and knows only the wire"
		}
	case under(from, "cmd"):
		if !underAny(to, "internal/cli") {
			return "cmd imports cli and nothing else"
		}
	case under(from, "internal/archtest"):
		return "archtest reads source text, it imports none of it"
	case underAny(from, faces...):
		return forbiddenFace(from, to)
	case under(from, "internal/app"):
		if underAny(to, "internal/cli", "cmd", "client") {
			return "app lies below cli"
		}
	case under(from, "internal"):
		return forbiddenRoom(strings.TrimPrefix(from, "internal/"), to)
	}
	return ""
}

// forbiddenOutside checks imports of the standard library and of other modules.
func forbiddenOutside(from, p string) string {
	if underAny(from, pure...) && underAny(p, impure...) {
		return "a pure package has no clock, context, SQL, files or net"
	}
	if under(from, "ledger") && strings.Contains(strings.Split(p, "/")[0], ".") &&
		!under(p, module+"/ledger") && !under(p, "golang.org/x/mod/sumdb") {
		return "the ledger stands alone: std and golang.org/x/mod/sumdb only"
	}
	if underAny(p, drivers...) && !under(from, "internal/base/store") {
		return "SQL drivers only in base/store"
	}
	if under(p, "net/http") && !underAny(from, speaksHTTP...) {
		return "net/http only in faces, app, client, base/who and the outbound clients"
	}
	if (under(p, "html/template") || under(p, "github.com/a-h/templ")) && !underAny(from, makesHTML...) {
		return "HTML only in web and base/markup"
	}
	return ""
}

func forbiddenFace(from, to string) string {
	for _, face := range faces {
		if under(to, face) && !under(from, face) {
			return "a face imports no face"
		}
	}
	switch {
	case under(to, "internal/app") && !under(from, "internal/cli"):
		return "app lies above this face"
	case under(to, "client") && !under(from, "internal/cli"):
		return "only the CLI uses the client"
	case under(to, "internal/archtest") || under(to, "cmd"):
		return "not for import"
	}
	const web = "internal/web/"
	if strings.HasPrefix(from, web) && strings.HasPrefix(to, web) {
		a, b := first(strings.TrimPrefix(from, web)), first(strings.TrimPrefix(to, web))
		if a != b && b != "page" {
			return "a screen imports no screen"
		}
	}
	return ""
}

func forbiddenRoom(from, to string) string {
	if under(to, "ledger") {
		if first(from) == "rule" {
			return "rule imports nothing of the product"
		}
		return ""
	}
	if !under(to, "internal") {
		return "only the CLI uses what lies outside internal"
	}
	to = strings.TrimPrefix(to, "internal/")
	a, b := first(from), first(to)
	rank, known := chapters[b]
	switch {
	case !known:
		return "a room knows no face and no app"
	case a != b && rank >= chapters[a]:
		return fmt.Sprintf("%s may not know %s", a, b)
	case a != b || room(from) == room(to):
		return ""
	}
	for _, allowed := range strings.Fields(siblings[room(from)]) {
		if allowed == room(to) {
			return ""
		}
	}
	return "not on the list of sibling imports"
}

func checkFolders(s *source) []string {
	var problems []string
	seen := map[string]bool{}
	for _, f := range s.files {
		if seen[f.dir] || under(f.dir, "tools") {
			continue
		}
		seen[f.dir] = true
		top := first(f.dir)
		rest, inside := strings.CutPrefix(f.dir, "internal/")
		switch {
		case !inside && top != "cmd" && top != "ledger" && top != "client" && top != "tests" && f.dir != "examples":
			problems = append(problems, f.dir+": Go code stands in cmd, ledger, client, internal and tests, and embeds the files of examples")
		case inside && rooms[first(rest)] == "" && first(rest) != "api" && first(rest) != "cli" &&
			first(rest) != "app" && first(rest) != "archtest":
			problems = append(problems, f.dir+": unknown folder under internal")
		case inside && rooms[first(rest)] != "" && first(rest) != "web" && rest == first(rest):
			problems = append(problems, f.dir+": a chapter holds rooms, not code")
		case inside && rooms[first(rest)] != "" && rest != first(rest) &&
			!strings.Contains(" "+rooms[first(rest)]+" ", " "+path.Base(room(rest))+" "):
			problems = append(problems, f.dir+": unknown room, name it in archtest first")
		}
	}
	return problems
}

// checkMain holds cmd/wakebell/main.go under 30 lines.
func checkMain(s *source) []string {
	var problems []string
	for _, f := range s.production() {
		if under(f.dir, "cmd") && f.lines >= 30 {
			problems = append(problems, fmt.Sprintf("%s has %d lines: a main stays under 30", f.path, f.lines))
		}
	}
	return problems
}

func first(p string) string { return strings.SplitN(p, "/", 2)[0] }

// room cuts "base/store/storetest" to "base/store".
func room(p string) string {
	parts := strings.Split(p, "/")
	return strings.Join(parts[:min(2, len(parts))], "/")
}

func TestImports(t *testing.T) {
	t.Parallel()
	s := actual(t)
	report(t, checkImports(s))
	report(t, checkFolders(s))
	report(t, checkMain(s))
}

func TestImportsCheck(t *testing.T) {
	t.Parallel()
	const in = module + "/internal/"
	for _, c := range []struct{ from, imports, says string }{
		{"internal/rule/grading", "time", ""},
		{"internal/rule/grading", "context", "pure"},
		{"internal/rule/grading", in + "base/fault", "pure"},
		{"internal/rule/regime", in + "rule/deadline", ""},
		{"internal/rule/deadline", in + "rule/regime", "sibling"},
		{"internal/rule/deadline", module + "/ledger", "rule imports nothing"},
		{"internal/base/record", module + "/ledger", ""},
		{"internal/base/record", in + "base/store", ""},
		{"internal/base/store", in + "base/record", "sibling"},
		{"internal/base/store", in + "prepare/plan", "base may not know prepare"},
		{"internal/base/store/storetest", in + "base/store", ""},
		{"internal/base/record", in + "base/store/storetest", "tests only"},
		{"internal/prepare/directory", in + "prepare/plan", ""},
		{"internal/prepare/plan", in + "prepare/directory", "sibling"},
		{"internal/detect/alert", in + "detect/intake", ""},
		{"internal/detect/intake", in + "decide/incident", "detect may not know decide"},
		{"internal/decide/triage", in + "detect/intake", ""},
		{"internal/decide/triage", in + "decide/duty", "sibling"},
		{"internal/respond/escalation", in + "notify/register", "respond may not know notify"},
		{"internal/notify/register", in + "respond/escalation", "notify may not know respond"},
		{"internal/notify/register", in + "decide/duty", ""},
		{"internal/decide/duty", in + "app", "no face"},
		{"internal/decide/duty", in + "api", "no face"},
		{"internal/api", in + "cli", "no face"},
		{"internal/api", in + "app", "above"},
		{"internal/cli", in + "app", ""},
		{"internal/cli", module + "/client", ""},
		{"internal/web/room", in + "web/page", ""},
		{"internal/web/room", in + "web/desk", "screen"},
		{"internal/app", in + "api", ""},
		{"internal/app", in + "cli", "below"},
		{"cmd/wakebell", in + "cli", ""},
		{"cmd/wakebell", in + "base/store", "cmd imports cli"},
		{"client", in + "base/fault", "public"},
		{"ledger", "golang.org/x/mod/sumdb/tlog", ""},
		{"ledger", "golang.org/x/sync/errgroup", "stands alone"},
		{"ledger", "net", "pure"},
		{"internal/decide/incident", "modernc.org/sqlite", "drivers"},
		{"internal/base/store", "github.com/jackc/pgx/v5/stdlib", ""},
		{"internal/decide/incident", "net/http", "net/http only"},
		{"internal/respond/escalation", "net/http", ""},
		{"internal/notify/register", "html/template", "HTML only"},
	} {
		got := forbidden(c.from, c.imports)
		if (c.says == "") != (got == "") || !strings.Contains(got, c.says) {
			t.Errorf("%s imports %s: want %q, got %q", c.from, c.imports, c.says, got)
		}
	}
	s := memory(t, map[string]string{
		"internal/decide/incident/a.go":      "package incident\nimport _ \"modernc.org/sqlite\"",
		"internal/decide/incident/a_test.go": "package incident\nimport _ \"" + in + "respond/escalation\"",
	})
	want(t, checkImports(s), "SQL drivers only in base/store")
}

func TestFoldersCheck(t *testing.T) {
	t.Parallel()
	want(t, checkFolders(memory(t, map[string]string{
		"internal/base/util/a.go":            "package util",
		"internal/helper/a.go":               "package helper",
		"internal/decide/a.go":               "package decide",
		"pkg/x/a.go":                         "package x",
		"internal/base/store/storetest/a.go": "package storetest",
		"internal/api/a.go":                  "package api",
		"internal/web/a.go":                  "package web",
		"tests/script/a_test.go":             "package script",
		"cmd/wakebell/main.go":               "package main",
	})), "internal/base/util: unknown room", "internal/helper: unknown folder", "internal/decide: a chapter", "pkg/x: Go code")
	want(t, checkMain(memory(t, map[string]string{
		"cmd/wakebell/main.go": "package main\n" + strings.Repeat("\n", 30),
	})), "under 30")
}
