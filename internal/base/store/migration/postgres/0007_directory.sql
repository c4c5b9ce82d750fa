-- table directory_item: reference (owner internal/prepare/directory)
CREATE TABLE directory_item (
  kind       TEXT COLLATE "C" NOT NULL,
  id         TEXT COLLATE "C" NOT NULL,
  sub        TEXT COLLATE "C" NOT NULL,
  name       TEXT COLLATE "C" NOT NULL,
  doc        TEXT COLLATE "C" NOT NULL,
  version    BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  retired    BIGINT NOT NULL,
  change_no  BIGINT NOT NULL,
  PRIMARY KEY (kind, id)
);
CREATE INDEX directory_item_name ON directory_item (kind, name, id);
CREATE INDEX directory_item_change ON directory_item (change_no);
