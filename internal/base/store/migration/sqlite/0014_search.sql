-- table search_word_term: operational (owner internal/base/search)
-- The words of search_word in their order, each with the docs that hold it. It
-- stores nothing of its own: it is a way to read the index.
CREATE VIRTUAL TABLE search_word_term USING fts5vocab (search_word, instance);

-- Alerts and reports are kinds of their own; they were one, "signal". To make the
-- index anew is faster than to take each of them out.
INSERT INTO search_word (search_word) VALUES ('delete-all');
UPDATE search_doc SET
  words = replace(words, ' =ksignal ', ' =k' || COALESCE((SELECT s.kind FROM signal s WHERE s.id = search_doc.id), 'alert') || ' '),
  kind = COALESCE((SELECT s.kind FROM signal s WHERE s.id = search_doc.id), 'alert')
  WHERE kind = 'signal';
INSERT INTO search_word (rowid, words) SELECT pos, words FROM search_doc ORDER BY pos;
