-- table schema_version: operational (owner internal/base/store)
CREATE TABLE schema_version (
  version    INTEGER NOT NULL PRIMARY KEY,
  name       TEXT    NOT NULL,
  sha256     TEXT    NOT NULL,
  applied_at INTEGER NOT NULL
);

-- table store_mark: operational (owner internal/base/store)
CREATE TABLE store_mark (
  id           INTEGER NOT NULL PRIMARY KEY,
  test_clock   INTEGER NOT NULL,
  clock_offset INTEGER NOT NULL,
  probed_at    INTEGER NOT NULL,
  created_at   INTEGER NOT NULL
);

-- table idempotency: operational (owner internal/base/store)
CREATE TABLE idempotency (
  actor      TEXT    NOT NULL,
  op         TEXT    NOT NULL,
  idem_key   TEXT    NOT NULL,
  body       BLOB    NOT NULL,
  result     TEXT    NOT NULL,
  secret     INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (actor, op, idem_key)
) WITHOUT ROWID;
CREATE INDEX idempotency_created ON idempotency (created_at);
