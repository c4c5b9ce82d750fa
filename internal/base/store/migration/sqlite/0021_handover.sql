-- table handover: projection (owner internal/decide/assessment/handover)
CREATE TABLE handover (
	id          TEXT NOT NULL PRIMARY KEY,
	incident_id TEXT NOT NULL,
	customer    TEXT NOT NULL,
	number      INTEGER NOT NULL,
	entity      TEXT NOT NULL,
	sha256      TEXT NOT NULL,
	words       TEXT NOT NULL,
	document    TEXT NOT NULL,
	taken_by    TEXT NOT NULL,
	taken_at    INTEGER NOT NULL,
	erased      INTEGER NOT NULL
);
-- the packages of an incident, by customer, newest first
CREATE UNIQUE INDEX handover_incident ON handover (incident_id, customer, number);
