-- table duty: projection (owner internal/decide/duty)
CREATE TABLE duty (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  incident_id TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  rule TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  due_at BIGINT NOT NULL,
  alarm_at BIGINT NOT NULL,
  met_at BIGINT NOT NULL,
  drill BIGINT NOT NULL,
  outward BIGINT NOT NULL,
  recipient_kind TEXT COLLATE "C" NOT NULL,
  recipient_id TEXT COLLATE "C" NOT NULL,
  holder_id TEXT COLLATE "C" NOT NULL,
  entity TEXT COLLATE "C" NOT NULL,
  doc BYTEA NOT NULL,
  UNIQUE (incident_id, key)
);
CREATE INDEX duty_due ON duty (state, due_at, id);
CREATE INDEX duty_all_due ON duty (due_at, id);
CREATE INDEX duty_alarm ON duty (alarm_at) WHERE alarm_at > 0;
CREATE INDEX duty_holder ON duty (holder_id, due_at, id);

-- table duty_head: projection (owner internal/decide/duty)
CREATE TABLE duty_head (
  incident_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  open_count BIGINT NOT NULL,
  next_due_at BIGINT NOT NULL
);
CREATE INDEX duty_head_next ON duty_head (next_due_at, incident_id);
