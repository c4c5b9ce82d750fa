package archive_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/archive"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
)

// options describe a ledger without a checkpoint: what signs it belongs to others.
func options() archive.Options {
	return archive.Options{Version: "1.2.3", Clock: clock.System(), Ledger: func(context.Context, *store.View) (archive.Ledger, []byte, error) {
		return archive.Ledger{Origin: "test+1", State: archive.None}, nil, nil
	}}
}

func write(t testing.TB, db *store.DB, q string, args ...any) {
	t.Helper()
	if _, err := db.Write(t.Context(), store.Op{Name: "test"}, func(tx *store.Tx) error { _, err := tx.Exec(q, args...); return err }); err != nil {
		t.Fatal(err)
	}
}

const (
	putKey   = "INSERT INTO idempotency (actor, op, idem_key, body, result, secret, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
	putEntry = "INSERT INTO ledger_entry (seq, id, kind, subject, actor, at, known_at, recorded_at, facts, facts_salt, private, private_salt) VALUES (?, ?, 'k/1', 's', 'a', ?, ?, 0, ?, ?, ?, ?)"
)

// content fills tables with what engines are known to bend.
func content(t testing.TB, db *store.DB) {
	t.Helper()
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	write(t, db, putKey, "ä", "Ω\u2028<&>\"\\\t\n", "z", all, "", 0, int64(math.MaxInt64))
	write(t, db, putKey, "a", "", "", []byte{}, "NULL", 1, int64(math.MinInt64))
	write(t, db, putEntry, 1, "e1", int64(1)<<53+1, -1, []byte("{}"), []byte{0}, nil, nil)
	write(t, db, putEntry, 2, "e2", 0, 0, []byte{}, []byte{}, []byte{}, []byte(`{"b64":"no"}`))
	_, err := db.Write(t.Context(), store.Op{Name: "test"}, func(tx *store.Tx) error {
		for i := range 2100 { // more than one chunk
			if _, err := tx.Exec("INSERT INTO token_use (token, used_at) VALUES (?, ?)", fmt.Sprint("t", i), i); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func backup(t testing.TB, db *store.DB) (string, archive.Manifest) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "wakebell.backup")
	m, err := archive.Write(t.Context(), db, file, options())
	if err != nil {
		t.Fatal(err)
	}
	return file, m
}

func openArchive(t testing.TB, file string) *archive.Archive {
	t.Helper()
	a, err := archive.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

func target(cfg store.Config) archive.Target {
	return archive.Target{
		Dir: cfg.Dir, URL: cfg.URL, Clock: clock.System(), KeyFile: "ledger.key", Files: []string{"checkpoint.txt"},
		Fill: func(context.Context, *store.DB, string) error { return nil },
	}
}

func TestEveryTableIsDeclaredAndNoneCounts(t *testing.T) {
	t.Parallel()
	var names [2][]string
	for i, e := range storetest.Engines {
		tables, err := archive.Tables(e)
		if err != nil {
			t.Fatal(err)
		}
		declared := map[string]bool{}
		for _, tab := range tables {
			declared[tab.Name] = true
			if archive.Kept(tab) {
				names[i] = append(names[i], tab.Name+" "+tab.Class+" "+tab.Owner)
			}
		}
		db := storetest.Open(t, e)
		q := "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'search_word_%'"
		if e == store.Postgres {
			q = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
			var sequences int
			if err := db.QueryRow(t.Context(), "SELECT COUNT(*) FROM pg_class WHERE relkind = 'S'").Scan(&sequences); err != nil || sequences != 0 {
				t.Errorf("%d sequences, which an archive does not hold, %v", sequences, err)
			}
		}
		rows, err := db.Query(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				t.Fatal(err)
			}
			if !declared[name] {
				t.Errorf("%s: table %s is not declared in a migration", e, name)
			}
		}
	}
	if d := cmp.Diff(names[0], names[1]); d != "" || len(names[0]) < 10 {
		t.Errorf("the engines keep different tables: %s", d)
	}
	for _, n := range names[0] {
		for _, not := range []string{"schema_version", "store_mark", "search_", "projection", "incident "} {
			if strings.HasPrefix(n, not) || strings.Contains(n, " "+not) {
				t.Errorf("%s is kept", n)
			}
		}
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, from := range storetest.Engines {
		for _, to := range storetest.Engines {
			t.Run(string(from)+"_to_"+string(to), func(t *testing.T) {
				t.Parallel()
				db := storetest.Open(t, from)
				content(t, db)
				file, want := backup(t, db)
				cfg := storetest.Empty(t, to)
				kept, err := openArchive(t, file).Restore(t.Context(), target(cfg))
				if err != nil || kept != "" {
					t.Fatalf("kept %q, %v", kept, err)
				}
				back := storetest.OpenConfig(t, cfg)
				_, got := backup(t, back)
				if d := cmp.Diff(want.Tables, got.Tables); d != "" {
					t.Errorf("the tables differ: %s", d)
				}
				if got.Engine != to || want.Engine != from || want.Rows() != 2104 || want.Version != "1.2.3" {
					t.Errorf("manifests %+v %+v", want.Engine, got.Engine)
				}
				var null, empty int
				if err := back.QueryRow(t.Context(), "SELECT COUNT(*), COUNT(private) FROM ledger_entry").Scan(&null, &empty); err != nil || null != 2 || empty != 1 {
					t.Errorf("NULL and empty bytes: %d %d, %v", null, empty, err)
				}
				noTrace(t, cfg)
			})
		}
	}
}

// noTrace wants no half-made copy beside the data.
func noTrace(t testing.TB, cfg store.Config) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(cfg.Dir, "restoring-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if cfg.URL == "" {
		return
	}
	db, err := store.OpenSnapshot(t.Context(), cfg)
	if fault.KindOf(err) == fault.NotFound {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var n int
	if err := db.QueryRow(t.Context(), "SELECT COUNT(*) FROM pg_namespace WHERE nspname LIKE 'wakebell_restoring_%'").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d schemas are left, %v", n, err)
	}
}

func TestTestClockComesBack(t *testing.T) {
	t.Parallel()
	cfg := storetest.Empty(t, store.SQLite)
	cfg.TestClock = true
	db := storetest.OpenConfig(t, cfg)
	if _, err := db.Write(t.Context(), store.Op{Name: "test"}, func(tx *store.Tx) error { return tx.SetClockOffset(72e9) }); err != nil {
		t.Fatal(err)
	}
	file, _ := backup(t, db)
	for _, e := range storetest.Engines {
		to := storetest.Empty(t, e)
		if _, err := openArchive(t, file).Restore(t.Context(), target(to)); err != nil {
			t.Fatal(err)
		}
		to.TestClock = true
		if off, err := storetest.OpenConfig(t, to).ClockOffset(t.Context()); err != nil || off != 72e9 {
			t.Errorf("%s: offset %v, %v", e, off, err)
		}
	}
}

func TestRowsComeBackExactly(t *testing.T) {
	t.Parallel()
	cols := []archive.Column{{Name: "i", Type: archive.Integer}, {Name: "t", Type: archive.Text}, {Name: "b", Type: archive.Bytes}, {Name: "n", Type: archive.Text}}
	rapid.Check(t, func(t *rapid.T) {
		vals := []any{rapid.Int64().Draw(t, "i"), rapid.String().Draw(t, "t"), rapid.SliceOf(rapid.Byte()).Draw(t, "b"), nil}
		line, back, err := archive.RoundTrip(cols, vals)
		if err != nil {
			t.Fatal(err)
		}
		if vals[2].([]byte) == nil {
			vals[2] = []byte{}
		}
		if d := cmp.Diff(vals, back); d != "" || back[2].([]byte) == nil || strings.Count(line, "\n") != 1 {
			t.Fatalf("%q: %s", line, d)
		}
	})
	// An engine's other form of text and bytes becomes the column's.
	line, _, err := archive.RoundTrip(cols, []any{nil, []byte("text"), "bytes", nil})
	if err != nil || line != "[null,\"text\",{\"b64\":\"Ynl0ZXM=\"},null]\n" {
		t.Errorf("%q, %v", line, err)
	}
	for _, bad := range [][]any{{"1", "", nil, nil}, {nil, int64(1), nil, nil}, {nil, "\xff", nil, nil}, {1.5, "", nil, nil}, {nil, "", int64(1), nil}} {
		if line, _, err := archive.RoundTrip(cols, bad); err == nil {
			t.Errorf("%v is kept as %q", bad, line)
		}
	}
	for _, bad := range []string{"", "{}", "[1]", `["1","",null,null]`, `[1.0,"",null,null]`, `[1,2,null,null]`, `[1,"","Ynl0",null]`, `[1,"",{},null]`, `[1,"",{"b64":"!"},null]`, `[9223372036854775808,"",null,null]`} {
		if vals, err := archive.ReadRow(cols, bad); err == nil {
			t.Errorf("%s is read as %v", bad, vals)
		}
	}
}

// edit copies an archive; change gets each file and returns nil to leave it out.
func edit(t testing.TB, file string, change func(name string, text []byte) []byte) string {
	t.Helper()
	in, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out := filepath.Join(t.TempDir(), "edited")
	f, err := os.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for _, e := range in.File {
		r, err := e.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if text = change(e.Name, text); text == nil {
			continue
		}
		w, err := z.Create(e.Name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(text)
	}
	if err := errors.Join(z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return out
}

func editManifest(t testing.TB, file string, change func(m *archive.Manifest)) string {
	t.Helper()
	return edit(t, file, func(name string, text []byte) []byte {
		if name != "manifest.json" {
			return text
		}
		var m archive.Manifest
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		change(&m)
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return text
	})
}

func TestDamageIsFound(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		write(t, db, putKey, "a", "b", "c", []byte{1}, "r", 0, 1)
		write(t, db, putKey, "b", "b", "c", []byte{1}, "r", 0, 1)
		file, _ := backup(t, db)
		const table = "tables/idempotency.ndjson"
		on := func(target string, fn func([]byte) []byte) func(string, []byte) []byte {
			return func(name string, text []byte) []byte {
				if name == target {
					return fn(text)
				}
				return text
			}
		}
		m := func(change func(m *archive.Manifest)) string { return editManifest(t, file, change) }
		cases := map[string]struct {
			file, says string
			kind       fault.Kind
		}{
			"one byte": {edit(t, file, on(table, func(b []byte) []byte { b[2]++; return b })), table + " does not have the hash", fault.Invalid},
			"a row":    {edit(t, file, on(table, func(b []byte) []byte { return b[:bytes.IndexByte(b, '\n')+1] })), table + " holds 1 rows", fault.Invalid},
			"more":     {edit(t, file, on(table, func(b []byte) []byte { return append(b, b...) })), table + " is not as", fault.Invalid},
			"no end":   {edit(t, file, on(table, func(b []byte) []byte { return b[:len(b)-1] })), table + " is not as", fault.Invalid},
			"no file":  {edit(t, file, on(table, func([]byte) []byte { return nil })), table + " is missing", fault.Invalid},
			"manifest": {edit(t, file, on("manifest.json", func([]byte) []byte { return nil })), "manifest.json is missing", fault.Invalid},
			"no JSON":  {edit(t, file, on("manifest.json", func([]byte) []byte { return []byte("{") })), "manifest.json cannot be read", fault.Invalid},
			"format":   {m(func(m *archive.Manifest) { m.Format = "wakebell-backup/2" }), "wakebell-backup/2", fault.Invalid},
			"engine":   {m(func(m *archive.Manifest) { m.Engine = "oracle" }), "oracle", fault.Invalid},
			"a table":  {m(func(m *archive.Manifest) { m.Tables = m.Tables[1:] }), "is missing", fault.Invalid},
			"a foreign table": {m(func(m *archive.Manifest) {
				m.Tables = append(m.Tables, archive.Content{Name: "incident"})
			}), "incident does not belong", fault.Invalid},
			"newer":       {m(func(m *archive.Manifest) { m.Schema = append(m.Schema, archive.Step{Name: "9999_later"}) }), "newer than this program", fault.Conflict},
			"older":       {m(func(m *archive.Manifest) { m.Schema = m.Schema[:len(m.Schema)-1] }), "older than this program", fault.Conflict},
			"other":       {m(func(m *archive.Manifest) { m.Schema[1].SHA256 = "0" }), "is not the one of this program", fault.Conflict},
			"a claim":     {m(func(m *archive.Manifest) { m.Ledger.State = archive.Signed }), "checkpoint.txt is missing", fault.Invalid},
			"not a state": {m(func(m *archive.Manifest) { m.Ledger.State = "x" }), "checkpoint.txt is missing", fault.Invalid},
		}
		for name, c := range cases {
			a, err := archive.Open(c.file)
			if err == nil {
				a.Close()
			}
			if msg, _ := fault.MessageOf(err); fault.KindOf(err) != c.kind || !strings.Contains(msg, c.says) {
				t.Errorf("%s: %v", name, err)
			}
		}
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{0, 1, len(whole) / 2, len(whole) - 1} {
			cut := filepath.Join(t.TempDir(), "cut")
			os.WriteFile(cut, whole[:n], 0o600)
			if _, err := archive.Open(cut); fault.KindOf(err) != fault.Invalid {
				t.Errorf("cut to %d bytes: %v", n, err)
			}
		}
		if _, err := archive.Open(file + ".not"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("no file: %v", err)
		}
	})
}

func TestColumnsMustBeThoseOfTheProgram(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, store.SQLite)
	write(t, db, putKey, "a", "b", "c", []byte{1}, "r", 0, 1)
	file, _ := backup(t, db)
	file = editManifest(t, file, func(m *archive.Manifest) {
		for i := range m.Tables {
			if m.Tables[i].Name == "idempotency" {
				m.Tables[i].Columns[0].Name = "x); DROP TABLE person; --"
			}
		}
	})
	cfg := storetest.Empty(t, store.SQLite)
	if _, err := openArchive(t, file).Restore(t.Context(), target(cfg)); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(cfg.Dir, "wakebell.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a database was made: %v", err)
	}
}

