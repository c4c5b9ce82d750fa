-- table call_chain: projection (owner internal/respond/escalation)
CREATE TABLE call_chain (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  incident_id TEXT COLLATE "C" NOT NULL,
  duty_id TEXT COLLATE "C" NOT NULL,
  purpose TEXT COLLATE "C" NOT NULL,
  team TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  next_at BIGINT NOT NULL,
  drill BIGINT NOT NULL,
  doc BYTEA NOT NULL
);
CREATE INDEX call_chain_next ON call_chain (next_at, id) WHERE next_at > 0;
CREATE INDEX call_chain_duty ON call_chain (duty_id, id) WHERE duty_id <> '';
CREATE INDEX call_chain_incident ON call_chain (incident_id, id) WHERE incident_id <> '';
CREATE INDEX call_chain_running ON call_chain (purpose, team, drill) WHERE state = 'running';

-- table call: projection (owner internal/respond/escalation)
CREATE TABLE call (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  chain_id TEXT COLLATE "C" NOT NULL,
  incident_id TEXT COLLATE "C" NOT NULL,
  person TEXT COLLATE "C" NOT NULL,
  team TEXT COLLATE "C" NOT NULL,
  with_id TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  drill BIGINT NOT NULL,
  doc BYTEA NOT NULL
);
CREATE INDEX call_of_chain ON call (chain_id, id);
CREATE INDEX call_of_incident ON call (incident_id, id);
CREATE INDEX call_of_person ON call (person, id);
CREATE INDEX call_told ON call (incident_id, person, id) WHERE incident_id <> '';
CREATE INDEX call_with ON call (with_id, id) WHERE with_id <> '';
CREATE INDEX call_state ON call (state, id);

-- table call_signal: projection (owner internal/respond/escalation)
CREATE TABLE call_signal (
  chain_id TEXT COLLATE "C" NOT NULL,
  signal_id TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (chain_id, signal_id)
);
CREATE INDEX call_signal_of ON call_signal (signal_id, chain_id);

-- table call_token: operational (owner internal/respond/escalation/post)
CREATE TABLE call_token (
  hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  call_id TEXT COLLATE "C" NOT NULL,
  person TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX call_token_expires ON call_token (expires_at);

-- table call_delivery: operational (owner internal/respond/escalation/post)
CREATE TABLE call_delivery (
  call_id TEXT COLLATE "C" NOT NULL,
  channel TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  mail_id TEXT COLLATE "C" NOT NULL,
  attempts BIGINT NOT NULL,
  maybe_twice BIGINT NOT NULL,
  last_error TEXT COLLATE "C" NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (call_id, channel)
);
