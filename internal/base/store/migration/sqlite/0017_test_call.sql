-- table test_call: operational (owner internal/respond/escalation/trial)
CREATE TABLE test_call (
  id TEXT NOT NULL PRIMARY KEY,
  person TEXT NOT NULL,
  made_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX test_call_person ON test_call (person, id);

-- table test_call_way: operational (owner internal/respond/escalation/trial)
-- hash is the SHA-256 of the secret in the link of the message, empty until it is made.
CREATE TABLE test_call_way (
  test_call TEXT NOT NULL,
  channel TEXT NOT NULL,
  person TEXT NOT NULL,
  state TEXT NOT NULL,
  error TEXT NOT NULL,
  hash TEXT NOT NULL,
  sent_at INTEGER NOT NULL,
  arrived_at INTEGER NOT NULL,
  PRIMARY KEY (test_call, channel)
) WITHOUT ROWID;
CREATE UNIQUE INDEX test_call_link ON test_call_way (hash) WHERE hash <> '';
CREATE INDEX test_call_arrived ON test_call_way (person, arrived_at) WHERE arrived_at > 0;
