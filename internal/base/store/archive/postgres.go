package archive

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
)

// schemaPrefix names the schemas in which a restore is built; they are moved
// from there in one commit.
const schemaPrefix = "wakebell_restoring_"

// restoreLock is the advisory lock of the one restore a database sees at a time.
const restoreLock = 0x57424152434856 // "WBARCHV"

// schema is the place beside the tables of a PostgreSQL database.
type schema struct {
	conn   *pgx.Conn
	target string // schema the tables move to
	name   string
	url    string // address that works in this schema
	moved  bool
}

// openSchema makes an empty schema in a database without Wakebell tables.
func openSchema(ctx context.Context, address string) (*schema, error) {
	if err := (store.Config{URL: address}).Validate(); err != nil {
		return nil, err
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, fault.InvalidField("database", "is not a PostgreSQL address; write postgres://user@host/name")
	}
	cfg, err := pgx.ParseConfig(address)
	if err != nil { // the cause may quote the address with its password
		return nil, fault.InvalidField("database", "is not a PostgreSQL address; write postgres://user@host/name")
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 5 * time.Second
	}
	s := &schema{}
	if s.conn, err = pgx.ConnectConfig(ctx, cfg); err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "The PostgreSQL database cannot be opened")
	}
	if err := s.prepare(ctx); err != nil {
		s.conn.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	q := u.Query()
	q.Set("search_path", s.name)
	u.RawQuery = q.Encode()
	s.url = u.String()
	return s, nil
}

func (s *schema) prepare(ctx context.Context) error {
	// A restore that was killed holds the lock until the server notices.
	if _, err := s.conn.Exec(ctx, "SET lock_timeout = '5s'"); err != nil {
		return err
	}
	_, err := s.conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(restoreLock))
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == "55P03" {
		return fault.Wrap(fault.Conflict, err, "Another restore into this PostgreSQL database is running")
	}
	if err != nil {
		return err
	}
	var target *string
	if err := s.conn.QueryRow(ctx, "SELECT current_schema()").Scan(&target); err != nil {
		return err
	}
	if target == nil {
		return fault.New(fault.Conflict, "The PostgreSQL database has no schema to create tables in; check its search_path")
	}
	s.target = *target
	if err := s.empty(ctx); err != nil {
		return err
	}
	if err := s.sweep(ctx); err != nil {
		return err
	}
	var id [6]byte
	rand.Read(id[:])
	s.name = schemaPrefix + hex.EncodeToString(id[:])
	if _, err := s.conn.Exec(ctx, "CREATE SCHEMA "+quote(s.name)); err != nil {
		return s.denied(err)
	}
	return nil
}

// empty refuses a database in use: nothing there is ever replaced.
func (s *schema) empty(ctx context.Context) error {
	tables, err := Tables(store.Postgres)
	if err != nil {
		return err
	}
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = t.Name
	}
	var found string
	err = s.conn.QueryRow(ctx, "SELECT tablename FROM pg_tables WHERE schemaname = $1 AND tablename = ANY($2) ORDER BY tablename LIMIT 1", s.target, names).Scan(&found)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return fault.Newf(fault.Conflict, "The PostgreSQL database already holds Wakebell tables (%s, for one): restore into an empty database, then point the server at it", found)
}

// sweep drops what a restore left that was killed.
func (s *schema) sweep(ctx context.Context) error {
	rows, err := s.conn.Query(ctx, "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, $1)", schemaPrefix)
	if err != nil {
		return err
	}
	old, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range old {
		if _, err := s.conn.Exec(ctx, "DROP SCHEMA "+quote(name)+" CASCADE"); err != nil {
			return s.denied(err)
		}
	}
	return nil
}

func (s *schema) denied(err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == "42501" {
		return fault.Wrap(fault.Denied, err, "The PostgreSQL user may not create a schema in this database, in which a restore is built: grant CREATE on the database")
	}
	return err
}

// check proves that the store works in the schema and not in the target.
func (s *schema) check(ctx context.Context, db *store.DB) error {
	var current string
	if err := db.QueryRow(ctx, "SELECT current_schema()").Scan(&current); err != nil {
		return err
	}
	if current != s.name {
		return fault.Newf(fault.Conflict, "The PostgreSQL address sets a search_path of its own (%s); leave it out for a restore", current)
	}
	return nil
}

// move puts all tables into the target, in one transaction. A table of the same
// name there, or anything left in the schema, undoes it.
func (s *schema) move(ctx context.Context) error {
	if err := s.empty(ctx); err != nil {
		return err
	}
	tx, err := s.conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // without effect after the commit
	rows, err := tx.Query(ctx, "SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY tablename", s.name)
	if err != nil {
		return err
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, t := range tables {
		if _, err := tx.Exec(ctx, "ALTER TABLE "+quote(s.name)+"."+quote(t)+" SET SCHEMA "+quote(s.target)); err != nil {
			return fmt.Errorf("move table %s: %w", t, err)
		}
	}
	if _, err := tx.Exec(ctx, "DROP SCHEMA "+quote(s.name)); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit the restore; if the server went away meanwhile, look whether the tables are there: %w", err)
	}
	s.moved = true
	return nil
}

// close drops what was not moved and ends the connection, and with it the lock.
func (s *schema) close(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	if !s.moved {
		s.conn.Exec(ctx, "DROP SCHEMA IF EXISTS "+quote(s.name)+" CASCADE") // the next restore does it otherwise
	}
	s.conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", int64(restoreLock)) // at once, not when the server notices the end
	s.conn.Close(ctx)
}
