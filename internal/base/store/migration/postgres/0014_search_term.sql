-- The way to read the words of the index is needed on SQLite only.
SELECT 1;
