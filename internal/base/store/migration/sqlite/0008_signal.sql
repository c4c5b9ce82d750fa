-- table signal: projection (owner internal/detect/intake)
CREATE TABLE signal (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  title TEXT NOT NULL,
  summary TEXT NOT NULL,
  contact TEXT NOT NULL,
  source TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  live_until INTEGER NOT NULL,
  discovered_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  call_due_at INTEGER NOT NULL,
  triage_due_at INTEGER NOT NULL,
  classify_due_at INTEGER NOT NULL,
  called_at INTEGER NOT NULL,
  triage_alarm_at INTEGER NOT NULL,
  classify_alarm_at INTEGER NOT NULL,
  acknowledged_at INTEGER NOT NULL,
  acknowledged_by TEXT NOT NULL,
  resolved_at INTEGER NOT NULL,
  service TEXT NOT NULL,
  team TEXT NOT NULL,
  drill INTEGER NOT NULL,
  malformed INTEGER NOT NULL,
  warning TEXT NOT NULL,
  reported_by TEXT NOT NULL,
  verdict TEXT NOT NULL,
  reason TEXT NOT NULL,
  incident TEXT NOT NULL,
  decided_at INTEGER NOT NULL,
  decided_by TEXT NOT NULL,
  raw_id TEXT NOT NULL,
  raw_sha256 TEXT NOT NULL
) WITHOUT ROWID;
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
  signal_id TEXT NOT NULL PRIMARY KEY,
  count INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL
) WITHOUT ROWID;

-- table signal_raw: operational (owner internal/detect/intake)
CREATE TABLE signal_raw (
  id TEXT NOT NULL PRIMARY KEY,
  content_type TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  body BLOB NOT NULL
);
