-- table notice: projection (owner internal/notify/notice)
CREATE TABLE notice (
	id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	incident_id TEXT COLLATE "C" NOT NULL,
	no          BIGINT NOT NULL,
	audience    TEXT COLLATE "C" NOT NULL,
	purpose     TEXT COLLATE "C" NOT NULL,
	state       TEXT COLLATE "C" NOT NULL,
	drill       BIGINT NOT NULL,
	updated_at  BIGINT NOT NULL,
	version     BIGINT NOT NULL,
	doc         BYTEA NOT NULL
);
-- the notices of an incident, by their number
CREATE UNIQUE INDEX notice_incident ON notice (incident_id, no);
-- those that wait for approvals
CREATE INDEX notice_state ON notice (state, updated_at, id);
-- table notice_text: projection (owner internal/notify/notice)
CREATE TABLE notice_text (
	id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	incident_id TEXT COLLATE "C" NOT NULL,
	notice_id   TEXT COLLATE "C" NOT NULL,
	lang        TEXT COLLATE "C" NOT NULL,
	variant     TEXT COLLATE "C" NOT NULL,
	version     BIGINT NOT NULL,
	template    TEXT COLLATE "C" NOT NULL,
	written_by  TEXT COLLATE "C" NOT NULL,
	written_at  BIGINT NOT NULL,
	subject     TEXT COLLATE "C" NOT NULL,
	body        TEXT COLLATE "C" NOT NULL
);
-- the versions of one text
CREATE UNIQUE INDEX notice_text_version ON notice_text (notice_id, lang, variant, version);
CREATE INDEX notice_text_incident ON notice_text (incident_id);
-- table notice_hold: projection (owner internal/notify/notice)
CREATE TABLE notice_hold (
	incident_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	doc         BYTEA NOT NULL
);
