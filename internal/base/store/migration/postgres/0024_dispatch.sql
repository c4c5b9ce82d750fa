-- table dispatch_list: operational (owner internal/notify/notice/dispatch)
-- The ledger holds who signed which hash and what became of whom, by opaque ids.
CREATE TABLE dispatch_list (
	id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	incident_id TEXT COLLATE "C" NOT NULL,
	notice      TEXT COLLATE "C" NOT NULL,
	drill       BIGINT NOT NULL,
	follows     TEXT COLLATE "C" NOT NULL,
	state       TEXT COLLATE "C" NOT NULL,
	hash        TEXT COLLATE "C" NOT NULL,
	signed_by   TEXT COLLATE "C" NOT NULL,
	signed_at   BIGINT NOT NULL,
	made_by     TEXT COLLATE "C" NOT NULL,
	made_at     BIGINT NOT NULL,
	next_seq    BIGINT NOT NULL,
	change_no   BIGINT NOT NULL
);
-- the lists of an incident
CREATE INDEX dispatch_list_incident ON dispatch_list (incident_id, id);
-- the lists of a notice, the newest counts
CREATE INDEX dispatch_list_notice ON dispatch_list (notice, id);

-- table dispatch_tally: operational (owner internal/notify/notice/dispatch)
-- Counts of a list, written with each change, so that no page counts.
CREATE TABLE dispatch_tally (
	list_id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	queued       BIGINT NOT NULL,
	sending      BIGINT NOT NULL,
	sent         BIGINT NOT NULL,
	delivered    BIGINT NOT NULL,
	failed       BIGINT NOT NULL,
	bounced      BIGINT NOT NULL,
	stopped      BIGINT NOT NULL,
	gap          BIGINT NOT NULL,
	left_out     BIGINT NOT NULL,
	opened       BIGINT NOT NULL,
	acknowledged BIGINT NOT NULL,
	twice        BIGINT NOT NULL
);

-- table dispatch_recipient: operational (owner internal/notify/notice/dispatch)
CREATE TABLE dispatch_recipient (
	id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	list_id         TEXT COLLATE "C" NOT NULL,
	seq             BIGINT NOT NULL,
	root            TEXT COLLATE "C" NOT NULL,
	dedupe          TEXT COLLATE "C" NOT NULL,
	party           TEXT COLLATE "C" NOT NULL,
	name            TEXT COLLATE "C" NOT NULL,
	lang            TEXT COLLATE "C" NOT NULL,
	country         TEXT COLLATE "C" NOT NULL,
	contacts        BYTEA NOT NULL,
	contact_no      BIGINT NOT NULL,
	channel         TEXT COLLATE "C" NOT NULL,
	address         TEXT COLLATE "C" NOT NULL,
	own             BYTEA NOT NULL,
	liaison         TEXT COLLATE "C" NOT NULL,
	due_at          BIGINT NOT NULL,
	key_account     BIGINT NOT NULL,
	gap             TEXT COLLATE "C" NOT NULL,
	warning         TEXT COLLATE "C" NOT NULL,
	state           TEXT COLLATE "C" NOT NULL,
	attempts        BIGINT NOT NULL,
	stage           BIGINT NOT NULL,
	maybe_twice     BIGINT NOT NULL,
	code            BIGINT NOT NULL,
	answer          TEXT COLLATE "C" NOT NULL,
	mark            BIGINT NOT NULL,
	next_at         BIGINT NOT NULL,
	sending_at      BIGINT NOT NULL,
	sent_at         BIGINT NOT NULL,
	delivered_at    BIGINT NOT NULL,
	failed_at       BIGINT NOT NULL,
	bounced_at      BIGINT NOT NULL,
	opened_at       BIGINT NOT NULL,
	acknowledged_at BIGINT NOT NULL,
	acknowledged_by TEXT COLLATE "C" NOT NULL,
	links           BYTEA NOT NULL
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
	id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	list_id     TEXT COLLATE "C" NOT NULL,
	notice      TEXT COLLATE "C" NOT NULL,
	incident_id TEXT COLLATE "C" NOT NULL,
	drill       BIGINT NOT NULL,
	doc         BYTEA NOT NULL,
	state       TEXT COLLATE "C" NOT NULL,
	reason      TEXT COLLATE "C" NOT NULL,
	canary_left BIGINT NOT NULL,
	holder      TEXT COLLATE "C" NOT NULL,
	setbacks    BIGINT NOT NULL,
	wait_until  BIGINT NOT NULL,
	recorded    BIGINT NOT NULL,
	link_until  BIGINT NOT NULL,
	started_by  TEXT COLLATE "C" NOT NULL,
	started_at  BIGINT NOT NULL,
	ended_at    BIGINT NOT NULL
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
	id        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	recipient TEXT COLLATE "C" NOT NULL,
	at        BIGINT NOT NULL,
	what      TEXT COLLATE "C" NOT NULL,
	detail    TEXT COLLATE "C" NOT NULL,
	actor     TEXT COLLATE "C" NOT NULL
);
-- the history of a recipient
CREATE INDEX dispatch_event_recipient ON dispatch_event (recipient, id);
