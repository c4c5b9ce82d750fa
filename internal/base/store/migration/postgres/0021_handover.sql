-- table handover: projection (owner internal/decide/assessment/handover)
CREATE TABLE handover (
	id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	incident_id TEXT COLLATE "C" NOT NULL,
	customer    TEXT COLLATE "C" NOT NULL,
	number      BIGINT NOT NULL,
	entity      TEXT COLLATE "C" NOT NULL,
	sha256      TEXT COLLATE "C" NOT NULL,
	words       TEXT COLLATE "C" NOT NULL,
	document    TEXT COLLATE "C" NOT NULL,
	taken_by    TEXT COLLATE "C" NOT NULL,
	taken_at    BIGINT NOT NULL,
	erased      BIGINT NOT NULL
);
-- the packages of an incident, by customer, newest first
CREATE UNIQUE INDEX handover_incident ON handover (incident_id, customer, number);
