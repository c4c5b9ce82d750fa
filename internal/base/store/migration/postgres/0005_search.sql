-- table search_doc: operational (owner internal/base/search)
-- Derived: written again whenever its subject is projected.
CREATE TABLE search_doc (
  pos   BIGINT NOT NULL PRIMARY KEY,
  kind  TEXT COLLATE "C" NOT NULL,
  id    TEXT COLLATE "C" NOT NULL,
  at    BIGINT NOT NULL,
  title TEXT COLLATE "C" NOT NULL,
  words TSVECTOR NOT NULL
);
CREATE UNIQUE INDEX search_doc_id ON search_doc (kind, id);
CREATE INDEX search_doc_words ON search_doc USING gin (words) WITH (fastupdate = on, gin_pending_list_limit = 512);
