-- table rule_packs: operational (owner internal/decide/assessment)
-- The rule packs in force and when they came in, one row: a start and a reload see by it what is new. What they changed stands in the ledger, with each incident.
CREATE TABLE rule_packs (
	id       TEXT    NOT NULL PRIMARY KEY,
	version  TEXT    NOT NULL,
	packs    TEXT    NOT NULL,
	taken_at INTEGER NOT NULL
);
