-- table ledger_entry: reference (owner internal/base/record)
CREATE TABLE ledger_entry (
  seq            BIGINT PRIMARY KEY,
  id             TEXT COLLATE "C" NOT NULL UNIQUE,
  kind           TEXT COLLATE "C" NOT NULL,
  subject        TEXT COLLATE "C" NOT NULL,
  actor          TEXT COLLATE "C" NOT NULL,
  at             BIGINT NOT NULL,
  known_at       BIGINT NOT NULL,
  recorded_at    BIGINT NOT NULL,
  facts          BYTEA  NOT NULL,
  facts_salt     BYTEA  NOT NULL,
  private        BYTEA,
  private_salt   BYTEA,
  private_commit BYTEA,
  erased_by      TEXT COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX ledger_entry_subject ON ledger_entry (subject, seq);

-- The tree hashes that the entry completes: its leaf, then rising levels, 32 bytes each.
-- table ledger_hash: reference (owner internal/base/record)
CREATE TABLE ledger_hash (
  seq    BIGINT PRIMARY KEY,
  hashes BYTEA  NOT NULL
);

-- One row: the end of the log, read and written by each group of writes.
-- table ledger_head: reference (owner internal/base/record)
CREATE TABLE ledger_head (
  id           BIGINT PRIMARY KEY,
  log_id       TEXT COLLATE "C" NOT NULL,
  epoch        BIGINT NOT NULL,
  verifier_key TEXT COLLATE "C" NOT NULL,
  size         BIGINT NOT NULL,
  recorded_at  BIGINT NOT NULL,
  peaks        BYTEA  NOT NULL
);

-- Every kind with version that occurs, so that a start need not scan the entries.
-- table ledger_kind: reference (owner internal/base/record)
CREATE TABLE ledger_kind (
  kind TEXT COLLATE "C" NOT NULL PRIMARY KEY
);
