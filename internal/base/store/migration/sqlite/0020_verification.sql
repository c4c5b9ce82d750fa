-- table verification: operational (owner internal/notify/register/audit)
-- The last verifications of the ledger and what they found. began_at and beat_at are real time, asked_at is the product's.
CREATE TABLE verification (
	id       TEXT    NOT NULL PRIMARY KEY,
	asked_by TEXT    NOT NULL,
	asked_at INTEGER NOT NULL,
	began_at INTEGER NOT NULL,
	beat_at  INTEGER NOT NULL,
	state    TEXT    NOT NULL,
	size     INTEGER NOT NULL,
	against  TEXT    NOT NULL,
	report   TEXT    NOT NULL,
	finding  TEXT    NOT NULL,
	seq      INTEGER NOT NULL
);
CREATE INDEX verification_asked ON verification (asked_at, id);

-- A dismissal answers the open question whether personal data is touched: such an incident has no entry in the register.
UPDATE incident SET registered = 0 WHERE status = 'dismissed' AND personal_data <> 'yes';
