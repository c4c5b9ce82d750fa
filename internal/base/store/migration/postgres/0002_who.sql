-- table person: reference (owner internal/base/who)
CREATE TABLE person (
	id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	name          TEXT COLLATE "C" NOT NULL,
	name_key      TEXT COLLATE "C" NOT NULL,
	email         TEXT COLLATE "C" NOT NULL,
	email_key     TEXT COLLATE "C" NOT NULL,
	phone         TEXT COLLATE "C" NOT NULL,
	webhook       TEXT COLLATE "C" NOT NULL,
	department    TEXT COLLATE "C" NOT NULL,
	function_name TEXT COLLATE "C" NOT NULL,
	deputy        TEXT COLLATE "C" NOT NULL,
	zone          TEXT COLLATE "C" NOT NULL,
	roles         TEXT COLLATE "C" NOT NULL,
	active        BIGINT           NOT NULL,
	version       BIGINT           NOT NULL,
	created_at    BIGINT           NOT NULL,
	updated_at    BIGINT           NOT NULL
);
CREATE UNIQUE INDEX person_email ON person (email_key);
CREATE INDEX person_name ON person (name_key, id);

-- table api_token: reference (owner internal/base/who)
CREATE TABLE api_token (
	id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	name       TEXT COLLATE "C" NOT NULL,
	person     TEXT COLLATE "C" NOT NULL,
	roles      TEXT COLLATE "C" NOT NULL,
	hash       BYTEA            NOT NULL,
	last4      TEXT COLLATE "C" NOT NULL,
	created_by TEXT COLLATE "C" NOT NULL,
	created_at BIGINT           NOT NULL,
	expires_at BIGINT           NOT NULL,
	revoked_at BIGINT           NOT NULL
);
CREATE UNIQUE INDEX api_token_hash ON api_token (hash);

-- table token_use: operational (owner internal/base/who)
CREATE TABLE token_use (
	token   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	used_at BIGINT           NOT NULL
);
