-- table bounce_mailbox: operational (owner internal/base/mail/bounce)
-- How far the mailbox of reports is read. name is user, host and folder: another mailbox begins anew. validity and
-- next_uid are IMAP's (RFC 3501 section 2.3.1.1); tries counts how often the message next_uid could not be handled.
CREATE TABLE bounce_mailbox (
	name       TEXT    NOT NULL PRIMARY KEY,
	validity   INTEGER NOT NULL,
	next_uid   INTEGER NOT NULL,
	tries      INTEGER NOT NULL,
	next_at    INTEGER NOT NULL,
	read_at    INTEGER NOT NULL,
	failed_at  INTEGER NOT NULL,
	last_error TEXT    NOT NULL,
	matched    INTEGER NOT NULL,
	unmatched  INTEGER NOT NULL
);
