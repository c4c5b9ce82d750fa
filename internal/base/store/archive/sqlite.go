package archive

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"modernc.org/sqlite"

	"github.com/wakebell/wakebell/internal/base/clock"
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
// opening brings the log back. A connection that is just being closed is waited
// for: the engine itself does not wait here.
func settle(ctx context.Context, clk *clock.Clock, path string) error {
	for try := 0; ; try++ {
		err := settleOnce(ctx, path)
		e, ok := errors.AsType[*sqlite.Error](err)
		switch {
		case err == nil:
			return nil
		case !ok || e.Code()&0xff != codeBusy && e.Code()&0xff != codeLocked:
			return fmt.Errorf("settle the database %s: %w", path, err)
		case try == settleTries:
			return fault.Wrap(fault.Conflict, err, "Another process reads the database "+path+" (a backup or a verification?): wait for it, then restore again")
		}
		if err := clk.Sleep(ctx, settlePause); err != nil {
			return err
		}
	}
}

const (
	settleTries = 40
	settlePause = 50 * time.Millisecond
)

func settleOnce(ctx context.Context, path string) error {
	u := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: url.Values{
		"mode": {"rw"}, "_pragma": {"synchronous(FULL)"},
	}.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return err
	}
	defer db.Close()
	var mode string
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode=DELETE").Scan(&mode); err != nil {
		return err
	}
	if mode != "delete" {
		return fmt.Errorf("the journal mode is still %q", mode)
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
