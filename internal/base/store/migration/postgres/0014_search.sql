-- Alerts and reports are kinds of their own; they were one, "signal".
UPDATE search_doc SET
  words = ts_delete(words, '=ksignal') || array_to_tsvector(ARRAY['=k' || s.kind]),
  kind = s.kind
  FROM signal s WHERE search_doc.kind = 'signal' AND s.id = search_doc.id;
