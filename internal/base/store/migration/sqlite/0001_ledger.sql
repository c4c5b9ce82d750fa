-- table ledger_entry: reference (owner internal/base/record)
CREATE TABLE ledger_entry (
  seq            INTEGER PRIMARY KEY,
  id             TEXT    NOT NULL UNIQUE,
  kind           TEXT    NOT NULL,
  subject        TEXT    NOT NULL,
  actor          TEXT    NOT NULL,
  at             INTEGER NOT NULL,
  known_at       INTEGER NOT NULL,
  recorded_at    INTEGER NOT NULL,
  facts          BLOB    NOT NULL,
  facts_salt     BLOB    NOT NULL,
  private        BLOB,
  private_salt   BLOB,
  private_commit BLOB,
  erased_by      TEXT    NOT NULL DEFAULT ''
);
-- SQLite appends the row's seq to every index entry.
CREATE INDEX ledger_entry_subject ON ledger_entry (subject);

-- The tree hashes that the entry completes: its leaf, then rising levels, 32 bytes each.
-- table ledger_hash: reference (owner internal/base/record)
CREATE TABLE ledger_hash (
  seq    INTEGER PRIMARY KEY,
  hashes BLOB    NOT NULL
);

-- One row: the end of the log, read and written by each group of writes.
-- table ledger_head: reference (owner internal/base/record)
CREATE TABLE ledger_head (
  id           INTEGER PRIMARY KEY,
  log_id       TEXT    NOT NULL,
  epoch        INTEGER NOT NULL,
  verifier_key TEXT    NOT NULL,
  size         INTEGER NOT NULL,
  recorded_at  INTEGER NOT NULL,
  peaks        BLOB    NOT NULL
);

-- Every kind with version that occurs, so that a start need not scan the entries.
-- table ledger_kind: reference (owner internal/base/record)
CREATE TABLE ledger_kind (
  kind TEXT NOT NULL PRIMARY KEY
);
