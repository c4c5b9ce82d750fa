-- table account: operational (owner internal/base/who/account)
-- failures counts the consecutive ones from browsers the account does not know.
CREATE TABLE account (
	person     TEXT    NOT NULL PRIMARY KEY,
	hash       TEXT    NOT NULL,
	failures   INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	set_at     INTEGER NOT NULL
);

-- table session: operational (owner internal/base/who/account)
CREATE TABLE session (
	hash       BLOB    NOT NULL PRIMARY KEY,
	id         TEXT    NOT NULL,
	person     TEXT    NOT NULL,
	created_at INTEGER NOT NULL,
	seen_at    INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	agent      TEXT    NOT NULL,
	address    TEXT    NOT NULL
);
CREATE UNIQUE INDEX session_id ON session (id);
CREATE INDEX session_person ON session (person, id);
CREATE INDEX session_expires ON session (expires_at);

-- table known_browser: operational (owner internal/base/who/account)
CREATE TABLE known_browser (
	hash    BLOB    NOT NULL,
	person  TEXT    NOT NULL,
	seen_at INTEGER NOT NULL,
	PRIMARY KEY (hash, person)
);
CREATE INDEX known_browser_person ON known_browser (person);
CREATE INDEX known_browser_seen ON known_browser (seen_at);

-- table sign_in_link: operational (owner internal/base/who/account)
-- person is empty for the link of the first set-up.
CREATE TABLE sign_in_link (
	hash       BLOB    NOT NULL PRIMARY KEY,
	purpose    TEXT    NOT NULL,
	person     TEXT    NOT NULL,
	made_by    TEXT    NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
);
CREATE INDEX sign_in_link_person ON sign_in_link (person);

-- table sign_in_throttle: operational (owner internal/base/who/account)
-- bucket is the SHA-256 of what is counted: an account, a browser, an address.
CREATE TABLE sign_in_throttle (
	bucket   BLOB    NOT NULL PRIMARY KEY,
	attempts INTEGER NOT NULL,
	tried_at INTEGER NOT NULL
);
CREATE INDEX sign_in_throttle_tried ON sign_in_throttle (tried_at);
