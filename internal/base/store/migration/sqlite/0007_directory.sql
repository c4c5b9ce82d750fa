-- table directory_item: reference (owner internal/prepare/directory)
CREATE TABLE directory_item (
  kind       TEXT    NOT NULL,
  id         TEXT    NOT NULL,
  sub        TEXT    NOT NULL,
  name       TEXT    NOT NULL,
  doc        TEXT    NOT NULL,
  version    INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  retired    INTEGER NOT NULL,
  change_no  INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
);
CREATE INDEX directory_item_name ON directory_item (kind, name, id);
CREATE INDEX directory_item_change ON directory_item (change_no);