// full is a disk with n bytes left.
type full struct {
	io.Writer
	n int
}

func (f *full) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, &os.PathError{Op: "write", Path: "backup", Err: syscall.ENOSPC}
	}
	return f.Writer.Write(p)
}

func TestWriteLeavesAllOrNothing(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		write(t, db, putKey, "a", "b", "c", bytes.Repeat([]byte{1, 2, 3, 255}, 1<<16), "r", 0, 1)
		dir := t.TempDir()
		file := filepath.Join(dir, "b")
		for _, n := range []int{0, 1000, 3000} {
			opts := options()
			opts.Wrap(func(w io.Writer) io.Writer { return &full{w, n} })
			_, err := archive.Write(t.Context(), db, file, opts)
			if msg, _ := fault.MessageOf(err); fault.KindOf(err) != fault.Unavailable || !strings.Contains(msg, "full") {
				t.Errorf("%d bytes: %v", n, err)
			}
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := archive.Write(gone, db, file, options()); err == nil {
			t.Error("a cancelled backup was made")
		}
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
		if _, err := archive.Write(t.Context(), db, filepath.Join(dir, "no", "b"), options()); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("no folder: %v", err)
		}
		if _, err := archive.Write(t.Context(), db, file, options()); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(file)
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
		before, _ := os.ReadFile(file)
		if _, err := archive.Write(t.Context(), db, file, options()); fault.KindOf(err) != fault.Conflict {
			t.Errorf("over an existing file: %v", err)
		}
		after, _ := os.ReadFile(file)
		if left, _ := os.ReadDir(dir); !bytes.Equal(before, after) || len(left) != 1 {
			t.Errorf("the file was changed, or something is left: %v", left)
		}
	})
}

