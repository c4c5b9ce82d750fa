-- table incident_file: projection (owner internal/decide/incident/file)
CREATE TABLE incident_file (
	id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	incident_id  TEXT COLLATE "C" NOT NULL,
	sha256       TEXT COLLATE "C" NOT NULL,
	size         BIGINT NOT NULL,
	media        TEXT COLLATE "C" NOT NULL,
	name         TEXT COLLATE "C" NOT NULL,
	note         TEXT COLLATE "C" NOT NULL,
	on_entry     TEXT COLLATE "C" NOT NULL,
	added_by     TEXT COLLATE "C" NOT NULL,
	added_at     BIGINT NOT NULL,
	withdrawn_at BIGINT NOT NULL,
	withdrawn_by TEXT COLLATE "C" NOT NULL,
	reason       TEXT COLLATE "C" NOT NULL,
	erased       BIGINT NOT NULL,
	destroyed_at BIGINT NOT NULL
);
-- the files of an incident, newest first
CREATE INDEX incident_file_incident ON incident_file (incident_id, added_at, id);
-- who still names a content, and all contents in order
CREATE INDEX incident_file_sha256 ON incident_file (sha256, id);
