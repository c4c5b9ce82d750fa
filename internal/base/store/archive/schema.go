package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"sort"
	"strings"

	"github.com/wakebell/wakebell/internal/base/store"
)

// Table is a table as its migration declares it.
type Table struct {
	Name  string
	Class string // projection, reference or operational
	Owner string // folder of the package that writes it
}

var declaration = regexp.MustCompile(`(?m)^--\s*table\s+(\w+):\s*(\w+)\s+\(owner ([\w/]+)\)`)

// Tables reads the declarations of all migrations, by name.
func Tables(e store.Engine) ([]Table, error) {
	var list []Table
	seen := map[string]int{}
	err := eachStep(e, func(_ string, text []byte) {
		for _, m := range declaration.FindAllSubmatch(text, -1) {
			t := Table{string(m[1]), string(m[2]), string(m[3])}
			if i, again := seen[t.Name]; again {
				list[i] = t
				continue
			}
			seen[t.Name] = len(list)
			list = append(list, t)
		}
	})
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list, err
}

// kept says whether a table stands in an archive. Projections and search tables
// are made again from the ledger; the store's own two stand in the manifest.
func (t Table) kept() bool {
	return t.Class != "projection" && t.Owner != "internal/base/search" && t.Name != "schema_version" && t.Name != "store_mark"
}

// schemaOf returns the migrations of this program for an engine.
func schemaOf(e store.Engine) ([]Step, error) {
	var steps []Step
	err := eachStep(e, func(name string, text []byte) {
		sum := sha256.Sum256(text)
		steps = append(steps, Step{name, hex.EncodeToString(sum[:])})
	})
	return steps, err
}

func eachStep(e store.Engine, fn func(name string, text []byte)) error {
	all, err := store.Migrations()
	if err != nil {
		return err
	}
	files, err := fs.Glob(all, string(e)+"/*.sql") // in order of their numbers
	if err != nil || len(files) == 0 {
		return fmt.Errorf("archive: no migrations for the engine %q", e)
	}
	for _, f := range files {
		text, err := fs.ReadFile(all, f)
		if err != nil {
			return err
		}
		fn(strings.TrimSuffix(path.Base(f), ".sql"), text)
	}
	return nil
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// names of the engines' types in the portable subset.
var typeNames = map[string]Type{
	"INTEGER": Integer, "TEXT": Text, "BLOB": Bytes,
	"bigint": Integer, "text": Text, "bytea": Bytes,
}

const (
	formSQLite = "SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid"
	// An index's list of columns counts from 0.
	formPostgres = "SELECT a.attname, format_type(a.atttypid, NULL)," +
		" COALESCE((SELECT array_position(i.indkey::int2[], a.attnum) + 1 FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary), 0)" +
		" FROM pg_attribute a WHERE a.attrelid = to_regclass(?) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
)

// form is a table's columns and the names of its primary key, in key order.
// Without columns the table does not exist.
type form struct {
	cols []Column
	keys []string
}

func formOf(ctx context.Context, r store.Reader, e store.Engine, name string) (form, error) {
	q, arg := formSQLite, name
	if e == store.Postgres {
		q, arg = formPostgres, quote(name)
	}
	rows, err := r.Query(ctx, q, arg)
	if err != nil {
		return form{}, fmt.Errorf("read the form of table %s: %w", name, err)
	}
	defer rows.Close()
	var f form
	type key struct {
		at   int
		name string
	}
	var keys []key
	for rows.Next() {
		var col, engineType string
		var pk int
		if err := rows.Scan(&col, &engineType, &pk); err != nil {
			return form{}, fmt.Errorf("read the form of table %s: %w", name, err)
		}
		typ, ok := typeNames[engineType]
		if !ok {
			return form{}, fmt.Errorf("table %s: column %s has the type %q, which an archive cannot hold", name, col, engineType)
		}
		f.cols = append(f.cols, Column{col, typ})
		if pk > 0 {
			keys = append(keys, key{pk, col})
		}
	}
	if err := rows.Err(); err != nil {
		return form{}, fmt.Errorf("read the form of table %s: %w", name, err)
	}
	if len(f.cols) > 0 && len(keys) == 0 {
		return form{}, fmt.Errorf("table %s has no primary key", name)
	}
	sort.Slice(keys, func(i, j int) bool { return keys[i].at < keys[j].at })
	for _, k := range keys {
		f.keys = append(f.keys, k.name)
	}
	return f, nil
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = quote(n)
	}
	return strings.Join(out, ", ")
}

func columnNames(cols []Column) []string {
	out := make([]string, len(cols))
	for i, c := range cols {
		out[i] = c.Name
	}
	return out
}
