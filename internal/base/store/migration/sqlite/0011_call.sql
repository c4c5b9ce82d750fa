-- table call_chain: projection (owner internal/respond/escalation)
CREATE TABLE call_chain (
  id TEXT NOT NULL PRIMARY KEY,
  incident_id TEXT NOT NULL,
  duty_id TEXT NOT NULL,
  purpose TEXT NOT NULL,
  team TEXT NOT NULL,
  state TEXT NOT NULL,
  next_at INTEGER NOT NULL,
  drill INTEGER NOT NULL,
  doc BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX call_chain_next ON call_chain (next_at, id) WHERE next_at > 0;
CREATE INDEX call_chain_duty ON call_chain (duty_id, id) WHERE duty_id <> '';
CREATE INDEX call_chain_incident ON call_chain (incident_id, id) WHERE incident_id <> '';
CREATE INDEX call_chain_running ON call_chain (purpose, team, drill) WHERE state = 'running';

-- table call: projection (owner internal/respond/escalation)
CREATE TABLE call (
  id TEXT NOT NULL PRIMARY KEY,
  chain_id TEXT NOT NULL,
  incident_id TEXT NOT NULL,
  person TEXT NOT NULL,
  team TEXT NOT NULL,
  with_id TEXT NOT NULL,
  state TEXT NOT NULL,
  drill INTEGER NOT NULL,
  doc BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX call_of_chain ON call (chain_id, id);
CREATE INDEX call_of_incident ON call (incident_id, id);
CREATE INDEX call_of_person ON call (person, id);
CREATE INDEX call_told ON call (incident_id, person, id) WHERE incident_id <> '';
CREATE INDEX call_with ON call (with_id, id) WHERE with_id <> '';
CREATE INDEX call_state ON call (state, id);

-- table call_signal: projection (owner internal/respond/escalation)
CREATE TABLE call_signal (
  chain_id TEXT NOT NULL,
  signal_id TEXT NOT NULL,
  PRIMARY KEY (chain_id, signal_id)
) WITHOUT ROWID;
CREATE INDEX call_signal_of ON call_signal (signal_id, chain_id);

-- table call_token: operational (owner internal/respond/escalation/post)
CREATE TABLE call_token (
  hash TEXT NOT NULL PRIMARY KEY,
  call_id TEXT NOT NULL,
  person TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX call_token_expires ON call_token (expires_at);

-- table call_delivery: operational (owner internal/respond/escalation/post)
CREATE TABLE call_delivery (
  call_id TEXT NOT NULL,
  channel TEXT NOT NULL,
  state TEXT NOT NULL,
  mail_id TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  maybe_twice INTEGER NOT NULL,
  last_error TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (call_id, channel)
) WITHOUT ROWID;
