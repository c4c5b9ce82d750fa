-- table filing: projection (owner internal/notify/notice/form/filing)
CREATE TABLE filing (
	id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	incident_id TEXT COLLATE "C" NOT NULL,
	no          BIGINT NOT NULL,
	state       TEXT COLLATE "C" NOT NULL,
	duty_id     TEXT COLLATE "C" NOT NULL,
	doc         BYTEA NOT NULL
);
-- the filings of an incident by number
CREATE UNIQUE INDEX filing_incident ON filing (incident_id, no);

-- table filing_version: projection (owner internal/notify/notice/form/filing)
CREATE TABLE filing_version (
	filing_id   TEXT COLLATE "C" NOT NULL,
	version     BIGINT NOT NULL,
	incident_id TEXT COLLATE "C" NOT NULL,
	doc         BYTEA NOT NULL,
	PRIMARY KEY (filing_id, version)
);
-- all that is made anew when words of an incident are erased
CREATE INDEX filing_version_incident ON filing_version (incident_id);
