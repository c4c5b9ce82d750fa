-- table bounce_mailbox: operational (owner internal/base/mail/bounce)
-- How far the mailbox of reports is read. name is user, host and folder: another mailbox begins anew. validity and
-- next_uid are IMAP's (RFC 3501 section 2.3.1.1); tries counts how often the message next_uid could not be handled.
CREATE TABLE bounce_mailbox (
	name       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	validity   BIGINT NOT NULL,
	next_uid   BIGINT NOT NULL,
	tries      BIGINT NOT NULL,
	next_at    BIGINT NOT NULL,
	read_at    BIGINT NOT NULL,
	failed_at  BIGINT NOT NULL,
	last_error TEXT COLLATE "C" NOT NULL,
	matched    BIGINT NOT NULL,
	unmatched  BIGINT NOT NULL
);
