-- table plan_version: reference (owner internal/prepare/plan)
CREATE TABLE plan_version (
  version    INTEGER NOT NULL PRIMARY KEY,
  doc        TEXT    NOT NULL,
  changed_at INTEGER NOT NULL,
  changed_by TEXT    NOT NULL,
  reason     TEXT    NOT NULL,
  fields     TEXT    NOT NULL
);
