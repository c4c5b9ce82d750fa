-- table incident: projection (owner internal/decide/incident)
CREATE TABLE incident (
	id            TEXT NOT NULL PRIMARY KEY,
	ref           TEXT NOT NULL,
	ref_year      INTEGER NOT NULL,
	ref_number    INTEGER NOT NULL,
	kind          TEXT NOT NULL,
	nature        TEXT NOT NULL,
	status        TEXT NOT NULL,
	phase         TEXT NOT NULL,
	severity      INTEGER NOT NULL,
	bil           INTEGER NOT NULL,
	personal_data TEXT NOT NULL,
	is_open       INTEGER NOT NULL,
	registered    INTEGER NOT NULL,
	discovered_at INTEGER NOT NULL,
	declared_at   INTEGER NOT NULL,
	closed_at     INTEGER NOT NULL,
	updated_at    INTEGER NOT NULL,
	version       INTEGER NOT NULL,
	service       TEXT NOT NULL,
	team          TEXT NOT NULL,
	title         TEXT NOT NULL,
	summary       TEXT NOT NULL,
	state         TEXT NOT NULL
);
CREATE UNIQUE INDEX incident_ref ON incident (ref);
CREATE UNIQUE INDEX incident_ref_number ON incident (ref_year, ref_number);
-- newest first, for every filter of the list
CREATE INDEX incident_declared ON incident (declared_at, id);
CREATE INDEX incident_kind ON incident (kind, declared_at, id);
CREATE INDEX incident_nature ON incident (nature, declared_at, id);
CREATE INDEX incident_status ON incident (status, declared_at, id);
CREATE INDEX incident_phase ON incident (phase, declared_at, id);
CREATE INDEX incident_severity ON incident (severity, declared_at, id);
CREATE INDEX incident_bil ON incident (bil, declared_at, id);
CREATE INDEX incident_personal_data ON incident (personal_data, declared_at, id);
CREATE INDEX incident_is_open ON incident (is_open, declared_at, id);
CREATE INDEX incident_service ON incident (service, declared_at, id);
CREATE INDEX incident_team ON incident (team, declared_at, id);
CREATE INDEX incident_registered ON incident (registered, kind, declared_at, id);

-- table incident_signal: projection (owner internal/decide/incident)
CREATE TABLE incident_signal (
	incident_id TEXT NOT NULL,
	signal_id   TEXT NOT NULL,
	PRIMARY KEY (incident_id, signal_id)
);
CREATE INDEX incident_signal_signal ON incident_signal (signal_id, incident_id);
