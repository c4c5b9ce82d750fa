-- table dispatch_list: operational (owner internal/notify/notice/dispatch)
-- The ledger holds who signed which hash and what became of whom, by opaque ids.
CREATE TABLE dispatch_list (
	id          TEXT NOT NULL PRIMARY KEY,
	incident_id TEXT NOT NULL,
	notice      TEXT NOT NULL,
	drill       INTEGER NOT NULL,
	follows     TEXT NOT NULL,
	state       TEXT NOT NULL,
	hash        TEXT NOT NULL,
	signed_by   TEXT NOT NULL,
	signed_at   INTEGER NOT NULL,
	made_by     TEXT NOT NULL,
	made_at     INTEGER NOT NULL,
	next_seq    INTEGER NOT NULL,
	change_no   INTEGER NOT NULL
);
-- the lists of an incident
CREATE INDEX dispatch_list_incident ON dispatch_list (incident_id, id);
-- the lists of a notice, the newest counts
CREATE INDEX dispatch_list_notice ON dispatch_list (notice, id);

-- table dispatch_tally: operational (owner internal/notify/notice/dispatch)
-- Counts of a list, written with each change, so that no page counts.
CREATE TABLE dispatch_tally (
	list_id      TEXT NOT NULL PRIMARY KEY,
	queued       INTEGER NOT NULL,
	sending      INTEGER NOT NULL,
	sent         INTEGER NOT NULL,
	delivered    INTEGER NOT NULL,
	failed       INTEGER NOT NULL,
	bounced      INTEGER NOT NULL,
	stopped      INTEGER NOT NULL,
	gap          INTEGER NOT NULL,
	left_out     INTEGER NOT NULL,
	opened       INTEGER NOT NULL,
	acknowledged INTEGER NOT NULL,
	twice        INTEGER NOT NULL
);

-- table dispatch_recipient: operational (owner internal/notify/notice/dispatch)
CREATE TABLE dispatch_recipient (
	id              TEXT NOT NULL PRIMARY KEY,
	list_id         TEXT NOT NULL,
	seq             INTEGER NOT NULL,
	root            TEXT NOT NULL,
	dedupe          TEXT NOT NULL,
	party           TEXT NOT NULL,
	name            TEXT NOT NULL,
	lang            TEXT NOT NULL,
	country         TEXT NOT NULL,
	contacts        BLOB NOT NULL,
	contact_no      INTEGER NOT NULL,
	channel         TEXT NOT NULL,
	address         TEXT NOT NULL,
	own             BLOB NOT NULL,
	liaison         TEXT NOT NULL,
	due_at          INTEGER NOT NULL,
	key_account     INTEGER NOT NULL,
	gap             TEXT NOT NULL,
	warning         TEXT NOT NULL,
	state           TEXT NOT NULL,
	attempts        INTEGER NOT NULL,
	stage           INTEGER NOT NULL,
	maybe_twice     INTEGER NOT NULL,
	code            INTEGER NOT NULL,
	answer          TEXT NOT NULL,
	mark            INTEGER NOT NULL,
	next_at         INTEGER NOT NULL,
	sending_at      INTEGER NOT NULL,
	sent_at         INTEGER NOT NULL,
	delivered_at    INTEGER NOT NULL,
	failed_at       INTEGER NOT NULL,
	bounced_at      INTEGER NOT NULL,
	opened_at       INTEGER NOT NULL,
	acknowledged_at INTEGER NOT NULL,
	acknowledged_by TEXT NOT NULL,
	links           BLOB NOT NULL
);
-- a list in its order
CREATE UNIQUE INDEX dispatch_recipient_seq ON dispatch_recipient (list_id, seq);
-- nobody stands twice on a list
CREATE UNIQUE INDEX dispatch_recipient_dedupe ON dispatch_recipient (list_id, dedupe);
-- a list filtered by state
CREATE INDEX dispatch_recipient_state ON dispatch_recipient (list_id, state, seq);
-- whose turn it is
CREATE INDEX dispatch_recipient_due ON dispatch_recipient (list_id, next_at, seq) WHERE next_at > 0;
-- a liaison's customers
CREATE INDEX dispatch_recipient_liaison ON dispatch_recipient (liaison, due_at, id) WHERE liaison <> '';
-- what else was told to the same recipient
CREATE INDEX dispatch_recipient_root ON dispatch_recipient (root, id) WHERE root <> id;

-- table dispatch_run: operational (owner internal/notify/notice/dispatch)
CREATE TABLE dispatch_run (
	id          TEXT NOT NULL PRIMARY KEY,
	list_id     TEXT NOT NULL,
	notice      TEXT NOT NULL,
	incident_id TEXT NOT NULL,
	drill       INTEGER NOT NULL,
	doc         BLOB NOT NULL,
	state       TEXT NOT NULL,
	reason      TEXT NOT NULL,
	canary_left INTEGER NOT NULL,
	holder      TEXT NOT NULL,
	setbacks    INTEGER NOT NULL,
	wait_until  INTEGER NOT NULL,
	recorded    INTEGER NOT NULL,
	link_until  INTEGER NOT NULL,
	started_by  TEXT NOT NULL,
	started_at  INTEGER NOT NULL,
	ended_at    INTEGER NOT NULL
);
-- one run per list
CREATE UNIQUE INDEX dispatch_run_list ON dispatch_run (list_id);
-- the runs of an incident
CREATE INDEX dispatch_run_incident ON dispatch_run (incident_id, id);
-- the run of a notice
CREATE INDEX dispatch_run_notice ON dispatch_run (notice, id);

-- table dispatch_event: operational (owner internal/notify/notice/dispatch)
-- What happened to one recipient beside the last answer, for their history.
CREATE TABLE dispatch_event (
	id        TEXT NOT NULL PRIMARY KEY,
	recipient TEXT NOT NULL,
	at        INTEGER NOT NULL,
	what      TEXT NOT NULL,
	detail    TEXT NOT NULL,
	actor     TEXT NOT NULL
);
-- the history of a recipient
CREATE INDEX dispatch_event_recipient ON dispatch_event (recipient, id);