// TestOneSnapshot backs up while somebody writes two tables together, and beside
// the server's own connection.
func TestOneSnapshot(t *testing.T) {
	t.Parallel()
	for _, e := range storetest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			cfg := storetest.Fresh(t, e)
			db := storetest.OpenConfig(t, cfg)
			stop, done := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(done)
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					db.Write(context.WithoutCancel(t.Context()), store.Op{Name: "test"}, func(tx *store.Tx) error {
						_, err := tx.Exec("INSERT INTO token_use (token, used_at) VALUES (?, 0)", fmt.Sprint(i))
						_, err2 := tx.Exec(putKey, fmt.Sprint(i), "b", "c", []byte{1}, "r", 0, 1)
						return errors.Join(err, err2)
					})
				}
			}()
			beside, err := store.OpenSnapshot(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer beside.Close()
			var last int64
			for range 20 {
				_, m := backup(t, beside)
				rows := map[string]int64{}
				for _, c := range m.Tables {
					rows[c.Name] = c.Rows
				}
				if rows["token_use"] != rows["idempotency"] || rows["token_use"] < last {
					t.Fatalf("not one snapshot: %v", rows)
				}
				last = rows["token_use"]
			}
			close(stop)
			<-done
			if last == 0 {
				t.Error("nothing was written meanwhile")
			}
		})
	}
}
