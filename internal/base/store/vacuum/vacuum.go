// Package vacuum copies a SQLite database that is in use. It serves base/store and must
// not import anything of the house.
package vacuum

import (
	"context"
	"database/sql"
	"fmt"
	"os"
)

// Into writes the copy to path, which must not exist. It is durable and only for its owner.
func Into(ctx context.Context, pool *sql.DB, path string) error {
	c, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	// query_only would refuse the copy; it is set again before the connection
	// goes back to the pool.
	var readOnly int
	if err := c.QueryRowContext(ctx, "PRAGMA query_only").Scan(&readOnly); err != nil {
		return err
	}
	if readOnly != 0 {
		if _, err := c.ExecContext(ctx, "PRAGMA query_only=0"); err != nil {
			return err
		}
		defer c.ExecContext(context.WithoutCancel(ctx), "PRAGMA query_only=1")
	}
	if _, err := c.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return fmt.Errorf("copy the database to %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return err
	}
	return syncFile(path)
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
