-- table search_word_term: operational (owner internal/base/search)
-- The words of search_word in their order, each with the docs that hold it. It
-- stores nothing of its own: it is a way to read the index.
CREATE VIRTUAL TABLE search_word_term USING fts5vocab (search_word, instance);
