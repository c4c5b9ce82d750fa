-- table mail_outbox: operational (owner internal/base/mail)
CREATE TABLE mail_outbox (
	id          TEXT    NOT NULL PRIMARY KEY,
	message_id  TEXT    NOT NULL,
	recipients  TEXT    NOT NULL,
	subject     TEXT    NOT NULL,
	body        TEXT    NOT NULL,
	about       TEXT    NOT NULL,
	drill       INTEGER NOT NULL,
	state       TEXT    NOT NULL,
	maybe_twice INTEGER NOT NULL,
	attempts    INTEGER NOT NULL,
	last_error  TEXT    NOT NULL,
	created_at  INTEGER NOT NULL,
	updated_at  INTEGER NOT NULL,
	sent_at     INTEGER NOT NULL
);
CREATE INDEX mail_outbox_state ON mail_outbox (state, id);
CREATE INDEX mail_outbox_about ON mail_outbox (about, id);
