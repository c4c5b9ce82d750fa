package store

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/wakebell/wakebell/internal/base/fault"
)

func (db *DB) connectPostgres(ctx context.Context, snapshot bool) error {
	pool := func(readOnly bool) (*sql.DB, error) {
		c, err := pgx.ParseConfig(db.cfg.URL)
		if err != nil {
			// The cause may quote the address with its password.
			return nil, fault.InvalidField("database", "is not a PostgreSQL address; write postgres://user@host/name")
		}
		p := c.RuntimeParams
		p["timezone"] = "UTC"
		p["client_encoding"] = "UTF8"
		p["idle_in_transaction_session_timeout"] = "60000" // ms: a node that hangs must not hold the lock
		if p["application_name"] == "" {
			p["application_name"] = "wakebell"
		}
		if readOnly {
			p["default_transaction_read_only"] = "on"
			// Plans that do not know the values choose badly for rare words and
			// first pages: measured 20 ms instead of 1 ms.
			p["plan_cache_mode"] = "force_custom_plan"
		}
		if c.ConnectTimeout == 0 {
			c.ConnectTimeout = 5 * time.Second
		}
		return stdlib.OpenDB(*c, stdlib.OptionAfterConnect(func(ctx context.Context, pc *pgx.Conn) error {
			return durable(ctx, pc, readOnly)
		})), nil
	}
	var err error
	if !snapshot {
		if db.write, err = pool(false); err != nil {
			return err
		}
		db.write.SetMaxOpenConns(2) // the writer, and one to settle a lost commit
		db.write.SetMaxIdleConns(1)
		if err := db.write.PingContext(ctx); err != nil {
			return pgOpenFault(err)
		}
	}
	if db.read, err = pool(true); err != nil {
		return err
	}
	conns := max(8, 4*runtime.GOMAXPROCS(0))
	db.read.SetMaxOpenConns(conns)
	db.read.SetMaxIdleConns(conns)
	db.read.SetConnMaxIdleTime(5 * time.Minute)
	return pgOpenFault(db.read.PingContext(ctx))
}

// durable refuses a server that acknowledges commits it may lose.
func durable(ctx context.Context, pc *pgx.Conn, readOnly bool) error {
	if readOnly {
		return nil
	}
	var mode string
	if err := pc.QueryRow(ctx, "SHOW synchronous_commit").Scan(&mode); err != nil {
		return err
	}
	if mode == "off" {
		return fault.New(fault.Conflict, "PostgreSQL runs with synchronous_commit=off and may lose acknowledged writes; set it to on for this database")
	}
	return nil
}

// pgOpenFault keeps our own refusals and calls the rest unreachable.
func pgOpenFault(err error) error {
	if err == nil || fault.KindOf(err) != fault.Internal {
		return err
	}
	reason := "it does not answer"
	for _, known := range []string{"password authentication failed", "does not exist", "connection refused", "no such host", "certificate"} {
		if strings.Contains(err.Error(), known) {
			reason = known
		}
	}
	return fault.Wrap(fault.Unavailable, err, fmt.Sprintf("The PostgreSQL database cannot be opened: %s", reason))
}
