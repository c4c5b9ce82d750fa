-- table schema_version: operational (owner internal/base/store)
CREATE TABLE schema_version (
  version    BIGINT NOT NULL PRIMARY KEY,
  name       TEXT COLLATE "C" NOT NULL,
  sha256     TEXT COLLATE "C" NOT NULL,
  applied_at BIGINT NOT NULL
);

-- table store_mark: operational (owner internal/base/store)
CREATE TABLE store_mark (
  id           BIGINT NOT NULL PRIMARY KEY,
  test_clock   BIGINT NOT NULL,
  clock_offset BIGINT NOT NULL,
  probed_at    BIGINT NOT NULL,
  created_at   BIGINT NOT NULL
);

-- table idempotency: operational (owner internal/base/store)
CREATE TABLE idempotency (
  actor      TEXT COLLATE "C" NOT NULL,
  op         TEXT COLLATE "C" NOT NULL,
  idem_key   TEXT COLLATE "C" NOT NULL,
  body       BYTEA  NOT NULL,
  result     TEXT COLLATE "C" NOT NULL,
  secret     BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (actor, op, idem_key)
);
CREATE INDEX idempotency_created ON idempotency (created_at);
