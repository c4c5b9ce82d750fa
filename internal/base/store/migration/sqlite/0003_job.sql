-- table job: operational (owner internal/base/job)
CREATE TABLE job (
	id           TEXT    NOT NULL PRIMARY KEY,
	kind         TEXT    NOT NULL,
	payload      BLOB    NOT NULL,
	state        TEXT    NOT NULL,
	run_at       INTEGER NOT NULL,
	wait_until   INTEGER NOT NULL,
	lease_until  INTEGER NOT NULL,
	lease        TEXT    NOT NULL,
	attempt      INTEGER NOT NULL,
	max_attempts INTEGER NOT NULL,
	last_error   TEXT    NOT NULL,
	unique_key   TEXT    NOT NULL,
	created_at   INTEGER NOT NULL,
	failed_at    INTEGER NOT NULL
);
CREATE INDEX job_due ON job (state, run_at, id);
CREATE INDEX job_state ON job (state, id);
CREATE UNIQUE INDEX job_waiting ON job (kind, unique_key) WHERE state = 'ready' AND unique_key <> '';
CREATE INDEX job_running ON job (kind, unique_key) WHERE state = 'leased' AND unique_key <> '';
