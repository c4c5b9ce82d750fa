-- table duty: projection (owner internal/decide/duty)
CREATE TABLE duty (
  id TEXT NOT NULL PRIMARY KEY,
  incident_id TEXT NOT NULL,
  key TEXT NOT NULL,
  rule TEXT NOT NULL,
  state TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  alarm_at INTEGER NOT NULL,
  met_at INTEGER NOT NULL,
  drill INTEGER NOT NULL,
  outward INTEGER NOT NULL,
  recipient_kind TEXT NOT NULL,
  recipient_id TEXT NOT NULL,
  holder_id TEXT NOT NULL,
  entity TEXT NOT NULL,
  doc BLOB NOT NULL,
  UNIQUE (incident_id, key)
);
CREATE INDEX duty_due ON duty (state, due_at, id);
CREATE INDEX duty_all_due ON duty (due_at, id);
CREATE INDEX duty_alarm ON duty (alarm_at) WHERE alarm_at > 0;
CREATE INDEX duty_holder ON duty (holder_id, due_at, id);

-- table duty_head: projection (owner internal/decide/duty)
CREATE TABLE duty_head (
  incident_id TEXT NOT NULL PRIMARY KEY,
  open_count INTEGER NOT NULL,
  next_due_at INTEGER NOT NULL
);
CREATE INDEX duty_head_next ON duty_head (next_due_at, incident_id);
