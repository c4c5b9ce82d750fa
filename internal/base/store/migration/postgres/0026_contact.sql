-- table contact: projection (owner internal/notify/contact)
CREATE TABLE contact (
	incident_id TEXT COLLATE "C" NOT NULL,
	no          BIGINT NOT NULL,
	id          TEXT COLLATE "C" NOT NULL,
	body        TEXT NOT NULL,
	at          BIGINT NOT NULL,
	answered_at BIGINT NOT NULL,
	answered_by BIGINT NOT NULL,
	recorded_by TEXT NOT NULL,
	recorded_at BIGINT NOT NULL,
	erased      BIGINT NOT NULL,
	PRIMARY KEY (incident_id, no)
);
CREATE UNIQUE INDEX contact_id ON contact (id);
