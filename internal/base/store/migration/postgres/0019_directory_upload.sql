-- table directory_upload: operational (owner internal/prepare/directory/exchange)
-- A file between its preview and its import. text is emptied when it was imported, and the row goes after a day.
CREATE TABLE directory_upload (
  id       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  actor    TEXT COLLATE "C" NOT NULL,
  name     TEXT COLLATE "C" NOT NULL,
  format   TEXT COLLATE "C" NOT NULL,
  sha256   TEXT COLLATE "C" NOT NULL,
  size     BIGINT NOT NULL,
  text     BYTEA NOT NULL,
  made_at  BIGINT NOT NULL,
  done_at  BIGINT NOT NULL,
  result   TEXT COLLATE "C" NOT NULL
);
CREATE INDEX directory_upload_made ON directory_upload (made_at);
