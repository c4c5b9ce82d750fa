-- table mail_outbox: operational (owner internal/base/mail)
CREATE TABLE mail_outbox (
	id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	message_id  TEXT COLLATE "C" NOT NULL,
	recipients  TEXT COLLATE "C" NOT NULL,
	subject     TEXT COLLATE "C" NOT NULL,
	body        TEXT COLLATE "C" NOT NULL,
	about       TEXT COLLATE "C" NOT NULL,
	drill       BIGINT           NOT NULL,
	state       TEXT COLLATE "C" NOT NULL,
	maybe_twice BIGINT           NOT NULL,
	attempts    BIGINT           NOT NULL,
	last_error  TEXT COLLATE "C" NOT NULL,
	created_at  BIGINT           NOT NULL,
	updated_at  BIGINT           NOT NULL,
	sent_at     BIGINT           NOT NULL
);
CREATE INDEX mail_outbox_state ON mail_outbox (state, id);
CREATE INDEX mail_outbox_about ON mail_outbox (about, id);
