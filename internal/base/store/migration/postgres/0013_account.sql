-- table account: operational (owner internal/base/who/account)
-- failures counts the consecutive ones from browsers the account does not know.
CREATE TABLE account (
	person     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	hash       TEXT COLLATE "C" NOT NULL,
	failures   BIGINT           NOT NULL,
	created_at BIGINT           NOT NULL,
	set_at     BIGINT           NOT NULL
);

-- table session: operational (owner internal/base/who/account)
CREATE TABLE session (
	hash       BYTEA            NOT NULL PRIMARY KEY,
	id         TEXT COLLATE "C" NOT NULL,
	person     TEXT COLLATE "C" NOT NULL,
	created_at BIGINT           NOT NULL,
	seen_at    BIGINT           NOT NULL,
	expires_at BIGINT           NOT NULL,
	agent      TEXT COLLATE "C" NOT NULL,
	address    TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX session_id ON session (id);
CREATE INDEX session_person ON session (person, id);
CREATE INDEX session_expires ON session (expires_at);

-- table known_browser: operational (owner internal/base/who/account)
CREATE TABLE known_browser (
	hash    BYTEA            NOT NULL,
	person  TEXT COLLATE "C" NOT NULL,
	seen_at BIGINT           NOT NULL,
	PRIMARY KEY (hash, person)
);
CREATE INDEX known_browser_person ON known_browser (person);
CREATE INDEX known_browser_seen ON known_browser (seen_at);

-- table sign_in_link: operational (owner internal/base/who/account)
-- person is empty for the link of the first set-up.
CREATE TABLE sign_in_link (
	hash       BYTEA            NOT NULL PRIMARY KEY,
	purpose    TEXT COLLATE "C" NOT NULL,
	person     TEXT COLLATE "C" NOT NULL,
	made_by    TEXT COLLATE "C" NOT NULL,
	created_at BIGINT           NOT NULL,
	expires_at BIGINT           NOT NULL
);
CREATE INDEX sign_in_link_person ON sign_in_link (person);

-- table sign_in_throttle: operational (owner internal/base/who/account)
-- bucket is the SHA-256 of what is counted: an account, a browser, an address.
CREATE TABLE sign_in_throttle (
	bucket   BYTEA            NOT NULL PRIMARY KEY,
	attempts BIGINT           NOT NULL,
	tried_at BIGINT           NOT NULL
);
CREATE INDEX sign_in_throttle_tried ON sign_in_throttle (tried_at);
