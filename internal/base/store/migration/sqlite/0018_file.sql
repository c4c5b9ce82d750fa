-- table incident_file: projection (owner internal/decide/incident/file)
CREATE TABLE incident_file (
	id           TEXT NOT NULL PRIMARY KEY,
	incident_id  TEXT NOT NULL,
	sha256       TEXT NOT NULL,
	size         INTEGER NOT NULL,
	media        TEXT NOT NULL,
	name         TEXT NOT NULL,
	note         TEXT NOT NULL,
	on_entry     TEXT NOT NULL,
	added_by     TEXT NOT NULL,
	added_at     INTEGER NOT NULL,
	withdrawn_at INTEGER NOT NULL,
	withdrawn_by TEXT NOT NULL,
	reason       TEXT NOT NULL,
	erased       INTEGER NOT NULL,
	destroyed_at INTEGER NOT NULL
);
-- the files of an incident, newest first
CREATE INDEX incident_file_incident ON incident_file (incident_id, added_at, id);
-- who still names a content, and all contents in order
CREATE INDEX incident_file_sha256 ON incident_file (sha256, id);
