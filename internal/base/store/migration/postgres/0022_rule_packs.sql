-- table rule_packs: operational (owner internal/decide/assessment)
-- The rule packs in force and when they came in, one row: a start and a reload see by it what is new. What they changed stands in the ledger, with each incident.
CREATE TABLE rule_packs (
	id       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	version  TEXT COLLATE "C" NOT NULL,
	packs    TEXT COLLATE "C" NOT NULL,
	taken_at BIGINT NOT NULL
);
