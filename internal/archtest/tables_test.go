package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const migrations = "internal/base/store/migration"

// table is one declaration: -- table NAME: class (owner internal/…), right above its CREATE TABLE.
type table struct {
	class, owner string
}

var (
	declaration = regexp.MustCompile(`^--\s*table\s+(\w+):\s*(projection|reference|operational|ledger)\s+\(owner (internal/[\w/]+)\)`)
	createTable = regexp.MustCompile(`(?i)\bCREATE\s+(?:(?:VIRTUAL|UNLOGGED|TEMP|TEMPORARY)\s+)*TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?["\x60]?(\w+|%|\x00|$)`)
	writes      = regexp.MustCompile(`(?i)\b(INSERT\s+(?:OR\s+\w+\s+)?INTO|REPLACE\s+INTO|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?)\s+(?:ONLY\s+)?["\x60]?(\w+|%|\x00|$)`)
	updates     = regexp.MustCompile(`(?i)\b(UPDATE)\s+(?:OR\s+\w+\s+)?(?:ONLY\s+)?["\x60]?(\w+|%\w+|\x00)["\x60]?(?:\s+(?:AS\s+)?\w+)?\s+SET\b`)
)

// choosesTables may write to a table whose name is only known when it runs: migrations, copies and rebuilds.
var choosesTables = []string{"internal/base/store", "internal/base/record"}

// checkDeclarations reads the migrations of both engines.
func checkDeclarations(s *source) (map[string]table, []string) {
	tables := map[string]table{}
	var problems []string
	for _, name := range sortedKeys(s.raw) {
		if !under(name, migrations) || !strings.HasSuffix(name, ".sql") {
			continue
		}
		comment := ""
		for i, line := range strings.Split(string(s.raw[name]), "\n") {
			trimmed := strings.TrimSpace(line)
			if strings.HasPrefix(trimmed, "--") {
				if declaration.MatchString(trimmed) || comment == "" {
					comment = trimmed
				}
				continue
			}
			m := createTable.FindStringSubmatch(trimmed)
			if m == nil {
				if trimmed != "" {
					comment = ""
				}
				continue
			}
			place := fmt.Sprintf("%s:%d", name, i+1)
			problems = append(problems, declare(tables, s, place, m[1], comment)...)
			comment = ""
		}
	}
	return tables, problems
}

func declare(tables map[string]table, s *source, place, name, comment string) []string {
	d := declaration.FindStringSubmatch(comment)
	if d == nil || d[1] != name {
		return []string{fmt.Sprintf("%s: table %s is created without '-- table %s: projection|reference|operational (owner internal/…)' above it", place, name, name)}
	}
	t := table{class: d[2], owner: d[3]}
	if t.class == "ledger" && t.owner != "internal/base/record" {
		return []string{place + ": only base/record keeps the ledger"}
	}
	if before, twice := tables[name]; twice && before != t {
		return []string{fmt.Sprintf("%s: table %s is %v here and %v elsewhere", place, name, t, before)}
	}
	tables[name] = t
	for _, f := range s.production() {
		if f.dir == t.owner {
			return nil
		}
	}
	return []string{fmt.Sprintf("%s: the owner of table %s, %s, has no code", place, name, t.owner)}
}

// checkWriters finds every statement that changes a table, in the string literals of the product.
func checkWriters(s *source, tables map[string]table) []string {
	var problems []string
	for _, f := range s.production() {
		seen := map[ast.Node]bool{}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			e, ok := n.(ast.Expr)
			if !ok || seen[n] {
				return true
			}
			text, found := sqlText(e, seen)
			if found {
				for _, why := range wrongWrites(f.dir, text, tables) {
					problems = append(problems, s.at(e)+": "+why)
				}
			}
			return true
		})
	}
	return problems
}

// sqlText joins a literal or a concatenation; what is not a literal becomes a NUL.
func sqlText(e ast.Expr, seen map[ast.Node]bool) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		seen[e] = true
		if e.Kind != token.STRING {
			return "\x00", false
		}
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.ParenExpr:
		return sqlText(e.X, seen)
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "\x00", false
		}
		seen[e] = true
		left, a := sqlText(e.X, seen)
		right, b := sqlText(e.Y, seen)
		return left + right, a || b
	}
	return "\x00", false
}

func wrongWrites(dir, text string, tables map[string]table) []string {
	var problems []string
	for _, m := range append(writes.FindAllStringSubmatch(text, -1), updates.FindAllStringSubmatch(text, -1)...) {
		verb, name := m[1], m[2]
		plain := name != "" && name != "\x00" && !strings.HasPrefix(name, "%")
		t, known := tables[name]
		sql := strings.ToUpper(verb) == verb // in prose "delete from the list" is no statement
		switch {
		case strings.EqualFold(name, "SET"): // ON CONFLICT … DO UPDATE SET
		case !plain && sql && !underAny(dir, choosesTables...):
			problems = append(problems, verb+" must be followed by the name of the table in plain text")
		case plain && !known && sql:
			problems = append(problems, fmt.Sprintf("%s %s: no migration declares this table", verb, name))
		case known && !under(dir, t.owner):
			problems = append(problems, fmt.Sprintf("%s %s: only %s writes this table", verb, name, t.owner))
		}
	}
	for _, m := range createTable.FindAllStringSubmatch(text, -1) {
		if !underAny(dir, choosesTables...) {
			problems = append(problems, "CREATE TABLE "+m[1]+": tables are made by migrations")
		}
	}
	return problems
}

