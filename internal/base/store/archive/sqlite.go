package archive

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"

	"modernc.org/sqlite"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// Primary result codes of SQLite (sqlite.org/rescode.html).
const (
	codeBusy    = 5
	codeLocked  = 6
	codeCorrupt = 11
	codeNotADB  = 26
)

// settle takes the write-ahead log back into a database file, so that the file
// alone is the database, and proves that no other process has it open. The next
// opening brings the log back.
func settle(ctx context.Context, path string) error {
	u := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: url.Values{
		"mode": {"rw"}, "_pragma": {"busy_timeout(5000)", "synchronous(FULL)"},
	}.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	var mode string
	err = db.QueryRowContext(ctx, "PRAGMA journal_mode=DELETE").Scan(&mode)
	if e, ok := errors.AsType[*sqlite.Error](err); ok && (e.Code()&0xff == codeBusy || e.Code()&0xff == codeLocked) {
		return fault.Wrap(fault.Conflict, err, "Another process reads the database "+path+" (a backup or a verification?): wait for it, then restore again")
	}
	if err == nil && mode != "delete" {
		err = fmt.Errorf("the journal mode is still %q", mode)
	}
	if err != nil {
		return fmt.Errorf("settle the database %s: %w", path, err)
	}
	return db.Close()
}

// unreadable says whether a database is too damaged to be opened.
func unreadable(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code()&0xff == codeCorrupt || e.Code()&0xff == codeNotADB)
}

// duplicate gives a file a second name, or copies it where the file system has
// no links.
func duplicate(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Sync()
}
