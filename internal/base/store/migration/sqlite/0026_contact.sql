-- table contact: projection (owner internal/notify/contact)
CREATE TABLE contact (
	incident_id TEXT NOT NULL,
	no          INTEGER NOT NULL,
	id          TEXT NOT NULL,
	body        TEXT NOT NULL,
	at          INTEGER NOT NULL,
	answered_at INTEGER NOT NULL,
	answered_by INTEGER NOT NULL,
	recorded_by TEXT NOT NULL,
	recorded_at INTEGER NOT NULL,
	erased      INTEGER NOT NULL,
	PRIMARY KEY (incident_id, no)
);
CREATE UNIQUE INDEX contact_id ON contact (id);
