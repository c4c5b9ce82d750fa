-- table search_doc: operational (owner internal/base/search)
-- Derived: written again whenever its subject is projected. words holds the
-- tokens, each between spaces.
CREATE TABLE search_doc (
  pos   INTEGER NOT NULL PRIMARY KEY,
  kind  TEXT    NOT NULL,
  id    TEXT    NOT NULL,
  at    INTEGER NOT NULL,
  title TEXT    NOT NULL,
  words TEXT    NOT NULL
);
CREATE UNIQUE INDEX search_doc_id ON search_doc (kind, id);

-- table search_word: operational (owner internal/base/search)
-- rowid is search_doc.pos, so that newest first needs no sorting. Words are cut
-- in Go: the tokenizer only splits at spaces.
CREATE VIRTUAL TABLE search_word USING fts5 (
  words, content = '', columnsize = 0, detail = none,
  tokenize = "ascii tokenchars '.-_@:+=~'"
);
INSERT INTO search_word (search_word, rank) VALUES ('secure-delete', 1);
