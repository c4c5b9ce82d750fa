package sweep

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"
)

// database makes a file with n rows of a kilobyte.
func database(t *testing.T, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, q := range []string{
		"CREATE TABLE a (id INTEGER PRIMARY KEY, text TEXT, bytes BLOB, none TEXT, part REAL)",
		fmt.Sprintf("WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < %d) INSERT INTO a SELECT i, 'ü' || i, zeroblob(1000), NULL, i + 0.5 FROM c", n),
		"UPDATE a SET text = '', bytes = x'' WHERE id = 2", "UPDATE a SET id = -9223372036854775807 WHERE id = 3",
	} {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func open(t *testing.T, path string) *Conn {
	t.Helper()
	c, err := Open(t.Context(), "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestEach(t *testing.T) {
	t.Parallel()
	c := open(t, database(t, 3000))
	var got []string
	n := 0
	err := c.Each(t.Context(), "SELECT * FROM a ORDER BY id", func(row []Value) error {
		if n++; n > 3 {
			return nil
		}
		if row[2].Kind != Bytes || row[1].Kind != Bytes || row[0].Kind != Int || len(row[2].Bytes) > 0 && !bytes.Equal(row[2].Bytes, make([]byte, 1000)) {
			t.Errorf("row %d: %+v", n, row)
		}
		got = append(got, fmt.Sprintf("%d %s %d %d %d %s", row[0].Int, row[1].Bytes, len(row[2].Bytes), row[3].Kind, row[4].Kind, row[4].Bytes))
		return nil
	})
	want := "[-9223372036854775807 ü3 1000 0 3 3.5 1 ü1 1000 0 3 1.5 2  0 0 3 2.5]"
	if err != nil || n != 3000 || fmt.Sprint(got) != want {
		t.Errorf("%d rows, %v: %v", n, got, err)
	}
	boom := errors.New("boom")
	if err := c.Each(t.Context(), "SELECT * FROM a", func([]Value) error { return boom }); err != boom {
		t.Error(err)
	}
	if err := c.Each(t.Context(), "SELECT nonsense", nil); err == nil {
		t.Error("nonsense is read")
	}
	if err := c.Each(t.Context(), "DELETE FROM a", func([]Value) error { return nil }); err == nil {
		t.Error("a connection for reading writes")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Each(ctx, "SELECT * FROM a", func([]Value) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Error("a caller that left:", err)
	}
	if _, err := Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "none")+"?mode=ro"); err == nil {
		t.Error("a file that is not there is opened")
	}
}

// A file that is cut while it is read is an error and not the end of the process.
func TestFileIsCut(t *testing.T) {
	t.Parallel()
	path := database(t, 3000)
	c := open(t, path)
	n := 0
	err := c.Each(t.Context(), "SELECT * FROM a", func([]Value) error {
		if n++; n == 10 {
			return os.Truncate(path, 8192)
		}
		return nil
	})
	if err == nil || n == 3000 {
		t.Errorf("%d rows, %v", n, err)
	}
	if err := c.Each(t.Context(), "SELECT * FROM a", nil); err == nil {
		t.Error("is read on")
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a mistake of the caller is swallowed")
			}
		}()
		open(t, database(t, 1)).Each(t.Context(), "SELECT * FROM a", func([]Value) error { panic("mistake") })
	}()
}
