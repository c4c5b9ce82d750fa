-- table directory_upload: operational (owner internal/prepare/directory/exchange)
-- A file between its preview and its import. text is emptied when it was imported, and the row goes after a day.
CREATE TABLE directory_upload (
  id       TEXT    NOT NULL PRIMARY KEY,
  actor    TEXT    NOT NULL,
  name     TEXT    NOT NULL,
  format   TEXT    NOT NULL,
  sha256   TEXT    NOT NULL,
  size     INTEGER NOT NULL,
  text     BLOB    NOT NULL,
  made_at  INTEGER NOT NULL,
  done_at  INTEGER NOT NULL,
  result   TEXT    NOT NULL
);
CREATE INDEX directory_upload_made ON directory_upload (made_at);
