-- table search_word_term: operational (owner internal/base/search)
-- The words of search_word in their order, each with the docs that hold it. It
-- stores nothing of its own: it is a way to read the index.
CREATE VIRTUAL TABLE search_word_term USING fts5vocab (search_word, instance);

-- Alerts and reports are kinds of their own; they were one, "signal".
INSERT INTO search_word (search_word, rowid, words)
  SELECT 'delete', pos, words FROM search_doc WHERE kind = 'signal';
UPDATE search_doc SET
  words = replace(words, ' =ksignal ', ' =k' || (SELECT s.kind FROM signal s WHERE s.id = search_doc.id) || ' '),
  kind = (SELECT s.kind FROM signal s WHERE s.id = search_doc.id)
  WHERE kind = 'signal';
INSERT INTO search_word (rowid, words)
  SELECT pos, words FROM search_doc WHERE kind IN ('alert', 'report');
