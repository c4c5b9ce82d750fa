-- The word with which a mail server accepted a message: it often holds the server's own id of it.
ALTER TABLE mail_outbox ADD COLUMN answer TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX mail_outbox_twice ON mail_outbox (id) WHERE maybe_twice = 1;

-- How many open duties of whom are due when, for the number in the menu. The condition is written so that SQLite
-- does not take the index of states and due times for it, which leads to all open duties.
CREATE INDEX duty_open_holder ON duty (holder_id, due_at) WHERE state || '' = 'open' AND drill = 0;