// checkMigrations wants the same steps for both engines.
func checkMigrations(s *source) []string {
	numbered := regexp.MustCompile(`^(\d{4})_[a-z0-9_]+\.sql$`)
	engines := map[string]map[string]bool{"sqlite": {}, "postgres": {}}
	var problems []string
	for name := range s.raw {
		if !under(name, migrations) {
			continue
		}
		engine := path.Base(path.Dir(name))
		steps, ok := engines[engine]
		if !ok {
			if strings.HasSuffix(name, ".sql") {
				problems = append(problems, name+": a migration stands in sqlite or postgres")
			}
			continue
		}
		if !numbered.MatchString(path.Base(name)) {
			problems = append(problems, name+": want NNNN_name.sql")
			continue
		}
		steps[path.Base(name)] = true
	}
	for a, b := range map[string]string{"sqlite": "postgres", "postgres": "sqlite"} {
		for name := range engines[a] {
			if !engines[b][name] {
				problems = append(problems, fmt.Sprintf("%s/%s has no twin in %s", a, name, b))
			}
		}
	}
	last := ""
	for _, name := range sortedKeys(engines["sqlite"]) {
		number := name[:4]
		if number == last {
			problems = append(problems, "two migrations have the number "+number)
		}
		last = number
	}
	return problems
}

func TestOneWriterPerTable(t *testing.T) {
	t.Parallel()
	s := actual(t)
	tables, problems := checkDeclarations(s)
	report(t, problems)
	report(t, checkWriters(s, tables))
	report(t, checkMigrations(s))
	for _, name := range sortedKeys(tables) {
		t.Logf("%-24s %-12s %s", name, tables[name].class, tables[name].owner)
	}
}

func TestDeclarationsCheck(t *testing.T) {
	t.Parallel()
	tables, problems := checkDeclarations(memory(t, map[string]string{
		"internal/detect/intake/a.go": "package intake",
		"internal/base/who/a.go":      "package who",
		migrations + "/sqlite/0001_a.sql": "-- table signal: projection (owner internal/detect/intake)\nCREATE TABLE signal (\n id TEXT\n);\n" +
			"CREATE TABLE bare (id TEXT);\n" +
			"-- table other: projection (owner internal/detect/intake)\nCREATE TABLE IF NOT EXISTS wrong (id TEXT);\n" +
			"-- table words: operational (owner internal/base/search)\n-- a second line of explanation\nCREATE VIRTUAL TABLE words USING fts5(x);\n" +
			"-- table entry: ledger (owner internal/base/who)\nCREATE TABLE entry (id TEXT);\n",
		migrations + "/postgres/0001_a.sql": "-- table signal: reference (owner internal/detect/intake)\nCREATE TABLE signal (id TEXT);\n",
	}))
	want(t, problems, "table bare is created without", "table wrong is created without", "internal/base/search, has no code",
		"only base/record", "table signal is")
	if tables["words"].class != "operational" {
		t.Errorf("the declaration of words was not read: %v", tables)
	}
}

func TestWritersCheck(t *testing.T) {
	t.Parallel()
	tables := map[string]table{
		"signal": {class: "projection", owner: "internal/detect/intake"},
		"duty":   {class: "projection", owner: "internal/decide/duty"},
	}
	for _, c := range []struct {
		dir, code string
		says      []string
	}{
		{"internal/detect/intake", "`INSERT INTO signal (id) VALUES (?) ON CONFLICT (id) DO UPDATE SET id = ?`", nil},
		{"internal/detect/intake", "\"SELECT id FROM duty FOR UPDATE SKIP LOCKED\"", nil},
		{"internal/detect/intake", "\"update duty set x = 1\"", []string{"update duty"}},
		{"internal/detect/intake", "\"UPDATE duty AS d SET x = 1\"", []string{"UPDATE duty"}},
		{"internal/detect/intake", "\"INSERT OR REPLACE \" +\n\"INTO duty (id)\"", []string{"INTO duty: only"}},
		{"internal/detect/intake", "\"DELETE FROM duty WHERE id IN (\" + marks + \")\"", []string{"FROM duty: only"}},
		{"internal/detect/intake", "\"DELETE FROM \" + name", []string{"plain text"}},
		{"internal/detect/intake", "fmt.Sprintf(\"DELETE FROM %s\", name)", []string{"plain text"}},
		{"internal/base/record", "\"DELETE FROM \" + name", nil},
		{"internal/detect/intake", "\"REPLACE INTO nothing (id)\"", []string{"no migration declares"}},
		{"internal/detect/intake", "\"delete from the list\"", nil},
		{"internal/detect/intake", "\"CREATE TABLE signal (id TEXT)\"", []string{"made by migrations"}},
		{"internal/decide/duty", "`\n\tUPDATE duty\n\tSET x = 1`", nil},
	} {
		s := memory(t, map[string]string{c.dir + "/a.go": "package p\nfunc f(name, marks string) { g(" + c.code + ") }"})
		want(t, checkWriters(s, tables), c.says...)
	}
}

func TestMigrationsCheck(t *testing.T) {
	t.Parallel()
	want(t, checkMigrations(memory(t, map[string]string{
		migrations + "/sqlite/0001_a.sql":   "",
		migrations + "/postgres/0001_a.sql": "",
		migrations + "/sqlite/0002_b.sql":   "",
		migrations + "/postgres/0001_c.sql": "",
		migrations + "/postgres/last.sql":   "",
		migrations + "/oracle/0001_a.sql":   "",
	})), "sqlite/0002_b.sql has no twin", "postgres/0001_c.sql has no twin", "want NNNN", "stands in sqlite or postgres")
}
