-- table job: operational (owner internal/base/job)
CREATE TABLE job (
	id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	kind         TEXT COLLATE "C" NOT NULL,
	payload      BYTEA            NOT NULL,
	state        TEXT COLLATE "C" NOT NULL,
	run_at       BIGINT           NOT NULL,
	wait_until   BIGINT           NOT NULL,
	lease_until  BIGINT           NOT NULL,
	lease        TEXT COLLATE "C" NOT NULL,
	attempt      BIGINT           NOT NULL,
	max_attempts BIGINT           NOT NULL,
	last_error   TEXT COLLATE "C" NOT NULL,
	unique_key   TEXT COLLATE "C" NOT NULL,
	created_at   BIGINT           NOT NULL,
	failed_at    BIGINT           NOT NULL
);
CREATE INDEX job_due ON job (state, run_at, id);
CREATE INDEX job_state ON job (state, id);
CREATE UNIQUE INDEX job_waiting ON job (kind, unique_key) WHERE state = 'ready' AND unique_key <> '';
CREATE INDEX job_running ON job (kind, unique_key) WHERE state = 'leased' AND unique_key <> '';
