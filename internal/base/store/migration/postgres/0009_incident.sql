-- table incident: projection (owner internal/decide/incident)
CREATE TABLE incident (
	id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	ref           TEXT COLLATE "C" NOT NULL,
	ref_year      BIGINT NOT NULL,
	ref_number    BIGINT NOT NULL,
	kind          TEXT COLLATE "C" NOT NULL,
	nature        TEXT COLLATE "C" NOT NULL,
	status        TEXT COLLATE "C" NOT NULL,
	phase         TEXT COLLATE "C" NOT NULL,
	severity      BIGINT NOT NULL,
	bil           BIGINT NOT NULL,
	personal_data TEXT COLLATE "C" NOT NULL,
	is_open       BIGINT NOT NULL,
	registered    BIGINT NOT NULL,
	discovered_at BIGINT NOT NULL,
	declared_at   BIGINT NOT NULL,
	closed_at     BIGINT NOT NULL,
	updated_at    BIGINT NOT NULL,
	version       BIGINT NOT NULL,
	service       TEXT COLLATE "C" NOT NULL,
	team          TEXT COLLATE "C" NOT NULL,
	title         TEXT COLLATE "C" NOT NULL,
	summary       TEXT COLLATE "C" NOT NULL,
	state         TEXT COLLATE "C" NOT NULL
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
	incident_id TEXT COLLATE "C" NOT NULL,
	signal_id   TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (incident_id, signal_id)
);
CREATE INDEX incident_signal_signal ON incident_signal (signal_id, incident_id);
