-- table signal: projection (owner internal/detect/intake)
CREATE TABLE signal (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  kind TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  title TEXT COLLATE "C" NOT NULL,
  summary TEXT COLLATE "C" NOT NULL,
  contact TEXT COLLATE "C" NOT NULL,
  source TEXT COLLATE "C" NOT NULL,
  fingerprint TEXT COLLATE "C" NOT NULL,
  live_until BIGINT NOT NULL,
  discovered_at BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  call_due_at BIGINT NOT NULL,
  triage_due_at BIGINT NOT NULL,
  classify_due_at BIGINT NOT NULL,
  called_at BIGINT NOT NULL,
  triage_alarm_at BIGINT NOT NULL,
  classify_alarm_at BIGINT NOT NULL,
  acknowledged_at BIGINT NOT NULL,
  acknowledged_by TEXT COLLATE "C" NOT NULL,
  resolved_at BIGINT NOT NULL,
  service TEXT COLLATE "C" NOT NULL,
  team TEXT COLLATE "C" NOT NULL,
  drill BIGINT NOT NULL,
  malformed BIGINT NOT NULL,
  warning TEXT COLLATE "C" NOT NULL,
  reported_by TEXT COLLATE "C" NOT NULL,
  verdict TEXT COLLATE "C" NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  incident TEXT COLLATE "C" NOT NULL,
  decided_at BIGINT NOT NULL,
  decided_by TEXT COLLATE "C" NOT NULL,
  raw_id TEXT COLLATE "C" NOT NULL,
  raw_sha256 TEXT COLLATE "C" NOT NULL
);
-- fingerprints a repeat may still count onto
CREATE INDEX signal_live ON signal (source, fingerprint, id) WHERE live_until > 0;
-- the next instant at which the calls or an alarm of an open signal fall due
CREATE INDEX signal_next ON signal (next_at, team, drill) WHERE next_at > 0;
CREATE INDEX signal_state ON signal (state, id);
CREATE INDEX signal_due ON signal (state, triage_due_at, id);
CREATE INDEX signal_team ON signal (team, id);
CREATE INDEX signal_report ON signal (id) WHERE kind = 'report';
CREATE INDEX signal_own ON signal (reported_by, id) WHERE kind = 'report';
CREATE INDEX signal_drill ON signal (id) WHERE drill = 1;
CREATE INDEX signal_incident ON signal (incident, id) WHERE incident <> '';

-- table signal_counter: operational (owner internal/detect/intake)
CREATE TABLE signal_counter (
  signal_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  count BIGINT NOT NULL,
  first_seen BIGINT NOT NULL,
  last_seen BIGINT NOT NULL
);

-- table signal_raw: operational (owner internal/detect/intake)
CREATE TABLE signal_raw (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  content_type TEXT COLLATE "C" NOT NULL,
  received_at BIGINT NOT NULL,
  body BYTEA NOT NULL
);
