-- table person: reference (owner internal/base/who)
CREATE TABLE person (
	id            TEXT    NOT NULL PRIMARY KEY,
	name          TEXT    NOT NULL,
	name_key      TEXT    NOT NULL,
	email         TEXT    NOT NULL,
	email_key     TEXT    NOT NULL,
	phone         TEXT    NOT NULL,
	webhook       TEXT    NOT NULL,
	department    TEXT    NOT NULL,
	function_name TEXT    NOT NULL,
	deputy        TEXT    NOT NULL,
	zone          TEXT    NOT NULL,
	roles         TEXT    NOT NULL,
	active        INTEGER NOT NULL,
	version       INTEGER NOT NULL,
	created_at    INTEGER NOT NULL,
	updated_at    INTEGER NOT NULL
);
CREATE UNIQUE INDEX person_email ON person (email_key);
CREATE INDEX person_name ON person (name_key, id);

-- table api_token: reference (owner internal/base/who)
CREATE TABLE api_token (
	id         TEXT    NOT NULL PRIMARY KEY,
	name       TEXT    NOT NULL,
	person     TEXT    NOT NULL,
	roles      TEXT    NOT NULL,
	hash       BLOB    NOT NULL,
	last4      TEXT    NOT NULL,
	created_by TEXT    NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	revoked_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX api_token_hash ON api_token (hash);

-- table token_use: operational (owner internal/base/who)
CREATE TABLE token_use (
	token   TEXT    NOT NULL PRIMARY KEY,
	used_at INTEGER NOT NULL
);
