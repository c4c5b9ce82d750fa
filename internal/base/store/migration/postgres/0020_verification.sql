-- table verification: operational (owner internal/notify/register/audit)
-- The last verifications of the ledger and what they found. began_at and beat_at are real time, asked_at is the product's.
CREATE TABLE verification (
	id       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	asked_by TEXT COLLATE "C" NOT NULL,
	asked_at BIGINT NOT NULL,
	began_at BIGINT NOT NULL,
	beat_at  BIGINT NOT NULL,
	state    TEXT COLLATE "C" NOT NULL,
	size     BIGINT NOT NULL,
	against  TEXT COLLATE "C" NOT NULL,
	report   TEXT COLLATE "C" NOT NULL,
	finding  TEXT COLLATE "C" NOT NULL,
	seq      BIGINT NOT NULL
);
CREATE INDEX verification_asked ON verification (asked_at, id);

-- A dismissal answers the open question whether personal data is touched: such an incident has no entry in the register.
UPDATE incident SET registered = 0 WHERE status = 'dismissed' AND personal_data <> 'yes';
