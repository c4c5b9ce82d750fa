-- table plan_version: reference (owner internal/prepare/plan)
CREATE TABLE plan_version (
  version    BIGINT NOT NULL PRIMARY KEY,
  doc        TEXT COLLATE "C" NOT NULL,
  changed_at BIGINT NOT NULL,
  changed_by TEXT COLLATE "C" NOT NULL,
  reason     TEXT COLLATE "C" NOT NULL,
  fields     TEXT COLLATE "C" NOT NULL
);
