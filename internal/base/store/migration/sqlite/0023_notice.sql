-- table notice: projection (owner internal/notify/notice)
CREATE TABLE notice (
	id          TEXT NOT NULL PRIMARY KEY,
	incident_id TEXT NOT NULL,
	no          INTEGER NOT NULL,
	audience    TEXT NOT NULL,
	purpose     TEXT NOT NULL,
	state       TEXT NOT NULL,
	drill       INTEGER NOT NULL,
	updated_at  INTEGER NOT NULL,
	version     INTEGER NOT NULL,
	doc         BLOB NOT NULL
);
-- the notices of an incident, by their number
CREATE UNIQUE INDEX notice_incident ON notice (incident_id, no);
-- those that wait for approvals
CREATE INDEX notice_state ON notice (state, updated_at, id);
-- table notice_text: projection (owner internal/notify/notice)
CREATE TABLE notice_text (
	id          TEXT NOT NULL PRIMARY KEY,
	incident_id TEXT NOT NULL,
	notice_id   TEXT NOT NULL,
	lang        TEXT NOT NULL,
	variant     TEXT NOT NULL,
	version     INTEGER NOT NULL,
	template    TEXT NOT NULL,
	written_by  TEXT NOT NULL,
	written_at  INTEGER NOT NULL,
	subject     TEXT NOT NULL,
	body        TEXT NOT NULL
);
-- the versions of one text
CREATE UNIQUE INDEX notice_text_version ON notice_text (notice_id, lang, variant, version);
CREATE INDEX notice_text_incident ON notice_text (incident_id);
-- table notice_hold: projection (owner internal/notify/notice)
CREATE TABLE notice_hold (
	incident_id TEXT NOT NULL PRIMARY KEY,
	doc         BLOB NOT NULL
);
